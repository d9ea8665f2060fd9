"""What became of everything a delivery holds: which rows, areas and types a status rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from amager_eval.conventions import crime_year_of_wave
from amager_eval.data.delivered import Delivered
from amager_eval.data.period import parse_period

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["NotUsed", "areas_and_types", "rows_not_used", "stopped"]

_TABLES: Final = ("safety", "crime", "population")


@dataclass(frozen=True)
class NotUsed:
    """Rows no verdict of this year rests on: of which table, why, what they are, how many."""

    table: str
    why: str
    what: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class _Row:
    """A row's area, its type where it is of reports, and why no verdict rests on it, if so."""

    table: str
    area: str
    crime_type: str
    why: str = ""
    what: str = ""


def rows_not_used(data: Input, agreement: Agreement, area: str, year: int) -> Iterator[NotUsed]:
    """Yield the rows no verdict rests on, by table, each under the first reason that holds.

    `data` is as delivered, `area` the one the goals are judged for, `year` the status's survey
    wave.
    """
    reasons: dict[tuple[str, str], dict[str, int]] = {}
    for row in _rows(data, agreement, area, year):
        if row.why:
            named = reasons.setdefault((row.table, row.why), {})
            named[row.what] = named.get(row.what, 0) + 1
    for (table, why), named in reasons.items():
        yield NotUsed(table, why, tuple(named), sum(named.values()))


def areas_and_types(data: Input, agreement: Agreement, area: str, year: int) -> Iterator[Delivered]:
    """Yield every area and type of a delivery, used where a row of it is; see `rows_not_used`."""
    rows = list(_rows(data, agreement, area, year))
    for name in dict.fromkeys(row.area for row in rows):
        yield _became("area", name, [row.why for row in rows if row.area == name])
    known = {t.id for t in agreement.crime.type}
    if agreement.crime.statbank is not None:
        known |= set(agreement.crime.statbank.types)
    reports = [row for row in rows if row.table == "crime"]
    for name in dict.fromkeys(row.crime_type for row in reports):
        reasons = [row.why for row in reports if row.crime_type == name]
        if name not in known:
            reasons = [why or "no_goal" for why in reasons]
        yield _became("crime_type", name, reasons)


def stopped(delivered: Iterable[Delivered]) -> tuple[Delivered, ...]:
    """Say of what was read that it is not used where a fault stops the reading."""
    return tuple(
        replace(entry, state="unused", reason="stopped") if entry.state == "used" else entry
        for entry in delivered
    )


def _became(kind: Any, name: str, reasons: list[str]) -> Delivered:
    used = sum(not why for why in reasons)
    if used:
        return Delivered(kind, name, "used", used)
    return Delivered(kind, name, "unused", len(reasons), reasons[0])


def _rows(data: Input, agreement: Agreement, area: str, year: int) -> Iterator[_Row]:
    areas, crime = agreement.areas, agreement.crime
    earlier = {n for v in areas.version if not v.evaluated for n in v.names}
    known = {areas.whole, *areas.parts, area}
    last = crime_year_of_wave(year)
    statbank = crime.statbank.table if crime.statbank else ""
    for table in _TABLES:
        frame: pd.DataFrame | None = getattr(data, table)
        if frame is None:
            continue
        short = _in_short_years(frame, crime.definition) if table == "crime" else set()
        for row in frame.to_dict("records"):
            at = int(row["wave"]) if table == "safety" else parse_period(row["period"]).year
            why, what = "", ""
            if row["area"] in earlier:
                why, what = "earlier_area", row["area"]
            elif row["area"] not in known:
                why, what = "unknown_area", row["area"]
            elif table == "crime" and row["definition"] not in {crime.definition, statbank}:
                why, what = "other_definition", row["definition"]
            elif (table == "safety" and at > year) or (table == "crime" and at > last):
                why, what = "later_year", str(at)
            elif _series(row, at) in short:
                why, what = "incomplete_year", f"{row['area']}, {row['crime_type']}, {at}"
            yield _Row(table, row["area"], row.get("crime_type", ""), why, what)


def _series(row: Mapping[Any, Any], year: int) -> tuple[Any, ...]:
    return row["area"], row.get("crime_type"), row.get("definition"), year


def _in_short_years(crime: pd.DataFrame, definition: str) -> set[tuple[Any, ...]]:
    """Series and years of which a quarter or month is lacking: they are no year's count."""
    counted: dict[tuple[Any, ...], tuple[int, int]] = {}
    for row in crime[crime["definition"] == definition].to_dict("records"):
        period = parse_period(row["period"])
        key = _series(row, period.year)
        counted[key] = (counted.get(key, (0, 0))[0] + 1, period.per_year)
    return {key for key, (rows, per_year) in counted.items() if rows != per_year}
