"""The posterior itself: against an exact grid, and the gates on København's published series."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import amager_eval as ae
from amager_eval.goals.crime.quantities import annual_levels
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design, fit_crime

pytestmark = pytest.mark.slow
ORACLES = Path(__file__).parents[1] / "reference"


def grid_spec():
    """The spec of the oracle's model: a driftless Poisson walk with innovation HalfNormal(.15)."""
    spec = load_model_spec("crime_trend")
    scale = {"innovation": 0.15, "drift_mean": 1e-6, "drift_spread": 1e-6, "dispersion": 1e-6}
    scale["covid"] = 1e-6  # the oracle knows no pandemic
    priors = dict(spec.priors)
    for name, sigma in scale.items():
        prior = priors[name]
        priors[name] = prior.model_copy(update={"parameters": prior.parameters | {"sigma": sigma}})
    return spec.model_copy(update={"priors": priors})


def test_poisson_walk_agrees_with_the_exact_grid():
    case = json.loads((ORACLES / "06_bayes_closed_and_grid.json").read_text())["cases"]
    case = case["poisson_rw_grid"]
    frame = pd.DataFrame(
        {
            "area": "D",
            "period": range(2013, 2025),
            "crime_type": "t",
            "count": case["input"]["y"],
            "population": case["input"]["pop"],
        }
    )
    fit = fit_crime(frame, spec=grid_spec(), draws=4000, seed=3)
    assert fit.diagnostics.passed, fit.diagnostics.problems
    innovation = fit.data["posterior"]["innovation"].values
    assert innovation.mean() == pytest.approx(case["sigma_post_mean"], rel=0.03)
    levels = annual_levels(fit.forecast(2028))["rate"].isel(area=0, crime_type=0)
    assert float(levels.sel(year=2024).mean()) == pytest.approx(
        case["rate2024_post_mean"], rel=0.03
    )
    then, now = levels.sel(year=2024), levels.sel(year=2028)
    held = float((now <= then).mean())
    assert held == pytest.approx(case["P_true_rate2028_le_TRUE_2024_rate_exact"], abs=0.01)
    at_or_below = float((now <= 1000 * 462 / 57386).mean())
    assert at_or_below == pytest.approx(case["P_true_rate2028_le_OBSERVED_2024_rate"], abs=0.01)
    inner = (0.05, 0.5, 0.95)  # the oracle's quantiles
    assert np.quantile(then, inner) == pytest.approx(case["rate2024_q"], rel=0.03)
    assert np.quantile(now, inner) == pytest.approx(case["rate2028_q"], rel=0.03)


def test_copenhagen_passes_its_gates():
    fit = fit_crime(ae.published(), definition="STRAF11")
    assert fit.diagnostics.passed, fit.diagnostics.problems


def test_refit_with_data_equals_a_fresh_fit(monkeypatch):
    rows = [(f"{y}", 40 + (y * 7) % 11, 60 + (y * 5) % 13) for y in range(2012, 2025)]
    frame = pd.DataFrame(rows, columns=["period", "a", "b"]).assign(area="D", crime_type="t")
    frame["population"] = 5000.0
    spec = load_model_spec("crime_trend")
    one, other = (crime_design(frame.rename(columns={name: "count"}), spec) for name in ("a", "b"))
    begin_design(one, spec, draws=50)()  # compiled for these counts, given the others
    refit = begin_design(other, spec, seed=2)()
    monkeypatch.setattr("amager_eval.trends.crime.fit._COMPILED", {})
    fresh = fit_crime(frame.rename(columns={"b": "count"}), spec=spec, seed=2)
    for fit in (refit, fresh):
        assert fit.diagnostics.passed, fit.diagnostics.problems
    for name in ("level_baseline", "innovation", "dispersion"):
        ours, theirs = (f.data["posterior"][name].values for f in (refit, fresh))
        assert ours.mean() == pytest.approx(theirs.mean(), rel=0.05)
