"""Taylor linearisation: the variance of weighted shares under a stratified sample.

A weighted share is a ratio of two estimated totals. Each respondent's influence on it,
u_i = w_i d_i (y_i - p) / sum of w d, has the share's sampling variance as the variance of its
sum; for a domain (a district) respondents outside have influence 0 and still count in their
stratum. Every weighted function of the package is a sum of such influences, so covariances
between a part and the whole that contains it come out by themselves.
Source: Lumley (2010) Complex Surveys, ch. 2; R's survey package.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from amager_eval.errors import Fault, InputError
from amager_eval.indicators.arguments import Array, vector

__all__ = ["Sample", "kish_design_effect", "sample_of"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Checked microdata: answers, weights, strata and post-strata.

    Parameters
    ----------
    answers : ndarray, dims respondent
        0 or 1; NaN where the question was not answered.
    weights : ndarray, dims respondent
        Weights, already scaled to the population of the post-strata if there are any.
    strata, post_strata : ndarray of int, dims respondent
        Codes; all 0 without.
    """

    answers: Array
    weights: Array
    strata: NDArray[np.intp]
    post_strata: NDArray[np.intp] | None

    def domain(self, mask: ArrayLike | None, name: str = "domain") -> NDArray[np.bool_]:
        """Check a mask of respondents; those without an answer are outside every domain."""
        answered = ~np.isnan(self.answers)
        if mask is None:
            return answered
        inside = np.asarray(mask)
        if inside.shape != self.answers.shape or inside.dtype != bool:
            raise InputError(
                Fault(
                    f"{name} must be true or false for each of {len(self.answers)} respondents",
                    found=f"shape {inside.shape}, {inside.dtype}",
                    remedy=f"Pass {name} as a comparison, for example district == 'Amager Øst'.",
                )
            )
        inside = inside & answered
        if not inside.any():
            raise InputError(
                Fault(
                    f"{name} holds no respondent with an answer",
                    found="0",
                    remedy=f"Correct {name}.",
                )
            )
        return inside

    def mean(self, inside: NDArray[np.bool_]) -> tuple[float, Array]:
        """Weighted mean of a domain and each respondent's influence on it."""
        weights = np.where(inside, self.weights, 0.0)
        answers = np.where(inside, self.answers, 0.0)
        total = weights.sum()
        estimate = float((weights * answers).sum() / total)
        return estimate, weights * (answers - estimate) / total

    def covariance(self, *influences: Array) -> Array:
        """Covariance matrix of estimates from their influences, dims estimate x estimate."""
        u = np.column_stack([self._residual(influence) for influence in influences])
        sizes = np.bincount(self.strata)
        sums = np.column_stack([np.bincount(self.strata, weights=column) for column in u.T])
        centred = u - (sums / sizes[:, None])[self.strata]
        scale = (sizes / np.maximum(sizes - 1, 1))[self.strata]
        return np.asarray((centred * scale[:, None]).T @ centred)

    def _residual(self, influence: Array) -> Array:
        """Take out what post-stratification fixes: the mean of each post-stratum."""
        if self.post_strata is None:
            return influence
        sums = np.bincount(self.post_strata, weights=influence)
        weights = np.bincount(self.post_strata, weights=self.weights)
        return influence - self.weights * (sums / weights)[self.post_strata]

    def degrees_of_freedom(self, inside: NDArray[np.bool_]) -> int:
        """Respondents in the domain less the strata they come from."""
        return int(inside.sum()) - len(np.unique(self.strata[inside]))


def sample_of(
    answers: ArrayLike,
    weights: ArrayLike,
    strata: ArrayLike | None = None,
    post_strata: ArrayLike | None = None,
    population: Mapping[Hashable, float] | None = None,
) -> Sample:
    """Check microdata and make a sample of it.

    Parameters
    ----------
    answers, weights : array_like, dims respondent
        Answers (0 or 1, or between; NaN where not answered) and weights above 0.
    strata : array_like or None, dims respondent
        Stratum the respondent was drawn from, any labels.
    post_strata : array_like or None, dims respondent
        Groups whose size in the population is known; with `population`.
    population : mapping of label to float, or None
        Size of each post-stratum; weights are scaled to it.

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        If lengths differ, an answer lies outside 0 to 1 or nobody answered, a weight is missing
        or not above 0, a stratum has one respondent, or a post-stratum has no population.
    """
    y = vector("answers", answers, at_least=0, at_most=1)
    w = vector("weights", weights, length=len(y), above=0)
    if not len(y) or np.isnan(w).any():
        raise InputError(
            Fault(
                "weights must be given for every respondent",
                found=f"{int(np.isnan(w).sum())} missing of {len(w)}",
                remedy="Leave respondents without a weight out.",
            )
        )
    if np.isnan(y).all():
        raise InputError(
            Fault("answers holds no answer", found=f"{len(y)} missing", remedy="Correct answers.")
        )
    codes = np.zeros(len(y), dtype=np.intp)
    if strata is not None:
        codes, labels = _codes("strata", strata, len(y))
        lonely = np.flatnonzero(np.bincount(codes) < 2)
        if len(lonely):
            raise InputError(
                Fault(
                    "a stratum has one respondent, so its variance is unknown",
                    found=str(labels[lonely[0]]),
                    remedy="Join it with a similar stratum.",
                )
            )
    if (post_strata is None) != (population is None):
        raise InputError("post_strata and population go together: pass both or neither")
    if post_strata is None or population is None:
        return Sample(y, w, codes, None)
    groups, names = _codes("post_strata", post_strata, len(y))
    unknown = [name for name in names if name not in population]
    if unknown:
        raise InputError(
            Fault(
                "population lacks a post-stratum",
                found=str(unknown[0]),
                remedy="Give the size of every post-stratum.",
            )
        )
    sizes = vector("population", [population[name] for name in names], above=0)
    weighted = np.bincount(groups, weights=w)
    return Sample(y, w * (sizes / weighted)[groups], codes, groups)


def _codes(name: str, labels: ArrayLike, length: int) -> tuple[NDArray[np.intp], list[Hashable]]:
    codes, unique = pd.factorize(np.asarray(labels))
    if len(codes) != length or (codes < 0).any():
        raise InputError(
            Fault(
                f"{name} must hold a label for each of {length} respondents",
                found=f"{len(codes)} labels, {int((codes < 0).sum())} missing",
                remedy=f"Correct {name}.",
            )
        )
    return np.asarray(codes, dtype=np.intp), list(unique)


def kish_design_effect(weights: ArrayLike) -> float:
    """Kish's design effect: what unequal weights alone cost.

    Parameters
    ----------
    weights : array_like, dims respondent
        Weights above 0.

    Returns
    -------
    float
        n sum w^2 / (sum w)^2 = 1 + squared coefficient of variation, at least 1. It ignores
        stratification and how weights relate to answers; the linearised design effect does not.

    Raises
    ------
    InputError
        If a weight is not above 0, or there is none.

    Notes
    -----
    Source: Kish (1965) Survey Sampling, 11.2C; Kish (1992) J Official Statistics 8:183.

    Examples
    --------
    >>> kish_design_effect([1, 1, 2, 2])
    1.1111111111111112
    """
    w = vector("weights", weights, above=0)
    if not len(w):
        raise InputError(Fault("weights is empty", found="0 weights", remedy="Correct weights."))
    return float(len(w) * (w**2).sum() / w.sum() ** 2)
