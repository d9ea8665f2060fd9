"""Numbers as people write them: decimal comma or point, thousands separators, percent signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal

from pydantic_core import PydanticCustomError

__all__ = ["DecimalMark", "Reading", "decimal_mark", "is_error_text", "is_no_value", "parse_number"]

#: How a file writes decimals; None: not known, so `1.313` is ambiguous.
DecimalMark = Literal[".", ","] | None
#: What a column can hold, so that `1.313` has one reading. A `factor` (a design effect, weight,
#: rate or share) is never written in thousands, a `whole` number (a count, inhabitants, an amount
#: of money) never with three decimals; a `size` (respondents) may be either and is asked about.
Reading = Literal["factor", "whole", "size", "mark"]

# ASCII: digits of other scripts are not guessed at
_PLAIN = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
# a group of thousands never begins with 0: `0.873` has one reading
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}(\1\d{3})*", re.ASCII)
#: Thousands with a space between them, and perhaps decimals; after a sign there may be one too.
_SPACED = re.compile(r"[+-]?\s?(?:[0-9]+|[0-9]{1,3}(?:\s[0-9]{3})+)(?:[.,][0-9]*)?")
_GROUPED_WITH_DECIMALS = re.compile(
    r"[+-]?[1-9]\d{0,2}(?:(\.)\d{3}(?:\.\d{3})*,\d+|(,)\d{3}(?:,\d{3})*\.\d+)", re.ASCII
)


#: What a spreadsheet shows in place of a result, as Excel and LibreOffice write it in English,
#: Danish, Norwegian, Swedish and German; a row of `#` is a column too narrow for its number.
_ERRORS: Final = """
#BLOCKED! #BUSY! #CALC! #CONNECT! #DIV/0! #EXTERNAL! #FIELD! #GETTING_DATA #MACRO? #N/A #NAME?
#NULL! #NUM! #PYTHON! #REF! #SPILL! #TIMEOUT! #UNKNOWN! #VALUE! #BEREGN! #BEREGNING! #BLOKERET!
#DIVISION/0! #FELT! #FORBIND! #HENTER_DATA #I/T #NAVN? #NUL! #OPTAGET! #OVERLØB! #REFERENCE!
#SPILD! #UKENDT! #VÆRDI! #VERDI! #SAKNAS! #SAKNAS #VÄRDEFEL! #REFERENS! #NAMN? #OGILTIGT! #TAL!
#NV #WERT! #BEZUG! #ZAHL! #N/D
"""
#: Also as typed or exported: `#REF`, `#N/A N/A`.
_ERROR_SIGNS: Final = frozenset(sign.rstrip("!?") for sign in _ERRORS.split()) | {"#N/A N/A"}
_ERROR_PATTERN: Final = re.compile(r"#{2,}|(?:err|fejl|feil|error|fehler):\d{3}", re.IGNORECASE)
#: How files write that there is no value: the StatBank, R, Python, SAS and Stata, Danish tables.
_NO_VALUE: Final = frozenset({"", "-", "–", "—", "…", "na", "n/a", "nan", "null", "none", "<na>"})


def is_error_text(text: str) -> bool:
    """Whether a text is what a spreadsheet shows for a formula that failed.

    Examples
    --------
    >>> is_error_text("#I/T"), is_error_text(" #div/0! "), is_error_text("Fejl:522")
    (True, True, True)
    >>> is_error_text("#1 på listen"), is_error_text("#REF")
    (False, True)
    """
    bare = text.strip()
    if not bare or bare[0] not in "#eEfF":
        return False
    sign = unicodedata.normalize("NFC", bare).upper().rstrip("!?")
    return sign in _ERROR_SIGNS or bool(_ERROR_PATTERN.fullmatch(bare))


def is_no_value(text: str) -> bool:
    """Whether a text says that there is no value: nothing, a dash, one to six dots, `NA`.

    Examples
    --------
    >>> is_no_value(" .... "), is_no_value("NaN"), is_no_value("0")
    (True, True, False)
    """
    bare = text.strip()
    return bare.casefold() in _NO_VALUE or (len(bare) <= 6 and set(bare) == {"."})


def decimal_mark(cells: Sequence[str], separator: str) -> DecimalMark:
    """Decide a file's decimal mark from its cells and its column separator.

    A cell that can be read in one way only decides; else the separator does, for a file separated
    by semicolons is one whose decimals are commas.

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
    return "." if separator == "," else "," if separator == ";" else None


def _bare(text: str) -> str:
    """Drop a percent sign, the typographic minus and spaces between thousands.

    Other spaces stay, so that `36 1`, a figure and its note, is no number.
    """
    text = text.strip().removesuffix("%").strip().replace("\u2212", "-")
    spaced = _SPACED.fullmatch(text)
    return re.sub(r"\s", "", text) if spaced else text


def parse_number(text: str, mark: DecimalMark, reading: Reading = "mark") -> float:
    """Read a number as a spreadsheet user writes it.

    `84`, `84.5`, `84,5`, `1.313`, `1 313`, `22,2 %`. What the column can hold, `reading`, decides
    where digits alone have two readings; with `mark` the file's decimal mark does. A
    `PydanticCustomError` says `not_number`, or `ambiguous_number` where two readings are left.

    Examples
    --------
    >>> parse_number("1.313", ","), parse_number("1.313", "."), parse_number("1.313,5", ",")
    (1313.0, 1.313, 1313.5)
    >>> parse_number("1.313", ",", "factor"), parse_number("60.000", ".", "whole")
    (1.313, 60000.0)
    """
    bare = _bare(text)
    if reading == "factor" and _in_groups(text, bare):
        raise PydanticCustomError("not_number", "in thousands")
    if _GROUPED_WITH_DECIMALS.fullmatch(bare):
        groups = "." if bare.rfind(",") > bare.rfind(".") else ","
        return float(bare.replace(groups, "").replace(",", "."))
    grouped = _GROUPED.fullmatch(bare)
    if grouped and _in_thousands(bare, grouped[1], mark, reading):
        return float(bare.replace(grouped[1], ""))
    if not _PLAIN.fullmatch(bare):
        raise PydanticCustomError("not_number", "no number")
    return float(bare.replace(",", "."))


def _in_groups(text: str, bare: str) -> bool:
    """Whether a number has thousands for certain: a space between them, or two kinds of mark."""
    marks = [c for c in bare if c in ".,"]
    return len(marks) > 1 or re.search(r"[0-9]\s[0-9]", text) is not None


def _in_thousands(bare: str, used: str, mark: DecimalMark, reading: Reading) -> bool:
    """Whether digits with a mark before every three of them are in thousands."""
    if bare.count(used) > 1:  # no decimal is marked twice
        return True
    if reading in {"factor", "whole"}:
        return reading == "whole"
    if mark is None or (reading == "size" and used == mark):
        raise PydanticCustomError("ambiguous_number", "two readings")
    return used != mark
