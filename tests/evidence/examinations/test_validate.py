"""Examinations become evidence of the version examined; samplers are replaced."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr

import amager_eval as ae
from amager_eval.errors import InputError
from amager_eval.evidence.backtest.forecaster import OwnModel
from amager_eval.evidence.backtest.panel import Panel
from amager_eval.evidence.backtest.panels import crime_quarterly
from amager_eval.evidence.backtest.run import Backtest
from amager_eval.evidence.backtest.stored import read_own_scores
from amager_eval.evidence.document import read_evidence
from amager_eval.evidence.examinations import compare_blocks, job, prior_predictive, scaling
from amager_eval.evidence.examinations.area import coverage, left_out
from amager_eval.evidence.examinations.calibration import calibrations, gates
from amager_eval.evidence.examinations.calibration.calibrate import Calibrated
from amager_eval.evidence.examinations.calibration.calibrations import calibration_tables
from amager_eval.evidence.examinations.prior_predictive import GATED, RARE
from amager_eval.evidence.examinations.prior_sensitivity import log_density
from amager_eval.evidence.examinations.validate import EXAMINATIONS, make_job, validate
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample

SAFETY, CRIME = load_model_spec("safety_trend"), load_model_spec("crime_trend")


def test_evidence_stands_under_the_spec_and_the_card_quotes_it(tmp_path: Path) -> None:
    card = tmp_path / "crime_trend" / "CARD.md"
    card.parent.mkdir()
    block = "<!-- evidence prior_predictive quantity q50 -->\nold\n<!-- end -->\n"
    card.write_text(f"# Card\n\n{block}", encoding="utf-8")
    validate("crime", only=["prior_predictive"], folder=tmp_path)
    evidence = read_evidence(CRIME, "prior_predictive", folder=tmp_path)
    assert evidence.command == "amager-eval validate crime --only prior_predictive"
    table = evidence.to_frame().set_index("quantity")
    # the drift's and the walk's priors have no direction
    assert table.loc["level after four years, district", "q50"] == pytest.approx(1.0, abs=0.05)
    four = table.loc["level after four years, rest of the whole"]
    drift, spread, walk = (
        CRIME.priors[k].parameters["sigma"] for k in ("drift_mean", "drift_spread", "innovation")
    )
    sd = np.sqrt((4 * drift) ** 2 + (4 * spread) ** 2 + 4 * walk**2)
    assert np.log(four["q97.5"]) == pytest.approx(1.96 * sd, rel=0.15)
    assert "| level after four years, district |" in card.read_text(encoding="utf-8")
    assert "old" not in card.read_text(encoding="utf-8")


def test_stored_scores_are_quoted_without_a_fit(tmp_path: Path, random_draws: list) -> None:
    validate("crime", only=["backtests"], folder=tmp_path)
    assert random_draws == []
    assert sorted(p.stem for p in tmp_path.rglob("*.json")) == [
        "backtests",
        "coverage_crime_quarterly",
        "coverage_crime_yearly",
        "differences_crime_quarterly",
        "differences_crime_yearly",
        "groups_crime_quarterly",
        "groups_crime_quarterly_before_covid",
        "groups_crime_yearly",
        "groups_crime_yearly_before_covid",
        "league_crime_quarterly",
        "league_crime_yearly",
        "missed_gates",
        "origins_crime_quarterly",
        "origins_crime_yearly",
        "pit_crime_quarterly",
        "pit_crime_yearly",
    ]
    at_origin = read_evidence(CRIME, "origins_crime_yearly", folder=tmp_path).to_frame()
    for subset in ("all", "small"):
        origins = at_origin.loc[at_origin["subset"] == subset, "origin"]
        assert origins.tolist() == ["2019", "2020", "2021", "2022"]
    assert (at_origin["rank"].eq(1) == at_origin["difference"].lt(0)).all()
    even = read_evidence(CRIME, "pit_crime_quarterly", folder=tmp_path).to_frame()
    assert even.groupby("origin")["share"].sum().tolist() == pytest.approx([1.0] * 5, abs=1e-4)
    panels = read_evidence(CRIME, "backtests", folder=tmp_path).to_frame().set_index("panel")
    assert panels["scored"].all()
    assert panels.loc["crime_yearly", "forecasters"] == 8
    league = read_evidence(CRIME, "league_crime_yearly", folder=tmp_path).to_frame()
    own = league.set_index("forecaster").loc["amager_eval"]
    assert own["cells"] == league["cells"].max()
    assert np.isnan(own["difference"])  # against itself
    assert league["difference"].notna().sum() == len(league) - 1
    apart = read_evidence(CRIME, "differences_crime_quarterly", folder=tmp_path).to_frame()
    assert apart.groupby("subset").size().to_dict() == dict.fromkeys(
        ("all", "small", "before_covid", "since", "untouched", "untouched_small", "past_gates"), 7
    )
    cells = apart.groupby("subset")["cells"].first()
    # of the origin held back only the quarters of its second year are no other origin's figures
    assert cells["untouched"] == 98 * 7 * 4
    assert cells["untouched_small"] == 25 * 7 * 4
    missed = read_evidence(CRIME, "missed_gates", folder=tmp_path).to_frame()
    fits = panels["fits"] - panels["fits_past_their_gates"]
    assert missed.groupby("panel").size().to_dict() == fits.to_dict()
    # the fits that missed their gates are blocks of 14 municipalities at one origin
    lost = cells["all"] - cells["past_gates"]
    assert lost == 14 * 7 * 8 * fits["crime_quarterly"]


@pytest.mark.parametrize("kind", ["safety", "crime"])
def test_gates_are_tabled_seed_by_seed(
    kind: str, tmp_path: Path, random_draws: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (len(gates.SEEDS), gates.CITIES) == (5, 10)
    monkeypatch.setattr(gates, "SEEDS", (1, 2))
    monkeypatch.setattr(gates, "CITIES", 3)
    told = []
    validate(kind, only=["gates"], draws=30, folder=tmp_path,
             progress=lambda *at: told.append(at))  # fmt: skip
    spec = {"safety": SAFETY, "crime": CRIME}[kind]
    table = read_evidence(spec, "gates", folder=tmp_path).to_frame()
    assert table["seed"].tolist() == [1, 2]
    assert not table["passed"].any()  # thirty random draws are too few
    assert ("gates", 2, 2) in told
    assert (table["min_ess"] < spec.gates.ess_min).all()
    cities = read_evidence(spec, "gates_simulated", folder=tmp_path).to_frame()
    assert cities["seed"].tolist() == [1, 2, 3]
    assert ("gates, simulated", 3, 3) in told
    assert ("effective_draws" in table) == (kind == "safety")
    if kind == "safety":  # draws that are no posterior's are not what exact likelihoods leave
        assert (cities["exact_share"] < 0.3).all()
        assert cities["exact_share"].nunique() == 3  # other figures in every city


def test_the_forecast_is_held_against_one_that_knows_the_scales(
    tmp_path: Path, random_draws: list
) -> None:
    for _ in range(2):  # the second time everything is kept
        validate("crime", only=["known_truth"], fits=50, folder=tmp_path, cache=tmp_path / "kept")
    assert len(random_draws) == 2
    knowing, full = (set(made.shapes) for made in random_draws)
    assert full - knowing == {
        "innovation_signed", "innovation_gap_signed", "dispersion_common", "dispersion_type",
        "passing_signed",
    }  # fmt: skip
    evidence = read_evidence(CRIME, "known_truth", folder=tmp_path)
    assert evidence.settings["sets"] == 10
    found = evidence.to_frame()
    together = found[found["ahead"] == 0].set_index(["score", "area"])
    assert set(together.index.get_level_values("score")) == {"reports", "log(1 + reports)"}
    # a score of reports grows with them, one of logarithms does not
    size = together["known"]
    assert size["reports", "rest of Byen"] > 3 * size["reports", "Øst"]
    assert size["log(1 + reports)"].max() < 1
    kept = pd.concat(map(pd.read_csv, (tmp_path / "kept").rglob("known-*.csv")))
    of_set = kept.groupby("set")["model_divergences"].first()
    assert evidence.settings["model_divergences"] == of_set.sum()
    assert set(found["area"]) == {"Øst", "rest of Byen"}


def test_a_town_of_few_reports_is_calibrated_apart_and_continues(
    tmp_path: Path, random_draws: list
) -> None:
    for _ in range(2):  # the second time every fit is kept
        validate("crime", only=["calibration_few"], fits=20, folder=tmp_path, cache=tmp_path / "k")
    assert len(random_draws) == 1
    assert len(random_draws[0].given) == 20 - 1  # the first is compiled for
    evidence = read_evidence(CRIME, "calibration_few", folder=tmp_path)
    assert evidence.settings["fits"] == 20
    assert "level_last Øst narkotika" in set(evidence.to_frame()["quantity"])
    figures = read_evidence(CRIME, "forecast_coverage_few", folder=tmp_path).to_frame()
    assert set(figures["figures"]) == {20 * 2 * 3 * 2}  # fits, areas, types, years
    assert sorted(p.stem for p in tmp_path.rglob("*.json")) == [
        "calibration_few", "forecast_coverage_few", "ranks_few", "recovery_few",
    ]  # fmt: skip
    assert validate("safety", only=["calibration_few"], folder=tmp_path) == []


def test_a_further_kind_is_sampled_again_until_its_fits_pass(
    tmp_path: Path, random_draws: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of random draws no fit passes: each is sampled with every number of draws, and counted."""
    taken, inner = [], sample.begin_posterior

    def begin(compiled: Any, *, draws: int, **how: Any) -> Any:
        taken.append(draws)
        return inner(compiled, draws=20, **how)

    monkeypatch.setattr(sample, "begin_posterior", begin)
    monkeypatch.setattr(calibrations, "MORE", (2,))
    title = "calibration_nested"
    validate("crime", only=[title], fits=20, folder=tmp_path, cache=tmp_path / "k")
    assert taken == 20 * [1000, 2000]
    evidence = read_evidence(CRIME, title, folder=tmp_path)
    assert evidence.settings["fits"] == evidence.settings["fits_sampled_again"] == 20
    assert evidence.settings["fits_past_the_gates"] == 0
    assert evidence.settings["most_draws"] == 2000
    named = set(evidence.to_frame()["quantity"])
    assert {"total_level_last Øst", "level_last Øst remainder"} <= named
    validate("crime", only=[title], fits=20, folder=tmp_path, cache=tmp_path / "k")
    assert len(taken) == 40  # every fit was kept
    assert validate("safety", only=[title], folder=tmp_path) == []


