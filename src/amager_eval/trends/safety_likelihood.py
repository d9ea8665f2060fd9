"""Log-likelihood of the published figures and its gradient, written out for one compiled pass.

Tests hold the values against numerical integration and simulation, the derivatives against finite
differences.

Plain functions come first in each pair, the compiled one beside it; only the latter call each
other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from amager_eval.trends.machine_code import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = [
    "INPUTS",
    "far_double",
    "log_double",
    "log_interval",
    "log_likelihood",
    "part_given",
    "whole_moments",
]

_HALF_LOG_TWO_PI: Final = 0.9189385332046727
_ROOT_HALF: Final = 0.7071067811865476
_ROOT_PI_INVERSE: Final = 0.5641895835477563
#: A joint probability below it may have lost digits outside logs.
_SMALLEST: Final = 1e-200

#: Inputs of :func:`log_likelihood`, in order.
INPUTS: Final = (
    "safe",
    "unsafe",
    "inverse",
    "cell",
    "grid",
    "linear",
    "single",
    "double",
    "low",
    "high",
    "node",
    "log_weight",
    "node_low",
    "node_high",
    "counts",
    "known_safe",
    "known_unsafe",
    "seen_safe",
    "seen_unsafe",
    "weight",
    "loose",
    "rounding",
)


def _log_phi(z: float) -> float:
    """Log of the standard Normal distribution function."""
    if z > -30.0:
        return math.log(0.5 * math.erfc(-z * _ROOT_HALF))
    # asymptotic series; at -30 its next term is 1e-11
    s = 1.0 / (z * z)
    return (
        -0.5 * z * z
        - math.log(-z)
        - _HALF_LOG_TWO_PI
        + math.log1p(s * (-1 + s * (3 + s * (-15 + s * 105))))
    )


log_phi: Any = njit(_log_phi)


def _log_interval(low: float, high: float, mean: float, var: float) -> tuple[float, float, float]:
    """Log probability that a Normal lies between `low` and `high`; by mean and by variance."""
    sd = math.sqrt(var)
    a, b = (low - mean) / sd, (high - mean) / sd
    sign = 1.0
    if a + b > 0:
        # mirrored, so that both edges lie in the lower tail, where log Phi keeps its precision
        a, b, sign = -b, -a, -1.0
    log_b = log_phi(b)
    apart = log_phi(a) - log_b
    if apart > -0.6931471805599453:
        log_p = log_b + math.log(-math.expm1(apart))
    else:
        log_p = log_b + math.log1p(-math.exp(apart))
    by_b = math.exp(-0.5 * b * b - _HALF_LOG_TWO_PI - log_p)
    by_a = -math.exp(-0.5 * a * a - _HALF_LOG_TWO_PI - log_p)
    by_mean = -sign * (by_a + by_b) / sd
    by_var = -0.5 * (a * by_a + b * by_b) / var
    return log_p, by_mean, by_var


log_interval: Any = njit(_log_interval)


def _far_double(
    x: Floats,
    log_weight: Floats,
    lows: Floats,
    highs: Floats,
    moments: tuple[float, float, float, float, float],
) -> tuple[float, float, float, float, float, float]:
    """As :func:`log_double`, in logs throughout: slower, for figures far from their moments."""
    m1, v1, m2, v2, cov = moments
    slope = cov / v1
    left = v2 - cov * slope
    terms = np.empty((4, len(x)))
    largest = -math.inf
    for k in range(len(x)):
        off = x[k] - m1
        inside, by_mean, by_var = log_interval(lows[k], highs[k], m2 + slope * off, left)
        terms[0, k] = (
            log_weight[k] - 0.5 * off * off / v1 - 0.5 * math.log(v1) - _HALF_LOG_TWO_PI + inside
        )
        terms[1, k], terms[2, k], terms[3, k] = by_mean, by_var, off
        largest = max(largest, terms[0, k])
    total = 0.0
    for k in range(len(x)):
        total += math.exp(terms[0, k] - largest)
    log_p = largest + math.log(total)
    d_m1, d_v1, d_m2, d_v2, d_cov = 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(len(x)):
        share = math.exp(terms[0, k] - log_p)
        by_mean, by_var, off = terms[1, k], terms[2, k], terms[3, k]
        d_m1 += share * (off / v1 - slope * by_mean)
        d_v1 += share * (
            0.5 * (off * off / v1 - 1.0) / v1 - by_mean * off * slope / v1 + by_var * slope * slope
        )
        d_m2 += share * by_mean
        d_v2 += share * by_var
        d_cov += share * (by_mean * off / v1 - 2.0 * by_var * slope)
    return log_p, d_m1, d_v1, d_m2, d_v2, d_cov


far_double: Any = njit(_far_double)


def _log_double(
    x: Floats,
    log_weight: Floats,
    lows: Floats,
    highs: Floats,
    moments: tuple[float, float, float, float, float],
) -> tuple[float, float, float, float, float, float]:
    """Log probability of two figures of one cell, and its derivatives by the moments.

    Parameters
    ----------
    x, log_weight : ndarray
        Quadrature nodes over the first figure's interval and their log weights, shape (node,).
    lows, highs : ndarray
        Limits of the second share given the first, shape (node,).
    moments : tuple
        Mean and variance of the first, mean and variance of the second, covariance.
    """
    m1, v1, m2, v2, cov = moments
    slope = cov / v1
    left = v2 - cov * slope
    sd = math.sqrt(left)
    # sums over nodes of the joint probability, times what the derivatives need
    p, p_off, p_off2 = 0.0, 0.0, 0.0
    mean, mean_off, var = 0.0, 0.0, 0.0
    for k in range(len(x)):
        off = x[k] - m1
        first = math.exp(log_weight[k] - 0.5 * off * off / v1)
        middle = m2 + slope * off
        a, b = (lows[k] - middle) / sd, (highs[k] - middle) / sd
        at_a, at_b = first * math.exp(-0.5 * a * a), first * math.exp(-0.5 * b * b)
        # mirrored where both edges lie in the upper tail, as in `log_interval`
        low, high = (-b, -a) if a + b > 0 else (a, b)
        joint = 0.5 * first * (math.erfc(-high * _ROOT_HALF) - math.erfc(-low * _ROOT_HALF))
        by_mean, by_var = at_a - at_b, a * at_a - b * at_b
        p += joint
        p_off += joint * off
        p_off2 += joint * off * off
        mean += by_mean
        mean_off += by_mean * off
        var += by_var
    if not p > _SMALLEST:
        return far_double(x, log_weight, lows, highs, moments)  # type: ignore[no-any-return]
    scale = _ROOT_HALF * _ROOT_PI_INVERSE / p
    mean, mean_off, var = mean * scale / sd, mean_off * scale / sd, 0.5 * var * scale / left
    p_off, p_off2 = p_off / p, p_off2 / p
    log_p = math.log(p) - 0.5 * math.log(v1) - _HALF_LOG_TWO_PI
    return (
        log_p,
        p_off / v1 - slope * mean,
        0.5 * (p_off2 / v1 - 1.0) / v1 - mean_off * slope / v1 + var * slope * slope,
        mean,
        var,
        mean_off / v1 - 2.0 * var * slope,
    )


log_double: Any = njit(_log_double)


def _part_given(
    safe: float,
    unsafe: float,
    inverse: float,
    knows_safe: float,
    knows_unsafe: float,
    seen_safe: float,
    seen_unsafe: float,
    rounding: float,
    out: Floats,
) -> None:
    """Moments of a part's sample shares given what it published, and their derivatives.

    A published share is itself, give or take rounding; a share published in the other answer
    alone has the conditional mean and variance of a multinomial; else the full sampling variance.

    Parameters
    ----------
    out : ndarray
        Shape (5, 4), filled. Rows: mean safe, mean unsafe, variance safe, variance unsafe,
        covariance; columns: value, by safe, by unsafe, by inverse.
    """
    out[:] = 0.0
    if knows_safe > 0:
        out[0, 0], out[2, 0] = seen_safe, rounding
    elif knows_unsafe > 0:
        _other(safe, unsafe, inverse, seen_unsafe, out, 0, 2, 1, 2)
    else:
        out[0, 0], out[0, 1] = safe, 1.0
        out[2, 0], out[2, 1] = inverse * safe * (1 - safe), inverse * (1 - 2 * safe)
        out[2, 3] = safe * (1 - safe)
    if knows_unsafe > 0:
        out[1, 0], out[3, 0] = seen_unsafe, rounding
    elif knows_safe > 0:
        _other(unsafe, safe, inverse, seen_safe, out, 1, 3, 2, 1)
    else:
        out[1, 0], out[1, 2] = unsafe, 1.0
        out[3, 0], out[3, 2] = inverse * unsafe * (1 - unsafe), inverse * (1 - 2 * unsafe)
        out[3, 3] = unsafe * (1 - unsafe)
    if knows_safe == 0 and knows_unsafe == 0:
        out[4, 0] = -inverse * safe * unsafe
        out[4, 1], out[4, 2], out[4, 3] = -inverse * unsafe, -inverse * safe, -safe * unsafe


def _given_other(
    share: float,
    other: float,
    inverse: float,
    seen: float,
    out: Floats,
    mean: int,
    var: int,
    own: int,
    cross: int,
) -> None:
    """Fill mean and variance of a multinomial share given the other one's figure."""
    rest = 1.0 - other
    out[mean, 0] = share - share * (seen - other) / rest
    out[mean, own] = 1.0 - (seen - other) / rest
    out[mean, cross] = share * (1.0 - seen) / rest**2
    out[var, 0] = inverse * share * (rest - share) / rest
    out[var, own] = inverse * (rest - 2.0 * share) / rest
    out[var, cross] = -inverse * share**2 / rest**2
    out[var, 3] = share * (rest - share) / rest


