"""The band holds as many uniform samples as it says, and catches what is not uniform."""

import arviz_stats.ecdf_utils as theirs
import numpy as np
import pytest

from amager_eval.scores.uniform_band import shares_up_to, uniform_band


def test_the_band_is_arvizs():
    values = np.random.default_rng(3).random(60)
    points, *band = uniform_band(60, 0.95, 400, np.random.default_rng(7))
    oracle = theirs.ecdf_pit(values, 0.95, 400, rng=np.random.default_rng(7))
    for one, other in zip((points, shares_up_to(values)), oracle[:2], strict=True):
        assert one == pytest.approx(other, abs=1e-12)
    # theirs rounds counts through floats, ours are whole: at some points they are one count apart
    for one, other in zip(band, oracle[2:], strict=True):
        assert np.abs(60 * (other - one)).max() < 1.001


def test_so_many_uniform_samples_lie_within_and_no_narrow_one():
    rng = np.random.default_rng(11)
    _, low, high = uniform_band(50, 0.9, 1000, rng)

    def within(values):
        upto = shares_up_to(values)
        return bool(((low <= upto) & (upto <= high)).all())

    assert np.mean([within(rng.random(50)) for _ in range(1000)]) == pytest.approx(0.9, abs=0.03)
    assert not within(0.4 + 0.2 * rng.random(50))
