"""How small a change could be seen: power, respondents for it, smallest detectable change."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import elementwise
from scipy.special import ndtr, ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    Array,
    Number,
    broadcast,
    check_choice,
    check_level,
    plain,
    real,
    real_scalar,
)

__all__ = ["power", "respondents_for_power", "smallest_detectable_change"]

Method = Literal["score", "arcsine", "wald"]
_METHODS = ("score", "arcsine", "wald")


def _power(
    p1: Array, p2: Array, n1: Array, n2: Array, critical: float, method: Method, both_tails: bool
) -> Array:
    """Power on effective respondents."""
    if method == "arcsine":
        effect = 2 * np.abs(np.arcsin(np.sqrt(p1)) - np.arcsin(np.sqrt(p2)))
        under_null = under_change = np.sqrt(1 / n1 + 1 / n2)
    else:
        effect = np.abs(p1 - p2)
        under_change = np.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
        pooled = (n1 * p1 + n2 * p2) / (n1 + n2)
        pooled_error = np.sqrt(np.maximum(pooled * (1 - pooled), 0) * (1 / n1 + 1 / n2))
        under_null = pooled_error if method == "score" else under_change
    with np.errstate(divide="ignore", invalid="ignore"):
        right = ndtr((effect - critical * under_null) / under_change)
        wrong = ndtr((-effect - critical * under_null) / under_change)
    result = right + wrong if both_tails else right
    # certain shares: 0 against 1 is always seen, 0 against 0 never
    return np.where(under_change == 0, np.where(effect > 0, 1.0, 0.0), result)


def power(
    share1: ArrayLike,
    share2: ArrayLike,
    n1: ArrayLike,
    n2: ArrayLike | None = None,
    *,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
    method: Method = "score",
    both_tails: bool = False,
) -> Number:
    """Probability that a true difference of two shares is found significant.

    Parameters
    ----------
    share1, share2 : float or array_like
        True shares, 0 to 1.
    n1, n2 : float or array_like
        Respondents; n2 None is as n1.
    deff : float or array_like
        Design effect of both.
    level : float
        Confidence level of the two-sided test.
    method : {"score", "arcsine", "wald"}
        Pooled variance under no difference (as :func:`difference` tests), Cohen's arcsine, or
        unpooled.
    both_tails : bool
        Also count finding the difference in the wrong direction.

    Returns
    -------
    float or ndarray
        Probability, 0 to 1.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    Phi((abs(d) - z s0) / s1) with s0 the standard error under the pooled share and s1 under the
    true ones, as in R's ``power.prop.test``. Source: Fleiss, Levin & Paik (2003) Statistical
    Methods for Rates and Proportions, ch. 4; Cohen (1988) for the arcsine.

    Examples
    --------
    >>> round(power(0.84, 0.88, 300), 4), round(power(0.84, 0.88, 300, deff=1.6), 4)
    (0.2915, 0.199)
    """
    p1 = real("share1", share1, at_least=0, at_most=1)
    p2 = real("share2", share2, at_least=0, at_most=1)
    m1 = real("n1", n1, above=0)
    m2 = m1 if n2 is None else real("n2", n2, above=0)
    effect = real("deff", deff, above=0)
    broadcast({"share1": p1, "share2": p2, "n1": m1, "n2": m2, "deff": effect})
    check_choice("method", method, _METHODS)
    critical = float(-ndtri((1 - check_level(level)) / 2))
    return plain(_power(p1, p2, m1 / effect, m2 / effect, critical, method, both_tails))


def respondents_for_power(
    share1: ArrayLike,
    share2: ArrayLike,
    *,
    power: float = 0.8,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
    method: Method = "score",
) -> Number:
    """Count the respondents per group that find a true difference with a given probability.

    Parameters
    ----------
    share1, share2 : float or array_like
        True shares of two groups of equal size, 0 to 1.
    power : float
        Probability wanted, above 1 - level and below 1.
    deff : float or array_like
        Design effect of both.
    level : float
        Confidence level of the two-sided test.
    method : str
        Test, as in :func:`power`.

    Returns
    -------
    float or ndarray
        Respondents in each group, not rounded up; infinite where the shares are equal.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    n = deff ((z s0 + z_power s1) / d)^2 with s0 and s1 the standard deviations of the difference
    per respondent under the pooled and the true shares. Source: Fleiss, Levin & Paik (2003)
    Statistical Methods for Rates and Proportions, ch. 4; Cohen (1988) for the arcsine.

    Examples
    --------
    >>> round(respondents_for_power(0.84, 0.88), 2)
    1180.08
    """
    p1 = real("share1", share1, at_least=0, at_most=1)
    p2 = real("share2", share2, at_least=0, at_most=1)
    effect = real("deff", deff, above=0)
    broadcast({"share1": p1, "share2": p2, "deff": effect})
    check_choice("method", method, _METHODS)
    level = check_level(level)
    target = float(ndtri(real_scalar("power", power, above=1 - level, below=1)))
    critical = float(-ndtri((1 - level) / 2))
    if method == "arcsine":
        distance = 2 * np.abs(np.arcsin(np.sqrt(p1)) - np.arcsin(np.sqrt(p2)))
        under_null = under_change = np.sqrt(2)
    else:
        distance = np.abs(p1 - p2)
        mean = (p1 + p2) / 2
        under_change = np.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
        under_null = np.sqrt(2 * mean * (1 - mean)) if method == "score" else under_change
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = effect * ((critical * under_null + target * under_change) / distance) ** 2
    return plain(np.where(distance == 0, np.inf, needed))


def smallest_detectable_change(
    share: ArrayLike,
    n1: ArrayLike,
    n2: ArrayLike,
    *,
    direction: Literal["up", "down"] = "up",
    deff: ArrayLike = 1.0,
    power: float = 0.8,
    level: float = LEVEL,
) -> Number:
    """Smallest true change of a share that is found significant with a given probability.

    Parameters
    ----------
    share : float or array_like
        True share before, 0 to 1.
    n1, n2 : float or array_like
        Respondents before and after.
    direction : {"up", "down"}
        Direction of the change.
    deff : float or array_like
        Design effect of both.
    power : float
        Probability wanted, above 1 - level and below 1.
    level : float
        Confidence level of the two-sided test.

    Returns
    -------
    float or ndarray
        Size of the change as a share, positive in both directions; NaN where even a change to
        1 (or 0) would be missed too often.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    The root of :func:`power` in the second share (method `score`). Source: Fleiss, Levin & Paik
    (2003) Statistical Methods for Rates and Proportions, ch. 4.

    Examples
    --------
    >>> round(smallest_detectable_change(0.84, 300, 300), 4)
    0.0749
    >>> round(smallest_detectable_change(0.84, 300, 300, direction="down"), 4)
    0.0924
    """
    before = real("share", share, at_least=0, at_most=1)
    m1 = real("n1", n1, above=0)
    m2 = real("n2", n2, above=0)
    effect = real("deff", deff, above=0)
    broadcast({"share": before, "n1": m1, "n2": m2, "deff": effect})
    check_choice("direction", direction, ("up", "down"))
    level = check_level(level)
    target = real_scalar("power", power, above=1 - level, below=1)
    critical = float(-ndtri((1 - level) / 2))
    # a fall of a share is a rise of its complement
    start, m1, m2 = np.broadcast_arrays(
        before if direction == "up" else 1 - before, m1 / effect, m2 / effect
    )

    def shortfall(change: Array, start: Array, m1: Array, m2: Array) -> Array:
        after = np.minimum(start + change, 1)
        return _power(start, after, m1, m2, critical, "score", both_tails=False) - target

    most = 1 - start
    possible = (most > 0) & (shortfall(most, start, m1, m2) >= 0)
    # where no change is detectable the search runs on a stand-in and its answer is dropped
    stand_in = np.where(possible, start, 0.5)
    many = np.where(possible, 0.0, 1e6)
    found = elementwise.find_root(
        shortfall,
        (np.zeros_like(stand_in), 1 - stand_in),
        args=(stand_in, m1 + many, m2 + many),
        tolerances={"xatol": 1e-15, "xrtol": 1e-14, "fatol": 0.0, "frtol": 0.0},
    )
    return plain(np.where(possible, found.x, np.nan))
