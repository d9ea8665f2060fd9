"""Write the input workbook: empty with guidance and examples, or filled with given tables."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from amager_eval.conventions import COMPARATORS, RESPONSES, SETTINGS
from amager_eval.data.files.table_file import EXAMPLE
from amager_eval.data.tables.columns import TABLES, Column, TableColumns, word_in
from amager_eval.errors import InputError
from amager_eval.spec.agreement import Agreement, load_agreement
from amager_eval.whole_file import whole_file
from amager_eval.wording.faults import fault_of, said_why
from amager_eval.wording.sentences import Lang, load_wording

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

__all__ = ["GUIDANCE", "write_template", "write_workbook"]

#: Names of the guidance sheet, which is no table.
GUIDANCE: Final = {"da": "Vejledning", "en": "Guidance"}
#: Names of the sheet with the names the drop-downs offer; no table either.
LISTS: Final = {"da": "Lister", "en": "Lists"}
#: Rows that get drop-downs and typed cells.
_ROWS: Final = 3000
_HEADER: Final = "#DDE6ED"
#: Characters a line of the guidance holds, and a column at most.
_LINE: Final = 110
_WIDEST: Final = 42
#: Points a line of text takes.
_LINE_HEIGHT: Final = 15.5

#: Columns with a drop-down; what is read understands both languages.
_CHOICES: Final = {
    ("safety", "setting"): SETTINGS,
    ("safety", "response"): RESPONSES,
    ("safety", "comparator"): COMPARATORS,
}

#: One row per table that shows how it is filled in; read as guidance, never as data.
_EXAMPLES: Final[dict[str, dict[str, object]]] = {
    "safety": {
        "area": f"{EXAMPLE[0]}: Amager Øst",
        "wave": 2024,
        "setting": "dagtimer",
        "response": "tryg",
        "percent": 84,
        "n": 312,
        "decimals": 0,
        "comparator": "=",
        "source": "Tryghedsundersøgelsen 2024, s. 12",
    },
    "survey_rounds": {
        "wave": f"{EXAMPLE[0]}: 2024",
        "invited": 14500,
        "respondents": 4037,
        "response_rate_percent": 28,
        "fieldwork_start": "2023-12-06",
        "fieldwork_end": "2024-02-01",
        "collector": "Epinion",
    },
    "crime": {
        "area": f"{EXAMPLE[0]}: Amager Partnerskab (2025)",
        "period": "2024K3",
        "crime_type": "indbrud",
        "count": 17,
        "definition": "borgervendt",
        "source": "Udtræk fra Rigspolitiet 1. marts 2025",
    },
    "population": {
        "area": f"{EXAMPLE[0]}: Amager Partnerskab (2025)",
        "period": "2024",
        "population": 21400,
        "source": "Københavns Kommune, 1. januar 2024",
    },
    "residents": {
        "area_half": f"{EXAMPLE[0]}: Amager Øst",
        "department": "Uden for afdelingerne",
        "residents": 4200,
        "source": "Københavns Kommune, 1. januar 2025",
    },
    "activities": {
        "activity": f"{EXAMPLE[0]}: Fælles aftenvandring",
        "focus_area": "Positive fællesskaber",
        "partners": "SSP København; fsb; Københavns Politi",
        "budget_dkk": 40000,
        "start": "2025-03-01",
        "end": "2025-11-30",
        "list_version": "3",
        "list_date": "2025-01-15",
    },
}


def write_template(
    out: str | Path,
    *,
    lang: Lang = "da",
    filled: Mapping[str, pd.DataFrame] | None = None,
    agreement: Agreement | None = None,
) -> Path:
    """Write an input workbook: guidance, drop-downs, typed columns, one example a sheet.

    A file that exists is left alone. `filled` gives rows that stand below the example, by table;
    drop-downs offer the names of the agreement, by default the Amager agreement. An
    `InputError` where the file exists, is not `.xlsx`, or cannot be written.
    """
    out = Path(out)
    if out.suffix.lower() != ".xlsx":
        raise InputError(fault_of("template_kind", path=out))
    if out.exists():
        raise InputError(fault_of("template_exists", path=out))
    agreement = agreement or load_agreement()
    rows = dict(filled or {})
    if "crime" in rows:
        labels = {t.id: t.label(lang) for t in agreement.crime.type}
        rows["crime"] = rows["crime"].replace({"crime_type": labels})
    frames = {
        name: pd.concat([pd.DataFrame([example]), rows[name]]) if name in rows else
        pd.DataFrame([example])
        for name, example in _EXAMPLES.items()
    }  # fmt: skip
    lists = _lists(agreement, lang)
    write_workbook(out, frames, lang=lang, lists=lists)
    return out


def _lists(agreement: Agreement, lang: Lang) -> dict[str, tuple[str, ...]]:
    """Names the drop-downs offer, by column."""
    areas, crime = agreement.areas, agreement.crime
    parties = (*agreement.parties, *agreement.synonyms.partner)
    return {
        "area": (areas.evaluated.names[0], areas.whole, *areas.parts),
        "crime_type": tuple(t.label(lang) for t in crime.type),
        "definition": (crime.definition,) if crime.definition else (),
        "focus_area": agreement.focus_areas,
        "partners": tuple(dict.fromkeys(parties)),
        "area_half": areas.evaluated.districts,
    }


def write_workbook(
    path: Path,
    frames: Mapping[str, pd.DataFrame],
    *,
    lang: Lang = "da",
    lists: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write tables as an input workbook with guidance and drop-downs.

    `frames` is by table, with canonical columns; `lists` gives the names a column's drop-down
    offers, and others may be written as well. A file that exists is replaced.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as unfinished:
            unfinished.write_bytes(_workbook(frames, lang, lists or {}))
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        why = said_why(error, lang) if isinstance(error, OSError) else error
        raise InputError(fault_of("workbook_not_written", path=path, why=why)) from error


def _workbook(
    frames: Mapping[str, pd.DataFrame], lang: Lang, lists: Mapping[str, Sequence[str]]
) -> bytes:
    """Make the workbook in memory: it is small, and a full disk then fails in one place."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, options | {"in_memory": True}) as book:
        # a fixed date: the same tables give the same bytes
        book.set_properties({"created": datetime(2025, 1, 1, tzinfo=UTC)})
        _guidance(book, lang)
        ranges = _list_ranges(lists, lang)
        for name, columns in TABLES.items():
            if name in frames:
                title = columns.title(lang)
                _sheet(book, book.add_worksheet(title), columns, frames[name], lang, ranges)
        if lists:
            _list_sheet(book, lists, lang)
    return buffer.getvalue()


