"""Draws of the sampler's variables to levels, walks and dispersion: NumPy, no PyMC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from amager_eval.trends.crime.arrays import unpack
from amager_eval.trends.crime.geometry import LEAST_DISPERSION
from amager_eval.trends.crime.walk import by_area, crime_walk

__all__ = ["COORDS", "crime_posterior"]

#: Coordinates of a posterior.
COORDS: Final = ("area", "crime_type", "period", "path_class", "effect", "season_contrast")


def crime_posterior(
    raw: xr.Dataset,
    design: xr.Dataset,
    packed: Mapping[str, NDArray[Any]],
    rng: np.random.Generator,
) -> xr.Dataset:
    """Turn draws of the model's free variables into the quantities results rest on.

    Parameters
    ----------
    raw : Dataset
        The sampler's posterior, dims `chain, draw, ...`.
    design : Dataset
        The design it was fitted to.
    packed : mapping of str to ndarray
        :func:`amager_eval.trends.crime.arrays.model_data` of it.
    rng : numpy.random.Generator
        Parts a path into level and passing part: given their sum and their standard deviations
        both are Gaussian, so the sampler need not carry them apart.

    Returns
    -------
    Dataset
        `level` (log rate per 1,000 per period without season, pandemic, steps and what passes;
        dims `area, crime_type, period`), `level_baseline` (its mean over the baseline), `drift`
        (per year; of the gap for an area inside a whole; dims `area, crime_type`), `innovation`
        (per square root of a year) and `dispersion` (1/sqrt(alpha) per period; both dims
        `path_class, crime_type`), `effect_size` (log rate, dims `crime_type, effect`); where areas
        lie inside a whole, in quarters and months, `passing` (log rate, dims as `level`),
        `passing_sd` (dims `crime_type`) and `season_gap` (dims `area, crime_type,
        season_contrast`).
    """
    data = unpack(packed, design)
    free = {str(name): raw[name].values for name in raw.data_vars}
    own = np.exp(data["dispersion_spread"] * free["dispersion_raw"])
    scale = data["dispersion_scale"] * free["dispersion_common"]
    squared = (scale * own) ** 2 + LEAST_DISPERSION**2
    nested = bool(design["is_gap"].values.any())
    of_area = by_area(squared, data["is_gap"])
    walk = crime_walk(free, of_area, data, np.matmul, nested=nested)
    level, baseline = walk.centre[..., None] + walk.coefficient @ data["walk"], walk.level
    sample = ("chain", "draw")
    cells = (*sample, "area", "crime_type")
    innovation = np.abs(free["innovation_raw"] * data["innovation_scale"])
    effect = free["effect_raw"] * data["effect_scale"]
    passing: dict[str, tuple[tuple[str, ...], Any]] = {}
    if walk.passing_variance is not None:
        share = walk.passing_variance / walk.variance
        noise = np.sqrt(walk.passing_variance * (1.0 - share)) * rng.standard_normal(
            walk.shock.shape
        )
        part = share * walk.shock + noise
        level = level - part @ data["walk"]
        baseline = baseline - (part * data["baseline_walk"]).sum(axis=-1)
        sd = np.abs(free["passing_raw"] * data["passing_scale"])
        passing["passing"] = ((*cells, "period"), part @ data["walk"])
        passing["passing_sd"] = ((*sample, "crime_type"), sd)
    if walk.season_gap is not None:
        passing["season_gap"] = ((*cells, "season_contrast"), walk.season_gap)
    return xr.Dataset(
        {
            "level": ((*cells, "period"), level),
            "level_baseline": (cells, baseline),
            "drift": (cells, walk.drift),
            "innovation": ((*sample, "path_class", "crime_type"), innovation),
            "dispersion": ((*sample, "path_class", "crime_type"), np.sqrt(squared)),
            "effect_size": ((*sample, "crime_type", "effect"), effect),
            **passing,
        },
        coords={n: design[n] for n in COORDS},
    )
