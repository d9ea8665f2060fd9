"""One rate with its interval: Byar's from ten events, exact below."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv, ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    COUNT,
    POSITIVE,
    Array,
    check_choice,
    check_level,
    numbers,
    plain,
    real_scalar,
)
from amager_eval.indicators.estimate import Estimate

__all__ = ["rate"]

#: Byar's approximation is used from this many events up.
_BYAR_FROM = 10


def rate(
    count: ArrayLike,
    exposure: ArrayLike,
    *,
    level: float = LEVEL,
    per: float = 1000,
    method: Literal["auto", "byar", "exact"] = "auto",
) -> Estimate:
    r"""Estimate a rate with its confidence interval.

    Parameters
    ----------
    count : float or array_like
        Events, for example reported crimes.
    exposure : float or array_like
        What they are counted over, for example inhabitants.
    level : float
        Confidence level, two-sided and equal-tailed.
    per : float
        Unit of the rate: per 1,000 inhabitants.
    method : {"auto", "byar", "exact"}
        `auto` is Byar's for counts of 10 and more, exact below.

    Returns
    -------
    Estimate
        `estimate, low, high` per `per`; `n` is the count.

    Raises
    ------
    InputError
        If count is negative, or exposure or per is not above 0.

    Notes
    -----
    Byar: :math:`x(1 - 1/9x - z/3\sqrt x)^3` and the same in :math:`x+1` with :math:`+z`
    (Breslow & Day 1987, Statistical Methods in Cancer Research II). Exact: Gamma quantiles
    (Source: Garwood 1936, Biometrika 28:437). A register count has no sampling error: the
    interval describes ordinary variation from year to year if events were Poisson.

    Examples
    --------
    >>> r = rate(65, 58000)
    >>> round(r.estimate, 3), round(r.low, 3), round(r.high, 3), r.method
    (1.121, 0.865, 1.428, 'byar')
    """
    events, base = numbers(count=(count, COUNT), exposure=(exposure, POSITIVE))
    level = check_level(level)
    unit = real_scalar("per", per, above=0)
    check_choice("method", method, ("auto", "byar", "exact"))
    tail = (1 - level) / 2
    use_byar = events >= _BYAR_FROM if method == "auto" else np.full(events.shape, method == "byar")
    byar_low, byar_high = _byar(events, float(-ndtri(tail)))
    exact_low, exact_high = _exact(events, tail)
    low = np.where(use_byar, byar_low, exact_low)
    high = np.where(use_byar, byar_high, exact_high)
    if method == "auto" and events.ndim == 0:
        method = "byar" if use_byar else "exact"
    scale = unit / base
    return Estimate(
        plain(events * scale),
        plain(low * scale),
        plain(high * scale),
        plain(events),
        level,
        method,
        f"per {per:g}",
    )


def _byar(x: Array, z: float) -> tuple[Array, Array]:
    some = np.where(x == 0, 1.0, x)
    # for a count of 1 at a high level the cube's base turns negative; a rate cannot
    base = np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0)
    high = (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * np.sqrt(x + 1))) ** 3
    return np.where(x == 0, 0.0, x * base**3), high


def _exact(x: Array, tail: float) -> tuple[Array, Array]:
    low = gammaincinv(np.where(x == 0, 1.0, x), tail)
    return np.where(x == 0, 0.0, low), gammaincinv(x + 1, 1 - tail)
