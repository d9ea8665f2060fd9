import numpy as np
import pytest

from amager_eval.scores.event import brier, calibrate


def test_brier_by_hand():
    np.testing.assert_allclose(brier([0.0, 0.3, 1.0], [False, True, True]), [0.0, 0.49, 0.0])


def test_decomposition_adds_up_and_a_calibrated_forecast_has_nothing_to_gain():
    rng = np.random.default_rng(1)
    p = rng.choice([0.1, 0.4, 0.8], size=60_000)
    found = calibrate(p, rng.random(60_000) < p)
    assert found.brier == pytest.approx(
        found.miscalibration - found.discrimination + found.uncertainty, abs=1e-12
    )
    assert found.miscalibration == pytest.approx(0.0, abs=1e-4)
    # what a forecast that knows three frequencies gains is the variance of them
    assert found.discrimination == pytest.approx(np.var([0.1, 0.4, 0.8]), abs=0.005)


def test_overconfident_forecast_is_miscalibrated_by_its_known_amount():
    rng = np.random.default_rng(2)
    said = rng.choice([0.0, 1.0], size=100_000)
    truth = np.where(said == 1, 0.7, 0.3)
    found = calibrate(said, rng.random(100_000) < truth)
    assert found.miscalibration == pytest.approx(0.3**2, abs=0.003)


def test_constant_forecast_of_the_frequency_discriminates_nothing():
    found = calibrate(np.full(10, 0.3), np.arange(10) < 3)
    assert found.discrimination == pytest.approx(0.0, abs=1e-12)
    assert found.brier == pytest.approx(0.21)
