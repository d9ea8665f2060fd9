import numpy as np
import pytest
from scipy.stats import kstest, poisson

from amager_eval.scores.pit import covered, pit_bounds


def randomised(low, high, seed):
    """Draw the randomised PIT once."""
    return low + np.random.default_rng(seed).random(low.shape) * (high - low)


def test_randomised_pit_of_calibrated_counts_is_uniform():
    rng = np.random.default_rng(5)
    means = rng.gamma(1.0, 2.0, size=20_000)  # many zeros, many ties
    low, high = pit_bounds(rng.poisson(means, size=(50, 20_000)), rng.poisson(means))
    assert kstest(randomised(low, high, seed=1), "uniform").pvalue > 0.01
    for level in (0.5, 0.8, 0.95):
        assert covered(low, high, level).mean() == pytest.approx(level, abs=0.01)


def test_plain_inclusion_of_integers_is_not_comparable_with_nominal():
    """The reason for the randomisation: Poisson mean 2, a 50 % interval holds 72 %."""
    low, high = poisson.ppf([0.25, 0.75], 2)
    inclusion = poisson.cdf(high, 2) - poisson.cdf(low - 1, 2)
    assert inclusion == pytest.approx(0.72, abs=0.005)


def test_overconfident_forecast_covers_less_and_timid_more():
    rng = np.random.default_rng(6)
    y = rng.normal(size=4000)
    tight = pit_bounds(rng.normal(scale=0.5, size=(99, 4000)), y)
    wide = pit_bounds(rng.normal(scale=2.0, size=(99, 4000)), y)
    assert covered(*tight, 0.8).mean() < 0.6
    assert covered(*wide, 0.8).mean() > 0.95


def test_expected_coverage_is_the_mean_over_randomisations():
    low, high = np.array([0.05, 0.6, 0.0]), np.array([0.4, 0.62, 1.0])
    hits = [np.abs(randomised(low, high, seed=s) - 0.5) <= 0.4 for s in range(4000)]
    np.testing.assert_allclose(np.mean(hits, axis=0), covered(low, high, 0.8), atol=0.03)


def test_bounds_do_not_depend_on_the_order_of_draws():
    draws = np.random.default_rng(7).poisson(3.0, size=(30, 4))
    one = pit_bounds(draws, [0, 2, 5, 9])
    other = pit_bounds(draws[::-1], [0, 2, 5, 9])
    np.testing.assert_array_equal(one, other)
