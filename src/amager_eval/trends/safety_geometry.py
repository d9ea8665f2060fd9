"""How much the figures say about each coefficient, so that the sampler sees round contours.

A coefficient the figures determine is sampled as itself (centred); one they say nothing about is
sampled in units of its prior (non-centred); between the two, in proportion. The model is the same
whatever is chosen here, only its coordinates differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec

    type Floats = NDArray[np.float64]

__all__ = [
    "centring",
    "level_basis",
    "setting_contrasts",
    "slope_coefficients",
    "step_coefficients",
    "walk_basis",
]


def walk_basis(years: Sequence[int] | Floats, anchor: int) -> Floats:
    """Matrix that turns standard-normal coefficients into a random walk that is 0 at `anchor`.

    The cumulative sum, forward and backward from the anchor, rotated so that the coefficients are
    the walk's principal components: the distribution is the same, the sampler has it easier.

    Parameters
    ----------
    years : sequence of int
        Calendar times, increasing, shape (year,); a step's variance is its length.
    anchor : int
        One of `years`.

    Returns
    -------
    ndarray
        Shape (coefficient, year), one coefficient fewer than years.

    Examples
    --------
    >>> basis = walk_basis([2020, 2022, 2023], 2022)
    >>> (basis.T @ basis).round(6) + 0.0
    array([[2., 0., 0.],
           [0., 0., 0.],
           [0., 0., 1.]])
    """
    times = np.asarray(years, dtype=float)
    steps = np.sqrt(np.diff(times))
    at = int(np.flatnonzero(times == anchor)[0])
    increments = np.zeros((len(steps), len(times)))
    for k, step in enumerate(steps):
        if k >= at:
            increments[k, k + 1 :] = step
        else:
            increments[k, : k + 1] = -step
    _, sizes, right = np.linalg.svd(increments, full_matrices=False)
    rotated: Floats = sizes[:, None] * right
    return rotated


def slope_coefficients(years: Sequence[int] | Floats, anchor: int) -> Floats:
    """Coefficients on :func:`walk_basis` of a straight line of slope 1 through 0 at `anchor`.

    Returns
    -------
    ndarray
        Shape (coefficient,).

    Examples
    --------
    >>> years = [2020, 2022, 2023]
    >>> (slope_coefficients(years, 2022) @ walk_basis(years, 2022)).round(6) + 0.0
    array([-2.,  0.,  1.])
    """
    basis = walk_basis(years, anchor)
    line = np.asarray(years, dtype=float) - anchor
    solution: Floats = np.linalg.lstsq(basis.T, line, rcond=None)[0]
    return solution


def step_coefficients(design: xr.Dataset) -> Floats:
    """Coefficients of the collector's step of height 1 in every setting, (contrast, coefficient).

    Parameters
    ----------
    design : Dataset
        Its `before_break` is 1 before the latest collector's first wave.

    Returns
    -------
    ndarray
        All zero when the design has no step.
    """
    before = design["before_break"].to_numpy()
    years, anchor = design["year"].to_numpy(), design.attrs["anchor"]
    settings = design.sizes["setting"]
    basis = walk_basis(years, anchor)
    height = before - before[years == anchor]
    solution = np.linalg.lstsq(basis.T, height, rcond=None)[0]
    steps: Floats = (setting_contrasts(settings) @ np.ones(settings))[:, None] * solution
    return steps


def level_basis(design: xr.Dataset) -> Floats:
    """Matrix from free numbers to the areas' levels: the parts' sum to zero, other areas' are free.

    Where nothing is part of a whole, all areas' levels sum to zero. The columns are orthonormal, so
    independent Normals of one sd become a Normal on the sum-to-zero plane with that sd.

    Parameters
    ----------
    design : Dataset
        Its `weight` is above 0 for the parts, which come first.

    Returns
    -------
    ndarray
        Shape (latent, free number).
    """
    areas = design.sizes["latent"]
    inside = int((design["weight"] > 0).sum()) or areas
    basis = np.zeros((areas, areas - 1))
    # Helmert: contrasts of settings and of areas are the same thing
    basis[:inside, : inside - 1] = setting_contrasts(inside)[1:].T
    basis[inside:, inside - 1 :] = np.eye(areas - inside)
    return basis


def setting_contrasts(settings: int) -> Floats:
    """Orthonormal contrasts (Helmert), the mean first, then differences; (contrast, setting).

    Settings with one common correlation r have independent contrasts, the first with variance
    1 + (settings - 1) r, the others with 1 - r. The matrix does not depend on r, so what the
    figures say about a contrast does not move when r does.

    Examples
    --------
    >>> setting_contrasts(2).round(4)
    array([[ 0.7071,  0.7071],
           [ 0.7071, -0.7071]])
    """
    rows = [np.full(settings, 1 / np.sqrt(settings))]
    for k in range(1, settings):
        row = np.r_[np.ones(k), -k, np.zeros(settings - k - 1)]
        rows.append(row / np.sqrt(k * (k + 1)))
    return np.array(rows)


def centring(design: xr.Dataset, spec: ModelSpec, keep: NDArray[np.bool_]) -> dict[str, Floats]:
    """Centre each coefficient by the information the figures hold on it.

    Parameters
    ----------
    design : Dataset
        The figures.
    spec : ModelSpec
        Prior scales.
    keep : ndarray of bool
        Figures that count, shape (area, setting, response, year).

    Returns
    -------
    dict of str to ndarray
        `centre_path` (contrast, coefficient) and `centre_level` (), each 0 (non-centred) to 1
        (centred). Gap walks are never centred: no area has figures enough. `centre_unsafe`
        (setting), 1 where only the unsafe share is published: there what the figures determine is
        the level and the width of the third answer together.
    """
    years, anchor = design["year"].to_numpy(), design.attrs["anchor"]
    priors = spec.priors
    basis = walk_basis(years, anchor)
    of_area, of_whole = _precisions(design, spec, keep)
    answers = (keep & np.isfinite(design["low"].to_numpy())).any(axis=(0, 3))
    safe = answers[:, list(design["response"].to_numpy()).index("safe")]
    path = priors["path_sd"]["sigma"] ** 2 * of_whole @ basis.T**2
    level = priors["area_sd"]["sigma"] ** 2 * of_area.sum(axis=-1).mean()
    return {
        # the same in every contrast
        "centre_path": np.tile((path / (1 + path)).mean(axis=0), (len(path), 1)),
        "centre_level": np.asarray(level / (1 + level)),
        "centre_unsafe": (answers.any(axis=1) & ~safe).astype(float),
    }


def _precisions(
    design: xr.Dataset, spec: ModelSpec, keep: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Precision of a cell's figure on the logit scale: of each area, and of the common path."""
    low, high = (design[k].to_numpy() for k in ("low", "high"))
    figure = keep & np.isfinite(low) & (low > 0) & (high < 1)
    share = np.clip(np.where(figure, (low + high) / 2, 0.5), 0.02, 0.98)
    areas = list(design["area"].to_numpy())
    rows = [areas.index(a) for a in design["latent"].to_numpy()]
    effect = np.exp(spec.priors["design_effect"]["mu"])
    unknown = np.exp(spec.priors["unknown_size"]["mu"])
    n = design["n_base"].to_numpy() * np.where(design["from_nothing"] > 0, unknown, 1.0)
    noise = spec.priors["wave_error"]["sigma"] ** 2

    def precision(at: Floats, given: NDArray[np.bool_], size: Floats) -> Floats:
        variance = effect / (size[:, :, None] * at * (1 - at)) + noise
        best: Floats = np.where(given, 1 / variance, 0.0).max(axis=2)
        return best

    of_area = precision(share[rows], figure[rows], n)
    if design.attrs["weighted"]:
        at = [areas.index(design.attrs["whole"])]
        total = n[design["weight"].to_numpy() > 0].sum(axis=0, keepdims=True)
        of_whole = precision(share[at], figure[at], total)[0]
    else:
        of_whole = of_area.sum(axis=0)
    return of_area, of_whole
