"""A police register extract, one row a report, to counts per area, period and crime type.

The mapping file (TOML) declares how the extract is coded::

    file = "udtraek.csv"
    definition = "borgervendt"
    period = "quarter"                 # year, quarter or month
    from = 2016-01-01                  # what the extract was made to cover
    until = 2025-12-31
    ignore_offences = ["9999"]         # known, and on purpose not counted
    keep_status = ["anmeldt"]          # leave out where there is no status

    [columns]
    date = "gerningsdato"
    offence = "gerningskode"
    area = "bydel"                     # or: area_name = "Amager Partnerskab (2025)" at the top
    id = "journalnr"                   # finds duplicates; leave out for none
    status = "status"

    [areas]                            # value of the column to the areas it counts in
    "1009" = ["Amager Øst"]

    [types]                            # an offence may count in several types
    "indbrud" = ["1316", "1320"]
    "total" = ["*"]

The file is read in pieces; what is kept is counts, and no row reaches an output or a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from amager_eval.data.delimited import detect_separator
from amager_eval.data.fault_texts import file_fault
from amager_eval.data.findings import Findings, raise_errors
from amager_eval.data.frames import check_frame
from amager_eval.data.mapping_file import read_mapping_file
from amager_eval.data.period import Unit, period_range
from amager_eval.data.rows import RowContext
from amager_eval.errors import Fault, InputError
from amager_eval.wording.sentences import Lang

__all__ = ["RegisterCounts", "RegisterMapping", "read_register", "read_register_mapping"]

#: Rows held at a time.
CHUNK: Final = 200_000
#: Every offence that is not ignored.
EVERY: Final = "*"
_UNITS: Final[dict[str, Unit]] = {"year": "Y", "quarter": "K", "month": "M"}
_LISTED: Final = 10
#: An offence code is digits, perhaps after a letter; a number of a person or case is longer.
_CODE: Final = re.compile(r"[A-Za-z]?\d{1,6}", re.ASCII)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class RegisterColumns(_Frozen):
    """Which column of the extract is what."""

    date: str
    offence: str
    area: str | None = None
    id: str | None = None
    status: str | None = None


class RegisterMapping(_Frozen):
    """How a register extract is coded.

    Parameters
    ----------
    file : str
        Name of the extract, beside the mapping.
    definition : str
        Definition of the counts; other definitions are other series.
    period : {"year", "quarter", "month"}
        Length of the periods to count in.
    first_day, until : date
        What the extract covers (`from` in the file); periods without reports count 0.
    area_name : str or None
        Area of all rows, where the extract has no column for it.
    ignore_offences : tuple of str
        Codes known and on purpose not counted.
    keep_status : tuple of str
        Status of the rows that count; empty: all.
    columns : RegisterColumns
        Date, offence, area, id, status.
    areas : dict of str to tuple of str
        Value of the area column to the areas (versions) it counts in.
    types : dict of str to tuple of str
        Crime type to offence codes; `*` is every code that is not ignored.
    """

    file: str
    definition: str
    period: Literal["year", "quarter", "month"]
    first_day: Annotated[date, Field(alias="from")]
    until: date
    area_name: str | None = None
    ignore_offences: tuple[str, ...] = ()
    keep_status: tuple[str, ...] = ()
    columns: RegisterColumns
    areas: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    types: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> RegisterMapping:
        if (self.area_name is None) == (self.columns.area is None):
            raise PydanticCustomError("mapping_area", "wrong")
        if self.columns.area is not None and not self.areas:
            raise PydanticCustomError("mapping_areas", "wrong")
        if self.until < self.first_day:
            raise PydanticCustomError("mapping_dates", "wrong")
        if self.keep_status and self.columns.status is None:
            raise PydanticCustomError("mapping_status", "wrong")
        return self


@dataclass(frozen=True, eq=False)
class RegisterCounts:
    """Counts of a register extract and what was left out of them.

    Parameters
    ----------
    crime : DataFrame
        `area, period, crime_type, count, definition` for every period of the extract, zeros
        included.
    rows, counted : int
        Rows of the extract; rows that count in at least one area and type.
    faults : tuple of Fault
        Warnings: duplicates (counted once), unknown codes, areas unmatched, dates outside.
    """

    crime: pd.DataFrame
    rows: int
    counted: int
    faults: tuple[Fault, ...]


def read_register_mapping(path: str | Path, *, lang: Lang = "en") -> RegisterMapping:
    """Read and validate a mapping file; every wrong key is named.

    Raises
    ------
    InputError
    """
    return read_mapping_file(Path(path), RegisterMapping, lang)


def read_register(mapping: str | Path, *, lang: Lang = "en") -> RegisterCounts:
    """Count the reports of an extract.

    Parameters
    ----------
    mapping : str or Path
        The mapping file; see the module's description.
    lang : {"en", "da"}
        Language of the faults.

    Returns
    -------
    RegisterCounts

    Raises
    ------
    InputError
        The mapping is wrong, a column is missing, or a date cannot be read: told by row number,
        never by value.
    """
    mapping = Path(mapping)
    coding = read_register_mapping(mapping, lang=lang)
    if Path(coding.file).name != coding.file:
        raise file_fault("beside_mapping", mapping.name, lang, coding.file)
    path = mapping.parent / coding.file
    findings = Findings(lang=lang, file=path.name)
    tally = _Tally(coding, findings)
    for chunk in _chunks(path, coding, lang):
        tally.add(chunk)
    if tally.rows == 0:
        findings.add("empty_table")
    raise_errors(findings.faults)
    return tally.counts()


def _chunks(path: Path, coding: RegisterMapping, lang: Lang) -> Iterator[pd.DataFrame]:
    """Read the extract in pieces, as text, only the columns that are needed."""
    try:
        if not path.is_file():
            raise file_fault("path_missing", path.name, lang)
        if not path.resolve().is_relative_to(path.parent.resolve()):
            raise file_fault("outside_folder", path.name, lang)
        with path.open("rb") as file:
            start = file.read(1 << 20)
        if b"\x00" in start:
            raise file_fault("nul", path.name, lang)
        encoding = _encoding(path)
        separator = detect_separator(start.decode(encoding, errors="replace"))
        first = pd.read_csv(
            path, sep=separator, encoding=encoding, nrows=1, header=None, dtype="str"
        )
        header = [str(h) for h in first.iloc[0].fillna("")]
        names = {k: c for k, c in coding.columns.model_dump().items() if c is not None}
        findings = Findings(lang=lang, file=path.name)
        # without any of the columns the first row may be no header but a report
        shown = ", ".join(header) if set(names.values()) & set(header) else ""
        for column in names.values():
            if column not in header:
                findings.add("column_missing", row=1, column=column, found=shown)
            if header.count(column) > 1:
                findings.add("column_twice", row=1, column=column)
        raise_errors(findings.faults)
        reader = pd.read_csv(
            path,
            sep=separator,
            encoding=encoding,
            dtype="str",
            keep_default_na=False,
            skip_blank_lines=False,
            chunksize=CHUNK,
        )
        with reader:
            for chunk in reader:
                # all columns are read, for only then a row with a cell too many is noticed
                if not isinstance(chunk.index, pd.RangeIndex):
                    raise file_fault("row_too_long", path.name, lang)
                yield pd.DataFrame({name: chunk[column] for name, column in names.items()})
    except (OSError, UnicodeDecodeError) as error:
        raise file_fault("unreadable", path.name, lang, type(error).__name__) from error
    except pd.errors.EmptyDataError as error:
        raise file_fault("empty_table", path.name, lang) from error
    except pd.errors.ParserError as error:
        findings = Findings(lang=lang, file=path.name)
        findings.add("broken_csv", row=_broken_row(str(error)))
        raise InputError(findings.faults) from error


def _broken_row(message: str) -> int | None:
    """Row at which the reader gave up; it counts lines from 1 and records from 0."""
    found = re.search(r"(line|row) (\d+)", message)
    return None if found is None else int(found[2]) + (found[1] == "row")


def _encoding(path: Path) -> str:
    """UTF-8 if the whole file is, else Windows-1252; read piece by piece."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with path.open("rb") as file:
        try:
            while piece := file.read(1 << 22):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


