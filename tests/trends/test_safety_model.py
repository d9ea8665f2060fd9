"""The likelihood against numerical integration, simulation and reference posteriors."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor.graph.replace import clone_replace
from scipy import stats
from scipy.integrate import dblquad

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety_cells import list_cells, observe
from amager_eval.trends.safety_design import build_design
from amager_eval.trends.safety_fit import natural_draws
from amager_eval.trends.safety_geometry import centring, slope_coefficients, walk_basis
from amager_eval.trends.safety_model import (
    _latent,
    _log_likelihood,
    _whole,
    build_model,
    log_normal_interval,
    quadrature_nodes,
)

REFERENCE = Path(__file__).parents[1] / "reference"
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


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1.0, 0.5), (-40.0, -39.9), (39.9, 40.0), (-500.0, 500.0), (2.0, 900.0), (0.3, 0.3001)],
)
def test_the_interval_probability_keeps_its_precision_in_both_tails(low, high):
    found = float(_value(log_normal_interval(pt.constant(low), pt.constant(high))))
    if low >= 2:
        expected = stats.norm.logsf(low) + np.log1p(
            -np.exp(stats.norm.logsf(high) - stats.norm.logsf(low))
        )
    else:
        upper = stats.norm.logcdf(high)
        expected = upper + np.log1p(-np.exp(stats.norm.logcdf(low) - upper))
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_its_gradient_is_finite_far_out():
    x = pt.scalar("x")
    slope = pt.grad(log_normal_interval(x - 1.0, x + 1.0), x)
    for at in (-800.0, -30.0, 0.5, 30.0, 800.0):
        assert np.isfinite(slope.eval({x: at}, mode="FAST_COMPILE"))


@pytest.mark.parametrize("percent", [84, 88])
def test_a_rounded_percentage_gives_the_reference_posterior(percent):
    cases = json.loads((REFERENCE / "06_bayes_closed_and_grid.json").read_text())["cases"]
    case = next(c for c in cases["rounded_percent"] if c["percent"] == percent and c["n"] > 100)
    n = case["n"]
    p = np.linspace(0.7, 0.95, 20_001)
    sd = np.sqrt(p * (1 - p) / n)
    low, high = percent / 100 - 0.005, percent / 100 + 0.005
    log_likelihood = _value(log_normal_interval(pt.as_tensor((low - p) / sd), (high - p) / sd))
    posterior = np.exp(log_likelihood - log_likelihood.max())
    posterior /= posterior.sum()
    mean = (posterior * p).sum()
    assert mean == pytest.approx(case["post_mean"], abs=1e-3)
    found_sd = np.sqrt((posterior * (p - mean) ** 2).sum())
    assert found_sd == pytest.approx(case["post_sd"], rel=0.02)


def _two_figures(percents, third=None):
    rows = [("Nord", 2024, "night", r, p, 400) for r, p in percents.items()]
    if third is not None:
        rows.append(("Nord", 2024, "night", "neither", third, 400))
    return _design(rows)


@pytest.mark.parametrize("third", [None, 5.0])
def test_a_cell_with_several_answers_enters_once_as_a_multinomial(third):
    design = _two_figures({"safe": 87.0, "unsafe": 7.0}, third)
    cells = list_cells(design)
    data = observe(
        design, cells, keep=np.isfinite(design["low"].to_numpy()), nodes=quadrature_nodes(design)
    )
    safe, unsafe, n = 0.862, 0.078, 400
    cov = np.array([[safe * (1 - safe), -safe * unsafe], [-safe * unsafe, unsafe * (1 - unsafe)]])
    cov /= n
    found = float(
        _value(
            _log_likelihood(
                cells,
                {k: pt.as_tensor(v) for k, v in data.items()},
                pt.as_tensor([[safe, unsafe]]),
                pt.as_tensor([[cov[0, 0], cov[1, 1], cov[0, 1]]]),
            )
        )
    )
    density = stats.multivariate_normal([safe, unsafe], cov).pdf
    # published neither 5 %: safe + unsafe lies in 94.5 to 95.5 %
    lowest = (lambda s: max(0.065, 0.945 - s)) if third else (lambda s: 0.065)
    start = 0.87 if third else 0.865
    exact, _ = dblquad(lambda u, s: density([s, u]), start, 0.875, lowest, lambda s: 0.075)
    assert found == pytest.approx(np.log(exact), abs=2e-4)


def test_a_bound_beside_a_figure_truncates_it():
    frame = pd.DataFrame(
        {
            "area": "Nord", "wave": 2025, "setting": "night", "response": ["unsafe", "safe"],
            "percent": [16.0, 77.0], "n": 300.0, "count": np.nan, "decimals": 0.0, "deff": 1.0,
            "comparator": [">", "="],
        }
    )  # fmt: skip
    design = build_design(frame, whole=None, parts=(), weights=None, baseline=2025)
    cells = list_cells(design)
    data = observe(
        design, cells, keep=np.isfinite(design["low"].to_numpy()), nodes=quadrature_nodes(design)
    )
    safe, unsafe = 0.76, 0.15
    cov = np.array([[safe * (1 - safe), -safe * unsafe], [-safe * unsafe, unsafe * (1 - unsafe)]])
    cov /= 300
    found = float(
        _value(
            _log_likelihood(
                cells,
                {k: pt.as_tensor(v) for k, v in data.items()},
                pt.as_tensor([[safe, unsafe]]),
                pt.as_tensor([[cov[0, 0], cov[1, 1], cov[0, 1]]]),
            )
        )
    )
    density = stats.multivariate_normal([safe, unsafe], cov).pdf
    exact, _ = dblquad(lambda u, s: density([s, u]), 0.765, 0.775, 0.165, 0.4)
    assert found == pytest.approx(np.log(exact), abs=1e-3)


def test_the_whole_is_conditional_on_the_parts_published_beside_it():
    """Against brute force: simulate the parts' samples, keep those that round as published."""
    n = {"Nord": 200, "Syd": 400, "Vest": 300}
    weights = {"Nord": 0.3, "Syd": 0.5, "Vest": 0.2}
    rows = [(a, 2024, "night", "safe", p, n[a]) for a, p in (("Nord", 78.0), ("Syd", 84.0))]
    rows += [("Vest", 2023, "night", "safe", 80.0, n["Vest"])]
    rows += [("Byen", 2024, "night", "safe", 82.0, 900)]
    design = _design(rows, whole="Byen", parts=list(n), weights=weights)
    design["n_base"].loc[{"latent": "Vest"}] = n["Vest"]
    cells = list_cells(design)
    data = observe(
        design, cells, keep=np.isfinite(design["low"].to_numpy()), nodes=quadrature_nodes(design)
    )
    safe = np.array([0.80, 0.83, 0.76])
    unsafe = np.array([0.12, 0.10, 0.15])
    size = np.array([1 / n[a] for a in n])
    spec = SPEC.model_copy(update={"options": SPEC.options | {"weight_sd": 0.0}})
    mean, cov = _whole(
        design,
        spec,
        {k: pt.as_tensor(v) for k, v in data.items()},
        tuple(pt.as_tensor(v[None]) for v in (safe, unsafe, size)),
    )
    rng = np.random.default_rng(7)
    draws = rng.normal(safe, np.sqrt(safe * (1 - safe) * size), size=(4_000_000, 3))
    kept = draws[(abs(draws[:, 0] - 0.78) < 0.005) & (abs(draws[:, 1] - 0.84) < 0.005)]
    whole = kept @ np.array([weights[a] for a in n])
    assert len(kept) > 20_000
    assert float(_value(mean)[0, 0]) == pytest.approx(whole.mean(), abs=2e-4)
    assert float(_value(cov)[0, 0]) == pytest.approx(whole.var(), rel=0.05)
    # and not what it would be if the published parts' errors were drawn a second time
    independent = (np.array([0.3, 0.5, 0.2]) ** 2 * safe * (1 - safe) * size).sum()
    assert whole.var() < 0.5 * independent


