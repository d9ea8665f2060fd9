"""Refits under the declared other assumptions; the sampler is replaced."""

from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.data.published import published
from amager_eval.evaluation import fit as fitting
from amager_eval.evaluation import refit_alternatives as module
from amager_eval.evaluation.ask import ask
from amager_eval.evaluation.refit_alternatives import refit_alternatives
from amager_eval.figures.sensitivity import picture_sensitivity
from amager_eval.goals.sensitivity import REFITS, USED
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.wording.sentences import load_wording

PASSED, FAILED = Diagnostics(0, 1.0, 900.0, ()), Diagnostics(3, 1.2, 9.0, ("3 divergences",))


@pytest.fixture
def statement(make_statement, random_draws):
    """A statement of the published figures with a crime forecast of the real model's shape."""
    made = make_statement(activities=False, synthetic=False)
    data = replace(published(), safety=None)
    fits = fitting.fit(data, made.agreement, seed=made.seed, draws=20)
    return replace(made, crime=ask(data, made.agreement, made.year, fits).crime)


def judged(fit_it, diagnostics):
    return lambda *args, **kwargs: replace(fit_it(*args, **kwargs), diagnostics=diagnostics)


def judge(monkeypatch, **diagnostics):
    for name in ("fit_safety", "sample_safety", "without_grades", "fit_crime"):
        home = fitting if name == "fit_crime" else module
        outcome = diagnostics.get(name, PASSED)
        monkeypatch.setattr(home, name, judged(getattr(home, name), outcome))


def test_every_declared_alternative_is_fitted_and_answers(statement, random_draws, monkeypatch):
    judge(monkeypatch)
    told = []
    again = refit_alternatives(statement, draws=20, progress=told.append)
    wanted = {name for names in REFITS.values() for name in names}
    before = set(statement.sensitivity["alternative"])
    assert set(again.sensitivity["alternative"]) - before == wanted
    assert [t.split(", ")[0] for t in told] == ["safety_trend"] * 5 + ["crime_trend"] * 3
    used = again.sensitivity[again.sensitivity["alternative"] == USED]
    # a reading may ask something else where a district's level at the baseline is another
    for name in wanted:
        rows = again.sensitivity[again.sensitivity["alternative"] == name]
        kind = "setting" if name in REFITS["safety"] else "crime_type"
        assert set(rows["area"]) == set(used.loc[used[kind].notna(), "area"])
        assert rows["probability"].between(0, 1).all()
    pd.testing.assert_frame_equal(
        again.sensitivity.iloc[: len(statement.sensitivity)], statement.sensitivity
    )
    assert again.diagnostics.equals(statement.diagnostics)


def test_the_alternatives_differ_in_what_they_name(statement, random_draws, monkeypatch):
    judge(monkeypatch)
    effects, specs, periods = [], [], []
    fit_safety, fit_crime = module.fit_safety, fitting.fit_crime

    def safety(data, **kwargs):
        effects.append(sorted(data.safety.get("deff", pd.Series(dtype=float)).dropna().unique()))
        specs.append(kwargs.get("spec"))
        return fit_safety(data, **kwargs)

    def crime(data, **kwargs):
        options = kwargs["spec"].options
        periods.append(
            (options["total"]["nested"], options["completeness"]["apply"],
             any(str(p)[:4] in {"2020", "2021"} for p in data.crime["period"]))
        )  # fmt: skip
        return fit_crime(data, **kwargs)

    monkeypatch.setattr(module, "fit_safety", safety)
    monkeypatch.setattr(fitting, "fit_crime", crime)
    refit_alternatives(statement, draws=20)
    assert effects == [[1.0], [1.6], []]
    assert "response_gap_spread" not in specs[0].priors | specs[1].priors
    assert specs[2].priors["response_gap_spread"]["sigma"] == 0.2
    nested = published_nested()
    assert periods == [({}, False, True), (nested, True, True), (nested, False, False)]


def test_design_effects_that_were_delivered_are_not_varied(statement, random_draws, monkeypatch):
    judge(monkeypatch)
    own = statement.data.safety.assign(deff=1.4)
    delivered = replace(statement, data=replace(statement.data, safety=own), crime=None)
    again = refit_alternatives(delivered, draws=20)
    tried = set(again.sensitivity["alternative"])
    assert "response_link" in tried
    assert not {"design_effect_low", "design_effect_high"} & tried


