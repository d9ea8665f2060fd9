"""A table as its file shows it: a grid of cells with row numbers, turned into named columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from amager_eval.data.tables.columns import TableColumns
from amager_eval.data.tables.findings import Findings, show_found
from amager_eval.data.tables.frames import RawTable
from amager_eval.data.tables.number_text import DecimalMark, is_error_text
from amager_eval.wording.sentences import Lang

__all__ = ["HEADER_WITHIN", "Grid", "HeadedTable", "header_row", "is_empty", "name_columns"]

#: The header is looked for in so many rows; a title may stand above it.
HEADER_WITHIN: Final = 10
#: A row whose first cell begins so is guidance, not data.
EXAMPLE: Final = ("EKSEMPEL", "EXAMPLE")


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of one file or sheet."""

    #: Where it stands.
    file: str
    sheet: str | None
    #: Cells row by row from row 1 on; an empty cell is None or empty text.
    rows: Sequence[Sequence[Any]]
    mark: DecimalMark  #: Decimal mark of numbers written as text
    sha256: str = ""  #: Digest of the file's bytes
    #: Faults the reader of the format found: code, row, column letter or text, found.
    problems: Sequence[tuple[str, int | None, str, str]] = field(default_factory=tuple)


@dataclass(frozen=True, eq=False)
class HeadedTable:
    """A grid whose columns are named, with the faults of its header and shape."""

    table: RawTable
    findings: Findings
    mark: DecimalMark


def is_empty(cell: object) -> bool:
    """Whether a cell holds nothing but space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _known(row: Sequence[Any], columns: TableColumns) -> set[str]:
    """Columns that the cells of a row head."""
    return {found.name for c in row if not is_empty(c) and (found := columns.find(str(c)))}


def header_row(rows: Sequence[Sequence[Any]], columns: TableColumns) -> int | None:
    """Place of the first row with two known headings; else of the first row with anything."""
    first = None
    for i, row in enumerate(rows[:HEADER_WITHIN]):
        filled = [c for c in row if not is_empty(c)]
        if filled and first is None:
            first = i
        if len(_known(row, columns)) >= 2:
            return i
    return first


def name_columns(
    grid: Grid, columns: TableColumns, lang: Lang, *, private: bool = False
) -> HeadedTable:
    """Find the header of a grid and name its cells by canonical column.

    Rows without any filled cell, and example rows, are left out. Of `private` rows, of persons, no
    cell may be shown.
    """
    findings = Findings(lang=lang, file=grid.file, sheet=grid.sheet)
    start = header_row(grid.rows, columns)
    for code, at, column, problem in grid.problems:
        # what is merged or computed above the header is a title
        if at is None or start is None or at > start:
            findings.add(code, row=at, column=column or None, found=problem)
    if start is None:
        findings.add("empty_table")
        return HeadedTable(RawTable(columns, [], []), findings, grid.mark)
    if not _known(grid.rows[start], columns):
        # not quoted: where there is no header, the first row may be an answer or a report
        wanted = (c.heading(lang) for c in columns.columns if c.required)
        findings.add("no_header", row=start + 1, columns=", ".join(wanted))
        return HeadedTable(RawTable(columns, [], []), findings, grid.mark)
    places = _places(grid.rows[start], columns, start + 1, findings)
    cells: list[dict[str, object]] = []
    numbers: list[int] = []
    width = len(grid.rows[start])
    known = set(places.values())
    examples = 0
    for number, row in enumerate(grid.rows[start + 1 :], start=start + 2):
        if all(is_empty(c) for c in row):
            continue
        if str(next(c for c in row if not is_empty(c))).strip().upper().startswith(EXAMPLE):
            examples += 1
            continue
        if any(not is_empty(c) for c in row[width:]):
            extra = next(c for c in row[width:] if not is_empty(c))
            findings.add("row_too_long", row=number, found="" if private else extra)
            continue
        for place, cell in enumerate(row[:width]):
            # those of known columns are told by the checks of their cells
            if place not in known and isinstance(cell, str) and is_error_text(cell):
                heading = str(grid.rows[start][place] or "") or None
                found = "" if private else cell
                findings.add("formula_error", row=number, column=heading, found=found)
        cells.append(
            {
                name: row[place] if place < len(row) and not is_empty(row[place]) else None
                for name, place in places.items()
            }
        )
        numbers.append(number)
    if not cells and not findings.faults:
        findings.add("empty_table")
    if examples:
        findings.deliver("rows", columns.name, "unused", examples, "example")
    findings.rows = numbers
    return HeadedTable(RawTable(columns, cells, numbers), findings, grid.mark)


def _places(
    header: Sequence[Any], columns: TableColumns, number: int, findings: Findings
) -> dict[str, int]:
    """Column name to place; notes what is unknown, doubled or missing."""
    places: dict[str, int] = {}
    headings: dict[str, str] = {}
    for place, heading in enumerate(header):
        if is_empty(heading):
            continue
        column = columns.find(str(heading))
        if is_error_text(str(heading)):
            findings.add("formula_error", row=number, found=heading)
        elif column is None:
            known = ", ".join(c.heading(findings.lang) for c in columns.columns)
            findings.add("column_unknown", row=number, found=heading, columns=known)
            findings.deliver("column", show_found(heading), "unread", reason="unknown_column")
        elif column.name in places:
            findings.add("column_twice", row=number, column=column.name, found=heading)
        else:
            places[column.name] = place
            headings[column.name] = str(heading).strip().strip("\ufeff")
    for column in columns.columns:
        if column.required and column.name not in places:
            shown = column.heading(findings.lang)
            seen = ", ".join(str(h).strip() for h in header if not is_empty(h))
            findings.add("column_missing", row=number, column=shown, found=seen)
    findings.headings = headings
    return places
