"""Bring each series of reports to periods of one length, where the numbers agree; else say so.

A count covers the days of its period. Where a year and its quarters, or a quarter and its months,
are both given, they must add up; where other years are given as wholes, shorter periods are added
up to them. What covers a period only in part is never taken for it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from amager_eval.data.period import PER_YEAR, Period, Unit, parse_period
from amager_eval.data.tables.cross_rows import Record, groups, what
from amager_eval.data.tables.findings import Findings
from amager_eval.spec.assumptions import load_assumptions

__all__ = ["one_length", "tell_cumulative", "tell_unfinished_years"]

_SERIES: Final = ("area", "area_version", "crime_type", "definition")
#: A year to date ends at about as many times its first period as there are periods in a year.
_CUMULATIVE: Final = load_assumptions().checks.crime.to_date
#: From the shortest to the longest.
_UNITS: Final[tuple[Unit, ...]] = ("M", "K", "Y")


def one_length(
    rows: Sequence[Record],
    positions: Sequence[int],
    findings: Findings,
    at_most: Mapping[int, float] | None = None,
) -> tuple[list[Record], list[int]]:
    """Bring every series to one length of period.

    Rows of reports without a fault of their own, each with its place in the table; `at_most` is the
    largest count of those whose count is hidden. `findings` receives mixes that do not add up, and
    what was added up or left out. The rows that stay and those added up are returned, each at the
    place of its first part.
    """
    series = {
        key: _Series(rows, positions, key, members, at_most or {})
        for key, members in groups(rows, _SERIES).items()
    }
    mixed = {key: one for key, one in series.items() if len(one.units) > 1}
    for one in mixed.values():
        one.hold_together(findings)
    sound = {key: one for key, one in mixed.items() if not one.faulty}
    chosen = _lengths(sound, [one for one in series.values() if len(one.units) == 1])
    replaced: dict[int, list[tuple[Record, int]]] = {}
    for key, one in sound.items():
        if (unit := chosen[key]) is None:
            one.tell_lengths(findings)
        else:
            kept = one.brought_to(unit, findings)
            replaced |= {i: [] for i in one.members}
            for record, at in kept:
                replaced[at].append((record, positions[at]))
    stay = [pair for i, row in enumerate(rows) for pair in replaced.get(i, [(row, positions[i])])]
    return [row for row, _ in stay], [at for _, at in stay]


def tell_unfinished_years(rows: Sequence[Record], findings: Findings) -> None:
    """Warn, once a definition, of years at either end that lack quarters or months."""
    lacking: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for (*_, definition), members in groups(rows, _SERIES).items():
        periods = {parse_period(rows[i]["period"]) for i in members}
        if len({p.unit for p in periods}) != 1:
            continue
        for year in {min(p.year for p in periods), max(p.year for p in periods)}:
            (unit,) = {p.unit for p in periods}
            whole = {Period(year, unit, k + 1) for k in range(PER_YEAR[unit])}
            lacking[definition][year] |= {str(p) for p in whole - periods}
    for definition, years in lacking.items():
        for year, missing in sorted(years.items()):
            if missing:
                listed = ", ".join(sorted(missing))
                findings.add(
                    "year_unfinished", column="period", what=definition, year=year, missing=listed
                )


def tell_cumulative(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Warn of series that look like figures of the year to date: they would count twice over.

    In every whole year no period is below the one before, and the last is a multiple of the first.
    """
    for key, members in groups(rows, _SERIES).items():
        counts = {parse_period(rows[i]["period"]): rows[i]["count"] for i in members}
        units = {p.unit for p in counts}
        if len(units) != 1 or (unit := units.pop()) == "Y":
            continue
        years = [
            [counts.get(Period(year, unit, k + 1)) for k in range(PER_YEAR[unit])]
            for year in {p.year for p in counts}
        ]
        whole = [[c for c in year if c is not None] for year in years if None not in year]
        if whole and all(
            year == sorted(year) and 0 < _CUMULATIVE * year[0] <= year[-1] for year in whole
        ):
            at = [positions[i] for i in members]
            findings.add("periods_cumulative", at=at, column="count", what=what(key))


def _lengths(
    mixed: Mapping[tuple[object, ...], _Series], plain: Iterable[_Series]
) -> dict[tuple[object, ...], Unit | None]:
    """Choose a length for every mixed series: that of its definition's others, else the shortest.

    A model of several areas and types needs one length for all of them.
    """
    chosen: dict[tuple[object, ...], Unit | None] = {}
    others: dict[object, set[Unit]] = defaultdict(set)
    for one in plain:
        others[one.definition] |= one.units
    for definition in {one.definition for one in mixed.values()}:
        own = {key: one.possible() for key, one in mixed.items() if one.definition == definition}
        common = [u for u in _UNITS if all(u in units for units in own.values())]
        wanted = [u for u in common if {u} == others[definition]] or common
        for key, units in own.items():
            chosen[key] = wanted[0] if wanted else next(iter(units), None)
    return chosen


