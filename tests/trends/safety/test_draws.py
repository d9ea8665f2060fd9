"""What lies behind the figures is drawn as a large joint Normal says, the figures' bend apart."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit, logit

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.linear_normal import factor
from amager_eval.trends.safety import draws
from amager_eval.trends.safety.covariance import Point, figures, linearise, terms, walk_basis
from amager_eval.trends.safety.design import build_design
from amager_eval.trends.safety.draws import draw_rest, draw_terms, least_left
from amager_eval.trends.safety.likelihood import log_interval, log_likelihood
from amager_eval.trends.safety.point import bound_figures, cell_moments, fitted_point

SPEC = load_model_spec("safety_trend")
SCALES = {
    "path_sd": 0.1, "gap_sd": 0.08, "area_sd": 0.4, "setting_correlation": 0.3,
    "design_effect": 1.3, "response_gap": np.array([0.6, 0.45]),
}  # fmt: skip


@pytest.fixture
def design():
    rows = [
        (a, w, s, r, p, 300 if a != "Byen" else 900)
        for a, p0 in (("Byen", 82), ("Nord", 88), ("Syd", 78), ("Vest", 80))
        for w in (2020, 2022, 2023, 2024)
        for s in ("neighbourhood", "night")
        for r, p in (("safe", p0 - w % 3), ("unsafe", 9 + w % 2))
        if (r == "unsafe" or w >= 2023) and not (a == "Vest" and w == 2022)
    ]
    frame = pd.DataFrame(rows, columns=["area", "wave", "setting", "response", "percent", "n"])
    frame = frame.assign(count=np.nan, decimals=0.0, deff=np.nan, comparator="=")
    weights = {"Nord": 0.45, "Syd": 0.33, "Vest": 0.22}
    return build_design(frame, whole="Byen", parts=list(weights), weights=weights, baseline=2024)


@pytest.fixture
def gaussian(design):
    found = figures(design, np.isfinite(design["low"].to_numpy()))
    shape = tuple(design.sizes[k] for k in ("latent", "setting", "year"))
    point = Point(
        mean=np.full(shape, 1.6), variance=np.full(shape, 0.05), width=SCALES["response_gap"],
        bounds=(np.zeros(0), np.zeros(0)), shift=np.zeros(len(found.value)),
        precision=np.ones(shape),
    )  # fmt: skip
    return linearise(design, SPEC, found, terms(design, SPEC, drift=True), point)


def _seen(gaussian, drawn):
    """Sum of all that moves the logit of each cell, read off the terms' own layout."""
    found = 0.0
    for t in gaussian.terms:
        sizes = (t.areas.shape[1], t.settings.shape[1], t.years.shape[1])
        own = drawn[t.name].reshape(-1, *sizes)
        found = found + np.einsum("nklm,ak,sl,ym->nasy", own, t.areas, t.settings, t.years)
    return found


def test_a_walk_is_nothing_at_its_anchor_and_grows_either_way():
    basis = walk_basis(np.arange(2020, 2026), 2023)
    times = np.abs(np.arange(2020, 2026) - 2023)
    assert np.diag(basis @ basis.T).tolist() == times.tolist()
    assert (basis @ basis.T)[0, 5] == 0  # before and after the anchor are independent


def test_the_covariance_of_the_figures_is_that_of_simulated_terms(gaussian, design):
    rng, count = np.random.default_rng(1), 40_000
    multiply = gaussian.variances(SCALES)
    read = 0.0
    for term in gaussian.terms:
        drawn = rng.standard_normal((term.state.shape[1], count))
        read = read + np.sqrt(multiply[term.name]) * (gaussian.reading @ (term.state @ drawn)).T
    expected = sum(multiply[t.name] * gaussian.matrices[t.name] for t in gaussian.terms)
    error = np.cov(read.T) - expected
    assert np.abs(error).max() < 0.05 * np.diag(expected).max()


def test_draws_have_the_moments_of_the_conditional_normal(monkeypatch, gaussian, design):
    monkeypatch.setattr(draws, "_ROUNDS", 0)  # the linear figures alone
    multiply, count = gaussian.variances(SCALES), 6000
    width = SCALES["response_gap"]
    drawn = draw_terms(
        gaussian, {k: np.full(count, v) for k, v in multiply.items()},
        np.tile(width, (count, 1)), np.random.default_rng(2),
    )  # fmt: skip
    seen = _seen(gaussian, drawn)
    held = gaussian.factor(multiply)
    solved = held.solve(gaussian.value - gaussian.expected(width))
    mean, variance = cell_moments(gaussian, multiply, held, solved)
    assert seen.mean(axis=0) == pytest.approx(mean, abs=4 * np.sqrt(variance.max() / count))
    assert seen.var(axis=0) == pytest.approx(variance, rel=0.12)


