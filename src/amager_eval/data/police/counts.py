"""Add up the pieces of a police extract: counts by area, period and type, and what was left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from amager_eval.data.period import Unit, period_range
from amager_eval.data.police.mapping import EVERY, RegisterMapping
from amager_eval.data.tables.cells import RowContext
from amager_eval.data.tables.findings import Findings
from amager_eval.data.tables.frames import check_frame
from amager_eval.errors import Fault

__all__ = ["RegisterCounts", "Tally"]

_UNITS: Final[dict[str, Unit]] = {"year": "Y", "quarter": "K", "month": "M"}
_LISTED: Final = 10
#: An offence code is digits, perhaps after a letter; a number of a person or case is longer.
_CODE: Final = re.compile(r"[A-Za-z]?\d{1,6}", re.ASCII)


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


class Tally:
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