@pytest.mark.parametrize("kind", ["safety", "crime", "area"])
def test_finished_fits_of_other_code_or_assumptions_are_no_part_of_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change_assumptions: Any
) -> None:
    def folder() -> Path:
        return make_job(kind, cache=tmp_path).cache

    before, read = folder(), Path.read_bytes
    with monkeypatch.context() as patched:
        patched.setattr(
            Path, "read_bytes", lambda p: read(p) + b"#" * p.as_posix().endswith("_study.py")
        )
        assert folder() != before
    assert folder() == before
    change_assumptions("left_over = 0.02", "left_over = 0.03")
    assert folder() != before


def test_ranks_that_leave_the_band_are_counted() -> None:
    rng = np.random.default_rng(1)
    fits = 200
    rows = {"fit": range(fits), "truth": rng.normal(size=fits), "mean": 0.0, "sd": 1.0}
    even = pd.DataFrame(rows).assign(
        pit=(np.arange(fits) + 0.5) / fits, ess=500.0, rhat=1.0, seconds=2.0, problems=np.nan
    )
    even.loc[0, ["ess", "rhat"]] = 60.0, 1.2
    even["problems"] = ["R-hat 1.2 exceeds 1.01"] + [np.nan] * (fits - 1)
    off = even.assign(quantity="off", pit=even["pit"] ** 2, divergences=0)
    both = pd.concat([even.assign(quantity="even", divergences=[1] + [0] * 199), off])
    after = pd.DataFrame({"fit": range(fits), "low": even["pit"], "high": even["pit"] + 1e-6})
    found = calibration_tables(Calibrated(both, after), {"fits": fits}, CRIME.gates)
    assert found["calibration"].settings == {
        "fits": 200, "quantities": 2, "outside_the_band": 1, "fits_with_a_divergence": 1,
        "fits_past_the_gates": 199, "fits_with_r_hat_above_the_gate": 1,
        "fits_with_r_hat_above_1.05": 1, "largest_r_hat_median_of_fits": 1.0,
        "largest_r_hat_of_all_fits": 1.2, "fits_with_ess_below_the_gate": 1,
        "fits_with_ess_below_100": 1, "least_ess_median_of_fits": 500.0,
        "least_ess_of_all_fits": 60.0,
    }  # fmt: skip
    assert found["recovery"].seconds == pytest.approx(2 * fits)
    assert found["forecast_coverage"].table["coverage"].to_numpy() == pytest.approx(
        [0.5, 0.8, 0.95], abs=0.01
    )
    assert set(calibration_tables(Calibrated(both, after[:0]), {}, CRIME.gates)) == {
        "calibration",
        "ranks",
        "recovery",
    }


