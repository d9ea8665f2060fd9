"""Sum reported crime to calendar years: one series, its reports, its inhabitants and its rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amager_eval.data.period import whole_years
from amager_eval.data.population import population_on

if TYPE_CHECKING:
    from amager_eval.data.input import Input

__all__ = ["AnnualFigure", "annual_figures", "inhabitants_of_year"]


@dataclass(frozen=True)
class AnnualFigure:
    """Reports of one calendar year: the count and the rate per 1,000, either may be unknown."""

    count: float | None
    rate: float | None


def annual_figures(
    data: Input, area: str, crime_type: str, definition: str
) -> dict[int, AnnualFigure]:
    """Sum one series to calendar years; a year with a period missing is left out.

    Parameters
    ----------
    data : Input
        With `crime`; `population` gives the rate where it was not published.
    area, crime_type, definition : str
        Which series; definitions are never joined.

    Returns
    -------
    dict of int to AnnualFigure
        Year to reports and reports per 1,000 inhabitants, see :func:`inhabitants_of_year`.
    """
    if data.crime is None:
        return {}
    rows = data.crime[
        (data.crime["area"] == area)
        & (data.crime["crime_type"] == crime_type)
        & (data.crime["definition"] == definition)
    ]
    whole = whole_years(rows["period"].tolist())
    inhabitants = _inhabitants_of_years(data, area, list(whole))
    years: dict[int, AnnualFigure] = {}
    for year, places in whole.items():
        group = rows.iloc[places]
        count = None if group["count"].isna().any() else float(group["count"].sum())
        rate = None
        if "per_1000" in group and group["per_1000"].notna().all() and len(group) == 1:
            rate = float(group["per_1000"].iloc[0])
        elif count is not None and (people := inhabitants.get(year)):
            rate = 1000 * count / people
        years[year] = AnnualFigure(count, rate)
    return years


def inhabitants_of_year(data: Input, area: str, year: int) -> float | None:
    """Inhabitants a calendar year's reports are divided by; None where none were supplied.

    Those of the day the agreement names (`Input.inhabitants_on`), as they were supplied where that
    day's were: whoever divides the printed count by them gets the printed rate.
    """
    return _inhabitants_of_years(data, area, [year]).get(year)


def _inhabitants_of_years(data: Input, area: str, years: list[int]) -> dict[int, float]:
    """Look up several years of an area at once: the dates it was counted on are read once."""
    if not years or data.population is None or not (data.population["area"] == area).any():
        return {}
    half = 0.0 if data.inhabitants_on == "year_start" else 0.5
    found = population_on(data.population, area, [year + half for year in years])
    return dict(zip(years, found.population.tolist(), strict=True))
