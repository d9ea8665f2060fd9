"""The tables a person uses as a workbook: typed cells, real Excel tables, no formula.

At most ten sheets; every other table is among the open data, and as a CSV that Excel opens.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from amager_eval.report.document import pictures
from amager_eval.report.parts.marks import marks
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from amager_eval.report.document import Document
    from amager_eval.tables.table import Column, Table
    from amager_eval.wording.sentences import Wording

__all__ = ["for_people", "sheet_names", "write_workbook"]

#: Tables a person uses, in the order they are wanted; the first of them that there are get a sheet.
_WANTED: Final = (
    "goals", "missing", "replaced", "safety_published", "safety_changes", "crime_published",
    "baseline_guard", "partners", "indicators", "crime_context",
)  # fmt: skip
#: Sheets of tables; contents and figures have one each.
_SHEETS: Final = 8
#: Columns of codes for machines; what they say stands in words beside them.
_CODES: Final = frozenset(
    {"basis", "reason", "shown", "shown_since_baseline", "shown_since_last", "verdict"}
)
#: Columns in words that open data compose of the codes.
_WORDS: Final = frozenset({"shown_text"})

#: Number formats; Excel shows the separators of the reader's own language.
_FORMATS: Final = {
    "percent": "0%",
    "percent_1": "0.0%",
    "share": "0%",
    "chance": "0.0%",
    "probability": "0%",
    "points": "+0.0;-0.0;0",
    "rate": "#,##0.0",
    "count": "#,##0",
    "figure": "#,##0",
    "figure_1": "#,##0.0",
    "decimal": "0.00",
    "rhat": "0.000",
    "year": "0",
}
_SHEET_NAME: Final = 31


def for_people(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Choose the tables that get a sheet, in order."""
    every = {t.id: t for t in tables}
    return tuple(every[name] for name in _WANTED if name in every)[:_SHEETS]


