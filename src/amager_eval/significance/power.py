"""What could be seen: power, the smallest detectable change, a rise in every year."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import elementwise
from scipy.special import bdtr, ndtr, ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    POSITIVE,
    SHARE,
    Array,
    Number,
    check_choice,
    check_level,
    numbers,
    plain,
    real_scalar,
    refused,
    same_labels,
    vector,
    whole_number,
)

__all__ = [
    "power",
    "probability_of_rising_every_year",
    "respondents_for_power",
    "smallest_detectable_change",
]

#: Grid of the nested integral: panels reach so many standard errors, each this wide.
_REACH = 9.0
_PANEL = 0.5
_NODES = 12


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
    # 0 against 1 is seen always if there are respondents enough to see it, 0 against 0 never
    seen = np.where(effect > critical * under_null, 1.0, 0.0)
    return np.where(under_change == 0, seen, result)


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
    p1, p2, m1, m2, effect = numbers(
        share1=(share1, SHARE), share2=(share2, SHARE), n1=(n1, POSITIVE),
        n2=(n1 if n2 is None else n2, POSITIVE), deff=(deff, POSITIVE),
    )  # fmt: skip
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
    p1, p2, effect = numbers(share1=(share1, SHARE), share2=(share2, SHARE), deff=(deff, POSITIVE))
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
    before, m1, m2, effect = numbers(
        share=(share, SHARE), n1=(n1, POSITIVE), n2=(n2, POSITIVE), deff=(deff, POSITIVE)
    )
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


def probability_of_rising_every_year(
    shares: ArrayLike,
    ns: ArrayLike,
    *,
    deff: float = 1.0,
    decimals: int | None = None,
    strict: bool = True,
) -> float:
    """Probability that the observed share exceeds the year before in every year.

    Parameters
    ----------
    shares : array_like, dims wave
        True shares, 0 to 1, in order of time; the first is the baseline wave.
    ns : float or array_like, dims wave
        Respondents per wave.
    deff : float
        Design effect.
    decimals : int or None
        Decimals of the published percentages; None for unrounded shares.
    strict : bool
        With `decimals`: whether an unchanged figure breaks the rise. Unrounded shares are never
        equal.

    Returns
    -------
    float
        Probability, 0 to 1; NaN if an input is.

    Raises
    ------
    InputError
        If a share lies outside 0 to 1, an n or deff is not above 0, decimals is not 0 to 6, or
        there are fewer than two waves.

    Notes
    -----
    Waves are independent samples. Unrounded: shares are normal with variance deff p(1-p)/n, and
    the probability is the nested integral F_k(x) = int^x F_{k-1}(u) phi_k(u) du, computed by
    Gauss-Legendre panels to about 1e-12: no simulation. With equal shares it is 1/k! for k waves.
    Rounded: x is binomial on n/deff respondents (a whole number of them), 100 x/n is rounded
    half up, and the probability is a sum over the printed values, one wave after the other.
    Source: orthant probabilities of ordered independent variables, by recursion (Hayter 2006,
    J Statistical Planning and Inference 136:2284).

    Examples
    --------
    >>> round(probability_of_rising_every_year([0.84] * 5, 300) * 120, 9)
    1.0
    >>> truth = [0.84, 0.85, 0.86, 0.87, 0.88]
    >>> round(probability_of_rising_every_year(truth, 300), 4)
    0.0739
    >>> round(probability_of_rising_every_year(truth, 300, decimals=0), 4)
    0.0277
    """
    same_labels(shares=shares, ns=ns)
    p = vector("shares", shares, at_least=0, at_most=1)
    if len(p) < 2:
        raise refused(
            "shares must hold at least two waves",
            str(len(p)),
            "Pass the baseline wave and the waves after it.",
        )
    n = vector("ns", ns, length=len(p), above=0) / real_scalar("deff", deff, above=0)
    if np.isnan(p).any() or np.isnan(n).any():
        return float("nan")
    if decimals is None:
        return _orthant(p, np.sqrt(p * (1 - p) / n))
    steps = 100 * 10 ** whole_number("decimals", decimals, at_least=0, at_most=6)
    whole = np.maximum(np.rint(n), 1).astype(int)
    reached = _printed(p[0], whole[0], steps)
    for share, size in zip(p[1:], whole[1:], strict=True):
        below = np.cumsum(reached)
        if strict:
            below = np.concatenate([[0.0], below[:-1]])
        reached = below * _printed(share, size, steps)
    return float(np.clip(reached.sum(), 0, 1))


def _printed(share: float, n: int, steps: int) -> Array:
    """Distribution of the printed share over 0, 1, ..., steps; binomial, rounded half up."""
    # x is printed as j when j - 1/2 <= steps x / n < j + 1/2; in whole numbers, so that a tie
    # is a tie: x < (2 j + 1) n / (2 steps)
    last = -(-(2 * np.arange(steps + 1) + 1) * n // (2 * steps)) - 1
    cumulative = bdtr(np.minimum(last, n), n, share)
    cumulative = np.where(last < 0, 0.0, cumulative)
    cumulative[-1] = 1.0
    return np.asarray(np.diff(cumulative, prepend=0.0))


def _orthant(mean: Array, sd: Array) -> float:
    """P(X_1 < X_2 < ...) of independent normals; a standard deviation may be 0."""
    offsets = np.arange(-_REACH, _REACH + _PANEL / 2, _PANEL)
    edges = np.unique(mean[:, None] + sd[:, None] * offsets)
    if len(edges) < 2:  # every share is certain, and they are equal
        return 0.0
    nodes, weights, inside = _panel_rule()
    width = np.diff(edges) / 2
    points = (edges[:-1] + width)[:, None] + width[:, None] * nodes
    # value of F at the points and, from the left, at the edges; F_0 is 1
    at_points = np.ones_like(points)
    at_edges = np.ones_like(edges)
    for centre, spread in zip(mean, sd, strict=True):
        if spread == 0:
            jump = at_edges[np.searchsorted(edges, centre)]
            at_points = np.where(points > centre, jump, 0.0)
            at_edges = np.where(edges > centre, jump, 0.0)
            end = jump
            continue
        density = np.exp(-0.5 * ((points - centre) / spread) ** 2) / spread / np.sqrt(2 * np.pi)
        integrand = at_points * density * width[:, None]
        panels = integrand @ weights
        at_edges = np.concatenate([[0.0], np.cumsum(panels)])
        at_points = at_edges[:-1, None] + integrand @ inside.T
        end = at_edges[-1]
    return float(np.clip(end, 0, 1))


def _panel_rule() -> tuple[Array, Array, Array]:
    """Gauss-Legendre nodes, weights, and the matrix that integrates from -1 to each node."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    powers = np.polynomial.legendre.legvander(nodes, _NODES)
    degrees = np.arange(_NODES)
    # Legendre coefficients of an interpolant, then of its integral: (P_{k+1}-P_{k-1})/(2k+1)
    coefficients = (2 * degrees[:, None] + 1) / 2 * powers[:, :_NODES].T * weights
    previous = np.column_stack([-np.ones(_NODES), powers[:, : _NODES - 1]])
    integrals = (powers[:, 1:] - previous) / (2 * degrees + 1)
    return nodes, weights, integrals @ coefficients
