"""Draws of the sampler's variables to levels, walks and dispersion: NumPy, no PyMC."""

from __future__ import annotations

import numpy as np
import xarray as xr

from amager_eval.trends.crime_geometry import CENTRE_SCALE, LEAST_DISPERSION

__all__ = ["crime_posterior"]


def crime_posterior(raw: xr.Dataset, design: xr.Dataset) -> xr.Dataset:
    """Turn draws of the model's free variables into the quantities results rest on.

    Parameters
    ----------
    raw : Dataset
        The sampler's posterior, dims `chain, draw, ...`.
    design : Dataset
        The design it was fitted to.

    Returns
    -------
    Dataset
        `level` (log rate per 1,000 per period without season, pandemic and steps; dims `area,
        crime_type, period`), `level_baseline` (its mean over the baseline), `drift` (per year; of
        the gap for an area inside a whole; dims `area, crime_type`), `innovation` (per square
        root of a year, dims `path_class, crime_type`), `dispersion` (1/sqrt(alpha) per period),
        `effect_size` (log rate, dims `crime_type, effect`).
    """
    gap = design["is_gap"]
    squared = (
        design["dispersion_scale"]
        * raw["dispersion_common"]
        * np.exp(design["dispersion_spread"] * raw["dispersion_raw"])
    ) ** 2 + LEAST_DISPERSION**2
    innovation = raw["innovation"] * design["innovation_scale"]
    of_path = (1 - gap) * innovation.isel(path_class=0, drop=True) + gap * innovation.isel(
        path_class=1, drop=True
    )
    mean = design["drift_mean"] + design["drift_mean_sd"] * raw["drift_mean"]
    between = design["drift_spread"] * raw["drift_spread"]
    drift = (1 - gap) * (mean + between * raw["drift_raw"]) + (
        gap * design["drift_gap"] * raw["drift_raw"]
    )
    dims = ("chain", "draw", "area", "crime_type", "component")
    walk_raw = xr.DataArray(raw["walk_raw"].values, dims=dims)
    told = of_path**2 * (
        design["shared_information"]
        + design["coverage"] / (1.0 / design["typical_count"] + squared)
    )
    pull = told / (1 + told)
    spread = np.sqrt(of_path**2 * (1 - pull)) * walk_raw
    expected = drift * design["time_in_walk"]
    coefficient = expected + pull * (design["guess"] - expected) + spread
    if bool(gap.any()):
        expected = expected + gap * ((1 - gap) * coefficient).sum("area")
        coefficient = expected + pull * (design["guess"] - expected) + spread
    centre = design["guess_centre"] + CENTRE_SCALE * raw["centre_raw"]
    level = centre + xr.dot(coefficient, design["walk"], dim="component")
    result = xr.Dataset(
        {
            "level": level,
            "level_baseline": xr.dot(level, design["baseline_weight"], dim="period"),
            "drift": drift,
            "innovation": innovation,
            "dispersion": np.sqrt(squared),
            "effect_size": raw["effect_raw"] * design["effect_scale"],
        }
    )
    return result.transpose("chain", "draw", "area", "path_class", "crime_type", "effect", "period")
