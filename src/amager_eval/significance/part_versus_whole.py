"""A district against the city that contains it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from amager_eval.conventions import LEVEL
from amager_eval.errors import Fault, InputError
from amager_eval.indicators.arguments import Array, broadcast, check_level, real
from amager_eval.significance.contrast import Contrast, normal_contrast

__all__ = ["part_minus_whole", "part_versus_whole"]

#: Half a percentage point: how far a share printed in whole percentages can be off.
_ROUNDING = 0.005


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
