"""The likelihood against numerical integration, simulation, references and finite differences."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats
from scipy.integrate import dblquad

from amager_eval.data.published import published
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety_cells import list_cells, observe, quadrature_nodes, structure
from amager_eval.trends.safety_design import build_design
from amager_eval.trends.safety_fit import design_safety
from amager_eval.trends.safety_likelihood import (
    INPUTS,
    far_double,
    log_double,
    log_interval,
    log_likelihood,
    whole_moments,
)
from amager_eval.trends.safety_operation import FiguresLikelihood

REFERENCE = Path(__file__).parents[1] / "reference"
SPEC = load_model_spec("safety_trend")


def _design(rows, **options):
    columns = ["area", "wave", "setting", "response", "percent", "n", "comparator"]
    frame = pd.DataFrame([[*r, "="][:7] for r in rows], columns=columns).assign(
        count=np.nan, decimals=0.0, deff=1.0
    )
    given = {"whole": None, "parts": (), "weights": None, "baseline": 2024, "rounds": None}
    return build_design(frame, **(given | options))


def _inputs(design, safe, unsafe, inverse, *, weight_sd=0.0):
    """Everything the likelihood takes, shares given per latent cell."""
    spec = SPEC.model_copy(update={"options": SPEC.options | {"weight_sd": weight_sd}})
    cells = list_cells(design)
    keep = np.isfinite(design["low"].to_numpy())
    data = observe(design, cells, keep=keep, nodes=quadrature_nodes(design))
    shape = [design.sizes[k] for k in ("latent", "setting", "year")]
    sampled = (
        np.broadcast_to(np.asarray(x, dtype=float), shape).ravel() for x in (safe, unsafe, inverse)
    )
    inputs = data | structure(design, spec, cells)
    inputs |= dict(zip(INPUTS[:3], sampled, strict=True))
    return [np.ascontiguousarray(inputs[k]) for k in INPUTS]


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1.0, 0.5), (-40.0, -39.9), (39.9, 40.0), (-500.0, 500.0), (2.0, 900.0), (0.3, 0.3001)],
)
def test_the_interval_probability_keeps_its_precision_in_both_tails(low, high):
    found, by_mean, by_var = log_interval(low, high, 0.0, 1.0)
    if low >= 2:
        expected = stats.norm.logsf(low) + np.log1p(
            -np.exp(stats.norm.logsf(high) - stats.norm.logsf(low))
        )
    else:
        upper = stats.norm.logcdf(high)
        expected = upper + np.log1p(-np.exp(stats.norm.logcdf(low) - upper))
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-12)
    step = 1e-5
    around = [log_interval(low, high, m, 1.0)[0] for m in (-step, step)]
    assert by_mean == pytest.approx((around[1] - around[0]) / (2 * step), rel=1e-4, abs=1e-5)
    around = [log_interval(low, high, 0.0, v)[0] for v in (1 - step, 1 + step)]
    assert by_var == pytest.approx((around[1] - around[0]) / (2 * step), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("z", [-2000.0, -31.0, -29.0, 29.0, 31.0, 2000.0])
def test_it_stays_finite_far_out(z):
    assert np.isfinite(log_interval(z - 0.1, z + 0.1, 0.0, 1.0)).all()


@pytest.mark.parametrize("percent", [84, 88])
def test_a_rounded_percentage_gives_the_reference_posterior(percent):
    cases = json.loads((REFERENCE / "06_bayes_closed_and_grid.json").read_text())["cases"]
    case = next(c for c in cases["rounded_percent"] if c["percent"] == percent and c["n"] > 100)
    n = case["n"]
    p = np.linspace(0.7, 0.95, 20_001)
    low, high = percent / 100 - 0.005, percent / 100 + 0.005
    log_p = np.array([log_interval(low, high, x, x * (1 - x) / n)[0] for x in p])
    posterior = np.exp(log_p - log_p.max())
    posterior /= posterior.sum()
    mean = (posterior * p).sum()
    assert mean == pytest.approx(case["post_mean"], abs=1e-3)
    found_sd = np.sqrt((posterior * (p - mean) ** 2).sum())
    assert found_sd == pytest.approx(case["post_sd"], rel=0.02)


def _multinomial(safe, unsafe, n):
    cov = np.array([[safe * (1 - safe), -safe * unsafe], [-safe * unsafe, unsafe * (1 - unsafe)]])
    return stats.multivariate_normal([safe, unsafe], cov / n).pdf


@pytest.mark.parametrize("third", [None, 5.0])
def test_a_cell_with_several_answers_enters_once_as_a_multinomial(third):
    rows = [("Nord", 2024, "night", "safe", 87.0, 400), ("Nord", 2024, "night", "unsafe", 7.0, 400)]
    if third is not None:
        rows.append(("Nord", 2024, "night", "neither", third, 400))
    found = log_likelihood(*_inputs(_design(rows), 0.862, 0.078, 1 / 400))[0]
    density = _multinomial(0.862, 0.078, 400)
    # published neither 5 %: safe + unsafe lies in 94.5 to 95.5 %
    lowest = (lambda s: max(0.065, 0.945 - s)) if third else (lambda s: 0.065)
    start = 0.87 if third else 0.865
    exact, _ = dblquad(lambda u, s: density([s, u]), start, 0.875, lowest, lambda s: 0.075)
    assert float(found) == pytest.approx(np.log(exact), abs=2e-4)


@pytest.mark.parametrize("off", [0.0, 1.0, 4.0, 40.0])
@pytest.mark.parametrize("half", [5e-5, 0.005, 0.05])
def test_two_figures_are_the_same_in_logs_and_out_of_them(off, half):
    nodes, weights = np.polynomial.legendre.leggauss(8)
    inverse = 1 / 600
    moments = (0.8, inverse * 0.16, 0.12, inverse * 0.12 * 0.88, -inverse * 0.096)
    sd = np.sqrt(moments[3])
    for limits in [(-half, half), (-10.0, half), (-half, 11.0)]:
        lows, highs = (np.full(8, 0.12 + off * sd + edge) for edge in limits)
        given = (0.8 - off * sd + half * nodes, np.log(weights * half), lows, highs, moments)
        assert log_double(*given) == pytest.approx(far_double(*given), rel=1e-8)


def test_a_bound_beside_a_figure_truncates_it():
    rows = [
        ("Nord", 2024, "night", "unsafe", 16.0, 300, ">"),
        ("Nord", 2024, "night", "safe", 77.0, 300, "="),
    ]
    found = log_likelihood(*_inputs(_design(rows), 0.76, 0.15, 1 / 300))[0]
    density = _multinomial(0.76, 0.15, 300)
    exact, _ = dblquad(lambda u, s: density([s, u]), 0.765, 0.775, 0.165, 0.4)
    assert float(found) == pytest.approx(np.log(exact), abs=1e-3)


def test_an_answer_of_neither_is_what_the_other_two_leave():
    rows = [("Nord", 2024, "night", "neither", 8.0, 400)]
    found = log_likelihood(*_inputs(_design(rows), 0.8, 0.13, 1 / 400))[0]
    sd = np.sqrt(0.07 * 0.93 / 400)
    exact = stats.norm(0.07, sd).cdf(0.085) - stats.norm(0.07, sd).cdf(0.075)
    assert float(found) == pytest.approx(np.log(exact))


def _whole_moments(inputs):
    """Moments of the first cell of the whole."""
    named = dict(zip(INPUTS, inputs, strict=True))
    published_in_cell = tuple(
        named[k][0] for k in ("known_safe", "known_unsafe", "seen_safe", "seen_unsafe")
    )
    derivative = np.empty((named["grid"].shape[1], 5, 3))
    return whole_moments(
        named["grid"][0],
        *(named[k] for k in ("safe", "unsafe", "inverse")),
        published_in_cell,
        named["weight"],
        named["loose"],
        named["rounding"].item(),
        derivative,
    )


def _three_parts(n):
    weights = {"Nord": 0.3, "Syd": 0.5, "Vest": 0.2}
    rows = [(a, 2024, "night", "safe", p, n[a]) for a, p in (("Nord", 78.0), ("Syd", 84.0))]
    rows += [("Vest", 2023, "night", "safe", 80.0, n["Vest"])]
    rows += [("Byen", 2024, "night", "safe", 82.0, 900)]
    return _design(rows, whole="Byen", parts=list(n), weights=weights), weights


def test_the_whole_is_conditional_on_the_parts_published_beside_it():
    """Against brute force: simulate the parts' samples, keep those that round as published."""
    n = {"Nord": 200, "Syd": 400, "Vest": 300}
    design, weights = _three_parts(n)
    safe, unsafe = np.array([0.80, 0.83, 0.76]), np.array([0.12, 0.10, 0.15])
    size = np.array([1 / n[a] for a in n])
    found = _whole_moments(
        _inputs(design, safe[:, None, None], unsafe[:, None, None], size[:, None, None])
    )
    rng = np.random.default_rng(7)
    draws = rng.normal(safe, np.sqrt(safe * (1 - safe) * size), size=(4_000_000, 3))
    kept = draws[(abs(draws[:, 0] - 0.78) < 0.005) & (abs(draws[:, 1] - 0.84) < 0.005)]
    whole = kept @ np.array([weights[a] for a in n])
    assert len(kept) > 20_000
    assert found[0] == pytest.approx(whole.mean(), abs=2e-4)
    assert found[2] == pytest.approx(whole.var(), rel=0.05)
    # and not what it would be if the published parts' errors were drawn a second time
    independent = (np.array([0.3, 0.5, 0.2]) ** 2 * safe * (1 - safe) * size).sum()
    assert whole.var() < 0.5 * independent