def test_alternatives_are_anchored_at_the_agreements_baseline_year(
    statement, random_draws, monkeypatch
):
    judge(monkeypatch)
    crime = statement.agreement.crime.model_copy(update={"baseline_year": 2022})
    agreement = statement.agreement.model_copy(update={"crime": crime})
    anchors = []
    fit_crime = fitting.fit_crime

    def fitted(data, **kwargs):
        anchors.append(kwargs["spec"].options["baseline_year"])
        return fit_crime(data, **kwargs)

    monkeypatch.setattr(fitting, "fit_crime", fitted)
    refit_alternatives(replace(statement, agreement=agreement, safety=None), draws=20)
    assert anchors == [2022, 2022, 2022]


@pytest.mark.parametrize(("baseline", "adjusted"), [(2024, True), (2015, False)])
def test_completeness_is_adjusted_on_the_years_whose_share_is_declared(
    statement, random_draws, monkeypatch, baseline, adjusted
):
    judge(monkeypatch)
    crime = statement.data.crime
    early = crime[(crime["definition"] == "STRAF11") & (crime["period"] < "2017")]
    years = early["period"].str[:4].astype(int) - 1
    early = early.assign(period=years.astype(str) + early["period"].str[4:])
    seen = {}
    fit_crime = fitting.fit_crime

    def fitted(data, **kwargs):
        own = data.crime[data.crime["definition"] == "STRAF11"]
        on = kwargs["spec"].options["completeness"]["apply"]
        seen[on] = min(seen.get(on, "9"), own["period"].min())
        return fit_crime(data, **kwargs)

    monkeypatch.setattr(fitting, "fit_crime", fitted)
    monkeypatch.setattr(module, "_crime_rows", lambda *_: [])
    agreed = statement.agreement.crime.model_copy(update={"baseline_year": baseline})
    longer = replace(
        statement,
        data=replace(statement.data, crime=pd.concat([crime, early], ignore_index=True)),
        agreement=statement.agreement.model_copy(update={"crime": agreed}),
        safety=None,
    )
    refit_alternatives(longer, draws=20)
    assert seen == ({False: "2015K1", True: "2016K1"} if adjusted else {False: "2015K1"})


def published_nested():
    from amager_eval.spec.model import load_model_spec

    return load_model_spec("crime_trend").options["total"]["nested"]


def test_a_fit_that_fails_its_gates_answers_nothing_and_is_named(
    statement, random_draws, monkeypatch
):
    judge(monkeypatch, without_grades=FAILED)
    again = refit_alternatives(statement, draws=20)
    assert "source_grades" not in set(again.sensitivity["alternative"])
    assert "pandemic" in set(again.sensitivity["alternative"])
    (row,) = again.diagnostics[~again.diagnostics["passed"].astype(bool)].to_dict(orient="records")
    assert row["model"] == "safety_trend, source_grades"
    assert row["problems"] == "3 divergences"
    caption = picture_sensitivity(again, load_wording("da")).caption
    assert "bestod sin egen kontrol: uden uofficielle gengivelser (C)." in caption
    assert "Ikke beregnet" not in caption
    draft = refit_alternatives(replace(statement, draft=True), draws=20)
    assert "source_grades" in set(draft.sensitivity["alternative"])


def test_a_fit_that_mixed_too_briefly_is_sampled_longer_and_a_divergent_one_is_not(
    statement, random_draws, monkeypatch
):
    taken = []

    def brief(*_args, draws, **_kwargs):
        taken.append(draws)
        outcome = PASSED if draws > 20 else Diagnostics(0, 1.02, 300.0, ("R-hat",))
        return replace(whole, diagnostics=outcome)

    whole = fitting.fit_crime(statement.data, definition="STRAF11", draws=20)
    judge(monkeypatch, fit_safety=FAILED, sample_safety=FAILED, without_grades=FAILED)
    monkeypatch.setattr(fitting, "fit_crime", brief)
    again = refit_alternatives(statement, draws=20)
    assert taken == [20, 80] * 3
    assert len(random_draws)
    failed = again.diagnostics[~again.diagnostics["passed"].astype(bool)]
    assert set(failed["draws"]) == {4 * 20}  # sampled once
