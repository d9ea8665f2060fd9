"""The change of variables is exact: density in the sampler's terms equals the declared prior's."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.arrays import model_data, unpack
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.walk import crime_walk

SPEC = load_model_spec("crime_trend")


def design(nested):
    periods = [f"{2023 + i // 4}K{i % 4 + 1}" for i in range(6)]
    rows = [("D", p, 40 + 3 * i, 2.0e3) for i, p in enumerate(periods)]
    rows += [("City", p, 400 - 5 * i, 20.0e3) for i, p in enumerate(periods)] if nested else []
    frame = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    return crime_design(frame.assign(crime_type="t"), SPEC, whole="City" if nested else None)


def both_densities(nested, rng):
    """Log density by the model's potentials, and by the declared prior with a numeric Jacobian."""
    built = design(nested)
    data = unpack(model_data(built), built)
    shapes = {
        "drift_raw": (built.sizes["area"], 1),
        "centre_raw": (built.sizes["area"], 1),
        "walk_raw": built["guess"].shape,
    }
    fixed = {
        "innovation_raw": rng.normal(size=(built.sizes["path_class"], 1)),
        "drift_mean": rng.normal(size=1),
        "drift_spread": rng.normal(size=1),
        "effect_raw": rng.normal(size=(1, built.sizes["effect"])),
    }
    if nested:
        fixed["passing_raw"] = rng.normal(size=1)
        fixed["season_gap_spread"] = rng.normal(size=1)
        fixed["season_gap_raw"] = rng.normal(size=(2, 1, 3))
    squared = rng.uniform(0.001, 0.05, size=(built.sizes["area"], 1))
    sizes = [int(np.prod(s)) for s in shapes.values()]

    def walk(x):
        parts = np.split(x, np.cumsum(sizes)[:-1])
        raw = {n: p.reshape(s) for (n, s), p in zip(shapes.items(), parts, strict=True)}
        return crime_walk(fixed | raw, squared, data, np.matmul, nested=nested)

    def outcome(x):
        w = walk(x)
        return np.concatenate([w.drift.ravel(), w.level.ravel(), w.coefficient.ravel()])

    x = rng.normal(size=sum(sizes))
    w = walk(x)
    squares, *changes = w.squares
    ours = stats.norm.logpdf(x).sum() + 0.5 * squares.sum()
    ours -= 0.5 * sum(np.log1p(c).sum() for c in changes)

    step = 1e-6
    jacobian = np.array([(outcome(x + step * e) - outcome(x - step * e)) for e in np.eye(len(x))])
    _, log_det = np.linalg.slogdet(jacobian / (2 * step))
    gap = data["is_gap"][:, None]
    prior = data["drift_prior"]
    sd = np.abs(fixed["innovation_raw"] * data["innovation_scale"])
    variance = ((1 - gap) * sd[0] + gap * sd[-1])[..., None] ** 2
    if nested:
        passing = (fixed["passing_raw"] * data["passing_scale"])[:, None] ** 2
        variance = variance + gap[..., None] * passing * data["passing_in_walk"]
    mean = (1 - gap) * (prior[0] + prior[1] * fixed["drift_mean"])
    spread = np.abs((1 - gap) * prior[2] * fixed["drift_spread"] + gap * prior[3])
    rest = ((1 - gap)[:, :, None] * w.coefficient).sum(axis=0)
    expected = w.drift[..., None] * data["time_in_walk"] + gap[..., None] * rest
    level = data["level_mean"] + gap * ((1 - gap) * w.level).sum(axis=0)
    declared = (
        stats.norm.logpdf(w.coefficient, expected, np.sqrt(variance)).sum()
        + stats.norm.logpdf(w.drift, mean, spread).sum()
        + stats.norm.logpdf(w.level, level, data["level_sd"]).sum()
    )
    return ours, declared + log_det


@pytest.mark.parametrize("nested", [False, True])
def test_density_differs_from_the_declared_prior_by_a_constant(nested):
    rng = np.random.default_rng(3)
    pairs = np.array([both_densities(nested, rng) for _ in range(6)])
    difference = pairs[:, 0] - pairs[:, 1]
    assert np.ptp(pairs[:, 1]) > 2  # the points differ, so a constant is a finding
    assert np.allclose(difference, difference[0], atol=1e-4)


def test_level_and_path_agree():
    built = design(nested=True)
    data = unpack(model_data(built), built)
    rng = np.random.default_rng(1)
    raw = {
        "innovation_raw": rng.normal(size=(2, 1)),
        "drift_mean": rng.normal(size=1),
        "drift_spread": rng.normal(size=1),
        "drift_raw": rng.normal(size=(2, 1)),
        "centre_raw": rng.normal(size=(2, 1)),
        "effect_raw": rng.normal(size=(1, built.sizes["effect"])),
        "walk_raw": rng.normal(size=built["guess"].shape),
        "passing_raw": rng.normal(size=1),
    }
    w = crime_walk(raw, np.full((2, 1), 0.01), data, np.matmul, nested=True)
    path = w.centre[..., None] + w.coefficient @ data["walk"]
    assert np.allclose(path @ built["baseline_weight"].values, w.level)
