"""Replies of the StatBank, fetched or saved by hand: CSV, BULK, JSON-stat and PX to tidy frames."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from amager_eval.data.files.delimited import read_bytes
from amager_eval.errors import Fault, InputError

__all__ = ["VALUE", "parse_csv", "parse_json_stat", "parse_px", "read_statbank_file"]

#: The value column of every reply, as the CSV reply names it.
VALUE: Final = "INDHOLD"
#: How the StatBank writes a figure that is not there.
MISSING: Final = frozenset({"..", "...", "-", ".", ""})


def _fault(message: str, found: object = "", file: str | None = None) -> InputError:
    return InputError(Fault(message, str(found)[:80], "Fetch or save the table again.", file=file))


def _number(text: object, *, dash_is_zero: bool = False) -> float:
    """Read a figure; `..` is missing, and a PX file writes an exact zero as `-`."""
    if text is None:
        return float("nan")
    if isinstance(text, int | float):
        return float(text)
    bare = str(text).strip().strip('"')
    if bare == "-" and dash_is_zero:
        return 0.0
    if bare in MISSING:
        return float("nan")
    return float(bare.replace(",", "."))


def _labels_to_codes(period: str) -> str:
    """English labels write 2007Q1 where codes write 2007K1."""
    return re.sub(r"^(\d{4})Q([1-4])$", r"\1K\2", period)


def parse_csv(content: bytes, file: str | None = None) -> pd.DataFrame:
    r"""Read a CSV or BULK reply.

    Parameters
    ----------
    content : bytes
        `;`-separated UTF-8 with BOM; header of variable ids, then TID and INDHOLD.
    file : str or None
        File name for faults.

    Returns
    -------
    DataFrame
        One text column per variable, then `INDHOLD` (float; `..` is NaN).

    Examples
    --------
    >>> parse_csv("TID;INDHOLD\n2024Q1;7\n".encode())["TID"].tolist()
    ['2024K1']
    """
    try:
        frame = pd.read_csv(
            io.BytesIO(content), sep=";", dtype="str", encoding="utf-8-sig", keep_default_na=False
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _fault("this is no CSV reply of the StatBank", type(error).__name__, file) from error
    # a row with a cell too many shifts the columns, one too few leaves one empty
    empty = frame.isna() | (frame == "")
    if not isinstance(frame.index, pd.RangeIndex) or empty.any(axis=None):
        raise _fault("a row of the CSV reply has too many or too few cells", "", file)
    if VALUE not in frame or len(frame.columns) < 2:
        raise _fault(f"a CSV reply has variables and the column {VALUE}", list(frame.columns), file)
    return _tidy(frame, file)


def _tidy(frame: pd.DataFrame, file: str | None, *, dash_is_zero: bool = False) -> pd.DataFrame:
    try:
        values = [_number(v, dash_is_zero=dash_is_zero) for v in frame[VALUE]]
    except ValueError as error:
        raise _fault("a figure of the reply is no number", error, file) from error
    tidy = frame.astype({c: "str" for c in frame.columns if c != VALUE})
    tidy[VALUE] = np.array(values, dtype=np.float64)
    for column in tidy.columns:
        if column.upper() == "TID":
            tidy[column] = tidy[column].map(_labels_to_codes)
    return tidy


def _grid(names: Sequence[str], categories: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Every combination of categories, the last running fastest."""
    return pd.DataFrame(list(itertools.product(*categories)), columns=list(names), dtype="str")


