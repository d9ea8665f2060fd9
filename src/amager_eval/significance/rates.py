"""Two rates: how many times as high, and did it at least hold? Exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import elementwise
from scipy.special import betainc, betaincinv, ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    COUNT,
    POSITIVE,
    Array,
    Number,
    broadcast,
    check_choice,
    check_level,
    missing,
    numbers,
    plain,
    real,
    refused,
    same_labels,
)
from amager_eval.indicators.estimate import Shown
from amager_eval.indicators.share import wilson_interval
from amager_eval.significance.contrast import Tested, standardise, truth, two_sided_p

__all__ = [
    "RateNonInferiority",
    "RateRatio",
    "TwoCounts",
    "binomial_at_least",
    "check_counts",
    "rate_non_inferiority",
    "rate_ratio",
]

Method = Literal["central", "mid-p", "minlike", "score", "wald"]
_METHODS = ("central", "mid-p", "minlike", "score", "wald")


@dataclass(frozen=True)
class TwoCounts:
    """Checked counts and exposures of two periods; counts are divided by the dispersion."""

    count1: Array
    exposure1: Array
    count0: Array
    exposure0: Array
    dispersion: Array

    @property
    def missing(self) -> Array:
        """NaN where anything is, else 0, in the common shape."""
        return missing(self.count1, self.exposure1, self.count0, self.exposure0, self.dispersion)

    def probability(self, ratio: ArrayLike) -> Array:
        """Probability that an event is one of period 1, if the rate ratio is `ratio`."""
        weighted = np.asarray(ratio) * self.exposure1
        return np.asarray(weighted / (weighted + self.exposure0))

    def ratio(self, probability: Array) -> Array:
        """Rate ratio that belongs to a probability; infinite at 1."""
        with np.errstate(divide="ignore"):
            return probability / (1 - probability) * self.exposure0 / self.exposure1

    def at_least(self, probability: Array) -> Array:
        """Probability of `count1` events or more in period 1."""
        return binomial_at_least(self.count1, self.count0, probability)

    def at_most(self, probability: Array) -> Array:
        """Probability of `count1` events or fewer in period 1."""
        return binomial_at_least(self.count0, self.count1, 1 - probability)


def binomial_at_least(x: Array, rest: Array, probability: Array) -> Array:
    """P(X >= x) for X binomial on x + rest trials; fractional x by the incomplete Beta.

    Examples
    --------
    >>> round(float(binomial_at_least(np.float64(3), np.float64(2), np.float64(0.5))), 4)
    0.5
    """
    tail = betainc(np.where(x == 0, 1.0, x), rest + 1, probability)
    return np.where(x == 0, 1.0, tail) + 0 * rest


def check_counts(
    count1: ArrayLike,
    exposure1: ArrayLike,
    count0: ArrayLike,
    exposure0: ArrayLike,
    dispersion: ArrayLike,
) -> TwoCounts:
    """Check the arguments of a comparison of two rates."""
    one, base1, zero, base0, phi = numbers(
        count1=(count1, COUNT), exposure1=(exposure1, POSITIVE), count0=(count0, COUNT),
        exposure0=(exposure0, POSITIVE), dispersion=(dispersion, POSITIVE),
    )  # fmt: skip
    return TwoCounts(one / phi, base1, zero / phi, base0, phi)


@dataclass(frozen=True)
class RateRatio(Tested):
    """A ratio of two rates, 1 over 0, with its interval and its test.

    Parameters
    ----------
    estimate, low, high : float or ndarray
        Rate ratio and limits of its interval; `high` is infinite where count0 is 0.
    p_value : float or ndarray
        Two-sided test of a ratio of 1.
    n : float or ndarray
        Events in both periods.
    dispersion : float or ndarray
        What the Poisson variance was multiplied by.
    level : float
        Confidence level.
    method : str
        Name of the test and interval.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> r = sg.rate_ratio(41, 28010, 15, 19017)
    >>> r.significant, round(r.low, 3), round(r.high, 3)
    (True, 1.006, 3.609)
    """

    estimate: Number
    low: Number
    high: Number
    p_value: Number
    n: Number
    dispersion: Number
    level: float
    method: str


def rate_ratio(
    count1: ArrayLike,
    exposure1: ArrayLike,
    count0: ArrayLike,
    exposure0: ArrayLike,
    *,
    level: float = LEVEL,
    dispersion: ArrayLike = 1.0,
    method: Method = "central",
) -> RateRatio:
    """Compare two rates: rate 1 over rate 0.

    Parameters
    ----------
    count1, exposure1, count0, exposure0 : float or array_like
        Events and what they are counted over (inhabitants, years), in each period or area.
    level : float
        Confidence level, two-sided and equal-tailed.
    dispersion : float or array_like
        Variance over mean of the counts, estimated from history (:func:`rate_trend`); for a
        negative binomial with parameter alpha and counts near mu it is 1 + alpha mu. The counts
        enter divided by it, as respondents do by a design effect.
    method : {"central", "mid-p", "minlike", "score", "wald"}
        `central`: exact, p is twice the smaller tail and agrees with the interval. `mid-p`:
        half the probability of the observed count. `minlike`: p sums outcomes no more likely
        than the observed one; the interval is the central one, with which it can disagree.
        `score` and `wald`: normal, on the conditional probability and on the log ratio
        (quasi-Poisson when a dispersion is given).

    Returns
    -------
    RateRatio
        `.estimate .low .high .p_value`. The estimate is infinite where count0 is 0 and NaN
        where both are.

    Raises
    ------
    InputError
        If a count is negative, an exposure or the dispersion is not above 0, or `minlike` is
        asked of counts that are not whole or have a dispersion.

    Notes
    -----
    Given m = count1 + count0, count1 is binomial with probability
    ratio exposure1 / (ratio exposure1 + exposure0); the interval transforms the
    Clopper-Pearson limits of that probability. Sources: Przyborowski & Wilenski (1940); Fay
    (2010) R Journal 2(1):53 on central against minlike; Rothman, Greenland & Lash (2008)
    Modern Epidemiology, ch. 14, on mid-p.

    Examples
    --------
    >>> r = rate_ratio(41, 28010, 15, 19017)
    >>> round(r.estimate, 3), round(r.low, 3), round(r.high, 3), round(r.p_value, 4)
    (1.856, 1.006, 3.609, 0.0477)
    """
    counts = check_counts(count1, exposure1, count0, exposure0, dispersion)
    level = check_level(level)
    check_choice("method", method, _METHODS)
    tail = (1 - level) / 2
    null = counts.probability(1.0)
    if method == "mid-p":
        low, high = _mid_p_limits(counts, tail)
        p_value = _mid_p_value(counts, null)
    elif method == "score":
        low, high = _score_limits(counts, tail)
        p_value = two_sided_p(_score(counts, null))
    elif method == "wald":
        low, high, p_value = _wald(counts, tail)
    else:
        low, high = _central_limits(counts, tail)
        p_value = _minlike(counts, null) if method == "minlike" else _central_p(counts, null)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate0 = counts.count0 / counts.exposure0
        estimate = counts.count1 / counts.exposure1 / rate0
    gaps = counts.missing
    return RateRatio(
        estimate=plain(estimate),
        low=plain(low + gaps),
        high=plain(high + gaps),
        p_value=plain(p_value + gaps),
        n=plain((counts.count1 + counts.count0) * counts.dispersion),
        dispersion=plain(counts.dispersion),
        level=level,
        method=method,
    )


def _central_limits(counts: TwoCounts, tail: float) -> tuple[Array, Array]:
    x, rest = counts.count1, counts.count0
    low = betaincinv(np.where(x == 0, 1.0, x), rest + 1, tail)
    high = betaincinv(x + 1, np.where(rest == 0, 1.0, rest), 1 - tail)
    low = np.where(x == 0, 0.0, low) + 0 * rest
    high = np.where(rest == 0, 1.0, high) + 0 * x
    return counts.ratio(low), counts.ratio(high)


def _central_p(counts: TwoCounts, null: Array) -> Array:
    return np.asarray(np.minimum(1, 2 * np.minimum(counts.at_least(null), counts.at_most(null))))


def _mid_p_tail(x: Array, rest: Array, probability: Array) -> Array:
    """P(X > x) + P(X = x) / 2 for X binomial on x + rest trials."""
    at_least = binomial_at_least(x, rest, probability)
    at_most = binomial_at_least(rest, x, 1 - probability)
    return (at_least + 1 - at_most) / 2


def _mid_p_value(counts: TwoCounts, null: Array) -> Array:
    upper = _mid_p_tail(counts.count1, counts.count0, null)
    lower = _mid_p_tail(counts.count0, counts.count1, 1 - null)
    return np.asarray(np.minimum(1, 2 * np.minimum(upper, lower)))


def _mid_p_limits(counts: TwoCounts, tail: float) -> tuple[Array, Array]:
    low = _mid_p_root(counts.count1, counts.count0, tail)
    high = 1 - _mid_p_root(counts.count0, counts.count1, tail)
    return counts.ratio(low), counts.ratio(high)


def _mid_p_root(x: Array, rest: Array, tail: float) -> Array:
    """Probability at which the upper mid-p tail is `tail`; 0 where x is 0."""
    x, rest = np.broadcast_arrays(x, rest)
    some = np.where(x == 0, 1.0, x)

    def excess(probability: Array, x: Array, rest: Array) -> Array:
        return _mid_p_tail(x, rest, probability) - tail

    found = elementwise.find_root(
        excess,
        (np.zeros_like(some), np.ones_like(some)),
        args=(some, rest),
        tolerances={"xatol": 1e-15, "xrtol": 1e-13, "fatol": 0.0, "frtol": 0.0},
    )
    return np.where(x == 0, 0.0, found.x) + 0 * rest


def _score(counts: TwoCounts, null: Array) -> Array:
    total = counts.count1 + counts.count0
    return standardise(counts.count1 - total * null, np.sqrt(total * null * (1 - null)))


def _score_limits(counts: TwoCounts, tail: float) -> tuple[Array, Array]:
    total = counts.count1 + counts.count0
    some = np.where(total == 0, 1.0, total)
    low, high = wilson_interval(counts.count1 / some, some, float(-ndtri(tail)))
    low, high = np.where(total == 0, 0.0, low), np.where(total == 0, 1.0, high)
    return counts.ratio(low), counts.ratio(high)


def _wald(counts: TwoCounts, tail: float) -> tuple[Array, Array, Array]:
    """Log ratio, normal; says nothing (0 to infinity, p 1) where a count is 0."""
    empty = (counts.count1 == 0) | (counts.count0 == 0)
    one = np.where(counts.count1 == 0, 1.0, counts.count1)
    zero = np.where(counts.count0 == 0, 1.0, counts.count0)
    log_ratio = np.log(one / counts.exposure1) - np.log(zero / counts.exposure0)
    error = np.sqrt(1 / one + 1 / zero)
    half = -ndtri(tail) * error
    p_value = np.where(empty, 1.0, two_sided_p(log_ratio / error))
    low = np.where(empty, 0.0, np.exp(log_ratio - half))
    return low, np.where(empty, np.inf, np.exp(log_ratio + half)), p_value


def _minlike(counts: TwoCounts, null: Array) -> Array:
    from scipy.stats import binomtest

    def one(x: float, rest: float, probability: float) -> float:
        if np.isnan([x, rest, probability]).any():
            return np.nan
        return float(binomtest(int(x), int(x + rest), probability).pvalue) if x + rest else 1.0

    given = {"dispersion": counts.dispersion, "count1": counts.count1, "count0": counts.count0}
    for name, value in given.items():
        odd = (value != 1 if name == "dispersion" else value % 1 != 0) & ~np.isnan(value)
        if np.any(odd):
            raise refused(
                "method 'minlike' needs whole counts and a dispersion of 1",
                f"{name} {np.ravel(value)[int(np.argmax(np.ravel(odd)))]:g}",
                "Use method 'central', 'mid-p' or 'wald'.",
            )
    return np.asarray(np.vectorize(one, otypes=[float])(counts.count1, counts.count0, null))


@dataclass(frozen=True)
class RateNonInferiority(Shown):
    """Exact one-sided tests of a rate ratio against a margin.

    Parameters
    ----------
    estimate, high : float or ndarray
        Rate ratio and its one-sided upper limit at `level`; non-inferior exactly when `high` is
        below the margin.
    p_value : float or ndarray
        Probability of so few events in period 1 if the ratio were the margin.
    worse_p_value : float or ndarray
        Probability of so many events in period 1 if the ratio were the margin: small where the
        rate has risen by more than the margin.
    non_inferior : bool or ndarray of bool
        Whether p_value is below 1 - level.
    margin_ratio, n, dispersion : float or ndarray
        Margin of the ratio, events in both periods, variance over the Poisson variance.
    level : float
        One minus the size of the test.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.rate_non_inferiority(380, 58900, 412, 58000, margin_ratio=1.05)
    >>> t.non_inferior, round(t.high, 3)
    (True, 1.023)
    """

    estimate: Number
    high: Number
    p_value: Number
    worse_p_value: Number
    non_inferior: bool | NDArray[np.bool_]
    margin_ratio: Number
    n: Number
    dispersion: Number
    level: float
    method: str


def rate_non_inferiority(
    count1: ArrayLike,
    exposure1: ArrayLike,
    count0: ArrayLike,
    exposure0: ArrayLike,
    *,
    margin_ratio: ArrayLike = 1.0,
    level: float = LEVEL,
    dispersion: ArrayLike = 1.0,
) -> RateNonInferiority:
    """Test whether rate 1 is no higher than `margin_ratio` times rate 0.

    Parameters
    ----------
    count1, exposure1, count0, exposure0 : float or array_like
        Events and exposure of each period, as in :func:`rate_ratio`; 1 is the new period.
    dispersion : float or array_like
        Variance over the Poisson variance, as in :func:`rate_ratio`.
    margin_ratio : float or array_like
        1 for "held", 1.05 for "no more than 5 % up"; declared before looking.
    level : float
        One minus the size of the one-sided test.

    Returns
    -------
    RateNonInferiority
        `.p_value .non_inferior` and what they rest on.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    P(X <= count1) for X binomial on count1 + count0 with probability margin_ratio exposure1 /
    (margin_ratio exposure1 + exposure0). Source: Przyborowski & Wilenski (1940) Biometrika
    31:313. That a rise is not significant does not
    show that the rate held; this test can.

    Examples
    --------
    >>> t = rate_non_inferiority(380, 58900, 412, 58000, margin_ratio=1.05)
    >>> round(t.p_value, 4), t.non_inferior
    (0.0225, True)
    """
    same_labels(count1=count1, exposure1=exposure1, count0=count0, exposure0=exposure0,
                dispersion=dispersion, margin_ratio=margin_ratio)  # fmt: skip
    counts = check_counts(count1, exposure1, count0, exposure0, dispersion)
    margin = real("margin_ratio", margin_ratio, above=0)
    level = check_level(level)
    broadcast({"counts": counts.missing, "margin_ratio": margin})
    gaps = missing(counts.missing, margin)
    null = counts.probability(margin)
    p_value = counts.at_most(null) + gaps
    x, rest = counts.count1, counts.count0
    limit = betaincinv(x + 1, np.where(rest == 0, 1.0, rest), level)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = x / counts.exposure1 / (rest / counts.exposure0)
    return RateNonInferiority(
        estimate=plain(estimate + gaps),
        high=plain(counts.ratio(np.where(rest == 0, 1.0, limit)) + gaps),
        p_value=plain(p_value),
        worse_p_value=plain(counts.at_least(null) + gaps),
        non_inferior=truth(np.less(p_value, 1 - level)),
        margin_ratio=plain(margin),
        n=plain((x + rest) * counts.dispersion),
        dispersion=plain(counts.dispersion),
        level=level,
        method="exact conditional",
    )
