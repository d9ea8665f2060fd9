"""Did crime at least hold? One-sided exact tests of a rate ratio against a margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import Number, broadcast, check_level, missing, plain, real
from amager_eval.indicators.estimate import frame_of
from amager_eval.significance.conditional import check_counts
from amager_eval.significance.contrast import truth

__all__ = ["RateNonInferiority", "rate_non_inferiority"]


@dataclass(frozen=True)
class RateNonInferiority:
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

    def to_frame(self) -> pd.DataFrame:
        """Return one row per element with the columns of this record."""
        return frame_of(self)


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
