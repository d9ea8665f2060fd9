"""Truths simulated from the spec's words against the density the sampler runs; nothing is sampled.

At a truth drawn from the priors with figures drawn from it, the log-density's gradient g has mean 0
and, times its own coordinate x, mean -1: integration by parts over the joint distribution. A prior,
variance or Jacobian that differs between the two writings moves either.
"""

import numpy as np
import pytest
import xarray as xr

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety_density import write_density
from amager_eval.trends.safety_natural import natural_draws
from amager_eval.trends.safety_point import true_point
from amager_eval.trends.safety_simulate import simulate_safety
from amager_eval.trends.safety_study import figures_of, small_city

SPEC = load_model_spec("safety_trend")
CITY = small_city(SPEC)
DENSITY = write_density(CITY, SPEC)
NAMES = np.repeat(
    [block.name for block in DENSITY.blocks],
    [np.prod(block.shape, dtype=int) for block in DENSITY.blocks],
)


def test_the_point_of_a_truth_stands_for_that_truth():
    made = simulate_safety(CITY, SPEC, 3, ahead=2)
    variables = DENSITY.variables(true_point(DENSITY, made.design, SPEC, made.truth))
    raw = xr.Dataset(
        {
            k: (("chain", "draw", *(f"{k}_{i}" for i in range(v.ndim))), v[None, None])
            for k, v in variables.items()
        }
    )
    told = figures_of(made.design, SPEC, centred=False)
    found = natural_draws(raw, made.design, SPEC, told, 1.0).isel(chain=0, draw=0)
    truth = made.truth.sel(year=CITY["year"])
    for name, values in found.items():
        if name == "wave_size":
            values = values.where(CITY["from_wave"].any(("latent", "setting")), truth[name])
        elif name == "unknown_size":
            continue  # this city needs none
        expected = truth[name].transpose(*values.dims).to_numpy()
        assert values.to_numpy() == pytest.approx(expected, rel=1e-5, abs=1e-7), name


def identities(sets, told_of=lambda told: told):
    """Both means over simulated sets, less what they should be, over their standard errors."""
    gradients, products = [], []
    for seed in range(sets):
        made = simulate_safety(CITY, SPEC, seed)
        x = true_point(DENSITY, made.design, SPEC, made.truth)
        if seed % 2:  # an sd has either sign there, the walk turned with it
            x[np.isin(NAMES, ["gap_scale", "gap"])] *= -1
        told = told_of(figures_of(made.design, SPEC, centred=False))
        _, gradient = DENSITY.evaluate(x, **(DENSITY.data | told))
        gradients.append(gradient)
        products.append(x * gradient + 1)
    found = np.array([gradients, products])
    return found.mean(axis=1) / (found.std(axis=1, ddof=1) / np.sqrt(sets))


def largest(z):
    return NAMES[int(np.argmax(np.abs(z).max(axis=0)))], np.abs(z).max()


def test_simulated_truths_and_figures_fit_the_density():
    z = identities(200)
    # 240 standard Normals, more or less: the largest is beyond 4.5 once in six hundred such tests
    name, size = largest(z)
    assert size < 4.5, name


def test_another_drift_is_found():
    """The check can fail: figures made with a drift, held against the density without."""
    _, size = largest(identities(80, lambda told: told | {"drift_on": 0.0}))
    assert size > 6
