"""A rate as it would be if the population were composed like a standard one."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    Array,
    broadcast,
    check_choice,
    check_level,
    plain,
    real,
    real_scalar,
    refused,
    same_labels,
)
from amager_eval.indicators.estimate import Estimate
from amager_eval.indicators.rate import rate

__all__ = ["standardised_rate"]


def standardised_rate(
    counts: ArrayLike,
    exposures: ArrayLike,
    standard: ArrayLike,
    *,
    level: float = LEVEL,
    per: float = 1000,
    method: Literal["dobson", "gamma"] = "dobson",
) -> Estimate:
    r"""Estimate a directly standardised rate with its confidence interval.

    Parameters
    ----------
    counts, exposures : array_like, dims (..., group)
        Events and inhabitants per group of the population (age, sex), one row per area.
    standard : array_like, dims group
        The standard population: inhabitants of each group, or shares; at least 0.
    level : float
        Confidence level, two-sided and equal-tailed.
    per : float
        Unit of the rate: per 1,000 inhabitants.
    method : {"dobson", "gamma"}
        Dobson's interval on Byar's limits of the total (exact ones below ten events), or Fay and
        Feuer's on Gamma quantiles, which is wider where a group with a large standard has few
        inhabitants.

    Returns
    -------
    Estimate
        Per `per`, dims as `counts` without the last; `n` is the events in all.

    Raises
    ------
    InputError
        If a count or standard is negative, an exposure not above 0, the standard is empty, or
        the groups do not match.

    Notes
    -----
    With :math:`w_k` the standard's shares and :math:`x_k, e_k` events and inhabitants the rate is
    :math:`\sum w_k x_k/e_k` with variance :math:`v = \sum w_k^2 x_k/e_k^2`. Dobson: rate
    :math:`+ \sqrt{v/x}\,(L - x)` with L the limits of the Poisson count :math:`x = \sum x_k`.
    Gamma: quantiles of Gamma variables with the rate's mean and variance, the upper with one more
    event in the group where an event weighs most. With one group both are those of :func:`rate`.
    Areas with the same rates in every group get the same rate however they are composed. Sources:
    Dobson, Kuulasmaa, Eberle & Scherer (1991) Statistics in Medicine 10:457; Fay & Feuer (1997)
    Statistics in Medicine 16:791; Breslow & Day (1987) for Byar's limits.

    Examples
    --------
    >>> young, old = [30, 12], [60, 30]  # reports against the young and the old, in two areas
    >>> r = standardised_rate(np.transpose([young, old]), [[3000, 9000], [1500, 10000]], [1, 2])
    >>> r.estimate.round(2).tolist(), r.low.round(2).tolist()
    ([7.78, 4.67], [6.22, 3.12])
    """
    same_labels(counts=counts, exposures=exposures)
    same_labels(exposures=exposures, standard=standard)
    x = real("counts", counts, at_least=0)
    e = real("exposures", exposures, above=0)
    w = real("standard", standard, at_least=0)
    shape = broadcast({"counts": x, "exposures": e, "standard": w})
    level = check_level(level)
    unit = real_scalar("per", per, above=0)
    check_choice("method", method, ("dobson", "gamma"))
    if not shape or w.ndim == 0 or (w.sum(axis=-1) == 0).any():
        raise refused(
            "standard must hold the inhabitants of each group, and some of them",
            f"shape {w.shape}",
            "Pass one number per group, the groups on the last axis.",
        )
    weight = w / w.sum(axis=-1, keepdims=True) / e
    x, weight = np.broadcast_arrays(x, weight)
    estimate = (weight * x).sum(axis=-1)
    variance = (weight**2 * x).sum(axis=-1)
    total = np.asarray(x.sum(axis=-1))
    if method == "dobson":
        low, high = _dobson(estimate, variance, total, weight, level)
    else:
        low, high = _gamma(estimate, variance, weight.max(axis=-1), (1 - level) / 2)
    return Estimate(
        plain(estimate * unit),
        plain(low * unit),
        plain(high * unit),
        plain(total),
        level,
        method,
        f"per {per:g}",
    )


def _dobson(
    estimate: Array, variance: Array, total: Array, weight: Array, level: float
) -> tuple[Array, Array]:
    counted = rate(total, 1, per=1, level=level)
    # without events there is no variance to scale by: an event of the heaviest group is possible
    step = np.where(total > 0, variance / np.where(total > 0, total, 1.0), weight.max(axis=-1) ** 2)
    scale = np.sqrt(step)
    return estimate + scale * (counted.low - total), estimate + scale * (counted.high - total)


def _gamma(estimate: Array, variance: Array, most: Array, tail: float) -> tuple[Array, Array]:
    some = np.where(variance > 0, variance, 1.0)
    low = some / np.where(estimate > 0, estimate, 1.0) * gammaincinv(estimate**2 / some, tail)
    one_more, with_it = estimate + most, variance + most**2
    high = with_it / one_more * gammaincinv(one_more**2 / with_it, 1 - tail)
    gaps = estimate + variance
    return np.where(variance > 0, low, 0.0) + 0 * gaps, high
