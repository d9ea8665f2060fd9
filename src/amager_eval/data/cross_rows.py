"""Checks of rows against each other: duplicates, sums, series, gaps, inhabitants.

A row is a mapping of column to value in which a missing value is None; `positions` holds the
place of each row in its table, for rows with a fault of their own are left out.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from amager_eval.data.period import Period, parse_period

if TYPE_CHECKING:
    from amager_eval.data.findings import Findings

__all__ = [
    "CHECKS",
    "Record",
    "areas_that_are_numbers",
    "one_series_each",
    "population_covers_years",
    "population_given",
    "respondents_within_round",
    "waves_without_n",
    "whole_holds_parts",
]

type Record = Mapping[str, Any]

#: Yearly change of a population beyond which it is questioned, percent.
POPULATION_JUMP: Final = 15.0
#: A sum may exceed its whole by this share before it is questioned (rounding, late reports).
SUM_TOLERANCE: Final = 0.005
#: Names of the crime type that holds the others.
TOTALS: Final = ("total", "i alt")


def check_safety_rows(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Check duplicates, sums over 100, decimals, fractions, versions and missing waves."""
    keys = ("area", "area_version", "wave", "setting", "response")
    _duplicates(rows, keys, positions, findings)
    _sums_of_answers(rows, positions, findings)
    for at, row in zip(positions, rows, strict=True):
        _figures_agree(row, at, findings)
    _fractions(rows, positions, findings)
    _area_versions(rows, ("area", "setting", "response"), positions, findings)
    _missing_waves(rows, findings)


