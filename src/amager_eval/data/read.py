"""Read an input: a folder of CSV files or a workbook to five checked frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from amager_eval.conventions import SETTINGS
from amager_eval.data.areas import whole_and_parts
from amager_eval.data.delivered import Delivered
from amager_eval.data.files.table_file import Grid, HeadedTable, header_row, is_empty, name_columns
from amager_eval.data.find_tables import SYNTHETIC_MARK, Found, find_tables
from amager_eval.data.input import Input, Masked
from amager_eval.data.names.agreed import Names, names_of
from amager_eval.data.names.name_cells import Renamed, name_cells
from amager_eval.data.period import parse_period
from amager_eval.data.survey.respondents import RESPONDENTS, are_respondents, safety_of_respondents
from amager_eval.data.tables.cells import RowContext
from amager_eval.data.tables.columns import TABLES, TableColumns
from amager_eval.data.tables.cross_crime import (
    population_covers_years,
    population_given,
    reports_within_population,
    residents_within_population,
)
from amager_eval.data.tables.cross_rows import Record, areas_that_are_none, whole_holds_parts
from amager_eval.data.tables.cross_safety import respondents_within_round, waves_without_n
from amager_eval.data.tables.fault_texts import file_fault
from amager_eval.data.tables.findings import Findings, raise_errors
from amager_eval.data.tables.frames import Parsed, RawTable, parse_table
from amager_eval.errors import Fault, InputError
from amager_eval.spec.agreement import Agreement, Areas, load_agreement
from amager_eval.wording.sentences import Lang

__all__ = ["ReadResult", "read_everything", "read_input"]


@dataclass
class ReadResult:
    """What was read of an input so far."""

    data: Input | None = None  #: The input, None where an error stands in the way
    faults: list[Fault] = field(default_factory=list)  #: Everything found, errors and warnings
    #: Every word that was read as another: a name of the agreement.
    renamed: list[Renamed] = field(default_factory=list)
    #: What was delivered and what became of it.
    delivered: list[Delivered] = field(default_factory=list)


def read_input(path: str | Path, *, agreement: Agreement | None = None, lang: Lang = "en") -> Input:
    """Read an input and check it.

    Parameters
    ----------
    path : str or Path
        A folder of CSV files or a workbook (.xlsx, .ods) with the tables `safety`,
        `survey_rounds`, `crime`, `population`, `activities`; any may be absent. Names,
        headings and words in Danish or English.
    agreement : Agreement or None
        Whose settings and whole the input may name, beside the survey's own `neighbourhood` and
        `night`; default the bundled Amager agreement.
    lang : {"en", "da"}
        Language of the faults.

    Returns
    -------
    Input
        Five checked frames; a table that was not there is None.

    Raises
    ------
    InputError
        Every fault that is an error, each with file, sheet, row and column. Warnings are
        listed by :func:`amager_eval.data.check.check_input`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> figure = {"area": "Nord", "wave": 2024, "setting": "night", "response": "safe"}
    >>> with TemporaryDirectory() as folder:
    ...     pd.DataFrame([figure | {"percent": 71}]).to_csv(f"{folder}/safety.csv", index=False)
    ...     data = read_input(folder)
    >>> data.safety["percent"].tolist(), data.crime is None
    ([71.0], True)
    """
    reading = read_everything(path, agreement=agreement, lang=lang)
    raise_errors(reading.faults)
    if reading.data is None:  # cannot happen without an error among the faults
        raise InputError(f"{path} could not be read.")
    return reading.data


def read_everything(
    path: str | Path, *, agreement: Agreement | None = None, lang: Lang = "en"
) -> ReadResult:
    """Read an input as far as it goes and collect every fault."""
    path = Path(path)
    agreement = agreement or load_agreement()
    try:
        found = find_tables(path, lang)
    except InputError as error:
        return ReadResult(None, list(error.faults))
    reading = ReadResult(None, list(found.faults), delivered=list(found.delivered))
    reading.delivered += [Delivered("file", source.name, "used") for source in found.files]
    headed = {n: _headed(g, TABLES[n], lang) for n, g in found.grids.items()}
    tables = _filled(headed)
    reading.delivered += _sheets(headed, tables)
    if found.grids and not tables and not found.computed:
        reading.faults += file_fault("nothing_filled", path.name, lang).faults
        return reading
    for name, figures in found.computed.items():
        source = found.computed_from[name]
        tables[name] = _with_computed(tables.get(name), figures, name, source, lang)
    names = names_of(agreement)
    for name, as_written in tables.items():
        tables[name], renamed = _named(as_written, names, agreement)
        reading.renamed.extend(renamed)
    checked = {name: _Checked(headed, _parse(headed, agreement)) for name, headed in tables.items()}
    _across(checked, agreement.areas.evaluated.names)
    for table in checked.values():
        reading.faults.extend(table.findings.faults)
        reading.delivered.extend(table.findings.delivered)
    if not any(f.severity == "error" for f in reading.faults):
        reading.data = _input(path, found, {n: t.parsed for n, t in checked.items()})
    return reading


@dataclass(frozen=True, eq=False)
class _Checked:
    """A table as it was headed and what of it could be parsed."""

    headed: HeadedTable
    parsed: Parsed

    @property
    def findings(self) -> Findings:
        return self.headed.findings


def _headed(grid: Grid, columns: TableColumns, lang: Lang) -> HeadedTable:
    """Name the columns; the safety table may hold respondent rows in place of shares."""
    start = header_row(grid.rows, columns) if columns.name == "safety" else None
    # the header alone decides: a row of shares may hold words that are headings elsewhere
    header = [] if start is None else [str(c) for c in grid.rows[start] if not is_empty(c)]
    if are_respondents(header):
        return name_columns(grid, RESPONDENTS, lang, private=True)
    return name_columns(grid, columns, lang)


def _named(
    headed: HeadedTable, names: Names, agreement: Agreement
) -> tuple[HeadedTable, tuple[Renamed, ...]]:
    """Read its names as the agreement's; rows of persons are left as they are, never shown."""
    if headed.table.columns is RESPONDENTS:
        return headed, ()
    table, renamed = name_cells(headed.table, headed.findings, names, agreement)
    return HeadedTable(table, headed.findings, headed.mark), renamed


