"""Did a share change? The difference of two independent shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    Array,
    Number,
    broadcast,
    check_choice,
    check_level,
    check_successes,
    plain,
    real,
)
from amager_eval.indicators.estimate import frame_of
from amager_eval.indicators.share import wilson_interval
from amager_eval.significance.contrast import standardise, truth, two_sided_p
from amager_eval.significance.restricted_score import score_interval, shrinkage

__all__ = ["Difference", "difference", "pooled_z"]

Method = Literal["newcombe", "miettinen-nurminen", "agresti-caffo", "mee", "wald"]
_METHODS = ("newcombe", "miettinen-nurminen", "agresti-caffo", "mee", "wald")


@dataclass(frozen=True)
class Difference:
    """A difference of two shares, group 1 minus group 2, with its interval and its test.

    Parameters
    ----------
    estimate, low, high : float or ndarray
        Difference and limits of its interval, shares (-1 to 1).
    z, p_value : float or ndarray
        Test of no difference and its two-sided p-value; the test decides.
    n1, n2 : float or ndarray
        Respondents of the groups.
    deff : float or ndarray
        Design effect both groups were given.
    level : float
        Confidence level.
    method : str
        Name of the interval's method.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> d = sg.difference(53, 60, 231, 300)
    >>> d.significant, d.agrees, d.n
    (True, False, 360.0)
    """

    estimate: Number
    low: Number
    high: Number
    z: Number
    p_value: Number
    n1: Number
    n2: Number
    deff: Number
    level: float
    method: str

    @property
    def n(self) -> Number:
        """Respondents in all."""
        return self.n1 + self.n2

    @property
    def significant(self) -> bool | NDArray[np.bool_]:
        """Whether p is below 1 - level; False where it is NaN."""
        return truth(np.less(self.p_value, 1 - self.level))

    @property
    def agrees(self) -> bool | NDArray[np.bool_]:
        """Whether test and interval agree: significant exactly where the interval excludes 0.

        The Newcombe and Agresti-Caffo intervals are not exact duals of the score test, so at
        the edge of significance they can differ; the test decides and the report says so.
        """
        excludes = np.greater(self.low, 0) | np.less(self.high, 0)
        return truth(np.equal(excludes, self.significant))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per element with the columns of this record."""
        return frame_of(self)


def pooled_z(p1: Array, n1: Array, p2: Array, n2: Array) -> Array:
    """Score statistic of no difference, pooled variance; 0 where both shares are 0 or both 1."""
    pooled = (p1 * n1 + p2 * n2) / (n1 + n2)
    # rounding can leave a pooled share of 1 a hair above it
    variance = np.maximum(pooled * (1 - pooled), 0) * (1 / n1 + 1 / n2)
    return standardise(p1 - p2, np.sqrt(variance))


