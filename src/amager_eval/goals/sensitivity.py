"""The goals' probabilities under other assumptions, beside the ones that are used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypedDict

import numpy as np
import pandas as pd

from amager_eval.goals.crime.quantities import guard_label
from amager_eval.goals.results import quantity_of_reading
from amager_eval.goals.safety.quantities import by_cell, safety_quantities

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement, Goal, Reading
    from amager_eval.trends.fit import Forecast

__all__ = [
    "OWN_LEVEL",
    "REFITS",
    "SENSITIVITY_COLUMNS",
    "STRICTEST",
    "USED",
    "Row",
    "crime_rows_under",
    "quantities_at_target",
    "safety_rows_under",
    "sensitivity_frame",
    "sensitivity_of_draws",
]

#: Assumption and alternative of the probabilities that are used.
USED: Final = "used"
#: Alternatives that the draws used do not answer, by model: of safety the scales' draws are weighed
#: anew, of crime it is fitted again.
REFITS: Final[dict[str, tuple[str, ...]]] = {
    "safety": (
        "design_effect_low",
        "design_effect_high",
        "source_grades",
        "pandemic",
        "response_link",
    ),
    "crime": ("total_itself", "completeness", "pandemic_years"),
}
#: The alternative of a measured area alone: its figures without the blocks they are read beside.
OWN_LEVEL: Final = "own_level"
#: A reading shown beside the primary ones: the strictest, to which the margins belong.
STRICTEST: Final = "reaches_whole"
_HELD: Final = "probability_true_at_or_below"


class Row(TypedDict):
    """A goal's probability under one alternative."""

    goal: str | None
    area: str | None
    setting: str | None
    crime_type: str | None
    quantity: str
    assumption: str
    alternative: str
    probability: float


#: Columns of the frame of rows.
SENSITIVITY_COLUMNS: Final = tuple(Row.__annotations__)


def sensitivity_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows as a frame, without the readings that do not apply."""
    known = [r for r in rows if r["probability"] == r["probability"]]
    return pd.DataFrame(known, columns=list(SENSITIVITY_COLUMNS), dtype=object)


def sensitivity_of_draws(
    agreement: Agreement,
    areas: Iterable[str],
    safety: Forecast | None,
    crime_quantities: pd.DataFrame,
    margins: Iterable[str],
) -> pd.DataFrame:
    """Everything the draws answer without another fit.

    Columns :data:`SENSITIVITY_COLUMNS`; one row per goal, area, part, reading and alternative.
    `goal` is None where the figures are context and not the goal's own. `margins` are the safety
    quantities that are the strictest reading with a margin.
    """
    rows: list[Row] = []
    areas = list(areas)
    if safety is not None:
        used = quantities_at_target(safety, agreement)
        rows += safety_rows_under(used, agreement, areas, USED, USED)
        drift = np.array([], dtype=str)
        if "alternative" in safety.draws.coords:
            drift = safety.draws["alternative"].to_numpy().astype(str)
        for name in dict.fromkeys(drift.tolist()):
            only = safety.draws.isel(sample=np.flatnonzero(drift == name))
            frame = quantities_at_target(replace(safety, draws=only, prior_only=None), agreement)
            rows += safety_rows_under(frame, agreement, areas, "drift", name)
        for margin in margins:
            renamed = used[used["quantity"] == margin].assign(quantity=STRICTEST)
            rows += safety_rows_under(
                renamed, agreement, areas, "margin", margin, readings={STRICTEST}
            )
    if len(crime_quantities):
        rows += crime_rows_under(crime_quantities, agreement, USED, USED)
        if agreement.crime.margin is not None:
            near = f"{_HELD}_{round(100 * agreement.crime.margin)}"
            rows += crime_rows_under(
                crime_quantities, agreement, "margin", "near_baseline", quantity=near
            )
        if agreement.crime.guard_years:
            mean = f"{_HELD}_{guard_label(agreement.crime.guard_years)}"
            rows += crime_rows_under(
                crime_quantities, agreement, "baseline", "mean_of_years", quantity=mean
            )
    return sensitivity_frame(rows)


def quantities_at_target(forecast: Forecast, agreement: Agreement) -> pd.DataFrame:
    """Ask a safety forecast what the agreement asks of its target wave."""
    return safety_quantities(
        forecast,
        whole=agreement.areas.whole,
        baseline=agreement.safety.baseline_wave,
        target=agreement.safety.target_wave,
    )


def safety_rows_under(
    quantities: pd.DataFrame,
    agreement: Agreement,
    areas: Iterable[str],
    assumption: str,
    alternative: str,
    *,
    readings: set[str] | None = None,
) -> list[Row]:
    """Rows of the safety goals under one alternative, for the areas it has.

    `quantities` are of the target wave; `readings` None keeps the primary ones and the strictest.
    """
    rows = []
    asked = by_cell(quantities)
    known = {area for area, *_ in asked}
    for goal, reading in _shown(agreement):
        if readings is not None and reading.id not in readings:
            continue
        for area in areas:
            if area not in known:
                continue
            for setting in reading.settings:
                cell = (area, setting, str(reading.response))
                found = quantity_of_reading(asked, cell, reading.id)
                value = np.nan if found is None else float(found["probability_true"])
                rows.append(
                    Row(
                        goal=goal.id, area=area, setting=setting, crime_type=None,
                        quantity=reading.id, assumption=assumption, alternative=alternative,
                        probability=value,
                    )
                )  # fmt: skip
    return rows


def crime_rows_under(
    quantities: pd.DataFrame,
    agreement: Agreement,
    assumption: str,
    alternative: str,
    *,
    quantity: str = _HELD,
) -> list[Row]:
    """Rows of the crime goals under one alternative: the agreement's own area, else the whole."""
    known = set(quantities["area"])
    own = agreement.areas.evaluated.names
    area = next((a for a in (*own, agreement.areas.whole) if a in known), None)
    at = quantities[
        (quantities["area"] == area)
        & (quantities["year"] == agreement.crime.target_year)
        & (quantities["quantity"] == quantity)
    ]
    rows = []
    for goal in agreement.goal:
        if goal.kind != "crime":
            continue
        form = "rate" if goal.primary.id == "hold_rate" else "count"
        for kind in goal.crime_types:
            found = at[(at["crime_type"] == kind) & (at["form"] == form)]
            if found.empty:
                continue
            is_goals = area in own and found["definition"].iloc[0] == agreement.crime.definition
            rows.append(
                Row(
                    goal=goal.id if is_goals else None, area=area, setting=None, crime_type=kind,
                    quantity=goal.primary.id, assumption=assumption, alternative=alternative,
                    probability=float(found["value"].iloc[0]),
                )
            )  # fmt: skip
    return rows


def _shown(agreement: Agreement) -> list[tuple[Goal, Reading]]:
    """Primary reading of every safety goal, and the strictest where it is declared."""
    return [
        (goal, reading)
        for goal in agreement.goal
        if goal.kind == "safety"
        for reading in goal.reading
        if reading.primary
        or (reading.id == STRICTEST and reading.response == goal.primary.response)
    ]