class _Tally:
    """Counts by area value, offence code and period, over all pieces."""

    def __init__(self, coding: RegisterMapping, findings: Findings) -> None:
        self.coding = coding
        self.findings = findings
        self.rows = 0
        self.pieces: list[pd.Series[int]] = []
        self.seen: np.ndarray[Any, np.dtype[np.uint64]] = np.array([], dtype=np.uint64)
        self.left_out: dict[str, int] = {}
        self.first_row: dict[str, int] = {}

    def add(self, chunk: pd.DataFrame) -> None:
        """Count one piece."""
        coding = self.coding
        numbers = np.arange(self.rows + 2, self.rows + 2 + len(chunk))
        self.rows += len(chunk)
        filled = (chunk != "").any(axis="columns").to_numpy()
        days = _days(chunk["date"])
        for number in numbers[filled & np.isnat(days)]:
            self.findings.add("no_date", row=int(number), column=coding.columns.date)
        keep = filled & ~np.isnat(days)
        if coding.keep_status:
            keep &= chunk["status"].str.strip().isin(coding.keep_status).to_numpy()
        if "id" in chunk:
            keep &= self._leave_out("duplicates", keep & self._repeated(chunk["id"]), numbers)
        outside = (days < np.datetime64(coding.first_day)) | (days > np.datetime64(coding.until))
        keep &= self._leave_out("dates_outside", keep & outside, numbers)
        everything = pd.DataFrame(
            {
                "area": chunk["area"].str.strip() if "area" in chunk else "",
                "offence": chunk["offence"].str.strip(),
                "period": _period_numbers(days, coding.period),
                "row": numbers,
            }
        )
        rows = everything[keep]
        grouped = rows.groupby(["area", "offence", "period"], sort=False)["row"]
        self.pieces.append(grouped.agg(["size", "min"]))

    def _leave_out(self, why: str, rows: Any, numbers: Any) -> Any:
        """Note how many rows are left out and the first of them; return which stay."""
        if rows.any():
            self.left_out[why] = self.left_out.get(why, 0) + int(rows.sum())
            self.first_row.setdefault(why, int(numbers[rows][0]))
        return ~rows

    def _repeated(self, ids: pd.Series[str]) -> Any:
        """Which ids came before, in this piece or an earlier one; an empty id never did."""
        hashed = pd.util.hash_array(ids.to_numpy(dtype=object))
        given = (ids != "").to_numpy()
        repeated = given & (pd.Series(hashed).duplicated().to_numpy() | np.isin(hashed, self.seen))
        self.seen = np.concatenate([self.seen, hashed[given & ~repeated]])
        return repeated

    def counts(self) -> RegisterCounts:
        """Sum the pieces into areas and types, and say what was left out."""
        coding = self.coding
        cells = pd.concat(self.pieces).reset_index()
        cells = cells.groupby(["area", "offence", "period"], as_index=False).agg(
            {"size": "sum", "min": "min"}
        )
        areas = coding.areas or {"": (str(coding.area_name),)}
        known = {code for codes in coding.types.values() for code in codes}
        ignored = set(coding.ignore_offences)
        is_known = cells["offence"].isin(known | ignored)
        if EVERY in known:
            self._tell_unlisted(cells[~is_known], "offence_only_in_total")
        else:
            self._tell_unlisted(cells[~is_known], "offence_unknown")
        matched = cells["area"].isin(list(areas))
        self._tell_areas(cells[~matched])
        for why in ("duplicates", "dates_outside"):
            if why in self.left_out:
                self.findings.add(
                    f"register_{why}", row=self.first_row[why], count=self.left_out[why]
                )
        cells = cells[matched & ~cells["offence"].isin(ignored)]
        frame, used = _sum(cells, areas, coding)
        crime = check_frame(frame, "crime", RowContext(definition_required=True), "en")[0].frame
        counted = int(cells.loc[used, "size"].sum())
        return RegisterCounts(crime, self.rows, counted, tuple(self.findings.faults))

    def _tell_unlisted(self, cells: pd.DataFrame, code: str) -> None:
        """Name the offence codes the map lacks, if they are codes and no names or addresses."""
        if cells.empty:
            return
        sizes = cells.groupby("offence")["size"].sum().sort_values(ascending=False)
        codes = [(str(o), n) for o, n in sizes.items() if _CODE.fullmatch(str(o))][:_LISTED]
        listed = ", ".join(f"{offence} ({n})" for offence, n in codes)
        self.findings.add(
            code,
            row=int(cells["min"].min()),
            column=self.coding.columns.offence,
            found=listed,
            count=int(sizes.sum()),
        )

    def _tell_areas(self, cells: pd.DataFrame) -> None:
        """Count the rows of unmatched areas; the value is not shown, it may be an address."""
        if not cells.empty:
            self.findings.add(
                "area_unmatched",
                row=int(cells["min"].min()),
                column=self.coding.columns.area,
                count=int(cells["size"].sum()),
            )


