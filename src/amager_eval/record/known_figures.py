"""The published figures the goals rest on, as they are known in a given year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.conventions import RESPONSES, crime_year_of_wave
from amager_eval.goals.ledger import FIGURE_KEYS

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement

__all__ = ["area_version", "known_figures", "shown_areas"]


def known_figures(
    facts: Facts, agreement: Agreement, year: int, definitions: Sequence[str]
) -> pd.DataFrame:
    """List every published figure of the agreement's areas from the baseline on.

    Columns :data:`~amager_eval.goals.ledger.FIGURE_KEYS` and `value`: percent (safety), reports
    (`count`) or reports per 1,000 (`rate`). What does not apply is None. Of reports the series
    of `definitions`, which are never joined.
    """
    rows = [*_safety(facts, agreement, year), *_crime(facts, agreement, year, definitions)]
    frame = pd.DataFrame(rows, columns=[*FIGURE_KEYS, "value"], dtype=object)
    return frame.where(frame.notna(), None)


def area_version(agreement: Agreement, area: str, marked: str = "") -> str:
    """Version of an area: as its figures are marked, else as the agreement has it, else empty."""
    return marked or next((v.id for v in agreement.areas.version if area in v.names), "")


def shown_areas(facts: Facts, agreement: Agreement) -> tuple[str, ...]:
    """Name the agreement's own area, its indicator districts, and the whole, each once."""
    areas = agreement.areas
    return tuple(dict.fromkeys((facts.area, *areas.indicators, areas.whole)))


def _safety(facts: Facts, agreement: Agreement, year: int) -> Iterator[dict[str, object]]:
    first = agreement.safety.baseline_wave
    for area in shown_areas(facts, agreement):
        for setting in dict.fromkeys(f.setting for f in facts.survey if f.area == area):
            for response in RESPONSES:
                for wave, share in facts.shares(area, setting, response).items():
                    if first <= wave <= year:
                        yield {
                            "kind": "safety",
                            "area": area,
                            "area_version": area_version(agreement, area, share.version),
                            "setting": setting,
                            "response": response,
                            "form": "percent",
                            "year": wave,
                            "value": share.percent,
                        }


def _crime(
    facts: Facts, agreement: Agreement, year: int, definitions: Sequence[str]
) -> Iterator[dict[str, object]]:
    crime = agreement.crime
    first = min((crime.baseline_year, *crime.guard_years))
    last = crime_year_of_wave(year)
    for definition in definitions:
        for area in shown_areas(facts, agreement):
            for kind in (t.id for t in crime.type):
                for calendar, figure in facts.reports(area, kind, definition).items():
                    if not first <= calendar <= last:
                        continue
                    version = area_version(agreement, area, figure.version)
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
