"""Is there a trend over waves? Cochran-Armitage: sampling noise only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from amager_eval.errors import Fault, InputError
from amager_eval.indicators.arguments import check_successes, plain, real_scalar, vector
from amager_eval.indicators.estimate import frame_of
from amager_eval.significance.contrast import standardise, two_sided_p

__all__ = ["TrendTest", "trend"]


@dataclass(frozen=True)
class TrendTest:
    """A test of linear trend in shares.

    Parameters
    ----------
    z, p_value : float
        Statistic, positive for rising shares, and its two-sided p-value.
    n : float
        Respondents in all.
    deff : float
        Design effect.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.trend([84, 80, 75], [100, 100, 100])
    >>> round(t.z, 3), round(t.p_value, 3)
    (-1.581, 0.114)
    """

    z: float
    p_value: float
    n: float
    deff: float
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the columns of this record."""
        return frame_of(self)


def trend(
    counts: ArrayLike, totals: ArrayLike, scores: ArrayLike | None = None, *, deff: float = 1.0
) -> TrendTest:
    """Test for a linear trend in independent shares (Cochran-Armitage).

    Parameters
    ----------
    counts, totals : array_like, dims wave
        Respondents who gave the answer, and respondents, per wave.
    scores : array_like, dims wave, or None
        What the trend is linear in, usually the years; None is 0, 1, 2, ...
    deff : float
        Design effect; z is divided by its square root.

    Returns
    -------
    TrendTest
        `.z .p_value`; NaN if any wave is.

    Raises
    ------
    InputError
        If counts exceed totals, there are fewer than two waves, or all scores are equal.

    Notes
    -----
    z = sum x_i (s_i - mean s) / sqrt(p(1-p) sum n_i (s_i - mean s)^2) with p the pooled share
    and mean s weighted by n: the form with N (R's ``prop.trend.test``), not N - 1.
    Source: Armitage (1955) Biometrics 11:375; Agresti (2013) Categorical Data Analysis, 5.3.5.

    It asks whether sampling noise alone explains the slope. Safety also moves from year to year
    for reasons of its own, so with large n it "finds" trends in a drifting walk that has none:
    read it beside :func:`random_effects_trend`, and never across a change of collector.

    Examples
    --------
    >>> t = trend([48, 38, 5, 1, 1], [17114, 14502, 793, 127, 38], [0, 0.5, 1.5, 4, 7])
    >>> round(t.z, 4), round(t.p_value, 4)
    (2.5632, 0.0104)
    """
    x = vector("counts", counts, at_least=0)
    n = vector("totals", totals, length=len(x), above=0)
    check_successes("counts", x, "totals", n)
    s = np.arange(float(len(x))) if scores is None else vector("scores", scores, length=len(x))
    effect = real_scalar("deff", deff, above=0)
    if len(x) < 2 or np.ptp(s) == 0:
        raise InputError(
            Fault(
                "a trend needs at least two waves with different scores",
                found=f"{len(x)} waves, scores {', '.join(f'{score:g}' for score in s[:5])}",
                remedy="Pass more waves or other scores.",
            )
        )
    total = n.sum()
    p = x.sum() / total
    centred = s - (n * s).sum() / total
    # sum (x - n p) c equals sum x c, and is exactly 0 when every share is the same 0 or 1
    slope = np.asarray(((x - n * p) * centred).sum())
    error = np.sqrt(effect * p * (1 - p) * (n * centred**2).sum())
    z = standardise(np.where(p * (1 - p) == 0, 0.0, slope), np.asarray(error))
    return TrendTest(
        z=float(plain(z)),
        p_value=float(plain(two_sided_p(z))),
        n=float(total),
        deff=effect,
        method="cochran-armitage",
    )