def _headings(lists: Mapping[str, Sequence[str]], lang: Lang) -> dict[str, str]:
    """Heading of every listed column, as its table has it."""
    known = {c.name: c.heading(lang) for t in TABLES.values() for c in t.columns}
    return {name: known[name] for name in lists}


def _list_ranges(lists: Mapping[str, Sequence[str]], lang: Lang) -> dict[str, str]:
    """Where the names of each column stand on the sheet of lists."""
    return {
        name: f"='{LISTS[lang]}'!{xl_range_abs(1, i, len(names), i)}"
        for i, (name, names) in enumerate(lists.items())
        if names
    }


def _list_sheet(book: Workbook, lists: Mapping[str, Sequence[str]], lang: Lang) -> None:
    """Write the names the drop-downs offer, for reading and copying too."""
    sheet = book.add_worksheet(LISTS[lang])
    header = book.add_format({"bold": True, "bg_color": _HEADER, "bottom": 1})
    sheet.freeze_panes(1, 0)
    headings = _headings(lists, lang)
    for place, (name, names) in enumerate(lists.items()):
        sheet.set_column(place, place, _width(headings[name], names))
        sheet.write_string(0, place, headings[name], header)
        for row, listed in enumerate(names, start=1):
            sheet.write_string(row, place, listed)


def _guidance(book: Workbook, lang: Lang) -> None:
    sheet = book.add_worksheet(GUIDANCE[lang])
    sheet.set_column(0, 0, _LINE)
    sheet.hide_gridlines(2)
    _page(sheet)
    title = book.add_format({"bold": True, "font_size": 14})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    for row, line in enumerate(load_wording(lang).say("template.guidance").split("\n")):
        # a wrapped cell has no height of its own until somebody edits it
        lines = max(1, len(textwrap.wrap(line, _LINE)))
        sheet.set_row(row, _LINE_HEIGHT * (lines + (row == 0) / 2))
        sheet.write_string(row, 0, line, title if row == 0 else text)


