"""Read an input: a folder of CSV files or a workbook to five checked frames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from amager_eval.conventions import SETTINGS
from amager_eval.data import cross_rows
from amager_eval.data.columns import TABLES, TableColumns, table_named
from amager_eval.data.delimited import file_fault, read_bytes, read_delimited
from amager_eval.data.fault_texts import Lang
from amager_eval.data.findings import Findings, raise_errors
from amager_eval.data.frames import Parsed, Table, parse_table
from amager_eval.data.input import Input, SourceFile
from amager_eval.data.respondents import RESPONDENTS, are_respondents, safety_of_respondents
from amager_eval.data.rows import RowContext
from amager_eval.data.table_file import HEADER_WITHIN, Grid, HeadedTable, is_empty, name_columns
from amager_eval.data.workbook import SUFFIXES, read_workbook
from amager_eval.errors import Fault, InputError
from amager_eval.spec.agreement import load_agreement

__all__ = ["SYNTHETIC_MARK", "Reading", "read_everything", "read_input"]

#: A `source` that begins so marks a made-up figure, wherever its row is copied to.
SYNTHETIC_MARK: Final = "SYNTETISK"
#: Sheets that may stand beside the tables of a workbook without being one.
BESIDE_SHEETS: Final = ("Vejledning", "Guidance", "Lister", "Lists")


@dataclass
class Reading:
    """What was read of an input so far.

    Parameters
    ----------
    data : Input or None
        The input, None where an error stands in the way.
    faults : list of Fault
        Everything found, errors and warnings.
    """

    data: Input | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass
class _Found:
    """Grids of an input by table, its files, and whether it says it is made up."""

    grids: dict[str, Grid] = field(default_factory=dict)
    files: list[SourceFile] = field(default_factory=list)
    synthetic: bool = False
    faults: list[Fault] = field(default_factory=list)


def read_input(path: str | Path, *, lang: Lang = "en") -> Input:
    """Read an input and check it.

    Parameters
    ----------
    path : str or Path
        A folder of CSV files or a workbook (.xlsx, .ods) with the tables `safety`,
        `survey_rounds`, `crime`, `population`, `activities`; any may be absent. Names,
        headings and words in Danish or English.
    lang : {"en", "da"}
        Language of the faults.

    Returns
    -------
    Input

    Raises
    ------
    InputError
        Every fault that is an error, each with file, sheet, row and column. Warnings are
        listed by :func:`amager_eval.data.check.check_input`.
    """
    reading = read_everything(path, lang=lang)
    raise_errors(reading.faults)
    if reading.data is None:  # cannot happen without an error among the faults
        raise InputError(f"{path} could not be read.")
    return reading.data


def read_everything(path: str | Path, *, lang: Lang = "en") -> Reading:
    """Read an input as far as it goes and collect every fault.

    Parameters
    ----------
    path : str or Path
        As for :func:`read_input`.
    lang : {"en", "da"}
        Language of the faults.

    Returns
    -------
    Reading
    """
    path = Path(path)
    try:
        found = _find(path, lang)
    except InputError as error:
        return Reading(None, list(error.faults))
    reading = Reading(None, list(found.faults))
    parsed: dict[str, tuple[Parsed, Findings]] = {}
    headed_tables = {n: _headed(g, TABLES[n], lang) for n, g in found.grids.items()}
    for name, headed in _filled(headed_tables).items():
        parsed[name] = (_parse(headed), headed.findings)
    _across(parsed)
    for _, findings in parsed.values():
        reading.faults.extend(findings.faults)
    if not any(f.severity == "error" for f in reading.faults):
        reading.data = _input(path, found, {n: p for n, (p, _) in parsed.items()})
    return reading


def _find(path: Path, lang: Lang) -> _Found:
    """Find the tables of a folder or a workbook."""
    try:
        if path.is_dir():
            return _find_in_folder(path, lang)
        if not path.exists():
            raise file_fault("path_missing", path.name, lang, str(path))
        if path.suffix.lower() in SUFFIXES:
            return _find_in_workbook(path, lang)
        if path.suffix.lower() in {".xlsm", ".xltm", ".xlsb", ".xlam"}:
            raise file_fault("macros", path.name, lang, path.suffix)
    except (OSError, ValueError) as error:
        raise file_fault("unreadable", path.name, lang, str(error)) from error
    raise file_fault("path_kind", path.name, lang, path.suffix)


def _find_in_folder(folder: Path, lang: Lang) -> _Found:
    found = _Found()
    for path in sorted(folder.iterdir()):
        table = table_named(path.stem) if path.suffix.lower() == ".csv" else None
        try:
            if table is None:
                found.synthetic |= _says_synthetic(path, folder, lang)
                if path.suffix.lower() == ".csv":
                    _note_unknown(found, path.name, None, lang)
                continue
            grid = read_delimited(path, lang, within=folder)
            _add(found, table, grid, lang)
            found.files.append(SourceFile(path.name, grid.sha256))
        except InputError as error:
            found.faults.extend(error.faults)
    if not found.grids and not found.faults:
        tables = ", ".join(f"{n}.csv" for n in TABLES)
        raise file_fault("nothing_to_read", folder.name, lang, tables=tables)
    return found


def _find_in_workbook(path: Path, lang: Lang) -> _Found:
    found = _Found()
    grids = read_workbook(path, lang)
    for grid in grids:
        name = grid.sheet or ""
        table = table_named(name)
        found.synthetic |= name.upper() == SYNTHETIC_MARK
        if table is not None:
            if any(not is_empty(cell) for row in grid.rows for cell in row):
                _add(found, table, grid, lang)
        elif name not in BESIDE_SHEETS and name.upper() != SYNTHETIC_MARK:
            _note_unknown(found, path.name, name, lang)
    found.files.append(SourceFile(path.name, grids[0].sha256 if grids else ""))
    if not found.grids and not found.faults:
        raise file_fault("nothing_to_read", path.name, lang, tables=", ".join(TABLES))
    return found


def _add(found: _Found, table: TableColumns, grid: Grid, lang: Lang) -> None:
    if table.name in found.grids:
        findings = Findings(lang=lang, file=grid.file, sheet=grid.sheet)
        findings.add("table_twice", found=found.grids[table.name].sheet or "", table=table.name)
        found.faults.extend(findings.faults)
        return
    found.grids[table.name] = grid


def _note_unknown(found: _Found, file: str, sheet: str | None, lang: Lang) -> None:
    findings = Findings(lang=lang, file=file, sheet=sheet)
    findings.add("unknown_table", tables=", ".join(TABLES))
    found.faults.extend(findings.faults)


def _says_synthetic(path: Path, folder: Path, lang: Lang) -> bool:
    """Whether a file beside the tables says that they are made up."""
    if path.name.casefold() == "syntetisk.txt":
        return True
    if path.name != "truth.json":
        return False
    try:
        truth = json.loads(read_bytes(path, lang, within=folder))
    except ValueError:
        return False
    return isinstance(truth, dict) and truth.get("synthetic") is True


def _headed(grid: Grid, columns: TableColumns, lang: Lang) -> HeadedTable:
    """Name the columns; the safety table may hold respondent rows in place of shares."""
    if columns.name == "safety":
        for row in grid.rows[:HEADER_WITHIN]:
            if are_respondents([str(c) for c in row if not is_empty(c)]):
                return name_columns(grid, RESPONDENTS, lang)
    return name_columns(grid, columns, lang)


def _filled(tables: dict[str, HeadedTable]) -> dict[str, HeadedTable]:
    """Leave out sheets nobody filled in: a workbook has all of them, a folder only some files."""
    filled = {n: t for n, t in tables.items() if t.table.cells or t.findings.sheet is None}
    return filled or tables


def _parse(headed: HeadedTable) -> Parsed:
    context = RowContext(mark=headed.mark, settings=SETTINGS, definition_required=True)
    if headed.table.columns is RESPONDENTS:
        return _parse_respondents(headed, context)
    columns = headed.table.columns.columns
    absent = {c.name for c in columns if c.required} - set(headed.findings.headings)
    return parse_table(headed.table, context, headed.findings, absent=absent)


def _parse_respondents(headed: HeadedTable, context: RowContext) -> Parsed:
    """Turn respondent rows into shares; the rows themselves are not kept."""
    findings = headed.findings
    known = load_agreement().areas
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
    cells: list[dict[str, Any]] = [
        {str(k): v for k, v in row.items()} for row in shares.to_dict(orient="records")
    ]
    findings.rows = [None] * len(cells)  # a share has no row of its own
    findings.headings = {}
    return parse_table(Table(TABLES["safety"], cells, findings.rows), context, findings)


def _across(parsed: dict[str, tuple[Parsed, Findings]]) -> None:
    """Check the tables against each other."""
    rounds = parsed["survey_rounds"][0].records if "survey_rounds" in parsed else []
    whole, parts = _areas({name: p for name, (p, _) in parsed.items()})
    if "safety" in parsed:
        safety, findings = parsed["safety"]
        cross_rows.waves_without_n(safety.records, rounds, findings)
        cross_rows.respondents_within_round(safety.records, safety.positions, rounds, findings)
    if "crime" in parsed:
        crime, findings = parsed["crime"]
        inhabited = (
            {r["area"] for r in parsed["population"][0].records}
            if "population" in parsed
            else set()
        )
        code = "population_missing" if "population" in parsed else "population_unknown"
        cross_rows.population_given(crime.records, crime.positions, inhabited, findings, code=code)
    for name, keys, value in (
        ("crime", ("period", "crime_type", "definition"), "count"),
        ("population", ("period",), "population"),
    ):
        if whole is not None and name in parsed:
            table, findings = parsed[name]
            cross_rows.whole_holds_parts(
                table.records,
                table.positions,
                whole,
                parts,
                keys=keys,
                value=value,
                findings=findings,
            )


#: What `area_kind` calls the area that holds the others, and its disjoint parts.
WHOLE_KINDS: Final = ("city", "whole", "by", "kommune", "helhed")
PART_KINDS: Final = ("bydel", "district", "part", "del", "borough")


def _areas(parsed: dict[str, Parsed]) -> tuple[str | None, tuple[str, ...]]:
    """Which area holds the others, and its disjoint parts.

    The tables say it themselves by `area_kind`; else areas named as in the Amager agreement
    are Copenhagen's.
    """
    seen: dict[str, str | None] = {}
    for table in parsed.values():
        for row in table.records:
            if "area" in row:
                seen[row["area"]] = row.get("area_kind") or seen.get(row["area"])
    wholes = [a for a, kind in seen.items() if kind and kind.casefold() in WHOLE_KINDS]
    parts = tuple(a for a, kind in seen.items() if kind and kind.casefold() in PART_KINDS)
    if len(wholes) == 1:
        return wholes[0], parts
    known = load_agreement().areas
    if known.whole in seen:
        return known.whole, tuple(a for a in known.parts if a in seen)
    return None, ()


def _is_synthetic(parsed: Sequence[Parsed]) -> bool:
    """Whether any row's source says that its figure is made up."""
    for table in parsed:
        for row in table.records:
            source = row.get("source")
            if source and source.upper().startswith(SYNTHETIC_MARK):
                return True
    return False


def _input(path: Path, found: _Found, parsed: dict[str, Parsed]) -> Input:
    frames: dict[str, Any] = {name: table.frame for name, table in parsed.items()}
    whole, parts = _areas(parsed)
    return Input(
        **frames,
        whole=whole,
        parts=parts,
        synthetic=found.synthetic or _is_synthetic(list(parsed.values())),
        name=path.name,
        files=tuple(found.files),
    )