def test_a_part_published_in_the_other_answer_informs_the_whole():
    weights = {"Nord": 0.4, "Syd": 0.6}
    rows = [("Nord", 2024, "night", "unsafe", 18.0, 200), ("Syd", 2023, "night", "safe", 80.0, 300)]
    rows += [("Byen", 2024, "night", "safe", 82.0, 500)]
    design = _design(rows, whole="Byen", parts=list(weights), weights=weights)
    safe, unsafe, size = np.array([[0.80, 0.83], [0.12, 0.10], [1 / 200, 1 / 300]])
    found = _whole_moments(_inputs(design, *(x[:, None, None] for x in (safe, unsafe, size))))
    # regression of a multinomial share on another: slope -p / (1 - q)
    given = 0.80 - 0.80 / 0.88 * (0.18 - 0.12)
    assert found[0] == pytest.approx(0.4 * given + 0.6 * 0.83)
    rest = 0.80 * (1 - 0.80 - 0.12) / (1 - 0.12) / 200
    assert found[2] == pytest.approx(0.4**2 * rest + 0.6**2 * 0.83 * 0.17 / 300)


def test_uncertain_weights_move_the_whole_where_parts_differ():
    design, weights = _three_parts({"Nord": 200, "Syd": 400, "Vest": 300})
    safe = np.array([0.80, 0.83, 0.76])[:, None, None]
    with_error, without = (
        _whole_moments(_inputs(design, safe, 0.1, 1 / 300, weight_sd=r)) for r in (0.05, 0.0)
    )
    w = np.array(list(weights.values()))
    off = safe.ravel() - w @ safe.ravel()
    assert with_error[2] - without[2] == pytest.approx((0.05**2 * w**2 * off**2).sum())


