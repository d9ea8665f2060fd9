"""Numbers as people write them: decimal comma or point, thousands separators, percent signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic_core import PydanticCustomError

__all__ = ["DecimalMark", "decimal_mark", "parse_number"]

#: How a file writes decimals; None: not known, so `1.313` is ambiguous.
DecimalMark = Literal[".", ","] | None

# ASCII: digits of other scripts are not guessed at
_PLAIN = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(\1\d{3})*", re.ASCII)
_GROUPED_WITH_DECIMALS = re.compile(
    r"[+-]?\d{1,3}(?:(\.)\d{3}(?:\.\d{3})*,\d+|(,)\d{3}(?:,\d{3})*\.\d+)", re.ASCII
)


def decimal_mark(cells: Sequence[str], separator: str) -> DecimalMark:
    """Decide a file's decimal mark from its cells and its column separator.

    A cell that can be read in one way only decides; else the separator does, for a file
    separated by semicolons is one whose decimals are commas.

    Parameters
    ----------
    cells : sequence of str
        Text of the cells.
    separator : str
        `,`, `;` or a tab.

    Examples
    --------
    >>> decimal_mark(["84,5", "1.313"], ";"), decimal_mark(["84.5", "1313"], ";")
    (',', '.')
    """
    seen = set()
    for cell in cells:
        text = _bare(cell)
        grouped = _GROUPED_WITH_DECIMALS.fullmatch(text)
        if grouped:
            seen.add("," if grouped[1] else ".")
        elif _PLAIN.fullmatch(text) and not _GROUPED.fullmatch(text):
            seen.update(mark for mark in ".," if mark in text)
    if len(seen) == 1:
        return "," if "," in seen else "."
    if seen:
        return None
    return {",": ".", ";": ","}.get(separator)  # type: ignore[return-value]


def _bare(text: str) -> str:
    """Drop spaces, a percent sign and the typographic minus."""
    text = re.sub(r"[\s\u00a0\u202f]+", "", text)
    return text.removesuffix("%").replace("\u2212", "-")


def parse_number(text: str, mark: DecimalMark) -> float:
    """Read a number as a spreadsheet user writes it.

    Parameters
    ----------
    text : str
        `84`, `84.5`, `84,5`, `1.313`, `1 313`, `22,2 %`.
    mark : {".", ",", None}
        The file's decimal mark.

    Raises
    ------
    PydanticCustomError
        `not_number`, or `ambiguous_number` where the mark is unknown and both readings exist.

    Examples
    --------
    >>> parse_number("1.313", ","), parse_number("1.313", "."), parse_number("1.313,5", ",")
    (1313.0, 1.313, 1313.5)
    """
    bare = _bare(text)
    if _GROUPED_WITH_DECIMALS.fullmatch(bare):
        groups = "." if bare.rfind(",") > bare.rfind(".") else ","
        return float(bare.replace(groups, "").replace(",", "."))
    grouped = _GROUPED.fullmatch(bare)
    if grouped:
        used = grouped[1]
        several = bare.count(used) > 1
        if mark is None and not several:
            raise PydanticCustomError("ambiguous_number", "two readings")
        if several or used != mark:
            return float(bare.replace(used, ""))
    if not _PLAIN.fullmatch(bare):
        raise PydanticCustomError("not_number", "no number")
    return float(bare.replace(",", "."))
