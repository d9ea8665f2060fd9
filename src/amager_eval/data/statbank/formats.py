"""Replies of the StatBank, fetched or saved by hand: CSV, BULK, JSON-stat and PX to tidy frames."""

from __future__ import annotations

import codecs
import csv
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from amager_eval.data.files.delimited import read_bytes
from amager_eval.data.files.table_file import HEADER_WITHIN
from amager_eval.data.statbank.faults import statbank_fault

__all__ = ["VALUE", "known_once", "parse_csv", "parse_json_stat", "parse_px", "read_statbank_file"]

#: The value column of every reply, as the CSV reply names it.
VALUE: Final = "INDHOLD"
#: How every format of the StatBank writes a figure that is not there: too uncertain, not yet
#: counted, confidential. A dash is no such sign: it is an exact zero.
_NOT_THERE: Final = re.compile(r"\.{1,6}|:|")
_ZERO: Final = frozenset({"-", "–"})
_FIGURE: Final = re.compile(r"[+-]?\d+([.,]\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
#: Five thousand or 5: a table of whole numbers may write either so.
_TWO_READINGS: Final = re.compile(r"[+-]?[1-9]\d{0,2}([.,\s\u00a0]\d{3})+", re.ASCII)
_SEPARATORS: Final = ";\t,"


def _number(text: object) -> float:
    """Read a figure; signs mean the same in every format."""
    if text is None:
        return float("nan")
    if isinstance(text, int | float) and not isinstance(text, bool) and abs(text) != math.inf:
        return float(text)
    bare = str(text).strip().strip('"').strip()
    if bare in _ZERO:
        return 0.0
    if _NOT_THERE.fullmatch(bare):
        return float("nan")
    if not _FIGURE.fullmatch(bare) or _TWO_READINGS.fullmatch(bare):
        raise ValueError(bare)
    return float(bare.replace(",", "."))


def _labels_to_codes(period: str) -> str:
    """English labels write 2007Q1 where codes write 2007K1."""
    return re.sub(r"^(\d{4})Q([1-4])$", r"\1K\2", period)


def parse_csv(content: bytes, file: str | None = None) -> pd.DataFrame:
    r"""Read a CSV or BULK reply.

    UTF-8 with or without BOM, separated by `;` or, as the StatBank also saves it, by tabs or
    commas; a header of variable ids, then TID and INDHOLD. One text column per variable, then
    `INDHOLD` (float; `..` and a blank are NaN).

    Examples
    --------
    >>> parse_csv("TID;INDHOLD\n2024Q1;7\n".encode())["TID"].tolist()
    ['2024K1']
    """
    try:
        header, rows = _records(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise statbank_fault("no_csv", type(error).__name__, file=file) from error
    if not header:
        raise statbank_fault("no_csv", file=file)
    if VALUE not in header or len(set(header)) < max(2, len(header)):
        raise statbank_fault("no_value_column", ", ".join(header), file=file, heading=VALUE)
    at = header.index(VALUE)
    # no code is blank; a figure may be, as in the other formats
    if any(len(row) != len(header) or "" in row[:at] + row[at + 1 :] for row in rows):
        raise statbank_fault("row_cells", file=file)
    return _tidy(pd.DataFrame(rows, columns=header, dtype="str"), file)


def _records(text: str) -> tuple[list[str], list[list[str]]]:
    r"""Header and rows; what stands above them (`sep=;`, a title, blank lines) is left out.

    Examples
    --------
    >>> _records("sep=;\nReported crime\nTID;INDHOLD\n2024K1;7\n")
    (['TID', 'INDHOLD'], [['2024K1', '7']])
    """
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines[:HEADER_WITHIN]):
        for separator in _SEPARATORS:
            header = [cell.strip().strip('"') for cell in line.split(separator)]
            if VALUE in header and len(header) > 1:
                body = csv.reader(lines[at + 1 :], delimiter=separator, strict=True)
                return header, [row for row in body if row]
    return [cell.strip() for cell in lines[0].split(";")] if lines else [], []


def _tidy(frame: pd.DataFrame, file: str | None) -> pd.DataFrame:
    try:
        values = [_number(v) for v in frame[VALUE]]
    except ValueError as error:
        key = "not_whole" if _TWO_READINGS.fullmatch(str(error)) else "no_number"
        raise statbank_fault(key, error, file=file) from error
    tidy = frame.astype({c: "str" for c in frame.columns if c != VALUE})
    tidy[VALUE] = np.array(values, dtype=np.float64)
    for column in tidy.columns:
        if column.upper() == "TID":
            tidy[column] = tidy[column].map(_labels_to_codes)
    return known_once(tidy, file)


def known_once(frame: pd.DataFrame, file: str | None = None) -> pd.DataFrame:
    """Keep every cell once; a cell that is known twice must say the same.

    An `InputError` where it has two figures, or a figure and none.

    Examples
    --------
    >>> known_once(pd.DataFrame({"TID": ["2024K1", "2024K1"], VALUE: [7.0, 7.0]}))[VALUE].tolist()
    [7.0]
    """
    keys = [c for c in frame.columns if c != VALUE]
    once = frame.drop_duplicates()
    twice = once[once.duplicated(keys, keep=False)]
    if len(twice):
        cell = ", ".join(map(str, twice.iloc[0][keys]))
        same = (twice[keys] == twice.iloc[0][keys]).all(axis="columns")
        figures = ", ".join(f"{v:g}" for v in twice.loc[same, VALUE])
        raise statbank_fault("cell_differs", figures, file=file, cell=cell)
    return once.reset_index(drop=True)


def _grid(names: Sequence[str], categories: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Every combination of categories, the last running fastest."""
    return pd.DataFrame(list(itertools.product(*categories)), columns=list(names), dtype="str")


def parse_json_stat(content: bytes, file: str | None = None) -> pd.DataFrame:
    """Read a JSON-stat reply, version 1 (inside `dataset`) or 2.

    As :func:`parse_csv`, categories by code; the dimension ContentsCode of a single content is left
    out.
    """
    try:
        document = json.loads(content.decode("utf-8-sig"))
        dataset = document.get("dataset", document)
        dimension = dataset["dimension"]
        names = [str(n) for n in (dataset["id"] if "id" in dataset else dimension["id"])]
        sizes = [int(s) for s in (dataset["size"] if "size" in dataset else dimension["size"])]
        categories = [_categories(dimension[name]["category"]) for name in names]
        values = dataset["value"]
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise statbank_fault("no_json", type(error).__name__, file=file) from error
    if [len(c) for c in categories] != sizes:
        raise statbank_fault("json_size", sizes, file=file)
    frame = _grid(names, categories)
    if isinstance(values, Mapping):
        values = [values.get(str(i)) for i in range(len(frame))]
    if not isinstance(values, list) or len(values) != len(frame):
        held = len(values) if isinstance(values, list) else type(values).__name__
        raise statbank_fault("json_values", held, file=file, count=len(frame))
    statuses = _statuses(dataset.get("status"), len(frame))
    if len(statuses) != len(frame):
        raise statbank_fault("json_values", len(statuses), file=file, count=len(frame))
    for i, (value, status) in enumerate(zip(values, statuses, strict=True)):
        if status in _ZERO and value not in (None, 0):
            cell = ", ".join(map(str, frame.iloc[i]))
            raise statbank_fault("cell_differs", f"{value}, {status}", file=file, cell=cell)
    frame[VALUE] = pd.Series(
        [s if _is_sign(s) else v for v, s in zip(values, statuses, strict=True)], dtype="object"
    )
    single = [n for n, s in zip(names, sizes, strict=True) if n == "ContentsCode" and s == 1]
    tidy = _tidy(frame.drop(columns=single), file)
    tidy.attrs["labels"] = {n: _labels(dimension[n]) for n in names if n not in single}
    return tidy


def _statuses(status: object, cells: int) -> list[object]:
    """Status of every cell: one for all, one each, or by the place of those that have one."""
    if isinstance(status, list):
        return list(status)
    if isinstance(status, Mapping):
        return [status.get(str(i)) for i in range(cells)]
    return [status if isinstance(status, str) else None] * cells


def _is_sign(status: object) -> bool:
    """Whether a status stands in place of the figure; others are remarks beside it."""
    text = status.strip() if isinstance(status, str) else ""
    return bool(text) and (text in _ZERO or _NOT_THERE.fullmatch(text) is not None)


def _labels(dimension: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Code to label of a dimension's categories."""
    labels = dimension["category"].get("label")
    return {str(c): str(t) for c, t in labels.items()} if isinstance(labels, Mapping) else {}


def _categories(category: Mapping[str, object]) -> list[str]:
    """Codes of a dimension in order; a single category may lack its index."""
    index = category.get("index", category.get("label"))
    if isinstance(index, list):
        return [str(code) for code in index]
    if isinstance(index, Mapping):
        if all(isinstance(place, int) for place in index.values()):
            return [str(c) for c, _ in sorted(index.items(), key=lambda item: item[1])]
        return [str(code) for code in index]
    raise TypeError("no index")


_STATEMENT: Final = re.compile(r'((?:"[^"]*"|[^";])*)(?:;|\Z)')
_KEYWORD: Final = re.compile(
    r'\s*([A-Z][A-Z0-9-]*)(?:\[(\w+)\])?(?:\(\s*"([^"]*)"[^)]*\))?\s*=', re.ASCII
)
_CODEPAGE: Final = re.compile(rb'(?:\A|[;\r\n])\s*CODEPAGE\s*=\s*"([^"]+)"')
#: A text may be written in several pieces, one after the other; a comma begins the next text.
_TEXT: Final = re.compile(r'"[^"]*"(?:\s*"[^"]*")*')


def parse_px(content: bytes, file: str | None = None) -> pd.DataFrame:
    """Read a PX file.

    As PC-Axis writes it; the code page is the file's own, else UTF-8 where it is that, else
    Windows-1252. One column per variable of stub and heading, by code where the file has codes.
    """
    keywords, data = _px_keywords(_px_text(content, file))
    if data is None:
        raise statbank_fault("px_no_data", file=file)
    stub, heading = (keywords.get((part, None), []) for part in ("STUB", "HEADING"))
    names = stub + heading
    if not names:
        raise statbank_fault("px_no_variables", file=file)
    categories = []
    for name in names:
        codes = keywords.get(("CODES", name)) or keywords.get(("VALUES", name))
        if not codes:
            raise statbank_fault("px_no_values", name, file=file)
        categories.append(codes)
    figures = re.findall(r'(?:"[^"]*"|[^\s,;"])+', data)  # what is glued together is no figure
    frame = _grid(names, categories)
    if ("KEYS", stub[0] if stub else None) in keywords:
        figures = _px_keyed(figures, stub, categories, keywords, file)
    if len(figures) != len(frame):
        raise statbank_fault("px_figures", len(figures), file=file, count=len(frame))
    frame[VALUE] = figures
    tidy = _tidy(frame, file)
    tidy.attrs["labels"] = {
        name: dict(zip(codes, keywords.get(("VALUES", name), codes), strict=False))
        for name, codes in zip(names, categories, strict=True)
    }
    return tidy


def _px_text(content: bytes, file: str | None) -> str:
    page = _CODEPAGE.search(content)
    # a letter beyond ASCII of Windows-1252 is hardly ever UTF-8
    named = [page[1].decode("latin-1")] if page else ["utf-8", "cp1252"]
    if named[0].lower() in {"utf-8", "utf8"} or content.startswith(codecs.BOM_UTF8):
        named[0] = "utf-8-sig"
    for encoding in named:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise statbank_fault("px_code_page", named[-1], file=file)


def _px_keywords(text: str) -> tuple[dict[tuple[str, str | None], list[str]], str | None]:
    """Keywords with their texts, the file's own language first; and what follows `DATA=`."""
    keywords: dict[tuple[str, str | None], list[str]] = {}
    translated: dict[tuple[str, str | None], list[str]] = {}
    for statement in _STATEMENT.finditer(text):
        match = _KEYWORD.match(statement[1])
        if match is None:
            continue
        if match[1] == "DATA":
            return translated | keywords, text[statement.start() + match.end() :]
        rest = statement[1][match.end() :]
        texts = ["".join(piece.split('"')[1::2]) for piece in _TEXT.findall(rest)]
        of = translated if match[2] else keywords
        of.setdefault((match[1], match[3]), texts or [rest.strip()])
    return translated | keywords, None


def _px_keyed(
    figures: Sequence[str],
    stub: Sequence[str],
    categories: Sequence[Sequence[str]],
    keywords: Mapping[tuple[str, str | None], Sequence[str]],
    file: str | None,
) -> list[str]:
    """Put rows that begin with their keys in their places; a row of zeros may be left out."""
    width = math.prod(len(c) for c in categories[len(stub) :])
    keys = []
    for name, codes in zip(stub, categories, strict=False):
        by = keywords.get(("KEYS", name), ["CODES"])[0]
        shown = keywords.get((by, name)) or codes
        keys.append({text: place for place, text in enumerate(shown)})
    if len(figures) % (len(stub) + width):
        raise statbank_fault("px_row", len(figures), file=file, count=width)
    full = ["0"] * (math.prod(len(k) for k in keys) * width)
    for start in range(0, len(figures), len(stub) + width):
        place = 0
        for key, text in zip(keys, figures[start:], strict=False):
            if (at := key.get(text.strip('"'))) is None:
                raise statbank_fault("px_key", text, file=file)
            place = place * len(key) + at
        row = figures[start + len(stub) : start + len(stub) + width]
        full[place * width : (place + 1) * width] = row
    return full


def read_statbank_file(path: str | Path) -> pd.DataFrame:
    """Read a table saved by hand from the StatBank.

    `.csv`, `.json` (JSON-stat) or `.px`. One column per variable, then `INDHOLD`.
    """
    path = Path(path)
    parse = {
        ".csv": parse_csv,
        ".json": parse_json_stat,
        ".px": parse_px,
    }.get(path.suffix.lower())
    if parse is None:
        raise statbank_fault("format", path.suffix, file=path.name)
    return parse(read_bytes(path, "en"), path.name)
