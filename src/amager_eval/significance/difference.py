"""Is a share another than before, or than the whole's?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from amager_eval.conventions import LEVEL
from amager_eval.errors import Fault, InputError
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
from amager_eval.significance.contrast import (
    Contrast,
    normal_contrast,
    standardise,
    truth,
    two_sided_p,
)
from amager_eval.significance.restricted_score import score_interval, shrinkage

__all__ = [
    "Difference",
    "difference",
    "part_minus_whole",
    "part_versus_whole",
    "pooled_z",
]

#: Half a percentage point: how far a share printed in whole percentages can be off.
_ROUNDING = 0.005


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


def part_minus_whole(
    p_part: Array, n_part: Array, p_whole: Array, n_whole: Array, weight: Array
) -> tuple[Array, Array]:
    """Difference of part and whole and its standard error, on effective respondents."""
    p_rest = np.clip((p_whole - weight * p_part) / (1 - weight), 0, 1)
    variance = p_part * (1 - p_part) / n_part + p_rest * (1 - p_rest) / (n_whole - n_part)
    return p_part - p_whole, (1 - weight) * np.sqrt(variance)


def part_versus_whole(
    p_part: ArrayLike,
    n_part: ArrayLike,
    p_whole: ArrayLike,
    n_whole: ArrayLike,
    *,
    weight: ArrayLike,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
) -> Contrast:
    """Compare a part with the whole that contains it: part minus whole.

    Parameters
    ----------
    p_part, p_whole : float or array_like
        Shares, 0 to 1.
    n_part, n_whole : float or array_like
        Respondents; the whole's include the part's.
    weight : float or array_like
        The part's share W of the whole's population, above 0 and below 1.
    deff : float or array_like
        Design effect of both.
    level : float
        Confidence level, two-sided and equal-tailed.

    Returns
    -------
    Contrast
        `.estimate .low .high .z .p_value`, shares; `.n` is `n_whole`.

    Raises
    ------
    InputError
        If a share or the weight cannot be, the whole has no more respondents than the part, or
        the figures imply a share for the rest outside 0 to 1 by more than rounding to whole
        percentages explains.

    Notes
    -----
    The whole is W part + (1-W) rest, so part - whole = (1-W)(part - rest) and its standard
    error is (1-W) sqrt(V_part + V_rest): part and whole are positively correlated, and
    comparing them as if independent is too cautious. "Reach the city's level" is therefore
    exactly "reach the level of the rest of the city". V = deff p(1-p)/n, and the rest has
    n_whole - n_part respondents. Source: the variance of a contrast of independent samples;
    checked against the linearised one of R's survey package in :func:`weighted_part_versus_whole`.

    The variance is not pooled, so the test finds too much where fewer than about 20 respondents
    of the part give the rare answer (docs/significance_simulation.md). Where counts are at hand,
    :func:`difference` between the part and the rest asks the same question with the score test.

    Examples
    --------
    >>> c = part_versus_whole(0.84, 310, 0.88, 4000, weight=0.095)
    >>> round(c.estimate, 3), round(c.z, 3), round(c.p_value, 3)
    (-0.04, -2.058, 0.04)
    """
    p_part = real("p_part", p_part, at_least=0, at_most=1)
    n_part = real("n_part", n_part, above=0)
    p_whole = real("p_whole", p_whole, at_least=0, at_most=1)
    n_whole = real("n_whole", n_whole, above=0)
    weight = real("weight", weight, above=0, below=1)
    effect = real("deff", deff, above=0)
    broadcast(
        {
            "p_part": p_part,
            "n_part": n_part,
            "p_whole": p_whole,
            "n_whole": n_whole,
            "weight": weight,
            "deff": effect,
        }
    )
    level = check_level(level)
    check_parts(p_part, n_part, p_whole, n_whole, weight)
    estimate, se = part_minus_whole(p_part, n_part / effect, p_whole, n_whole / effect, weight)
    return normal_contrast(estimate, se, n_whole, level, "part against whole, normal")


def check_parts(
    p_part: Array, n_part: Array, p_whole: Array, n_whole: Array, weight: Array
) -> None:
    """Refuse a whole that cannot contain the part."""
    n_part, n_whole = np.broadcast_arrays(n_part, n_whole)
    few = n_whole <= n_part
    if np.any(few):
        first = int(np.argmax(few.ravel()))
        raise InputError(
            Fault(
                "n_whole must exceed n_part, whose respondents it contains",
                found=f"n_whole {n_whole.ravel()[first]:g}, n_part {n_part.ravel()[first]:g}",
                remedy="Pass the whole's respondents including the part's.",
            )
        )
    rest = (p_whole - weight * p_part) / (1 - weight)
    slack = _ROUNDING * (1 + weight) / (1 - weight) + 1e-12
    bad = (rest < -slack) | (rest > 1 + slack)
    if np.any(bad):
        first = int(np.argmax(bad.ravel()))
        given = {"p_part": p_part, "p_whole": p_whole, "weight": weight, "rest": rest}
        values = (np.broadcast_to(v, bad.shape).ravel()[first] for v in given.values())
        raise InputError(
            Fault(
                "p_part, p_whole and weight do not fit: the rest would have a share outside 0 to 1",
                found=", ".join(f"{k} {v:.4g}" for k, v in zip(given, values, strict=True)),
                remedy="Correct p_part, p_whole or weight.",
            )
        )
