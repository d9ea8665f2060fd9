"""Bare frames and tables of files to checked tidy frames; every fault collected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd
from pydantic import ValidationError

from amager_eval.data.frame_kinds import as_pandas
from amager_eval.data.survey.respondents import are_respondents, safety_of_respondents
from amager_eval.data.tables.cells import RowContext
from amager_eval.data.tables.columns import TABLES, TableColumns
from amager_eval.data.tables.cross_crime import (
    check_crime_rows,
    check_population_rows,
    one_series_each,
    population_agrees,
    population_column,
    population_given,
)
from amager_eval.data.tables.cross_rows import Record, check_activity_rows, check_resident_rows
from amager_eval.data.tables.cross_safety import check_round_rows, check_safety_rows
from amager_eval.data.tables.fault_texts import is_fault
from amager_eval.data.tables.findings import LONGEST_FOUND, Findings, raise_errors
from amager_eval.data.tables.rows import ROW_MODELS
from amager_eval.data.tables.whole_periods import (
    one_length,
    tell_cumulative,
    tell_unfinished_years,
)
from amager_eval.errors import InputError
from amager_eval.wording.sentences import Lang

__all__ = [
    "Parsed",
    "RawTable",
    "check_crime",
    "check_frame",
    "check_population",
    "check_safety",
    "parse_table",
]

#: How the rows of each table are held against each other.
_CHECKS: Final[Mapping[str, Callable[[Sequence[Record], Sequence[int], Findings], None]]] = {
    "safety": check_safety_rows,
    "survey_rounds": check_round_rows,
    "crime": check_crime_rows,
    "population": check_population_rows,
    "activities": check_activity_rows,
    "residents": check_resident_rows,
}
#: Columns of which a table of figures holds at least one.
_FIGURES: Final[Mapping[str, tuple[str, ...]]] = {
    "safety": ("percent", "count"),
    "crime": ("count", "per_1000"),
}


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as it stands in a file: cells by canonical column name, not yet checked."""

    columns: TableColumns  #: Which table it is
    #: One per row: canonical column name to cell; an empty cell is None.
    cells: list[dict[str, object]]
    rows: Sequence[int | None]  #: Row number of each row, as a spreadsheet shows it


@dataclass(frozen=True, eq=False)
class Parsed:
    """The rows of a table that have no fault of their own."""

    frame: pd.DataFrame  #: Canonical columns, missing ones NaN; index 0, 1, ..
    records: list[Record]  #: The same rows with None for missing
    positions: list[int]  #: Place of each row in its table, counted from 0
    #: Rows whose count the delivery itself hides (`<5`). Reports keep their row, without a count.
    hidden: list[Record] = field(default_factory=list)


def parse_table(
    table: RawTable,
    context: RowContext,
    findings: Findings,
    *,
    absent: Collection[str] = (),
) -> Parsed:
    """Check every row of a table alone, then its rows together.

    Of columns that are `absent` it is told already; telling it for every row helps nobody. The rows
    without a fault of their own are returned.
    """
    name = table.columns.name
    model = ROW_MODELS[name]
    good: list[Record] = []
    positions: list[int] = []
    hidden: list[Record] = []
    at_most: dict[int, float] = {}
    for position, cells in enumerate(table.cells):
        try:
            row = model.model_validate(cells, context=context).model_dump()
            if (most := row.pop("masked", None)) is not None:
                hidden.append(row)
                at_most[position] = most
                if name == "safety":
                    continue  # a share without a figure is no row
            good.append(row)
            positions.append(position)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                words = dict(fault.get("ctx", {}))
                column = str(fault["loc"][0]) if fault["loc"] else str(words.pop("at", ""))
                if column in absent:
                    continue
                code = fault["type"] if is_fault(fault["type"]) else "not_text"
                found = cells.get(column)
                words.setdefault("limit", LONGEST_FOUND)
                findings.add(code, at=position, column=column or None, found=found, **words)
    _percent_signs(table, findings)
    _CHECKS[name](good, positions, findings)
    refused = len(table.cells) - len(positions) - (len(hidden) if name == "safety" else 0)
    if refused:
        findings.deliver("rows", name, "unused", refused, "at_fault")
    if name == "crime" and findings.file is not None:
        good, positions = one_length(good, positions, findings, at_most)
        tell_unfinished_years(good, findings)
        tell_cumulative(good, positions, findings)
    if hidden:
        findings.deliver("rows", name, "unused", len(hidden), "hidden")
    told = [row for row in good if any(row[c] is not None for c in _FIGURES.get(name, row))]
    findings.deliver("rows", name, "used", len(told))
    frame = pd.DataFrame(good, columns=[c for c in model.model_fields if c != "masked"])
    return Parsed(_typed(frame, table.columns), good, positions, hidden)


def _percent_signs(table: RawTable, findings: Findings) -> None:
    """Warn where some cells of a column are written with a percent sign and others without."""
    for name in ("percent", "response_rate_percent"):
        given = [(at, c) for at, row in enumerate(table.cells) if (c := row.get(name)) is not None]
        signed = [at for at, cell in given if isinstance(cell, str) and "%" in cell]
        if signed and len(signed) < len(given):
            findings.add("percent_mixed", at=signed, column=name)


def _typed(frame: pd.DataFrame, columns: TableColumns) -> pd.DataFrame:
    """Give every column its kind; missing text and numbers are NaN."""
    kinds = {"text": "str", "float": "float64", "int": "int64"}
    return frame.astype({c.name: kinds[c.kind] for c in columns.columns})


