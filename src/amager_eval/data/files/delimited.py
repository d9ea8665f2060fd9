"""Read a CSV file as a Danish or an English spreadsheet saves it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from amager_eval.data.files.table_file import HEADER_WITHIN, Grid
from amager_eval.data.tables.fault_texts import file_fault
from amager_eval.data.tables.findings import Findings
from amager_eval.data.tables.number_text import decimal_mark
from amager_eval.errors import InputError
from amager_eval.provenance import sha256_of_bytes
from amager_eval.wording.sentences import Lang, load_wording

__all__ = [
    "MOST_BYTES",
    "MOST_CELLS",
    "detect_separator",
    "read_bytes",
    "read_delimited",
    "read_records",
    "split_separator",
]

#: A table of published figures is far smaller; more is refused before it is read.
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_CELLS: Final = 2_000_000


def read_bytes(path: Path, lang: Lang, *, within: Path | None = None) -> bytes:
    """Read a whole file if it is one, lies where it should and is not too large.

    It may not lead out of the folder `within`, by a link for instance; a refusal names the file and
    the reason.
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


def split_separator(text: str) -> tuple[str, str]:
    r"""Return the separator and the text without Excel's line `sep=;`.

    Examples
    --------
    >>> split_separator("sep=;\narea;wave\n"), split_separator("area,wave\n")
    ((';', 'area;wave\n'), (',', 'area,wave\n'))
    """
    stripped = text.lstrip("\r\n")
    first, _, rest = stripped.replace("\r\n", "\n").partition("\n")
    told = re.fullmatch(r'"?sep=([^"\w])\1*"?[ ]*', first, re.IGNORECASE)
    return (told[1], rest) if told else (detect_separator(text), text)


def detect_separator(text: str) -> str:
    """Return the separator of a file's first line that has one: `;`, tab or `,`, the most frequent.

    Examples
    --------
    >>> detect_separator('area;"a, b, c, d";wave')
    ';'
    """
    for line in text.splitlines()[:HEADER_WITHIN]:
        # what stands in quotation marks is no separator
        bare = "".join(line.split('"')[::2])
        counts = {s: bare.count(s) for s in ";\t,"}
        best = max(counts, key=lambda s: counts[s])
        if counts[best]:
            return best
    return ","


def read_records(
    lines: Iterable[str], separator: str, file: str, lang: Lang
) -> Iterator[list[str]]:
    """Yield the records of a CSV file, a blank line as an empty one, so that they are numbered.

    Lines come with their ends. A quotation mark that is not closed, or is closed by one rows
    further on, is refused with its row.
    """
    reader = csv.reader(lines, delimiter=separator, strict=True)
    findings = Findings(lang=lang, file=file)
    number = lines_before = width = 0
    try:
        for number, row in enumerate(reader, start=1):
            spans = reader.line_num - lines_before > 1
            lines_before = reader.line_num
            width = max(width, len(row))
            if spans and any(_swallows(cell, separator, width) for cell in row):
                findings.add("unclosed_quote", row=number)
                raise InputError(findings.faults)
            yield row
    except csv.Error as error:
        if reader.line_num - lines_before > 1:
            findings.add("unclosed_quote", row=number + 1)
        else:
            findings.add("broken_csv", row=number + 1, found=str(error))
        raise InputError(findings.faults) from error


def _swallows(cell: str, separator: str, width: int) -> bool:
    """Whether a cell of several lines holds what looks like rows of their own."""
    below = cell.splitlines()[1:]
    return bool(below) and (
        any(line.count(separator) >= max(1, width - 1) for line in below)
        or below[-1].endswith(separator)
    )


def read_delimited(path: Path, lang: Lang = "en", *, within: Path | None = None) -> Grid:
    """Read a CSV file into a grid of text cells.

    Comma, semicolon or tab separated; UTF-8, Windows-1252 or UTF-16 with BOM. Every record from the
    first line on, so that row numbers are a spreadsheet's.
    """
    content = read_bytes(path, lang, within=within)
    text = _decode(content, path.name, lang)
    separator, text = split_separator(text)
    rows: list[list[str]] = []
    cells_read = 0
    for row in read_records(io.StringIO(text, newline=""), separator, path.name, lang):
        cells_read += len(row)
        if cells_read > MOST_CELLS:
            limit = load_wording(lang).say("place.cells", count=MOST_CELLS)
            raise file_fault("too_large", path.name, lang, limit=limit)
        rows.append(row)
    cells = [cell for row in rows[:2000] for cell in row]
    return Grid(path.name, None, rows, decimal_mark(cells, separator), sha256_of_bytes(content))
