"""Power-scaling against a posterior known in closed form."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from amager_eval.evidence.examinations.power_scale import power_scale

SEEN = 1.5


def scaled(power: float) -> float:
    """P(mean > 1) for one observation with sd 1 and the prior N(0, 1) to a power."""
    precision = power + 1.0
    return float(norm.sf(1.0, SEEN / precision, precision**-0.5))


def test_probability_under_weaker_and_stronger_prior_agrees_with_closed_form() -> None:
    rng = np.random.default_rng(1)
    mean = SEEN / 2 + np.sqrt(0.5) * rng.normal(size=(4, 10_000))
    other = rng.normal(size=(4, 10_000))
    draws = xr.Dataset({"mean, a/b": (("chain", "draw"), mean)})
    log_priors = xr.Dataset(
        {
            "own": (("chain", "draw"), norm.logpdf(mean)),
            "unrelated": (("chain", "draw"), norm.logpdf(other)),
        }
    )
    table = power_scale(draws, draws > 1.0, log_priors).set_index("prior")
    own = table.loc["own"]
    assert own["probability"] == pytest.approx(scaled(1.0), abs=0.01)
    assert own["probability_weaker"] == pytest.approx(scaled(0.8), abs=0.01)
    assert own["probability_stronger"] == pytest.approx(scaled(1.25), abs=0.01)
    assert own["notable"]
    assert own["pareto_k"] < 0.7
    unrelated = table.loc["unrelated"]
    assert not unrelated["notable"]
    assert unrelated["probability_weaker"] == pytest.approx(scaled(1.0), abs=0.01)
