"""Sum reported crime to calendar years: one series, its reports, its inhabitants and its rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amager_eval.data.period import whole_years
from amager_eval.data.population import population_on

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input

__all__ = [
    "AnnualFigure",
    "annual_figures",
    "annual_of_rows",
    "inhabitants_of_year",
    "inhabitants_of_years",
]


@dataclass(frozen=True)
class AnnualFigure:
    """Reports of a calendar year, and the inhabitants they are divided by; each may be unknown."""

    count: float | None  #: Reports
    rate: float | None  #: Reports per 1,000 inhabitants
    inhabitants: float | None = None  #: Those of the day the agreement names


def annual_figures(
    data: Input, area: str, crime_type: str, definition: str
) -> dict[int, AnnualFigure]:
    """Sum one series to calendar years; a year with a period missing is left out.

    Gives year to reports and reports per 1,000 inhabitants (by `population` where no rate was
    published, see :func:`inhabitants_of_years`); definitions are never joined.
    """
    if data.crime is None:
        return {}
    rows = data.crime[
        (data.crime["area"] == area)
        & (data.crime["crime_type"] == crime_type)
        & (data.crime["definition"] == definition)
    ]
    years = sorted({int(str(period)[:4]) for period in rows["period"]})
    return annual_of_rows(rows, inhabitants_of_years(data, area, years))


def annual_of_rows(rows: pd.DataFrame, inhabitants: Mapping[int, float]) -> dict[int, AnnualFigure]:
    """Sum the rows of one series to calendar years, given the inhabitants of its area by year."""
    counts = rows["count"].to_numpy(dtype=float)
    rates = rows["per_1000"].to_numpy(dtype=float) if "per_1000" in rows else counts * math.nan
    years: dict[int, AnnualFigure] = {}
    for year, places in whole_years(rows["period"].tolist()).items():
        total = float(counts[places].sum())
        count = None if math.isnan(total) else total
        people, rate = inhabitants.get(year), None
        if len(places) == 1 and not math.isnan(rates[places[0]]):
            rate = float(rates[places[0]])
        elif count is not None and people:
            rate = 1000 * count / people
        years[year] = AnnualFigure(count, rate, people)
    return years


def inhabitants_of_year(data: Input, area: str, year: int) -> float | None:
    """Inhabitants a calendar year's reports are divided by; None where none were supplied."""
    return inhabitants_of_years(data, area, [year]).get(year)


def inhabitants_of_years(data: Input, area: str, years: Sequence[int]) -> dict[int, float]:
    """Inhabitants of an area that each calendar year's reports are divided by; none is left out.

    Those of the day the agreement names (`Input.inhabitants_on`), as they were supplied where that
    day's were: whoever divides the printed count by them gets the printed rate.
    """
    if not years or data.population is None or not (data.population["area"] == area).any():
        return {}
    half = 0.0 if data.inhabitants_on == "year_start" else 0.5
    found = population_on(data.population, area, [year + half for year in years])
    return dict(zip(years, found.tolist(), strict=True))
