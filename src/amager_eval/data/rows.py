"""One model per table: what a single row may hold, whatever the rows around it say."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from numbers import Real
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from amager_eval.data.columns import canonical_word
from amager_eval.data.period import FIRST_YEAR, LAST_YEAR, Period, parse_period
from amager_eval.errors import InputError

__all__ = [
    "ROW_MODELS",
    "ActivityRow",
    "CrimeRow",
    "DecimalMark",
    "PopulationRow",
    "Row",
    "RowContext",
    "SafetyRow",
    "SurveyRoundRow",
    "decimal_mark",
    "parse_number",
]

#: How a file writes decimals; None: not known, so `1.313` is ambiguous.
DecimalMark = Literal[".", ","] | None
#: Longer cells are no names, sources or notes.
LONGEST_TEXT: Final = 2000
#: What a spreadsheet shows in place of a result, in English and Danish.
FORMULA_ERRORS: Final = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA"}
    | {"#DIVISION/0!", "#I/T", "#NAVN?", "#NUL!", "#REFERENCE!", "#VÆRDI!"}
)
#: Larger counts, populations and amounts are typing errors.
LARGEST: Final = 1e12

# ASCII: digits of other scripts are not guessed at
_PLAIN = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(\1\d{3})*", re.ASCII)
_GROUPED_WITH_DECIMALS = re.compile(
    r"[+-]?\d{1,3}(?:(\.)\d{3}(?:\.\d{3})*,\d+|(,)\d{3}(?:,\d{3})*\.\d+)", re.ASCII
)


@dataclass(frozen=True)
class RowContext:
    """What a row is read with.

    Parameters
    ----------
    mark : {".", ",", None}
        The file's decimal mark.
    settings : tuple of str or None
        Settings that may occur; None lets any name pass (another survey's).
    definition_required : bool
        Whether a crime row must say its definition.
    """

    mark: DecimalMark = "."
    settings: tuple[str, ...] | None = None
    definition_required: bool = False


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


def _number(value: object, info: ValidationInfo) -> float | None:
    """Turn a cell into a finite float; an empty cell into None."""
    if value is None:
        return None
    if isinstance(value, bool | date):
        raise PydanticCustomError("not_number", "no number")
    if isinstance(value, str):
        if value.strip() in {"", "-", "..", "NA", "n/a", "NaN", "nan"}:
            return None
        if value.strip() in FORMULA_ERRORS:
            raise PydanticCustomError("formula_error", "formula error")
        number = parse_number(value, _context(info).mark)
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


def _context(info: ValidationInfo) -> RowContext:
    context = info.context
    return context if isinstance(context, RowContext) else RowContext()


def _between(low: float, high: float) -> Any:
    def check(value: object, info: ValidationInfo) -> float | None:
        number = _number(value, info)
        if number is not None and not low <= number <= high:
            raise PydanticCustomError(
                "out_of_range", "out of range", {"low": f"{low:g}", "high": f"{high:g}"}
            )
        return number

    return BeforeValidator(check)


def _positive(value: object, info: ValidationInfo) -> float | None:
    number = _number(value, info)
    if number is not None and number <= 0:
        raise PydanticCustomError("not_positive", "not positive")
    return _not_huge(number)


def _not_huge(number: float | None) -> float | None:
    if number is not None and abs(number) > LARGEST:
        raise PydanticCustomError(
            "out_of_range", "out of range", {"low": "0", "high": f"{LARGEST:g}"}
        )
    return number


def _count(value: object, info: ValidationInfo) -> float | None:
    """Read a whole number of at least 0; kept as float because missing is NaN."""
    number = _not_huge(_number(value, info))
    if number is None:
        return None
    if number < 0:
        raise PydanticCustomError("negative", "negative")
    if number != math.floor(number):
        raise PydanticCustomError("not_whole", "not whole")
    return number


def _respondents(value: object, info: ValidationInfo) -> float | None:
    """Respondents, at least 1; an effective number may have decimals."""
    number = _not_huge(_number(value, info))
    if number is not None and number < 1:
        raise PydanticCustomError(
            "out_of_range", "out of range", {"low": "1", "high": f"{LARGEST:g}"}
        )
    return number


def _year(value: object, info: ValidationInfo) -> int:
    try:
        number = _number(_unpoint(value), info)
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
    if len(text) > LONGEST_TEXT or any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise PydanticCustomError("not_text", "no text", {"limit": LONGEST_TEXT})
    return text or None


def _name(value: object) -> str:
    """Read a name that will be shown and written to spreadsheets."""
    text = _text(value)
    if text is None:
        raise PydanticCustomError("missing", "missing")
    if text[0] in "=+@":
        raise PydanticCustomError("looks_like_formula", "formula")
    return text


def _period(value: object) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise PydanticCustomError("missing", "missing")
    if isinstance(value, float) and math.isnan(value):
        raise PydanticCustomError("missing", "missing")
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
        match = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text, re.ASCII)
        parts = (match[3], match[2], match[1]) if match else tuple(text[:10].split("-"))
        try:
            day = date(*(int(p) for p in parts)).isoformat()
        except (TypeError, ValueError) as error:
            raise PydanticCustomError("no_date", "no date") from error
    if not FIRST_YEAR <= int(day[:4]) <= LAST_YEAR:
        raise PydanticCustomError("no_date", "no date")
    return day


def _word(kind: str) -> Any:
    def check(value: object, info: ValidationInfo) -> str | None:
        text = _text(value)
        if text is None:
            if kind == "comparator":
                return None
            raise PydanticCustomError("missing", "missing")
        word = canonical_word(kind, text)
        if kind == "setting":
            known = _context(info).settings
            if known is None:
                return word or _name(text)
            if word in known:
                return word
            if text in known:
                return text
            raise PydanticCustomError("unknown_setting", "unknown", {"known": ", ".join(known)})
        if word is None:
            known_words = {"response": "safe, neither, unsafe", "comparator": "=, <, >"}[kind]
            raise PydanticCustomError(f"unknown_{kind}", "unknown", {"known": known_words})
        return word

    return BeforeValidator(check)


type Name = Annotated[str, BeforeValidator(_name)]
type OptionalText = Annotated[str | None, BeforeValidator(_text)]
type Year = Annotated[int, BeforeValidator(_year)]
type PeriodText = Annotated[str, BeforeValidator(_period)]
type OptionalDate = Annotated[str | None, BeforeValidator(_date)]
type Percent = Annotated[float | None, _between(0, 100)]
type Count = Annotated[float | None, BeforeValidator(_count)]
type Respondents = Annotated[float | None, BeforeValidator(_respondents)]
type Positive = Annotated[float | None, BeforeValidator(_positive)]


class Row(BaseModel):
    """A frozen row; columns it does not know are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", revalidate_instances="never")


class SafetyRow(Row):
    """A published figure of a safety survey."""

    area: Name
    wave: Year
    setting: Annotated[str, _word("setting")]
    response: Annotated[str, _word("response")]
    percent: Percent = None
    count: Count = None
    n: Respondents = None
    decimals: Annotated[float | None, _between(0, 6)] = None
    deff: Positive = None
    comparator: Annotated[str | None, _word("comparator")] = None
    source: OptionalText = None
    source_grade: OptionalText = None
    area_kind: OptionalText = None
    area_version: OptionalText = None

    @model_validator(mode="after")
    def _figure(self) -> SafetyRow:
        if self.percent is None and self.count is None:
            raise PydanticCustomError("no_figure", "no figure", {"at": "percent"})
        if self.count is not None and self.percent is None and self.n is None:
            raise PydanticCustomError("count_without_n", "no n", {"at": "n"})
        if self.count is not None and self.n is not None and self.count > self.n:
            raise PydanticCustomError(
                "count_above_n", "count above n", {"n": f"{self.n:g}", "at": "count"}
            )
        return self


class SurveyRoundRow(Row):
    """How a wave was fielded."""

    wave: Year
    invited: Respondents = None
    respondents: Respondents = None
    response_rate_percent: Percent = None
    fieldwork_start: OptionalDate = None
    fieldwork_end: OptionalDate = None
    collector: OptionalText = None
    source: OptionalText = None

    @model_validator(mode="after")
    def _consistent(self) -> SurveyRoundRow:
        start, end = self.fieldwork_start, self.fieldwork_end
        if start and end and end[: len(start)] < start[: len(end)]:
            raise PydanticCustomError("ends_before_start", "order", {"at": "fieldwork_end"})
        if self.invited and self.respondents and self.respondents > self.invited:
            raise PydanticCustomError(
                "more_than_invited",
                "more than invited",
                {"invited": f"{self.invited:g}", "at": "respondents"},
            )
        return self


class CrimeRow(Row):
    """Reports of one type in one area and period."""

    area: Name
    period: PeriodText
    crime_type: Name
    count: Count = None
    definition: OptionalText = None
    per_1000: Annotated[float | None, _between(0, 1_000_000)] = None
    source: OptionalText = None
    source_grade: OptionalText = None
    area_kind: OptionalText = None
    area_version: OptionalText = None

    @model_validator(mode="after")
    def _figure(self, info: ValidationInfo) -> CrimeRow:
        if self.count is None and self.per_1000 is None:
            raise PydanticCustomError("no_count", "no count", {"at": "count"})
        if self.definition is None and _context(info).definition_required:
            raise PydanticCustomError("definition_missing", "definition", {"at": "definition"})
        return self


class PopulationRow(Row):
    """Inhabitants of an area on the first day of a period."""

    area: Name
    period: PeriodText
    population: Positive
    source: OptionalText = None
    area_kind: OptionalText = None
    area_version: OptionalText = None

    @model_validator(mode="after")
    def _present(self) -> PopulationRow:
        if self.population is None:
            raise PydanticCustomError("missing", "missing", {"at": "population"})
        return self


class ActivityRow(Row):
    """An activity of the safety plan and who takes part."""

    activity: Name
    focus_area: Name
    partners: OptionalText = None
    outside_partners: OptionalText = None
    indicator: OptionalText = None
    budget_dkk: Annotated[float | None, _between(0, 1e12)] = None
    start: OptionalDate = None
    end: OptionalDate = None
    note: OptionalText = None
    list_version: OptionalText = None
    list_date: OptionalDate = None
    source: OptionalText = None

    @model_validator(mode="after")
    def _ordered(self) -> ActivityRow:
        if self.start and self.end and self.end[: len(self.start)] < self.start[: len(self.end)]:
            raise PydanticCustomError("ends_before_start", "order", {"at": "end"})
        return self


#: The row model of each table.
ROW_MODELS: Final[Mapping[str, type[Row]]] = {
    "safety": SafetyRow,
    "survey_rounds": SurveyRoundRow,
    "crime": CrimeRow,
    "population": PopulationRow,
    "activities": ActivityRow,
}
