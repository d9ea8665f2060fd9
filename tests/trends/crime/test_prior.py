import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.forecast import simulate_cells
from amager_eval.trends.crime.prior import _baseline_level, prior_draws, wander


def test_level_given_poisson_reports_is_the_gamma_posterior():
    rng = np.random.default_rng(2)
    size = 40_000
    exposure = np.full((size, 1), np.log(58.0))
    level = _baseline_level(
        np.array([65.0]),
        exposure,
        np.array([True]),
        np.full(size, 1e-4),
        np.zeros(size),
        100.0,
        rng,
    )
    exact = stats.gamma(65, scale=1 / 58)  # flat prior of the log rate
    quantiles = (0.025, 0.5, 0.975)
    assert np.quantile(np.exp(level), quantiles) == pytest.approx(exact.ppf(quantiles), rel=0.01)


def test_four_year_change_has_the_declared_range():
    rows = [
        (a, y, c, p)
        for y in range(2020, 2025)
        for a, c, p in (("City", 9000, 6e5), ("D", 300, 2e4))
    ]
    frame = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    spec = load_model_spec("crime_trend")
    design = crime_design(frame.assign(crime_type="t"), spec, whole="City")
    draws = prior_draws(design, 60_000, np.random.default_rng(0))
    # backwards over four years, which is as wide as forwards
    change = np.exp(draws["level"].isel(period=0) - draws["level"].isel(period=-1))
    rest, district = change.isel(area=1, crime_type=0), change.isel(area=0, crime_type=0)
    assert np.quantile(rest, (0.025, 0.975)) == pytest.approx((0.41, 2.42), rel=0.03)
    assert np.quantile(district, (0.025, 0.975)) == pytest.approx((0.38, 2.63), rel=0.03)


def test_no_count_in_the_baseline_leaves_the_prior():
    rng = np.random.default_rng(1)
    size = 20_000
    level = _baseline_level(
        np.array([np.nan]),
        np.zeros((size, 1)),
        np.array([True]),
        np.full(size, 0.1),
        np.full(size, 0.5),
        2.0,
        rng,
    )
    assert level.mean() == pytest.approx(0.5, abs=0.06)
    assert level.std() == pytest.approx(2.0, rel=0.03)


SHARED = {"share": 0.4, "reason": "as declared for this test alone"}


def moving_together():
    """A city and a district of two types, three years."""
    rows = [
        (a, y, k, c, p)
        for y in (2022, 2023, 2024)
        for k in ("s", "t")
        for a, c, p in (("City", 9000, 6e5), ("D", 300, 2e4))
    ]
    frame = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])
    spec = load_model_spec("crime_trend").with_options(shared_innovation=SHARED)
    return crime_design(frame, spec, whole="City")


def assert_own_paths_share(steps):
    """Steps of the district and the rest, per innovation; dims `sample, area, crime_type`."""
    assert steps.std(axis=0) == pytest.approx(np.array([[2**0.5] * 2, [1, 1]]), rel=0.03)
    rest, gap = steps[:, 1], steps[:, 0] - steps[:, 1]
    assert np.corrcoef(rest.T)[0, 1] == pytest.approx(SHARED["share"], abs=0.03)
    assert np.corrcoef(gap.T)[0, 1] == pytest.approx(0, abs=0.03)


def test_types_of_a_path_move_together_and_gaps_each_on_its_own():
    design, size = moving_together(), 20_000
    assert list(design["area"].values) == ["D", "rest of City"]
    moved = wander(
        design, np.full((size, 2, 2), 0.1), np.zeros((size, 2, 2)), np.random.default_rng(3)
    )
    assert_own_paths_share((moved[..., 1] - moved[..., 0]) / 0.1)


def test_the_future_moves_together_as_the_past_does():
    design, size = moving_together(), 20_000
    state = prior_draws(design, size, np.random.default_rng(4))
    state = state.assign(
        innovation=xr.full_like(state["innovation"], 0.1), drift=xr.zeros_like(state["drift"])
    )
    expected, _, _, exposure = simulate_cells(state, design, 4, np.random.default_rng(5))
    level = np.log(expected / exposure[:, :, None, :])
    assert_own_paths_share((level[..., 3] - level[..., 2]) / 0.1)


def test_a_type_that_stands_alone_moves_on_its_own():
    design = moving_together().attrs["shared_innovation"]
    rows = [("City", y, 9000, 6e5) for y in (2022, 2023, 2024)]
    frame = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    spec = load_model_spec("crime_trend").with_options(shared_innovation=SHARED)
    alone = crime_design(frame.assign(crime_type="t"), spec)
    assert (design, alone.attrs["shared_innovation"]) == (0.4, 0.0)
