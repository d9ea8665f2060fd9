"""Read an extract of the police register, one row a report, to counts.

The file is read in pieces; what is kept is counts, and no row reaches an output or a message.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

import pandas as pd

from amager_eval.data.files.delimited import read_records, split_separator
from amager_eval.data.files.table_file import HEADER_WITHIN
from amager_eval.data.police.counts import RegisterCounts, Tally
from amager_eval.data.police.mapping import RegisterMapping, read_register_mapping
from amager_eval.data.tables.fault_texts import file_fault
from amager_eval.data.tables.findings import Findings, raise_errors
from amager_eval.errors import InputError
from amager_eval.wording.sentences import Lang

__all__ = ["read_register"]

#: Rows held at a time.
CHUNK: Final = 200_000


def read_register(mapping: str | Path, *, lang: Lang = "en") -> RegisterCounts:
    """Count the reports of an extract.

    A wrong mapping, a missing column or a date that cannot be read is told by row number, never by
    value.
    """
    mapping = Path(mapping)
    coding = read_register_mapping(mapping, lang=lang)
    if Path(coding.file).name != coding.file:
        raise file_fault("beside_mapping", mapping.name, lang, coding.file)
    path = mapping.parent / coding.file
    findings = Findings(lang=lang, file=path.name)
    tally = Tally(coding, findings)
    for numbers, chunk in _chunks(path, coding, lang):
        tally.add(chunk, numbers)
    if tally.rows == 0:
        findings.add("empty_table")
    raise_errors(findings.faults)
    return tally.counts()


def _chunks(
    path: Path, coding: RegisterMapping, lang: Lang
) -> Iterator[tuple[Sequence[int], pd.DataFrame]]:
    """Read the extract in pieces, as text, only the columns that are needed; and their rows."""
    try:
        if not path.is_file():
            raise file_fault("path_missing", path.name, lang)
        if not path.resolve().is_relative_to(path.parent.resolve()):
            raise file_fault("outside_folder", path.name, lang)
        encoding = _encoding(path, lang)
        with path.open(encoding=encoding, newline="") as file:
            start = file.read(1 << 16)
            separator, rest = split_separator(start)
            lines = chain(io.StringIO(rest + file.readline(), newline=""), file)
            records = enumerate(read_records(lines, separator, path.name, lang), start=1)
            number, header = _header(records, coding)
            places = _places(header, number, coding, path.name, lang)
            rows = _of_width(records, len(header), path.name, lang)
            while piece := list(islice(rows, CHUNK)):
                numbers = [number for number, _ in piece]
                columns = {name: [row[at] for _, row in piece] for name, at in places.items()}
                yield numbers, pd.DataFrame(columns, dtype="str")
    except (OSError, UnicodeDecodeError) as error:
        raise file_fault("unreadable", path.name, lang, type(error).__name__) from error


def _header(
    records: Iterator[tuple[int, list[str]]], coding: RegisterMapping
) -> tuple[int, list[str]]:
    """Find the first of the first rows with a heading of the mapping; else the first with any."""
    wanted = set(_names(coding).values())
    first: tuple[int, list[str]] = (1, [])
    for number, record in islice(records, HEADER_WITHIN):
        header = [cell.strip() for cell in record]
        if wanted & set(header):
            return number, header
        if not any(first[1]):
            first = number, header
    return first


def _names(coding: RegisterMapping) -> dict[str, str]:
    return {k: c for k, c in coding.columns.model_dump().items() if c is not None}


def _places(
    header: list[str], number: int, coding: RegisterMapping, file: str, lang: Lang
) -> dict[str, int]:
    """Place of every column that is needed."""
    names = _names(coding)
    findings = Findings(lang=lang, file=file)
    if not any(header):
        findings.add("empty_table")
        raise_errors(findings.faults)
    # without any of the columns the first row may be no header but a report
    shown = ", ".join(header) if set(names.values()) & set(header) else ""
    for column in names.values():
        if column not in header:
            findings.add("column_missing", row=number, column=column, found=shown)
        if header.count(column) > 1:
            findings.add("column_twice", row=number, column=column)
    raise_errors(findings.faults)
    return {name: header.index(column) for name, column in names.items()}


def _of_width(
    records: Iterable[tuple[int, list[str]]], width: int, file: str, lang: Lang
) -> Iterator[tuple[int, list[str]]]:
    """Give every row as many cells as the header; a row with more that are filled is refused."""
    for number, row in records:
        if len(row) < width:
            row += [""] * (width - len(row))
        elif len(row) > width and any(map(str.strip, row[width:])):
            findings = Findings(lang=lang, file=file)
            findings.add("row_too_long", row=number)
            raise InputError(findings.faults)
        yield number, row


def _encoding(path: Path, lang: Lang) -> str:
    """UTF-8 if the whole file is, UTF-16 by its mark, else Windows-1252; read piece by piece."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with path.open("rb") as file:
        if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            return "utf-16"
        file.seek(0)
        encoding = "utf-8-sig"
        while piece := file.read(1 << 22):
            if b"\x00" in piece:
                raise file_fault("nul", path.name, lang)
            if encoding == "utf-8-sig":
                try:
                    decoder.decode(piece, final=len(piece) < 1 << 22)
                except UnicodeDecodeError:
                    encoding = "cp1252"
    return encoding
