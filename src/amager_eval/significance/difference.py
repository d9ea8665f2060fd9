"""Is a share another than before, or than the whole's?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    INSIDE,
    POSITIVE,
    SHARE,
    Array,
    Number,
    check_choice,
    check_level,
    numbers,
    plain,
    refused,
    two_groups,
)
from amager_eval.indicators.share import wilson_interval
from amager_eval.significance.contrast import (
    Contrast,
    Tested,
    normal_contrast,
    standardise,
    truth,
    two_sided_p,
)
from amager_eval.significance.restricted_score import score_interval, shrinkage
from amager_eval.spec.assumptions import load_assumptions

__all__ = [
    "FEW",
    "Difference",
    "Parts",
    "continuity",
    "difference",
    "kept_of_z",
    "part_versus_whole",
    "parts_of",
    "pooled_z",
]

#: Half a percentage point: how far a share printed in whole percentages can be off.
_ROUNDING = 0.005
#: Respondents with the rarer answer from which the observed variance of a contrast is trusted,
#: and as many that must be expected for the score statistic to be normal (Cochran 1954).
FEW: Final = load_assumptions().rare_answers.fewest


Method = Literal["newcombe", "miettinen-nurminen", "agresti-caffo", "mee", "wald"]
_METHODS = ("newcombe", "miettinen-nurminen", "agresti-caffo", "mee", "wald")


@dataclass(frozen=True)
class Difference(Tested):
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
    def agrees(self) -> bool | NDArray[np.bool_]:
        """Whether test and interval agree: significant exactly where the interval excludes 0.

        The Newcombe and Agresti-Caffo intervals are not exact duals of the score test, so at
        the edge of significance they can differ; the test decides and the report says so.
        """
        excludes = np.greater(self.low, 0) | np.less(self.high, 0)
        return truth(np.equal(excludes, self.significant))


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
        variance, and is `mee` where that is 0 and the shares differ.

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
    x1, n1, x2, n2, effect = two_groups(x1, n1, x2, n2, deff=(deff, POSITIVE))
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
    low = np.maximum(estimate - critical * error, -1)
    high = np.minimum(estimate + critical * error, 1)
    z = standardise(estimate, error)
    certain = (error == 0) & (estimate != 0)
    if certain.any():
        z = np.where(certain, pooled_z(p1, n1, p2, n2), z)
        limits = score_interval(p1, n1, p2, n2, critical, corrected=False)
        low, high = (np.where(certain, *pair) for pair in zip(limits, (low, high), strict=True))
    return z, low, high


def continuity(p1: Array, n1: Array, p2: Array, n2: Array) -> Array:
    """Yates's continuity correction of a difference, where few rare answers are expected.

    Half the step from one table to the next, a share, where fewer than five answers of some
    kind are expected in a group if the shares are the same; else 0. With so few the score statistic
    is far from normal; corrected it comes close to Fisher's exact test.

    Examples
    --------
    >>> continuity(*np.array([[1.0, 1.0], [2.0, 300.0], [0.0, 0.9], [2.0, 300.0]]))
    array([0.5, 0. ])
    """
    pooled = (p1 * n1 + p2 * n2) / (n1 + n2)
    expected = np.minimum(n1, n2) * np.minimum(pooled, 1 - pooled)
    return np.where(expected < FEW, (1 / n1 + 1 / n2) / 2, 0.0)


def kept_of_z(p1: Array, n1: Array, p2: Array, n2: Array) -> Array:
    """How much of the score statistic the :func:`continuity` correction leaves, 0 to 1."""
    gap = np.abs(p1 - p2)
    return np.asarray(np.maximum(gap - continuity(p1, n1, p2, n2), 0) / np.where(gap, gap, 1.0))


@dataclass(frozen=True)
class Parts:
    """A part, the rest of its whole, and their difference as part minus whole."""

    #: Shares and respondents; the rest's share is what part and whole imply.
    p_part: Array
    n_part: Array
    p_rest: Array
    n_rest: Array
    #: The part's share of the whole's population; part minus whole.
    weight: Array
    estimate: Array

    @property
    def rare(self) -> NDArray[np.bool_]:
        """Whether fewer respondents gave, or did not give, the answer than `FEW`, in either."""
        fewest = np.minimum(
            self.n_part * np.minimum(self.p_part, 1 - self.p_part),
            self.n_rest * np.minimum(self.p_rest, 1 - self.p_rest),
        )
        # a count such as 5 of 300 comes here as .01666... of 300
        return np.asarray(fewest < FEW - 1e-9)

    def se(self, pooled: NDArray[np.bool_]) -> Array:
        """Return the standard error: under equality where `pooled`, else as observed."""
        apart = self.p_part * (1 - self.p_part) / self.n_part
        apart = apart + self.p_rest * (1 - self.p_rest) / self.n_rest
        mean = self.p_part * self.n_part + self.p_rest * self.n_rest
        mean = mean / (self.n_part + self.n_rest)
        equal = np.maximum(mean * (1 - mean), 0) * (1 / self.n_part + 1 / self.n_rest)
        return (1 - self.weight) * np.sqrt(np.where(pooled, equal, apart))

    @property
    def groups(self) -> tuple[Array, Array, Array, Array]:
        """Share and respondents of the part, and of the rest."""
        return self.p_part, self.n_part, self.p_rest, self.n_rest


def parts_of(p_part: Array, n_part: Array, p_whole: Array, n_whole: Array, weight: Array) -> Parts:
    """Split a whole into a part and the rest."""
    p_rest = np.clip((p_whole - weight * p_part) / (1 - weight), 0, 1)
    return Parts(p_part, n_part, p_rest, n_whole - n_part, weight, p_part - p_whole)


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

    Where fewer than five respondents of the part or of the rest gave the answer, or gave another,
    z, se and interval are those of the score test between part and rest (:func:`difference`,
    method `mee`), times 1 - W: where everybody agrees the observed variance is 0, and that is no
    certainty. Where fewer than five rare answers are expected, p is that of z with Yates's
    continuity correction, which is close to Fisher's exact test, and the interval is wider by
    the correction. From five up the variance is not
    pooled, so the test finds somewhat too much below about 20 of the rare answer in the part
    (docs/significance_simulation.md).

    Examples
    --------
    >>> c = part_versus_whole(0.84, 310, 0.88, 4000, weight=0.095)
    >>> round(c.estimate, 3), round(c.z, 3), round(c.p_value, 3)
    (-0.04, -2.058, 0.04)
    >>> everybody = part_versus_whole(1.0, 30, 0.95, 4000, weight=0.095)
    >>> round(everybody.z, 2), round(everybody.low, 3), round(everybody.high, 3)
    (1.32, -0.068, 0.072)
    """
    p_part, n_part, p_whole, n_whole, weight, effect = numbers(
        p_part=(p_part, SHARE), n_part=(n_part, POSITIVE), p_whole=(p_whole, SHARE),
        n_whole=(n_whole, POSITIVE), weight=(weight, INSIDE), deff=(deff, POSITIVE),
    )  # fmt: skip
    level = check_level(level)
    check_parts(p_part, n_part, p_whole, n_whole, weight)
    parts = parts_of(p_part, n_part, p_whole, n_whole, weight)
    rare = parts.rare
    se = parts.se(rare) * np.sqrt(effect)
    contrast = normal_contrast(parts.estimate, se, n_whole, level, "part against whole, normal")
    if not rare.any():
        return contrast
    low, high = score_interval(
        parts.p_part,
        parts.n_part / effect,
        parts.p_rest,
        parts.n_rest / effect,
        float(-ndtri((1 - level) / 2)),
        corrected=False,
    )
    step = continuity(*parts.groups)
    low, high = np.maximum(low - step, -1), np.minimum(high + step, 1)
    z = np.asarray(contrast.z)
    return replace(
        contrast,
        low=plain(np.where(rare, (1 - weight) * low, contrast.low)),
        high=plain(np.where(rare, (1 - weight) * high, contrast.high)),
        p_value=plain(two_sided_p(np.where(rare, z * kept_of_z(*parts.groups), z))),
        method="part against whole, score where an answer is rare, else normal",
    )


