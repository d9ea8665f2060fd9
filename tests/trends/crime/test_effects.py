from datetime import date

import numpy as np
import pytest

from amager_eval.data.period import period_range
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.effects import (
    correlation,
    day_share,
    disturbed_years,
    effect_matrix,
    passing_ahead,
    season_basis,
    share_basis,
)
from amager_eval.trends.crime.options import crime_options


@pytest.mark.parametrize("per_year", [4, 12])
def test_season_basis_is_orthonormal_and_sums_to_zero(per_year):
    basis = season_basis(per_year)
    assert np.allclose(basis.T @ basis, np.eye(per_year - 1))
    assert np.allclose(basis.sum(axis=0), 0)


def test_yearly_data_have_no_season():
    assert season_basis(1).shape == (1, 0)


@pytest.mark.parametrize(
    ("first", "last"), [(2019, 2022), ("2019K1", "2022K4"), ("2019M01", "2022M12")]
)
def test_pandemic_days_do_not_depend_on_the_unit(first, last):
    periods = period_range(first, last)
    window = (date(2020, 3, 12), date(2021, 12, 31))
    days = 0.0
    for p in periods:
        ahead = p.shift(1)
        length = (
            date(ahead.year, (ahead.index - 1) * (12 // p.per_year) + 1, 1)
            - date(p.year, (p.index - 1) * (12 // p.per_year) + 1, 1)
        ).days
        days += day_share(p, *window) * length
    assert days == pytest.approx((window[1] - window[0]).days + 1)


def test_step_touches_declared_types_and_definitions_before_its_date():
    spec = load_model_spec("crime_trend")
    options = crime_options(spec)
    periods = period_range("2017K3", "2018K2")
    types = ["indbrud", "vold/våben"]
    names, value, scale = effect_matrix(periods, types, options, spec, "STRAF11")
    at = names.index("step_paragraph_276a")
    assert value[at].tolist() == [1, 1, 0, 0]
    assert scale[0, at] == options.steps[0].sigma
    assert scale[1, at] == 0
    assert "step_paragraph_276a" not in effect_matrix(periods, types, options, spec, "other")[0]


@pytest.mark.parametrize(
    ("last", "known"), [("2019K4", False), ("2021K4", False), ("2022K3", False), ("2022K4", True)]
)
def test_the_pandemic_has_an_effect_once_a_year_of_counts_has_followed_it(last, known):
    spec = load_model_spec("crime_trend")
    options = crime_options(spec)
    assert options.covid.least_years_after == 1.0
    names, value, _ = effect_matrix(period_range("2018K1", last), ["a"], options, spec, "")
    assert bool(value[names.index("covid")].any()) is known


@pytest.mark.parametrize(
    ("day", "touched"),
    [((2017, 1, 1), [2016]), ((2018, 7, 1), [2016, 2017, 2018]), ((2019, 1, 1), []),
     ((2028, 1, 1), [])],
)  # fmt: skip
def test_an_earlier_way_of_recording_touches_years_only_where_a_later_one_was_seen(day, touched):
    options = crime_options(load_model_spec("crime_trend"))
    step = options.steps[0].model_copy(update={"date": date(*day), "types": ()})
    options = options.model_copy(update={"steps": (step,)})
    assert sorted(disturbed_years([2016, 2017, 2018], "theft", "STRAF11", options)) == touched


RHO = 0.7


def walk_about_its_mean(n):
    steps = np.tril(np.ones((n, n)), -1)[:, : n - 1]
    left, size, _ = np.linalg.svd(steps - steps.mean(axis=0), full_matrices=False)
    return (left * size)[:, : n - 1]


def simulated(n, size=200_000):
    """An autoregression of unit variance, less its mean over the first `n` periods."""
    rng = np.random.default_rng(0)
    x = np.empty((size, n + 3))
    x[:, 0] = rng.standard_normal(size)
    for t in range(1, n + 3):
        x[:, t] = RHO * x[:, t - 1] + np.sqrt(1 - RHO**2) * rng.standard_normal(size)
    return x - x[:, :n].mean(axis=1, keepdims=True)


def test_both_parts_are_independent_in_the_shared_basis():
    walk = walk_about_its_mean(8)
    basis, variance = share_basis(walk, RHO)
    assert np.allclose(basis @ basis.T, walk @ walk.T)  # the random walk is the same
    covariance = (basis * variance) @ basis.T
    assert covariance == pytest.approx(np.cov(simulated(8)[:, :8].T), abs=0.01)


def test_the_future_follows_from_the_past_as_in_the_process_itself():
    weight, factor = passing_ahead(RHO, 8, 3)
    x = simulated(8)
    left = x[:, 8:] - x[:, :8] @ weight.T
    assert np.abs(np.cov(left.T, x[:, :8].T)[:3, 3:]).max() < 0.01  # nothing of the past is left
    assert np.cov(left.T) == pytest.approx(factor @ factor.T, abs=0.01)


def test_half_is_left_after_a_half_life():
    assert correlation(0.5, 4) ** 2 == pytest.approx(0.5)
    assert correlation(0.5, 1) == pytest.approx(0.25)
