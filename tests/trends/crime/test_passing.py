import numpy as np
import pytest

from amager_eval.trends.crime.passing import correlation, passing_ahead, share_basis

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
