"""Groups, a part and the whole, and tables of the same weighted microdata."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, fdtrc, logit, ndtri

from amager_eval.conventions import LEVEL
from amager_eval.errors import InputError
from amager_eval.indicators.arguments import (
    Array,
    check_choice,
    check_level,
    labels_of,
    refused,
    same_labels,
)
from amager_eval.indicators.estimate import Shown
from amager_eval.indicators.weighted import Sample, kish_design_effect, sample_of
from amager_eval.significance.contrast import Contrast, normal_contrast, standardise, two_sided_p
from amager_eval.significance.difference import FEW
from amager_eval.significance.restricted_score import score_interval

__all__ = [
    "RaoScottTest",
    "WeightedComparison",
    "rao_scott_test",
    "weighted_difference",
    "weighted_part_versus_whole",
]


@dataclass(frozen=True)
class WeightedComparison(Shown):
    """Two weighted shares and their difference, 1 minus 2.

    Parameters
    ----------
    difference : Contrast
        Estimate, linearised standard error, interval and test.
    share1, share2 : float
        The shares.
    se1, se2 : float
        Their linearised standard errors; 0 where everybody agrees, which is no certainty.
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
    (0.0, 0.375)
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
        behind = {k: v for k, v in vars(self).items() if k != "difference"}
        return self.difference.to_frame().assign(**behind)


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
    n = np.asarray(either.sum(), dtype=np.float64)
    unit = "share" if scale == "share" else "log odds ratio"
    score = _score(sample, group1, group2, level)
    if score is None:
        error = np.sqrt(np.asarray(matrix[2, 2]))
        contrast = normal_contrast(estimate, error, n, level, method, unit)
    elif scale == "share":
        contrast = replace(score, n=float(n))
    else:  # the same test; without a maximum there is no interval on this scale
        contrast = replace(score, estimate=float(estimate), n=float(n), unit=unit)
        contrast = replace(contrast, se=np.inf, low=-np.inf, high=np.inf)
        if 0 < p1 < 1 and 0 < p2 < 1:
            error = np.sqrt(np.asarray(matrix[2, 2]))
            normal = normal_contrast(estimate, error, n, level, score.method, unit)
            contrast = replace(normal, z=score.z, p_value=score.p_value)
    return WeightedComparison(
        difference=contrast,
        share1=p1,
        share2=p2,
        se1=float(np.sqrt(matrix[0, 0])),
        se2=float(np.sqrt(matrix[1, 1])),
        covariance=float(matrix[0, 1]),
        weight=float(sample.weights[group1].sum() / sample.weights[either].sum()),
    )


def _score(
    sample: Sample, group1: NDArray[np.bool_], group2: NDArray[np.bool_], level: float
) -> Contrast | None:
    """Test with the variance under equality; None where it is not called for.

    It is where fewer than `FEW` respondents of either group gave the answer, or gave another:
    the observed variance is then nothing to rely on, and 0 where everybody agrees.
    """
    cells = [c for c in (group1 & ~group2, group1 & group2, group2 & ~group1) if c.any()]
    held = cells if len(cells) == 2 else [group1, group2]
    if len(cells) == 1 or min(_fewest(sample, c) for c in held) >= FEW:
        return None
    p = np.array([sample.mean(c)[0] for c in cells])
    total = np.array([sample.weights[c].sum() for c in cells])
    effective = total**2 / [float((sample.weights[c] ** 2).sum()) for c in cells]
    pooled = float((effective * p).sum() / effective.sum())
    # how much each respondent moves the difference
    lever = np.where(group1, sample.weights / sample.weights[group1].sum(), 0.0)
    lever = lever - np.where(group2, sample.weights / sample.weights[group2].sum(), 0.0)
    estimate = sample.mean(group1)[0] - sample.mean(group2)[0]
    se = float(np.sqrt(max(pooled * (1 - pooled), 0) * (lever**2).sum()))
    z = float(standardise(np.asarray(estimate), np.asarray(se)))
    critical = float(-ndtri((1 - level) / 2))
    low, high = estimate - critical * se, estimate + critical * se
    if len(cells) == 2:
        shortened = float(lever[cells[0]].sum())  # 1, or the rest's share where one holds the other
        (p1, p2), (n1, n2) = p, effective
        limits = score_interval(p1, n1, p2, n2, critical, corrected=False)
        low, high = (shortened * float(limit) for limit in limits)
    step = 0.0  # Yates's continuity correction
    if min(c.sum() for c in cells) * min(pooled, 1 - pooled) < FEW:
        means = [float(lever[c].mean()) for c in cells]
        step = (max(means) - min(means)) / 2
    kept = max(1 - step / abs(estimate), 0) if estimate else 1.0
    p_value = float(two_sided_p(np.asarray(z * kept)))
    low, high = max(low - step, -1.0), min(high + step, 1.0)
    method = "score test on effective respondents, an answer being rare"
    n = float((group1 | group2).sum())
    return Contrast(estimate, se, low, high, z, p_value, n, level, method)


