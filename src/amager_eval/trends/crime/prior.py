"""What one would say from the baseline's counts alone: every other parameter from its prior."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from amager_eval.data.period import parse_period
from amager_eval.trends.crime.arrays import free_priors_of, share_of_types
from amager_eval.trends.crime.geometry import LEAST_DISPERSION
from amager_eval.trends.crime.own_effects import own_effect_values
from amager_eval.trends.crime.posterior import COORDS
from amager_eval.trends.prior_draws import draw_prior

__all__ = ["prior_draws", "share_over_types", "wander"]

type Floats = NDArray[np.float64]

#: Points of the grid each baseline level is drawn from, and its half-width in standard deviations.
GRID_POINTS, GRID_WIDTH = 61, 5.0


def prior_draws(design: xr.Dataset, size: int, rng: np.random.Generator) -> xr.Dataset:
    """Draw the model's quantities from their priors, levels given the baseline's counts.

    Parameters
    ----------
    design : Dataset
        The design of a fit.
    size : int
        Number of draws.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Dataset
        As :func:`amager_eval.trends.crime.posterior.crime_posterior`, with dim `sample` in place
        of `chain, draw`.
    """
    n_areas, n_types, n_periods = design["count"].shape
    gap = design["is_gap"].values[:, None]
    innovation = (
        np.abs(rng.standard_normal((size, *design["innovation_scale"].shape)))
        * design["innovation_scale"].values
    )
    free = free_priors_of(design)
    for g, name in enumerate(("innovation", "innovation_gap")[: design.sizes["path_class"]]):
        if name in free:
            innovation[:, g] = draw_prior(free[name], (size, n_types), rng)
    classes = design.sizes["path_class"]
    common = np.abs(rng.standard_normal((size, classes, 1)))
    own = np.exp(float(design["dispersion_spread"]) * rng.standard_normal((size, classes, n_types)))
    dispersion = np.hypot(design["dispersion_scale"].values * common * own, LEAST_DISPERSION)
    raw = rng.standard_normal((size, n_areas, n_types))
    mean = float(design["drift_mean"]) + float(design["drift_mean_sd"]) * rng.standard_normal(size)
    between = float(design["drift_spread"]) * np.abs(rng.standard_normal(size))
    if "drift_spread" in free:
        between = draw_prior(free["drift_spread"], (size,), rng)
    drift = (1 - gap) * (mean[:, None, None] + between[:, None, None] * raw) + (
        gap * float(design["drift_gap"]) * raw
    )
    effect = rng.standard_normal((size, n_types, design.sizes["effect"]))
    effect = effect * design["effect_scale"].values

    own_effect, of_areas = _own_effects(design, size, rng)
    weight = design["baseline_weight"].values
    moved = wander(design, innovation, drift, rng)
    rest = np.flatnonzero(design["is_gap"].values == 0)
    inside = np.flatnonzero(design["is_gap"].values == 1)
    level = np.empty((size, n_areas, n_types))
    seasonal = (effect @ design["effect_value"].values)[:, None]
    beside, inside_only = _beside_the_level(design, size, rng) if inside.size else (0.0, {})
    at_baseline = np.zeros((1, n_areas, n_types))
    if "passing" in inside_only:
        at_baseline = inside_only["passing"][1] @ weight
    for area in (*rest, *inside):
        centre = np.tile(design["level_mean"].values[area], (size, 1))
        if area in inside:
            centre += level[:, rest[0]]
        centre = centre - at_baseline[:, area]  # the prior stands on the whole path
        for k in range(n_types):
            level[:, area, k] = _baseline_level(
                design["count"].values[area, k],
                np.log(design["exposure"].values[area, :n_periods])
                + design["completeness"].values[k]
                + moved[:, area, k]
                + (seasonal + beside)[:, area if inside.size else 0, k]
                + of_areas[:, area, k],
                weight > 0,
                dispersion[:, -1 if area in inside else 0, k],
                centre[:, k],
                float(design["level_sd"].values[area, k]),
                rng,
            )
    dims = ("sample", "area", "crime_type")
    return xr.Dataset(
        {
            "level": ((*dims, "period"), level[..., None] + moved),
            "level_baseline": (dims, level),
            "drift": (dims, drift),
            "innovation": (("sample", "path_class", "crime_type"), innovation),
            "dispersion": (("sample", "path_class", "crime_type"), dispersion),
            "effect_size": (("sample", "crime_type", "effect"), effect),
            "drift_mean": ("sample", mean),
            "drift_spread": ("sample", between),
            "dispersion_common": (("sample", "path_class"), common[..., 0]),
            **inside_only,
            **own_effect,
        },
        coords={n: design[n] for n in COORDS if n in design},
    )


def wander(
    design: xr.Dataset, innovation: Floats, drift: Floats, rng: np.random.Generator
) -> Floats:
    """Draw how every path moves away from its baseline level.

    Parameters
    ----------
    design : Dataset
        The design of a fit.
    innovation : ndarray
        Per square root of a year, dims `sample, path_class, crime_type`.
    drift : ndarray
        Per year, dims `sample, area, crime_type`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        Log rate less its mean over the baseline, dims `sample, area, crime_type, period`.
    """
    weight, gap = design["baseline_weight"].values, design["is_gap"].values[:, None]
    basis = design["walk"].values - weight @ design["walk"].values
    time = design["time"].values - weight @ design["time"].values
    of_path = (1 - gap) * innovation[:, 0, None] + gap * innovation[:, -1, None]
    shocks = rng.standard_normal((*drift.shape, design.sizes["component"]))
    shocks = share_over_types(shocks, design, rng)
    moved: Floats = (of_path[..., None] * shocks) @ basis.T + drift[..., None] * time
    inside = np.flatnonzero(design["is_gap"].values == 1)
    if inside.size:
        moved[:, inside] += moved[:, np.flatnonzero(design["is_gap"].values == 0)]
    return moved


def share_over_types(shocks: Floats, design: xr.Dataset, rng: np.random.Generator) -> Floats:
    """Let what moves every type of an own path take its share of independent shocks.

    Parameters
    ----------
    shocks : ndarray
        Standard normal, dims `sample, area, crime_type, ...`.
    design : Dataset
        Names the share and the areas that are no gaps.
    rng : numpy.random.Generator
        Source of randomness; not touched where nothing is shared.

    Returns
    -------
    ndarray
        Standard normal still, correlated over types; gaps as they were.
    """
    share = share_of_types(design)
    if share == 0:
        return shocks
    own = design["is_gap"].values == 0
    together = rng.standard_normal((len(shocks), own.sum(), 1, *shocks.shape[3:]))
    mixed = shocks.copy()
    mixed[:, own] = np.sqrt(share) * together + np.sqrt(1.0 - share) * shocks[:, own]
    return mixed


def _own_effects(
    design: xr.Dataset, size: int, rng: np.random.Generator
) -> tuple[dict[str, tuple[tuple[str, ...], Floats]], Floats]:
    """Draw effects of some areas alone, and what they add, dims `sample, area, type, period`."""
    if "own_effect" not in design.sizes:
        return {}, np.zeros((1, *design["count"].shape))
    scale = design["own_effect_scale"].values
    drawn = scale * rng.standard_normal((size, *scale.shape))
    periods = [parse_period(p) for p in design["period"].values]
    added = np.einsum("ske,eat->sakt", drawn, own_effect_values(design, periods))
    return {"own_effect_size": (("sample", "crime_type", "own_effect"), drawn)}, added


def _beside_the_level(
    design: xr.Dataset, size: int, rng: np.random.Generator
) -> tuple[Floats, dict[str, tuple[tuple[str, ...], Floats]]]:
    """Draw what areas inside a whole have beside the level: what passes, own season.

    Returns
    -------
    sum : ndarray
        Of both, log rate, dims `sample, area, crime_type, period`.
    variables : dict
        As :func:`amager_eval.trends.crime.posterior.crime_posterior` names them.
    """
    gap = design["is_gap"].values[:, None, None]
    dims = ("sample", "area", "crime_type")
    shape = (size, design.sizes["area"], design.sizes["crime_type"])
    sd = np.abs(rng.standard_normal((size, shape[2]))) * design["passing_scale"].values
    free = free_priors_of(design)
    if "passing" in free:
        sd = draw_prior(free["passing"], (size, shape[2]), rng)
    passes = float(design.attrs["passing_correlation"]) > 0
    basis = design["walk"].values * np.sqrt(np.maximum(design["passing_in_walk"].values, 0.0))
    passing = (rng.standard_normal((*shape, basis.shape[1])) @ basis.T) * sd[:, None, :, None]
    passing *= gap
    n = design.sizes["season_contrast"]
    spread = np.abs(rng.standard_normal((size, shape[2]))) * design["season_gap_scale"].values
    if "season_gap" in free:
        spread = draw_prior(free["season_gap"], (size, shape[2]), rng)
    season = gap * spread[:, None, :, None] * rng.standard_normal((*shape, n))
    variables: dict[str, tuple[tuple[str, ...], Floats]] = {}
    if passes:
        variables["passing"] = ((*dims, "period"), passing)
        variables["passing_sd"] = (("sample", "crime_type"), sd)
    if n:
        variables["season_gap_sd"] = (("sample", "crime_type"), spread)
        variables["season_gap"] = ((*dims, "season_contrast"), season)
    return passing + season @ design["effect_value"].values[:n], variables


def _baseline_level(
    count: Floats,
    offset: Floats,
    baseline: NDArray[np.bool_],
    dispersion: Floats,
    mean: Floats,
    sd: float,
    rng: np.random.Generator,
) -> Floats:
    """Draw a baseline level from its exact posterior given everything else, on a grid.

    `offset` holds log exposure, walk and effects, dims `sample, period`; `dispersion` and `mean`
    have dims `sample`.
    """
    seen = baseline & ~np.isnan(count)
    if not seen.any():
        draws: Floats = mean + sd * rng.standard_normal(len(mean))
        return draws
    y, log_exposure = count[seen], offset[:, seen]
    alpha = 1.0 / dispersion[:, None] ** 2
    precision = 1.0 / (1.0 / (y + 0.5) + 1.0 / alpha)
    total = precision.sum(axis=1) + 1.0 / sd**2
    guess = (precision * (np.log(y + 0.5) - log_exposure)).sum(axis=1) + mean / sd**2
    guess, width = guess / total, 1.0 / np.sqrt(total)
    points = np.linspace(-GRID_WIDTH, GRID_WIDTH, GRID_POINTS)
    level = guess[:, None] + width[:, None] * points
    log_density = -0.5 * ((level - mean[:, None]) / sd) ** 2
    for j in range(len(y)):
        log_mu = level + log_exposure[:, [j]]
        log_density += y[j] * log_mu - (y[j] + alpha) * np.log1p(np.exp(log_mu) / alpha)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    cumulative = np.cumsum(density, axis=1)
    target = rng.random((len(mean), 1)) * cumulative[:, -1:]
    chosen = (cumulative < target).sum(axis=1)
    jitter = (rng.random(len(mean)) - 0.5) * (points[1] - points[0])
    result: Floats = guess + width * (points[chosen] + jitter)
    return result
