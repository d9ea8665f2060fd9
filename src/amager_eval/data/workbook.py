"""Read a workbook (.xlsx, .ods) into one grid of cells per sheet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

from amager_eval.data.delimited import file_fault, read_bytes
from amager_eval.data.fault_texts import Lang
from amager_eval.data.rows import decimal_mark
from amager_eval.data.table_file import Grid
from amager_eval.data.workbook_guard import SheetNotes, unpack
from amager_eval.provenance import sha256_of_bytes

__all__ = ["SUFFIXES", "read_workbook"]

#: What is read as a workbook; other suffixes of spreadsheets have macros or are binary.
SUFFIXES: Final = (".xlsx", ".ods")


def read_workbook(path: Path, lang: Lang = "en") -> list[Grid]:
    """Read every sheet of a workbook.

    Parameters
    ----------
    path : Path
        `.xlsx` or `.ods`.
    lang : {"en", "da"}
        Language of a fault.

    Returns
    -------
    list of Grid
        One per sheet, from row 1 and column A on; a formula is its stored result.

    Raises
    ------
    InputError
        It cannot be read, has macros, or unpacks beyond bounds.
    """
    content = read_bytes(path, lang)
    unpacked = unpack(content, path.name, lang)
    digest = sha256_of_bytes(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(unpacked.content)) as book:
            return [
                _grid(path.name, name, book, unpacked.notes[name], digest)
                for name in book.sheet_names
                if name in unpacked.notes  # a chart sheet has no cells
            ]
    except (CalamineError, OSError, ValueError) as error:
        raise file_fault("unreadable", path.name, lang, str(error)) from error
    except BaseException as error:
        # a panic of the reader's Rust code is no Exception, but it is about this file alone
        if type(error).__name__ != "PanicException":
            raise
        raise file_fault("unreadable", path.name, lang, "the reader gave up") from None


def _grid(file: str, name: str, book: CalamineWorkbook, note: SheetNotes, digest: str) -> Grid:
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    problems: list[tuple[str, int | None, str, str]] = []
    problems += [("merged", row, "", "") for row in sorted(set(note.merged))]
    problems += [("formula_unread", row, letter, "") for row, letter in note.uncomputed]
    if note.hidden:
        problems.append(("hidden_rows", None, "", ""))
    texts = [cell for row in rows[:2000] for cell in row if isinstance(cell, str)]
    return Grid(file, name, rows, decimal_mark(texts, ""), digest, problems)
