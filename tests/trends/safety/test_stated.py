"""A stated verdict as evidence, against direct simulation."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.errors import InputError
from amager_eval.trends.safety.fit import fit_safety
from amager_eval.trends.safety.stated import condition_on_stated_fall


@pytest.fixture
def fit(random_draws):
    frame = pd.DataFrame(
        {"area": "Øst", "wave": [2014, 2024], "setting": "night", "response": ["unsafe", "safe"],
         "percent": [17.0, 70.0], "n": 300.0}
    )  # fmt: skip
    fit = fit_safety(frame, draws=2000)
    posterior = fit.data["posterior"].to_dataset()
    rng = np.random.default_rng(3)
    eta = posterior["eta"].copy()
    eta[...] = np.log(0.7 / 0.3) + rng.normal(0, 0.35, size=eta.shape)
    settled = {
        "eta": eta,
        "wave_error": xr.zeros_like(posterior["wave_error"]),
        "log_deff": xr.full_like(posterior["log_deff"], np.log(1.3)),
    }
    fit.data["posterior"] = xr.DataTree(posterior.assign(settled))
    return fit


def test_the_verdict_moves_the_probability_as_simulation_says(fit):
    found = condition_on_stated_fall(fit, area="Øst", setting="night", before=2014, after=2024)
    eta = fit.data["posterior"]["eta"].to_numpy().reshape(-1, 11).astype(float)
    rng = np.random.default_rng(9)
    earlier = 1 / (1 + np.exp(-np.repeat(eta[:, 0], 20)))
    sampled = rng.normal(earlier, np.sqrt(1.3 * earlier * (1 - earlier) / 300))
    pooled = (sampled + 0.70) / 2
    z = (sampled - 0.70) / np.sqrt(pooled * (1 - pooled) * (2 / 300))
    significant = z > 1.96
    fell = np.repeat(eta[:, -1] < eta[:, 0], 20)
    assert found.probability_off == pytest.approx(fell.mean(), abs=1e-12)
    assert found.probability_of_verdict == pytest.approx(significant.mean(), abs=0.01)
    assert found.probability_on == pytest.approx(fell[significant].mean(), abs=0.01)
    assert found.probability_on > found.probability_off + 0.2
    assert 400 < found.effective_draws < len(eta)


def test_a_wave_without_a_published_share_cannot_carry_the_verdict(fit):
    with pytest.raises(InputError, match="2014"):
        condition_on_stated_fall(fit, area="Øst", setting="night", before=2020, after=2014)
