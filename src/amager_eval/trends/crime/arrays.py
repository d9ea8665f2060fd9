"""The arrays of a design that the model's graph reads, packed into one and unpacked by name.

Every array of a compiled model costs seconds of start-up, so all of them travel as one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import gammaln

from amager_eval.data.period import parse_period
from amager_eval.spec.prior import Prior
from amager_eval.trends.crime.own_effects import own_effect_values

__all__ = [
    "FIGURES",
    "free_priors_of",
    "groups_of_areas",
    "model_data",
    "share_of_types",
    "structure",
    "unpack",
    "whole_numbers",
]

#: Name of the packed array among a compiled model's data.
FIGURES: Final = "figures"
#: Of a design, per group of areas.
_OF_GROUP: Final = (
    "guess",
    "coverage",
    "shared_information",
    "typical_count",
    "guess_centre",
    "level_mean",
    "level_sd",
)
_SCALARS: Final = ("drift_mean", "drift_mean_sd", "drift_spread", "drift_gap")
_INDICES: Final = ("cell", "lump_cells", "lump_type")


def whole_numbers(counts: Any) -> Any:
    """Give counts as integers: the packed array holds floats, and ArviZ draws by the type."""
    return counts.astype("int64")


def groups_of_areas(design: xr.Dataset) -> list[NDArray[np.int64]]:
    """Areas with a path of their own, then those inside a whole where there are any.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.

    Returns
    -------
    list of ndarray
        Indices along `area`.
    """
    gap = design["is_gap"].values > 0
    return [np.flatnonzero(rows) for rows in (~gap, gap) if rows.any()]


def model_data(design: xr.Dataset) -> dict[str, NDArray[np.float64]]:
    """Everything a compiled crime model is fitted to, for `with_data` refits.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.

    Returns
    -------
    dict of str to ndarray
        One packed array. It fits a model that was compiled for a design of the same
        :func:`structure`.
    """
    parts = [np.asarray(part, dtype=np.float64).ravel() for part in _parts(design).values()]
    return {FIGURES: np.concatenate(parts)}


def structure(design: xr.Dataset) -> tuple[Any, ...]:
    """Tell designs apart that need a model compiled each.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.

    Returns
    -------
    tuple
        Hashable; equal for designs that differ in numbers alone.
    """
    shapes = tuple((name, part.shape) for name, part in _parts(design).items())
    own = str(design.attrs.get("free_priors", ""))
    return bool(design["is_gap"].values.any()), _passes(design), own, shapes


def unpack(figures: Any, design: xr.Dataset) -> dict[str, Any]:
    """Name the parts of the packed array or of the tensor that stands for it.

    Parameters
    ----------
    figures : array, tensor or None
        As :func:`model_data` packs it; None takes the design's own.
    design : Dataset
        The design it is of; of a tensor only its structure is read.

    Returns
    -------
    dict of str to array or tensor
        `reports` (dims `cell`: the cells with a count of their own, in the order of the groups),
        `log_factorial` (of each),
        `cell` (their index in the flattened `area, crime_type, period` of all groups),
        `log_exposure` (dims `area, crime_type, period`, areas in the order of the groups), `walk`
        (dims `component, period`), `baseline_walk`, `time_in_walk`, `passing_in_walk` (dims
        `component`), `effect_in_walk`, `effect_value` (dims `effect, ...`), `effect_in_centre`,
        `effect_scale` (dims `crime_type, effect`), `season_in_walk`, `season_value`,
        `season_in_centre` (their first rows: the season), `dispersion_scale` (dims `path_class,
        crime_type`), `passing_scale`, `season_gap_scale` (dims `crime_type`),
        `dispersion_spread`, `drift_prior` (mean, its sd, spread, the gap's sd), `lump_count`,
        `lump_type` (dims `lump`), `lump_cells` (dims `lump, member`), and `groups`, each with
        its geometry under the design's names and its `innovation_scale`; beside them
        `contrasts`, the number of a season's, `passes`, whether a part of the walk passes,
        where areas have effects of their own `own_effect_value` (dims `area, own_effect, period`,
        areas in the order of the groups) and `own_effect_scale` (dims `crime_type, own_effect`),
        where types move together `shared_innovation`, the share of the innovations' variance,
        `own_dim`, the name of the first group's areas, and `free_priors`, the priors of another
        family than the usual.
    """
    parts = _parts(design)
    if figures is not None:
        at, found = 0, {}
        for name, part in parts.items():
            found[name] = figures[at : at + part.size].reshape(part.shape)
            at += part.size
            if name in _INDICES:
                found[name] = found[name].astype("int64")
        parts = found
    contrasts, groups = design.sizes["season_contrast"], groups_of_areas(design)
    named: dict[str, Any] = {n: part for n, part in parts.items() if ":" not in n}
    named |= {
        "season_in_walk": named["effect_in_walk"][:contrasts],
        "season_in_centre": named["effect_in_centre"][:contrasts],
        "season_value": named["effect_value"][:contrasts],
        "groups": [
            {n.split(":")[1]: part for n, part in parts.items() if n.startswith(f"{g}:")}
            for g in range(len(groups))
        ],
        "contrasts": contrasts,
        "passes": _passes(design),
        "own_dim": "rest" if len(groups) > 1 else "area",
        "free_priors": free_priors_of(design),
    }
    return named


def free_priors_of(design: xr.Dataset) -> dict[str, Prior]:
    """Give the priors of a design whose family is another than the model's usual one.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.

    Returns
    -------
    dict of str to Prior
        By the names of the spec.
    """
    declared = json.loads(str(design.attrs.get("free_priors", "{}")))
    return {name: Prior.model_validate(prior) for name, prior in declared.items()}


def share_of_types(design: xr.Dataset) -> float:
    """Give the share of the innovations' variance that every type of an own path has in common.

    Zero also in a design of a fit that was stored before there was one.
    """
    return float(design.attrs.get("shared_innovation", 0.0))


def _passes(design: xr.Dataset) -> bool:
    return float(design.attrs["passing_correlation"]) > 0


def _parts(design: xr.Dataset) -> Mapping[str, NDArray[Any]]:
    """Arrays by name; those of a group of areas as `group:name`."""
    groups = groups_of_areas(design)
    order = np.concatenate(groups)
    count = design["count"].values[order]
    exposure = design["exposure"].values[order, : count.shape[2]]
    flat = count.ravel()
    cell = np.flatnonzero(~np.isnan(flat))
    walk = design["walk"].values
    parts: dict[str, NDArray[Any]] = {
        "reports": flat[cell],
        "log_factorial": gammaln(flat[cell] + 1.0),
        "cell": cell,
        "log_exposure": np.log(exposure)[:, None, :] + design["completeness"].values,
        "walk": np.ascontiguousarray(walk.T),
        "baseline_walk": design["baseline_weight"].values @ walk,
        "drift_prior": np.array([float(design[name]) for name in _SCALARS]),
        "dispersion_spread": np.array(float(design["dispersion_spread"])),
    }
    for name in (
        "time_in_walk",
        "passing_in_walk",
        "effect_in_walk",
        "effect_in_centre",
        "effect_value",
        "effect_scale",
        "dispersion_scale",
        "passing_scale",
        "season_gap_scale",
        "lump_count",
        "lump_type",
    ):
        parts[name] = design[name].values
    if share_of_types(design) > 0:
        parts["shared_innovation"] = np.array(share_of_types(design))
    if "own_effect" in design.sizes:
        periods = [parse_period(p) for p in design["period"].values]
        of_area = own_effect_values(design, periods)[:, order]
        parts["own_effect_value"] = np.ascontiguousarray(of_area.swapaxes(0, 1))
        parts["own_effect_scale"] = design["own_effect_scale"].values
    # cells of a sum in the order of the groups; the last index is the empty cell
    moved = np.append(np.arange(count.size).reshape(count.shape)[np.argsort(order)], count.size)
    parts["lump_cells"] = moved[design["lump_cells"].values]
    for g, areas in enumerate(groups):
        parts |= {f"{g}:{name}": design[name].values[areas] for name in _OF_GROUP}
        parts[f"{g}:innovation_scale"] = design["innovation_scale"].values[g]
    return parts