def _fewest(sample: Sample, group: NDArray[np.bool_]) -> float:
    """Respondents of a group who gave the answer, or who gave another: the fewer."""
    yes = float(sample.answers[group].sum())
    return min(yes, float(group.sum()) - yes)


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

    Where fewer than five respondents of a group gave the answer, or gave another, the linearised
    variance is no measure (0 where everybody agrees). Then z is the score statistic on effective
    respondents (sum w)^2 / sum w^2 with the variance under equality, p that of z, with Yates's
    continuity correction where fewer than five rare answers are expected, and the interval
    the score interval, wider by that correction; strata gain nothing there. On the logit scale
    the estimate is infinite where a share is 0 or 1, and its interval says nothing. Source: as for
    :func:`difference`, method `mee`; Kish (1965) Survey Sampling, 11.2C, for the respondents.

    Examples
    --------
    >>> answers, weights = [1, 1, 0, 1, 0, 1, 1, 0] * 9, [1, 2, 1, 2, 1, 1, 2, 1] * 9
    >>> east = np.array([True] * 36 + [False] * 36)
    >>> c = weighted_difference(answers, weights, east, ~east)
    >>> round(c.difference.estimate, 3), round(c.difference.se, 3)
    (0.026, 0.099)
    """
    sample = sample_of(
        answers, weights, strata, post_strata, population, group1=group1, group2=group2
    )
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
    are post-stratified, so that W is known and not estimated. Where an answer is rare in the part
    or in the rest, the test and interval are those of :func:`weighted_difference` there. Source:
    Lumley (2010) Complex Surveys, ch. 2.

    Examples
    --------
    >>> answers, weights = [1, 1, 0, 1, 0, 1, 1, 0] * 9, [1, 2, 1, 2, 1, 1, 2, 1] * 9
    >>> east = np.array(([True] * 4 + [False] * 4) * 9)
    >>> c = weighted_part_versus_whole(answers, weights, east)
    >>> round(c.difference.estimate, 3), round(c.covariance, 3)
    (0.106, 0.002)
    """
    sample = sample_of(answers, weights, strata, post_strata, population, part=part)
    inside, everybody = sample.domain(part, "part"), sample.domain(None)
    method = "part against whole, Taylor linearisation"
    return _compare(sample, inside, everybody, "share", check_level(level), method)


@dataclass(frozen=True)
class RaoScottTest(Shown):
    """Second-order Rao-Scott test of independence.

    Parameters
    ----------
    f, df1, df2 : float
        Statistic and its degrees of freedom.
    p_value : float
        Upper tail of the F distribution.
    chi_square : float
        Pearson's chi-square of the weighted table, scaled to the number of respondents.
    n : int
        Respondents.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> answers, groups = [1, 1, 0, 1, 0, 1, 1, 0] * 9, list("aaaabbbb") * 9
    >>> t = sg.rao_scott_test(answers, groups, [1, 2, 1, 2, 1, 1, 2, 1] * 9)
    >>> round(t.f, 3), round(t.p_value, 3)
    (5.593, 0.021)
    """

    f: float
    df1: float
    df2: float
    p_value: float
    chi_square: float
    n: int
    method: str