def check_parts(
    p_part: Array, n_part: Array, p_whole: Array, n_whole: Array, weight: Array
) -> None:
    """Refuse a whole that cannot contain the part."""
    n_part, n_whole = np.broadcast_arrays(n_part, n_whole)
    few = n_whole <= n_part
    if np.any(few):
        first = int(np.argmax(few.ravel()))
        raise refused(
            "n_whole must exceed n_part, whose respondents it contains",
            f"n_whole {n_whole.ravel()[first]:g}, n_part {n_part.ravel()[first]:g}",
            "Pass the whole's respondents including the part's.",
        )
    rest = (p_whole - weight * p_part) / (1 - weight)
    slack = _ROUNDING * (1 + weight) / (1 - weight) + 1e-12
    bad = (rest < -slack) | (rest > 1 + slack)
    if np.any(bad):
        first = int(np.argmax(bad.ravel()))
        given = {"p_part": p_part, "p_whole": p_whole, "weight": weight, "rest": rest}
        values = (np.broadcast_to(v, bad.shape).ravel()[first] for v in given.values())
        raise refused(
            "p_part, p_whole and weight do not fit: the rest would have a share outside 0 to 1",
            ", ".join(f"{k} {v:.4g}" for k, v in zip(given, values, strict=True)),
            "Correct p_part, p_whole or weight.",
        )