@pytest.mark.parametrize("seed", [1, 2])
def test_derivatives_are_those_of_finite_differences(seed):
    """On Copenhagen's own figures: every kind of cell there is."""
    design = design_safety(published(), population=None, whole=None, spec=SPEC, parts=None)
    rng = np.random.default_rng(seed)
    shape = [design.sizes[k] for k in ("latent", "setting", "year")]
    safe = rng.uniform(0.7, 0.9, shape)
    unsafe = (1 - safe) * rng.uniform(0.3, 0.8, shape)
    inputs = _inputs(design, safe, unsafe, rng.uniform(1 / 500, 1 / 200, shape), weight_sd=0.05)
    size = len(inputs[0])

    def value(x):
        return float(log_likelihood(*np.split(x, [size, 2 * size]), *inputs[3:])[0])

    at = np.concatenate(inputs[:3])
    analytic = np.concatenate(log_likelihood(*inputs)[1:])
    step = np.concatenate([np.full(2 * size, 1e-6), np.full(size, 1e-8)])
    numeric = np.array([(value(at + h) - value(at - h)) / (2 * h.sum()) for h in np.diag(step)])
    scale = np.abs(analytic).reshape(3, -1).max(axis=1).repeat(size)
    assert np.abs(analytic - numeric).max() > 0
    np.testing.assert_allclose(analytic / scale, numeric / scale, atol=2e-6)


def test_the_operation_differentiates_in_a_graph():
    design, _ = _three_parts({"Nord": 200, "Syd": 400, "Vest": 300})
    inputs = _inputs(design, 0.8, 0.12, 1 / 300)
    safe = pt.dvector("safe")
    value = FiguresLikelihood()(safe, *inputs[1:])[0]
    slope = pytensor.grad(3.0 * value, safe)
    found = slope.eval({safe: inputs[0]}, mode="FAST_COMPILE")
    np.testing.assert_allclose(found, 3 * log_likelihood(*inputs)[1])
