"""What knowing the scales is worth; the sampler is replaced."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.errors import InputError
from amager_eval.spec.model import load_model_spec
from amager_eval.trends import safety_known
from amager_eval.trends.safety_density import write_density
from amager_eval.trends.safety_known import compare_with_known, pin_known
from amager_eval.trends.safety_natural import natural_draws
from amager_eval.trends.safety_simulate import simulate_safety
from amager_eval.trends.safety_study import figures_of, small_city

SPEC = load_model_spec("safety_trend")
CITY = small_city(SPEC)
KNOWN = (
    "path_sd",
    "area_sd",
    "gap_sd",
    "setting_correlation",
    "response_gap",
    "log_deff",
    "area_size",
)


def test_what_is_known_is_held_at_the_truth_and_the_rest_moves():
    made = simulate_safety(CITY, SPEC, 4, ahead=4)
    density = write_density(made.design, SPEC)
    pinned = pin_known(density, made.design, SPEC, made.truth)
    x = np.random.default_rng(1).standard_normal(len(pinned.start))
    value, gradient = pinned.evaluate(x, **pinned.data)
    step = 1e-6 * np.eye(len(x))[3]
    ahead, behind = (pinned.evaluate(x + s, **pinned.data)[0] for s in (step, -step))
    assert gradient[3] == pytest.approx((ahead - behind) / 2e-6, rel=1e-4)
    assert len(gradient) == len(x) < len(density.start)
    assert np.isfinite(value)

    raw = xr.Dataset(
        {
            k: (("chain", "draw", *(f"{k}_{i}" for i in range(v.ndim))), v[None, None])
            for k, v in pinned.variables(x).items()
        }
    )
    told = figures_of(made.design, SPEC)
    found = natural_draws(raw, made.design, SPEC, told, 1.0).assign(area_sd=raw["area_sd"])
    for name in KNOWN:
        assert found[name].to_numpy()[0, 0] == pytest.approx(made.truth[name].to_numpy()), name
    size = found["wave_size"].sel(year=2025)
    assert float(size[0, 0]) == pytest.approx(float(made.truth["wave_size"].sel(year=2025)))
    assert found["gap_slope"].to_numpy()[0, 0] != pytest.approx(made.truth["gap_slope"].to_numpy())


def test_sets_are_scored_once_and_kept(random_draws, tmp_path, monkeypatch):
    said = []
    settings = {"sets": 10, "seed": 1, "folder": tmp_path, "draws": 20, "tune": 10, "chains": 2}
    scores = compare_with_known(
        CITY, SPEC, **settings, progress=lambda done, of: said.append((done, of))
    )
    assert said[-1] == (10, 10)
    assert scores.groupby("set").size().tolist() == [2 * 4 * 2 * 2 * 4] * 10
    assert (scores[["model", "known"]] >= -0.01).all().all()  # fair: may fall below 0
    assert len(random_draws) == 1 + 10  # the model once, what is known with every set
    monkeypatch.setattr(safety_known, "_scored", None)
    pd.testing.assert_frame_equal(scores, compare_with_known(CITY, SPEC, **settings))
    with pytest.raises(InputError, match="found 3"):
        compare_with_known(CITY, SPEC, **(settings | {"sets": 3}))