@dataclass(eq=False)
class _Series:
    """One series by period; of a period that is given twice (told elsewhere) the first."""

    rows: Sequence[Record]
    positions: Sequence[int]
    key: tuple[object, ...]
    members: Sequence[int]
    at_most: Mapping[int, float]
    faulty: bool = False

    def __post_init__(self) -> None:
        self.given: dict[Period, int] = {}
        for i in self.members:
            self.given.setdefault(parse_period(self.rows[i]["period"]), i)

    @property
    def units(self) -> set[Unit]:
        return {p.unit for p in self.given}

    @property
    def definition(self) -> object:
        return self.key[-1]

    def count(self, period: Period) -> float | None:
        found: float | None = self.rows[self.given[period]]["count"]
        return found

    def most(self, period: Period) -> float:
        """Largest count a period may have."""
        count = self.count(period)
        hidden = self.at_most.get(self.positions[self.given[period]], math.inf)
        return hidden if count is None else count

    def parts(self, period: Period) -> list[Period] | None:
        """Shorter given periods that together cover a period, the longest there are; or None."""
        covering: list[Period] = []
        for part in _split(period):
            if part in self.given:
                covering.append(part)
            elif (below := self.parts(part)) is not None:
                covering += below
            else:
                return None
        return covering or None

    def within(self, period: Period) -> list[Period]:
        """Shorter given periods that lie within a period."""
        return [p for p in self.given if p.per_year > period.per_year and _holds(period, p)]

    def total(self, periods: Iterable[Period]) -> float | None:
        """Sum of the counts; None where one is not known."""
        counts = [self.count(p) for p in periods]
        known = [c for c in counts if c is not None]
        return sum(known) if len(known) == len(counts) else None

    def hold_together(self, findings: Findings) -> None:
        """Note what is given twice and does not add up, and what covers a period in part."""
        told = set()
        for period in sorted(self.given):
            if period.year in told or not self.within(period):
                continue
            parts, count = self.parts(period), self.count(period)
            if parts is None or count is None:
                self._tell_mix(period.year, findings)
                told.add(period.year)
                continue
            total = sum(c for p in parts if (c := self.count(p)) is not None)
            # a part known as a rate alone can only add to the others, a hidden one a little
            if total > count or count > sum(map(self.most, parts)):
                self.faulty = True
                findings.add(
                    "periods_differ",
                    at=self.positions[self.given[period]],
                    column="count",
                    found=float(count),
                    what=what(self.key),
                    period=period,
                    given=float(count),
                    total=float(total),
                )
        for year in sorted({p.year for p in self.given} - told):
            if not self._one_way_to_cover(year):
                self._tell_mix(year, findings)

    def _one_way_to_cover(self, year: int) -> bool:
        """Whether months beside quarters of a year make whole quarters."""
        of_year = [p for p in self.given if p.year == year]
        if len({p.unit for p in of_year} - {"Y"}) < 2:
            return True
        loose = {Period(year, "K", (p.index + 2) // 3) for p in of_year if p.unit == "M"}
        return all(q in self.given or self.parts(q) is not None for q in loose)

    def _tell_mix(self, year: int, findings: Findings) -> None:
        self.faulty = True
        of_year = sorted(p for p in self.given if p.year == year)
        at = [self.positions[self.given[p]] for p in of_year]
        listed = ", ".join(map(str, of_year))
        findings.add(
            "periods_mixed", at=at, column="period", what=what(self.key), year=year, periods=listed
        )

    def tell_lengths(self, findings: Findings) -> None:
        """Note that no length suits every year, with the rows of the less frequent lengths."""
        often = max(_UNITS, key=lambda u: sum(p.unit == u for p in self.given))
        other = sorted(p for p in self.given if p.unit != often)
        at = [self.positions[self.given[p]] for p in other]
        findings.add(
            "periods_lengths",
            at=at,
            column="period",
            what=what(self.key),
            periods=", ".join(map(str, other)),
        )

    def possible(self) -> list[Unit]:
        """Lengths the whole series can be brought to with nothing lost, the shortest first."""
        return [u for u in _UNITS if u in self.units and all(self._fits(p, u) for p in self.given)]

    def _fits(self, period: Period, unit: Unit) -> bool:
        if period.unit == unit:
            return True
        if period.per_year < PER_YEAR[unit]:  # longer: its parts must say the same
            parts = self.parts(period)
            published = self.rows[self.given[period]]["per_1000"] is not None
            said = parts is not None and self.total(parts) is not None
            return said and not published and {p.unit for p in parts or ()} == {unit}
        whole = _holder(period, unit)
        if whole in self.given:
            return True
        parts = self.parts(whole)
        return parts is not None and self.total(parts) is not None

    def brought_to(self, unit: Unit, findings: Findings) -> list[tuple[Record, int]]:
        """Rows of one length, each with the index of the row it stands at."""
        kept: list[tuple[Record, int]] = []
        left: dict[str, int] = defaultdict(int)
        added: dict[Period, int] = {}
        for period, i in self.given.items():
            if period.unit == unit:
                kept.append((self.rows[i], i))
            elif period.per_year < PER_YEAR[unit]:
                left["as_its_parts"] += 1
            elif (whole := _holder(period, unit)) in self.given:
                left["as_the_whole"] += 1
            else:
                left["added_up"] += 1
                added.setdefault(whole, i)
        for whole, i in added.items():
            total = self.total(self.parts(whole) or ())
            kept.append(({**self.rows[i], "period": str(whole), "count": total}, i))
        for reason, rows in left.items():
            findings.deliver("rows", what(self.key), "unused", rows, reason)
        if added:
            findings.add(
                "periods_summed",
                at=[self.positions[i] for i in added.values()],
                column="period",
                what=what(self.key),
                periods=", ".join(map(str, sorted(added))),
            )
        return kept


def _split(period: Period) -> list[Period]:
    """Quarters of a year, months of a quarter."""
    if period.unit == "M":
        return []
    unit: Unit = "K" if period.unit == "Y" else "M"
    many = PER_YEAR[unit] // period.per_year
    return [Period(period.year, unit, many * (period.index - 1) + k + 1) for k in range(many)]


def _holds(period: Period, part: Period) -> bool:
    return period.first_day <= part.first_day and part.last_day <= period.last_day


def _holder(part: Period, unit: Unit) -> Period:
    """Longer period of a unit that holds a shorter one."""
    return Period(part.year, unit, (part.index - 1) * PER_YEAR[unit] // part.per_year + 1)
