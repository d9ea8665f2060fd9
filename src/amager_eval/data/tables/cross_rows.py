"""Checks of rows against each other in any table: duplicates, area versions, sums over areas.

A row is a mapping of column to value in which a missing value is None; `positions` holds the
place of each row in its table, for rows with a fault of their own are left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from amager_eval.data.tables.findings import Findings

__all__ = [
    "OUTSIDE",
    "SUM_TOLERANCE",
    "Record",
    "area_versions",
    "areas_that_are_none",
    "check_activity_rows",
    "check_resident_rows",
    "distinct",
    "duplicates",
    "groups",
    "what",
    "whole_holds_parts",
]

type Record = Mapping[str, Any]

#: A sum may exceed its whole by this share before it is questioned (rounding, late reports).
SUM_TOLERANCE: Final = 0.005


#: What stands in place of an area's name where a row is a sum, or of places nobody knows.
_SUMS: Final = frozenset(
    {"i alt", "ialt", "total", "in total", "sum", "tot", "ukendt", "uoplyst", "unknown"}
)
#: How what lies outside every housing department is named.
OUTSIDE: Final = re.compile(r"uden for|udenfor|outside", re.IGNORECASE)


def groups(rows: Iterable[Record], keys: Sequence[str]) -> dict[tuple[Any, ...], list[int]]:
    """Collect the indices of the rows that share the values of `keys`, in order of appearance."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        groups[tuple(row[k] for k in keys)].append(i)
    return groups


def what(values: Iterable[object]) -> str:
    """Name the series or figure that a fault is about."""
    return ", ".join(str(v) for v in values if v is not None)


def distinct(values: Iterable[Any]) -> list[Any]:
    """List every value once, in order of appearance."""
    return list(dict.fromkeys(values))


def _bare(value: object) -> object:
    return " ".join(value.casefold().split()) if isinstance(value, str) else value


def duplicates(
    rows: Sequence[Record], keys: Sequence[str], positions: Sequence[int], findings: Findings
) -> None:
    """Note every row whose `keys` an earlier row has, in whatever case and spacing."""
    bare = [{key: _bare(row.get(key)) for key in keys} for row in rows]
    for members in groups(bare, keys).values():
        values = tuple(rows[members[0]].get(key) for key in keys)
        for i in members[1:]:
            findings.add(
                "duplicate",
                at=positions[i],
                column=keys[0],
                found=values[0],
                first=findings.rows[positions[members[0]]],
                what=what(values),
            )


def area_versions(
    rows: Sequence[Record], keys: Sequence[str], positions: Sequence[int], findings: Findings
) -> None:
    """Two ways a version shows: a column of its own, and brackets or a year after the name."""
    for values, members in groups(rows, keys).items():
        versions = distinct(rows[i]["area_version"] or "-" for i in members)
        if len(versions) > 1:
            changed = next(i for i in members if (rows[i]["area_version"] or "-") == versions[1])
            findings.add(
                "area_version_changes",
                at=positions[changed],
                column="area_version",
                found=versions[1],
                what=what(values),
                versions=", ".join(versions),
            )
    named: dict[str, list[str]] = defaultdict(list)
    for area in distinct(row["area"] for row in rows):
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


def areas_that_are_none(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Warn of an area that is a number among names (a year, what a formula came to) or a sum.

    Told once an area. Where every area is a number they are codes, and right.
    """
    numbers: dict[str, int] = {}
    sums: dict[str, int] = {}
    for at, row in zip(positions, rows, strict=True):
        area = str(row["area"])
        if area.casefold() in _SUMS:
            sums.setdefault(area, at)
        if area.replace(".", "", 1).removeprefix("-").isdigit():
            numbers.setdefault(area, at)
    if len(numbers) < len({str(row["area"]) for row in rows}):
        for area, at in numbers.items():
            findings.add("area_is_a_number", at=at, column="area", found=area)
    for area, at in sums.items():
        findings.add("area_is_a_total", at=at, column="area", found=area)


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
    for values, members in groups(rows, keys).items():
        given = [i for i in members if rows[i][value] is not None]
        total = sum(rows[i][value] for i in given if rows[i]["area"] in parts)
        for i in given:
            if rows[i]["area"] == whole and total > rows[i][value] * (1 + SUM_TOLERANCE):
                findings.add(
                    "total_below_parts",
                    at=positions[i],
                    column=value,
                    found=float(rows[i][value]),
                    what=what([whole, *values]),
                    total=float(total),
                )


def check_activity_rows(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Check duplicates."""
    duplicates(rows, ("activity", "focus_area"), positions, findings)


def check_resident_rows(
    rows: Sequence[Record], positions: Sequence[int], findings: Findings
) -> None:
    """Check duplicates, and that each half says how many live outside the departments."""
    duplicates(rows, ("area_half", "department"), positions, findings)
    for (half,), members in groups(rows, ("area_half",)).items():
        if not any(OUTSIDE.search(str(rows[i]["department"])) for i in members):
            findings.add(
                "residents_outside", at=positions[members[-1]], column="department", half=half
            )
