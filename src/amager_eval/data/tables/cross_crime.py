"""Checks of rows of reports and inhabitants against each other: series, definitions, totals."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from amager_eval.data.period import Period, parse_period
from amager_eval.data.tables.cells import Inhabitants, RowContext
from amager_eval.data.tables.cross_rows import (
    SUM_TOLERANCE,
    Record,
    area_versions,
    distinct,
    duplicates,
    groups,
    what,
)
from amager_eval.spec.assumptions import load_assumptions

if TYPE_CHECKING:
    from amager_eval.data.tables.findings import Findings

__all__ = [
    "check_crime_rows",
    "check_population_rows",
    "one_series_each",
    "population_agrees",
    "population_column",
    "population_covers_years",
    "population_given",
    "reports_within_population",
    "residents_within_population",
]

_DECLARED: Final = load_assumptions().checks.crime
#: A rate per 1,000 beyond this says that there were more reports than inhabitants.
PER_1000: Final = 1000.0
#: Names of the crime type that holds the others.
TOTALS: Final = ("total", "i alt")
#: Rates are printed in whole numbers, of inhabitants of another day than those delivered.
_RATE_ROUNDING: Final = 0.5


def check_crime_rows(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Check duplicates, definitions, versions, missing periods and totals."""
    keys = ("area", "area_version", "period", "crime_type", "definition")
    duplicates(rows, keys, positions, findings)
    if findings.file is not None:
        _definitions(rows, positions, findings)
    area_versions(rows, ("area", "crime_type", "definition"), positions, findings)
    _missing_periods(rows, findings)
    for at, row in zip(positions, rows, strict=True):
        rate = row["per_1000"]
        if rate is not None and rate > PER_1000:
            findings.add("rate_above_all", at=at, column="per_1000", found=float(rate))
    _total_holds_types(rows, positions, findings)


