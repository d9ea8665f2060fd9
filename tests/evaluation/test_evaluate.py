"""What the chain takes from the input and from the agreement before anything is fitted."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import amager_eval as ae
import amager_eval.evaluation.evaluate as evaluating
import amager_eval.evaluation.fit as fitting
from amager_eval.app.make_status import STEPS
from amager_eval.data.input import Input
from amager_eval.data.published import published
from amager_eval.errors import InputError, SpecError
from amager_eval.evaluation.ask import ask
from amager_eval.evaluation.crime_series import crime_definition_to_fit
from amager_eval.evaluation.evaluate import evaluate
from amager_eval.evaluation.fit import fit
from amager_eval.evaluation.prepare import as_agreed, hold_year, until_year
from amager_eval.evidence.city.synthetic import synthetic_city
from amager_eval.goals.missing import missing_deliveries
from amager_eval.spec import documents, model, register, sensitivity
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.documents import models_folder
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.options import with_baseline_year
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.wording.sentences import load_wording

AGREEMENT = load_agreement()
AREA = AGREEMENT.areas.evaluated.names[0]


@pytest.fixture(scope="module")
def data():
    return published()


def test_the_agreements_own_area_is_modelled_whatever_its_kind_is_called(data):
    own = data.safety[data.safety["area"] == "Amager Øst"].assign(
        area=AREA, area_kind="partnership"
    )
    given = replace(data, safety=pd.concat([data.safety, own], ignore_index=True))
    agreed = as_agreed(given, AGREEMENT).safety
    assert agreed.loc[agreed["area"] == AREA, "area_kind"].isna().all()
    earlier = agreed["area"] == "Amager Partnerskab"
    assert earlier.any()
    assert (agreed.loc[earlier, "area_kind"] == "partnership").all()


def test_whole_and_parts_come_from_the_agreement(data):
    agreed = as_agreed(replace(data, whole=None, parts=()), AGREEMENT)
    assert agreed.whole == "København"
    assert set(agreed.parts) == set(AGREEMENT.areas.parts)


def test_nothing_later_than_the_statement_is_seen(data):
    cut = until_year(data, 2024)
    assert cut.safety["wave"].max() == 2024
    assert cut.crime["period"].str[:4].astype(int).max() == 2023


def test_a_wave_that_is_not_there_is_refused(data):
    with pytest.raises(InputError, match="wave 2031 is not in the input"):
        until_year(data, 2031)


@pytest.mark.parametrize("year", [2024, 2030, 2031])
def test_a_year_no_list_of_activities_can_be_about_is_refused(year):
    only = Input(activities=pd.DataFrame({"activity": ["Lektiehjælp"], "partners": ["SSP"]}))
    with pytest.raises(InputError, match=rf"about a status of {year}; found 'years 2025 to 2029'"):
        ae.evaluate(only, year=year, draft=True)


def test_reports_alone_give_the_years_after_them(data):
    only = replace(data, safety=None)
    hold_year(only, AGREEMENT, 2025)
    with pytest.raises(InputError, match="about a status of 2031"):
        hold_year(only, AGREEMENT, 2031)


def test_the_goals_own_definition_is_fitted_where_it_is_delivered(data):
    assert crime_definition_to_fit(data, AGREEMENT) == "STRAF11"
    assert crime_definition_to_fit(Input(), AGREEMENT) is None
    own = pd.DataFrame(
        {
            "area": AREA,
            "period": ["2023", "2024"],
            "crime_type": "total",
            "count": [500.0, 510.0],
            "definition": "borgervendt",
        }
    )
    given = replace(data, crime=pd.concat([data.crime, own], ignore_index=True))
    assert crime_definition_to_fit(given, AGREEMENT) == "borgervendt"


def test_an_agreement_with_another_threshold_is_no_agreement_of_that_name(data, tmp_path):
    text = (models_folder() / "agreements" / "amager_2025_2028.toml").read_text("utf-8")
    changed = tmp_path / "copy.toml"
    changed.write_text(text.replace("threshold = 0.75", "threshold = 0.30"), encoding="utf-8")
    assert load_agreement(changed).id == AGREEMENT.id
    with pytest.raises(SpecError, match="is not the registered one"):
        evaluate(data, agreement=load_agreement(changed))


@pytest.fixture
def laid_out(random_draws, monkeypatch):
    """Lay the safety figures out as a fit does, and sample nothing."""
    monkeypatch.setattr(
        "amager_eval.trends.safety.fit.sample_safety",
        lambda design, spec, **_: SimpleNamespace(data={"design": design}, spec=spec),
    )


def of_few_areas(data):
    """The city, the area and two districts alone: a fit of them takes seconds."""
    few = {"København", AREA, "Amager Vest", "Amager Øst"}
    return replace(data, safety=data.safety[data.safety["area"].isin(few)])


@pytest.mark.parametrize("others", [(), ("Amager Vest", "Amager Øst")])
@pytest.mark.usefixtures("laid_out")
def test_the_areas_that_were_delivered_are_not_taken_for_the_city(others):
    city = synthetic_city(4, last_wave=2027).data
    there = {"København", AREA, *others}
    frames = {
        name: getattr(city, name)[getattr(city, name)["area"].isin(there)]
        for name in ("safety", "population")
    }
    given = as_agreed(Input(**frames, whole="København", parts=others), AGREEMENT)
    safety = fit(given, AGREEMENT, draws=20).safety
    assert safety.data["design"].attrs["weighted"] == 0
    assert {"København", AREA} <= set(safety.data["design"]["latent"].to_numpy())


@pytest.mark.usefixtures("laid_out")
def test_safety_is_anchored_at_the_agreements_baseline_wave():
    data = of_few_areas(synthetic_city(4, last_wave=2027).data)
    earlier = AGREEMENT.safety.model_copy(update={"baseline_wave": 2022})
    agreement = AGREEMENT.model_copy(update={"safety": earlier})
    safety = fit(replace(data, crime=None), agreement, draws=20).safety
    design = safety.data["design"]
    assert (design.attrs["baseline"], design.attrs["anchor"]) == (2022, 2022)
    registered = load_model_spec("safety_trend").digest
    assert safety.spec.digest != registered == safety.spec.changed_from


def test_an_input_with_nothing_to_judge_is_refused():
    with pytest.raises(InputError, match="none of the frames"):
        evaluate(Input(), draft=True)


def test_what_is_not_registered_is_refused_and_a_draft_names_it(tmp_path, monkeypatch):
    row = {"activity": ["Lektiehjælp"], "focus_area": ["Job"], "partners": ["SSP"]}
    only = Input(activities=pd.DataFrame(row))
    assert evaluate(only, draft=True).unregistered == ()
    models = tmp_path / "models"
    shutil.copytree(models_folder(), models)
    for module in (documents, register, model, sensitivity):
        monkeypatch.setattr(module, "models_folder", lambda: models)
    changed = ("crime_trend/spec.toml", "sensitivity.toml")
    for document in changed:
        with (models / document).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")
    # every one of them is named, not the first alone
    with pytest.raises(SpecError, match=r"crime_trend/spec\.toml differs .*\n.*sensitivity\.toml"):
        evaluate(only)
    assert evaluate(only, draft=True).unregistered == changed
    # an agreement of the user's own by a registered name
    own = tmp_path / "own.toml"
    text = (models / "agreements" / f"{AGREEMENT.id}.toml").read_text(encoding="utf-8")
    own.write_text(f"{text}\n# changed\n", encoding="utf-8")
    drafted = evaluate(only, agreement=own, draft=True)
    assert drafted.unregistered == (*changed, f"agreements/{AGREEMENT.id}.toml")


@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param(lambda period: period < "2025", id="begins after the baseline year"),
        pytest.param(lambda period: period <= "2024K1", id="begins within the baseline year"),
        pytest.param(lambda period: period == "2024K3", id="a quarter is missing"),
    ],
)
def test_an_incomplete_baseline_year_is_not_fitted_and_is_asked_for(lacking):
    data = synthetic_city(4, last_wave=2027).data
    cut = replace(data, crime=data.crime[~data.crime["period"].map(lacking)])
    assert crime_definition_to_fit(data, AGREEMENT) == AGREEMENT.crime.definition
    assert crime_definition_to_fit(cut, AGREEMENT) is None
    asked = {m.what for m in missing_deliveries(cut, AGREEMENT, AREA)}
    assert {"crime_baseline", "crime_types"} <= asked
    assert not asked & {m.what for m in missing_deliveries(data, AGREEMENT, AREA)}


def test_a_statement_made_before_the_baseline_year_was_published_is_still_modelled(data):
    before = until_year(data, 2024)
    assert before.crime["period"].max() < "2024"
    assert crime_definition_to_fit(before, AGREEMENT) == "STRAF11"


def test_the_crime_model_is_anchored_at_the_agreements_baseline_year(data, random_draws):
    crime = AGREEMENT.crime.model_copy(update={"baseline_year": 2022})
    other = AGREEMENT.model_copy(update={"crime": crime})
    conditioned, registered = {}, load_model_spec("crime_trend").digest
    for agreement in (AGREEMENT, other):
        only = replace(data, safety=None)
        fits = fit(only, agreement, draws=20)
        forecast, fitted = ask(only, agreement, 2026, fits).crime, fits.crime
        prior = forecast.prior_only["count"]
        spread = prior.max("sample") - prior.min("sample")
        known = spread["period"].values[(spread == 0).all(["area", "crime_type"]).values]
        year = agreement.crime.baseline_year
        conditioned[year] = {p[:4] for p in known}
        assert fitted.data["design"].attrs["anchor_year"] == year
        assert registered in (fitted.spec.digest, fitted.spec.changed_from)
        assert (fitted.spec.digest == registered) == (agreement is AGREEMENT)
    # what is said without the series is conditioned on that year's reports and no other's
    assert conditioned == {2024: {"2024"}, 2022: {"2022"}}


def test_a_crime_model_that_missed_a_gate_is_sampled_again_longer_and_in_smaller_steps(
    data, monkeypatch
):
    asked = []

    def begin_crime(series, *, spec, draws, target_accept=None, **_):
        diverged = 2 if not asked else 0
        assert spec.digest == registered.digest
        asked.append((draws, target_accept))
        problems = ("2 divergent transitions",) if len(asked) == 1 else ()
        return lambda: SimpleNamespace(diagnostics=Diagnostics(diverged, 1.0, 900.0, problems))

    monkeypatch.setattr(fitting, "begin_crime", begin_crime)
    registered = load_model_spec("crime_trend")
    only = replace(data, safety=None)
    fits = fit(only, AGREEMENT)
    sampling = registered.sampling
    smaller = pytest.approx((1 + sampling.target_accept) / 2)
    assert asked == [(None, None), (fitting.MORE * sampling.draws, smaller)]
    assert fits.crime.diagnostics.passed
    asked.clear()
    assert fit(only, AGREEMENT, draws=20, draft=True).crime.diagnostics.problems
    assert len(asked) == 1  # a draft is not waited for


def test_matrix_products_keep_to_one_thread_while_a_status_is_made_and_no_longer(data, monkeypatch):
    def threads():
        return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}

    def fit_nothing(*_, **__):
        assert threads() == {1}
        raise StopIteration

    monkeypatch.setattr(evaluating, "fit", fit_nothing)
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with pytest.raises(StopIteration):
            evaluate(data)
        assert threads() == before


def test_a_spec_of_the_agreements_year_stays_the_registered_document():
    spec = load_model_spec("crime_trend")
    assert with_baseline_year(spec, AGREEMENT.crime.baseline_year) is spec
    assert with_baseline_year(spec, 2021).options == spec.options | {"baseline_year": 2021}


@pytest.mark.usefixtures("random_draws")
def test_a_series_without_its_baseline_year_leaves_crime_open_and_the_rest_is_made(monkeypatch):
    monkeypatch.setattr(fitting, "fit_safety", lambda *_, **__: ae.example_fit("safety"))
    data = of_few_areas(synthetic_city(4, last_wave=2027).data)
    later = data.crime[data.crime["period"] >= "2025"]
    statement = evaluate(replace(data, crime=later), year=2027, draws=20, draft=True)
    assert statement.crime is None
    assert statement.crime_quantities.empty
    assert set(statement.diagnostics["model"]) == {"safety_trend"}
    crime = statement.results[statement.results["goal"].isin(["2a", "2b"])]
    assert len(crime)
    assert set(crime["evidence_verdict"]) == {"kan ikke afgøres"}
    assert set(crime["literal_verdict"]) == {"ikke opgjort"}
    assert crime["probability_true"].isna().all()
    missing = {m.what: m.delivery for m in statement.missing}
    assert missing["crime_baseline"]["first"] == 2024
    assert missing["crime_baseline"]["types"] == ("total",)
    assert "crime_types" in missing
    safety = statement.results[statement.results["goal"] == "1a"]
    assert safety["probability_true"].notna().any()


def test_what_a_run_tells_it_is_at_is_a_step_that_both_languages_name(data):
    told = []
    evaluate(
        data, agreement="tingbjerg_husum", forecasts=False, progress=lambda *at: told.append(at)
    )
    assert told == [("judging", 0, 0)]
    assert "judging" in STEPS
    for lang in ("da", "en"):
        words = load_wording(lang)
        assert all(words.name("progress", step) and words.say(f"app.step_{step}") for step in STEPS)
