"""The estimate held against the goals: what every row says it is, and what is never said."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import amager_eval as ae
from amager_eval.evaluation.area import answer_unmeasured
from amager_eval.evaluation.judge import judge
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.missing import missing_deliveries
from amager_eval.goals.safety.area_answer import answer_area
from amager_eval.record.issue_forecasts import issue_forecasts
from amager_eval.report.document import tables
from amager_eval.report.parts.area_estimate import area_estimate_blocks, area_estimate_sentences
from amager_eval.report.parts.summary import summary
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.tables.goals import goals_table
from amager_eval.trends.area.estimate import estimate_area
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording


@pytest.fixture(scope="module")
def fit():
    """The stored example, of which a tenth of the draws a report takes are enough here."""
    example = ae.example_fit("safety")
    return replace(example, spec=example.spec.with_options(forecast_draws=600))


@pytest.fixture(scope="module")
def estimate(fit):
    spec = load_area_spec().model_copy(update={"sets": 4, "sets_max": 4, "effective_min": 20})
    return estimate_area(fit, ae.published(), load_agreement(), spec=spec, until=2029)


@pytest.fixture(scope="module")
def answer(estimate, fit):
    return answer_area(estimate, load_agreement(), fit)


@pytest.fixture(scope="module")
def statement(make_statement, answer):
    return replace(make_statement(), area=answer)


def test_the_area_lies_below_the_city_and_the_estimate_is_wide(answer):
    day, night = (answer.band(s, "safe", 2024) for s in ("neighbourhood", "night"))
    assert day["low_95"] < day["high_95"] < 90
    assert night["high_95"] - night["low_95"] > 10
    now, target = (answer.band("neighbourhood", "safe", y) for y in (2024, 2028))
    assert target["high_95"] - target["low_95"] > now["high_95"] - now["low_95"]
    reaches, prior = answer.probability("neighbourhood", "safe")
    assert reaches < 0.12 < 0.3 < prior


def test_every_row_says_it_is_an_estimate_and_no_band_has_a_middle(answer):
    for frame in (answer.bands, answer.probabilities, answer.samples):
        assert len(frame)
        assert set(frame["basis"]) == {"estimate"}
    assert not [c for c in answer.bands if "median" in c or "mean" in c]


def test_a_sample_narrows_the_band_and_a_larger_one_more(answer):
    rows = answer.samples[answer.samples["wave"] == 2024]
    for _, of in rows.groupby("setting"):
        widths = of.sort_values("n")["width_wave"].to_numpy()
        assert (np.diff(widths) < 0).all()
        assert of.loc[of["n"] == 300, "reaches_low"].item() <= of["reaches_low"].max()
    assert set(answer.samples["price_dkk"]) == {0, 300 * 250, 1000 * 250}


def test_too_few_draws_and_nothing_is_shown(estimate, fit, make_statement):
    few = replace(estimate, wanted=1e6)
    answer = answer_area(few, load_agreement(), fit)
    assert not answer.shown
    assert answer.bands.empty
    assert answer.forecast is None
    statement = replace(make_statement(), area=answer)
    assert area_estimate_blocks(statement, load_wording("da")) == []
    assert "vises ikke" in area_estimate_sentences(statement, load_wording("da"))
    assert statement.to_dict()["area_estimate"]["withheld"]


def test_a_fit_that_rests_on_the_areas_figures_is_refused(fit):
    data = ae.published()
    own = load_agreement().areas.evaluated.names[0]
    tree = fit.data.copy()
    design = tree["design"].to_dataset()
    renamed = [own if a == "Vanløse" else a for a in design["area"].to_numpy()]
    tree["design"] = design.assign_coords(area=renamed)
    with pytest.raises(ae.InputError, match="count twice"):
        estimate_area(replace(fit, data=tree), data, load_agreement())


@pytest.mark.parametrize("lang", ["da", "en"])
def test_page_one_says_estimate_in_every_sentence_cell_and_title(statement, lang):
    words = bound_to(statement.agreement, load_wording(lang))
    sign = {"da": "Skøn", "en": "Estimate"}[lang]
    said = area_estimate_sentences(statement, words)
    assert said.startswith(f"{sign}, ")
    assert "{" not in said
    assert "11" in said
    table = goals_table(statement, words)
    own = [r for r in table.frame.to_dict(orient="records") if r["goal"] in {"1a", "1b"}]
    assert len(own) == 4
    for row in own:
        assert row["latest_text"].startswith(sign)
        assert row["outlook_text"].startswith(sign)
        assert row["status"] == "ikke opgjort"
        # no figure of it stands among the measured ones, and nothing is subtracted from it
        assert pd.isna(row["observed"])
        assert not row["distance_text"]
        assert not row["since_last_text"]
    blocks = area_estimate_blocks(statement, words)
    assert "mindst ligeså udsatte" in str(blocks[-1])  # of crime the agreement's words, no number
    made = tables(tuple(blocks))
    assert {t.id for t in made} == {
        "area_estimate", "area_estimate_steps", "area_estimate_samples"
    }  # fmt: skip
    for one in made:
        assert one.title.startswith(sign)
        assert set(one.frame["basis"]) <= {"estimate", "skøn"}
        assert all(words.say("area_estimate.basis") or row for row in one.rows(words))
    assert any("estimate" in str(b).lower() or "skøn" in str(b).lower() for b in
               summary(statement, words))  # fmt: skip


def test_the_picture_has_no_line_through_the_area_and_no_point_of_it(statement):
    from amager_eval.figures.area_estimate import picture_area_estimate

    words = bound_to(statement.agreement, load_wording("en"))
    picture = picture_area_estimate(statement, words)
    assert picture.title.startswith("Estimate, not a measurement")
    view = picture.panels[0].args[0]
    assert statement.area.area not in set(view.points["area"])
    ax = picture.panels[0](None)
    assert all(line.get_linestyle() == "None" for line in ax.get_lines())
    assert any(c.get_hatch() for c in ax.collections)


def test_the_statement_keeps_verdicts_open_and_says_what_the_rows_are(statement):
    assert {s.verdict for s in statement.standings if s.kind == "safety"} == {"ikke opgjort"}
    assert all(
        s.latest is None and s.assessment == "kan ikke afgøres"
        for s in statement.standings
        if s.kind == "safety"
    )
    told = json.loads(statement.to_json())["area_estimate"]
    assert told["basis"] == "estimate"
    assert all(r["basis"] == "estimate" for k in ("bands", "probabilities", "samples")
               for r in told[k])  # fmt: skip
    assert told["rests_on"]["Amager Partnerskab"] == 5


def test_the_record_issues_the_areas_forecasts_as_estimates(answer):
    agreement = load_agreement()
    issued = issue_forecasts(
        gather_facts(ae.published(), agreement),
        agreement,
        2026,
        None,
        None,
        pd.DataFrame(),
        estimated=answer.forecast,
    )
    rows = issued.quantities
    assert set(rows["area"]) == {answer.area}
    assert set(rows["basis"]) == {"estimate"}
    assert set(rows["area_version"]) == {"2025"}
    assert set(rows["year"]) == {2027, 2028, 2029}


def test_residents_are_asked_for_while_the_area_is_not_measured():
    agreement, data = load_agreement(), ae.published()
    area = agreement.areas.evaluated.names[0]
    asked = {m.what: m for m in missing_deliveries(data, agreement, area)}
    assert asked["residents"].goals == ()
    homes = pd.DataFrame(
        [("Amager Vest", "Hørgården", 2000.0)], columns=["area_half", "department", "residents"]
    )
    told = missing_deliveries(replace(data, residents=homes), agreement, area)
    assert "residents" not in {m.what for m in told}
    # a measured area needs no estimate
    safety = data.safety.assign(area=data.safety["area"].replace("Vanløse", area))
    measured = missing_deliveries(replace(data, safety=safety), agreement, area)
    assert "residents" not in {m.what for m in measured}


def test_an_area_with_figures_of_its_own_is_not_estimated_beside_them(fit):
    agreement = load_agreement()
    tree = fit.data.copy()
    design = tree["design"].to_dataset()
    own = agreement.areas.evaluated.names[0]
    renamed = [own if a == "Vanløse" else a for a in design["area"].to_numpy()]
    tree["design"] = design.assign_coords(area=renamed)
    assert answer_unmeasured(replace(fit, data=tree), ae.published(), agreement) is None
    assert judge  # the chain takes None as no estimate


@pytest.fixture(scope="module")
def quick_spec():
    few = {"sets": 2, "sets_max": 2, "effective_min": 5, "alternative": ()}
    return load_area_spec().model_copy(update=few)


@pytest.fixture(scope="module")
def small(fit):
    return replace(fit, spec=fit.spec.with_options(forecast_draws=150))


def as_told(make_statement, agreement, data, estimate, fit):
    """A statement of another agreement, its area estimated."""
    facts = gather_facts(data, agreement)
    made = replace(make_statement(), agreement=agreement, data=data, facts=facts)
    return replace(made, area=answer_area(estimate, agreement, fit))


def test_without_any_figure_of_the_kind_it_rests_on_the_districts_alone_and_says_so(
    make_statement, small, quick_spec
):
    bare, data = load_agreement().model_copy(update={"nested": None}), ae.published()
    estimate = estimate_area(small, data, bare, spec=quick_spec, until=2029)
    assert list(estimate.steps) == [estimate.primary] == ["0"]
    assert len(estimate.figures) == 0
    statement = as_told(make_statement, bare, data, estimate, small)
    for lang, sign, alone in (
        ("da", "Skøn, ikke måling", "Alene ud fra byens og bydelenes målinger"),
        ("en", "Estimate, not a measurement", "From the city's and the districts' surveys alone"),
    ):
        words = bound_to(bare, load_wording(lang))
        said = area_estimate_sentences(statement, words)
        assert said.startswith(sign)
        assert alone in said
        assert alone in " ".join(str(b) for b in summary(statement, words))
    told = statement.to_dict()["area_estimate"]
    assert (told["step"], told["rests_on"]) == ("0", {})


@pytest.mark.parametrize(
    ("name", "own", "last"),
    [("tingbjerg_husum", "Tingbjerg-Husum Partnerskab", 2016), ("folehaven", "Folehaven", 2020)],
)
def test_a_sibling_is_estimated_by_its_own_older_figures_and_says_when_they_end(
    make_statement, small, quick_spec, name, own, last
):
    agreement, data = load_agreement(name), ae.published()
    at = small.spec.with_options(baseline=agreement.safety.baseline_wave)
    estimate = estimate_area(replace(small, spec=at), data, agreement, spec=quick_spec)
    assert estimate.primary == "1"  # nothing is stated of its level
    assert estimate.area == own
    assert own in estimate.figures.area
    assert "Amager Partnerskab" in estimate.figures.area
    assert estimate.forecast.draws["basis"].sel(area=own).item() == "estimate"
    statement = as_told(make_statement, agreement, data, estimate, small)
    words = bound_to(agreement, load_wording("da"))
    said = area_estimate_sentences(statement, words)
    assert f"siden {last}." in said
    assert "andelen af utrygge" in said
    for standing in statement.standings:
        assert standing.latest is None
        assert standing.estimate.low < standing.estimate.high
        assert (standing.verdict, standing.assessment) == ("ikke opgjort", "kan ikke afgøres")