def difference(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
    method: Method = "newcombe",
) -> Difference:
    r"""Compare two independent shares: group 1 minus group 2.

    Parameters
    ----------
    x1, n1, x2, n2 : float or array_like
        Respondents who gave the answer, and respondents, in each group; they broadcast.
    deff : float or array_like
        Design effect; every group enters as x/deff among n/deff.
    level : float
        Confidence level, two-sided and equal-tailed.
    method : {"newcombe", "miettinen-nurminen", "agresti-caffo", "mee", "wald"}
        Interval. With `newcombe`, `agresti-caffo` and `mee` z is the score statistic at 0 with
        pooled variance; `miettinen-nurminen` multiplies the variance by N/(N-1) (where N over
        deff is 1 or less it finds nothing: z 0, interval -1 to 1), `wald` uses the unpooled
        variance.

    Returns
    -------
    Difference
        `.estimate .low .high .z .p_value`; floats for numbers in, arrays for arrays in.

    Raises
    ------
    InputError
        If x exceeds n, or n or deff is not above 0; it names the argument and the value.

    Notes
    -----
    Newcombe's hybrid score interval (method 10 of Newcombe 1998, Statistics in Medicine
    17:873): with Wilson limits l, u of each share,
    :math:`d - \sqrt{(p_1-l_1)^2 + (u_2-p_2)^2}` to
    :math:`d + \sqrt{(u_1-p_1)^2 + (p_2-l_2)^2}`. It decides nothing: the score statistic
    :math:`z = d / \sqrt{\bar p(1-\bar p)(1/n_1+1/n_2)}` does, and is not its exact dual
    (see `Difference.agrees`). Mee and Miettinen-Nurminen (1985, Statistics in Medicine 4:213)
    collect the differences that the score test does not reject, in closed form for the
    restricted estimate; they are exact duals of their z. Agresti & Caffo (2000) add one success
    and one failure to each group.
    Sources: Newcombe (1998) and Miettinen & Nurminen (1985) as above; Mee (1984) Biometrics
    40:1175; Agresti & Caffo (2000) American Statistician 54:280.

    Examples
    --------
    >>> d = difference(56, 70, 48, 80)
    >>> round(d.estimate, 4), round(d.low, 4), round(d.high, 4), round(d.z, 3)
    (0.2, 0.0524, 0.3339, 2.65)
    >>> difference(53, 60, 231, 300).agrees
    False
    """
    x1, n1 = check_successes("x1", x1, "n1", n1)
    x2, n2 = check_successes("x2", x2, "n2", n2)
    effect = real("deff", deff, above=0)
    broadcast({"x1": x1, "n1": n1, "x2": x2, "n2": n2, "deff": effect})
    level = check_level(level)
    check_choice("method", method, _METHODS)
    critical = float(-ndtri((1 - level) / 2))
    p1, p2 = x1 / n1, x2 / n2
    m1, m2 = n1 / effect, n2 / effect
    estimate = p1 - p2
    z = pooled_z(p1, m1, p2, m2)
    if method == "newcombe":
        low, high = _newcombe(p1, m1, p2, m2, critical)
    elif method == "agresti-caffo":
        low, high = _agresti_caffo(p1, m1, p2, m2, critical)
    elif method == "wald":
        z, low, high = _wald(p1, m1, p2, m2, critical)
    else:
        corrected = method == "miettinen-nurminen"
        low, high = score_interval(p1, m1, p2, m2, critical, corrected=corrected)
        if corrected:
            z = z * np.sqrt(shrinkage(m1 + m2))
    return Difference(
        estimate=plain(estimate + 0 * effect),
        low=plain(low),
        high=plain(high),
        z=plain(z),
        p_value=plain(two_sided_p(z)),
        n1=plain(n1),
        n2=plain(n2),
        deff=plain(effect),
        level=level,
        method=method,
    )


def _newcombe(p1: Array, n1: Array, p2: Array, n2: Array, critical: float) -> tuple[Array, Array]:
    low1, high1 = wilson_interval(p1, n1, critical)
    low2, high2 = wilson_interval(p2, n2, critical)
    estimate = p1 - p2
    low = estimate - np.hypot(p1 - low1, high2 - p2)
    high = estimate + np.hypot(high1 - p1, p2 - low2)
    # the limits lie inside -1 to 1 but for the last bit
    return np.maximum(low, -1), np.minimum(high, 1)


def _agresti_caffo(
    p1: Array, n1: Array, p2: Array, n2: Array, critical: float
) -> tuple[Array, Array]:
    q1, q2 = (p1 * n1 + 1) / (n1 + 2), (p2 * n2 + 1) / (n2 + 2)
    half = critical * np.sqrt(q1 * (1 - q1) / (n1 + 2) + q2 * (1 - q2) / (n2 + 2))
    return np.maximum(q1 - q2 - half, -1), np.minimum(q1 - q2 + half, 1)


def _wald(
    p1: Array, n1: Array, p2: Array, n2: Array, critical: float
) -> tuple[Array, Array, Array]:
    estimate = p1 - p2
    error = np.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
    low, high = estimate - critical * error, estimate + critical * error
    return standardise(estimate, error), np.maximum(low, -1), np.minimum(high, 1)
