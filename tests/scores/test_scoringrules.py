"""The scores against those of scoringrules, which was written by others."""

import numpy as np
import pytest
from scipy.stats import norm

from amager_eval.scores.crps import crps_draws, crps_quantiles
from amager_eval.scores.event import brier

RNG = np.random.default_rng(8)
DRAWS = RNG.gamma(3.0, 10.0, size=(200, 6))
OBSERVED = np.array([0.0, 5.0, 20.0, 30.5, 80.0, 200.0])


@pytest.fixture(scope="module")
def sr():
    """Return scoringrules, imported on use: whoever imports it waits for what it compiles."""
    import scoringrules

    return scoringrules


@pytest.mark.parametrize(("fair", "estimator"), [(True, "fair"), (False, "nrg")])
def test_draws(sr, fair, estimator):
    theirs = sr.crps_ensemble(OBSERVED, DRAWS, m_axis=0, estimator=estimator)
    assert crps_draws(DRAWS, OBSERVED, fair=fair) == pytest.approx(theirs, rel=1e-10)


def test_quantiles(sr):
    levels = (np.arange(20) + 0.5) / 20
    quantiles = np.quantile(DRAWS, levels, axis=0)
    theirs = sr.crps_quantile(OBSERVED, quantiles.T, levels)
    assert crps_quantiles(quantiles, levels, OBSERVED) == pytest.approx(np.asarray(theirs))


def test_events(sr):
    forecast, happened = np.array([0.1, 0.5, 0.9, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    assert brier(forecast, happened).mean() == pytest.approx(
        np.mean(sr.brier_score(happened, forecast))
    )


def test_fair_estimator_is_unbiased_with_few_draws_and_the_plain_one_is_not(sr):
    rng = np.random.default_rng(4)
    draws = rng.standard_normal((5, 200_000))
    exact = float(sr.crps_normal(0.7, 0.0, 1.0))
    fair = crps_draws(draws, np.full(200_000, 0.7))
    assert fair.mean() == pytest.approx(exact, abs=4 * fair.std() / np.sqrt(200_000))
    # E|X - X'| / (2 S) = 1 / (S sqrt(pi)) too much
    plain = crps_draws(draws, np.full(200_000, 0.7), fair=False)
    assert plain.mean() - exact == pytest.approx(1 / (5 * np.sqrt(np.pi)), abs=0.005)


def test_quantiles_tend_to_the_closed_form(sr):
    levels = (np.arange(2000) + 0.5) / 2000
    quantiles = norm.ppf(levels)[:, None] * [1.0, 3.0]
    observed = np.array([0.4, -2.0])
    np.testing.assert_allclose(
        crps_quantiles(quantiles, levels, observed),
        sr.crps_normal(observed, 0.0, np.array([1.0, 3.0])), rtol=1e-4,
    )  # fmt: skip
