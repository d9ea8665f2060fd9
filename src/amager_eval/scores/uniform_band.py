"""A band about the distribution of numbers that are uniform if all is well, for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Floats = NDArray[np.float64]

__all__ = ["uniform_band"]


def uniform_band(
    values: ArrayLike, level: float, simulations: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """Empirical distribution of values, and the band a uniform sample keeps within.

    Parameters
    ----------
    values : array_like, dims value
        Ranks or probability integral transforms, 0 to 1.
    level : float
        Share of uniform samples of this size that lie within the band everywhere.
    simulations : int
        Uniform samples that are drawn to find the band.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    points : ndarray, dims point
        0, 1/n, ..., 1.
    share : ndarray, dims point
        The share of values up to each.
    low, high : ndarray, dims point
        The band.

    Notes
    -----
    At one point the number of values up to it is binomial. The band is the pointwise binomial one
    whose level is the `level` quantile of the least one that holds a whole uniform sample.
    Source: Säilynoja, Bürkner & Vehtari (2022) Statistics and Computing 32:32.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> points, share, low, high = uniform_band([0.1, 0.4, 0.6, 0.9], 0.95, 500, rng)
    >>> points.tolist(), share.tolist()
    ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.25, 0.5, 0.75, 1.0])
    >>> bool((low <= share).all() and (share <= high).all())
    True
    """
    found = np.sort(np.asarray(values, dtype=np.float64))
    n = len(found)
    inner = np.arange(1, n) / n
    held = np.empty(simulations)
    for k in range(simulations):
        upto = np.searchsorted(np.sort(rng.random(n)), inner, side="right")
        below = np.asarray(binom.cdf(upto, n, inner))
        above = np.asarray(binom.sf(upto - 1, n, inner))
        held[k] = 1.0 - 2.0 * min(below.min(), above.min())
    pointwise = float(np.quantile(held, level))
    tail = (1.0 - pointwise) / 2.0
    low, high = (binom.ppf(q, n, inner) / n for q in (tail, 1.0 - tail))
    share = np.searchsorted(found, inner, side="right") / n
    points, *others = (np.concatenate([[0.0], part, [1.0]]) for part in (inner, share, low, high))
    return points, others[0], others[1], others[2]
