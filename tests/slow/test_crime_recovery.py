"""Ten truths from the crime model's own priors, their counts, fits and forecasts.

`pytest -m slow -s tests/slow/test_crime_recovery.py` prints the tables.
"""

import numpy as np
import pandas as pd
import pytest

from amager_eval.evidence.studies.crime_study import CrimeStudy
from amager_eval.scores.pit import covered
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design

pytestmark = pytest.mark.slow
FITS, AHEAD = 10, 8
PEOPLE = {"City": 600_000, "North": 45_000, "South": 20_000, "East": 60_000}
RATES = {"theft": 25, "violence": 8}  # per 1,000 a year


def city():
    """Three districts and the rest of a city, two types, eight years of quarters."""
    rows = [
        (area, f"{2018 + i // 4}K{i % 4 + 1}", kind, round(rate * people / 4000), people)
        for i in range(32)
        for area, people in PEOPLE.items()
        for kind, rate in RATES.items()
    ]
    return pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])


@pytest.fixture(scope="module")
def replicates():
    spec = load_model_spec("crime_trend")
    study = CrimeStudy(crime_design(city(), spec, whole="City"), spec, ahead=AHEAD, draws=800)
    return [study.replicate(100 + k) for k in range(FITS)]


def recovery(replicates):
    rows = []
    for fit, found in enumerate(replicates):
        for quantity, truth in found.truth.items():
            draws = found.draws[quantity]
            rank = float((draws < truth).mean())
            kind = quantity.split()[0]
            rows.append((fit, kind, truth, float(draws.mean()), float(draws.std()), rank))
    frame = pd.DataFrame(rows, columns=["fit", "kind", "truth", "mean", "sd", "rank"])
    frame["error"] = frame["mean"] - frame["truth"]
    frame["standard"] = frame["error"] / frame["sd"]
    frame["in_50"] = (frame["rank"] - 0.5).abs() <= 0.25
    frame["in_95"] = (frame["rank"] - 0.5).abs() <= 0.475
    return frame


def test_every_fit_passes_its_gates(replicates):
    problems = {
        k: r.diagnostics.problems for k, r in enumerate(replicates) if not r.diagnostics.passed
    }
    assert not problems


def test_truths_are_recovered(replicates):
    frame = recovery(replicates)
    grouped = frame.groupby("kind")
    table = grouped.agg(
        quantities=("error", "size"),
        bias=("error", "mean"),
        posterior_sd=("sd", "mean"),
        in_50=("in_50", "mean"),
        in_95=("in_95", "mean"),
    )
    table["rmse"] = grouped["error"].apply(lambda e: float(np.sqrt((e**2).mean())))
    table["correlation"] = grouped[["mean", "truth"]].apply(lambda g: g.corr().iloc[0, 1])
    print("\n", table.round(3).to_string())
    assert frame["standard"].abs().max() < 5
    assert frame["in_95"].mean() == pytest.approx(0.95, abs=0.04)
    assert frame["in_50"].mean() == pytest.approx(0.50, abs=0.10)
    # levels are told by the counts, whatever else is not
    assert table.loc["level_last", "correlation"] > 0.95


def test_future_counts_lie_in_their_intervals_as_often_as_they_should(replicates):
    """Cells of one data set share their truth: the interval is over data sets."""
    for level in (0.5, 0.8, 0.95):
        share = np.array([covered(*r.pit, level).mean() for r in replicates])
        error = share.std(ddof=1) / np.sqrt(len(share))
        print(f"\n{level:.0%}: {share.mean():.3f} ± {1.96 * error:.3f} over {FITS} data sets")
        assert abs(share.mean() - level) < max(0.02, 2.5 * error)
