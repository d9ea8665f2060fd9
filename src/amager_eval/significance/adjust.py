"""Many tests at once: adjusted p-values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from amager_eval.indicators.arguments import Array, check_choice, real

__all__ = ["adjust"]

Adjustment = Literal["holm", "bh", "bonferroni", "hochberg", "hommel", "by"]
#: What statsmodels calls them; its Holm collects the garbage of the whole process, each time.
_METHODS: Final[Mapping[Adjustment, str]] = {
    "holm": "", "bh": "fdr_bh", "bonferroni": "bonferroni", "hochberg": "simes-hochberg",
    "hommel": "hommel", "by": "fdr_by",
}  # fmt: skip


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
    running minimum from above of m p_i / i; all but Holm by statsmodels, as R's ``p.adjust``.
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
    check_choice("method", method, tuple(_METHODS))
    adjusted = np.full(p.shape, np.nan)
    present = ~np.isnan(p)
    if method == "holm":
        adjusted[present] = _holm(p[present])
    elif present.any():
        # statsmodels takes a second to import and is needed here only
        from statsmodels.stats.multitest import multipletests

        adjusted[present] = multipletests(p[present], method=_METHODS[method])[1]
    return adjusted


def _holm(p: Array) -> Array:
    order = np.argsort(p)
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(np.arange(len(p), 0, -1) * p[order])
    return np.minimum(adjusted, 1)
