"""A trend without a model: Kendall's tau and the Theil-Sen slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from amager_eval.errors import Fault, InputError
from amager_eval.indicators.arguments import vector
from amager_eval.indicators.estimate import frame_of

__all__ = ["RankTrend", "rank_trend"]


@dataclass(frozen=True)
class RankTrend:
    """A monotone trend by ranks.

    Parameters
    ----------
    tau, p_value : float
        Kendall's tau-b with years, and its two-sided normal p-value (corrected for ties).
    slope : float
        Theil-Sen slope per year: the median of all pairwise slopes, in the unit of the values.
    n : int
        Waves.
    method : str
        Name of the method.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.rank_trend([89, 88, 87, 86, 85], [2020, 2021, 2022, 2023, 2024])
    >>> t.slope, round(t.p_value, 4)
    (-1.0, 0.0143)
    """

    tau: float
    p_value: float
    slope: float
    n: int
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the columns of this record."""
        return frame_of(self)


def rank_trend(values: ArrayLike, years: ArrayLike) -> RankTrend:
    """Test for a monotone trend by ranks.

    Parameters
    ----------
    values : array_like, dims wave
        Shares, percentages or rates.
    years : array_like, dims wave
        Years of the waves.

    Returns
    -------
    RankTrend
        NaN throughout if any input is, or if all values are equal.

    Raises
    ------
    InputError
        If there are fewer than three waves, or all years are equal.

    Notes
    -----
    SciPy's ``kendalltau`` and ``theilslopes``. It ignores how precise each wave is, and, like
    every trend test here but the random walk, takes waves to be independent about the trend.
    Tau-b = (concordant - discordant pairs) / sqrt of the pairs untied in each. Sources: Kendall
    (1970) Rank Correlation Methods; Sen (1968) JASA 63:1379.

    Examples
    --------
    >>> t = rank_trend([89, 88, 87, 86, 85], [2020, 2021, 2022, 2023, 2024])
    >>> round(t.tau, 6), t.slope
    (-1.0, -1.0)
    """
    from scipy.stats import kendalltau, theilslopes

    y = vector("values", values)
    t = vector("years", years, length=len(y))
    method = "Kendall tau-b, Theil-Sen"
    if np.isnan(np.concatenate([y, t])).any():
        return RankTrend(np.nan, np.nan, np.nan, len(y), method)
    if len(y) < 3 or np.ptp(t) == 0:
        raise InputError(
            Fault(
                "a trend by ranks needs at least three waves in different years",
                found=f"{len(y)} waves, years {', '.join(f'{year:g}' for year in t[:5])}",
                remedy="Pass more waves.",
            )
        )
    slope = float(theilslopes(y, t).slope)
    if np.ptp(y) == 0:
        return RankTrend(np.nan, np.nan, slope, len(y), method)
    kendall = kendalltau(t, y, method="asymptotic")
    return RankTrend(float(kendall.statistic), float(kendall.pvalue), slope, len(y), method)
