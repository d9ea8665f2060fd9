"""The inverse question: what must have been true for a stated difference to be significant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

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
    whole_number,
)
from amager_eval.indicators.estimate import Shown
from amager_eval.significance.published import DEFFS, published_change

__all__ = [
    "EarlierPercent",
    "earlier_percent_needed",
    "earlier_share_needed",
    "respondents_needed",
]

Direction = Literal["fall", "rise"]


def earlier_share_needed(
    share_after: ArrayLike,
    n_before: ArrayLike,
    n_after: ArrayLike,
    *,
    direction: Direction = "fall",
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
) -> Number:
    """Find the earlier share from which the change to `share_after` is just significant.

    Parameters
    ----------
    share_after : float or array_like
        The later share, 0 to 1, taken as exact.
    n_before, n_after : float or array_like
        Respondents.
    direction : {"fall", "rise"}
        The stated change: any earlier share above (fall) or below (rise) the answer makes it
        significant.
    deff : float or array_like
        Design effect of both.
    level : float
        Confidence level.

    Returns
    -------
    float or ndarray
        Earlier share, 0 to 1; NaN where no share would do.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    Score statistic, pooled variance: z(earlier) = critical value is a quadratic in the earlier
    share and solved in closed form. Source: the statistic of :func:`difference`, inverted.

    Examples
    --------
    >>> round(earlier_share_needed(0.84, 300, 300), 4)
    0.8943
    """
    after, m_before, m_after, effect = numbers(
        share_after=(share_after, SHARE), n_before=(n_before, POSITIVE),
        n_after=(n_after, POSITIVE), deff=(deff, POSITIVE),
    )  # fmt: skip
    check_choice("direction", direction, ("fall", "rise"))
    critical = float(-ndtri((1 - check_level(level)) / 2))
    before_weight = m_before / (m_before + m_after)
    constant = (1 - before_weight) * after
    scale = critical**2 * effect * (1 / m_before + 1 / m_after)
    # (t - after)^2 = scale (w t + constant)(1 - w t - constant)
    a = 1 + scale * before_weight**2
    b = -2 * after - scale * before_weight * (1 - 2 * constant)
    c = after**2 - scale * constant * (1 - constant)
    root = np.sqrt(np.maximum(b**2 - 4 * a * c, 0))
    earlier = (-b + root) / (2 * a) if direction == "fall" else (-b - root) / (2 * a)
    return plain(np.where((earlier < 0) | (earlier > 1), np.nan, earlier))


@dataclass(frozen=True)
class EarlierPercent(Shown):
    """Which printed earlier percentage a stated significant change needs.

    Parameters
    ----------
    possible : float or ndarray
        Percentage nearest the later one at which the change may have been significant: some
        value it stands for, with some design effect, is. NaN where none.
    certain : float or ndarray
        Percentage nearest the later one from which it was significant, whatever the rounding
        and design effect. NaN where none.
    percent_after, n_before, n_after : float
        The later percentage and the respondents of both, as asked.
    direction : {"fall", "rise"}
        Direction of the stated change.
    decimals : int
        Decimals of both percentages.
    deffs : tuple of float
        Design effects the change must survive.
    level : float
        Confidence level.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> e = sg.earlier_percent_needed(84, 300, 300)
    >>> e.possible, e.certain
    (89.0, 92.0)
    """

    possible: Number
    certain: Number
    percent_after: float
    n_before: Number
    n_after: Number
    direction: str
    decimals: int
    deffs: tuple[float, ...]
    level: float
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair of n with the columns of this record but the design effects."""
        names = ("possible", "certain", "percent_after", "n_before", "n_after")
        columns = np.broadcast_arrays(*(np.atleast_1d(getattr(self, name)) for name in names))
        return pd.DataFrame({name: c.ravel() for name, c in zip(names, columns, strict=True)})


