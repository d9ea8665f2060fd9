"""What a single cell may hold, by kind: names, numbers, years, periods, dates, fixed words."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from numbers import Real
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from amager_eval.data.period import FIRST_YEAR, LAST_YEAR, Period, parse_period
from amager_eval.data.tables.columns import canonical_word, nearest_word
from amager_eval.data.tables.date_text import date_in, has_zone
from amager_eval.data.tables.number_text import (
    DecimalMark,
    Reading,
    is_error_text,
    is_no_value,
    parse_number,
)
from amager_eval.errors import InputError

__all__ = [
    "Count",
    "Factor",
    "Inhabitants",
    "Name",
    "OptionalDate",
    "OptionalName",
    "OptionalText",
    "Percent",
    "PeriodText",
    "Respondents",
    "RowContext",
    "Year",
    "between",
    "context_of",
    "largest_hidden",
    "word_of",
]

#: Longer cells are no names, sources or notes.
LONGEST_TEXT: Final = 2000
#: How a small count that is not told is written.
_MASKED: Final = re.compile(
    r"(?P<below><(?!=)|under|færre end|mindre end|below|fewer than|less than)\s*(?P<limit>\d+)"
    r"|(?:≤|<=|[01]\s*[-–])\s*(?P<most>\d+)",
    re.IGNORECASE,
)
#: Larger counts, populations and amounts are typing errors.
LARGEST: Final = 1e12


@dataclass(frozen=True)
class RowContext:
    """What a row is read with."""

    mark: DecimalMark = "."  #: The file's decimal mark
    #: Settings that may occur; None lets any name pass (another survey's).
    settings: tuple[str, ...] | None = None
    definition_required: bool = False  #: Whether a crime row must say its definition
    #: Whether a crime row without a rate must have a count; else an empty one is a missing cell.
    count_required: bool = True


def _number(
    value: object, info: ValidationInfo, reading: Reading, *, percent: bool = False
) -> float | None:
    """Turn a cell into a finite float; an empty cell into None."""
    if value is None:
        return None
    if isinstance(value, bool | date):
        raise PydanticCustomError("not_number", "no number")
    if isinstance(value, str):
        if is_no_value(value):
            return None
        _refuse_error(value)
        if "%" in value and not percent:
            raise PydanticCustomError("percent_sign", "percent sign")
        number = parse_number(value, context_of(info).mark, reading)
    elif isinstance(value, Real):
        try:
            number = float(value)
        except OverflowError as error:
            raise PydanticCustomError("not_finite", "too large") from error
    else:
        raise PydanticCustomError("not_number", "no number")
    if math.isnan(number):
        return None
    if math.isinf(number):
        raise PydanticCustomError("not_finite", "not finite")
    return number


def _refuse_error(text: str) -> None:
    """Refuse what a spreadsheet shows for a formula that failed."""
    if is_error_text(text):
        raise PydanticCustomError("formula_error", "formula error")


def context_of(info: ValidationInfo) -> RowContext:
    """Return what the row is read with; the plain reading where nothing was said."""
    context = info.context
    return context if isinstance(context, RowContext) else RowContext()


def between(low: float, high: float, reading: Reading = "factor", *, percent: bool = False) -> Any:
    """Make the kind of a number from `low` to `high`; `percent` may have a percent sign."""

    def check(value: object, info: ValidationInfo) -> float | None:
        number = _number(value, info, reading, percent=percent)
        if number is not None and not low <= number <= high:
            raise PydanticCustomError(
                "out_of_range", "out of range", {"low": float(low), "high": float(high)}
            )
        return number

    return BeforeValidator(check)


def largest_hidden(value: object) -> int | None:
    """Largest count a cell may stand for that says only that it is small; None for another cell.

    Examples
    --------
    >>> [largest_hidden(cell) for cell in ("< 5", "færre end 5", "0-5", "5")]
    [4, 4, 5, None]
    """
    found = _MASKED.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    return int(found["limit"]) - 1 if found["below"] else int(found["most"])


def _positive(reading: Reading) -> Any:
    """Make the kind of a number above 0."""

    def check(value: object, info: ValidationInfo) -> float | None:
        number = _number(value, info, reading)
        if number is not None and number <= 0:
            raise PydanticCustomError("not_positive", "not positive")
        return _not_huge(number)

    return BeforeValidator(check)


def _not_huge(number: float | None) -> float | None:
    if number is not None and abs(number) > LARGEST:
        raise PydanticCustomError(
            "out_of_range", "out of range", {"low": "0", "high": float(LARGEST)}
        )
    return number


def _count(value: object, info: ValidationInfo) -> float | None:
    """Read a whole number of at least 0; kept as float because missing is NaN."""
    number = _not_huge(_number(value, info, "whole"))
    if number is None:
        return None
    if number < 0:
        raise PydanticCustomError("negative", "negative")
    if number != math.floor(number):
        raise PydanticCustomError("not_whole", "not whole")
    return number


def _respondents(value: object, info: ValidationInfo) -> float | None:
    """Respondents, at least 1; an effective number may have decimals."""
    number = _not_huge(_number(value, info, "size"))
    if number is not None and number < 1:
        raise PydanticCustomError(
            "out_of_range", "out of range", {"low": "1", "high": float(LARGEST)}
        )
    return number


def _year(value: object, info: ValidationInfo) -> int:
    try:
        number = _number(_unpoint(value), info, "mark")
    except PydanticCustomError as error:
        if error.type != "not_number":
            raise
        raise PydanticCustomError("no_year", "no year") from error
    if number is None:
        raise PydanticCustomError("missing", "missing")
    if number != math.floor(number) or not FIRST_YEAR <= number <= LAST_YEAR:
        raise PydanticCustomError("no_year", "no year")
    return int(number)


def _unpoint(value: object) -> object:
    """Undo `2.024`, a year to which a spreadsheet gave a thousands separator."""
    if isinstance(value, str) and re.fullmatch(r"\d[.,]\d{3}", value.strip()):
        return re.sub(r"[.,]", "", value)
    return value


def _text(value: object) -> str | None:
    """Turn a cell into trimmed text in composed form; an empty cell into None."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value == value // 1:
        value = int(value)
    if isinstance(value, bool | bytes) or not isinstance(value, str | Real | date):
        raise PydanticCustomError("not_text", "no text", {"limit": LONGEST_TEXT})
    text = unicodedata.normalize("NFC", str(value)).replace("\u00a0", " ").strip()
    _refuse_error(text)
    if not text.isprintable():  # rare, so that few texts are read letter by letter
        if re.search(r"[\r\n]", text):
            raise PydanticCustomError("line_break", "line break")
        if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
            raise PydanticCustomError("not_text", "no text", {"limit": LONGEST_TEXT})
    if len(text) > LONGEST_TEXT:
        raise PydanticCustomError("not_text", "no text", {"limit": LONGEST_TEXT})
    return text or None