def _page(sheet: Worksheet) -> None:
    """Print on A4 lying down, one page wide."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _sheet(
    book: Workbook,
    sheet: Worksheet,
    columns: TableColumns,
    frame: pd.DataFrame,
    lang: Lang,
    ranges: Mapping[str, str],
) -> None:
    header = book.add_format({"bold": True, "bg_color": _HEADER, "text_wrap": True, "bottom": 1})
    grey = book.add_format({"italic": True, "font_color": "#595959"})
    formats = {
        "text": book.add_format({"num_format": "@"}),
        "int": book.add_format({"num_format": "0"}),
        "float": book.add_format({"num_format": "General"}),
    }
    sheet.freeze_panes(1, 0)
    _page(sheet)
    sheet.repeat_rows(0)
    for place, column in enumerate(columns.columns):
        heading = column.heading(lang)
        width = _width(heading, frame[column.name] if column.name in frame.columns else ())
        sheet.set_column(place, place, width, formats[column.kind])
        sheet.write_string(0, place, heading, header)
        sheet.write_comment(0, place, _note(columns.name, column, lang))
        _validate(sheet, place, columns.name, column, lang, ranges)
        if column.name not in frame.columns:
            continue
        fixed = (columns.name, column.name) in _CHOICES
        for row, value in enumerate(frame[column.name].tolist(), start=1):
            said = word_in(lang, value) if fixed and isinstance(value, str) else value
            _cell(sheet, row, place, said, grey if _is_example(frame, row - 1) else None)
    sheet.autofilter(0, 0, max(len(frame), 1), len(columns.columns) - 1)


def _width(heading: str, values: Iterable[Any]) -> int:
    """Return the characters that show the heading and the longest text whole, within reason."""
    longest = max((len(v) for v in values if isinstance(v, str)), default=0)
    return max(12, len(heading) + 2, min(_WIDEST, longest + 2))


def _is_example(frame: pd.DataFrame, row: int) -> bool:
    return str(frame.iloc[row, 0]).startswith(EXAMPLE)


def _cell(sheet: Worksheet, row: int, place: int, value: Any, style: Format | None) -> None:
    if isinstance(value, str):
        sheet.write_string(row, place, value, style)
    elif not pd.isna(value):
        sheet.write_number(row, place, value, style)


def _note(table: str, column: Column, lang: Lang) -> str:
    """Explain a heading in a line, and say whether it must be filled in."""
    words = load_wording(lang)
    own = f"explain.{table}.{column.name}"
    line = words.say(own if words.has(own) else f"explain.{column.name}")
    return words.say("template.required", name=line) if column.required else line


def _validate(
    sheet: Worksheet,
    place: int,
    table: str,
    column: Column,
    lang: Lang,
    ranges: Mapping[str, str],
) -> None:
    """Drop-downs where words are fixed, number bounds where they are known."""
    choices = _CHOICES.get((table, column.name))
    rule: dict[str, object] | None = None
    if choices is not None:
        rule = {"validate": "list", "source": [word_in(lang, word) for word in choices]}
    elif column.name in ranges:
        # an offer: another name may be written, and of partners several
        rule = {"validate": "list", "source": ranges[column.name], "show_error": False}
    elif column.name in {"percent", "response_rate_percent"}:
        rule = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100}
    elif column.name == "wave":
        rule = {"validate": "integer", "criteria": "between", "minimum": 1900, "maximum": 2200}
    elif column.name == "count":
        # a hidden count is written <5, which is text
        cell = xl_rowcol_to_cell(1, place)
        hidden = f'LEFT(TRIM({cell}),1)="<"'
        rule = {"validate": "custom", "value": f"=IF(ISNUMBER({cell}),{cell}>=0,{hidden})"}
    elif column.kind == "float":
        rule = {"validate": "decimal", "criteria": ">=", "value": 0}
    if rule is not None:
        sheet.data_validation(1, place, _ROWS, place, rule | {"ignore_blank": True})