def test_a_part_published_in_the_other_answer_informs_the_whole():
    weights = {"Nord": 0.4, "Syd": 0.6}
    rows = [("Nord", 2024, "night", "unsafe", 18.0, 200), ("Syd", 2023, "night", "safe", 80.0, 300)]
    rows += [("Byen", 2024, "night", "safe", 82.0, 500)]
    design = _design(rows, whole="Byen", parts=list(weights), weights=weights)
    cells = list_cells(design)
    data = observe(
        design, cells, keep=np.isfinite(design["low"].to_numpy()), nodes=quadrature_nodes(design)
    )
    safe, unsafe, size = (
        np.array([0.80, 0.83]),
        np.array([0.12, 0.10]),
        np.array([1 / 200, 1 / 300]),
    )
    spec = SPEC.model_copy(update={"options": SPEC.options | {"weight_sd": 0.0}})
    mean, cov = _whole(
        design,
        spec,
        {k: pt.as_tensor(v) for k, v in data.items()},
        tuple(pt.as_tensor(v[None]) for v in (safe, unsafe, size)),
    )
    # regression of a multinomial share on another: slope -p / (1 - q)
    given = 0.80 - 0.80 / 0.88 * (0.18 - 0.12)
    assert float(_value(mean)[0, 0]) == pytest.approx(0.4 * given + 0.6 * 0.83)
    rest = 0.80 * (1 - 0.80 - 0.12) / (1 - 0.12) / 200
    expected = 0.4**2 * rest + 0.6**2 * 0.83 * 0.17 / 300
    assert float(_value(cov)[0, 0]) == pytest.approx(expected)


@pytest.mark.parametrize(("weighted", "settings"), [(True, 2), (False, 2), (True, 1), (False, 3)])
def test_draws_are_turned_into_the_same_path_as_the_model_computes(weighted, settings):
    names = ["neighbourhood", "night", "school"][:settings]
    rows = [
        (area, wave, s, "safe", 80.0, 300.0)
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
    density = {}
    for share, sampled in ((0.0, (path - straight) / sd), (1.0, path / scale)):
        with pm.Model() as model:
            shared = {"centre_path": pt.constant(np.full(len(line), share))}
            eta = _latent(design, SPEC.priors, shared | {"drift_on": pt.constant(1.0)})
        point = {"level": [1.0], "path_sd": sd, "path_drift": [drift], "path": sampled[None]}
        at = {rv: pt.constant(np.asarray(point[rv.name], dtype=float)) for rv in model.free_RVs}
        found = _value(clone_replace(eta, at))
        assert found[0, 0] == pytest.approx(1.0 + path @ walk_basis(years, anchor))
        of_path = pm.logp(model["path"], at[model["path"]]).sum()
        density[share] = float(_value(clone_replace(of_path, at)))
    assert density[1.0] - density[0.0] == pytest.approx(len(line) * np.log(scale / sd))


def test_the_model_takes_its_priors_from_the_document():
    rows = [
        ("Nord", 2024, "night", "safe", 80.0, 300.0),
        ("Syd", 2024, "night", "safe", 70.0, 300.0),
    ]
    design = _design(rows)
    wide = SPEC.priors["level"].model_copy(update={"parameters": {"mu": -3.0, "sigma": 0.01}})
    spec = SPEC.model_copy(update={"priors": SPEC.priors | {"level": wide}})
    model = build_model(design, spec)
    assert pm.draw(model["level"], random_seed=1, mode="FAST_COMPILE") == pytest.approx(-3, abs=0.1)