def check_population_rows(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Check duplicates, two numbers of one day, and jumps."""
    keys = ("area", "area_version", "period")
    duplicates(rows, keys, positions, findings)
    for at, row in zip(positions, rows, strict=True):
        if row["population"] % 1:
            found = f"{row['population']:.12g}"
            findings.add("population_fractional", at=at, column="population", found=found)
    once = [members[0] for members in groups(rows, keys).values()]  # the others are told already
    agreeing = [rows[i] for i in once], [positions[i] for i in once]
    population_agrees(*agreeing, findings, keys=("area", "area_version"))
    starts = [parse_period(row["period"]).start for row in rows]
    for members in groups(rows, ("area", "area_version")).values():
        order = sorted(members, key=lambda i: starts[i])
        for before, after in pairwise(order):
            ratio = rows[after]["population"] / rows[before]["population"]
            years = max(starts[after] - starts[before], 1.0)
            if abs(math.log(ratio)) / years > math.log1p(_DECLARED.population_jump / 100):
                findings.add(
                    "population_jumps",
                    at=positions[after],
                    column="population",
                    found=float(rows[after]["population"]),
                    area=rows[after]["area"],
                    change=f"{100 * (ratio - 1):+.0f}",
                    before=rows[before]["period"],
                    after=rows[after]["period"],
                )


def _missing_periods(rows: Sequence[Record], findings: Findings) -> None:
    for values, members in groups(rows, ("area", "crime_type", "definition")).items():
        by_unit: dict[str, dict[int, Period]] = defaultdict(dict)
        for i in members:
            period = parse_period(rows[i]["period"])
            by_unit[period.unit][period.ordinal] = period
        for periods in by_unit.values():
            first, last = min(periods), max(periods)
            gaps = [k for k in range(first, last) if k not in periods]
            if gaps:
                listed = ", ".join(str(periods[first].shift(k - first)) for k in gaps[:8])
                listed += " …" if len(gaps) > 8 else ""
                findings.add("gap_in_periods", column="period", what=what(values), missing=listed)


def _definitions(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Refuse a series that goes on under another definition; warn across areas."""
    changed = set()
    units = [{**row, "unit": parse_period(row["period"]).unit} for row in rows]
    for values, members in groups(units, ("area", "crime_type", "unit")).items():
        periods: dict[str, set[str]] = defaultdict(set)
        for i in members:
            periods[rows[i]["definition"]].add(rows[i]["period"])
        first, *others = periods
        for other in others:
            # shared periods show two series side by side; none shows one that goes over
            if not periods[first] & periods[other]:
                at = next(i for i in members if rows[i]["definition"] == other)
                findings.add(
                    "definition_changes",
                    at=positions[at],
                    column="definition",
                    found=other,
                    what=what(values[:2]),
                    definitions=", ".join(periods),
                )
                changed.add(values[1])
    for (crime_type,), members in groups(rows, ("crime_type",)).items():
        names = distinct(rows[i]["definition"] for i in members)
        if len(names) > 1 and crime_type not in changed:
            findings.add(
                "definition_mixed",
                column="definition",
                what=crime_type,
                definitions=", ".join(names),
            )


def one_series_each(rows: Sequence[Record], findings: Findings) -> None:
    """Refuse what a fit would join silently: several definitions, several period lengths."""
    for (crime_type,), members in groups(rows, ("crime_type",)).items():
        names = distinct(rows[i]["definition"] or "-" for i in members)
        if len(names) > 1:
            other = next(i for i in members if (rows[i]["definition"] or "-") == names[1])
            findings.add(
                "definition_mixed_fit",
                at=other,
                column="definition",
                found=names[1],
                what=crime_type,
                definitions=", ".join(names),
            )
    units = [parse_period(row["period"]).unit for row in rows]
    if len(set(units)) > 1:
        at = next(i for i, unit in enumerate(units) if unit != units[0])
        findings.add(
            "mixed_units",
            at=at,
            column="period",
            found=rows[at]["period"],
            units=", ".join(distinct(units)),
        )


def population_agrees(
    rows: Sequence[Record],
    positions: Sequence[int],
    findings: Findings,
    *,
    keys: Sequence[str] = ("area",),
) -> None:
    """Refuse two numbers of inhabitants of one area on one day; one may stand repeatedly."""
    dated = [{**row, "start": parse_period(row["period"]).start} for row in rows]
    for members in groups(dated, (*keys, "start")).values():
        first = dated[members[0]]
        other = next((i for i in members if rows[i]["population"] != first["population"]), None)
        if other is not None:
            findings.add(
                "population_contradicts",
                at=positions[other],
                column="population",
                found=rows[other]["population"],
                area=first["area"],
                period=first["period"],
                inhabitants=f"{first['population']:.12g}",
                first=findings.rows[positions[members[0]]],
            )


def population_column(
    rows: Sequence[Record], cells: Sequence[object], findings: Findings
) -> list[float | None]:
    """Inhabitants as numbers: positive, there wherever reports are counted, one at a time.

    `rows` are the reports and `cells` what stands beside them, None where it is empty.
    """
    kind: TypeAdapter[float | None] = TypeAdapter(Inhabitants)
    numbers: list[float | None] = []
    for at, (row, found) in enumerate(zip(rows, cells, strict=True)):
        number = None
        try:
            number = kind.validate_python(found, context=RowContext())
            if number is None and row["count"] is not None:
                findings.add("missing", at=at, column="population")
        except ValidationError as error:
            (fault,) = error.errors(include_url=False, include_input=False)
            words = fault.get("ctx", {})
            findings.add(fault["type"], at=at, column="population", found=found, **words)
        numbers.append(number)
    given = [at for at, number in enumerate(numbers) if number is not None]
    beside = [{**rows[at], "population": numbers[at]} for at in given]
    population_agrees(beside, given, findings)
    return numbers


def population_given(
    rows: Sequence[Record],
    positions: Sequence[int],
    areas: Collection[str],
    findings: Findings,
    *,
    code: str = "population_missing",
) -> None:
    """Note every area with counted reports that is not among `areas` with inhabitants."""
    noted = set(areas)
    for at, row in zip(positions, rows, strict=True):
        if row["count"] is not None and row["area"] not in noted:
            noted.add(row["area"])
            findings.add(code, at=at, column="area", found=row["area"], area=row["area"])


def population_covers_years(
    crime: Sequence[Record], population: Sequence[Record], findings: Findings
) -> None:
    """Per area, years of counted reports that lie over a year from any date with inhabitants."""
    dates: dict[str, list[float]] = defaultdict(list)
    for row in population:
        dates[row["area"]].append(parse_period(row["period"]).start)
    years: dict[str, set[int]] = defaultdict(set)
    for row in crime:
        if row["count"] is not None and row["area"] in dates:
            years[row["area"]].add(int(parse_period(row["period"]).start))
    for area, counted in years.items():
        far = [y for y in sorted(counted) if min(abs(y + 0.5 - d) for d in dates[area]) > 1]
        if far:
            listed = ", ".join(str(y) for y in far[:8]) + (" …" if len(far) > 8 else "")
            findings.add("population_far", column="period", area=area, missing=listed)


def reports_within_population(
    crime: Sequence[Record],
    positions: Sequence[int],
    population: Sequence[Record],
    findings: Findings,
) -> None:
    """Warn of more reports than inhabitants at the nearest date, and of a rate of other numbers.

    Quarters and months are held against the inhabitants one by one, then as their year.
    """
    people: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in population:
        people[row["area"]].append((parse_period(row["period"]).start, row["population"]))
    years: dict[tuple[object, ...], list[int]] = defaultdict(list)

    def hold(count: float, area: str, moment: float, at: int) -> float:
        _, inhabitants = min(people[area], key=lambda dated: abs(dated[0] - moment))
        if count > inhabitants:
            findings.add(
                "count_above_population",
                at=at,
                column="count",
                found=count,
                area=area,
                inhabitants=f"{inhabitants:.12g}",
            )
        return inhabitants

    for i, (at, row) in enumerate(zip(positions, crime, strict=True)):
        if row["count"] is None or row["area"] not in people:
            continue
        period = parse_period(row["period"])
        inhabitants = hold(float(row["count"]), row["area"], period.midpoint, at)
        computed = 1000 * row["count"] / inhabitants
        if row["per_1000"] is not None and _is_other(row["per_1000"], computed):
            findings.add(
                "crime_rate_differs",
                at=at,
                column="per_1000",
                found=float(row["per_1000"]),
                area=row["area"],
                rate=float(f"{computed:.3g}"),
            )
        if period.unit != "Y" and row["count"] <= inhabitants:
            series = tuple(row.get(c) for c in ("area", "area_version", "crime_type", "definition"))
            years[*series, period.unit, period.year].append(i)
    for (*_, year), members in years.items():
        first = crime[members[0]]
        total = float(sum(crime[i]["count"] for i in members))
        hold(total, first["area"], Period(int(str(year)), "Y", 1).midpoint, positions[members[0]])


def _is_other(rate: float, computed: float) -> bool:
    """Whether a rate is another number than its count's, beyond rounding and other inhabitants."""
    apart = abs(rate - computed) > _RATE_ROUNDING
    return apart and not computed / _DECLARED.rate_ratio <= rate <= computed * _DECLARED.rate_ratio


def _total_holds_types(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Hold the type `total` (or `i alt`) against the sum of the other types."""
    keys = ("area", "area_version", "period", "definition")
    for values, members in groups(rows, keys).items():
        counted = [i for i in members if rows[i]["count"] is not None]
        totals = [i for i in counted if rows[i]["crime_type"].casefold() in TOTALS]
        others = sum(rows[i]["count"] for i in counted if i not in totals)
        for i in totals:
            if others > rows[i]["count"] * (1 + SUM_TOLERANCE):
                findings.add(
                    "total_below_types",
                    at=positions[i],
                    column="count",
                    found=float(rows[i]["count"]),
                    what=what(values),
                    total=float(others),
                )


def residents_within_population(
    residents: Sequence[Record],
    population: Sequence[Record],
    names: Sequence[str],
    findings: Findings,
) -> None:
    """Hold the residents' sum against the area's inhabitants: on no day were there so many or few.

    They may have been counted on any day the inhabitants were.
    """
    given = {row["period"]: float(row["population"]) for row in population if row["area"] in names}
    total = sum(float(row["residents"]) for row in residents)
    apart = [abs(total - n) / n for n in given.values()]
    if residents and apart and min(apart) > _DECLARED.residents_apart:
        latest = given[max(given, key=lambda p: parse_period(p).start)]
        findings.add(
            "residents_sum",
            column="residents",
            total=float(total),
            area=names[0],
            inhabitants=float(latest),
        )
