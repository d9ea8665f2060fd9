"""Reported crime of the city and the districts where the area's own was not delivered: context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from amager_eval.conventions import crime_year_of_wave
from amager_eval.goals.partners.signals import reports_moved
from amager_eval.goals.standing import Figure

if TYPE_CHECKING:
    from amager_eval.goals.judged import Judged

__all__ = ["ContextReports", "crime_context"]


@dataclass(frozen=True)
class ContextReports:
    """Reports of one area and type in the baseline year and the latest, by one definition."""

    #: Which series.
    area: str
    crime_type: str
    definition: str
    #: Reports a year.
    count: Figure | None
    count_baseline: Figure | None
    #: Reports per 1,000 inhabitants a year.
    rate: Figure | None
    rate_baseline: Figure | None
    shown: Literal["yes", "no", "undecided"]  #: Whether the change is more than ordinary variation

    @property
    def change(self) -> float | None:
        """Change of the rate since the baseline, as a share of it (of the count without rates)."""
        for before, after in (
            (self.rate_baseline, self.rate),
            (self.count_baseline, self.count),
        ):
            if before is not None and after is not None and before.value:
                return after.value / before.value - 1
        return None


def crime_context(statement: Judged) -> tuple[ContextReports, ...]:
    """Collect reports that say how crime goes around the area, none of them the goals' own.

    The whole's selected types by the declared context series; then the published totals of the
    indicator districts and of the whole, of the one definition with figures of both the baseline
    year and the latest. Nothing where the status is of the baseline year itself: no year is
    compared with itself.
    """
    agreement, crime = statement.agreement, statement.agreement.crime
    year = crime_year_of_wave(statement.year)
    if year <= crime.baseline_year or not crime.type:
        return ()
    whole = agreement.areas.whole
    wanted: list[tuple[str, str, str]] = []
    if crime.statbank is not None:
        selected = [t.id for t in crime.type if t.role == "selected"]
        wanted += [(whole, kind, crime.statbank.table) for kind in selected]
    districts = (*agreement.areas.indicators, whole)
    total = next((t.id for t in crime.type if t.role == "total"), None)
    if total is not None:
        series = _published_series(statement, districts, total, year)
        wanted += [(area, total, series) for area in districts if series is not None]
    found = [_reports(statement, *key, year) for key in wanted]
    return tuple(r for r in found if r is not None and r.change is not None)


def _published_series(
    statement: Judged, districts: tuple[str, ...], total: str, year: int
) -> str | None:
    """Definition by which most of the districts have a total in both years."""
    crime, facts = statement.agreement.crime, statement.facts
    context = crime.statbank.table if crime.statbank is not None else None
    held: dict[str, int] = {}
    for definition in sorted({d for _, _, d in facts.series} - {context}):
        for area in districts:
            years = facts.reports(area, total, definition)
            held[definition] = held.get(definition, 0) + ({crime.baseline_year, year} <= set(years))
    best = max(held, key=lambda d: held[d], default=None)
    return best if best is not None and held[best] else None


def _reports(
    statement: Judged, area: str, kind: str, definition: str, year: int
) -> ContextReports | None:
    facts, agreement = statement.facts, statement.agreement
    start = agreement.crime.baseline_year
    figures = facts.reports(area, kind, definition)
    if start not in figures or year not in figures:
        return None
    made: dict[tuple[str, int], Figure | None] = {}
    for y in (start, year):
        values = {"count": figures[y].count, "rate": figures[y].rate}
        for form, value in values.items():
            made[form, y] = None if value is None else Figure(value, y, figures[y].grade or "")
    return ContextReports(
        area, kind, definition,
        made["count", year], made["count", start], made["rate", year], made["rate", start],
        reports_moved(facts, agreement, area, kind, start, year, definition),
    )  # fmt: skip
