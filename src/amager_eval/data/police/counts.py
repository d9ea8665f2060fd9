"""Add up the pieces of a police extract: counts by area, period and type, and what was left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from amager_eval.data.delivered import Delivered
from amager_eval.data.period import Period, Unit, period_of, period_range
from amager_eval.data.police.mapping import EVERY, RegisterMapping
from amager_eval.data.tables.cells import RowContext
from amager_eval.data.tables.date_text import date_in, has_zone
from amager_eval.data.tables.findings import Findings, raise_errors
from amager_eval.data.tables.frames import check_frame
from amager_eval.data.tables.number_text import is_error_text
from amager_eval.errors import Fault
from amager_eval.spec.assumptions import load_assumptions

__all__ = ["RegisterCounts", "Tally"]

_UNITS: Final[dict[str, Unit]] = {"year": "Y", "quarter": "K", "month": "M"}
_LISTED: Final = 10
#: A status is named where it is a word and so many reports have it.
_SHOWN_STATUS: Final = 5
_WORD: Final = re.compile(r"[^\W\d_][\w /.-]{0,29}")
#: An offence code is digits, perhaps after a letter; a number of a person or case is longer.
_CODE: Final = re.compile(r"[A-Za-z]?\d{1,6}", re.ASCII)


@dataclass(frozen=True, eq=False)
class RegisterCounts:
    """Counts of a register extract and what was left out of them."""

    #: `area, period, crime_type, count, definition` for every period of the extract, zeros
    #: included.
    crime: pd.DataFrame
    #: Rows of the extract; rows that count in at least one area and type.
    rows: int
    counted: int
    #: Warnings: duplicates (counted once), unknown codes, areas unmatched, dates outside, other
    #: statuses, periods covered in part.
    faults: tuple[Fault, ...]
    delivered: tuple[Delivered, ...] = ()  #: What became of the reports


class Tally:
    """Counts by area value, offence code and period, over all pieces."""

    def __init__(self, coding: RegisterMapping, findings: Findings) -> None:
        self.coding = coding
        self.findings = findings
        self.rows = 0
        self.pieces: list[Any] = []
        #: What the first report of every id says, both as hashes.
        self.seen: pd.Series[Any] = pd.Series(dtype=np.uint64, index=np.array([], dtype=np.uint64))
        self.left_out: dict[str, int] = {}
        self.first_row: dict[str, int] = {}
        self.statuses: dict[str, int] = {}
        self.kept_statuses: dict[str, int] = {}
        self.last_day = np.datetime64(coding.first_day, "D")

    def add(self, chunk: pd.DataFrame, numbers: Sequence[int]) -> None:
        """Count one piece, whose rows have these numbers in the file."""
        coding = self.coding
        at = np.asarray(numbers, dtype=np.int64)
        self.rows += len(chunk)
        filled = (chunk != "").any(axis="columns").to_numpy()
        if not filled.all():
            self.left_out["blank"] = self.left_out.get("blank", 0) + int((~filled).sum())
        self._refuse_errors(chunk, at)
        days, zoned = _days(chunk["date"])
        for code, wrong in (("date_with_zone", zoned), ("no_date", np.isnat(days) & ~zoned)):
            for number in at[filled & wrong]:
                self.findings.add(code, row=int(number), column=coding.columns.date)
        keep = filled & ~np.isnat(days)
        if coding.keep_status:
            kept = {status.strip().casefold() for status in coding.keep_status}
            found = chunk["status"].str.strip()
            other = keep & ~found.str.casefold().isin(kept).to_numpy()
            for chosen, statuses in (
                (other, self.statuses), (keep & ~other, self.kept_statuses)
            ):  # fmt: skip
                for status, rows in found[chosen].value_counts().items():
                    statuses[str(status)] = statuses.get(str(status), 0) + int(rows)
            keep &= self._leave_out("status", other, at)
        if "id" in chunk:
            keep &= self._leave_out("duplicates", self._repeated(chunk, days, keep, at), at)
        outside = (days < np.datetime64(coding.first_day)) | (days > np.datetime64(coding.until))
        keep &= self._leave_out("dates_outside", keep & outside, at)
        if keep.any():
            self.last_day = max(self.last_day, days[keep].max())
        everything = pd.DataFrame(
            {
                "area": chunk["area"].str.strip() if "area" in chunk else "",
                "offence": chunk["offence"].str.strip(),
                "period": _period_numbers(days, coding.period),
                "row": at,
            }
        )
        rows = everything[keep]
        grouped = rows.groupby(["area", "offence", "period"], sort=False)["row"]
        self.pieces.append(grouped.agg(["size", "min"]))

    def _refuse_errors(self, chunk: pd.DataFrame, numbers: Any) -> None:
        """Note cells of formulas that failed, whatever column they are of."""
        for name in chunk:
            codes, found = pd.factorize(chunk[name])
            wrong = np.array([is_error_text(text) for text in found], dtype=bool)
            if wrong.any():
                column = getattr(self.coding.columns, str(name))
                for number in numbers[wrong[codes]]:
                    self.findings.add("formula_error", row=int(number), column=column)

    def _leave_out(self, why: str, rows: Any, numbers: Any) -> Any:
        """Note how many rows are left out and the first of them; return which stay."""
        if rows.any():
            self.left_out[why] = self.left_out.get(why, 0) + int(rows.sum())
            self.first_row.setdefault(why, int(numbers[rows][0]))
        return ~rows

    def _repeated(self, chunk: pd.DataFrame, days: Any, kept: Any, numbers: Any) -> Any:
        """Which ids came before among the rows kept, here or earlier; an empty id never did.

        Which of two reports came first must not matter: they say the same, or that is noted.
        """
        ids = chunk["id"].str.strip()
        given = (ids != "").to_numpy() & kept
        says = pd.DataFrame({"day": days, "offence": chunk["offence"].str.strip()})
        if "area" in chunk:
            says["area"] = chunk["area"].str.strip()
        hashed = pd.util.hash_array(ids.to_numpy(dtype=object))
        here = pd.Series(pd.util.hash_pandas_object(says, index=False).to_numpy(), index=hashed)
        first = here[given & ~here.index.isin(self.seen.index)]
        first = first[~first.index.duplicated()]
        repeated = given.copy()
        repeated[given] = here.index[given].isin(self.seen.index) | here.index[given].duplicated()
        self.seen = pd.concat([self.seen, first])
        again = here[repeated]
        differs = again.to_numpy() != self.seen.loc[again.index].to_numpy()
        self._leave_out(
            "differing", repeated & np.isin(numbers, numbers[repeated][differs]), numbers
        )
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
        for why in ("status", "duplicates", "dates_outside"):
            if why in self.left_out:
                self.findings.add(
                    f"register_{why}", row=self.first_row[why], count=self.left_out[why]
                )
        periods = _whole_periods(coding)
        if not periods:
            self.findings.add("register_no_period", found=f"{coding.first_day} {coding.until}")
            raise_errors(self.findings.faults)
        if "differing" in self.left_out:
            self.findings.add(
                "register_id_differs",
                row=self.first_row["differing"],
                column=coding.columns.id,
                count=self.left_out["differing"],
            )
            raise_errors(self.findings.faults)
        whole = cells["period"].isin([p.ordinal for p in periods])
        self._tell_incomplete(cells[~whole], periods)
        self._tell_quiet()
        ignoring = cells["offence"].isin(ignored)
        self._deliver(cells, matched, ignoring, is_known | (EVERY in known), whole)
        cells = cells[matched & whole & ~ignoring]
        frame, used = _sum(cells, areas, coding, periods)
        crime = check_frame(frame, "crime", RowContext(definition_required=True), "en")[0].frame
        counted = int(cells.loc[used, "size"].sum())
        self.findings.deliver("rows", self.findings.file or "", "used", counted)
        findings = self.findings
        return RegisterCounts(
            crime, self.rows, counted, tuple(findings.faults), tuple(findings.delivered)
        )

    def _tell_incomplete(self, cells: pd.DataFrame, periods: Sequence[Period]) -> None:
        """Name the periods that the extract covers only in part, with their reports."""
        for day, neighbour in (
            (self.coding.first_day, periods[0].shift(-1)),
            (self.coding.until, periods[-1].shift(1)),
        ):
            if neighbour.first_day <= day <= neighbour.last_day:
                rows = cells.loc[cells["period"] == neighbour.ordinal, "size"].sum()
                self.findings.add(
                    "register_incomplete",
                    found=day,
                    period=neighbour,
                    count=int(rows),
                )

    def _tell_quiet(self) -> None:
        """Warn where the extract ends long before the day it is said to reach."""
        reports = sum(int(piece["size"].sum()) for piece in self.pieces)
        last, until = self.last_day.astype(object), self.coding.until
        covered = (until - self.coding.first_day).days + 1
        silent = (until - last).days
        # so long a silence among so many reports is chance less than once in a million extracts
        declared = load_assumptions().checks.extract
        expected = reports * silent / covered
        if silent > declared.silent_days and expected > declared.silent_reports:
            self.findings.add("register_quiet", last=last, until=until)

    def _deliver(
        self, cells: pd.DataFrame, matched: Any, ignoring: Any, listed: Any, whole: Any
    ) -> None:
        """Say of every report that was not counted why it was not."""
        name = self.findings.file or ""
        for why, reason in (
            ("blank", "blank"), ("duplicates", "repeated"), ("dates_outside", "outside")
        ):  # fmt: skip
            if why in self.left_out:
                self.findings.deliver("rows", name, "unused", self.left_out[why], reason)
        for status, rows in sorted(self.kept_statuses.items()):
            self.findings.deliver("status", status, "used", rows)
        for status, rows in sorted(self.statuses.items()):
            # a status is a word that many reports have; anything else may be of one person
            shown = status if rows >= _SHOWN_STATUS and _WORD.fullmatch(status) else "…"
            self.findings.deliver("status", shown, "unused", rows, "other_status")
        left: dict[str, pd.Series[bool]] = {
            "unlisted_area": ~matched,
            "ignored_offence": matched & ignoring,
            "unlisted_offence": matched & ~ignoring & ~listed,
            "incomplete": matched & ~ignoring & listed & ~whole,
        }
        for reason, chosen in left.items():
            if chosen.any():
                size = int(cells.loc[chosen, "size"].sum())
                self.findings.deliver("rows", name, "unused", size, reason)

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


def _days(texts: pd.Series[str]) -> tuple[Any, Any]:
    """Days of ISO or Danish dates, NaT where there is none; and which have a time zone."""
    # a register has few days: what stands before the time is read once each
    codes, found = pd.factorize(texts)
    days = np.array([date_in(text) or "NaT" for text in found], dtype="datetime64[D]")
    zoned = np.array([has_zone(text) for text in found], dtype=bool)
    return days[codes], zoned[codes]


def _whole_periods(coding: RegisterMapping) -> list[Period]:
    """Periods every day of which lies within what the extract covers."""
    unit = _UNITS[coding.period]
    first, last = (period_of(day, unit) for day in (coding.first_day, coding.until))
    if first.first_day < coding.first_day:
        first = first.shift(1)
    if last.last_day > coding.until:
        last = last.shift(-1)
    return period_range(first, last)


def _period_numbers(days: Any, period: str) -> Any:
    """Consecutive number of each day's period, as `Period.ordinal` counts."""
    months = days.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return months // {"year": 12, "quarter": 3, "month": 1}[period]


def _sum(
    cells: pd.DataFrame,
    areas: dict[str, tuple[str, ...]],
    coding: RegisterMapping,
    periods: Sequence[Period],
) -> tuple[pd.DataFrame, Any]:
    """Sum per area, period and type on the full grid; also say which cells were used."""
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