def parse_json_stat(content: bytes, file: str | None = None) -> pd.DataFrame:
    """Read a JSON-stat reply, version 1 (inside `dataset`) or 2.

    Parameters
    ----------
    content : bytes
        UTF-8 JSON.
    file : str or None
        File name for faults.

    Returns
    -------
    DataFrame
        As :func:`parse_csv`, categories by code; the dimension ContentsCode of a single
        content is left out.
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
        raise _fault("this is no JSON-stat reply", type(error).__name__, file) from error
    if [len(c) for c in categories] != sizes:
        raise _fault("the categories do not fit the size of the JSON-stat reply", sizes, file)
    frame = _grid(names, categories)
    if isinstance(values, Mapping):
        values = [values.get(str(i)) for i in range(len(frame))]
    if not isinstance(values, list) or len(values) != len(frame):
        raise _fault(
            f"the JSON-stat reply should hold {len(frame)} values",
            len(values) if isinstance(values, list) else type(values).__name__,
            file,
        )
    frame[VALUE] = pd.Series(values, dtype="object")
    single = [n for n, s in zip(names, sizes, strict=True) if n == "ContentsCode" and s == 1]
    return _tidy(frame.drop(columns=single), file)


def _categories(category: Mapping[str, Any]) -> list[str]:
    """Codes of a dimension in order; a single category may lack its index."""
    index = category.get("index", category.get("label"))
    if isinstance(index, list):
        return [str(code) for code in index]
    if isinstance(index, Mapping):
        if all(isinstance(place, int) for place in index.values()):
            return [str(c) for c, _ in sorted(index.items(), key=lambda item: item[1])]
        return [str(code) for code in index]
    raise TypeError("no index")


_KEYWORD = re.compile(r'([A-Z0-9-]+)(?:\[\w+\])?(?:\("((?:[^"])*)"\))?=', re.ASCII)


def parse_px(content: bytes, file: str | None = None) -> pd.DataFrame:
    """Read a PX file.

    Parameters
    ----------
    content : bytes
        As PC-Axis writes it; the code page is the file's own, else Windows-1252.
    file : str or None
        File name for faults.

    Returns
    -------
    DataFrame
        One column per variable of stub and heading, by code where the file has codes.
    """
    head = content[:2000].decode("latin-1")
    page = re.search(r'CODEPAGE="([^"]+)"', head)
    encoding = page[1] if page else "cp1252"
    try:
        text = content.decode("utf-8-sig" if encoding.lower() == "utf-8" else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise _fault("the PX file's code page cannot be read", encoding, file) from error
    before, found, data = text.partition("DATA=")
    if not found:
        raise _fault("this is no PX file: it has no DATA", "", file)
    keywords = _px_keywords(before)
    names = keywords.get(("STUB", None), []) + keywords.get(("HEADING", None), [])
    if not names:
        raise _fault("this is no PX file: it has neither STUB nor HEADING", "", file)
    categories = []
    for name in names:
        codes = keywords.get(("CODES", name)) or keywords.get(("VALUES", name))
        if not codes:
            raise _fault("the PX file has no values for a variable", name, file)
        categories.append(codes)
    figures = re.findall(r'"[^"]*"|[^\s;]+', data.partition(";")[0])
    frame = _grid(names, categories)
    if len(figures) != len(frame):
        raise _fault(f"the PX file should hold {len(frame)} figures", len(figures), file)
    frame[VALUE] = figures
    return _tidy(frame, file, dash_is_zero=True)


def _px_keywords(text: str) -> dict[tuple[str, str | None], list[str]]:
    """Keywords with their quoted values; the first language wins."""
    keywords: dict[tuple[str, str | None], list[str]] = {}
    for statement in re.split(r";\s*\n", text):
        match = _KEYWORD.match(statement.strip())
        if match:
            values = re.findall(r'"([^"]*)"', statement.strip()[match.end() :])
            keywords.setdefault((match[1], match[2]), values)
    return keywords


def read_statbank_file(path: str | Path) -> pd.DataFrame:
    """Read a table saved by hand from the StatBank.

    Parameters
    ----------
    path : str or Path
        `.csv`, `.json` (JSON-stat) or `.px`.

    Returns
    -------
    DataFrame
        One column per variable, then `INDHOLD`.

    Raises
    ------
    InputError
        The file is none of these, or is incomplete.
    """
    path = Path(path)
    parse = {
        ".csv": parse_csv,
        ".json": parse_json_stat,
        ".px": parse_px,
    }.get(path.suffix.lower())
    if parse is None:
        raise InputError(
            Fault(
                "a saved StatBank table is .csv, .json or .px",
                found=path.suffix,
                remedy="Save the table in one of these formats.",
                file=path.name,
            )
        )
    return parse(read_bytes(path, "en"), path.name)
