"""Inhabitants at the middle of a period, from the dates at which they were counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from amager_eval.data.period import midpoints, parse_period
from amager_eval.errors import Fault, InputError

__all__ = ["Inhabitants", "population_at"]


@dataclass(frozen=True, eq=False)
class Inhabitants:
    """Inhabitants of one area at each period's midpoint.

    Parameters
    ----------
    population : ndarray
        Inhabitants, dims `period`.
    extrapolated : ndarray of bool
        Whether the midpoint lies outside the given dates, dims `period`.
    """

    population: NDArray[np.float64]
    extrapolated: NDArray[np.bool_]


def population_at(population: pd.DataFrame, area: str, periods: Sequence[object]) -> Inhabitants:
    """Interpolate inhabitants to the midpoints of periods.

    Log-linear between the given dates; outside them the growth of the nearest year goes on (of
    all dates, if they span less than a year; none, if there is one date). A year's growth and
    not the last step's, because monthly counts have a season of their own.

    Parameters
    ----------
    population : DataFrame
        `area, period, population`: inhabitants on the first day of the period.
    area : str
        Which area.
    periods : sequence
        Periods whose midpoints are wanted.

    Returns
    -------
    Inhabitants
        dims `period`, in the order of `periods`.

    Raises
    ------
    InputError
        The area has no inhabitants in the frame.

    Examples
    --------
    >>> frame = pd.DataFrame({"area": "Nord", "period": [2024, 2025], "population": [1000, 1100]})
    >>> found = population_at(frame, "Nord", ["2024", "2025"])
    >>> found.population.round(1).tolist(), found.extrapolated.tolist()
    ([1048.8, 1153.7], [False, True])
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
    dates = np.array([parse_period(p).start for p in rows["period"]])
    order = np.argsort(dates)
    dates = dates[order]
    level = np.log(rows["population"].to_numpy(dtype=np.float64)[order])
    wanted = midpoints(periods)
    before, after = wanted < dates[0], wanted > dates[-1]
    result = np.interp(wanted, dates, level)
    result[before] += _growth(dates, level, first=True) * (wanted[before] - dates[0])
    result[after] += _growth(dates, level, first=False) * (wanted[after] - dates[-1])
    return Inhabitants(np.exp(result), before | after)


def _growth(dates: NDArray[np.float64], level: NDArray[np.float64], *, first: bool) -> float:
    """Log growth per year over the first or last year of the given dates."""
    if len(dates) == 1:
        return 0.0
    start, end = (dates[0], min(dates[0] + 1, dates[-1]))
    if not first:
        start, end = max(dates[-1] - 1, dates[0]), dates[-1]
    low, high = np.interp([start, end], dates, level)
    return float((high - low) / (end - start))