def check_frame(
    frame: pd.DataFrame,
    name: str,
    context: RowContext,
    lang: Lang,
    rows: Sequence[int] | None = None,
) -> tuple[Parsed, Findings]:
    """Check a bare frame as one of the tables; its other columns are kept.

    `rows` are the numbers of its rows in faults, where it is part of another; else from 1 on.
    `rows` are the numbers of its rows in faults, where it is part of another; else from 1 on. The
    findings hold the warnings; an error was raised.
    """
    frame = as_pandas(frame)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{name}: a DataFrame is needed, found {type(frame).__name__}.")
    columns = TABLES[name]
    labels = [] if isinstance(frame.index, pd.RangeIndex) else list(frame.index)
    numbers = range(1, len(frame) + 1) if rows is None else rows
    findings = Findings(lang=lang, rows=numbers, labels=labels)
    headings = [str(c) for c in frame.columns]
    for heading in sorted({h for h in headings if headings.count(h) > 1}):
        findings.add("column_twice", column=heading, found=heading)
    for column in columns.columns:
        if column.required and column.name not in headings and column.name != "definition":
            findings.add("column_missing", column=column.name, found=", ".join(headings))
    figures = _FIGURES.get(name, ())
    if figures and not set(figures) & set(headings):  # once, not for every row
        findings.add("column_missing", column=figures[0], found=", ".join(headings))
    if frame.empty:
        findings.add("empty_table")
    raise_errors(findings.faults)
    known = [c.name for c in columns.columns if c.name in headings]
    missing = frame[known].isna().to_numpy()
    cells = frame[known].astype(object).to_numpy()
    cells[missing] = None
    table = RawTable(columns, [dict(zip(known, row, strict=True)) for row in cells], findings.rows)
    parsed = parse_table(table, context, findings)
    raise_errors(findings.faults)
    extra = frame[[c for c in frame.columns if c not in set(parsed.frame.columns)]]
    full = pd.concat([parsed.frame, extra.reset_index(drop=True)], axis="columns")
    return Parsed(full, parsed.records, parsed.positions, parsed.hidden), findings


def check_safety(
    frame: pd.DataFrame, *, settings: Sequence[str] | None = None, lang: Lang = "en"
) -> pd.DataFrame:
    """Check a bare frame of safety figures before anything is computed from it.

    `area, wave, setting, response` and `percent` (0 to 100) or `count` and `n`; the other columns
    of the contract may be absent. Or respondent rows `area, wave, stratum, weight, neighbourhood,
    night`, which become weighted shares with their design effects. `settings` that may occur, None
    letting any name pass; Danish words for the known ones are understood in either case. Canonical
    columns come first (missing ones NaN), then the frame's other columns, with a new index. An
    `InputError` holds every fault with its row (counted from 1 without a header) and column.

    Examples
    --------
    >>> frame = pd.DataFrame({"area": ["Nord"], "wave": [2024], "setting": ["nat"],
    ...                       "response": ["tryg"], "percent": [71]})
    >>> check_safety(frame)[["setting", "response"]].iloc[0].tolist()
    ['night', 'safe']
    """
    frame = as_pandas(frame)
    if isinstance(frame, pd.DataFrame) and are_respondents([str(c) for c in frame.columns]):
        frame = _shares(frame, lang)
    context = RowContext(settings=tuple(settings) if settings is not None else None)
    return check_frame(frame, "safety", context, lang)[0].frame


def _shares(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Turn a bare frame of respondent rows into shares."""
    findings = Findings(lang=lang, rows=range(1, len(rows) + 1))
    shares = safety_of_respondents(rows.reset_index(drop=True), findings)
    raise_errors(findings.faults)
    return shares


def check_population(frame: pd.DataFrame, *, lang: Lang = "en") -> pd.DataFrame:
    """Check a bare frame of inhabitants; see :func:`check_safety`.

    An area has one number on one day, whatever its boundaries: what is computed knows it by name.
    """
    checked, findings = check_frame(frame, "population", RowContext(), lang)
    population_agrees(checked.records, checked.positions, findings)
    raise_errors(findings.faults)
    return checked.frame


def check_crime(
    frame: pd.DataFrame,
    population: pd.DataFrame | None = None,
    *,
    lang: Lang = "en",
    rows: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Check a bare frame of reports, and that every area with reports has inhabitants.

    `area, period, crime_type, count`, an empty count where none is known; `definition` if known;
    `population` (inhabitants) as a column where no frame `area, period, population` is given.
    Canonical columns come first, `period` as text. Refused are impossible counts, duplicates, a
    type by several definitions, periods of different length, an area without inhabitants or with
    two numbers of them at once; `rows` are numbers of rows in the faults.

    Examples
    --------
    >>> frame = pd.DataFrame({"area": ["Nord", "Nord"], "period": ["2024Q3", "2024Q4"],
    ...                       "crime_type": "tyveri", "count": [12, 0], "population": 3100})
    >>> check_crime(frame)["period"].tolist()
    ['2024K3', '2024K4']
    """
    frame, population = as_pandas(frame), as_pandas(population)
    checked, findings = check_frame(frame, "crime", RowContext(count_required=False), lang, rows)
    one_series_each(checked.records, findings)
    full = checked.frame
    if population is not None:
        areas = set(check_population(population, lang=lang)["area"])
        population_given(checked.records, checked.positions, areas, findings)
    elif "population" in frame.columns:
        given = full["population"].astype(object).where(full["population"].notna(), None)
        people = population_column(checked.records, given.tolist(), findings)
        full = full.assign(population=pd.Series(people, index=full.index, dtype="float64"))
    else:
        findings.add("population_absent", column="population")
    raise_errors(findings.faults)
    return full
