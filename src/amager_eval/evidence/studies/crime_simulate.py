"""Counts from the crime model's own priors, given a design: for calibration and recovery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from amager_eval.trends.crime.forecast import simulate_cells
from amager_eval.trends.crime.geometry import walk_geometry
from amager_eval.trends.crime.prior import prior_draws

if TYPE_CHECKING:
    from amager_eval.trends.fit import Fit

__all__ = ["Simulated", "by_sample", "future_reports", "replace_counts", "simulate_crime"]

type Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Simulated:
    """A truth and its counts."""

    #: Every quantity of the model, dims as
    #: :func:`amager_eval.trends.crime.posterior.crime_posterior` without `chain, draw`.
    truth: xr.Dataset
    #: The design with the simulated counts where the original had some.
    design: xr.Dataset
    #: Reports of the periods after the last, dims `area, crime_type, future`.
    future: Floats


def simulate_crime(design: xr.Dataset, seed: int, *, ahead: int = 0) -> Simulated:
    """Draw a truth from the priors, and the counts it makes.

    Areas, types, periods, inhabitants and prior locations are taken from the design; of its counts
    only which there are.

    The priors' locations stay those of the original counts (the crude rates), so that prior and
    data belong to one model. Population beyond the known dates is drawn too.
    """
    rng = np.random.default_rng([seed, 11])
    blank = design.assign(count=xr.full_like(design["count"], np.nan))
    state = prior_draws(blank, 1, rng)
    n = design.sizes["period"]
    _, _, count, _ = simulate_cells(state, design, n + ahead, rng)
    cells = np.where(np.isnan(design["count"].values), np.nan, count[0, ..., :n])
    simulated = replace_counts(design, cells, count[0, ..., :n])
    return Simulated(state.isel(sample=0), simulated, count[0, ..., n:])


def replace_counts(design: xr.Dataset, cells: Floats, everything: Floats) -> xr.Dataset:
    """Put other counts into a design and renew what the sampler is told of them.

    `cells` has NaN where there is no count; sums of cells are taken from `everything`, which has
    none.
    """
    published = design["published"]
    areas = design["out_area_members"].values[: published.shape[0]]
    types = design["out_type_members"].values[: published.shape[1]]
    sums = np.einsum("ua,vk,akt->uvt", areas, types, everything)
    flat = np.append(everything.ravel(), 0.0)
    changed = design.assign(
        count=(design["count"].dims, cells),
        published=published.copy(data=np.where(np.isnan(published.values), np.nan, sums)),
        lump_count=(("lump",), flat[design["lump_cells"].values].sum(axis=1)),
    )
    return walk_geometry(changed)


def by_sample(posterior: xr.Dataset) -> xr.Dataset:
    """Put all chains' draws under each other, dims `sample, ...`."""
    stacked = posterior.stack(sample=("chain", "draw"))
    return stacked.drop_vars(["chain", "draw", "sample"]).transpose("sample", ...)


def future_reports(fit: Fit, design: xr.Dataset, ahead: int, seed: int) -> Floats:
    """Draw the reports of the periods after the last, dims `sample, area, crime_type, future`."""
    n, state = design.sizes["period"], by_sample(fit.data["posterior"].to_dataset())
    _, _, count, _ = simulate_cells(state, design, n + ahead, np.random.default_rng([seed, 12]))
    return count[..., n:]