def write_workbook(
    document: Document,
    tables: Sequence[Table],
    words: Wording,
    figures: Mapping[str, Path],
    out: Path,
) -> None:
    """Write a contents sheet, one sheet a table, and one with every figure.

    Every column of a table's data, printed or not; figures are PNGs by picture id, put in with
    their alternative text. Byte-identical for the same content.
    """
    options = {
        "strings_to_formulas": False,  # nothing from an input is ever run
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    with xlsxwriter.Workbook(str(out), options) as book:
        book.set_properties(
            {
                "title": document.title,
                "subject": document.subtitle,
                "comments": document.description,
                "created": dt.datetime(document.year, 1, 1),
            }
        )
        formats = {kind: book.add_format({"num_format": f}) for kind, f in _FORMATS.items()}
        formats |= {
            f"probability {text}": book.add_format({"num_format": f'"{text}"', "align": "right"})
            for text in _probabilities(tables, words)
        }
        formats["text"] = book.add_format({"text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True})
        names = sheet_names([words.name("sheet", t.id) for t in tables])
        contents = book.add_worksheet(words.say("document.contents"))
        marked = " · ".join(marks(document, words))
        _contents(contents, document, tables, names, bold, marked)
        for number, (table, name) in enumerate(zip(tables, names, strict=True), start=1):
            sheet = book.add_worksheet(name)
            _put_table(sheet, table, f"t{number}_{table.id}", formats, bold, marked, words)
        sheet = book.add_worksheet(words.say("document.figures"))
        row = 0
        for picture in pictures(document):
            sheet.write_string(row, 0, picture.title, bold)
            sheet.insert_image(
                row + 1,
                0,
                str(figures[picture.id]),
                {"description": f"{picture.title}. {picture.alt}", "x_scale": 0.5, "y_scale": 0.5},
            )
            row += 4 + int(picture.height * 0.2)


def sheet_names(titles: Sequence[str]) -> list[str]:
    """Make sheet names Excel accepts: short, without its reserved signs, unique.

    Examples
    --------
    >>> sheet_names(["Tal: 2024/25", "Tal: 2024/25"])
    ['Tal 2024 25', 'Tal 2024 25 2']
    """
    names: list[str] = []
    for title in titles:
        cleaned = " ".join(re.sub(r"[\[\]:*?/\\]+", " ", title).split())
        name, number = cleaned[:_SHEET_NAME].strip(), 1
        while name.casefold() in {n.casefold() for n in names}:
            number += 1
            name = f"{cleaned[: _SHEET_NAME - 3].strip()} {number}"
        names.append(name)
    return names


def _contents(
    sheet: Worksheet,
    document: Document,
    tables: Sequence[Table],
    names: Sequence[str],
    bold: Format,
    marks: str,
) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 70)
    lines = [document.title, document.subtitle, *([marks] if marks else [])]
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, bold)
    for row, (table, name) in enumerate(zip(tables, names, strict=True), start=len(lines) + 1):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", string=name)
        sheet.write_string(row, 1, table.title)


def _probabilities(tables: Sequence[Table], words: Wording) -> list[str]:
    """List how the probabilities of the tables are printed, each once."""
    return sorted(
        {
            say_probability(float(value), words)
            for table in tables
            for column in table.in_data
            if column.kind == "probability"
            for value in table.frame[column.key].dropna()
        }
    )


def _put_table(
    sheet: Worksheet,
    table: Table,
    name: str,
    formats: Mapping[str, Format],
    bold: Format,
    marks: str,
    words: Wording,
) -> None:
    sheet.write_string(0, 0, table.title, bold)
    sheet.write_string(1, 0, table.note)
    if marks:
        sheet.write_string(2, 0, marks, bold)
    first, columns = 4, _columns(table)
    headers = _unique([c.label.replace("\n", " ") for c in columns])
    sheet.add_table(
        first,
        0,
        first + max(1, len(table.frame)),
        len(columns) - 1,
        {
            "name": re.sub(r"\W", "_", name),
            "style": "Table Style Light 1",
            "columns": [{"header": h} for h in headers],
        },
    )
    for j, column in enumerate(columns):
        sheet.set_column(j, j, 11 if column.numeric else min(60, 12 + 9 * column.width))
        for i, value in enumerate(table.frame[column.key], start=first + 1):
            _put_cell(sheet, i, j, value, column, formats, words)
    sheet.freeze_panes(first + 1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _columns(table: Table) -> tuple[Column, ...]:
    """Return the columns of open data but the codes, and in words what the codes say."""
    known = [c for c in table.in_data if c.key not in _CODES]
    return (*known, *(c for c in table.shown if c.key in _WORDS))


def _put_cell(
    sheet: Worksheet,
    row: int,
    col: int,
    value: Any,
    column: Column,
    formats: Mapping[str, Format],
    words: Wording,
) -> None:
    """Write one cell by its kind; what is missing stays empty."""
    if value is None or (isinstance(value, float) and value != value):
        return
    if column.kind == "flag":
        sheet.write_boolean(row, col, bool(value))
    elif column.numeric:
        number, form = float(value), str(column.kind)
        if f"{form}_1" in formats and number != round(number):
            form += "_1"  # "0.#" would print the separator of whole numbers too
        number = number / 100 if column.kind == "percent" else number
        if column.kind == "probability":  # the number stays whole, the cell shows it as printed
            form = f"probability {say_probability(number, words)}"
        sheet.write_number(row, col, number, formats[form])
    elif column.kind == "mark":
        sheet.write_string(row, col, words.name("verdict", str(value)), formats["text"])
    else:
        sheet.write_string(row, col, str(value), formats["text"])


def _unique(labels: Sequence[str]) -> list[str]:
    """Mark labels that come twice: a table's headings must differ, whatever their case."""
    seen: dict[str, int] = {}
    unique = []
    for label in labels:
        key = label.casefold()
        seen[key] = seen.get(key, 0) + 1
        unique.append(label if seen[key] == 1 else f"{label} ({seen[key]})")
    return unique
