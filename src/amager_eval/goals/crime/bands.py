"""The yearly level of a type with its bands, and the whole years reported: what is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amager_eval.conventions import LEVELS

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.goals.facts import Facts

__all__ = ["level_bands", "observed_years"]


def level_bands(levels: xr.Dataset, area: str, crime_type: str) -> pd.DataFrame:
    """Summarise the draws of a type's yearly level.

    `year, median, low_50, high_50, low_80, high_80, low_95, high_95`; reports per 1,000 inhabitants
    a year, from :func:`amager_eval.goals.crime.quantities.annual_levels`.
    """
    rate = levels["rate"].sel(area=area, crime_type=crime_type)
    edges = [0.5, *(p for level in LEVELS for p in ((1 - level) / 2, (1 + level) / 2))]
    names = ["median"]
    names += [f"{side}_{100 * level:g}" for level in LEVELS for side in ("low", "high")]
    quantiles = np.quantile(rate.transpose("sample", "year").values, edges, axis=0)
    bands = pd.DataFrame(quantiles.T, columns=names)
    bands.insert(0, "year", rate["year"].values.astype(int))
    return bands


def observed_years(levels: xr.Dataset, facts: Facts, area: str, crime_type: str) -> pd.DataFrame:
    """Collect reports per 1,000 of the years whose every period is published.

    `year, rate`, by the inhabitants of the facts as everywhere reports are printed; the model's own
    where none were supplied.
    """
    cell = levels.sel(area=area, crime_type=crime_type).isel(sample=0)
    known = cell["observed"].values
    years = [int(y) for y in cell["year"].values[known]]
    own = cell["inhabitants"].values[known]
    people = [
        1000 * thousands if (found := facts.inhabitants(area, year)) is None else found
        for year, thousands in zip(years, own, strict=True)
    ]
    rates = 1000 * cell["reports"].values[known] / np.array(people, dtype=float)
    return pd.DataFrame({"year": years, "rate": rates})
