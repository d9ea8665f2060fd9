"""The agreement's own table of the baseline, filled in: as a Word document and as a workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import xlsxwriter

from amager_eval.data.period import parse_period
from amager_eval.whole_file import whole_file
from amager_eval.wording.numbers import date, number
from amager_eval.wording.sentences import Lang, Wording, load_wording

if TYPE_CHECKING:
    from amager_eval.record.baseline import BaselineEntry
    from amager_eval.spec.agreement import Agreement

__all__ = ["baseline_rows", "write_baseline_table"]


def baseline_rows(
    entries: Sequence[BaselineEntry], agreement: Agreement, words: Wording
) -> list[tuple[str, str, str]]:
    """Fill the agreement's table: its head, then type, goal and baseline.

    Every type with a goal has a row, also one without a delivery. The goal of the total is about
    reports per 1,000 inhabitants, so its rate stands beside its count with the inhabitants it is
    divided by.
    """
    say, crime = words.say, agreement.crime
    known = {entry.crime_type: entry for entry in entries}
    rows = [(
        say("baseline_table.type"),
        say("baseline_table.goal"),
        say("baseline_table.baseline", year=crime.baseline_year),
    )]  # fmt: skip
    for kind in (t for t in crime.type if t.role in {"total", "selected"}):
        entry = known.get(kind.id)
        figure = say("baseline_table.absent")
        if entry is not None and entry.count is not None:
            figure = number(entry.count, 0, words.lang)
        elif entry is not None and entry.rate is None:
            figure = say("baseline_table.hidden")
        if entry is not None and entry.rate is not None and _about_rates(agreement, kind.id):
            told = {"count": figure, "rate": number(entry.rate, 1, words.lang)}
            if entry.population is None:
                figure = say("baseline_table.rate_alone", **told)
            else:
                people = number(entry.population, 0, words.lang)
                figure = say("baseline_table.rate", people=people, day=_day(entry, words), **told)
        label = kind.label(words.lang)
        if kind.role == "total":
            label = say("baseline_table.total", label=label[:1].lower() + label[1:])
        rows.append((label, say("baseline_table.hold"), figure))
    return rows


def write_baseline_table(
    entries: Sequence[BaselineEntry], agreement: Agreement, folder: Path, *, lang: Lang = "da"
) -> tuple[Path, Path]:
    """Write the filled-in table as `udgangspunkt.docx` and `udgangspunkt.xlsx`.

    The folder is made if absent.
    """
    words = load_wording(lang)
    rows = baseline_rows(entries, agreement, words)
    note = words.say(
        "baseline_table.note",
        area=entries[0].area,
        definition=entries[0].definition,
        source=entries[0].source,
    )
    title = words.say("baseline_table.title", agreement=agreement.title)
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "udgangspunkt.docx", folder / "udgangspunkt.xlsx"
    for path, made in zip(paths, (_document, _workbook), strict=True):
        with whole_file(path) as unfinished:
            unfinished.write_bytes(made(title, rows, note, lang))
    return paths


def _about_rates(agreement: Agreement, crime_type: str) -> bool:
    return any(
        goal.primary.id == "hold_rate" for goal in agreement.goal if crime_type in goal.crime_types
    )


def _day(entry: BaselineEntry, words: Wording) -> str:
    """Say the day of the inhabitants in words."""
    start = parse_period(entry.day).start
    year, month = int(start), round((start - int(start)) * 12) + 1
    return date(datetime(year, month, 1, tzinfo=UTC).date(), words.lang)


def _document(title: str, rows: Sequence[tuple[str, str, str]], note: str, lang: str) -> bytes:
    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author = title, ""
    properties.language = {"da": "da-DK", "en": "en-GB"}[lang]
    # a fixed date: the same table gives the same document
    properties.created = properties.modified = datetime(2025, 1, 1, tzinfo=UTC)
    document.add_heading(title, level=1)
    table = document.add_table(rows=0, cols=3, style="Table Grid")
    for i, row in enumerate(rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.paragraphs[0].add_run(text).bold = i == 0
    document.add_paragraph()
    document.add_paragraph(note)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _workbook(title: str, rows: Sequence[tuple[str, str, str]], note: str, lang: str) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": title, "created": datetime(2025, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet({"da": "Udgangspunkt", "en": "Baseline"}[lang])
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        plain = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        sheet.set_column(0, 2, 36)
        sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
        for i, row in enumerate(rows):
            for column, text in enumerate(row):
                sheet.write_string(i + 2, column, text, bold if i == 0 else plain)
        sheet.write_string(len(rows) + 3, 0, note)
    return buffer.getvalue()
