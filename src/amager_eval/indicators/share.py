"""One share with its interval: Wilson, or exact on request."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    Array,
    check_choice,
    check_level,
    check_successes,
    plain,
    real,
    same_labels,
)
from amager_eval.indicators.estimate import Estimate

__all__ = ["clopper_pearson_interval", "share", "wilson_interval"]

_METHODS = ("wilson", "clopper-pearson", "jeffreys")


def wilson_interval(p: Array, n: Array, critical: float) -> tuple[Array, Array]:
    """Wilson limits of a share `p` on `n` (effective) respondents.

    Low and high; exactly 0 where p is 0 and exactly 1 where p is 1.
    """
    square = critical * critical
    weight = n / (n + square)
    centre = weight * (p + square / (2 * n))
    half = weight * critical * np.sqrt((p * (1 - p) + square / (4 * n)) / n)
    # rounding must not push a limit past the share itself; n missing stays missing
    low = np.where((p == 0) & (n > 0), 0.0, np.minimum(centre - half, p))
    high = np.where((p == 1) & (n > 0), 1.0, np.maximum(centre + half, p))
    return low, high


def share(
    x: ArrayLike,
    n: ArrayLike,
    *,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
    method: Literal["wilson", "clopper-pearson", "jeffreys"] = "wilson",
) -> Estimate:
    r"""Estimate a share with its confidence interval.

    Parameters
    ----------
    x : float or array_like
        Respondents who gave the answer; need not be whole (a weighted count).
    n : float or array_like
        Respondents.
    deff : float or array_like
        Design effect; the interval is that of x/deff among n/deff.
    level : float
        Confidence level, two-sided and equal-tailed.
    method : {"wilson", "clopper-pearson", "jeffreys"}
        Wilson (default), exact, or the Beta(.5, .5) posterior interval.

    Returns
    -------
    Estimate
        `estimate, low, high` as shares 0 to 1.

    Raises
    ------
    InputError
        If x exceeds n, n or deff is not above 0, or level is not between 0 and 1.

    Notes
    -----
    Wilson: with :math:`\tilde n = n/deff` and the normal quantile z the limits are
    :math:`\{p + z^2/2\tilde n \pm z\sqrt{p(1-p)/\tilde n + z^2/4\tilde n^2}\} /
    (1 + z^2/\tilde n)`; these are the p at which the score test of p just rejects. No
    continuity correction: R's ``prop.test(correct=FALSE)``. Clopper-Pearson and Jeffreys are
    Beta quantiles. Sources: Wilson (1927) JASA 22:209; Brown, Cai & DasGupta (2001) Statistical
    Science 16:101.

    Examples
    --------
    >>> s = share(252, 300)
    >>> round(s.low, 4), round(s.high, 4)
    (0.7943, 0.8771)
    """
    same_labels(x=x, n=n, deff=deff)
    successes, respondents = check_successes("x", x, "n", n)
    effect = real("deff", deff, above=0)
    level = check_level(level)
    check_choice("method", method, _METHODS)
    p = successes / respondents
    effective = respondents / effect
    tail = (1 - level) / 2
    if method == "wilson":
        low, high = wilson_interval(p, effective, float(-ndtri(tail)))
    elif method == "clopper-pearson":
        low, high = clopper_pearson_interval(p * effective, effective, tail)
    else:
        yes, no = p * effective, (1 - p) * effective
        low, high = betaincinv(yes + 0.5, no + 0.5, tail), betaincinv(yes + 0.5, no + 0.5, 1 - tail)
    return Estimate(
        plain(p + 0 * effective),
        plain(low),
        plain(high),
        plain(respondents),
        level,
        method,
        "share",
    )


def clopper_pearson_interval(x: Array, n: Array, tail: float) -> tuple[Array, Array]:
    """Exact limits of a share with `tail` probability outside on each side."""
    no = n - x
    low = betaincinv(np.where(x == 0, 1.0, x), no + 1, tail)
    high = betaincinv(x + 1, np.where(no == 0, 1.0, no), 1 - tail)
    missing = np.isnan(x) | np.isnan(n)
    low = np.where(missing, np.nan, np.where(x == 0, 0.0, low))
    return low, np.where(missing, np.nan, np.where(no == 0, 1.0, high))
