"""Reported crime from year to year, and what each type contributes to the change of the total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.conventions import LEVEL
from amager_eval.goals.crime.quantities import annual_levels

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.trends.fit import Forecast

__all__ = ["CHANGE_COLUMNS", "CONTRIBUTION_COLUMNS", "type_contributions", "yearly_changes"]

CHANGE_COLUMNS: Final = (
    "area", "crime_type", "year", "form", "median", "low_95", "high_95", "probability_fall",
)  # fmt: skip
CONTRIBUTION_COLUMNS: Final = ("area", "crime_type", "year", "median", "low_95", "high_95")
_BAND: Final = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)


def yearly_changes(forecast: Forecast) -> pd.DataFrame:
    """Change of the true level from each year to the next, with its band.

    `area, crime_type, year, form, median, low_95, high_95, probability_fall`; one row per year but
    the first. Change is the ratio to the year before less one, of the expected reports a year
    (`form` is `count`) and of those per 1,000 inhabitants (`rate`), free of season, pandemic and
    steps; the band is an equal-tailed 95 % interval.

    Examples
    --------
    >>> import amager_eval as ae
    >>> fit = ae.fit_crime(ae.published(), definition="STRAF11")  # doctest: +SKIP
    >>> yearly_changes(fit.forecast("2028K4")).query("year == 2025")  # doctest: +SKIP
    """
    levels = annual_levels(forecast)
    frames = []
    for form in ("count", "rate"):
        values = levels[form]
        change = (values / values.shift(year=1) - 1.0).isel(year=slice(1, None))
        frame = _banded(change).assign(form=form)
        fall = (change < 0).mean("sample").transpose("area", "crime_type", "year")
        frames.append(frame.assign(probability_fall=fall.values.ravel()))
    return pd.concat(frames, ignore_index=True)[list(CHANGE_COLUMNS)]


def type_contributions(forecast: Forecast, *, baseline: int, target: int) -> pd.DataFrame:
    """Split the change of the total since the baseline into its types.

    `area, crime_type, year, median, low_95, high_95`: expected reports of each year after the
    baseline through the target less those of the baseline, reports a year, equal-tailed 95 %
    interval; in every draw the types, declared nested in the total, add up to it, which stands
    last. Empty where the total is modelled itself, because then nothing is known to add up.

    Examples
    --------
    >>> import amager_eval as ae
    >>> fit = ae.fit_crime(ae.published(), definition="STRAF11")  # doctest: +SKIP
    >>> forecast = fit.forecast("2028K4")  # doctest: +SKIP
    >>> type_contributions(forecast, baseline=2024, target=2028)  # doctest: +SKIP
    """
    levels = annual_levels(forecast)
    parts = [k for k in str(levels.attrs.get("total_parts", "")).split(";") if k]
    if not parts:
        return pd.DataFrame(columns=list(CONTRIBUTION_COLUMNS))
    count = levels["count"].sel(crime_type=[*parts, str(levels.attrs["total"])])
    change = count.sel(year=slice(baseline + 1, target)) - count.sel(year=baseline)
    return _banded(change)[list(CONTRIBUTION_COLUMNS)]


def _banded(values: xr.DataArray) -> pd.DataFrame:
    """Median and interval of draws, one row per area, type and year, in that order."""
    ordered = values.transpose("sample", "area", "crime_type", "year")
    low, middle, high = np.quantile(ordered.values, _BAND, axis=0)
    names = ["area", "crime_type", "year"]
    index = pd.MultiIndex.from_product([ordered[n].values for n in names], names=names)
    bands = {"median": middle.ravel(), "low_95": low.ravel(), "high_95": high.ravel()}
    return pd.DataFrame(bands, index=index).reset_index()
