"""The model's latent paths: coordinates, priors, and the way back from draws."""

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor.graph.replace import clone_replace

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety_design import build_design
from amager_eval.trends.safety_geometry import centring, slope_coefficients, walk_basis
from amager_eval.trends.safety_model import (
    _latent,
    build_model,
)
from amager_eval.trends.safety_natural import natural_draws

SPEC = load_model_spec("safety_trend")


def _value(expression):
    # the plain Python linker: these graphs are evaluated once, compiling them would take longer
    return expression.eval(mode="FAST_COMPILE")


def _design(rows, **options):
    columns = ["area", "wave", "setting", "response", "percent", "n"]
    frame = pd.DataFrame(rows, columns=columns).assign(
        count=np.nan, decimals=0.0, deff=1.0, comparator="="
    )
    given = {"whole": None, "parts": (), "weights": None, "baseline": 2024, "rounds": None}
    return build_design(frame, **(given | options))


@pytest.mark.parametrize("response", ["safe", "unsafe"])
@pytest.mark.parametrize(("weighted", "settings"), [(True, 2), (False, 2), (True, 1), (False, 3)])
def test_draws_are_turned_into_the_same_path_as_the_model_computes(weighted, settings, response):
    names = ["neighbourhood", "night", "school"][:settings]
    rows = [
        (area, wave, s, response, 80.0, 300.0)
        for area in ("Nord", "Syd", "Vest", "Byen")
        for wave in (2021, 2022, 2024, 2025)
        for s in names
    ]
    weights = {"Nord": 0.5, "Syd": 0.5} if weighted else None
    parts = ("Nord", "Syd") if weighted else ("Nord", "Syd", "Vest")
    rounds = pd.DataFrame({"wave": [2021, 2022, 2024], "collector": ["one", "two", "two"]})
    design = _design(rows, whole="Byen", parts=parts, weights=weights, rounds=rounds)
    assert design["before_break"].to_numpy().tolist() == [1, 0, 0, 0, 0]
    centre = centring(design, SPEC, np.isfinite(design["low"].to_numpy()))
    assert (centre["centre_unsafe"] == (response == "unsafe")).all()
    with pm.Model() as model:
        shared = {k: pt.as_tensor(v) for k, v in centre.items()} | {"drift_on": pt.constant(1.0)}
        eta = _latent(design, SPEC.priors, shared)
    values = pm.draw([*model.free_RVs, eta], random_seed=3, mode="FAST_COMPILE")
    raw = xr.Dataset(
        {
            rv.name: (("chain", "draw", *(f"{rv.name}_{i}" for i in range(v.ndim))), v[None, None])
            for rv, v in zip(model.free_RVs, values[:-1], strict=True)
        }
    )
    found = natural_draws(raw, design, SPEC, centre, 1.0)
    assert found["eta"].to_numpy()[0, 0] == pytest.approx(values[-1], rel=1e-5, abs=1e-5)


def test_the_partial_centring_leaves_the_prior_as_it_is():
    """The same path has the same prior density in both coordinates, up to the Jacobian."""
    rows = [("Byen", wave, "night", "safe", 80.0, 4000.0) for wave in range(2020, 2027)]
    design = _design(rows)
    years, anchor = design["year"].to_numpy(), design.attrs["anchor"]
    line = slope_coefficients(years, anchor)
    sd, drift, scale = 0.23, -1.7, SPEC.priors["path_sd"]["sigma"]
    straight = SPEC.priors["path_drift"]["sigma"] * drift * line
    path = np.random.default_rng(2).normal(size=len(line))
    level = SPEC.priors["level"]["mu"] + 0.3 * SPEC.priors["level"]["sigma"]
    density = {}
    for share, sampled in ((0.0, (path - straight) / sd), (1.0, path / scale)):
        with pm.Model() as model:
            shared = {
                "centre_path": pt.constant(np.full(len(line), share)),
                "centre_unsafe": pt.constant(np.zeros(1)),
            }
            eta = _latent(design, SPEC.priors, shared | {"drift_on": pt.constant(1.0)})
        point = {"level": [0.3], "path_sd": sd, "path_drift": [drift], "path": sampled[None]}
        point |= {"response_gap": [0.5]}
        at = {rv: pt.constant(np.asarray(point[rv.name], dtype=float)) for rv in model.free_RVs}
        found = _value(clone_replace(eta, at))
        assert found[0, 0] == pytest.approx(level + path @ walk_basis(years, anchor))
        of_path = pm.logp(model["path"], at[model["path"]]).sum()
        density[share] = float(_value(clone_replace(of_path, at)))
    assert density[1.0] - density[0.0] == pytest.approx(len(line) * np.log(scale / sd))


def test_the_model_takes_its_priors_from_the_document():
    rows = [
        ("Nord", 2024, "night", "safe", 80.0, 300.0),
        ("Syd", 2024, "night", "safe", 70.0, 300.0),
    ]
    design = _design(rows)
    narrow = SPEC.priors["path_sd"].model_copy(update={"parameters": {"sigma": 0.001}})
    spec = SPEC.model_copy(update={"priors": SPEC.priors | {"path_sd": narrow}})
    model = build_model(design, spec)
    assert 0 < pm.draw(model["path_sd"], random_seed=1, mode="FAST_COMPILE") < 0.006
