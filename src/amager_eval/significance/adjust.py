"""Many tests at once: adjusted p-values."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from amager_eval.indicators.arguments import Array, check_choice, real

__all__ = ["adjust"]

Adjustment = Literal["holm", "bh", "bonferroni", "hochberg", "hommel", "by"]


def adjust(p_values: ArrayLike, method: Adjustment = "holm") -> Array:
    """Adjust the p-values of one family of tests.

    Parameters
    ----------
    p_values : array_like
        P-values of the whole family. NaN is a test that could not be made: it stays NaN and
        does not count.
    method : {"holm", "bh", "bonferroni", "hochberg", "hommel", "by"}
        `holm` controls the chance of any false finding whatever the dependence: for the declared
        primary family. `bh` (Benjamini-Hochberg) controls the expected fraction of false
        findings: for everything exploratory, and labelled so.

    Returns
    -------
    ndarray
        Adjusted p-values, same shape and order.

    Raises
    ------
    InputError
        If a p-value lies outside 0 to 1.

    Notes
    -----
    With m tests and p sorted upwards: Holm is the running maximum of (m - i + 1) p_i, BH the
    running minimum from above of m p_i / i. The others as in R's ``p.adjust``.
    Sources: Holm (1979) Scand J Statist 6:65; Benjamini & Hochberg (1995) JRSS B 57:289;
    Hochberg (1988), Hommel (1988) Biometrika 75; Benjamini & Yekutieli (2001).

    Examples
    --------
    >>> adjust([0.01, 0.02, 0.03, 0.04])
    array([0.04, 0.06, 0.06, 0.06])
    >>> adjust([0.01, 0.02, 0.03, 0.04], method="bh")
    array([0.04, 0.04, 0.04, 0.04])
    """
    p = real("p_values", p_values, at_least=0, at_most=1)
    check_choice("method", method, ("holm", "bh", "bonferroni", "hochberg", "hommel", "by"))
    adjusted = np.full(p.shape, np.nan)
    present = ~np.isnan(p)
    family = p[present]
    order = np.argsort(family, kind="stable")
    result = np.empty_like(family)
    result[order] = np.minimum(_adjust_sorted(family[order], method), 1)
    adjusted[present] = result
    return adjusted


def _adjust_sorted(p: Array, method: Adjustment) -> Array:
    m = len(p)
    rank = np.arange(1, m + 1)
    if method == "bonferroni":
        return m * p
    if method == "holm":
        return np.maximum.accumulate((m - rank + 1) * p)
    if method == "hommel":
        return _hommel(p)
    if method == "hochberg":
        scaled = (m - rank + 1) * p
    else:
        scaled = m / rank * p
        if method == "by":
            scaled = scaled * (1 / rank).sum()
    return np.minimum.accumulate(scaled[::-1])[::-1]


def _hommel(p: Array) -> Array:
    """Hommel's adjustment of sorted p-values (Wright 1992, Biometrics 48:1005)."""
    m = len(p)
    if m < 2:
        return p
    rank = np.arange(1, m + 1)
    adjusted = np.full(m, (m * p / rank).min())
    for size in range(m - 1, 1, -1):
        upper = np.arange(m - size + 1, m)
        smallest = (size * p[upper] / np.arange(2, size + 1)).min()
        candidate = np.minimum(size * p, smallest)
        candidate[upper] = candidate[m - size]
        adjusted = np.maximum(adjusted, candidate)
    return np.maximum(adjusted, p)
