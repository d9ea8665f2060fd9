"""The point figures are linear around: found where areas lie far apart, and where nothing fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.evidence.studies.safety_study import small_city
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.design import build_design
from amager_eval.trends.safety.point import bound_figures, cell_moments, fitted_point

SPEC = load_model_spec("safety_trend")


@pytest.mark.parametrize("seed", [84, 305])
def test_a_city_of_areas_far_apart_is_found(seed: int) -> None:
    seeds = np.random.SeedSequence(1).generate_state(1000)
    made = simulate_safety(small_city(SPEC), SPEC, int(seeds[seed]), ahead=2)
    design, truth = made.design, made.truth
    scales = {
        "path_sd": float(truth["path_sd"]),
        "area_sd": float(truth["area_sd"]),
        "gap_sd": float(truth["gap_sd"][0]),
        "setting_correlation": float(truth["setting_correlation"]),
        "design_effect": float(np.exp(truth["log_deff"])),
        "unknown_size": float(np.exp(truth["unknown_size"])),
        "response_gap": truth["response_gap"].isel(latent=0).to_numpy(),
    }
    counts = np.isfinite(design["low"].to_numpy())
    gaussian = fitted_point(design, SPEC, counts, drift=True, scales=scales)
    error = sum(np.diag(m) for m in gaussian.errors().values())
    seen = truth["eta"].to_numpy()[..., : design.sizes["year"]]
    seen = seen + truth["wave_error"].to_numpy()[: design.sizes["year"]]
    seen = seen + float(truth["collector_step"]) * design["before_break"].to_numpy()
    means = (
        gaussian.means(seen[None], truth["response_gap"].to_numpy()[None])[0] + gaussian.point.shift
    )
    known = slice(0, gaussian.figures.known)
    off = (gaussian.value - means)[known] / np.sqrt(error[known])
    # the truth is within the figures' errors, as the model at the point found holds them
    assert np.abs(off).max() < 6
    assert np.abs(gaussian.point.shift).max() < 0.25


def test_a_bound_all_else_contradicts_stands_for_a_figure_at_its_edge() -> None:
    design = small_city(SPEC)
    gaussian = fitted_point(design, SPEC, np.isfinite(design["low"].to_numpy()), drift=True)
    found = gaussian.figures
    variances = dict.fromkeys(gaussian.matrices, 1e-4) | {"rounding": 1.0}
    now = gaussian.value[found.known :], np.diag(gaussian.matrices["rounding"])[found.known :]
    residual = np.zeros(len(gaussian.value))
    residual[found.known :] = 5.0
    edges = np.array([0.0]), np.array([0.1])
    held = gaussian.factor(variances)
    value, variance = bound_figures(held, held.solve(residual), edges, now)
    assert np.isfinite(value).all()
    assert (variance > 0).all()
    assert value[0] < now[0][0]


def test_a_skewed_cells_normal_figures_leave_its_exact_mean_and_variance() -> None:
    """One area, one wave, sixty people, 2 % unsafe: by the grid, nothing of it being Normal."""
    frame = pd.DataFrame(
        [("A", 2024, "night", "unsafe", 2.0, 60)],
        columns=["area", "wave", "setting", "response", "percent", "n"],
    ).assign(count=np.nan, decimals=0.0, deff=1.3, comparator="=")
    design = build_design(frame, whole=None, parts=[], weights=None, baseline=2024)
    scales = {"path_sd": 0.1, "response_gap": np.array([0.5])}
    what = {"counts": np.isfinite(design["low"].to_numpy()), "drift": False, "scales": scales}
    centred = fitted_point(design, SPEC, **what)
    gaussian = fitted_point(design, SPEC, **what, near=centred)
    variances = gaussian.variances(scales)
    held = gaussian.factor(variances)
    solved = held.solve(gaussian.value - gaussian.expected(scales["response_gap"]))
    mean, variance = (m[0, 0, -1] for m in cell_moments(gaussian, variances, held, solved))

    level, wave = (SPEC.priors[k]["sigma"] for k in ("level", "wave_error"))
    off = np.linspace(-6, 12, 40_001)
    share = expit(-(gaussian.centre + off + 0.5))
    sampled = norm(share, np.sqrt(1.3 / 60 * share * (1 - share)))
    weight = norm(0, np.hypot(level, wave)).pdf(off) * (sampled.cdf(0.025) - sampled.cdf(0.015))
    exact = np.average(off, weights=weight)
    spread = np.average((off - exact) ** 2, weights=weight)
    assert mean == pytest.approx(exact, abs=0.02)
    assert variance == pytest.approx(spread, rel=0.05)
