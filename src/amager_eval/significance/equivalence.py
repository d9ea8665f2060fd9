"""Is it as good? Equivalence and non-inferiority of two shares with a declared margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    INSIDE,
    POSITIVE,
    Array,
    Number,
    check_choice,
    check_level,
    missing,
    plain,
    real,
    two_groups,
)
from amager_eval.indicators.estimate import Shown
from amager_eval.significance.contrast import standardise, truth
from amager_eval.significance.restricted_score import score_interval, score_z

__all__ = ["Equivalence", "NonInferiority", "equivalence", "non_inferiority"]

Method = Literal["farrington-manning", "miettinen-nurminen", "wald"]
_METHODS = ("farrington-manning", "miettinen-nurminen", "wald")


@dataclass(frozen=True)
class Equivalence(Shown):
    """Two one-sided tests of a difference against a margin.

    Parameters
    ----------
    estimate, low, high : float or ndarray
        Difference of shares and its interval at level 2 level - 1 (90 % for .95), which lies
        inside the margins exactly when the shares are equivalent.
    z_lower, p_lower : float or ndarray
        Test against a difference of -margin or less.
    z_upper, p_upper : float or ndarray
        Test against a difference of +margin or more.
    p_value : float or ndarray
        The larger of the two.
    equivalent : bool or ndarray of bool
        Whether p_value is below 1 - level.
    margin, n, deff : float or ndarray
        Margin as a share, respondents in all, design effect.
    level : float
        One minus the size of each one-sided test.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> e = sg.equivalence(264, 300, 3432, 3900, margin=0.05)
    >>> e.equivalent, round(e.p_lower, 4), round(e.p_upper, 4)
    (True, 0.012, 0.001)
    """

    estimate: Number
    low: Number
    high: Number
    z_lower: Number
    z_upper: Number
    p_lower: Number
    p_upper: Number
    p_value: Number
    equivalent: bool | NDArray[np.bool_]
    margin: Number
    n: Number
    deff: Number
    level: float
    method: str


@dataclass(frozen=True)
class NonInferiority(Shown):
    """A one-sided test of a difference against a margin.

    Parameters
    ----------
    estimate, low, high : float or ndarray
        Difference of shares and its interval at level 2 level - 1 (90 % for .95); the limit on
        the bad side clears the margin exactly when group 1 is non-inferior.
    z, p_value : float or ndarray
        One-sided test.
    non_inferior : bool or ndarray of bool
        Whether p_value is below 1 - level.
    margin, n, deff : float or ndarray
        Margin as a share, respondents in all, design effect.
    level : float
        One minus the size of each one-sided test.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.non_inferiority(264, 300, 3432, 3900, margin=0.05)
    >>> t.non_inferior, round(t.low, 3)
    (True, -0.035)
    """

    estimate: Number
    low: Number
    high: Number
    z: Number
    p_value: Number
    non_inferior: bool | NDArray[np.bool_]
    margin: Number
    n: Number
    deff: Number
    level: float
    method: str


@dataclass(frozen=True)
class _Comparison:
    """Checked arguments of either test: shares, effective respondents and the rest."""

    p1: Array
    n1: Array
    p2: Array
    n2: Array
    margin: Array
    deff: Array
    level: float
    method: Method

    @property
    def respondents(self) -> Array:
        return (self.n1 + self.n2) * self.deff

    @property
    def missing(self) -> Array:
        """NaN where anything is, else 0, in the common shape."""
        return missing(self.p1, self.n1, self.p2, self.n2, self.margin)

    def z(self, delta: Array) -> Array:
        if self.method == "wald":
            error = self._wald_error()
            z = standardise(self.p1 - self.p2 - delta, error)
            # without an observed variance there is the one under the margin
            return np.where(error == 0, self._score_z(delta), z)
        return self._score_z(delta)

    def _score_z(self, delta: Array) -> Array:
        corrected = self.method == "miettinen-nurminen"
        return score_z(self.p1, self.n1, self.p2, self.n2, delta, corrected=corrected)

    def interval(self) -> tuple[Array, Array]:
        critical = float(ndtri(self.level))
        if self.method == "wald":
            half = critical * self._wald_error()
            low, high = self.p1 - self.p2 - half, self.p1 - self.p2 + half
            limits = score_interval(self.p1, self.n1, self.p2, self.n2, critical, corrected=False)
            low, high = np.maximum(low, -1), np.minimum(high, 1)
            return np.where(half == 0, limits[0], low), np.where(half == 0, limits[1], high)
        corrected = self.method == "miettinen-nurminen"
        return score_interval(self.p1, self.n1, self.p2, self.n2, critical, corrected=corrected)

    def _wald_error(self) -> Array:
        variance = self.p1 * (1 - self.p1) / self.n1 + self.p2 * (1 - self.p2) / self.n2
        error: Array = np.sqrt(variance)
        return error


def _compare(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    margin: ArrayLike,
    deff: ArrayLike,
    level: float,
    method: Method,
) -> _Comparison:
    x1, n1, x2, n2, margin, effect = two_groups(
        x1, n1, x2, n2, margin=(margin, INSIDE), deff=(deff, POSITIVE)
    )
    level = check_level(level)
    if level <= 0.5:
        real("level", level, above=0.5)
    check_choice("method", method, _METHODS)
    return _Comparison(x1 / n1, n1 / effect, x2 / n2, n2 / effect, margin, effect, level, method)


def equivalence(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    margin: ArrayLike,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
    method: Method = "farrington-manning",
) -> Equivalence:
    """Test whether two shares differ by less than a margin (two one-sided tests).

    Parameters
    ----------
    x1, n1, x2, n2 : float or array_like
        Respondents who gave the answer, and respondents, in each independent group.
    margin : float or array_like
        Margin as a share, above 0 and below 1; declared before looking.
    deff : float or array_like
        Design effect; every group enters as x/deff among n/deff.
    level : float
        One minus the size of each one-sided test; above .5.
    method : {"farrington-manning", "miettinen-nurminen", "wald"}
        Score test with the shares estimated under the margin, the same with N/(N-1), or the
        unpooled normal test (the score test where both shares are 0 or 1: its variance is 0).

    Returns
    -------
    Equivalence
        `.p_value .equivalent` and what they rest on.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    z = (p1 - p2 -+ margin) / sqrt(V), V = p1(1-p1)/n1 + p2(1-p2)/n2 at the maximum-likelihood
    shares with p1 - p2 = -+margin. A non-significant difference is never evidence of equality;
    this is. Sources: Farrington & Manning (1990) Statistics in Medicine 9:1447; Schuirmann
    (1987). statsmodels to 0.15.0 has every score test with a non-zero null wrong.

    Examples
    --------
    >>> e = equivalence(264, 300, 3432, 3900, margin=0.05)
    >>> round(e.p_value, 4), e.equivalent
    (0.012, True)
    """
    c = _compare(x1, n1, x2, n2, margin, deff, level, method)
    gaps = c.missing
    z_lower, z_upper = c.z(-c.margin), c.z(c.margin)
    p_lower, p_upper = ndtr(-z_lower), ndtr(z_upper)
    p_value = np.maximum(p_lower, p_upper)
    low, high = c.interval()
    return Equivalence(
        estimate=plain(c.p1 - c.p2 + gaps),
        low=plain(low + gaps),
        high=plain(high + gaps),
        z_lower=plain(z_lower),
        z_upper=plain(z_upper),
        p_lower=plain(p_lower),
        p_upper=plain(p_upper),
        p_value=plain(p_value),
        equivalent=truth(np.less(p_value, 1 - level)),
        margin=plain(c.margin),
        n=plain(c.respondents),
        deff=plain(c.deff),
        level=level,
        method=method,
    )


def non_inferiority(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    margin: ArrayLike,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
    method: Method = "farrington-manning",
    higher_is_better: bool = True,
) -> NonInferiority:
    """Test whether group 1 is no worse than group 2 by more than a margin.

    Parameters
    ----------
    x1, n1, x2, n2 : float or array_like
        Respondents who gave the answer, and respondents, in each group.
    margin, deff : float or array_like
        Margin above 0, a share, and design effect, as in :func:`equivalence`.
    level : float
        One minus the size of the test.
    method : {"farrington-manning", "miettinen-nurminen", "wald"}
        Variance, as in :func:`equivalence`.
    higher_is_better : bool
        True for `safe` (group 1 at most `margin` below), False for `unsafe` (at most `margin`
        above).

    Returns
    -------
    NonInferiority
        `.p_value .non_inferior` and what they rest on.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    One of the two tests of :func:`equivalence`: z = (p1 - p2 + margin) / sqrt(V) with V at the
    maximum-likelihood shares under p1 - p2 = -margin. Source: Farrington & Manning (1990)
    Statistics in Medicine 9:1447.

    Examples
    --------
    >>> t = non_inferiority(264, 300, 3432, 3900, margin=0.03)
    >>> round(t.p_value, 4), t.non_inferior
    (0.0781, False)
    """
    c = _compare(x1, n1, x2, n2, margin, deff, level, method)
    gaps = c.missing
    z = c.z(-c.margin) if higher_is_better else c.z(c.margin)
    p_value = ndtr(-z) if higher_is_better else ndtr(z)
    low, high = c.interval()
    return NonInferiority(
        estimate=plain(c.p1 - c.p2 + gaps),
        low=plain(low + gaps),
        high=plain(high + gaps),
        z=plain(z),
        p_value=plain(p_value),
        non_inferior=truth(np.less(p_value, 1 - level)),
        margin=plain(c.margin),
        n=plain(c.respondents),
        deff=plain(c.deff),
        level=level,
        method=method,
    )