def earlier_percent_needed(
    percent_after: float,
    n_before: ArrayLike,
    n_after: ArrayLike,
    *,
    direction: Direction = "fall",
    decimals: int = 0,
    deffs: Sequence[float] | float = DEFFS,
    level: float = LEVEL,
) -> EarlierPercent:
    """Find which printed earlier percentage makes a stated change significant.

    Parameters
    ----------
    percent_after : float
        The later published percentage, 0 to 100.
    n_before, n_after : float or array_like
        Respondents, often a range because they are not published.
    direction : {"fall", "rise"}
        The stated change.
    decimals : int
        Decimals both percentages are printed with.
    deffs : sequence of float
        Design effects.
    level : float
        Confidence level.

    Returns
    -------
    EarlierPercent
        `.possible` and `.certain`, percentages.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    The inverse of :func:`published_change`: the printed percentages between `percent_after` and
    the end of the scale are tried one after the other, nearest first.
    Source: the rule of :func:`published_change`, searched over the printed scale.

    Examples
    --------
    >>> e = earlier_percent_needed(84, 300, 300)
    >>> e.possible, e.certain
    (89.0, 92.0)
    """
    after = real_scalar("percent_after", percent_after, at_least=0, at_most=100)
    check_choice("direction", direction, ("fall", "rise"))
    before, later = numbers(n_before=(n_before, POSITIVE), n_after=(n_after, POSITIVE))
    decimals = whole_number("decimals", decimals, at_least=0, at_most=6)
    step = float(10.0**-decimals)
    sign = 1 if direction == "fall" else -1
    end = 100.0 if direction == "fall" else 0.0
    steps = np.arange(1, round(abs(end - after) / step) + 1)
    percents = np.clip(np.round(after + sign * step * steps, decimals), 0, 100)
    tried = np.asarray(percents, dtype=np.float64)
    wide = (..., *(None,) * np.broadcast(before, later).ndim)
    judged = published_change(
        tried[wide], before, after, later, decimals=decimals, deffs=deffs, level=level
    )
    verdict = np.asarray(judged.verdict)
    return EarlierPercent(
        possible=plain(_nearest(tried, verdict != "not significant", before + later)),
        certain=plain(_nearest(tried, verdict == "significant", before + later)),
        percent_after=after,
        n_before=plain(before),
        n_after=plain(later),
        direction=direction,
        decimals=decimals,
        deffs=judged.deffs,
        level=level,
        method=judged.method,
    )


def _nearest(tried: Array, holds: NDArray[np.bool_], n: Array) -> Array:
    """First of `tried` at which `holds`; NaN where none does or n is missing."""
    if not len(tried):
        return np.full(n.shape, np.nan)
    first = tried[np.argmax(holds, axis=0)]
    return np.where(holds.any(axis=0) & ~np.isnan(n), first, np.nan)


def respondents_needed(
    share1: ArrayLike,
    share2: ArrayLike,
    *,
    ratio: ArrayLike = 1.0,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
    method: Literal["score", "wald"] = "score",
) -> Number:
    """Find from how many respondents a stated difference of two shares is significant.

    Parameters
    ----------
    share1, share2 : float or array_like
        The shares, 0 to 1, taken as exact.
    ratio : float or array_like
        Respondents of group 2 per respondent of group 1.
    deff : float or array_like
        Design effect of both.
    level : float
        Confidence level.
    method : {"score", "wald"}
        Pooled variance, as in :func:`difference`, or unpooled.

    Returns
    -------
    float or ndarray
        Respondents in group 1, not rounded up; infinite where the shares are equal, NaN where
        `wald` has no variance (0 against 1).

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    z = critical value solved for n: n = critical^2 deff V / (share1 - share2)^2 with
    V = p(1-p)(1 + 1/ratio), p the pooled share, or p1(1-p1) + p2(1-p2)/ratio.
    Source: the statistic of :func:`difference`, inverted.

    Examples
    --------
    >>> round(respondents_needed(0.74, 0.58), 1), round(respondents_needed(0.74, 0.58, deff=1.6), 1)
    (67.3, 107.8)
    """
    p1, p2, k, effect = numbers(
        share1=(share1, SHARE), share2=(share2, SHARE), ratio=(ratio, POSITIVE),
        deff=(deff, POSITIVE),
    )  # fmt: skip
    check_choice("method", method, ("score", "wald"))
    critical = float(-ndtri((1 - check_level(level)) / 2))
    if method == "score":
        pooled = (p1 + k * p2) / (1 + k)
        variance = pooled * (1 - pooled) * (1 + 1 / k)
    else:
        variance = p1 * (1 - p1) + p2 * (1 - p2) / k
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = critical**2 * effect * variance / (p1 - p2) ** 2
    needed = np.where(variance == 0, np.nan, needed)
    return plain(np.where(p1 == p2, np.inf, needed))
