"""The published figures the goals rest on, as they are known in a given year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from amager_eval.conventions import RESPONSES, crime_year_of_wave
from amager_eval.data.annual_figures import annual_figures
from amager_eval.goals.ledger import FIGURE_KEYS
from amager_eval.goals.results import evaluated_area
from amager_eval.goals.safety.published_shares import published_shares

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["area_version", "known_figures", "shown_areas"]


def known_figures(
    data: Input, agreement: Agreement, year: int, definitions: Sequence[str]
) -> pd.DataFrame:
    """List every published figure of the agreement's areas from the baseline on.

    Parameters
    ----------
    data : Input
        What is known.
    agreement : Agreement
        Areas, settings, crime types and the years to begin with.
    year : int
        Survey wave of the statement.
    definitions : sequence of str
        Crime series to list; they are never joined.

    Returns
    -------
    DataFrame
        Columns :data:`~amager_eval.goals.ledger.FIGURE_KEYS` and `value`: percent (safety),
        reports (`count`) or reports per 1,000 (`rate`). What does not apply is None.
    """
    rows = [*_safety(data, agreement, year), *_crime(data, agreement, year, definitions)]
    frame = pd.DataFrame(rows, columns=[*FIGURE_KEYS, "value"], dtype=object)
    return frame.where(frame.notna(), None)


def area_version(
    frame: pd.DataFrame | None, agreement: Agreement, area: str, row: pd.Series | None = None
) -> str:
    """Version of an area: as its latest row (or the row given) says, else as the agreement does.

    Returns
    -------
    str
        Empty for an area without versions.
    """
    given: Any = None
    if row is not None:
        given = row.get("area_version")
    elif frame is not None and "area_version" in frame:
        own = frame.loc[frame["area"] == area]
        period = "wave" if "wave" in own else "period"
        own = own.assign(order=own[period].astype(str)).sort_values("order")
        given = own["area_version"].iloc[-1] if len(own) else None
    if given is not None and not pd.isna(given) and str(given):
        return str(given)
    return next((v.id for v in agreement.areas.version if area in v.names), "")


def shown_areas(data: Input, agreement: Agreement) -> tuple[str, ...]:
    """Name the agreement's own area, its indicator districts, and the whole, each once."""
    own = evaluated_area(data, agreement)
    return tuple(dict.fromkeys((own, *agreement.areas.indicators, agreement.areas.whole)))


def _safety(data: Input, agreement: Agreement, year: int) -> Iterator[dict[str, Any]]:
    if data.safety is None:
        return
    first = agreement.safety.baseline_wave
    for area in shown_areas(data, agreement):
        own = data.safety[data.safety["area"] == area]
        for setting in dict.fromkeys(own["setting"]):
            for response in RESPONSES:
                for wave, share in published_shares(own, area, setting, response).items():
                    if not first <= wave <= year:
                        continue
                    row = own[
                        (own["wave"] == wave)
                        & (own["setting"] == setting)
                        & (own["response"] == response)
                    ].iloc[0]
                    yield {
                        "kind": "safety",
                        "area": area,
                        "area_version": area_version(None, agreement, area, row),
                        "setting": setting,
                        "response": response,
                        "form": "percent",
                        "year": wave,
                        "value": share.percent,
                    }


def _crime(
    data: Input, agreement: Agreement, year: int, definitions: Sequence[str]
) -> Iterator[dict[str, Any]]:
    if data.crime is None:
        return
    crime = agreement.crime
    first = min((crime.baseline_year, *crime.guard_years))
    last = crime_year_of_wave(year)
    for definition in definitions:
        for area in shown_areas(data, agreement):
            own = data.crime[
                (data.crime["area"] == area) & (data.crime["definition"] == definition)
            ]
            for kind in (t.id for t in agreement.crime.type):
                for calendar, figure in annual_figures(data, area, kind, definition).items():
                    if not first <= calendar <= last:
                        continue
                    of_year = own[own["period"].astype(str).str.startswith(str(calendar))]
                    version = area_version(None, agreement, area, of_year.iloc[0])
                    for form, value in (("count", figure.count), ("rate", figure.rate)):
                        if value is not None:
                            yield {
                                "kind": "crime",
                                "area": area,
                                "area_version": version,
                                "crime_type": kind,
                                "definition": definition,
                                "form": form,
                                "year": calendar,
                                "value": round(value, 4),
                            }
