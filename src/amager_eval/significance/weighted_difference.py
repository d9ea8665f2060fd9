"""Two shares from the same weighted microdata: groups, or a part against the whole."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import check_choice, check_level
from amager_eval.significance.contrast import Contrast, normal_contrast
from amager_eval.significance.taylor import Sample, sample_of

__all__ = ["WeightedComparison", "weighted_difference", "weighted_part_versus_whole"]


@dataclass(frozen=True)
class WeightedComparison:
    """Two weighted shares and their difference, 1 minus 2.

    Parameters
    ----------
    difference : Contrast
        Estimate, linearised standard error, interval and test.
    share1, share2 : float
        The shares.
    se1, se2 : float
        Their standard errors.
    covariance : float
        Sampling covariance of the two: positive where one contains the other.
    weight : float
        Group 1's share of the weights of both groups together: the W of a part.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> c = sg.weighted_difference([1, 1, 0, 1, 0, 1], [1, 2, 1, 2, 1, 1],
    ...                            [True] * 3 + [False] * 3, [False] * 3 + [True] * 3)
    >>> round(c.difference.estimate, 3), round(c.difference.se, 3)
    (0.0, 0.362)
    """

    difference: Contrast
    share1: float
    share2: float
    se1: float
    se2: float
    covariance: float
    weight: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row: the contrast's columns and the shares behind it."""
        return self.difference.to_frame().assign(
            share1=self.share1,
            share2=self.share2,
            se1=self.se1,
            se2=self.se2,
            covariance=self.covariance,
            weight=self.weight,
        )


def _compare(
    sample: Sample,
    group1: NDArray[np.bool_],
    group2: NDArray[np.bool_],
    scale: Literal["share", "logit"],
    level: float,
    method: str,
) -> WeightedComparison:
    p1, u1 = sample.mean(group1)
    p2, u2 = sample.mean(group2)
    if scale == "logit":
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate = np.asarray(logit(p1) - logit(p2))
            gap = u1 / np.float64(p1 * (1 - p1)) - u2 / np.float64(p2 * (1 - p2))
    else:
        estimate, gap = np.asarray(p1 - p2), u1 - u2
    matrix = sample.covariance(u1, u2, gap)
    either = group1 | group2
    contrast = normal_contrast(
        estimate,
        np.sqrt(np.asarray(matrix[2, 2])),
        np.asarray(either.sum()),
        level,
        method,
        unit="share" if scale == "share" else "log odds ratio",
    )
    return WeightedComparison(
        difference=contrast,
        share1=p1,
        share2=p2,
        se1=float(np.sqrt(matrix[0, 0])),
        se2=float(np.sqrt(matrix[1, 1])),
        covariance=float(matrix[0, 1]),
        weight=float(sample.weights[group1].sum() / sample.weights[either].sum()),
    )


def weighted_difference(
    answers: ArrayLike,
    weights: ArrayLike,
    group1: ArrayLike,
    group2: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    post_strata: ArrayLike | None = None,
    population: Mapping[Hashable, float] | None = None,
    scale: Literal["share", "logit"] = "share",
    level: float = LEVEL,
) -> WeightedComparison:
    """Compare two groups of the same weighted microdata: group 1 minus group 2.

    Parameters
    ----------
    answers, weights : array_like, dims respondent
        As in :func:`weighted_share`.
    group1, group2 : array_like of bool, dims respondent
        The groups; they may overlap.
    strata, post_strata : array_like or None, dims respondent
        As in :func:`weighted_share`.
    population : mapping or None
        Size of each group of `post_strata`.
    scale : {"share", "logit"}
        Difference of shares, or log odds ratio (a logistic regression on the group).
    level : float
        Confidence level.

    Returns
    -------
    WeightedComparison
        `.difference`, a :class:`Contrast`, and the shares it is of.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    The difference's influence is u1 - u2 (on the logit scale each over p (1-p)); its variance is
    that of :func:`weighted_share`, so the covariance of overlapping groups is in it. Source:
    Lumley (2010) Complex Surveys, ch. 2; R's ``survey::svyby``, ``svycontrast``, ``svyglm``.

    Examples
    --------
    >>> answers, weights = [1, 1, 0, 1, 0, 1, 1, 0], [1, 2, 1, 2, 1, 1, 2, 1]
    >>> east = np.array([True] * 4 + [False] * 4)
    >>> c = weighted_difference(answers, weights, east, ~east)
    >>> round(c.difference.estimate, 3), round(c.difference.se, 3)
    (0.233, 0.315)
    """
    sample = sample_of(answers, weights, strata, post_strata, population)
    check_choice("scale", scale, ("share", "logit"))
    first, second = sample.domain(group1, "group1"), sample.domain(group2, "group2")
    method = f"two groups, Taylor linearisation, {scale} scale"
    return _compare(sample, first, second, scale, check_level(level), method)


def weighted_part_versus_whole(
    answers: ArrayLike,
    weights: ArrayLike,
    part: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    post_strata: ArrayLike | None = None,
    population: Mapping[Hashable, float] | None = None,
    level: float = LEVEL,
) -> WeightedComparison:
    """Compare a part with the whole that contains it: part minus whole, from microdata.

    Parameters
    ----------
    answers, weights : array_like, dims respondent
        As in :func:`weighted_share`.
    part : array_like of bool, dims respondent
        Who belongs to the part.
    strata, post_strata : array_like or None, dims respondent
        As in :func:`weighted_share`.
    population : mapping or None
        Size of each group of `post_strata`.
    level : float
        Confidence level.

    Returns
    -------
    WeightedComparison
        `share1` is the part, `share2` the whole, `weight` the part's W.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    Part and whole share respondents; their covariance comes from the influences. The result is
    close to :func:`part_versus_whole` with the same variances, and equal to it when the weights
    are post-stratified, so that W is known and not estimated. Source: Lumley (2010) Complex
    Surveys, ch. 2.

    Examples
    --------
    >>> answers, weights = [1, 1, 0, 1, 0, 1, 1, 0], [1, 2, 1, 2, 1, 1, 2, 1]
    >>> east = np.array([True] * 4 + [False] * 4)
    >>> c = weighted_part_versus_whole(answers, weights, east)
    >>> round(c.difference.estimate, 3), round(c.covariance, 3)
    (0.106, 0.018)
    """
    sample = sample_of(answers, weights, strata, post_strata, population)
    inside, everybody = sample.domain(part, "part"), sample.domain(None)
    method = "part against whole, Taylor linearisation"
    return _compare(sample, inside, everybody, "share", check_level(level), method)
