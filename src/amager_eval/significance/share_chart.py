"""A control chart of survey shares: is a wave out of the ordinary? A signal, no judgement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from amager_eval.indicators.arguments import (
    Array,
    real_scalar,
    refused,
    same_labels,
    vector,
)
from amager_eval.indicators.control import (
    REFERENCE_YEARS,
    TAILS,
    Rebase,
    multiple_of_sd,
    signals_of,
    steps_as_variance,
)

__all__ = ["SHARE_CHART_COLUMNS", "share_chart"]

SHARE_CHART_COLUMNS: Final = (
    "wave",
    "reference",
    "share",
    "respondents",
    "expected",
    "low",
    "high",
    "signal",
    "rebase",
)


def share_chart(
    waves: ArrayLike,
    shares: ArrayLike,
    respondents: ArrayLike,
    *,
    deff: float = 1.0,
    through: float | None = None,
    rebases: Sequence[Rebase] = (),
) -> pd.DataFrame:
    """Hold each survey wave against the same area's own past waves.

    Parameters
    ----------
    waves : array_like, dims wave
        Years of the waves, ascending.
    shares : array_like, dims wave
        Observed shares, 0 to 1; NaN where not known.
    respondents : float or array_like, dims wave
        Respondents of each wave.
    deff : float
        Design effect of every wave.
    through : float or None
        Last wave of the reference; None is the last but one, so that the latest is judged. The
        reference is the up to eight known waves through it, five at least.
    rebases : sequence of Rebase
        Declared new bases, each with its reason, such as a change of collector. From each on the
        shares are held against their own first five waves; until there are so many they have no
        limits.

    Returns
    -------
    DataFrame
        :data:`SHARE_CHART_COLUMNS`, one row per known wave from the first of the reference on.
        `reference` marks the waves that `expected` rests on; only later ones signal, by the rules
        of the chart of reports: `above` or `below`, `twice above` or `twice below`, `shift up` or
        `shift down`, else empty. `rebase` is the reason where a new base starts. Expected and
        limits are NaN, and nothing signals, where the reference has too few waves.

    Raises
    ------
    InputError
        If waves do not ascend, a share lies outside 0 to 1, respondents or deff are not above 0,
        or a new base starts outside the series.

    Notes
    -----
    Expected is the reference's share, weighted by respondents. The limits are symmetric in the arc
    sine of the root, whose variance is deff (1/n + 1/N)/4 whatever the share, N the reference's
    respondents: a binomial chart with a design effect, and with the uncertainty of what is
    expected in it. Waves that vary more than their samples widen it by the mean square successive
    difference of the reference (von Neumann et al. 1941), with t-quantiles; less is not
    believed. Sources: Laney (2002) Quality Engineering 14:531, for charts of large samples;
    Western Electric (1956) and Nelson (1984) J Qual Technol 16:237, for the further rules.

    Examples
    --------
    >>> waves = range(2017, 2026)
    >>> shares = [0.84, 0.86, 0.85, 0.83, 0.85, 0.84, 0.86, 0.85, 0.74]
    >>> chart = share_chart(waves, shares, 300, deff=1.3)
    >>> chart["signal"].iloc[-1], round(float(chart["expected"].iloc[-1]), 4)
    ('below', 0.8475)
    """
    waves, shares, respondents = (
        list(v) if isinstance(v, range) else v for v in (waves, shares, respondents)
    )
    same_labels(waves=waves, shares=shares, respondents=respondents)
    t = vector("waves", waves)
    p = vector("shares", shares, length=len(t), at_least=0, at_most=1)
    n = vector("respondents", respondents, length=len(t), above=0)
    effect = real_scalar("deff", deff, above=0)
    if np.isnan(t).any() or (np.diff(t) <= 0).any():
        raise refused("waves must ascend", str(t.tolist())[:60], "Sort the waves.")
    starts = _starts(t, rebases)
    known = ~np.isnan(p + n)
    frames = []
    for k, (start, end) in enumerate(pairwise([*sorted(starts), len(t)])):
        inside = np.flatnonzero(known[start:end]) + start
        if not len(inside):
            continue
        reference = _reference(t[inside], through, first=k == 0)
        frame = _part(t[inside], p[inside], n[inside] / effect, inside, reference)
        frame["respondents"] = n[inside]
        frame["rebase"] = [starts[start]] + [""] * (len(frame) - 1)
        if k == 0 and reference.any():
            frame = frame.iloc[int(np.argmax(reference)) :]
        frames.append(frame)
    if not frames:
        return pd.DataFrame(columns=list(SHARE_CHART_COLUMNS))
    return pd.concat(frames, ignore_index=True)[list(SHARE_CHART_COLUMNS)]


def _starts(t: Array, rebases: Sequence[Rebase]) -> dict[int, str]:
    """Place at which each part of the chart begins, and why."""
    starts = {0: ""}
    for rebase in rebases:
        first = real_scalar("period of a rebase", rebase.period)  # type: ignore[arg-type]
        at = int(np.searchsorted(t, first))
        if not 0 < at < len(t):
            raise refused(
                "a new base must start after the first wave of the chart and by its last",
                f"{first:g}",
                "Correct the wave of the rebase.",
            )
        starts[at] = rebase.reason
    return starts


def _reference(t: Array, through: float | None, *, first: bool) -> np.ndarray:
    """Which waves of a part are what the others are held against; none if they are too few."""
    wished, least = REFERENCE_YEARS[1]
    if not first:  # a new base: its own first waves
        return np.arange(len(t)) < (least if len(t) >= least else 0)
    last = len(t) - 1 if through is None else int((t <= real_scalar("through", through)).sum())
    if last < least:
        return np.zeros(len(t), dtype=bool)
    place = np.arange(len(t))
    return (place < last) & (place >= last - wished)


def _part(t: Array, p: Array, n: Array, place: np.ndarray, reference: np.ndarray) -> pd.DataFrame:
    """Chart one part on effective respondents."""
    frame = pd.DataFrame({"wave": t, "reference": reference, "share": p})
    if not reference.any():
        return frame.assign(expected=np.nan, low=np.nan, high=np.nan, signal="")
    size = float(n[reference].sum())
    expected = float((n * p)[reference].sum()) / size
    angle = np.arcsin(np.sqrt(p))
    centre = float(np.arcsin(np.sqrt(expected)))
    dispersion, free = steps_as_variance((2 * (angle - centre) * np.sqrt(n))[reference])
    sd = np.sqrt(1 / n + 1 / size) / 2
    limits = [
        np.sin(np.clip(centre + side * multiple_of_sd(tail, dispersion, free) * sd, 0, np.pi / 2))
        ** 2
        for tail in TAILS[1]
        for side in (-1.0, 1.0)
    ]
    low, high, warning_low, warning_high = limits
    later = (np.arange(len(t)) > np.flatnonzero(reference).max()).astype(np.int64)
    return frame.assign(
        expected=expected,
        low=low,
        high=high,
        signal=signals_of(
            later * ((p > high).astype(np.int64) - (p < low)),
            later * ((p > warning_high).astype(np.int64) - (p < warning_low)),
            np.asarray(later * np.sign(p - expected)),
            place,
        ),
    )
