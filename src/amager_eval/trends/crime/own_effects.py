"""Declared effects of some areas alone: dated steps and covariates, each with its reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from amager_eval.data.period import Period, parse_period
from amager_eval.errors import SpecError
from amager_eval.trends.crime.effects import day_share
from amager_eval.trends.crime.options import CrimeOptions

__all__ = ["add_own_effects", "own_effect_values"]

type Floats = NDArray[np.float64]


def add_own_effects(design: xr.Dataset, options: CrimeOptions) -> xr.Dataset:
    """Add the steps and covariates that name areas; a design without any stays as it is.

    Parameters
    ----------
    design : Dataset
        With its areas, types and periods.
    options : CrimeOptions
        Declared steps and covariates.

    Returns
    -------
    Dataset
        With dim `own_effect`, `own_effect_scale` (prior standard deviations, log rate; zero where
        an effect is not declared for a type) and the attribute `own_effects`, from which
        :func:`own_effect_values` has their values in any period.

    Raises
    ------
    SpecError
        An effect names an area or a type that is not modelled, or a period that is none. A step
        of a definition's recording may name types the data at hand do not have.
    """
    definition = str(design.attrs["definition"])
    declared: list[dict[str, Any]] = [
        {"name": f"step_{s.name}", "date": s.date.isoformat(), "areas": list(s.areas)}
        | {"types": s.types, "sigma": s.sigma}
        for s in options.steps
        if s.areas and (not s.definitions or definition in s.definitions)
    ]
    declared += [
        {"name": f"covariate_{c.name}", "values": c.values, "areas": list(c.values)}
        | {"types": c.types, "sigma": c.sigma}
        for c in options.covariates
    ]
    everywhere = [
        {"name": f"step_{s.name}", "areas": [], "types": s.types}
        for s in options.steps
        if not (s.areas or s.definitions)
    ]
    kinds = [str(k) for k in design["crime_type"].values]
    for effect in [*declared, *everywhere]:
        for what, dim, known in (
            ("areas", "area", [str(a) for a in design["area"].values]),
            ("types", "crime type", kinds),
        ):
            missing = [v for v in effect[what] if v not in known]
            if missing:
                raise SpecError(
                    f"crime model, {effect['name']}: there is no {dim} {', '.join(missing)} in the "
                    f"model; there are {', '.join(known)}. Correct the name, or take it out."
                )
    if not declared:
        return design
    scale = [[e["sigma"] * (not e["types"] or k in e["types"]) for e in declared] for k in kinds]
    design.attrs["own_effects"] = json.dumps(
        [{n: e[n] for n in ("date", "values", "areas") if n in e} for e in declared],
        ensure_ascii=False,
    )
    names = [e["name"] for e in declared]
    return design.assign(
        own_effect_scale=(("crime_type", "own_effect"), np.array(scale, dtype=np.float64))
    ).assign_coords(own_effect=names)


def own_effect_values(design: xr.Dataset, periods: Sequence[Period]) -> Floats:
    """Give what multiplies each effect's size.

    Parameters
    ----------
    design : Dataset
        From :func:`add_own_effects`.
    periods : sequence of Period
        In order; past the last declared value of a covariate that value is held.

    Returns
    -------
    ndarray
        Dims `own_effect, area, period`. A step: share of the days before its date, so that the
        present is the reference. A covariate: its value; 0 before the first that is declared.
    """
    declared = json.loads(str(design.attrs.get("own_effects", "[]")))
    areas = [str(a) for a in design["area"].values]
    value = np.zeros((len(declared), len(areas), len(periods)))
    for e, effect in enumerate(declared):
        for area in effect["areas"]:
            if "date" in effect:
                day = date.fromisoformat(effect["date"]).toordinal() - 1
                row = [day_share(p, date.min, date.fromordinal(day)) for p in periods]
            else:
                row = _held(effect["values"][area], periods)
            value[e, areas.index(area)] = row
    return value


def _held(values: dict[str, float], periods: Sequence[Period]) -> list[float]:
    """Values of periods, each held until the next that is declared."""
    given = sorted((parse_period(p).start, v) for p, v in values.items())
    return [
        next((v for start, v in reversed(given) if start <= p.start + 1e-9), 0.0) for p in periods
    ]
