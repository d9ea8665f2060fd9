"""Reported crime from year to year, and what each type contributes to the change of the total."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amager_eval.conventions import LEVEL
from amager_eval.goals.crime import annual_levels

if TYPE_CHECKING:
    from amager_eval.trends.fit import Forecast

__all__ = ["type_contributions", "yearly_changes"]


def yearly_changes(forecast: Forecast) -> pd.DataFrame:
    """Change of the true level from each year to the next, with its band.

    Parameters
    ----------
    forecast : Forecast
        A crime forecast.

    Returns
    -------
    DataFrame
        `area, crime_type, year, form, median, low_95, high_95, probability_fall`; change is the
        ratio to the year before less one.
    """
    levels = annual_levels(forecast)
    rows = []
    for form in ("count", "rate"):
        values = levels[form]
        change = values / values.shift(year=1) - 1.0
        for year in levels["year"].values[1:]:
            for area in levels["area"].values:
                for kind in levels["crime_type"].values:
                    draws = change.sel(area=area, crime_type=kind, year=year).values
                    low, middle, high = np.quantile(draws, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
                    fall = float((draws < 0).mean())
                    rows.append((area, kind, int(year), form, middle, low, high, fall))
    columns = ["area", "crime_type", "year", "form", "median", "low_95", "high_95"]
    return pd.DataFrame(rows, columns=[*columns, "probability_fall"])


def type_contributions(
    forecast: Forecast, *, baseline: int = 2024, target: int = 2028
) -> pd.DataFrame:
    """Split the change of the total from the baseline to a year into its types.

    Parameters
    ----------
    forecast : Forecast
        A crime forecast whose total is made of types that are declared nested in it.
    baseline, target : int
        Calendar years.

    Returns
    -------
    DataFrame
        `area, crime_type, median, low_95, high_95`: expected reports in `target` less those in
        `baseline`; the draws of the types add up to the total's. Empty where the total is
        modelled itself, because then nothing is known to add up.
    """
    levels = annual_levels(forecast)
    columns = ["area", "crime_type", "median", "low_95", "high_95"]
    total = str(levels.attrs["total"])
    parts = [k for k in str(levels.attrs["total_parts"]).split(";") if k]
    if not parts:
        return pd.DataFrame(columns=columns)
    change = levels["count"].sel(year=target) - levels["count"].sel(year=baseline)
    rows = []
    for area in levels["area"].values:
        for kind in (*parts, total):
            draws = change.sel(area=area, crime_type=kind).values
            low, middle, high = np.quantile(draws, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
            rows.append((area, kind, middle, low, high))
    return pd.DataFrame(rows, columns=columns)
