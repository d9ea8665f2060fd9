"""Survey microdata of a firm's own coding, by a mapping file, to shares.

The mapping file (TOML) says which column is what and which codes mean which answer::

    file = "tryghed_2026.sav"          # CSV, SPSS .sav or Stata .dta, beside the mapping
    wave = 2026                        # or a column: columns.wave
    whole = "København"                # figure of all respondents; leave out for none

    [columns]
    area = "bydel"
    weight = "vaegt"
    stratum = "stratum"

    [areas]                            # code to name; leave out where the column holds names
    "1" = "Amager Øst"

    [extra_area]                       # a second area some respondents belong to
    name = "Amager Partnerskab (2025)"
    column = "partnerskab"
    codes = ["1"]

    [answers.night]
    column = "q12b"
    safe = ["1", "2"]
    neither = ["3"]
    unsafe = ["4", "5"]
    missing = ["8", "9"]
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from amager_eval.data.delivered import Delivered
from amager_eval.data.files.delimited import MOST_CELLS, read_bytes, read_delimited
from amager_eval.data.files.mapping_file import read_mapping_file
from amager_eval.data.files.table_file import HEADER_WITHIN, Grid
from amager_eval.data.survey.respondents import check_respondents, shares_of_respondents
from amager_eval.data.tables.fault_texts import file_fault
from amager_eval.data.tables.findings import Findings, raise_errors
from amager_eval.data.tables.frames import check_safety
from amager_eval.data.tables.number_text import DecimalMark, is_error_text, is_no_value
from amager_eval.wording.sentences import Lang

__all__ = ["MicrodataMapping", "microdata_shares", "read_mapping"]

type Codes = Annotated[
    tuple[str, ...], BeforeValidator(lambda codes: [str(c) for c in codes] if codes else codes)
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Frozen):
    """Which column of the microdata is what."""

    area: str
    wave: str | None = None
    weight: str | None = None
    stratum: str | None = None


class Answers(_Frozen):
    """A question's column and which codes mean which answer."""

    column: str
    safe: Codes
    neither: Codes = ()
    unsafe: Codes
    missing: Codes = ()

    @model_validator(mode="after")
    def _distinct(self) -> Answers:
        codes = [*self.safe, *self.neither, *self.unsafe, *self.missing]
        twice = sorted({c for c in codes if codes.count(c) > 1})
        if twice:
            raise PydanticCustomError("mapping_code_twice", "twice", {"codes": ", ".join(twice)})
        return self


class ExtraArea(_Frozen):
    """A second area that some respondents belong to, whatever their first."""

    name: str
    column: str
    codes: Codes


