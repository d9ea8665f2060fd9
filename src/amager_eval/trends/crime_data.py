"""The arrays of a design that the model's graph reads, by name."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

__all__ = ["model_data"]

_AS_THEY_STAND: Final = (
    "is_gap",
    "effect_value",
    "effect_scale",
    "level_mean",
    "level_sd",
    "innovation_scale",
    "dispersion_scale",
    "dispersion_spread",
    "guess",
    "guess_centre",
    "coverage",
    "typical_count",
    "shared_information",
    "time_in_walk",
    "effect_in_walk",
    "effect_in_centre",
)


def model_data(design: xr.Dataset) -> dict[str, NDArray[Any]]:
    """Arrays a compiled crime model is fitted to, by name; for `with_data` refits.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime_design.crime_design`.

    Returns
    -------
    dict of str to ndarray
        Every array the graph reads; all of them are `pm.Data`.
    """
    count = design["count"].values
    exposure = design["exposure"].values[:, : count.shape[2]]
    drift = ("drift_mean", "drift_mean_sd", "drift_spread", "drift_gap")
    arrays = {name: design[name].values for name in _AS_THEY_STAND} | {
        "y": np.nan_to_num(count, nan=0.0),
        "seen": (~np.isnan(count)).astype(np.float64),
        "log_exposure": np.log(exposure)[:, None, :] + design["completeness"].values,
        "baseline_walk": design["baseline_weight"].values @ design["walk"].values,
        "walk": np.ascontiguousarray(design["walk"].values.T),
        "drift_prior": np.array([float(design[name]) for name in drift]),
    }
    if design.sizes["lump"]:
        arrays |= {name: design[name].values for name in ("lump_cells", "lump_type", "lump_count")}
    return arrays