def test_the_wholes_share_is_met_though_shares_bend(gaussian, design):
    """The exact weighted mean of drawn shares lies as near the whole's figure as its error says."""
    multiply, count = gaussian.variances(SCALES), 2000
    width = np.tile(SCALES["response_gap"], (count, 1))
    drawn = draw_terms(
        gaussian, {k: np.full(count, v) for k, v in multiply.items()}, width,
        np.random.default_rng(3),
    )  # fmt: skip
    seen = gaussian.centre + _seen(gaussian, drawn)
    f = gaussian.figures
    whole = np.flatnonzero(((f.share > 0).sum(axis=1) > 1) & (f.response == 0))
    means = gaussian.means(seen, np.broadcast_to(width[:, None], seen.shape[:-1]))
    by_hand = np.einsum("a,das->ds", f.share[whole[0]], expit(seen[..., f.year[whole[0]]]))
    assert means[:, whole[0]] == pytest.approx(by_hand[:, f.setting[whole[0]]])
    off = means[:, whole].mean(axis=0) - gaussian.value[whole]
    assert np.abs(off).max() < 0.02


def test_a_bounds_figure_leaves_the_cut_normals_moments():
    """One bound on one quantity: its stand-in must give the truncated Normal's mean and sd."""

    loose = 1.0
    held = factor(np.array([[0.04 + loose]]))
    value, variance = bound_figures(
        held, held.solve(np.array([0.5 - 0.8])), (np.array([0.0]), np.array([0.7])),
        (np.array([0.5]), np.array([loose])),
    )  # fmt: skip
    rng = np.random.default_rng(1)
    drawn = rng.normal(0.8, 0.2, 400_000)
    cut = drawn[(drawn < 0.7) & (drawn > 0)]
    precision = 1 / 0.04 + 1 / variance[0]
    assert (0.8 / 0.04 + value[0] / variance[0]) / precision == pytest.approx(cut.mean(), abs=2e-3)
    assert 1 / np.sqrt(precision) == pytest.approx(cut.std(), abs=2e-3)


def test_a_cells_exact_likelihood_is_the_probability_of_its_rounded_figures(design):
    found = figures(design, np.isfinite(design["low"].to_numpy()))
    shape = (1, *(design.sizes[k] for k in ("latent", "setting", "year")))
    eta, inverse = (np.full(shape, v) for v in (logit(0.86), 1.3 / 300))
    width = np.full(shape[:-1], -logit(0.09) - logit(0.86))
    cell = next(c for c in found.cells if len(c) == 2 and found.share[c[0]].max() == 1)
    log_p = log_likelihood(design, found, eta, width, inverse, cells=[cell])
    rng = np.random.default_rng(4)
    p = np.array([0.86, 0.09])
    drawn = rng.multivariate_normal(p, 1.3 / 300 * (np.diag(p) - np.outer(p, p)), 2_000_000)
    hit = np.round(drawn, 2)[:, [0 if r == 0 else 1 for r in found.response[cell]]]
    share = np.isclose(hit, found.value[cell]).all(axis=1).mean()
    assert np.exp(log_p[0, 0]) == pytest.approx(share, rel=0.05)


def test_intervals_far_out_keep_their_digits():
    assert float(log_interval(30.0, 31.0)) == pytest.approx(-454.3212439, rel=1e-6)
    assert float(log_interval(-31.0, -30.0)) == pytest.approx(-454.3212439, rel=1e-6)


def _least_left(gaussian):
    """Share of draws the exact likelihood of the worst cell leaves."""
    some = ("chain", "draw"), np.ones((4, 100))
    settings = xr.DataArray(SCALES["response_gap"], dims="setting")
    values = {k: v for k, v in SCALES.items() if k not in ("response_gap", "setting_correlation")}
    sampled = xr.Dataset({k: (some[0], v * some[1]) for k, v in values.items()})
    sampled["setting_correlation_unit"] = (some[0], 0.65 * some[1])
    sampled["unknown_size"] = some
    sampled["response_gap"] = xr.DataArray(some[1], dims=some[0]) * settings
    return draw_rest(gaussian, sampled, np.random.default_rng(3))[1][1]


def test_a_normal_that_does_not_stand_for_its_cell_leaves_few_draws(design):
    counts = np.isfinite(design["low"].to_numpy())
    fitted = fitted_point(design, SPEC, counts, drift=True, scales=SCALES)
    assert _least_left(fitted) > 0.5
    off = fitted.point.shift.copy()
    off[fitted.figures.cells[0]] += 0.5  # in a direction: of the safe share alone
    moved = linearise(design, SPEC, fitted.figures, fitted.terms, replace(fitted.point, shift=off))
    assert _least_left(moved) < SPEC.gates.cell_share_min


def test_one_draw_far_out_does_not_speak_against_its_cell():
    far = np.zeros((400, 2))
    far[7, 1] = 6.0  # e^6 times as likely as any other
    elsewhere = np.random.default_rng(4).normal(0, 1, (400, 1)) * 5.0
    assert least_left(far) > 0.2
    assert least_left(np.hstack([far, elsewhere])) < 0.05
