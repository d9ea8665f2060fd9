"""A contrast with a standard error: estimate, normal interval and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from amager_eval.indicators.arguments import Array, Number, plain
from amager_eval.indicators.estimate import Shown

__all__ = ["Contrast", "Tested", "normal_contrast", "standardise", "truth", "two_sided_p"]


class Tested(Shown):
    """A record of a two-sided test at its level."""

    p_value: Number
    level: float

    @property
    def significant(self) -> bool | NDArray[np.bool_]:
        """Whether p is below 1 - level; False where it is NaN."""
        return truth(np.less(self.p_value, 1 - self.level))


@dataclass(frozen=True)
class Contrast(Tested):
    """A difference with its standard error, interval and test.

    Parameters
    ----------
    estimate, se, low, high : float or ndarray
        Contrast, standard error and limits of the interval, in `unit`.
    z, p_value : float or ndarray
        Test of 0 and its two-sided p-value.
    n : float or ndarray
        Respondents it rests on.
    level : float
        Confidence level.
    method : str
        Name of the method.
    unit : str
        What the numbers are: `share`, `log odds ratio`.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> c = sg.part_versus_whole(0.84, 310, 0.88, 4000, weight=0.095)
    >>> c.significant, round(c.low, 3), round(c.high, 3)
    (True, -0.078, -0.002)
    """

    estimate: Number
    se: Number
    low: Number
    high: Number
    z: Number
    p_value: Number
    n: Number
    level: float
    method: str
    unit: str = "share"


def truth(value: NDArray[np.bool_]) -> bool | NDArray[np.bool_]:
    """Turn a zero-dimensional truth value into a bool; leave other arrays."""
    array = np.asarray(value, dtype=bool)
    return bool(array) if array.ndim == 0 else array


def two_sided_p(z: Array) -> Array:
    """Two-sided normal p-value.

    Examples
    --------
    >>> round(float(two_sided_p(1.96)), 4)
    0.05
    """
    p: Array = 2 * ndtr(-np.abs(z))
    return p


def standardise(estimate: Array, se: Array) -> Array:
    """Estimate over standard error; 0 where the estimate is 0, undefined (NaN) where only se is.

    A standard error of 0 says that the sample shows no variance, not that there is none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se == 0, np.nan, estimate / se)
    return np.where((estimate == 0) & ~np.isnan(se), 0.0, z)


def normal_contrast(
    estimate: Array, se: Array, n: Array, level: float, method: str, unit: str = "share"
) -> Contrast:
    """Make a contrast with a normal interval; a standard error of 0 gives none (NaN)."""
    critical = float(-ndtri((1 - level) / 2))
    z = standardise(estimate, se)
    half = np.where(se == 0, np.nan, critical * se)
    low, high = estimate - half, estimate + half
    if unit == "share":  # a difference of shares lies in -1 to 1
        low, high = np.maximum(low, -1), np.minimum(high, 1)
    return Contrast(
        estimate=plain(estimate + 0 * se),
        se=plain(se),
        low=plain(low),
        high=plain(high),
        z=plain(z),
        p_value=plain(two_sided_p(z)),
        n=plain(n),
        level=level,
        method=method,
        unit=unit,
    )