def check_round_rows(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Check duplicates and response rates."""
    _duplicates(rows, ("wave",), positions, findings)
    for at, row in zip(positions, rows, strict=True):
        rate = row["response_rate_percent"]
        if rate is None or row["invited"] is None or row["respondents"] is None:
            continue
        share = 100 * row["respondents"] / row["invited"]
        # both the rate and the counts are published rounded
        if abs(share - rate) > 1:
            findings.add(
                "rate_differs",
                at=at,
                column="response_rate_percent",
                found=f"{rate:g}",
                share=f"{share:.1f}",
            )


def check_crime_rows(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Check duplicates, definitions, versions, missing periods and totals."""
    keys = ("area", "area_version", "period", "crime_type", "definition")
    _duplicates(rows, keys, positions, findings)
    if findings.file is not None:
        _definitions(rows, positions, findings)
    _area_versions(rows, ("area", "crime_type", "definition"), positions, findings)
    _missing_periods(rows, findings)
    _total_holds_types(rows, positions, findings)


def check_population_rows(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Check duplicates and jumps."""
    _duplicates(rows, ("area", "area_version", "period"), positions, findings)
    starts = [parse_period(row["period"]).start for row in rows]
    for members in _groups(rows, ("area", "area_version")).values():
        order = sorted(members, key=lambda i: starts[i])
        for before, after in pairwise(order):
            ratio = rows[after]["population"] / rows[before]["population"]
            years = max(starts[after] - starts[before], 1.0)
            if abs(math.log(ratio)) / years > math.log1p(POPULATION_JUMP / 100):
                findings.add(
                    "population_jumps",
                    at=positions[after],
                    column="population",
                    found=f"{rows[after]['population']:g}",
                    area=rows[after]["area"],
                    change=f"{100 * (ratio - 1):+.0f}",
                    before=rows[before]["period"],
                    after=rows[after]["period"],
                )


def check_activity_rows(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Check duplicates."""
    _duplicates(rows, ("activity", "focus_area"), positions, findings)


#: The checks of each table.
CHECKS: Final[Mapping[str, Callable[[Sequence[Record], Sequence[int], Findings], None]]] = {
    "safety": check_safety_rows,
    "survey_rounds": check_round_rows,
    "crime": check_crime_rows,
    "population": check_population_rows,
    "activities": check_activity_rows,
}


def _groups(rows: Iterable[Record], keys: Sequence[str]) -> dict[tuple[Any, ...], list[int]]:
    """Collect the indices of the rows that share the values of `keys`, in order of appearance."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        groups[tuple(row[k] for k in keys)].append(i)
    return groups


def _what(values: Iterable[object]) -> str:
    return ", ".join(str(v) for v in values if v is not None)


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _duplicates(
    rows: Sequence[Record], keys: Sequence[str], positions: Sequence[int], findings: Findings
) -> None:
    for values, members in _groups(rows, keys).items():
        for i in members[1:]:
            findings.add(
                "duplicate",
                at=positions[i],
                column=keys[0],
                found=values[0],
                first=findings.rows[positions[members[0]]],
                what=_what(values),
            )


def _decimals_of(value: float) -> int:
    text = f"{value:.6f}".rstrip("0")
    return len(text.partition(".")[2])


def _share(row: Record) -> float:
    """Percent, from the count where it is not given; an upper bound says nothing of a sum."""
    if row["comparator"] == "<":
        return 0.0
    if row["percent"] is not None:
        return float(row["percent"])
    return 100 * float(row["count"]) / float(row["n"])


def _rounding(row: Record) -> float:
    """Half a unit of the figure's last decimal: so much it may have been rounded up."""
    if row["percent"] is None:
        return 0.0
    decimals = row["decimals"] if row["decimals"] is not None else _decimals_of(row["percent"])
    return 0.5 / math.pow(10, decimals)


def _sums_of_answers(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    for values, members in _groups(rows, ("area", "area_version", "wave", "setting")).items():
        # a duplicated answer is a fault of its own and must not sum
        answers = {rows[i]["response"]: i for i in members}
        total = sum(_share(rows[i]) for i in answers.values())
        slack = sum(_rounding(rows[i]) for i in answers.values())
        if len(answers) > 1 and total > 100 + slack + 1e-9:
            last = max(answers.values())
            findings.add(
                "shares_exceed",
                at=positions[last],
                column="percent",
                found=f"{_share(rows[last]):g}",
                what=_what(values),
                total=f"{total:g}",
            )


def _figures_agree(row: Record, at: int, findings: Findings) -> None:
    percent = row["percent"]
    if percent is None:
        return
    # below 1 the figure is questioned as a fraction
    declared = row["decimals"] if percent >= 1 else None
    if declared is not None and _decimals_of(percent) > declared:
        findings.add(
            "decimals_differ",
            at=at,
            column="decimals",
            found=f"{percent:g}",
            decimals=f"{row['decimals']:g}",
        )
    if row["count"] is not None and row["n"] is not None:
        share = 100 * row["count"] / row["n"]
        if abs(share - percent) > 1:
            findings.add(
                "percent_differs",
                at=at,
                column="percent",
                found=f"{percent:g}",
                count=f"{row['count']:g}",
                n=f"{row['n']:g}",
                share=f"{share:.1f}",
            )


def _fractions(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    given = [row["percent"] for row in rows if row["percent"]]
    # one figure below 1 may be right, a whole table of them is not
    code = "fractions" if len(given) > 1 and max(given) <= 1 else "fraction"
    for at, row in zip(positions, rows, strict=True):
        value = row["percent"]
        if value and (value < 1 or code == "fractions"):
            findings.add(code, at=at, column="percent", found=f"{value:g}")
            if code == "fractions":
                return


def _area_versions(
    rows: Sequence[Record], keys: Sequence[str], positions: Sequence[int], findings: Findings
) -> None:
    """Two ways a version shows: a column of its own, and brackets or a year after the name."""
    for values, members in _groups(rows, keys).items():
        versions = _distinct(rows[i]["area_version"] or "-" for i in members)
        if len(versions) > 1:
            changed = next(i for i in members if (rows[i]["area_version"] or "-") == versions[1])
            findings.add(
                "area_version_changes",
                at=positions[changed],
                column="area_version",
                found=versions[1],
                what=_what(values),
                versions=", ".join(versions),
            )
    named: dict[str, list[str]] = defaultdict(list)
    for area in _distinct(row["area"] for row in rows):
        named[re.sub(r"\s*(\([^)]*\)|\d{4}(\s*[-–]\s*\d{4})?)$", "", area)].append(area)
    for base, names in named.items():
        if len(names) > 1:
            second = next(i for i, row in enumerate(rows) if row["area"] == names[1])
            findings.add(
                "area_version",
                at=positions[second],
                column="area",
                found=names[1],
                base=base,
                versions=", ".join(names),
            )


def _missing_waves(rows: Sequence[Record], findings: Findings) -> None:
    """Per area, the waves between its first and last that have no figure at all."""
    for (area,), members in _groups(rows, ("area",)).items():
        seen = {rows[i]["wave"] for i in members}
        missing = [str(w) for w in range(min(seen), max(seen)) if w not in seen]
        if missing:
            findings.add("gap_in_waves", column="wave", what=area, missing=", ".join(missing))


def _missing_periods(rows: Sequence[Record], findings: Findings) -> None:
    for values, members in _groups(rows, ("area", "crime_type", "definition")).items():
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
                findings.add("gap_in_periods", column="period", what=_what(values), missing=listed)


def _definitions(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Refuse a series that goes on under another definition; warn across areas."""
    changed = set()
    units = [{**row, "unit": parse_period(row["period"]).unit} for row in rows]
    for values, members in _groups(units, ("area", "crime_type", "unit")).items():
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
                    what=_what(values[:2]),
                    definitions=", ".join(periods),
                )
                changed.add(values[1])
    for (crime_type,), members in _groups(rows, ("crime_type",)).items():
        names = _distinct(rows[i]["definition"] for i in members)
        if len(names) > 1 and crime_type not in changed:
            findings.add(
                "definition_mixed",
                column="definition",
                what=crime_type,
                definitions=", ".join(names),
            )


def one_series_each(rows: Sequence[Record], findings: Findings) -> None:
    """Refuse what a fit would join silently: several definitions, several period lengths."""
    for (crime_type,), members in _groups(rows, ("crime_type",)).items():
        names = _distinct(rows[i]["definition"] or "-" for i in members)
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
            units=", ".join(_distinct(units)),
        )


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


def areas_that_are_numbers(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Warn of an area that is a number among names: a year, or what a formula came to.

    Told once an area. Where every area is a number they are codes, and right.
    """
    numbers: dict[str, int] = {}
    for at, row in zip(positions, rows, strict=True):
        area = str(row["area"])
        if area.replace(".", "", 1).removeprefix("-").isdigit():
            numbers.setdefault(area, at)
    if len(numbers) < len({str(row["area"]) for row in rows}):
        for area, at in numbers.items():
            findings.add("area_is_a_number", at=at, column="area", found=area)


def _total_holds_types(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Hold the type `total` (or `i alt`) against the sum of the other types."""
    keys = ("area", "area_version", "period", "definition")
    for values, members in _groups(rows, keys).items():
        counted = [i for i in members if rows[i]["count"] is not None]
        totals = [i for i in counted if rows[i]["crime_type"].casefold() in TOTALS]
        others = sum(rows[i]["count"] for i in counted if i not in totals)
        for i in totals:
            if others > rows[i]["count"] * (1 + SUM_TOLERANCE):
                findings.add(
                    "total_below_types",
                    at=positions[i],
                    column="count",
                    found=f"{rows[i]['count']:g}",
                    what=_what(values),
                    total=f"{others:g}",
                )


def waves_without_n(safety: Sequence[Record], rounds: Sequence[Record], findings: Findings) -> None:
    """Warn of every wave whose number of respondents stands nowhere."""
    known = {row["wave"] for row in safety if row["n"] is not None}
    known |= {row["wave"] for row in rounds if row["respondents"] is not None}
    for wave in sorted({row["wave"] for row in safety} - known):
        findings.add("wave_without_n", column="n", wave=wave)


def respondents_within_round(
    safety: Sequence[Record],
    positions: Sequence[int],
    rounds: Sequence[Record],
    findings: Findings,
) -> None:
    """Warn where one area has more respondents than the round it belongs to."""
    limits = {row["wave"]: row["respondents"] for row in rounds if row["respondents"] is not None}
    noted = set()
    for at, row in zip(positions, safety, strict=True):
        limit = limits.get(row["wave"])
        place = (row["wave"], row["area"])
        if row["n"] is None or limit is None or row["n"] <= limit or place in noted:
            continue
        noted.add(place)
        findings.add(
            "n_above_whole",
            at=at,
            column="n",
            found=f"{row['n']:g}",
            area=row["area"],
            respondents=f"{limit:g}",
        )


def whole_holds_parts(
    rows: Sequence[Record],
    positions: Sequence[int],
    whole: str,
    parts: Collection[str],
    *,
    keys: Sequence[str],
    value: str,
    findings: Findings,
) -> None:
    """Warn where the figure of the whole is smaller than the sum of its disjoint parts."""
    for values, members in _groups(rows, keys).items():
        given = [i for i in members if rows[i][value] is not None]
        total = sum(rows[i][value] for i in given if rows[i]["area"] in parts)
        for i in given:
            if rows[i]["area"] == whole and total > rows[i][value] * (1 + SUM_TOLERANCE):
                findings.add(
                    "total_below_parts",
                    at=positions[i],
                    column=value,
                    found=f"{rows[i][value]:g}",
                    what=_what([whole, *values]),
                    total=f"{total:g}",
                )
