"""Inputs that are right, in every form that is read, for the fuzz session to spoil."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import xlsxwriter
from fuzz import mutate_cells, outcome

from amager_eval.data.files.template import write_workbook
from amager_eval.data.published import published
from amager_eval.evidence.city.synthetic import synthetic_city

TABLES = ("safety", "survey_rounds", "crime", "population", "activities")
ROWS = 12
_SPACE = "urn:oasis:names:tc:opendocument:xmlns:"


def good_inputs(folder: Path) -> dict[str, bytes]:
    """Files of a synthetic city and the published figures, cut short: faults are in the cells."""
    frames = _frames()
    files = {f"{n}.csv": f.to_csv(index=False).encode() for n, f in frames.items()}
    real = published()
    for name in ("safety", "survey_rounds", "population"):
        frame = getattr(real, name).dropna(axis="columns", how="all").tail(ROWS)
        files[f"published/{name}.csv"] = frame.to_csv(index=False).encode()
    for lang in ("da", "en"):
        path = folder / f"{lang}.xlsx"
        write_workbook(path, frames, lang=lang)
        files[path.name] = path.read_bytes()
    files["by.ods"] = ods_of(_tables(frames))
    return files


def _frames() -> dict[str, pd.DataFrame]:
    data = synthetic_city(1).data
    return {n: getattr(data, n).dropna(axis="columns", how="all").head(ROWS) for n in TABLES}


def _tables(frames: dict[str, pd.DataFrame]) -> dict[str, list[list[object]]]:
    return {
        name: [list(f.columns), *f.astype(object).where(f.notna(), "").to_numpy().tolist()]
        for name, f in frames.items()
    }


def spoilt_workbooks() -> dict[str, Callable[[Path, random.Random], tuple[str, str]]]:
    """Workbooks whose form is right and whose cells are not, by kind."""
    tables = _tables(_frames())

    def spoil(here: Path, rng: random.Random, suffix: str) -> tuple[str, str]:
        chosen = rng.sample(TABLES, 2)
        spoilt = {n: mutate_cells(r, rng) if n in chosen else r for n, r in tables.items()}
        file = here / f"cells{suffix}"
        file.write_bytes(ods_of(spoilt) if suffix == ".ods" else _xlsx_of(spoilt))
        return outcome(file)

    return {
        "cells.ods": lambda here, rng: spoil(here, rng, ".ods"),
        "cells.xlsx": lambda here, rng: spoil(here, rng, ".xlsx"),
    }


def _xlsx_of(tables: dict[str, list[list[object]]]) -> bytes:
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        for name, rows in tables.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if cell != "":
                        sheet.write(i, j, cell)
    return buffer.getvalue()


def ods_of(tables: dict[str, list[list[object]]]) -> bytes:
    """Write tables as LibreOffice does: repeated cells, empty rows to the end of the sheet."""
    sheets = []
    for name, rows in tables.items():
        body = "".join(f"<table:table-row>{_ods_cells(row)}</table:table-row>" for row in rows)
        body += (
            '<table:table-row table:number-rows-repeated="1048000">'
            '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        )
        sheets.append(f"<table:table table:name={quoteattr(name)}>{body}</table:table>")
    names = " ".join(f'xmlns:{s}="{_SPACE}{s}:1.0"' for s in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body>'
        f"<office:spreadsheet>{''.join(sheets)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return buffer.getvalue()


def _ods_cells(row: list[object]) -> str:
    cells: list[tuple[str, int]] = []
    for value in row:
        cell = _ods_cell(value)
        if cells and cells[-1][0] == cell:
            cells[-1] = (cell, cells[-1][1] + 1)
        else:
            cells.append((cell, 1))
    repeated = ' table:number-columns-repeated="{}"'
    return "".join(c.replace("{R}", repeated.format(n) if n > 1 else "") for c, n in cells)


def _ods_cell(value: object) -> str:
    if value is None or value == "":
        return "<table:table-cell{R}/>"
    if isinstance(value, str):
        # what XML cannot hold is left out, as by any program that writes it
        shown = "".join(c for c in value if c >= " " or c in "\t\n")
        text = f"<text:p>{escape(shown)}</text:p>"
        return f'<table:table-cell{{R}} office:value-type="string">{text}</table:table-cell>'
    return (
        f'<table:table-cell{{R}} office:value-type="float" office:value="{value}">'
        f"<text:p>{value}</text:p></table:table-cell>"
    )
