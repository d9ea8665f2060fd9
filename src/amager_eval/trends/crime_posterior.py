"""Draws of the sampler's variables to levels, walks and dispersion: NumPy, no PyMC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from amager_eval.trends.crime_data import unpack
from amager_eval.trends.crime_geometry import LEAST_DISPERSION
from amager_eval.trends.crime_walk import crime_walk

__all__ = ["crime_posterior"]


def crime_posterior(
    raw: xr.Dataset, design: xr.Dataset, packed: Mapping[str, NDArray[Any]]
) -> xr.Dataset:
    """Turn draws of the model's free variables into the quantities results rest on.

    Parameters
    ----------
    raw : Dataset
        The sampler's posterior, dims `chain, draw, ...`.
    design : Dataset
        The design it was fitted to.
    packed : mapping of str to ndarray
        :func:`amager_eval.trends.crime_data.model_data` of it.

    Returns
    -------
    Dataset
        `level` (log rate per 1,000 per period without season, pandemic and steps; dims `area,
        crime_type, period`), `level_baseline` (its mean over the baseline), `drift` (per year; of
        the gap for an area inside a whole; dims `area, crime_type`), `innovation` (per square
        root of a year, dims `path_class, crime_type`), `dispersion` (1/sqrt(alpha) per period),
        `effect_size` (log rate, dims `crime_type, effect`).
    """
    data = unpack(packed, design.sizes["effect"])
    free = {str(name): raw[name].values for name in raw.data_vars}
    own = np.exp(data["dispersion_spread"] * free["dispersion_raw"])
    scale = data["dispersion_scale"] * free["dispersion_common"][..., None]
    squared = (scale * own) ** 2 + LEAST_DISPERSION**2
    nested = bool(design["is_gap"].values.any())
    walk = crime_walk(free, squared, data, np.matmul, nested=nested)
    level = walk.centre[..., None] + walk.coefficient @ data["walk"]
    sample = ("chain", "draw")
    cells = (*sample, "area", "crime_type")
    innovation = np.abs(free["innovation_raw"] * data["innovation_scale"])
    effect = free["effect_raw"] * data["effect_scale"]
    return xr.Dataset(
        {
            "level": ((*cells, "period"), level),
            "level_baseline": (cells, walk.level),
            "drift": (cells, walk.drift),
            "innovation": ((*sample, "path_class", "crime_type"), innovation),
            "dispersion": ((*sample, "crime_type"), np.sqrt(squared)),
            "effect_size": ((*sample, "crime_type", "effect"), effect),
        },
        coords={n: design[n] for n in ("area", "crime_type", "period", "path_class", "effect")},
    )