class MicrodataMapping(_Frozen):
    """How a survey firm's file is coded."""

    file: str  #: Name of the microdata file, beside the mapping
    wave: int | None = None  #: Wave of all rows, unless a column holds it
    whole: str | None = None  #: Name of the figure of all respondents
    columns: Columns  #: Area, wave, weight, stratum
    #: Code to name of areas; empty where the column holds names.
    areas: dict[str, str] = Field(default_factory=dict)
    extra_area: ExtraArea | None = None  #: A second area
    #: Per setting: column and codes.
    answers: Annotated[dict[Literal["neighbourhood", "night"], Answers], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_wave(self) -> MicrodataMapping:
        if (self.wave is None) == (self.columns.wave is None):
            raise PydanticCustomError("mapping_wave", "wave")
        return self


def read_mapping(path: str | Path, *, lang: Lang = "en") -> MicrodataMapping:
    """Read and validate a mapping file.

    Every wrong key is refused by its name.
    """
    return read_mapping_file(Path(path), MicrodataMapping, lang)


def microdata_shares(mapping: Path, lang: Lang) -> tuple[pd.DataFrame, tuple[Delivered, ...]]:
    """Read survey microdata: shares, and what became of the respondents, whose rows are not kept.

    Shares are `percent` (not rounded), `n`, `deff`, and `standard_error` in percentage points by
    Taylor linearisation with strata. Faults are told by row and column, without the value: it may
    be a person's answer.
    """
    coding = read_mapping(mapping, lang=lang)
    path = mapping.parent / coding.file
    if Path(coding.file).name != coding.file:
        raise file_fault("beside_mapping", mapping.name, lang, coding.file)
    raw, numbers, mark = _read_rows(path, _wanted(coding).values(), lang)
    findings = Findings(lang=lang, file=path.name, rows=numbers)
    rows = _canonical(raw, coding, findings)
    raise_errors(findings.faults)
    checked = check_respondents(rows, findings, mark)
    raise_errors(findings.faults)
    if coding.extra_area is not None:
        inside = raw[coding.extra_area.column].map(_code).isin(coding.extra_area.codes)
        checked["also"] = pd.Series(coding.extra_area.name, index=checked.index).where(
            inside.to_numpy()
        )
    shares = shares_of_respondents(checked, findings, whole=coding.whole)
    raise_errors(findings.faults)
    return check_safety(shares, lang=lang), tuple(findings.delivered)


def _code(value: Any) -> str | None:
    """Text of a code: `1.0`, as programs write it where others are missing, is `1`."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, float) and value == value // 1:
        value = int(value)
    return re.sub(r"(?<=\d)[.,]0+$", "", str(value).strip()) or None


def _read_rows(
    path: Path, wanted: Collection[str], lang: Lang
) -> tuple[pd.DataFrame, Sequence[int], DecimalMark]:
    """Rows of a CSV, SPSS or Stata file as they stand, codes not labels; and their numbers."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        grid = read_delimited(path, lang, within=path.parent)
        if not grid.rows:
            raise file_fault("empty_table", path.name, lang)
        return *_rows_of(grid, wanted, lang), grid.mark
    read_bytes(path, lang, within=path.parent)  # the same bounds as for every other file
    if suffix in {".sav", ".zsav", ".dta"}:
        rows = _read_statistics_file(path, wanted, lang)
        return rows, range(2, len(rows) + 2), "."
    raise file_fault("microdata_format", path.name, lang, suffix)


def _rows_of(grid: Grid, wanted: Collection[str], lang: Lang) -> tuple[pd.DataFrame, Sequence[int]]:
    """Rows below the header as text, and their numbers; what has the wrong shape is told."""
    start = _header_of(grid, wanted)
    header = [str(h).strip() for h in grid.rows[start]]
    findings = Findings(lang=lang, file=grid.file)
    # other names are not looked at: without a header the first row is an answer
    for name in sorted({h for h in header if h in wanted and header.count(h) > 1}):
        findings.add("column_twice", row=start + 1, column=name)
    filled = [
        (number, row)
        for number, row in enumerate(grid.rows[start + 1 :], start=start + 2)
        if any(map(str.strip, row))
    ]
    for number, row in filled:
        if any(map(str.strip, row[len(header) :])):
            findings.add("row_too_long", row=number)
    raise_errors(findings.faults)
    body = [[*row, *[""] * (len(header) - len(row))][: len(header)] for _, row in filled]
    return pd.DataFrame(body, columns=header, dtype="str"), [number for number, _ in filled]


def _header_of(grid: Grid, wanted: Collection[str]) -> int:
    """Place of the first row with a column of the mapping; else of the first with anything."""
    rows = [[str(h).strip() for h in row] for row in grid.rows[:HEADER_WITHIN]]
    named = (i for i, row in enumerate(rows) if set(wanted) & set(row))
    return next(named, next((i for i, row in enumerate(rows) if any(row)), 0))


def _read_statistics_file(path: Path, wanted: Collection[str], lang: Lang) -> pd.DataFrame:
    """Read the wanted columns of an SPSS or Stata file; codes, not their labels."""
    try:
        import pyreadstat  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise file_fault("no_pyreadstat", path.name, lang, path.suffix) from error
    read = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote what stands in the file
            _, about = read(str(path), metadataonly=True, user_missing=True)
            names = list(about.column_names)
            # however small it is packed, no more is held than of any other file
            most = MOST_CELLS // max(1, len(wanted))
            if names:
                columns = [c for c in names if c in set(wanted)] or names[:1]
                rows, _ = read(str(path), usecols=columns, row_limit=most + 1)
    except Exception as error:  # noqa: BLE001 - a broken file raises whatever it runs into
        # the reader's own message is left out: it may quote what stands in the file
        raise file_fault("unreadable", path.name, lang, type(error).__name__) from None
    findings = Findings(lang=lang, file=path.name)
    for column in wanted:
        if f"{column}_duplicated1" in names:  # so pyreadstat names the second
            findings.add("column_twice", column=column)
    if not names or rows.empty:
        findings.add("empty_table")
    elif len(rows) > most:
        findings.add("too_large", limit=f"{most} x {len(wanted)}")
    raise_errors(findings.faults)
    table = pd.DataFrame(rows)
    table.attrs["missing"] = about.missing_ranges
    return table


def _wanted(coding: MicrodataMapping) -> dict[str, str]:
    """Name the columns of the file that are read, by what they are."""
    columns: dict[str, str | None] = coding.columns.model_dump()
    columns |= {str(setting): answers.column for setting, answers in coding.answers.items()}
    if coding.extra_area is not None:
        columns["extra_area"] = coding.extra_area.column
    return {name: column for name, column in columns.items() if column is not None}


def _canonical(raw: pd.DataFrame, coding: MicrodataMapping, findings: Findings) -> pd.DataFrame:
    """Name the columns and turn codes into words; unknown codes stay, to be told."""
    wanted = _wanted(coding)
    for column in wanted.values():
        if column not in raw:
            findings.add("column_missing", column=column)
    raise_errors(findings.faults)
    rows = pd.DataFrame({name: raw[c] for name, c in wanted.items() if name != "extra_area"})
    if coding.wave is not None:
        rows["wave"] = coding.wave
    findings.headings = wanted
    for name in rows.columns.intersection([*wanted]):
        wrong = np.flatnonzero([isinstance(v, str) and is_error_text(v) for v in rows[name]])
        if wrong.size:
            findings.add("formula_error", at=wrong.tolist(), column=name)
    raise_errors(findings.faults)
    if coding.areas:
        codes = rows["area"].map(_code, na_action="ignore")
        rows["area"] = codes.map(coding.areas)
        unlisted = np.flatnonzero(codes.notna() & rows["area"].isna())
        if unlisted.size:
            findings.add("area_unlisted", at=unlisted.tolist(), column="area")
    for setting, answers in coding.answers.items():
        words = {
            code: word for word in ("safe", "neither", "unsafe") for code in getattr(answers, word)
        }
        denied = [code for code in words if _is_declared_missing(code, raw, answers.column)]
        if denied:
            findings.add("answer_denied", column=setting, codes=", ".join(denied))
        words |= dict.fromkeys(answers.missing, "")
        codes = rows[setting].map(_code, na_action="ignore")
        rows[setting] = codes.map(lambda code, known=words: _word(code, known))
    return rows


def _is_declared_missing(code: str, raw: pd.DataFrame, column: str) -> bool:
    """Whether the file itself declares a code of a column to be no answer."""
    for values in raw.attrs.get("missing", {}).get(column, ()):
        low, high = _code(values["lo"]), _code(values["hi"])
        try:
            if float(values["lo"]) <= float(code) <= float(values["hi"]):
                return True
        except ValueError:  # a range of numbers holds no text
            if low == high == code:
                return True
    return False


def _word(code: object, known: Mapping[str, str]) -> str:
    """Word of an answer's code, nothing where there is no answer; an unknown code is told."""
    if not isinstance(code, str):  # system-missing, or declared missing in the file
        return ""
    if code in known:
        return known[code]
    # .a to .z are the missing values of Stata in a CSV file
    return "" if is_no_value(code) or re.fullmatch(r"\.[a-z_]", code) else "?"
