"""The score statistic of a difference of two shares, at any difference, in closed form.

The shares are estimated under the restriction that they differ by `delta`: the likelihood
equation is a cubic, solved by Miettinen & Nurminen (1985, Statistics in Medicine 4:213) and
Farrington & Manning (1990, Statistics in Medicine 9:1447). statsmodels to 0.15.0 solves a wrong
one for every difference but 0, therefore it is written here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

from amager_eval.indicators.arguments import Array

__all__ = ["restricted_shares", "score_interval", "score_z"]


def restricted_shares(
    p1: Array, n1: Array, p2: Array, n2: Array, delta: Array
) -> tuple[Array, Array]:
    """Maximum-likelihood shares under p1 - p2 = delta.

    Shares of groups 1 and 2.

    Examples
    --------
    >>> p1, p2 = restricted_shares(*(np.float64(v) for v in (0.88, 300, 0.88, 3900, -0.02)))
    >>> round(float(p1), 6), round(float(p2), 6)
    (0.861262, 0.881262)
    """
    total = n1 + n2
    w1, w2 = n1 / total, n2 / total
    c1, c2 = w1 * p1, w2 * p2
    # p2^3 + b p2^2 + c p2 + d = 0, every coefficient divided by the total
    b = (w1 + 2 * w2) * delta - 1 - c1 - c2
    c = (w2 * delta - 1 - 2 * c2) * delta + c1 + c2
    d = c2 * delta * (1 - delta)
    third = b / 3
    q = third**3 - b * c / 6 + d / 2
    radius = np.where(q < 0, -1.0, 1.0) * np.sqrt(np.maximum(third**2 - c / 3, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(radius == 0, 0.0, q / radius**3)
    angle = (np.pi + np.arccos(np.clip(cosine, -1, 1))) / 3
    root = 2 * radius * np.cos(angle) - third
    root = _polish(root, b, c, d)
    root = np.clip(root, np.maximum(0, -delta), np.minimum(1, 1 - delta))
    return np.clip(root + delta, 0, 1), root


def _polish(root: Array, b: Array, c: Array, d: Array) -> Array:
    """Two Newton steps: the arc cosine loses half the digits where its argument nears 1."""
    for _ in range(2):
        slope = (3 * root + 2 * b) * root + c
        value = ((root + b) * root + c) * root + d
        with np.errstate(divide="ignore", invalid="ignore"):
            step = value / slope
        # a large step means a double root, where the closed form is kept
        root = np.where(np.abs(step) < 1e-6, root - step, root)
    return root


def _variance(
    p1: Array, n1: Array, p2: Array, n2: Array, delta: Array, *, corrected: bool
) -> Array:
    r1, r2 = restricted_shares(p1, n1, p2, n2, delta)
    variance = r1 * (1 - r1) / n1 + r2 * (1 - r2) / n2
    if not corrected:
        return variance
    kept = shrinkage(n1 + n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(kept == 0, np.inf, variance / kept)


def shrinkage(total: Array) -> Array:
    """Miettinen and Nurminen's (N-1)/N; 0 where N, after a design effect, is 1 or less.

    Examples
    --------
    >>> shrinkage(np.array([0.5, 1, 100]))
    array([0.  , 0.  , 0.99])
    """
    return np.maximum(1 - 1 / total, 0)


def score_z(p1: Array, n1: Array, p2: Array, n2: Array, delta: Array, *, corrected: bool) -> Array:
    """Score statistic of p1 - p2 = delta.

    Corrected multiplies the variance by N/(N-1): Miettinen-Nurminen; else Mee, Farrington-Manning.

    Approximately standard normal if the difference is delta; infinite where it cannot be.
    """
    gap = p1 - p2 - delta
    variance = _variance(p1, n1, p2, n2, delta, corrected=corrected)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, gap / np.sqrt(variance))


def score_interval(
    p1: Array, n1: Array, p2: Array, n2: Array, critical: float, *, corrected: bool
) -> tuple[Array, Array]:
    """Limits of the differences that the score test does not reject.

    Miettinen-Nurminen's if corrected (-1 to 1 where N is 1 or less), else Mee's.

    Low and high, inside -1 to 1.
    """
    low = -_upper_limit(p2, n2, p1, n1, critical, corrected)
    return low, _upper_limit(p1, n1, p2, n2, critical, corrected)


def _upper_limit(
    p1: Array, n1: Array, p2: Array, n2: Array, critical: float, corrected: bool
) -> Array:
    def excess(delta: Array, p1: Array, n1: Array, p2: Array, n2: Array) -> Array:
        variance = _variance(p1, n1, p2, n2, delta, corrected=corrected)
        result: Array = (p1 - p2 - delta) ** 2 - critical**2 * variance
        return result

    p1, n1, p2, n2 = np.broadcast_arrays(p1, n1, p2, n2)
    observed = p1 - p2
    # with both shares 0 the variance is 0 at the estimate itself: start just above it
    start = observed + np.minimum(1e-10, 1e-3 / (n1 + n2))
    at_end: NDArray[np.bool_] = start >= 1
    if corrected:  # no respondents to correct with: every difference is possible
        alone = shrinkage(n1 + n2) == 0
        at_end = at_end | alone
        n1, n2 = np.where(alone, 1.0, n1), np.where(alone, 1.0, n2)
    start = np.where(at_end, 0.5, start)
    found = elementwise.find_root(
        excess,
        (start, np.ones_like(start)),
        args=(p1, n1, p2, n2),
        tolerances={"xatol": 1e-15, "xrtol": 1e-15, "fatol": 0.0, "frtol": 0.0},
    )
    limit: Array = np.where(at_end, 1.0, found.x)
    return np.where(np.isnan(observed), np.nan, limit)
