"""What the sampler moves in has the declared prior's density, and NumPy and PyMC agree."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy import stats

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.arrays import model_data, unpack
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.model import build_model
from amager_eval.trends.crime.posterior import crime_posterior
from amager_eval.trends.crime.walk import crime_unknowns

SPEC = load_model_spec("crime_trend")


def design(nested, share=0.0):
    """Six quarters; of two types that move together where a share of the innovations is common."""
    periods = [f"{2023 + i // 4}K{i % 4 + 1}" for i in range(6)]
    rows = [("D", p, 40 + 3 * i, 2.0e3) for i, p in enumerate(periods)]
    rows += [("City", p, 400 - 5 * i, 20.0e3) for i, p in enumerate(periods)] if nested else []
    frame = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    shared = {"share": share, "reason": "as declared for this test alone"} if share else None
    spec = SPEC.with_options(shared_innovation=shared)
    types = ("s", "t") if share else ("t",)
    frame = pd.concat([frame.assign(crime_type=k) for k in types], ignore_index=True)
    return crime_design(frame, spec, whole="City" if nested else None)


class Recorded:
    """Looks draws up and keeps the density each is declared with."""

    functions = np

    def __init__(self, draws):
        self.draws, self.density, self.found = draws, {}, {}

    def normal(self, name, mu, sigma, dims):
        self.density[name] = stats.norm.logpdf(self.draws[name], mu, sigma).sum()
        return self.draws[name]

    def half_normal(self, name, sigma, dims):
        return self.draws[name]

    def named(self, name, value, dims):
        self.found[name] = value
        return value


def draws_of(built, rng):
    """One draw of every free variable, and their shapes."""
    model = build_model(built)
    shapes = {v.name: tuple(v.type.shape) for v in model.free_RVs}
    draws = {n: rng.normal(size=s) for n, s in shapes.items()}
    return draws | {"dispersion_common": rng.uniform(0.3, 1.5, size=shapes["dispersion_common"])}


def both_densities(nested, share, rng):
    """Log density of told coordinates, and of what they stand for with a numeric Jacobian."""
    built = design(nested, share)
    data = unpack(None, built)
    fixed = draws_of(built, rng)
    told = [n for n in fixed if n.endswith("_told")]
    sizes = [fixed[n].size for n in told]

    def unknowns(x):
        parts = np.split(x, np.cumsum(sizes)[:-1])
        moved = {n: p.reshape(fixed[n].shape) for n, p in zip(told, parts, strict=True)}
        recorded = Recorded(fixed | moved)
        return crime_unknowns(recorded, data, np.matmul), recorded

    def outcome(x):
        walks = unknowns(x)[0].walks
        parts = [p for w in walks for p in (w.drift, w.path_baseline, w.coefficient)]
        return np.concatenate([p.ravel() for p in parts])

    x = rng.normal(size=sum(sizes))
    found, recorded = unknowns(x)
    ours = sum(recorded.density[n] for n in told)
    step = 1e-6
    jacobian = np.array([(outcome(x + step * e) - outcome(x - step * e)) for e in np.eye(len(x))])
    _, log_det = np.linalg.slogdet(jacobian / (2 * step))
    prior, time = data["drift_prior"], data["time_in_walk"]
    declared, base, base_level = 0.0, 0.0, 0.0
    for g, walk in enumerate(found.walks):
        of = ("", "_gap")[g]
        variance = (fixed[f"innovation{of}_signed"] ** 2)[:, None]
        mean, sd = (
            (fixed["drift_mean"], abs(fixed["drift_spread_signed"])) if not g else (0, prior[3])
        )
        if g:
            variance = variance + (fixed["passing_signed"] ** 2)[:, None] * data["passing_in_walk"]
        expected = walk.drift[..., None] * time + base
        if share and not g:  # the common part is known here: the rest varies less
            common = np.sqrt(share) * abs(fixed["innovation_signed"])[:, None]
            expected = expected + common * fixed["shared_walk"][:, None, :]
            variance = variance * (1 - share)
        geometry = data["groups"][g]
        declared += stats.norm.logpdf(walk.coefficient, expected, np.sqrt(variance)).sum()
        declared += stats.norm.logpdf(walk.drift, mean, sd).sum()
        level = geometry["level_mean"] + base_level
        declared += stats.norm.logpdf(walk.path_baseline, level, geometry["level_sd"]).sum()
        base, base_level = walk.coefficient, walk.path_baseline
    return ours, declared + log_det


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("nested", [False, True])
def test_a_told_coordinate_has_the_density_of_the_declared_prior(nested, share):
    rng = np.random.default_rng(3)
    pairs = np.array([both_densities(nested, share, rng) for _ in range(5)])
    difference = pairs[:, 0] - pairs[:, 1]
    assert np.ptp(pairs[:, 1]) > 2  # the points differ, so agreement is a finding
    # the basis has one column less than periods: nothing but the change of variables is left
    assert np.allclose(difference, difference[0], atol=1e-4)


def test_level_and_path_agree():
    built = design(nested=True)
    data = unpack(None, built)
    recorded = Recorded(draws_of(built, np.random.default_rng(1)))
    for walk in crime_unknowns(recorded, data, np.matmul).walks:
        path = walk.centre[..., None] + walk.coefficient @ data["walk"]
        assert np.allclose(path @ built["baseline_weight"].values, walk.path_baseline)


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("nested", [False, True])
def test_pymc_and_numpy_give_the_same_quantities(nested, share):
    built = design(nested, share)
    draws = draws_of(built, np.random.default_rng(2))
    model = build_model(built)
    names = ["innovation", "dispersion", "drift", "path_baseline", "effect_size"]
    names += ["drift_gap", "season_gap", "passing_sd"] if nested else []
    fixed = pm.do(model, draws)
    found = dict(zip(names, pm.draw([fixed[n] for n in names], mode="FAST_COMPILE"), strict=True))
    recorded = Recorded(draws)
    crime_unknowns(recorded, unpack(None, built), np.matmul)
    for name in names:
        assert np.allclose(found[name], recorded.found[name]), name
    raw = xr.Dataset(
        {n: (("chain", "draw", *(f"{n}_{i}" for i in range(np.ndim(v)))), np.asarray(v)[None, None])
         for n, v in draws.items()}
    )  # fmt: skip
    posterior = crime_posterior(raw, built, np.random.default_rng(1))
    assert list(posterior["level"].dims[2:]) == ["area", "crime_type", "period"]
    if nested:  # the level is the path less what passes
        whole = posterior["level"] + posterior["passing"]
        at_baseline = whole.isel(chain=0, draw=0).values @ built["baseline_weight"].values
        inside = built["is_gap"].values == 1
        assert np.allclose(at_baseline[~inside], recorded.found["path_baseline"])
        assert np.allclose(at_baseline[inside], recorded.found["path_baseline_gap"])


def test_what_is_packed_is_unpacked():
    built = design(nested=True)
    packed = unpack(model_data(built)["figures"], built)
    own = unpack(None, built)
    assert set(packed) == set(own)
    for name, value in own.items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(packed[name], value), name
    for packed_group, group in zip(packed["groups"], own["groups"], strict=True):
        assert all(np.array_equal(packed_group[n], v) for n, v in group.items())