_other: Any = njit(_given_other)
part_given: Any = njit(_part_given)


def _whole_moments(
    grid: Integers,
    safe: Floats,
    unsafe: Floats,
    inverse: Floats,
    published: tuple[Floats, Floats, Floats, Floats],
    weight: Floats,
    loose: Floats,
    rounding: float,
    derivative: Floats,
) -> tuple[float, float, float, float, float]:
    """Moments of the whole's sample shares from its parts', with their derivatives.

    Parameters
    ----------
    grid : ndarray
        Positions of the parts' cells in `safe, unsafe, inverse`, shape (part,).
    published : tuple of ndarray
        Known safe, known unsafe, seen safe, seen unsafe; shape (part,).
    weight, loose : ndarray
        Weight of each part, and the variance of the error of that weight; shape (part,).
    rounding : float
        Variance of a published figure's rounding.
    derivative : ndarray
        Shape (part, 5, 3), filled: by the part's safe and unsafe share and inverse size.

    Returns
    -------
    tuple of float
        Mean safe, mean unsafe, variance safe, variance unsafe, covariance.
    """
    knows_safe, knows_unsafe, seen_safe, seen_unsafe = published
    moments = np.zeros(5)
    part = np.empty((5, 4))
    mean_safe, mean_unsafe = 0.0, 0.0
    for a in range(len(grid)):
        at = grid[a]
        part_given(
            safe[at],
            unsafe[at],
            inverse[at],
            knows_safe[a],
            knows_unsafe[a],
            seen_safe[a],
            seen_unsafe[a],
            rounding,
            part,
        )
        for m in range(5):
            factor = weight[a] if m < 2 else weight[a] ** 2
            moments[m] += factor * part[m, 0]
            for d in range(3):
                derivative[a, m, d] = factor * part[m, d + 1]
        mean_safe += weight[a] * safe[at]
        mean_unsafe += weight[a] * unsafe[at]
    # weights are known to some per cent only: their errors move the whole where parts differ
    off_safe, off_unsafe = 0.0, 0.0
    for a in range(len(grid)):
        s, u = safe[grid[a]] - mean_safe, unsafe[grid[a]] - mean_unsafe
        moments[2] += loose[a] * s * s
        moments[3] += loose[a] * u * u
        moments[4] += loose[a] * s * u
        off_safe += loose[a] * s
        off_unsafe += loose[a] * u
    for a in range(len(grid)):
        s, u = safe[grid[a]] - mean_safe, unsafe[grid[a]] - mean_unsafe
        derivative[a, 2, 0] += 2.0 * (loose[a] * s - weight[a] * off_safe)
        derivative[a, 3, 1] += 2.0 * (loose[a] * u - weight[a] * off_unsafe)
        derivative[a, 4, 0] += loose[a] * u - weight[a] * off_unsafe
        derivative[a, 4, 1] += loose[a] * s - weight[a] * off_safe
    return moments[0], moments[1], moments[2], moments[3], moments[4]


