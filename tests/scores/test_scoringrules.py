"""The scores against those of scoringrules, which was written by others."""

import numpy as np
import pytest
import scoringrules as sr
from scipy.stats import nbinom, poisson

from amager_eval.scores.crps import crps_draws, crps_normal, crps_pmf, crps_quantiles
from amager_eval.scores.event import brier
from amager_eval.scores.log import log_score_pmf

RNG = np.random.default_rng(8)
DRAWS = RNG.gamma(3.0, 10.0, size=(200, 6))
OBSERVED = np.array([0.0, 5.0, 20.0, 30.5, 80.0, 200.0])


@pytest.mark.parametrize(("fair", "estimator"), [(True, "fair"), (False, "nrg")])
def test_draws(fair, estimator):
    theirs = sr.crps_ensemble(OBSERVED, DRAWS, m_axis=0, estimator=estimator)
    assert crps_draws(DRAWS, OBSERVED, fair=fair) == pytest.approx(theirs, rel=1e-10)


def test_normal():
    theirs = sr.crps_normal(OBSERVED, 25.0, 12.0)
    assert crps_normal(25.0, 12.0, OBSERVED) == pytest.approx(theirs, rel=1e-10)


def test_quantiles():
    levels = (np.arange(20) + 0.5) / 20
    quantiles = np.quantile(DRAWS, levels, axis=0)
    theirs = sr.crps_quantile(OBSERVED, quantiles.T, levels)
    assert crps_quantiles(quantiles, levels, OBSERVED) == pytest.approx(np.asarray(theirs))


def test_counts():
    counts, observed = np.arange(400), np.array([0, 3, 20, 60])
    theirs = sr.crps_poisson(observed, 20.0), sr.logs_poisson(observed, 20.0)
    pmf = poisson.pmf(counts, 20.0)
    for y, crps, log_score in zip(observed, *theirs, strict=True):
        assert crps_pmf(pmf, y) == pytest.approx(crps, rel=1e-9)
        assert log_score_pmf(pmf, y) == pytest.approx(log_score, rel=1e-9)
    size, mean = 5.0, 20.0
    share = size / (size + mean)
    pmf = nbinom.pmf(np.arange(4000), size, share)
    theirs = sr.crps_negbinom(observed, size, share), sr.logs_negbinom(observed, size, share)
    for y, crps, log_score in zip(observed, *theirs, strict=True):
        assert crps_pmf(pmf, y) == pytest.approx(crps, rel=1e-6)
        assert log_score_pmf(pmf, y) == pytest.approx(log_score, rel=1e-9)


def test_events():
    forecast, happened = np.array([0.1, 0.5, 0.9, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    assert brier(forecast, happened).mean() == pytest.approx(
        np.mean(sr.brier_score(happened, forecast))
    )
