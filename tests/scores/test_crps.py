import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from amager_eval.scores.crps import crps_draws, crps_quantiles


def test_draws_equal_the_direct_double_sum():
    rng = np.random.default_rng(3)
    draws, y = rng.gamma(2.0, size=(40, 5)), rng.gamma(2.0, size=5)
    pairs = np.abs(draws[:, None] - draws[None]).sum(axis=(0, 1))
    distance = np.abs(draws - y).mean(axis=0)
    np.testing.assert_allclose(crps_draws(draws, y), distance - pairs / (2 * 40 * 39), rtol=1e-12)
    np.testing.assert_allclose(
        crps_draws(draws, y, fair=False), distance - pairs / (2 * 40 * 40), rtol=1e-12
    )


def test_quantiles_refuse_levels_whose_mean_is_no_integral():
    with pytest.raises(ValueError, match="midpoints of 3 equal parts"):
        crps_quantiles([1.0, 2.0, 3.0], [0.05, 0.5, 0.95], 2.0)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 30), st.floats(0.02, 2), st.integers(0, 40), st.integers(0, 2**31))
def test_draws_of_counts_tend_to_the_ranked_probability_score(mean, dispersion, y, seed):
    size = 1 / dispersion
    law = nbinom(size, size / (size + mean))
    below = np.cumsum(law.pmf(np.arange(4000)))
    exact = float(((below - (np.arange(4000) >= y)) ** 2).sum())  # the ranked probability score
    draws = law.rvs(20_000, random_state=np.random.default_rng(seed)).reshape(-1, 1)
    sd = float(np.abs(draws - y).std())
    assert crps_draws(draws, [y])[0] == pytest.approx(exact, abs=6 * sd / np.sqrt(20_000) + 1e-6)
