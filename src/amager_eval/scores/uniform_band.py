"""A band about the distribution of numbers that are uniform if all is well, for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Floats = NDArray[np.float64]

__all__ = ["shares_up_to", "uniform_band"]


def uniform_band(
    n: int, level: float, simulations: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Band that the empirical distribution of a uniform sample keeps within.

    Returns the points 0, 1/n, ..., 1 and the low and high end of the band.

    At one point the number of values up to it is binomial. The band is the pointwise binomial one
    whose level is the `level` quantile of the least one that holds a whole uniform sample.
    Source: Säilynoja, Bürkner & Vehtari (2022) Statistics and Computing 32:32.

    Examples
    --------
    >>> points, low, high = uniform_band(4, 0.95, 500, np.random.default_rng(1))
    >>> points.tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> share = shares_up_to([0.1, 0.4, 0.6, 0.9])
    >>> bool((low <= share).all() and (share <= high).all())
    True
    """
    inner = np.arange(1, n) / n
    counts = np.arange(n + 1)[:, None]
    # both tails of every count at every point, looked up by each sample
    tails = np.minimum(binom.cdf(counts, n, inner), binom.sf(counts - 1, n, inner))
    at = np.arange(n - 1)
    held = np.empty(simulations)
    for k in range(simulations):
        upto = np.searchsorted(np.sort(rng.random(n)), inner, side="right")
        held[k] = 1.0 - 2.0 * tails[upto, at].min()
    pointwise = float(np.quantile(held, level))
    tail = (1.0 - pointwise) / 2.0
    low, high = (binom.ppf(q, n, inner) / n for q in (tail, 1.0 - tail))
    points, low, high = (np.concatenate([[0.0], part, [1.0]]) for part in (inner, low, high))
    return points, low, high


def shares_up_to(values: ArrayLike) -> Floats:
    """Empirical distribution of n values at 0, 1/n, ..., 1.

    Returns the share of values up to each point; nothing at 0, all at 1.

    Examples
    --------
    >>> shares_up_to([0.1, 0.4, 0.6, 0.9]).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    found = np.sort(np.asarray(values, dtype=np.float64))
    n = len(found)
    share = np.searchsorted(found, np.arange(1, n) / n, side="right") / n
    return np.concatenate([[0.0], share, [1.0]])