def _days(texts: pd.Series[str]) -> Any:
    """Days of ISO or Danish dates, a time after them passed over; NaT where unreadable."""
    codes, found = pd.factorize(texts.str.strip().str.slice(0, 10))
    shown = pd.Series(found, dtype="str").str.replace(r"[./]", "-", regex=True)
    days = pd.to_datetime(shown, format="%Y-%m-%d", errors="coerce")
    danish = pd.to_datetime(shown, format="%d-%m-%Y", errors="coerce")
    return days.fillna(danish).to_numpy(dtype="datetime64[D]")[codes]


def _period_numbers(days: Any, period: str) -> Any:
    """Consecutive number of each day's period, as `Period.ordinal` counts."""
    months = days.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return months // {"year": 12, "quarter": 3, "month": 1}[period]


def _sum(
    cells: pd.DataFrame, areas: dict[str, tuple[str, ...]], coding: RegisterMapping
) -> tuple[pd.DataFrame, Any]:
    """Sum per area, period and type on the full grid; also say which cells were used."""
    unit = _UNITS[coding.period]
    first, last = (_period_text(d, unit) for d in (coding.first_day, coding.until))
    periods = period_range(first, last)
    names = list(dict.fromkeys(name for several in areas.values() for name in several))
    used = np.zeros(len(cells), dtype=bool)
    frames = []
    for crime_type, codes in coding.types.items():
        chosen = np.ones(len(cells), dtype=bool) if EVERY in codes else cells["offence"].isin(codes)
        used |= np.asarray(chosen, dtype=bool)
        for name in names:
            values = [value for value, several in areas.items() if name in several]
            inside = cells[chosen & cells["area"].isin(values)]
            sums = inside.groupby("period")["size"].sum()
            frames.append(
                pd.DataFrame(
                    {
                        "area": name,
                        "period": [str(p) for p in periods],
                        "crime_type": crime_type,
                        "count": [float(sums.get(p.ordinal, 0)) for p in periods],
                        "definition": coding.definition,
                        "source": f"udtræk {coding.first_day} til {coding.until}",
                    }
                )
            )
    return pd.concat(frames, ignore_index=True), used


def _period_text(day: date, unit: Unit) -> str:
    if unit == "Y":
        return str(day.year)
    return f"{day.year}K{(day.month + 2) // 3}" if unit == "K" else f"{day.year}M{day.month:02d}"