def _name(value: object) -> str:
    """Read a name that will be shown and written to spreadsheets."""
    text = _text(value)
    if text is None or is_no_value(text):
        raise PydanticCustomError("missing", "missing")
    if text[0] in "=+@":
        raise PydanticCustomError("looks_like_formula", "formula")
    return text


def _optional_name(value: object) -> str | None:
    """Read a name that may be left out, however that is written."""
    text = _text(value)
    return None if text is None or is_no_value(text) else text


def _period(value: object) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise PydanticCustomError("missing", "missing")
    if isinstance(value, float) and math.isnan(value):
        raise PydanticCustomError("missing", "missing")
    if isinstance(value, str):
        _refuse_error(value)
    # a date is one day: a spreadsheet that turned 2024-07 into one lost what was meant
    if isinstance(value, bool | date) and not isinstance(value, Period):
        raise PydanticCustomError("no_period", "no period")
    try:
        return str(parse_period(_unpoint(value)))
    except (InputError, OverflowError, ValueError) as error:
        raise PydanticCustomError("no_period", "no period") from error


def _date(value: object) -> str | None:
    """ISO text of a date; a year alone or a month is kept as it is."""
    if isinstance(value, date):
        value = value.isoformat()[:10]
    text = _text(value)
    if text is None:
        return None
    if re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", text, re.ASCII):
        day = text
    else:
        found = date_in(text)
        if found is None:
            code = "date_with_zone" if has_zone(text) else "no_date"
            raise PydanticCustomError(code, "no date")
        day = found.isoformat()
    if not FIRST_YEAR <= int(day[:4]) <= LAST_YEAR:
        raise PydanticCustomError("no_date", "no date")
    return day


def word_of(kind: str) -> Any:
    """Make the kind of a fixed word: a setting, a response or a comparator."""

    def check(value: object, info: ValidationInfo) -> str | None:
        text = _text(value)
        if text is None:
            if kind == "comparator":
                return None
            raise PydanticCustomError("missing", "missing")
        word = canonical_word(kind, text)
        if kind == "setting":
            known = context_of(info).settings
            if known is None:
                if word is None and (near := nearest_word(kind, text)):
                    raise PydanticCustomError("setting_near", "near", {"known": near})
                return word or _name(text)
            if text in known:  # an agreement's own name comes before a word that means another
                return text
            if word in known:
                return word
            if (near := nearest_word(kind, text)) and canonical_word(kind, near) in known:
                raise PydanticCustomError("setting_near", "near", {"known": near})
            raise PydanticCustomError("unknown_setting", "unknown", {"known": ", ".join(known)})
        if word is None and kind == "response" and (near := nearest_word(kind, text)):
            raise PydanticCustomError("response_near", "near", {"known": near})
        if word is None:
            known_words = {"response": "safe, neither, unsafe", "comparator": "=, <, >"}[kind]
            raise PydanticCustomError(f"unknown_{kind}", "unknown", {"known": known_words})
        return word

    return BeforeValidator(check)


type Name = Annotated[str, BeforeValidator(_name)]
type OptionalName = Annotated[str | None, BeforeValidator(_optional_name)]
type OptionalText = Annotated[str | None, BeforeValidator(_text)]
type Year = Annotated[int, BeforeValidator(_year)]
type PeriodText = Annotated[str, BeforeValidator(_period)]
type OptionalDate = Annotated[str | None, BeforeValidator(_date)]
type Percent = Annotated[float | None, between(0, 100, percent=True)]
type Count = Annotated[float | None, BeforeValidator(_count)]
type Respondents = Annotated[float | None, BeforeValidator(_respondents)]
type Factor = Annotated[float | None, _positive("factor")]
type Inhabitants = Annotated[float | None, _positive("whole")]
