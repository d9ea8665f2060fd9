"""What can be said from published figures: the verdict over rounding and design effect.

A printed 84 is anything from 83.5 to 84.5, and the design effect of a weighted sample is not
published. A verdict counts only if it is the same over all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    COUNT,
    INSIDE,
    PERCENT,
    POSITIVE,
    Array,
    Number,
    check_level,
    numbers,
    plain,
    real,
    refused,
    vector,
)
from amager_eval.indicators.estimate import Shown
from amager_eval.significance.contrast import standardise
from amager_eval.significance.difference import Parts, check_parts, kept_of_z, parts_of, pooled_z
from amager_eval.spec.assumptions import load_assumptions

__all__ = [
    "DEFFS",
    "PublishedVerdict",
    "Verdict",
    "published_change",
    "published_part_versus_whole",
    "rounding_box",
]

Verdict = Literal["significant", "not significant", "undecidable"]

#: Design effects a verdict on published figures must survive.
DEFFS: Final = load_assumptions().published_figures.design_effects


@dataclass(frozen=True)
class PublishedVerdict(Shown):
    """What published figures can decide.

    Parameters
    ----------
    verdict : str or ndarray of str
        `significant` or `not significant` if every value the figures may stand for, under every
        design effect, says so; else `undecidable`. Missing figures are `undecidable`.
    z_low, z_high : float or ndarray
        Smallest and largest z over the rounding box and the design effects.
    z : float or ndarray
        Score statistic of the figures as printed, with the first design effect.
    critical_deff : float or ndarray
        Design effect at which the figures as printed are exactly on the limit of significance.
    estimate : float or ndarray
        Difference of the figures as printed, percentage points.
    n : float or ndarray
        Respondents in all.
    decimals : float or ndarray
        Decimals the figures are printed with.
    deffs : tuple of float
        Design effects.
    level : float
        Confidence level.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> v = sg.published_change(85, 300, 80, 300)
    >>> v.verdict, round(v.z_low, 2), round(v.z_high, 2)
    ('not significant', -1.93, -1.02)
    """

    verdict: Verdict | NDArray[np.str_]
    z_low: Number
    z_high: Number
    z: Number
    critical_deff: Number
    estimate: Number
    n: Number
    decimals: Number
    deffs: tuple[float, ...]
    level: float
    method: str


def rounding_box(share: Array, decimals: ArrayLike) -> tuple[Array, Array]:
    """Lowest and highest share that a percentage printed with `decimals` may stand for."""
    half = 0.5 * 10.0 ** -(real("decimals", decimals, at_least=0) + 2)
    return np.maximum(share - half, 0), np.minimum(share + half, 1)


def published_change(
    percent_before: ArrayLike,
    n_before: ArrayLike,
    percent_after: ArrayLike,
    n_after: ArrayLike,
    *,
    decimals: ArrayLike = 0,
    deffs: Sequence[float] | float = DEFFS,
    level: float = LEVEL,
) -> PublishedVerdict:
    """Judge a change from two published percentages: after minus before.

    Parameters
    ----------
    percent_before, percent_after : float or array_like
        Published percentages, 0 to 100.
    n_before, n_after : float or array_like
        Respondents behind them; NaN where not published.
    decimals : int or array_like
        Decimals the percentages are printed with; where the two differ, the fewer.
    deffs : float or sequence of float
        Design effects the verdict must survive.
    level : float
        Confidence level.

    Returns
    -------
    PublishedVerdict
        `.verdict .z_low .z_high`.

    Raises
    ------
    InputError
        If a percentage, an n or a design effect cannot be.

    Notes
    -----
    z is the score statistic of :func:`difference`, pooled variance. It rises with the later
    share and falls with the earlier one, so its extremes over the rounding box lie at two
    corners, and it shrinks with the square root of the design effect: nothing is searched.
    Where fewer than five answers of a kind may be expected, `significant` must also hold with
    Yates's continuity correction.
    Source: the statistic of :func:`difference`; partial identification from rounded figures
    (Manski 2003, Partial Identification of Probability Distributions).

    Examples
    --------
    >>> v = published_change(9, 3041, 12, 3863)
    >>> v.verdict, round(v.z_low, 2), round(v.z_high, 2)
    ('significant', 2.12, 5.33)
    >>> published_change(16, 4922, 17, 3596).verdict
    'undecidable'
    """
    before, m_before, after, m_after, _ = numbers(
        percent_before=(percent_before, PERCENT), n_before=(n_before, POSITIVE),
        percent_after=(percent_after, PERCENT), n_after=(n_after, POSITIVE),
        decimals=(decimals, COUNT),
    )  # fmt: skip
    before, after = before / 100, after / 100
    before_low, before_high = rounding_box(before, decimals)
    after_low, after_high = rounding_box(after, decimals)
    return judge(
        z=pooled_z(after, m_after, before, m_before),
        smallest=pooled_z(after_low, m_after, before_high, m_before),
        largest=pooled_z(after_high, m_after, before_low, m_before),
        kept=_least(
            kept_of_z(a, m_after, b, m_before)
            for a in (after_low, after_high)
            for b in (before_low, before_high)
        ),
        estimate=100 * (after - before),
        n=m_before + m_after,
        decimals=decimals,
        deffs=deffs,
        level=level,
        method="score z over the rounding box",
    )


def published_part_versus_whole(
    percent_part: ArrayLike,
    n_part: ArrayLike,
    percent_whole: ArrayLike,
    n_whole: ArrayLike,
    *,
    weight: ArrayLike,
    decimals: ArrayLike = 0,
    deffs: Sequence[float] | float = DEFFS,
    level: float = LEVEL,
) -> PublishedVerdict:
    """Judge a part against the whole from two published percentages: part minus whole.

    Parameters
    ----------
    percent_part, percent_whole : float or array_like
        Published percentages, 0 to 100.
    n_part, n_whole : float or array_like
        Respondents; the whole's include the part's.
    weight : float or array_like
        The part's share W of the whole's population, as in :func:`part_versus_whole`.
    decimals : int or array_like
        Decimals the percentages are printed with.
    deffs : float or sequence of float
        Design effects the verdict must survive.
    level : float
        Confidence level.

    Returns
    -------
    PublishedVerdict
        `.verdict .z_low .z_high`.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    z of :func:`part_versus_whole`, which rises with the part's share and falls with the whole's:
    its extremes lie at two corners of the rounding box. Where an answer is rare in some of the
    box and not in all of it, both variances are tried. Source: as there.

    Examples
    --------
    >>> v = published_part_versus_whole(84, 310, 88, 4000, weight=0.095, deffs=[1.0])
    >>> v.verdict, round(v.z_low, 3), round(v.z_high, 3)
    ('undecidable', -2.546, -1.56)
    """
    part, m_part, whole, m_whole, share, _ = numbers(
        percent_part=(percent_part, PERCENT), n_part=(n_part, POSITIVE),
        percent_whole=(percent_whole, PERCENT), n_whole=(n_whole, POSITIVE),
        weight=(weight, INSIDE), decimals=(decimals, COUNT),
    )  # fmt: skip
    part, whole = part / 100, whole / 100
    check_parts(part, m_part, whole, m_whole, share)
    part_low, part_high = rounding_box(part, decimals)
    whole_low, whole_high = rounding_box(whole, decimals)

    def parts(p: Array, q: Array) -> Parts:
        return parts_of(p, m_part, q, m_whole, share)

    def z(at: Parts, rare: NDArray[np.bool_]) -> Array:
        return standardise(at.estimate, at.se(rare))

    printed, least, most = (
        parts(part, whole),
        parts(part_low, whole_high),
        parts(part_high, whole_low),
    )
    corners = (least, most, parts(part_low, whole_low), parts(part_high, whole_high))
    rare = np.array(np.broadcast_arrays(*(c.rare for c in corners)))
    both = rare.any(axis=0), rare.all(axis=0)  # the same but at the edge of rareness
    return judge(
        z=z(printed, printed.rare),
        smallest=np.minimum(*(z(least, pooled) for pooled in both)),
        largest=np.maximum(*(z(most, pooled) for pooled in both)),
        kept=_least(kept_of_z(*c.groups) for c in corners),
        estimate=100 * (part - whole),
        n=m_whole,
        decimals=decimals,
        deffs=deffs,
        level=level,
        method="part against whole over the rounding box",
    )


def _least(arrays: Iterable[Array]) -> Array:
    return np.asarray(np.min(np.broadcast_arrays(*arrays), axis=0))


def judge(
    *,
    z: Array,
    smallest: Array,
    largest: Array,
    kept: Array,
    estimate: Array,
    n: Array,
    decimals: ArrayLike,
    deffs: Sequence[float] | float,
    level: float,
    method: str,
) -> PublishedVerdict:
    """Turn the extremes of z at a design effect of 1 into a verdict over all design effects.

    `kept` is how much of z is believed for `significant`, 0 to 1.
    """
    effects = vector("deffs", np.atleast_1d(real("deffs", deffs, above=0)))
    if not len(effects):
        raise refused("deffs must hold a design effect", "none", "Pass one.")
    critical = float(-ndtri((1 - check_level(level)) / 2))
    shrink = 1 / np.sqrt(effects)
    z_low = np.where(smallest < 0, smallest * shrink.max(), smallest * shrink.min())
    z_high = np.where(largest > 0, largest * shrink.max(), largest * shrink.min())
    all_significant = (z_low * kept > critical) | (z_high * kept < -critical)
    none_significant = (z_low >= -critical) & (z_high <= critical)
    verdict = np.where(
        all_significant, "significant", np.where(none_significant, "not significant", "undecidable")
    )
    return PublishedVerdict(
        verdict=verdict.item() if verdict.ndim == 0 else verdict,
        z_low=plain(z_low),
        z_high=plain(z_high),
        z=plain(np.broadcast_to(z * shrink[0], z_low.shape)),
        critical_deff=plain(np.broadcast_to((z / critical) ** 2, z_low.shape)),
        estimate=plain(np.broadcast_to(estimate, z_low.shape)),
        n=plain(n),
        decimals=plain(decimals),
        deffs=tuple(float(d) for d in effects),
        level=level,
        method=method,
    )
