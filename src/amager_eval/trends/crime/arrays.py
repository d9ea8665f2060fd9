"""The arrays of a design that the model's graph reads, packed into few and unpacked by name.

Every array of a compiled model costs a quarter to a whole second of start-up, so arrays of one
shape travel together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

__all__ = ["model_data", "unpack"]

_AREA_TYPE: Final = ("level_mean", "level_sd", "guess_centre", "typical_count")
_COMPONENT: Final = ("guess", "coverage", "shared_information")
_SCALARS: Final = ("drift_mean", "drift_mean_sd", "drift_spread", "drift_gap", "dispersion_spread")


def model_data(design: xr.Dataset) -> dict[str, NDArray[Any]]:
    """Arrays a compiled crime model is fitted to, by name; for `with_data` refits.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.

    Returns
    -------
    dict of str to ndarray
        The packed arrays; all of them are `pm.Data` of the model.
    """
    count = design["count"].values
    exposure = design["exposure"].values[:, : count.shape[2]]
    log_exposure = np.log(exposure)[:, None, :] + design["completeness"].values
    walk = design["walk"].values
    at_baseline = design["baseline_weight"].values @ walk
    arrays = {
        "cells": np.stack([np.nan_to_num(count, nan=0.0), ~np.isnan(count), log_exposure]),
        "components": np.stack([design[name].values for name in _COMPONENT]),
        "area_types": np.stack([design[name].values for name in _AREA_TYPE]),
        "bases": np.vstack(
            [
                at_baseline,
                design["time_in_walk"].values,
                design["passing_in_walk"].values,
                design["effect_in_walk"].values,
            ]
        ),
        "walk": np.ascontiguousarray(walk.T),
        "effects": np.column_stack(
            [design["effect_in_centre"].values, design["effect_value"].values]
        ),
        "types": np.vstack(
            [
                design["passing_scale"].values,
                design["season_gap_scale"].values,
                design["effect_scale"].values.T,
                design["innovation_scale"].values,
                design["dispersion_scale"].values,
            ]
        ),
        "scalars": np.array([float(design[name]) for name in _SCALARS]),
        "is_gap": design["is_gap"].values,
    }
    if design.sizes["lump"]:
        arrays |= {name: design[name].values for name in ("lump_cells", "lump_type", "lump_count")}
    return arrays


def unpack(arrays: Mapping[str, Any], design: xr.Dataset) -> dict[str, Any]:
    """Name the parts of packed arrays or of the tensors that stand for them.

    Parameters
    ----------
    arrays : mapping of str to array or tensor
        As :func:`model_data` gives them.
    design : Dataset
        The design they are of; only its sizes are read.

    Returns
    -------
    dict of str to array or tensor
        `y`, `seen`, `log_exposure` (dims `area, crime_type, period`), `walk` (dims `component,
        period`), `baseline_walk`, `time_in_walk`, `passing_in_walk` (dims `component`),
        `effect_in_walk`, `effect_value`, `effect_in_centre`, `effect_scale` (dims `crime_type,
        effect`), `season_in_walk`, `season_value`, `season_in_centre` (their first rows: the
        season), `innovation_scale` and `dispersion_scale` (dims `path_class, crime_type`),
        `passing_scale`, `season_gap_scale` (dims `crime_type`), `dispersion_spread`,
        `drift_prior` (mean, its sd, spread, the gap's sd), `is_gap`, and the
        geometry under the design's own names.
    """
    cells, types, scalars = arrays["cells"], arrays["types"], arrays["scalars"]
    n_effects, n_classes = design.sizes["effect"], design.sizes["path_class"]
    named = {
        "y": cells[0],
        "seen": cells[1],
        "log_exposure": cells[2],
        "walk": arrays["walk"],
        "baseline_walk": arrays["bases"][0],
        "time_in_walk": arrays["bases"][1],
        "passing_in_walk": arrays["bases"][2],
        "effect_in_walk": arrays["bases"][3:],
        "effect_in_centre": arrays["effects"][:, 0],
        "effect_value": arrays["effects"][:, 1:],
        "passing_scale": types[0],
        "season_gap_scale": types[1],
        "effect_scale": types[2 : 2 + n_effects].T,
        "innovation_scale": types[2 + n_effects : 2 + n_effects + n_classes],
        "dispersion_scale": types[2 + n_effects + n_classes :],
        "drift_prior": [scalars[i] for i in range(4)],
        "dispersion_spread": scalars[4],
        "is_gap": arrays["is_gap"],
    }
    contrasts = design.sizes["season_contrast"]
    named |= {
        "season_in_walk": named["effect_in_walk"][:contrasts],
        "season_in_centre": named["effect_in_centre"][:contrasts],
        "season_value": named["effect_value"][:contrasts],
    }
    named |= {name: arrays["components"][i] for i, name in enumerate(_COMPONENT)}
    named |= {name: arrays["area_types"][i] for i, name in enumerate(_AREA_TYPE)}
    return named
