import numpy as np
import pandas as pd
import pytest

from amager_eval.trends.crime_control import CHART_COLUMNS, _chart, control_chart
from amager_eval.trends.crime_fit import fit_crime


def chart(count, people=100.0, season=1.0, reference=12):
    count = np.asarray(count, float)
    return _chart(count, np.full(len(count), people), np.full(len(count), season), reference)


def test_limits_are_laneys():
    rng = np.random.default_rng(4)
    count = rng.poisson(80, 16).astype(float)
    got = chart(count)
    centre = count[:12].sum() / 1200
    sd = np.sqrt(centre / 100)
    z = (count / 100 - centre) / sd
    spread = np.abs(np.diff(z[:12])).mean() / 1.128
    assert got["centre"].to_numpy() == pytest.approx(centre)
    assert got["high"].to_numpy() == pytest.approx(centre + 3 * spread * sd)


def test_far_period_and_long_run_signal():
    steady = [80, 84] * 6
    assert chart([*steady, 140])["signal"].iloc[-1] == "above"
    assert chart([*steady, 20])["signal"].iloc[-1] == "below"
    run = chart([*steady, *[83] * 8])["signal"].tolist()
    assert run[-1] == "shift up"
    assert chart([*steady, *[81] * 9])["signal"].tolist()[-1] == "shift down"
    assert chart(steady * 2)["signal"].eq("").all()


def test_ordinary_overdispersed_counts_seldom_signal():
    rng = np.random.default_rng(8)
    signals = 0
    for _ in range(200):
        count = rng.poisson(rng.gamma(100, 20, 24)).astype(float)  # mean 2000, 10 % spread
        signals += chart(count)["signal"].isin(["above", "below"]).iloc[12:].sum()
    assert signals / (200 * 12) < 0.03


def test_chart_of_a_fit(random_draws):
    periods = [f"{y}K{q}" for y in range(2019, 2025) for q in range(1, 5)]
    frame = pd.DataFrame({"period": periods, "count": 50, "area": "N", "crime_type": "t"})
    fit = fit_crime(frame.assign(population=9000.0), draws=10, chains=1)
    got = control_chart(fit)
    assert tuple(got.columns) == CHART_COLUMNS
    assert len(got) == 24
    assert control_chart(fit, years=6).empty
