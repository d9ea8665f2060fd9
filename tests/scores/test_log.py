import numpy as np
import pytest
from scipy.stats import nbinom, norm

from amager_eval.scores.log import log_score_counts, log_score_shares


@pytest.mark.parametrize(("mean", "dispersion"), [(0.4, 0.5), (6.0, 0.2), (150.0, 0.05)])
def test_kernel_estimate_is_close_to_the_true_law_on_average(mean, dispersion):
    rng = np.random.default_rng(8)
    size = 1 / dispersion
    law = nbinom(size, size / (size + mean))
    outcomes = law.rvs(3000, random_state=rng)
    draws = law.rvs((1000, 1), random_state=rng).repeat(3000, axis=1)
    exact = -law.logpmf(outcomes).mean()
    assert log_score_counts(draws, outcomes).mean() == pytest.approx(exact, abs=0.04)


def test_kernel_probabilities_sum_to_one():
    draws = np.random.default_rng(1).poisson(2.0, size=(300, 1)).repeat(200, axis=1)
    total = np.exp(-log_score_counts(draws, np.arange(200))).sum()
    assert total == pytest.approx(1.0, abs=1e-9)


def test_outcome_far_beyond_all_draws_is_finite_and_grows_with_distance():
    draws = np.full((500, 3), 10.0)
    near, far, farther = log_score_counts(draws, [10, 100, 10_000])
    assert np.isfinite([near, far, farther]).all()
    assert near < far < farther


def test_shares_approach_the_density_times_the_width():
    rng = np.random.default_rng(2)
    draws = rng.normal(0.8, 0.03, size=(20_000, 1))
    exact = -np.log(norm.cdf(0.835, 0.8, 0.03) - norm.cdf(0.825, 0.8, 0.03))
    assert log_score_shares(draws, [0.83], width=0.01)[0] == pytest.approx(exact, abs=0.05)
