"""Answers under the declared other assumptions; what fits and weighs is replaced."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.data.published import published
from amager_eval.evaluation import under_alternatives as module
from amager_eval.evaluation.fit import Fits
from amager_eval.evaluation.under_alternatives import (
    begin_crime_alternatives,
    under_alternatives,
)
from amager_eval.figures.sensitivity import picture_sensitivity
from amager_eval.goals.sensitivity import OWN_LEVEL, REFITS, USED
from amager_eval.spec.model import load_model_spec
from amager_eval.spec.sensitivity import load_sensitivity
from amager_eval.trends.crime.fit import warm_up
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.safety.fit import design_safety
from amager_eval.wording.sentences import load_wording

PASSED, FAILED = Diagnostics(0, 1.0, 900.0, ()), Diagnostics(3, 1.2, 9.0, ("3 divergences",))
APART = Diagnostics(0, 1.02, 300.0, ("R-hat", "effective sample size"))
FEW = Diagnostics(0, 1.005, 250.0, ("effective sample size",))


@pytest.fixture(scope="module")
def statement(make_statement):
    return make_statement(activities=False, synthetic=False)


@pytest.fixture(scope="module")
def design():
    spec = load_model_spec("safety_trend")
    found = design_safety(published(), population=None, whole=None, spec=spec, parts=None)
    kept = np.isfinite(found["low"].to_numpy())
    return found.assign(kept=(("area", "setting", "response", "year"), kept))


class Answers:
    """Stands in for what fits and weighs: remembers what was asked, and answers the made-up."""

    def __init__(self, statement, design):
        self.statement, self.outcome = statement, {}
        self.safety, self.crime, self.sampling, self.targets, self.again = [], [], [], [], []
        self.chains = []
        tree = xr.DataTree.from_dict({"design": design})
        used = SimpleNamespace(data=tree, spec=load_model_spec("safety_trend"), seed=7)
        self.fits = Fits(used, SimpleNamespace(), "STRAF11", 7)

    def stand_in(self, name, forecast, draws, chains=4):
        outcomes = self.outcome.get(name, [PASSED])
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        posterior = xr.Dataset({"x": (("chain", "draw"), np.zeros((chains, draws or 750)))})
        return SimpleNamespace(
            data={"posterior": posterior}, spec=load_model_spec(name), diagnostics=outcome,
            forecast=lambda _: forecast,
        )  # fmt: skip

    def answer_again(self, used, other, *, draws, **settings):
        self.safety.append((other, draws, settings))
        return self.stand_in("safety_trend", self.statement.safety, draws)

    def sample_safety(self, design, spec, *, keep, seed, draws, prior_only):
        assert (seed, prior_only) == (7, False)
        self.again.append(draws)
        return self.stand_in("safety_trend", self.statement.safety, draws)

    def crime_design(self, data, spec, *, definition):
        assert definition == "STRAF11"
        return data

    def begin_design(
        self, data, spec, *, draws, tune, seed, forecast_only, target_accept=None, chains=4,
        after=None,
    ):  # fmt: skip
        assert forecast_only  # of an alternative probabilities are told, no path
        assert seed == self.statement.seed
        assert tune == warm_up(spec, draws)
        there = 0 if after is None else after.data["posterior"].sizes["chain"]
        self.crime.append((data.crime, spec.options, draws))
        self.sampling.append(spec.sampling)
        self.targets.append(target_accept or spec.sampling.target_accept)
        self.chains.append((there, chains))
        return lambda: self.stand_in("crime_trend", self.statement.crime, draws, there + chains)


@pytest.fixture
def answers(statement, design, monkeypatch):
    made = Answers(statement, design)
    monkeypatch.setattr(module, "answer_again", made.answer_again)
    monkeypatch.setattr(module, "crime_design", made.crime_design)
    monkeypatch.setattr(module, "begin_design", made.begin_design)
    monkeypatch.setattr(module, "sample_safety", made.sample_safety)
    monkeypatch.setattr(module, "forecast", lambda *_, **__: statement.safety)
    return made


def test_every_declared_alternative_answers(statement, answers):
    told = []
    again = under_alternatives(statement, answers.fits, progress=lambda *at: told.append(at))
    wanted = {name for names in REFITS.values() for name in names} | {"gap_stays"}
    before = set(statement.sensitivity["alternative"])
    assert set(again.sensitivity["alternative"]) - before == wanted
    assert told == [("alternatives", k, 8) for k in range(9)]
    used = again.sensitivity[again.sensitivity["alternative"] == USED]
    # a reading may ask something else where a district's level at the baseline is another
    for name in wanted:
        rows = again.sensitivity[again.sensitivity["alternative"] == name]
        kind = "crime_type" if name in REFITS["crime"] else "setting"
        assert set(rows["area"]) == set(used.loc[used[kind].notna(), "area"])
        assert rows["probability"].between(0, 1).all()
    pd.testing.assert_frame_equal(
        again.sensitivity.iloc[: len(statement.sensitivity)], statement.sensitivity
    )
    assert again.diagnostics.equals(statement.diagnostics)
    # the gap that stays is asked one thing alone: is the whole's level reached
    stays = again.sensitivity[again.sensitivity["alternative"] == "gap_stays"]
    assert set(stays["quantity"]) == {"reaches_whole"}


def test_what_was_begun_beside_the_judging_is_not_begun_again(statement, answers):
    def begin(found, **how):
        fits = Fits(None, SimpleNamespace(diagnostics=found), "STRAF11", statement.seed)
        return begin_crime_alternatives(statement.data, statement.agreement, fits, **how)

    begun = begin(PASSED)
    assert len(answers.crime) == len(begun) > 0
    again = under_alternatives(statement, replace(answers.fits, safety=None), begun=begun)
    assert len(answers.crime) == len(begun)
    assert set(begun) <= set(again.sensitivity["alternative"])
    assert not begin(FAILED)  # there will be no statement
    assert not begin(PASSED, draft=True, draws=20)  # a trial asks nothing else
    assert begin(FAILED, draft=True)


def test_the_alternatives_differ_in_what_they_name(statement, answers):
    under_alternatives(statement, answers.fits)
    for asked in (answers.safety, answers.crime):
        asked.reverse()  # what is declared last is asked first
    design = answers.safety[0][0].design
    there = np.isfinite(design["low"].to_numpy())
    used = there.sum()
    effects = [np.unique(a.design["deff"].to_numpy()).tolist() for a, _, _ in answers.safety[:2]]
    assert effects == [[1.0], [1.6]]
    frame = published().safety
    grade_c = (frame["source_grade"] == "C").sum()
    in_pandemic = there[..., np.isin(design["year"], [2021, 2022])].sum()
    assert in_pandemic > 0
    assert [used - a.keep.sum() for a, _, _ in answers.safety] == [0, 0, grade_c, in_pandemic, 0]
    spreads = [a.spec.priors.get("response_gap_spread") for a, _, _ in answers.safety]
    assert spreads[:4] == [None] * 4
    assert spreads[4]["sigma"] == 0.2
    declared = load_sensitivity().safety.reweighting
    settings = {"points": declared.points, "least_share": declared.least_share}
    assert all(s == settings and d is None for _, d, s in answers.safety)
    nested = load_model_spec("crime_trend").options["total"]["nested"]
    told = [
        (o["total"]["nested"], o["completeness"]["apply"],
         any(str(p)[:4] in {"2020", "2021"} for p in crime["period"]))
        for crime, o, _ in answers.crime
    ]  # fmt: skip
    assert told == [({}, False, True), (nested, True, True), (nested, False, False)]
    assert {d for _, _, d in answers.crime} == {None}
    sampling, shorter = load_sensitivity().crime.sampling, answers.sampling
    assert [(s.draws, s.tune) for s in shorter] == [(sampling.draws, sampling.tune)] * 3


def test_design_effects_that_were_delivered_are_not_varied(statement, answers, design):
    own = design.assign(deff=design["deff"].fillna(1.4))
    answers.fits.safety.data = xr.DataTree.from_dict({"design": own})
    again = under_alternatives(statement, replace(answers.fits, crime=None))
    tried = set(again.sensitivity["alternative"])
    assert "response_link" in tried
    assert not {"design_effect_low", "design_effect_high"} & tried


def test_an_area_with_figures_of_its_own_is_one_more_area_of_the_same_fit(
    statement, answers, monkeypatch
):
    area = statement.facts.area
    shown = {"area": area, "setting": "night", "response": "safe", "percent": 71.0}
    own = pd.DataFrame([shown | {"wave": w, "n": 400.0, "decimals": 0.0} for w in (2024, 2025)])
    safety = pd.concat([statement.data.safety, own.assign(area_kind="district")])
    longer = replace(statement, data=replace(statement.data, safety=safety, parts=()))
    smoothed = SimpleNamespace(problems=(), forecast=statement.safety)
    monkeypatch.setattr(module, "smooth_measured", lambda *_, **__: smoothed)
    monkeypatch.setattr(module, "_gap_stays", lambda *_: [])
    fits = replace(answers.fits, own=smoothed, crime=None)
    again = under_alternatives(longer, fits)
    assert OWN_LEVEL in set(again.sensitivity["alternative"])
    asked, _, settings = answers.safety[0]
    declared = load_sensitivity().safety.reweighting
    assert settings == {"points": declared.points, "least_share": declared.least_share}
    counts = asked.keep.sum(axis=(1, 2, 3))
    there = dict(zip(asked.design["area"].to_numpy(), counts, strict=True))
    used = answers.fits.safety.data["design"]
    assert area in there
    assert area not in used["area"]
    assert there[area] == 2


def test_alternatives_are_anchored_at_the_agreements_baseline_year(statement, answers):
    crime = statement.agreement.crime.model_copy(update={"baseline_year": 2022})
    agreement = statement.agreement.model_copy(update={"crime": crime})
    under_alternatives(replace(statement, agreement=agreement), replace(answers.fits, safety=None))
    assert [options["baseline_year"] for _, options, _ in answers.crime] == [2022] * 3


@pytest.mark.parametrize(("baseline", "adjusted"), [(2024, True), (2015, False)])
def test_completeness_is_adjusted_on_the_years_whose_share_is_declared(
    statement, answers, monkeypatch, baseline, adjusted
):
    crime = statement.data.crime
    early = crime[(crime["definition"] == "STRAF11") & (crime["period"] < "2017")]
    years = early["period"].str[:4].astype(int) - 1
    early = early.assign(period=years.astype(str) + early["period"].str[4:])
    monkeypatch.setattr(module, "_crime_rows", lambda *_: [])
    agreed = statement.agreement.crime.model_copy(update={"baseline_year": baseline})
    longer = replace(
        statement,
        data=replace(statement.data, crime=pd.concat([crime, early], ignore_index=True)),
        agreement=statement.agreement.model_copy(update={"crime": agreed}),
    )
    under_alternatives(longer, replace(answers.fits, safety=None))
    seen = {}
    for given, options, _ in answers.crime:
        own = given[given["definition"] == "STRAF11"]
        on = options["completeness"]["apply"]
        seen[on] = min(seen.get(on, "9"), own["period"].min())
    assert seen == ({False: "2015K1", True: "2016K1"} if adjusted else {False: "2015K1"})


def test_a_fit_that_fails_its_gates_answers_nothing_and_is_named(statement, answers):
    # five are weighed first, and one of them is sampled after
    answers.outcome["safety_trend"] = [PASSED, PASSED, FAILED, PASSED, PASSED, FAILED]
    again = under_alternatives(statement, answers.fits)
    assert "source_grades" not in set(again.sensitivity["alternative"])
    assert "pandemic" in set(again.sensitivity["alternative"])
    (row,) = again.diagnostics[~again.diagnostics["passed"].astype(bool)].to_dict(orient="records")
    assert row["model"] == "safety_trend, source_grades"
    assert row["problems"] == "3 divergences"
    caption = picture_sensitivity(again, load_wording("da")).caption
    assert "bestod sin egen kontrol: uden uofficielle gengivelser (C)." in caption
    assert "Ikke beregnet" not in caption
    answers.outcome["safety_trend"] = [FAILED]
    draft = under_alternatives(replace(statement, draft=True), answers.fits)
    assert "source_grades" in set(draft.sensitivity["alternative"])


def test_what_missed_its_gates_is_sampled_again_longer_and_diverged_in_smaller_steps(
    statement, answers
):
    answers.outcome = {"crime_trend": [APART, FAILED, APART, PASSED], "safety_trend": [FAILED]}
    again = under_alternatives(statement, answers.fits, draws=20)
    assert [draws for _, _, draws in answers.crime] == [20] * 3 + [80] * 3
    declared = load_sensitivity().crime.sampling.target_accept
    used = load_model_spec("crime_trend").sampling.target_accept
    assert declared < used
    # fits are waited for in turn: the second of them diverged
    assert answers.targets == [declared] * 3 + [declared, (1 + used) / 2, declared]
    assert answers.chains == [(0, 4)] * 6
    assert [draws for _, draws, _ in answers.safety] == [20] * 5
    assert answers.again == [80] * 5  # what was weighed is sampled: the same points weigh the same
    failed = again.diagnostics[~again.diagnostics["passed"].astype(bool)]
    assert set(failed["draws"]) == {4 * 80}


def test_too_few_effective_draws_alone_get_further_chains_as_many_as_they_lack(statement, answers):
    fits = replace(answers.fits, safety=None)
    gate, how = load_model_spec("crime_trend").gates.ess_min, load_sensitivity().crime.further
    wanted = int(np.ceil(4 * how.spare * gate / FEW.min_ess))
    assert 4 < wanted < how.most_chains
    answers.outcome = {"crime_trend": [FEW, PASSED]}
    again = under_alternatives(statement, fits)
    assert answers.chains == [(0, 4)] * 3 + [(4, wanted - 4)]
    assert answers.crime[3][2] is None  # as many draws of each
    assert len(set(answers.targets)) == 1  # in the same steps
    assert again.diagnostics.equals(statement.diagnostics)


def test_further_chains_end_where_as_many_are_declared(statement, answers):
    fits = replace(answers.fits, safety=None)
    most = load_sensitivity().crime.further.most_chains
    answers.outcome = {"crime_trend": [replace(FEW, min_ess=1.0), PASSED, PASSED, FEW]}
    again = under_alternatives(statement, fits)
    assert answers.chains == [(0, 4)] * 3 + [(4, most - 4)]
    (row,) = again.diagnostics[~again.diagnostics["passed"].astype(bool)].to_dict(orient="records")
    assert row["problems"] == FEW.problems[0]
    assert row["draws"] == most * 750


def test_further_chains_that_diverge_are_replaced_by_longer_ones_in_smaller_steps(
    statement, answers
):
    fits = replace(answers.fits, safety=None)
    answers.outcome = {"crime_trend": [FEW, PASSED, PASSED, FAILED, FAILED]}
    under_alternatives(statement, fits)
    spec = load_model_spec("crime_trend")
    longer = module.MORE * load_sensitivity().crime.sampling.draws
    assert [draws for _, _, draws in answers.crime] == [None] * 4 + [longer]
    assert answers.targets[-1] == (1 + spec.sampling.target_accept) / 2
    assert answers.chains[-1] == (0, 4)


def test_a_trial_weighs_and_samples_nothing_more(statement, answers):
    draft = replace(statement, draft=True)
    again = under_alternatives(draft, answers.fits, draws=20)
    assert not answers.safety
    assert not answers.crime
    assert "gap_stays" in set(again.sensitivity["alternative"])
    caption = picture_sensitivity(again, load_wording("en")).caption
    assert "Not computed, or not relevant" in caption
