"""The targets an agreement sets an area, several of them, as levels of one forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.errors import InputError
from amager_eval.goals.crime.quantities import crime_quantities
from amager_eval.goals.results import quantity_of_reading
from amager_eval.goals.safety.quantities import by_cell, safety_quantities
from amager_eval.trends.questions import no_such

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.goals import Reading
    from amager_eval.trends.fit import Forecast

    #: A target of an area, by the columns of the table.
    type Row = dict[str, str | int | float | None]

__all__ = ["targets_of"]

#: Distance to the whole that a reading allows, in percentage points.
_WITHIN = {"reaches_whole": 0.0, "within_1_point": 1.0, "within_2_points": 2.0}
#: Part of the baseline's shortfall that may be left.
_LEFT = {"shortfall_smaller": 1.0, "shortfall_halved": 0.5}
_FORMS = {"hold_rate": "rate", "hold_count": "count"}
#: Columns of a crime target, and the quantity each shows.
_OF_CRIME = {
    "target": "true_baseline",
    "expected": "true_target",
    "probability": "probability_true_at_or_below",
    "prior_probability": "prior_probability_true_at_or_below",
}


def targets_of(
    forecast: Forecast, agreement: Agreement, *, areas: Sequence[str] | None = None
) -> pd.DataFrame:
    """Every target of the agreement for every area; see :meth:`Forecast.targets`."""
    known = [str(a) for a in forecast.draws["area"].values]
    for area in areas or ():
        if area not in known:
            raise InputError(no_such("area", area, known))
    of_kind = _of_safety if forecast.kind == "safety" else _of_crime
    table = pd.DataFrame(of_kind(forecast, agreement, list(areas or known)))
    if table.empty:
        raise InputError(
            "the agreement sets no target for what this forecast is of: its areas, settings or "
            "types have other names"
        )
    order = {area: i for i, area in enumerate(dict.fromkeys(table["area"]))}
    return table.sort_values("area", key=lambda a: a.map(order), kind="stable", ignore_index=True)


def _of_safety(forecast: Forecast, agreement: Agreement, areas: list[str]) -> list[Row]:
    whole, measure = agreement.areas.whole, agreement.safety
    first, by = measure.baseline_wave, measure.target_wave
    areas = [a for a in areas if a != whole]
    asked = by_cell(
        safety_quantities(forecast, whole=whole, baseline=first, target=by, areas=areas)
    )
    true = forecast.draws["true"]
    rows: list[Row] = []
    for goal in (g for g in agreement.goal if g.kind == "safety"):
        for reading in goal.reading:
            for area in areas:
                for setting in reading.settings:
                    cell = {"setting": setting, "response": reading.response}
                    if setting not in true["setting"].values:
                        continue
                    found = quantity_of_reading(
                        asked, (area, setting, str(reading.response)), reading.id
                    )
                    share = true.sel(cell).sel(area=[area, whole], period=[first, by])
                    chance = {
                        name: np.nan if found is None else float(found[column])
                        for name, column in (
                            ("probability", "probability_true"),
                            ("prior_probability", "prior_probability_true"),
                        )
                    }
                    rows.append(
                        {"area": area, "goal": goal.id, "reading": reading.id,
                         "primary": reading.primary, **cell, "by": by,
                         "target": _level(reading, share),
                         "expected": float(share[:, 0, 1].median()), **chance}
                    )  # fmt: skip
    return rows


def _level(reading: Reading, share: xr.DataArray) -> float:
    """Median of the share a reading asks for; NaN where it asks for a course and not a level.

    `share` has the dims sample, area (its own, the whole's), period (baseline, target).
    """
    better = 1.0 if reading.response == "safe" else -1.0
    own, whole = (better * share.transpose("sample", "area", "period").values[:, k] for k in (0, 1))
    if reading.id in _WITHIN:
        level = whole[:, 1] - _WITHIN[reading.id] / 100
    elif reading.id in _LEFT:
        level = whole[:, 1] - _LEFT[reading.id] * np.maximum(whole[:, 0] - own[:, 0], 0)
        if reading.id == "shortfall_smaller":  # no area comes nearer by the whole's fall
            level = np.maximum(level, own[:, 0])
    elif reading.id == "above_baseline":
        level = own[:, 0]
    else:
        return float("nan")
    return float(np.median(better * level))


def _of_crime(forecast: Forecast, agreement: Agreement, areas: list[str]) -> list[Row]:
    measure = agreement.crime
    quantities = crime_quantities(
        forecast, baseline=measure.baseline_year, target=measure.target_year
    )
    last = quantities[quantities["year"] == measure.target_year]
    values = last.set_index(["area", "crime_type", "form", "quantity"])["value"].sort_index()
    known = set(map(tuple, last[["area", "crime_type"]].drop_duplicates().to_numpy()))
    definition = str(forecast.draws.attrs.get("definition", ""))
    rows: list[Row] = []
    for area in areas:
        for goal in (g for g in agreement.goal if g.kind == "crime"):
            for reading in (r for r in goal.reading if r.id in _FORMS):
                form = _FORMS[reading.id]
                for kind in (k for k in goal.crime_types if (area, k) in known):
                    of_cell = values.loc[area, kind, form]
                    chances = {
                        name: float(of_cell[quantity]) for name, quantity in _OF_CRIME.items()
                    }
                    rows.append(
                        {"area": area, "goal": goal.id, "reading": reading.id,
                         "primary": reading.primary, "crime_type": kind, "form": form,
                         "definition": definition, "by": measure.target_year, **chances}
                    )  # fmt: skip
    return rows
