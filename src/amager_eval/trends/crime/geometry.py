"""What the counts alone say about each walk component: geometry for the sampler, no result."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

__all__ = ["CENTRE_SCALE", "LEAST_DISPERSION", "walk_geometry"]

type Floats = NDArray[np.float64]

#: Below this coefficient of variation a negative binomial is Poisson to machine accuracy.
LEAST_DISPERSION: Final = 1e-4
#: Step of the sampler's unit in a mean log rate; geometry, not a prior.
CENTRE_SCALE: Final = 0.1
#: Median of a standard half-normal: priors enter the guesses at their median.
HALF_NORMAL_MEDIAN: Final = 0.6745


def walk_geometry(design: xr.Dataset) -> xr.Dataset:
    """Guess every walk coefficient and how much the counts inform it.

    Given the innovation and the dispersion, a coefficient of the walk has a nearly Gaussian
    conditional posterior whose mean and variance are known in closed form once log counts stand
    in for counts. The model samples its coefficients relative to that, so that step sizes need
    not follow the innovation. A bad guess costs speed, never correctness: the prior and the
    likelihood are evaluated exactly.

    Parameters
    ----------
    design : Dataset
        With counts, exposure, walk basis, effects and prior scales.

    Returns
    -------
    Dataset
        `guess` (dims `area, crime_type, component`), `guess_centre` (dims `area, crime_type`),
        `time_in_walk` (dims `component`; linear time in the walk's basis), `effect_in_walk` and
        `effect_in_centre` (the effects in the same terms: what the counts say of the path moves
        with the effects), `coverage` (a
        component's squared size over the periods seen) and `shared_information` (what areas
        inside the whole say about its rest; both dims `area, crime_type, component`), and
        `typical_count` (dims `area, crime_type`).
    """
    count = design["count"].values
    seen = ~np.isnan(count)
    exposure = design["exposure"].values[:, None, : count.shape[2]]
    walk = design["walk"].values
    coverage = np.einsum("akt,tr->akr", seen.astype(np.float64), walk**2)
    with np.errstate(invalid="ignore"):
        reports = np.where(seen, count + 0.5, 0.0).sum(axis=2) / np.maximum(seen.sum(axis=2), 1)
    typical = np.maximum(reports, 0.5)
    of_class = (design["is_gap"].values > 0) * (design.sizes["path_class"] - 1)
    dispersion = HALF_NORMAL_MEDIAN * design["dispersion_scale"].values[of_class]
    guess = np.zeros_like(coverage)
    rest = ((1.0 - design["is_gap"].values[:, None]) * design["level_mean"].values).sum(axis=0)
    guess_centre = design["level_mean"].values + design["is_gap"].values[:, None] * rest
    log_rate = np.log(np.where(seen, count + 0.5, 1.0) / exposure) - design["completeness"].values
    innovation = HALF_NORMAL_MEDIAN * design["innovation_scale"].values
    for a, k in np.argwhere(seen.any(axis=2)):
        effects = design["effect_value"].values.T
        guess_centre[a, k], guess[a, k] = _centre_and_coefficients(
            np.where(seen[a, k], log_rate[a, k], 0.0),
            seen[a, k] / (1.0 / typical[a, k] + dispersion[a, k] ** 2),
            walk,
            innovation[0, k],
            effects * design["effect_scale"].values[k],
        )
    shared = _shared_information(design, coverage, typical, dispersion, innovation)
    if shared.any():
        _fill_rest(design, guess, coverage, seen)
    dims = ("area", "crime_type", "component")
    time_in_walk = np.linalg.lstsq(walk, design["time"].values, rcond=None)[0]
    effects = design["effect_value"].values.T
    effect_in_walk = np.linalg.lstsq(walk, effects - effects.mean(axis=0), rcond=None)[0]
    return design.assign(
        guess=(dims, guess),
        guess_centre=(("area", "crime_type"), guess_centre),
        time_in_walk=(("component",), time_in_walk),
        effect_in_walk=(("effect", "component"), effect_in_walk.T),
        effect_in_centre=(("effect",), effects.mean(axis=0)),
        coverage=(dims, coverage),
        typical_count=(("area", "crime_type"), typical),
        shared_information=(dims, shared),
    )


def _centre_and_coefficients(
    log_rate: Floats, weight: Floats, walk: Floats, innovation: float, effects: Floats
) -> tuple[float, Floats]:
    """Mean over time and walk coefficients that reproduce the log rates, effects included.

    Periods without a count are filled by a ridge regression of mean, effects and walk under
    their priors.
    """
    wide = np.full(len(log_rate), 10.0)  # a mean log rate within 10 of 0, as good as no prior
    scaled = np.column_stack([wide, effects, innovation * walk])
    gram = scaled.T @ (weight[:, None] * scaled) + np.eye(scaled.shape[1])
    fitted = scaled @ np.linalg.solve(gram, scaled.T @ (weight * log_rate))
    target = np.where(weight > 0, log_rate, fitted)
    centre = float(target.mean())
    coefficients: Floats = np.linalg.lstsq(walk, target - centre, rcond=None)[0]
    return centre, coefficients


def _shared_information(
    design: xr.Dataset,
    coverage: Floats,
    typical: Floats,
    dispersion: Floats,
    innovation: Floats,
) -> Floats:
    """Precision areas inside a whole lend to the path of its rest, at the gaps' prior median."""
    is_gap = design["is_gap"].values.astype(bool)
    shared = np.zeros_like(coverage)
    if not is_gap.any():
        return shared
    own = np.divide(
        1.0 / typical[:, :, None] + dispersion[:, :, None] ** 2,
        coverage,
        out=np.full_like(coverage, np.inf),
        where=coverage > 1e-12,
    )
    passing = (HALF_NORMAL_MEDIAN * design["passing_scale"].values[:, None]) ** 2
    apart = innovation[-1][:, None] ** 2 + passing * design["passing_in_walk"].values
    lent = 1.0 / (own + apart)
    shared[~is_gap] = lent[is_gap].sum(axis=0)
    return shared


def _fill_rest(
    design: xr.Dataset, guess: Floats, coverage: Floats, seen: NDArray[np.bool_]
) -> None:
    """Where the rest has no counts of its own its guess is the mean of the areas inside."""
    is_gap = design["is_gap"].values.astype(bool)
    rest = int(np.flatnonzero(~is_gap)[0])
    weight = coverage[is_gap].sum(axis=0)
    mean = np.divide(
        (coverage[is_gap] * guess[is_gap]).sum(axis=0),
        weight,
        out=np.zeros_like(weight),
        where=weight > 1e-12,
    )
    empty = ~seen[rest].any(axis=1)
    guess[rest, empty] = mean[empty]
