"""Read a CSV file as a Danish or an English spreadsheet saves it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from amager_eval.data.files.table_file import Grid
from amager_eval.data.tables.fault_texts import fault_text, file_fault
from amager_eval.data.tables.number_text import decimal_mark
from amager_eval.errors import Fault, InputError
from amager_eval.provenance import sha256_of_bytes
from amager_eval.wording.sentences import Lang, load_wording

__all__ = [
    "MOST_BYTES",
    "MOST_CELLS",
    "detect_separator",
    "read_bytes",
    "read_delimited",
]

#: A table of published figures is far smaller; more is refused before it is read.
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_CELLS: Final = 2_000_000


def read_bytes(path: Path, lang: Lang, *, within: Path | None = None) -> bytes:
    """Read a whole file if it is one, lies where it should and is not too large.

    Parameters
    ----------
    path : Path
        The file.
    lang : {"en", "da"}
        Language of a fault.
    within : Path or None
        Folder it may not lead out of, by a link for instance.

    Raises
    ------
    InputError
        With the file's name and the reason.
    """
    try:
        if within is not None and not path.resolve().is_relative_to(within.resolve()):
            raise file_fault("outside_folder", path.name, lang)
        if not path.is_file():  # a pipe or device would never end
            raise file_fault("unreadable", path.name, lang, why="no_file")
        size = path.stat().st_size
        if size > MOST_BYTES:
            limit = f"{MOST_BYTES // 1024**2} MB"
            raise file_fault("too_large", path.name, lang, f"{size / 1024**2:.0f} MB", limit=limit)
        return path.read_bytes()
    except OSError as error:
        raise file_fault("unreadable", path.name, lang, error.strerror or "") from error


def _decode(content: bytes, file: str, lang: Lang) -> str:
    """UTF-8 (with or without BOM) or UTF-16 with BOM; else Windows-1252."""
    encodings = ["utf-8-sig", "cp1252"]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\x00" in content:
        raise file_fault("nul", file, lang)
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise file_fault("nul", file, lang)
        return text
    raise file_fault("unreadable", file, lang, why="no_text")


def _separator(text: str) -> tuple[str, str]:
    """Return the separator and the text without Excel's line `sep=;`."""
    first = text.lstrip("\r\n").partition("\n")[0]
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[-1], text.lstrip("\r\n").partition("\n")[2]
    return detect_separator(first), text


def detect_separator(text: str) -> str:
    """Return the separator of a file's first line: the most frequent of `;`, tab and `,`.

    Examples
    --------
    >>> detect_separator('area;"a, b, c, d";wave')
    ';'
    """
    first = text.lstrip("\r\n").partition("\n")[0]
    # what stands in quotation marks is no separator
    bare = "".join(first.split('"')[::2])
    counts = {s: bare.count(s) for s in ";\t,"}
    best = max(counts, key=lambda s: counts[s])
    return best if counts[best] else ","


def read_delimited(path: Path, lang: Lang = "en", *, within: Path | None = None) -> Grid:
    """Read a CSV file into a grid of text cells.

    Parameters
    ----------
    path : Path
        Comma, semicolon or tab separated; UTF-8, Windows-1252 or UTF-16 with BOM.
    lang : {"en", "da"}
        Language of the faults.
    within : Path or None
        Folder it may not lead out of.

    Returns
    -------
    Grid
        Every record from the first line on, so that row numbers are a spreadsheet's.

    Raises
    ------
    InputError
        The file is no readable CSV file.
    """
    content = read_bytes(path, lang, within=within)
    text = _decode(content, path.name, lang)
    separator, text = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    cells_read = 0
    try:
        for row in reader:
            cells_read += len(row)
            if cells_read > MOST_CELLS:
                limit = load_wording(lang).say("place.cells", count=MOST_CELLS)
                raise file_fault("too_large", path.name, lang, limit=limit)
            rows.append(row)
    except csv.Error as error:
        told = fault_text("broken_csv", lang)
        fault = Fault(told.problem, str(error), told.remedy, file=path.name, row=len(rows) + 1)
        raise InputError(fault) from error
    cells = [cell for row in rows[:2000] for cell in row]
    return Grid(path.name, None, rows, decimal_mark(cells, separator), sha256_of_bytes(content))