def rao_scott_test(
    answers: ArrayLike, groups: ArrayLike, weights: ArrayLike, *, strata: ArrayLike | None = None
) -> RaoScottTest:
    """Test whether answers and groups are independent, allowing for the sampling design.

    Parameters
    ----------
    answers, groups : array_like, dims respondent
        Answer and group of each respondent, any labels; two or more of each.
    weights : array_like, dims respondent
        Weights above 0.
    strata : array_like or None, dims respondent
        Strata the sample was drawn in.

    Returns
    -------
    RaoScottTest
        `.f .p_value` and their degrees of freedom.

    Raises
    ------
    InputError
        If an answer or group is missing, or there is only one of them.

    Notes
    -----
    Pearson's chi-square divided by the mean of the generalised design effects, against F with
    Satterthwaite's degrees of freedom. Source: Rao & Scott (1984) Annals of Statistics 12:46;
    R's ``survey::svychisq``. An empty cell has no variance to divide by, and a rare one hardly:
    two answers in two groups with fewer than five respondents in a cell are tested as in
    :func:`weighted_difference` (df2 is infinite), and a larger table with an empty cell, or one
    without variance inside the strata, by Pearson's chi-square over Kish's design effect.

    Examples
    --------
    >>> answers, groups = [1, 1, 0, 1, 0, 1, 1, 0] * 9, list("aaaabbbb") * 9
    >>> t = rao_scott_test(answers, groups, [1, 2, 1, 2, 1, 1, 2, 1] * 9)
    >>> round(t.f, 3), round(t.p_value, 3)
    (5.593, 0.021)
    """
    same_labels(answers=answers, groups=groups, weights=weights, strata=strata)
    rows, row_labels = pd.factorize(labels_of(answers))
    columns, column_labels = pd.factorize(labels_of(groups))
    sample = sample_of(np.zeros(len(rows)), weights, strata)
    if len(columns) != len(rows) or min(rows.min(), columns.min()) < 0:
        raise InputError("answers and groups must be given for every respondent; leave others out")
    if min(len(row_labels), len(column_labels)) < 2:
        raise refused(
            "there must be two or more answers and groups",
            f"{len(row_labels)} answers, {len(column_labels)} groups",
            "Pass microdata in which both vary.",
        )
    n, shape = len(rows), (len(row_labels), len(column_labels))
    cell = np.ravel_multi_index((rows, columns), shape)
    share = sample.weights / sample.weights.sum()
    table = np.bincount(cell, weights=share, minlength=shape[0] * shape[1]).reshape(shape)
    expected = np.outer(table.sum(1), table.sum(0))
    chi_square = float(n * ((table - expected) ** 2 / expected).sum())
    counts = np.bincount(cell, minlength=shape[0] * shape[1])
    if shape == (2, 2) and counts.min() < FEW:
        score = _score(replace(sample, answers=rows.astype(float)), columns == 0, columns == 1, 0.5)
        assert score is not None  # a cell is rare
        f = float(ndtri(np.asarray(score.p_value) / 2)) ** 2
        return RaoScottTest(f, 1.0, np.inf, float(score.p_value), chi_square, n, score.method)
    indicators = np.eye(shape[0] * shape[1])[cell]
    cells = table.ravel()
    influences = share[:, None] * (indicators - cells)
    covariance = sample.covariance(*influences.T)
    effects = _generalised_effects(cells, covariance, shape, n)
    trace = float(np.trace(effects))
    if counts.min() == 0 or trace <= 0:  # cells, or answers within strata, without variance
        df = float((shape[0] - 1) * (shape[1] - 1))
        f = chi_square / kish_design_effect(sample.weights) / df
        method = "pearson on effective respondents, without a variance of its own"
        return RaoScottTest(f, df, np.inf, float(chdtrc(df, f * df)), chi_square, n, method)
    df1 = trace**2 / float(np.trace(effects @ effects))
    df2 = df1 * sample.degrees_of_freedom(np.ones(n, dtype=bool))
    f = chi_square / trace
    return RaoScottTest(f, df1, df2, float(fdtrc(df1, df2, f)), chi_square, n, "rao-scott")


def _generalised_effects(cells: Array, covariance: Array, shape: tuple[int, int], n: int) -> Array:
    """Design-effect matrix of the interaction contrasts."""
    row = np.repeat(np.eye(shape[0]), shape[1], axis=0)
    column = np.tile(np.eye(shape[1]), (shape[0], 1))
    main = np.column_stack([row, column[:, 1:]])
    interaction = np.column_stack(
        [row[:, [i]] * column[:, [j]] for i in range(1, shape[0]) for j in range(1, shape[1])]
    )
    fitted, *_ = np.linalg.lstsq(main, interaction)
    contrasts = interaction - main @ fitted
    inverse = np.divide(1.0, cells, out=np.zeros_like(cells), where=cells > 0)
    scaled = contrasts * inverse[:, None]
    return np.asarray(np.linalg.solve(scaled.T @ contrasts / n, scaled.T @ covariance @ scaled))
