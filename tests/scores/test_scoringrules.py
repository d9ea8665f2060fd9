"""The scores against those of scoringrules, which was written by others."""

import numpy as np
import pytest

from amager_eval.scores.crps import crps_draws, crps_quantiles
from amager_eval.scores.event import brier

RNG = np.random.default_rng(8)
DRAWS = RNG.gamma(3.0, 10.0, size=(200, 6))
OBSERVED = np.array([0.0, 5.0, 20.0, 30.5, 80.0, 200.0])


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