@pytest.mark.parametrize(
    ("spec", "name", "variable"),
    [
        (SAFETY, "path_drift", lambda p: pm.Normal.dist(p["mu"], p["sigma"])),
        (SAFETY, "path_sd", lambda p: pm.HalfNormal.dist(p["sigma"])),
        (SAFETY, "response_gap", lambda p: pm.Gamma.dist(p["alpha"], p["beta"])),
        (SAFETY, "design_effect", lambda p: pm.LogNormal.dist(p["mu"], p["sigma"])),
    ],
)
def test_log_densities_are_those_of_the_modelling_library(spec, name, variable) -> None:
    values = xr.DataArray([[[0.2, 0.7], [1.3, 0.1]]], dims=("chain", "draw", "setting"))
    expected = pm.logp(variable(spec.priors[name].parameters), values.to_numpy()).eval().sum(-1)
    found = log_density(spec.priors[name], values)
    assert found.to_numpy() == pytest.approx(expected)


def test_the_cost_of_more_areas_is_timed(
    tmp_path: Path, random_draws: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scaling.SIZES[-1] == len(crime_quarterly().areas)
    monkeypatch.setattr(scaling, "SIZES", (3, 6))
    validate("crime", only=["scaling"], draws=10, folder=tmp_path)
    table = read_evidence(CRIME, "scaling", folder=tmp_path).to_frame()
    assert table["areas"].tolist() == [3, 6]
    assert table["series"].tolist() == [7 * 3, 7 * 6]
    assert len(random_draws) == 2  # compiled once a size
    assert (table[["seconds", "cpu_seconds", "cpu_seconds_per_area"]] > 0).all(axis=None)
    assert validate("safety", only=["scaling"], folder=tmp_path) == []


def test_one_fit_of_all_areas_is_held_against_the_stored_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(panel: Panel, forecaster: OwnModel, **given: object) -> Backtest:
        asked.append((panel.name, forecaster.kind, given.get("block_size")))
        scores = read_own_scores(panel)
        scores = scores[scores["origin"].isin(panel.development)]
        units = pd.DataFrame({"unit": [f"{o}_98_000" for o in panel.development],
                              "seconds": 1.0, "passed": "True", "problems": ""})  # fmt: skip
        better = scores.assign(crps=scores["crps"] - 0.5)
        return Backtest(panel.name, forecaster.name, better, units)

    monkeypatch.setattr(compare_blocks, "run_backtest", run)
    validate("crime", only=["joint"], folder=tmp_path)
    assert asked == [("crime_quarterly", "crime", None)]  # no blocks
    table = read_evidence(CRIME, "joint", folder=tmp_path).to_frame().set_index("origin")
    assert list(table.index) == ["2018K4", "2021K4", "2022K4", "all"]
    assert table["difference"].tolist() == pytest.approx([-0.5] * 4)
    assert (table["difference_log_score"] == 0).all()
    assert validate("safety", only=["joint"], folder=tmp_path) == []


@pytest.mark.parametrize("trial", [{"draws": 20}, {"fits": 20}])
def test_a_trial_does_not_take_the_place_of_the_evidence(trial: dict, random_draws: list) -> None:
    with pytest.raises(InputError, match=r"name a folder.*--out"):
        validate("crime", only=["prior_predictive"], **trial)


def test_the_area_is_examined_under_its_own_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = []

    def fit(data, *, spec, **_):
        fitted.append((int(data.safety["wave"].max()), int(spec.options["baseline"])))
        return ae.example_fit("safety")

    found = pd.DataFrame({"left_out": ["figure"], "effective": [300.0], "inside_95": [True],
                          "inside_80": [False], "crps": [2.0], "district": [7.0],
                          "city": [8.0], "city_and_siblings": [2.0],
                          "last_value": [np.nan]})  # fmt: skip
    monkeypatch.setattr(job, "fit_safety", fit)
    monkeypatch.setattr(left_out, "fit_safety", fit)
    monkeypatch.setattr(left_out, "area_left_out", lambda *_, **__: found)
    monkeypatch.setattr(
        coverage, "area_coverage", lambda *_, cities, **__: pd.DataFrame({"cities": [cities]})
    )
    paths = validate("area", only=("left_out", "coverage"), folder=tmp_path)
    assert [p.stem for p in paths] == ["left_out", "left_out_means", "coverage"]
    # the later waves are predicted from a fit that has not seen them
    assert fitted[0][0] > 2024
    assert fitted[1] == (2020, 2020)
    kept = read_evidence(load_area_spec(), "coverage", folder=tmp_path)
    assert kept.model == "area_estimate"
    assert kept.rows == [{"cities": 200}]
    assert kept.settings["figures"] == "SYNTHETIC"
    assert kept.settings["districts"] == f"safety_trend {SAFETY.version}"


def test_what_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="safety, crime or area, found 'weather'"):
        validate("weather")
    with pytest.raises(InputError, match="no examination 'horoscope'; there are prior_predictive"):
        validate("crime", only=["horoscope"])
    assert "calibration" in EXAMINATIONS


def test_the_prior_is_asked_how_often_a_share_jumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prior_predictive.PRIOR_DRAWS == 2000
    monkeypatch.setattr(prior_predictive, "PRIOR_DRAWS", 150)  # what is kept is asked of all
    validate("safety", only=["prior_predictive"], folder=tmp_path)
    evidence = read_evidence(SAFETY, "prior_predictive", folder=tmp_path)
    table = evidence.to_frame().set_index("quantity")
    settings = evidence.settings
    at_levels = table.loc[GATED, "beyond_10"]
    assert settings["probability_of_a_jump"] == at_levels
    assert settings["gate"] == ("passed" if at_levels < RARE else "NOT passed")
    # a change of four years is beyond ten points more often than one of a year
    assert table.loc["change of it in four years", "beyond_10"] > at_levels
    assert pd.isna(table.loc["share safe in the baseline wave", "beyond_10"])
