"""Gates let good draws through and stop bad ones."""

import numpy as np
import pytest
import xarray as xr

from amager_eval.spec.model import Gates, load_model_spec
from amager_eval.trends.diagnose import diagnose


def _stats(divergences=0):
    diverging = np.zeros((4, 500), dtype=bool)
    diverging.flat[:divergences] = True
    return xr.Dataset({"diverging": (("chain", "draw"), diverging)})


def _draws(values):
    return xr.Dataset({"share": (("chain", "draw"), values)})


@pytest.fixture
def good():
    return np.random.default_rng(1).normal(size=(4, 500))


def test_independent_draws_pass(good):
    found = diagnose(_stats(), [_draws(good)], Gates())
    assert found.passed
    assert found.min_ess > 1500
    assert found.max_rhat < 1.01


def test_one_divergence_is_one_too_many(good):
    found = diagnose(_stats(divergences=1), [_draws(good)], Gates())
    assert found.divergences == 1
    assert "1 divergent" in found.problems[0]


def test_chains_that_disagree_are_stopped_by_r_hat(good):
    found = diagnose(_stats(), [_draws(good + np.arange(4)[:, None])], Gates())
    assert found.max_rhat > 1.5
    assert any("R-hat" in p and "share" in p for p in found.problems)


def test_draws_that_hang_together_are_stopped_by_their_effective_number(good):
    walk = np.repeat(good[:, ::20], 20, axis=1)
    found = diagnose(_stats(), [_draws(walk)], Gates())
    assert found.min_ess < 400
    assert any("effective sample size" in p for p in found.problems)


def test_constants_are_passed_over(good):
    constant = _draws(np.ones((4, 500))).rename(share="known")
    assert diagnose(_stats(), [_draws(good), constant], Gates()).passed


def test_draws_that_are_no_numbers_are_stopped(good):
    good[2, 3] = np.nan
    found = diagnose(_stats(), [_draws(good)], Gates())
    assert any("not finite" in p for p in found.problems)


def test_what_is_large_is_judged_in_parts_as_all_at_once(monkeypatch):
    rng = np.random.default_rng(5)
    drawn = rng.normal(size=(4, 200, 6, 3))
    drawn[:, :, 4, 1] += 2.0 * np.arange(4)[:, None]  # chains apart in one cell
    reported = xr.Dataset(
        {"level": (("chain", "draw", "area", "period"), drawn),
         "drift": (("chain", "draw", "area"), drawn[..., 0])}
    )  # fmt: skip
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((4, 200), dtype=bool))})
    gates = load_model_spec("crime_trend").gates
    whole = diagnose(stats, [reported], gates)
    assert "of level" in " ".join(whole.problems)
    monkeypatch.setattr("amager_eval.trends.diagnose.IN_PART", 4 * 200 * 6)
    assert diagnose(stats, [reported], gates) == whole
