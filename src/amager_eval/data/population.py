"""Inhabitants on a day or at the middle of a period, from the dates they were counted on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from amager_eval.data.period import midpoints, parse_period
from amager_eval.errors import Fault, InputError

__all__ = ["population_at", "population_on"]


def population_at(
    population: pd.DataFrame, area: str, periods: Sequence[object]
) -> NDArray[np.float64]:
    """Interpolate inhabitants to the midpoints of periods.

    Log-linear between the given dates, `population` being that of a period's first day; outside
    them the growth of the nearest year goes on (of all dates, if they span less than a year; none,
    if there is one date). A year's growth and not the last step's, because monthly counts have a
    season of their own. An `InputError` where the area has no inhabitants in the frame.

    Examples
    --------
    >>> frame = pd.DataFrame({"area": "Nord", "period": [2024, 2025], "population": [1000, 1100]})
    >>> population_at(frame, "Nord", ["2024", "2025"]).round(1).tolist()
    [1048.8, 1153.7]
    """
    return population_on(population, area, midpoints(periods))


def population_on(
    population: pd.DataFrame, area: str, dates: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate inhabitants to dates, as :func:`population_at` does; a given date's are its own.

    Decimal time: `2024.0` is 1 January 2024.

    Examples
    --------
    >>> frame = pd.DataFrame({"area": "Nord", "period": [2024, 2025], "population": [1000, 1100]})
    >>> population_on(frame, "Nord", [2024.0, 2025.0]).round(6).tolist()
    [1000.0, 1100.0]
    """
    rows = population[population["area"] == area]
    if rows.empty:
        raise InputError(
            Fault(
                f"there is no population for {area}",
                found=", ".join(map(str, population["area"].unique()[:5])),
                remedy="Add its inhabitants to the table population.",
                column="population",
            )
        )
    known = np.array([parse_period(p).start for p in rows["period"]])
    order = np.argsort(known)
    known = known[order]
    people = rows["population"].to_numpy(dtype=np.float64)[order]
    level = np.log(people)
    wanted = np.asarray(dates, dtype=np.float64)
    before, after = wanted < known[0], wanted > known[-1]
    result = np.interp(wanted, known, level)
    result[before] += _growth(known, level, first=True) * (wanted[before] - known[0])
    result[after] += _growth(known, level, first=False) * (wanted[after] - known[-1])
    found: NDArray[np.float64] = np.exp(result)
    # the number itself and not its logarithm's exponential: a reader divides by what is printed
    given = np.isin(wanted, known)
    found[given] = people[np.searchsorted(known, wanted[given])]
    return found


def _growth(dates: NDArray[np.float64], level: NDArray[np.float64], *, first: bool) -> float:
    """Log growth per year over the first or last year of the given dates."""
    if len(dates) == 1:
        return 0.0
    start, end = (dates[0], min(dates[0] + 1, dates[-1]))
    if not first:
        start, end = max(dates[-1] - 1, dates[0]), dates[-1]
    low, high = np.interp([start, end], dates, level)
    return float((high - low) / (end - start))
