"""The agreement's own area, estimated or measured: what is fitted, and what its draws rest on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import amager_eval as ae
from amager_eval.evaluation import area as module
from amager_eval.evaluation import fit as fitting
from amager_eval.evaluation.area import (
    answer_unmeasured,
    is_measured,
    smooth_measured,
    without_own_area,
)
from amager_eval.evaluation.ask import ask
from amager_eval.evaluation.fit import Fits
from amager_eval.evaluation.judge import judge
from amager_eval.report.parts.area_estimate import area_estimate_sentences
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.wording.sentences import load_wording

AREA = "Amager Partnerskab (2025)"


@pytest.fixture(scope="module")
def fit():
    """The stored example, of which a fraction of the draws a report takes are enough here."""
    example = ae.example_fit("safety")
    return replace(example, spec=example.spec.with_options(forecast_draws=150))


@pytest.fixture(scope="module", autouse=True)
def few():
    spec = load_area_spec()
    few = {"sets": 2, "sets_max": 4, "effective_min": 5, "alternative": ()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "load_area_spec", lambda **_: spec.model_copy(update=few))
        yield


@pytest.fixture(scope="module")
def own(fit, few):
    return smooth_measured(fit, measured(84.0, 71.0), load_agreement())


def measured(day, night, *, waves=(2024, 2025, 2026), n=500.0):
    """Add made-up figures of the area to the bundled ones."""
    data = ae.published()
    rows = pd.DataFrame(
        [(AREA, w, s, "safe", p, n, 0.0, "=")
         for w in waves for s, p in (("neighbourhood", day), ("night", night))],
        columns=["area", "wave", "setting", "response", "percent", "n", "decimals", "comparator"],
    )  # fmt: skip
    return replace(data, safety=pd.concat([data.safety, rows], ignore_index=True))


def test_an_areas_own_figures_are_left_out_of_the_fit_they_are_read_beside():
    agreement, data = load_agreement(), measured(84.0, 71.0)
    apart = without_own_area(data, agreement)
    assert AREA not in set(apart.safety["area"])
    assert len(apart.safety) == len(data.safety) - 6
    # with nothing to read blocks by, the area is one more area of the safety model
    alone = replace(data, safety=data.safety[data.safety["area"].isin([AREA, "København"])])
    assert without_own_area(alone, agreement) is alone


@pytest.mark.parametrize(
    ("waves", "expected"),
    [((), False), ((2024,), False), ((2024, 2025), True), ((2026,), True), ((2019,), False)],
)
def test_measured_is_an_area_with_a_figure_since_the_baseline(waves, expected):
    assert is_measured(measured(84.0, 71.0, waves=waves), load_agreement()) is expected


def test_the_baselines_figure_alone_is_measured_in_the_baselines_year():
    data = measured(84.0, 71.0, waves=(2024,))
    then = replace(data, safety=data.safety[data.safety["wave"] <= 2024])
    assert is_measured(then, load_agreement())


def test_a_real_figure_takes_over_and_the_blocks_stay(fit, own):
    assert answer_unmeasured(fit, measured(84.0, 71.0), load_agreement()) is None
    # the sentence about 2024 gives way to the figure of 2024
    assert list(own.steps) == ["1"]
    draws = own.forecast.draws
    areas = dict(zip(draws["area"].to_numpy(), draws["basis"].to_numpy(), strict=True))
    assert areas[AREA] == "measured"
    assert {"København", "Amager Øst", "Valby"} <= set(areas)
    day = 100 * draws["true"].sel(area=AREA, setting="neighbourhood", response="safe")
    low, high = np.quantile(day.sel(period=2026), [0.025, 0.975])
    assert low < 84 < high
    assert high - low < 8
    # as low as the figure, not pulled up to the city
    assert np.median(day.sel(period=2026)) < 85
    printed = draws["published"].sel(area=AREA, setting="night", response="safe", period=2025)
    assert set(printed.to_numpy().tolist()) == {0.71}


def test_figures_of_the_baseline_alone_leave_an_estimate_that_rests_on_them(fit):
    answer = answer_unmeasured(fit, measured(84.0, 71.0, waves=(2024,)), load_agreement())
    assert answer.evidence[AREA] == 2
    now, later = (answer.band("neighbourhood", "safe", y) for y in (2024, 2028))
    assert now["high_95"] - now["low_95"] < later["high_95"] - later["low_95"]
    assert set(answer.bands["basis"]) == {"estimate"}


def test_the_answers_are_asked_of_the_draws_that_know_the_areas_figures(fit, own):
    answers = ask(measured(84.0, 71.0), load_agreement(), 2026, Fits(safety=fit, own=own))
    assert answers.safety is own.forecast
    assert AREA in set(answers.safety_quantities[2028]["area"])


def test_the_chain_fits_without_the_areas_figures_and_takes_them_after(fit, own, monkeypatch):
    seen, asked = [], []

    def stand_in(data, **_):
        seen.append(set(data.safety["area"]))
        return fit

    monkeypatch.setattr(fitting, "fit_safety", stand_in)
    monkeypatch.setattr(fitting, "smooth_measured", lambda *a, **_: asked.append(a) or own)
    monkeypatch.setattr(fitting, "crime_definition_to_fit", lambda *_: None)
    fits = fitting.fit(measured(84.0, 71.0), load_agreement())
    assert AREA not in seen[0]
    assert fits.area is None
    assert fits.own is own
    # what is read beside the fit holds the area's figures
    ((_, data, _),) = asked
    assert AREA in set(data.safety["area"])
    assert fits.withheld is None


def test_too_few_draws_of_the_areas_figures_are_drawn_again_and_then_nothing_rests_on_them(
    fit, own, monkeypatch
):
    drawn, read = [], []

    def stand_in(data, *, draws, **_):
        drawn.append(draws)
        return fit

    def few(*_, times, **__):
        read.append(times)
        return replace(own, wanted=1e9)

    monkeypatch.setattr(fitting, "fit_safety", stand_in)
    monkeypatch.setattr(fitting, "smooth_measured", few)
    monkeypatch.setattr(fitting, "crime_definition_to_fit", lambda *_: None)
    data, agreement = measured(84.0, 71.0), load_agreement()
    fits = fitting.fit(data, agreement, draws=100)
    assert drawn == [100, 100 * fitting.MORE]
    assert read == [1, fitting.MORE]
    assert fits.own is None
    assert fits.withheld.problems
    # a draft shows what there is, and says so
    assert fitting.fit(data, agreement, draws=100, draft=True).own is not None

    statement = judge(data, agreement, 2026, fits)
    answered = statement.results.dropna(subset="probability_true")
    assert AREA not in set(answered["area"])
    assert {"Amager Øst", "Amager Vest"} <= set(answered["area"])
    assert AREA in set(statement.changes["area"])
    (row,) = statement.diagnostics[~statement.diagnostics["passed"]].to_dict("records")
    assert row["model"] == "area_estimate"
    said = area_estimate_sentences(statement, load_wording("da"))
    assert said.startswith("De statistiske vurderinger af Amager Partnerskab (2025) vises ikke")


def test_draws_are_taken_so_many_times_over(fit):
    per = [len(p.true) for p in module._joint_draws(fit, 2028, times=2)[1]]
    assert per == [100, 100, 100]


def test_a_forecast_puts_the_area_beside_the_others_and_flags_it(fit, monkeypatch):
    spec = load_area_spec().model_copy(update={"sets": 2, "sets_max": 2, "effective_min": 5})
    monkeypatch.setattr("amager_eval.trends.area.estimate.load_area_spec", lambda **_: spec)
    forecast = fit.forecast(2028, beside=ae.published())
    frame = forecast.to_frame()
    flagged = frame.groupby("area")["basis"].unique()
    assert flagged[AREA].tolist() == ["estimate"]
    assert set(np.concatenate(flagged.drop(AREA).to_list())) == {"measured"}
    assert {"København", "Valby", "Amager Øst"} <= set(frame["area"])
    assert "basis" not in fit.forecast(2028).to_frame()
    strict = spec.model_copy(update={"effective_min": 1e9})
    monkeypatch.setattr("amager_eval.trends.area.estimate.load_area_spec", lambda **_: strict)
    with pytest.raises(ae.GateError, match="effective sample size"):
        fit.forecast(2028, beside=ae.published())