def _with_computed(
    headed: HeadedTable | None, figures: pd.DataFrame, name: str, source: str, lang: Lang
) -> HeadedTable:
    """Add figures computed from microdata or a register extract; they have no rows to name."""
    cells = _cells(figures)
    if headed is None:
        findings = Findings(lang=lang, file=source, rows=[None] * len(cells))
        findings.headings = {str(c): str(c) for c in figures.columns}
        return HeadedTable(RawTable(TABLES[name], cells, findings.rows), findings, ".")
    table = headed.table
    findings = headed.findings
    findings.rows = [*findings.rows, *[None] * len(cells)]
    return HeadedTable(
        RawTable(table.columns, [*table.cells, *cells], findings.rows), findings, headed.mark
    )


def _cells(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of a frame with None for missing."""
    return [
        {str(k): None if pd.isna(v) else v for k, v in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def _filled(tables: dict[str, HeadedTable]) -> dict[str, HeadedTable]:
    """Leave out sheets nobody filled in: a workbook has all of them, a folder only some files."""

    def counts(headed: HeadedTable) -> bool:
        if headed.table.cells or headed.findings.sheet is None:
            return True
        # rows under a header nobody can read are no empty sheet: the fault must be told
        return any(f.severity == "error" and f.row is not None for f in headed.findings.faults)

    return {name: table for name, table in tables.items() if counts(table)}


def _sheets(headed: dict[str, HeadedTable], filled: dict[str, HeadedTable]) -> Iterator[Delivered]:
    """Say of every sheet of a table whether it was filled in."""
    for name, table in headed.items():
        findings = table.findings
        if findings.sheet is None:
            continue
        if name in filled:
            yield Delivered("sheet", findings.sheet, "used", file=findings.file)
        else:
            yield Delivered("sheet", findings.sheet, "unused", reason="empty", file=findings.file)
            yield from findings.delivered


def _parse(headed: HeadedTable, agreement: Agreement) -> Parsed:
    settings = tuple(dict.fromkeys((*agreement.safety.settings, *SETTINGS)))
    context = RowContext(mark=headed.mark, settings=settings, definition_required=True)
    if headed.table.columns is RESPONDENTS:
        return _parse_respondents(headed, context, agreement.areas)
    columns = headed.table.columns.columns
    absent = {c.name for c in columns if c.required} - set(headed.findings.headings)
    return parse_table(headed.table, context, headed.findings, absent=absent)


def _parse_respondents(headed: HeadedTable, context: RowContext, known: Areas) -> Parsed:
    """Turn respondent rows into shares; the rows themselves are not kept."""
    findings = headed.findings
    rows = pd.DataFrame(headed.table.cells, columns=list(findings.headings))
    areas = set(rows["area"]) if "area" in rows else set()
    # the parts together are the whole, so its share can be computed as well
    whole = known.whole if set(known.parts) <= areas else None
    shares = pd.DataFrame()
    if not any(f.severity == "error" for f in findings.faults):
        noted = list(findings.faults)
        findings.faults.clear()
        shares = safety_of_respondents(rows, findings, headed.mark, whole=whole)
        findings.faults[:0] = noted
    cells = _cells(shares)
    findings.rows = [None] * len(cells)  # a share has no row of its own
    findings.headings = {}
    return parse_table(RawTable(TABLES["safety"], cells, findings.rows), context, findings)


def _across(checked: dict[str, _Checked], evaluated: Sequence[str]) -> None:
    """Check the tables against each other."""
    rounds = checked["survey_rounds"].parsed.records if "survey_rounds" in checked else []
    whole, parts = whole_and_parts(_rows(checked))
    if "safety" in checked:
        safety, findings = checked["safety"].parsed, checked["safety"].findings
        waves_without_n(safety.records, rounds, findings)
        respondents_within_round(safety.records, safety.positions, rounds, whole, findings)
    if "residents" in checked:
        people = checked["population"].parsed.records if "population" in checked else []
        homes = checked["residents"]
        residents_within_population(homes.parsed.records, people, evaluated, homes.findings)
    if "crime" in checked:
        crime, findings = checked["crime"].parsed, checked["crime"].findings
        code, inhabited = "population_unknown", set()
        if "population" in checked:
            # an area whose inhabitants are wrong was told already
            cells = checked["population"].headed.table.cells
            code, inhabited = "population_missing", {str(c.get("area")).strip() for c in cells}
        population_given(crime.records, crime.positions, inhabited, findings, code=code)
        if "population" in checked:
            inhabitants = checked["population"]
            population_covers_years(crime.records, inhabitants.parsed.records, inhabitants.findings)
            reports_within_population(
                crime.records, crime.positions, inhabitants.parsed.records, findings
            )
    for name in ("safety", "crime", "population"):
        if name in checked:
            table = checked[name].parsed
            areas_that_are_none(table.records, table.positions, checked[name].findings)
    if whole is not None:
        for name, keys, value in (
            ("crime", ("period", "crime_type", "definition"), "count"),
            ("population", ("period",), "population"),
        ):
            if name in checked:
                table = checked[name].parsed
                whole_holds_parts(
                    table.records,
                    table.positions,
                    whole,
                    parts,
                    keys=keys,
                    value=value,
                    findings=checked[name].findings,
                )


def _rows(checked: dict[str, _Checked]) -> Iterator[Record]:
    """Every row of every table."""
    for table in checked.values():
        yield from table.parsed.records


def _is_synthetic(parsed: Sequence[Parsed]) -> bool:
    """Whether any row's source says that its figure is made up."""
    for table in parsed:
        for row in table.records:
            source = row.get("source")
            if source and source.upper().startswith(SYNTHETIC_MARK):
                return True
    return False


def _masked(table: str, parsed: Parsed) -> Iterator[Masked]:
    """Name what the delivery itself hides."""
    for row in parsed.hidden:
        if table == "crime":
            year = parse_period(row["period"]).year
            yield Masked(table, row["area"], year, row["crime_type"], row["definition"] or "")
        else:
            what = f"{row['setting']}, {row['response']}"
            yield Masked(table, row["area"], row["wave"], what)


def _input(path: Path, found: Found, parsed: dict[str, Parsed]) -> Input:
    frames: dict[str, Any] = {name: table.frame for name, table in parsed.items()}
    whole, parts = whole_and_parts(row for table in parsed.values() for row in table.records)
    return Input(
        **frames,
        masked=tuple(m for name, table in parsed.items() for m in _masked(name, table)),
        whole=whole,
        parts=parts,
        synthetic=found.synthetic or _is_synthetic(list(parsed.values())),
        name=path.name,
        files=tuple(found.files),
    )
