"""Read a workbook (.xlsx, .ods) into one grid of cells per sheet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from amager_eval.data.files.delimited import read_bytes
from amager_eval.data.files.table_file import Grid
from amager_eval.data.files.workbook_guard import Cells, SheetNotes, Unpacked, unpack
from amager_eval.data.tables.fault_texts import file_fault
from amager_eval.data.tables.number_text import decimal_mark
from amager_eval.provenance import sha256_of_bytes
from amager_eval.wording.sentences import Lang

__all__ = ["SUFFIXES", "read_workbook"]

#: What is read as a workbook; other suffixes of spreadsheets have macros or are binary.
SUFFIXES: Final = (".xlsx", ".ods")
#: Seconds the reading of one workbook may take.
TIMEOUT: Final = 120.0


def read_workbook(path: Path, lang: Lang = "en") -> list[Grid]:
    """Read every sheet of a workbook.

    `.xlsx` or `.ods`; a grid a sheet, from row 1 and column A on; a formula is its stored result.
    """
    content = read_bytes(path, lang)
    unpacked = unpack(content, path.name, lang)
    digest = sha256_of_bytes(content)
    return [
        _grid(path.name, name, rows, unpacked.notes[name], digest)
        for name, rows in _cells(unpacked, path.name, lang)
    ]


def _cells(unpacked: Unpacked, file: str, lang: Lang) -> list[tuple[str, list[list[Any]]]]:
    """Read the cells in a process of its own, which a crafted file may end but not ours."""
    command = [sys.executable, "-P", "-m", "amager_eval.data.files.workbook_cells"]
    try:
        done = subprocess.run(
            [*command, json.dumps(list(unpacked.notes))],
            input=unpacked.content,
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
        sheets = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise file_fault("unreadable", file, lang, why="too_slow", seconds=int(TIMEOUT)) from error
    except (subprocess.CalledProcessError, ValueError) as error:
        said = _said(error)
        why = "" if said else "gave_up"
        raise file_fault("unreadable", file, lang, said, why=why) from error
    return [(name, [[_cell(c) for c in row] for row in rows]) for name, rows in sheets]


def _said(error: Exception) -> str:
    """Last line the reader wrote, if it is an error of its own; else nothing."""
    stderr: bytes = getattr(error, "stderr", None) or b""
    lines = stderr.decode("utf-8", errors="replace").strip().splitlines()
    known = lines and "Error" in lines[-1]
    return lines[-1].rpartition("Error: ")[2][:60] if known else ""


def _cell(value: Any) -> Any:
    return date.fromisoformat(value["date"]) if isinstance(value, dict) else value


def _grid(file: str, name: str, rows: list[list[Any]], note: SheetNotes, digest: str) -> Grid:
    problems: list[tuple[str, int | None, str, str]] = []
    problems += [("merged", row, "", "") for row in sorted(set(note.merged))]
    problems += [("formula_unread", row, letter, "") for row, letter in note.uncomputed]
    if note.hidden:
        problems.append(("hidden_rows", None, "", ""))
    texts = [cell for row in rows[:2000] for cell in row if isinstance(cell, str)]
    mark = decimal_mark(texts, "")
    for block in note.percents:
        for row, column in _places(block, note):
            if row < len(rows) and column < len(rows[row]):
                rows[row][column] = _with_percent_sign(rows[row][column])
    for block, error in note.errors:
        for row, column in _places(block, note):
            rows += [[] for _ in range(row + 1 - len(rows))]
            rows[row] += [None] * (column + 1 - len(rows[row]))
            rows[row][column] = error
    return Grid(file, name, rows, mark, digest, problems)


def _places(block: Cells, note: SheetNotes) -> Iterator[tuple[int, int]]:
    """Rows and columns of a block, counted from 0, within what the sheet holds."""
    for row in range(block.row - 1, min(block.row - 1 + block.rows, note.rows)):
        for column in range(block.column - 1, min(block.column - 1 + block.columns, note.columns)):
            yield row, column


def _with_percent_sign(cell: object) -> object:
    """Write a number as it is shown: 0.45 is shown, and was typed, as 45 %."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return cell
    return f"{100 * cell:.12g} %"