whole_moments: Any = njit(_whole_moments)


def _log_likelihood(
    safe: Floats,
    unsafe: Floats,
    inverse: Floats,
    cell: Integers,
    grid: Integers,
    linear: Floats,
    single: Integers,
    double: Integers,
    low: Floats,
    high: Floats,
    node: Floats,
    log_weight: Floats,
    node_low: Floats,
    node_high: Floats,
    counts: Floats,
    known_safe: Floats,
    known_unsafe: Floats,
    seen_safe: Floats,
    seen_unsafe: Floats,
    weight: Floats,
    loose: Floats,
    rounding: Floats,
) -> tuple[Any, Floats, Floats, Floats]:
    """Sum over cells, and the derivatives by every safe and unsafe share and inverse size."""
    inner, outer = len(cell), len(grid)
    moments = np.empty((inner + outer, 5))
    parts = np.empty((outer, grid.shape[1], 5, 3))
    for j in range(inner):
        s, u, k = safe[cell[j]], unsafe[cell[j]], inverse[cell[j]]
        moments[j, 0], moments[j, 1] = s, u
        moments[j, 2], moments[j, 3], moments[j, 4] = k * s * (1 - s), k * u * (1 - u), -k * s * u
    for j in range(outer):
        published = (known_safe[j], known_unsafe[j], seen_safe[j], seen_unsafe[j])
        found = whole_moments(
            grid[j], safe, unsafe, inverse, published, weight, loose, rounding.item(), parts[j]
        )
        for m in range(5):
            moments[inner + j, m] = found[m]
    slopes = np.zeros((inner + outer, 5))
    total = 0.0
    for i in range(len(single)):
        j = single[i]
        c, a, b = linear[j, 0, 0], linear[j, 0, 1], linear[j, 0, 2]
        mean = c + a * moments[j, 0] + b * moments[j, 1]
        var = a * a * moments[j, 2] + b * b * moments[j, 3] + 2 * a * b * moments[j, 4]
        log_p, by_mean, by_var = log_interval(low[i], high[i], mean, var)
        total += log_p
        slopes[j, 0], slopes[j, 1] = a * by_mean, b * by_mean
        slopes[j, 2], slopes[j, 3], slopes[j, 4] = (
            a * a * by_var,
            b * b * by_var,
            2 * a * b * by_var,
        )
    for i in range(len(double)):
        if counts[i] == 0:
            continue
        j = double[i]
        c1, a1, b1 = linear[j, 0, 0], linear[j, 0, 1], linear[j, 0, 2]
        c2, a2, b2 = linear[j, 1, 0], linear[j, 1, 1], linear[j, 1, 2]
        ms, mu, vs, vu, su = (
            moments[j, 0],
            moments[j, 1],
            moments[j, 2],
            moments[j, 3],
            moments[j, 4],
        )
        of_pair = (
            c1 + a1 * ms + b1 * mu,
            a1 * a1 * vs + b1 * b1 * vu + 2 * a1 * b1 * su,
            c2 + a2 * ms + b2 * mu,
            a2 * a2 * vs + b2 * b2 * vu + 2 * a2 * b2 * su,
            a1 * a2 * vs + b1 * b2 * vu + (a1 * b2 + b1 * a2) * su,
        )
        log_p, m1, v1, m2, v2, cov = log_double(
            node[i], log_weight[i], node_low[i], node_high[i], of_pair
        )
        total += log_p
        slopes[j, 0], slopes[j, 1] = a1 * m1 + a2 * m2, b1 * m1 + b2 * m2
        slopes[j, 2] = a1 * a1 * v1 + a2 * a2 * v2 + a1 * a2 * cov
        slopes[j, 3] = b1 * b1 * v1 + b2 * b2 * v2 + b1 * b2 * cov
        slopes[j, 4] = 2 * a1 * b1 * v1 + 2 * a2 * b2 * v2 + (a1 * b2 + b1 * a2) * cov
    d_safe, d_unsafe, d_inverse = np.zeros_like(safe), np.zeros_like(safe), np.zeros_like(safe)
    for j in range(inner):
        at = cell[j]
        s, u, k = safe[at], unsafe[at], inverse[at]
        d_safe[at] += slopes[j, 0] + k * ((1 - 2 * s) * slopes[j, 2] - u * slopes[j, 4])
        d_unsafe[at] += slopes[j, 1] + k * ((1 - 2 * u) * slopes[j, 3] - s * slopes[j, 4])
        d_inverse[at] += s * (1 - s) * slopes[j, 2] + u * (1 - u) * slopes[j, 3]
        d_inverse[at] -= s * u * slopes[j, 4]
    for j in range(outer):
        for p in range(grid.shape[1]):
            at = grid[j, p]
            for m in range(5):
                d_safe[at] += slopes[inner + j, m] * parts[j, p, m, 0]
                d_unsafe[at] += slopes[inner + j, m] * parts[j, p, m, 1]
                d_inverse[at] += slopes[inner + j, m] * parts[j, p, m, 2]
    return np.asarray(total), d_safe, d_unsafe, d_inverse


log_likelihood: Any = njit(_log_likelihood)
