"""Read an extract of the police register, one row a report, to counts.

The file is read in pieces; what is kept is counts, and no row reaches an output or a message.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd

from amager_eval.data.files.delimited import detect_separator
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

    Parameters
    ----------
    mapping : str or Path
        The mapping file; see :mod:`amager_eval.data.police.mapping`.
    lang : {"en", "da"}
        Language of the faults.

    Returns
    -------
    RegisterCounts

    Raises
    ------
    InputError
        The mapping is wrong, a column is missing, or a date cannot be read: told by row number,
        never by value.
    """
    mapping = Path(mapping)
    coding = read_register_mapping(mapping, lang=lang)
    if Path(coding.file).name != coding.file:
        raise file_fault("beside_mapping", mapping.name, lang, coding.file)
    path = mapping.parent / coding.file
    findings = Findings(lang=lang, file=path.name)
    tally = Tally(coding, findings)
    for chunk in _chunks(path, coding, lang):
        tally.add(chunk)
    if tally.rows == 0:
        findings.add("empty_table")
    raise_errors(findings.faults)
    return tally.counts()


def _chunks(path: Path, coding: RegisterMapping, lang: Lang) -> Iterator[pd.DataFrame]:
    """Read the extract in pieces, as text, only the columns that are needed."""
    try:
        if not path.is_file():
            raise file_fault("path_missing", path.name, lang)
        if not path.resolve().is_relative_to(path.parent.resolve()):
            raise file_fault("outside_folder", path.name, lang)
        with path.open("rb") as file:
            start = file.read(1 << 20)
        if b"\x00" in start:
            raise file_fault("nul", path.name, lang)
        encoding = _encoding(path)
        separator = detect_separator(start.decode(encoding, errors="replace"))
        first = pd.read_csv(
            path, sep=separator, encoding=encoding, nrows=1, header=None, dtype="str"
        )
        header = [str(h) for h in first.iloc[0].fillna("")]
        names = {k: c for k, c in coding.columns.model_dump().items() if c is not None}
        findings = Findings(lang=lang, file=path.name)
        # without any of the columns the first row may be no header but a report
        shown = ", ".join(header) if set(names.values()) & set(header) else ""
        for column in names.values():
            if column not in header:
                findings.add("column_missing", row=1, column=column, found=shown)
            if header.count(column) > 1:
                findings.add("column_twice", row=1, column=column)
        raise_errors(findings.faults)
        reader = pd.read_csv(
            path,
            sep=separator,
            encoding=encoding,
            dtype="str",
            keep_default_na=False,
            skip_blank_lines=False,
            chunksize=CHUNK,
        )
        with reader:
            for chunk in reader:
                # all columns are read, for only then a row with a cell too many is noticed
                if not isinstance(chunk.index, pd.RangeIndex):
                    raise file_fault("row_too_long", path.name, lang)
                yield pd.DataFrame({name: chunk[column] for name, column in names.items()})
    except (OSError, UnicodeDecodeError) as error:
        raise file_fault("unreadable", path.name, lang, type(error).__name__) from error
    except pd.errors.EmptyDataError as error:
        raise file_fault("empty_table", path.name, lang) from error
    except pd.errors.ParserError as error:
        findings = Findings(lang=lang, file=path.name)
        findings.add("broken_csv", row=_broken_row(str(error)))
        raise InputError(findings.faults) from error


def _broken_row(message: str) -> int | None:
    """Row at which the reader gave up; it counts lines from 1 and records from 0."""
    found = re.search(r"(line|row) (\d+)", message)
    return None if found is None else int(found[2]) + (found[1] == "row")


def _encoding(path: Path) -> str:
    """UTF-8 if the whole file is, else Windows-1252; read piece by piece."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with path.open("rb") as file:
        try:
            while piece := file.read(1 << 22):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"
