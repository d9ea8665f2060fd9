"""A period as the sources write it: a year, a quarter (`2024K3`) or a month (`2024M07`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from amager_eval.errors import Fault, InputError

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "PER_YEAR",
    "Period",
    "Unit",
    "midpoints",
    "parse_period",
    "per_year",
    "period_of",
    "period_range",
    "whole_years",
]

#: `Y` a year, `K` a quarter (kvartal, as Danmarks Statistik writes it), `M` a month.
Unit = Literal["Y", "K", "M"]
#: Periods of each unit in a year.
PER_YEAR: Final[dict[str, int]] = {"Y": 1, "K": 4, "M": 12}
#: Years outside these bounds are typing errors.
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200

_PATTERN = re.compile(r"(\d{4})(?:\s*-?\s*([KQM])\s*(\d{1,2})|-(\d{2}))?", re.IGNORECASE)


@dataclass(frozen=True)
class Period:
    """A year, quarter or month; sorts by its start, the longer first.

    Examples
    --------
    >>> Period(2024, "K", 3).start, Period(2024, "K", 3).midpoint
    (2024.5, 2024.625)
    >>> str(Period(2024, "K", 3).shift(2)), str(Period(2024, "M", 7))
    ('2025K1', '2024M07')
    >>> Period(2024, "K", 3).first_day.isoformat(), Period(2024, "K", 3).last_day.isoformat()
    ('2024-07-01', '2024-09-30')
    """

    year: int  #: Calendar year
    unit: Unit = "Y"  #: Year, quarter, month
    index: int = 1  #: 1 for a year, 1 to 4 for a quarter, 1 to 12 for a month

    @property
    def per_year(self) -> int:
        """Periods of this unit in a year: 1, 4 or 12."""
        return PER_YEAR[self.unit]

    @property
    def start(self) -> float:
        """First day as decimal time: `2024.5` is 1 July 2024 (months as twelfths)."""
        return self.year + (self.index - 1) / self.per_year

    @property
    def midpoint(self) -> float:
        """Middle as decimal time."""
        return self.start + 0.5 / self.per_year

    @property
    def ordinal(self) -> int:
        """Consecutive number within the unit; neighbours differ by 1."""
        return self.year * self.per_year + self.index - 1

    @property
    def first_day(self) -> date:
        """First day that a count of this period covers."""
        return date(self.year, (self.index - 1) * (12 // self.per_year) + 1, 1)

    @property
    def last_day(self) -> date:
        """Last day that a count of this period covers."""
        return self.shift(1).first_day - timedelta(days=1)

    def shift(self, steps: int) -> Period:
        """Return the period `steps` later (earlier when negative), same unit."""
        year, index = divmod(self.ordinal + steps, self.per_year)
        return Period(year, self.unit, index + 1)

    def __lt__(self, other: Period) -> bool:
        return (self.start, self.per_year) < (other.start, other.per_year)

    def __str__(self) -> str:
        if self.unit == "Y":
            return f"{self.year}"
        return f"{self.year}K{self.index}" if self.unit == "K" else f"{self.year}M{self.index:02d}"


def parse_period(value: object) -> Period:
    """Read a period from an int year or from text.

    Also from what has such a text (a `pandas.Period`); an `InputError` where it is none.

    Examples
    --------
    >>> str(parse_period("2024Q3")), str(parse_period(2024)), str(parse_period("2024-07"))
    ('2024K3', '2024', '2024M07')
    """
    if isinstance(value, Period):
        return value
    if isinstance(value, float | np.floating) and value == value // 1:
        value = int(value)
    period = _parse_text(str(value).strip())
    if period is not None:
        return period
    raise InputError(
        Fault(
            "this is no period",
            found=str(value)[:40],
            remedy="Write a year (2024), a quarter (2024K3) or a month (2024M07).",
            column="period",
        )
    )


@lru_cache(maxsize=4096)
def _parse_text(text: str) -> Period | None:
    """Parse the text of a period; a panel repeats few of them many times."""
    match = _PATTERN.fullmatch(text)
    if not match:
        return None
    year, letter, index, month = match.groups()
    unit: Unit = "M" if month or (letter and letter.upper() == "M") else "K" if letter else "Y"
    number = int(index or month or 1)
    if FIRST_YEAR <= int(year) <= LAST_YEAR and 1 <= number <= PER_YEAR[unit]:
        return Period(int(year), unit, number)
    return None


def period_of(day: date, unit: Unit) -> Period:
    """Return the period of a unit that holds a day.

    Examples
    --------
    >>> str(period_of(date(2024, 8, 1), "K"))
    '2024K3'
    """
    per_year = PER_YEAR[unit]
    return Period(day.year, unit, (day.month - 1) * per_year // 12 + 1)


def period_range(first: object, last: object) -> list[Period]:
    """List every period from `first` through `last`, both of one unit.

    Examples
    --------
    >>> [str(p) for p in period_range("2024K3", "2025K1")]
    ['2024K3', '2024K4', '2025K1']
    """
    start, end = parse_period(first), parse_period(last)
    if start.unit != end.unit:
        raise InputError(f"{start} and {end} are periods of different length; use one unit.")
    return [start.shift(k) for k in range(end.ordinal - start.ordinal + 1)]


def per_year(periods: Iterable[object]) -> int:
    """Count such periods in a year: 1, 4 or 12; an error where units are mixed.

    Examples
    --------
    >>> per_year(["2024K1", "2024K2"])
    4
    """
    found = {parse_period(p).unit for p in periods}
    if len(found) != 1:
        names = ", ".join(sorted(found)) or "none"
        raise InputError(
            Fault(
                "periods of one length are needed",
                found=names,
                remedy="Keep years, quarters (K) and months (M) in separate series.",
                column="period",
            )
        )
    return PER_YEAR[found.pop()]


def whole_years(periods: Sequence[object]) -> dict[int, list[int]]:
    """Find the years that periods cover wholly, each once, and by periods of one length.

    Gives year to the places of its periods; a year that is covered in part, twice, or by periods of
    different length is left out.

    Examples
    --------
    >>> whole_years(["2024", "2025K4", "2025K1", "2025K2", "2025K3", "2026K1"])
    {2024: [0], 2025: [1, 2, 3, 4]}
    >>> whole_years(["2025K1", "2025K2", "2025K3", "2025M10"])
    {}
    """
    parsed = [parse_period(p) for p in periods]
    places: dict[int, list[int]] = {}
    for i, period in enumerate(parsed):
        places.setdefault(period.year, []).append(i)
    return {
        year: at
        for year, at in sorted(places.items())
        if len({parsed[i] for i in at}) == len(at) == parsed[at[0]].per_year
        and len({parsed[i].unit for i in at}) == 1
    }


def midpoints(periods: Sequence[object]) -> NDArray[np.float64]:
    """Return the decimal time of each period's middle, dims `period`, unit years.

    Examples
    --------
    >>> midpoints(["2024K1", "2024K2"])
    array([2024.125, 2024.375])
    """
    return np.array([parse_period(p).midpoint for p in periods], dtype=np.float64)
