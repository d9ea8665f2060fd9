"""Find the tables of an input: CSV files of a folder, sheets of a workbook, mapped extracts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from amager_eval.data.delivered import Delivered, Kind, State
from amager_eval.data.files.delimited import read_bytes, read_delimited
from amager_eval.data.files.table_file import Grid, is_empty
from amager_eval.data.files.workbook import SUFFIXES, read_workbook
from amager_eval.data.input import SourceFile
from amager_eval.data.police.extract import read_register
from amager_eval.data.police.mapping import read_register_mapping
from amager_eval.data.survey.microdata import microdata_shares, read_mapping
from amager_eval.data.tables.columns import TABLES, TableColumns, table_named
from amager_eval.data.tables.fault_texts import file_fault
from amager_eval.data.tables.findings import Findings
from amager_eval.errors import Fault, InputError
from amager_eval.provenance import sha256_of_file
from amager_eval.wording.sentences import Lang

__all__ = ["SYNTHETIC_MARK", "Found", "find_tables"]

#: A `source` that begins so marks a made-up figure, wherever its row is copied to.
SYNTHETIC_MARK: Final = "SYNTETISK"
#: Mapping files of survey microdata and of a register extract that lie in the folder.
MICRODATA: Final = "microdata.toml"
REGISTER: Final = "register.toml"
#: Files that tell about the tables beside them and hold none.
BESIDE_FILES: Final = ("provenance.json", "truth.json", "syntetisk.txt", "datapackage.json")
BESIDE_SUFFIXES: Final = (".md", ".pdf", ".docx", ".doc", ".rtf", ".txt", ".html", ".eml", ".msg")
#: Sheets that may stand beside the tables of a workbook without being one.
BESIDE_SHEETS: Final = ("Vejledning", "Guidance", "Lister", "Lists")


#: Figures, what was noticed of them, and what became of the rows behind them.
type _Computed = tuple[pd.DataFrame, Sequence[Fault], Sequence[Delivered]]


@dataclass
class Found:
    """The tables of an input before they are checked."""

    grids: dict[str, Grid] = field(default_factory=dict)  #: Cells by table name
    #: Figures computed from microdata or a register extract, by table name.
    computed: dict[str, pd.DataFrame] = field(default_factory=dict)
    #: Name of the file each of these was computed from.
    computed_from: dict[str, str] = field(default_factory=dict)
    files: list[SourceFile] = field(default_factory=list)  #: Files read
    synthetic: bool = False  #: Whether a file or sheet beside the tables says that they are made up
    faults: list[Fault] = field(default_factory=list)  #: Faults of whole files
    delivered: list[Delivered] = field(default_factory=list)  #: What became of files and sheets

    def deliver(self, kind: Kind, name: str, state: State, reason: str = "") -> None:
        """Note what became of a file or a sheet."""
        self.delivered.append(Delivered(kind, name, state, reason=reason))


def find_tables(path: Path, lang: Lang) -> Found:
    """Find the tables of a folder or a workbook.

    A folder of CSV files, perhaps with mapping files for microdata and a register extract, or a
    workbook, or a folder with nothing to read but one workbook.
    """
    try:
        if path.is_dir():
            book = _only_workbook(path)
            return _find_in_folder(path, lang) if book is None else _find_in_workbook(book, lang)
        if not path.exists():
            raise file_fault("path_missing", path.name, lang, str(path))
        if path.suffix.lower() in SUFFIXES:
            return _find_in_workbook(path, lang)
        if path.suffix.lower() in {".xlsm", ".xltm", ".xlsb", ".xlam"}:
            raise file_fault("macros", path.name, lang, path.suffix)
    except (OSError, ValueError) as error:
        raise file_fault("unreadable", path.name, lang, str(error)) from error
    raise file_fault("path_kind", path.name, lang, path.suffix)


def _only_workbook(folder: Path) -> Path | None:
    """Return the workbook of a folder that holds one and no table of its own beside it."""
    files = [p for p in folder.iterdir() if not p.name.startswith(("~$", ".~lock"))]
    books = [p for p in files if p.suffix.lower() in SUFFIXES]
    mapped = any(p.name in {MICRODATA, REGISTER} for p in files)
    csv = any(p.suffix.lower() == ".csv" for p in files)
    return books[0] if len(books) == 1 and not mapped and not csv else None


def _find_in_folder(folder: Path, lang: Lang) -> Found:
    found = Found()
    mapped = _read_mapped(folder, found, lang)
    for path in sorted(folder.iterdir()):
        table = table_named(path.stem) if path.suffix.lower() == ".csv" else None
        try:
            if table is None:
                found.synthetic |= _says_synthetic(path, folder, lang)
                if path.name not in mapped:
                    _tell_unread(found, path, lang)
                continue
            grid = read_delimited(path, lang, within=folder)
            _add(found, table, grid, lang)
            found.files.append(SourceFile(path.name, grid.sha256))
        except InputError as error:
            found.faults.extend(error.faults)
            found.deliver("file", path.name, "unread", "at_fault")
    if not found.grids and not found.computed and not found.faults:
        tables = ", ".join(f"{n}.csv" for n in TABLES)
        raise file_fault("nothing_to_read", folder.name, lang, tables=tables)
    return found


def _tell_unread(found: Found, path: Path, lang: Lang) -> None:
    """Say of a file that is no table that it was not read; warn where it may hold figures."""
    if path.name.startswith(".") or path.name.startswith("~$"):
        return  # of the system, or of a spreadsheet that is open
    suffix = path.suffix.lower()
    if path.is_dir():
        found.deliver("file", path.name, "unread", "folder")
    elif path.name.casefold() in BESIDE_FILES or (
        suffix in BESIDE_SUFFIXES and table_named(path.stem) is None
    ):
        found.deliver("file", path.name, "unread", "beside")
    elif suffix == ".csv":
        _note_unknown(found, path.name, None, lang)
        found.deliver("file", path.name, "unread", "unknown_name")
    else:
        findings = Findings(lang=lang, file=path.name)
        findings.add("file_unread")
        found.faults.extend(findings.faults)
        found.deliver("file", path.name, "unread", "format")


def _read_mapped(folder: Path, found: Found, lang: Lang) -> set[str]:
    """Turn microdata and a register extract into figures; return the names of their files."""
    named: set[str] = set()
    for name, table, file_of, compute in (
        (MICRODATA, "safety", _file_of_microdata, _shares_of_microdata),
        (REGISTER, "crime", _file_of_register, _counts_of_register),
    ):
        mapping = folder / name
        if not mapping.exists():
            continue
        named.add(name)
        about = name
        try:
            about = file = file_of(mapping, lang)
            named.add(file)  # before its rows are read: a file at fault is no unknown table
            computed, faults, delivered = compute(mapping, lang)
        except InputError as error:
            found.faults.extend(error.faults)
            found.deliver("file", about, "unread", "at_fault")
            continue
        found.computed[table] = computed
        found.computed_from[table] = file
        found.faults.extend(faults)
        found.delivered.extend(delivered)
        for source in (mapping, folder / file):
            found.files.append(SourceFile(source.name, sha256_of_file(source)))
    return named


def _file_of_microdata(mapping: Path, lang: Lang) -> str:
    return read_mapping(mapping, lang=lang).file


def _file_of_register(mapping: Path, lang: Lang) -> str:
    return read_register_mapping(mapping, lang=lang).file


def _shares_of_microdata(mapping: Path, lang: Lang) -> _Computed:
    shares, delivered = microdata_shares(mapping, lang)
    return shares, (), delivered


def _counts_of_register(mapping: Path, lang: Lang) -> _Computed:
    counts = read_register(mapping, lang=lang)
    return counts.crime, counts.faults, counts.delivered


def _find_in_workbook(path: Path, lang: Lang) -> Found:
    found = Found()
    grids = read_workbook(path, lang)
    for grid in grids:
        name = grid.sheet or ""
        table = table_named(name)
        found.synthetic |= name.upper() == SYNTHETIC_MARK
        if table is not None:
            if any(not is_empty(cell) for row in grid.rows for cell in row):
                _add(found, table, grid, lang)
            else:
                found.deliver("sheet", name, "unused", "empty")
        elif name in BESIDE_SHEETS or name.upper() == SYNTHETIC_MARK:
            found.deliver("sheet", name, "unread", "guidance")
        else:
            _note_unknown(found, path.name, name, lang)
            found.deliver("sheet", name, "unread", "unknown_name")
    found.files.append(SourceFile(path.name, grids[0].sha256 if grids else ""))
    if not found.grids and not found.faults:
        raise file_fault("nothing_to_read", path.name, lang, tables=_names(lang))
    return found


def _add(found: Found, table: TableColumns, grid: Grid, lang: Lang) -> None:
    if table.name in found.grids:
        findings = Findings(lang=lang, file=grid.file, sheet=grid.sheet)
        findings.add("table_twice", found=found.grids[table.name].sheet or "", table=table.name)
        found.faults.extend(findings.faults)
        return
    found.grids[table.name] = grid


def _note_unknown(found: Found, file: str, sheet: str | None, lang: Lang) -> None:
    findings = Findings(lang=lang, file=file, sheet=sheet)
    findings.add("unknown_table", tables=_names(lang))
    found.faults.extend(findings.faults)


def _names(lang: Lang) -> str:
    """Name the tables as the template of that language names its sheets."""
    return ", ".join(t.title(lang) for t in TABLES.values())


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
