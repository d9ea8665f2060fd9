"""Expected narrowing against a closed Gaussian form."""

import numpy as np
import pytest
import xarray as xr

import amager_eval as ae
from amager_eval.errors import InputError
from amager_eval.trends.fit import Forecast
from amager_eval.trends.safety.narrowing import expected_narrowing


@pytest.fixture
def spec():
    return ae.load_model_spec("safety_trend")


@pytest.fixture
def forecast():
    """A level known with sd .3, then a walk of two years with sd .1 each."""
    rng = np.random.default_rng(4)
    level = 1.1 + 0.3 * rng.standard_normal(200_000)
    later = level + 0.1 * np.sqrt(2) * rng.standard_normal(200_000)
    share = 1 / (1 + np.exp(-np.stack([level, later], axis=-1)))
    dims = ("sample", "area", "setting", "response", "period")
    draws = xr.Dataset(
        {"true": (dims, share[:, None, None, None])},
        coords={
            "area": ["Øst"],
            "setting": ["night"],
            "response": ["safe"],
            "period": [2027, 2029],
        },
    )
    return Forecast("safety", draws, None, "")


def test_a_sample_narrows_the_band_as_the_kalman_gain_says(spec, forecast):
    call = {"area": "Øst", "setting": "night", "wave": 2027, "target": 2029}
    found = expected_narrowing(spec, forecast, **call, n=400)
    p = 0.75
    noise = (
        1.3 * np.exp(0.15**2 / 2) / (400 * p * (1 - p))
        + 0.05**2
        + (0.01**2 / 12) / (p * (1 - p)) ** 2
    )
    left = 0.3**2 * noise / (0.3**2 + noise) + 2 * 0.1**2
    assert found["ratio"] == pytest.approx(np.sqrt(left / (0.3**2 + 2 * 0.1**2)), rel=0.04)
    more = expected_narrowing(spec, forecast, **call, n=4000)
    assert more["width_expected"] < found["width_expected"] < found["width_now"]


def test_nobody_asked_is_no_sample(spec, forecast):
    with pytest.raises(InputError):
        expected_narrowing(spec, forecast, area="Øst", setting="night", wave=2027, target=2029, n=0)
