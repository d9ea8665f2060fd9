"""One share from weighted microdata, by Taylor linearisation: variance, design effect, interval.

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
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, stdtrit

from amager_eval.conventions import LEVEL
from amager_eval.data.survey.variance import stratified_covariance
from amager_eval.errors import InputError
from amager_eval.indicators.arguments import (
    Array,
    check_choice,
    check_level,
    labels_of,
    real_scalar,
    refused,
    same_labels,
    truths,
    vector,
)
from amager_eval.indicators.estimate import Shown
from amager_eval.indicators.share import clopper_pearson_interval

__all__ = [
    "Sample",
    "WeightedShare",
    "WeightedShares",
    "kish_design_effect",
    "sample_of",
    "share_interval",
    "weighted_share",
    "weighted_shares",
]

Interval = Literal["logit", "beta", "korn-graubard", "asin", "mean"]
_INTERVALS = ("logit", "beta", "korn-graubard", "asin", "mean")


@dataclass(frozen=True, eq=False)
class Sample:
    """Checked microdata: answers, weights, strata and post-strata."""

    #: 0 or 1; NaN where the question was not answered.
    answers: Array
    #: Weights, already scaled to the population of the post-strata if there are any.
    weights: Array
    #: Codes; all 0 without.
    strata: NDArray[np.intp]
    post_strata: NDArray[np.intp] | None

    def domain(self, mask: ArrayLike | None, name: str = "domain") -> NDArray[np.bool_]:
        """Check a mask of respondents; those without an answer are outside every domain."""
        answered = ~np.isnan(self.answers)
        if mask is None:
            return answered
        inside = truths(name, mask, len(self.answers))
        inside = inside & answered
        if not inside.any():
            raise refused(
                f"{name} holds no respondent with an answer",
                "0",
                f"Correct {name}.",
            )
        return inside

    def mean(self, inside: NDArray[np.bool_]) -> tuple[float, Array]:
        """Weighted mean of a domain and each respondent's influence on it."""
        weights = np.where(inside, self.weights, 0.0)
        answers = np.where(inside, self.answers, 0.0)
        total = weights.sum()
        estimate = float((weights * answers).sum() / total)
        if np.ptp(self.answers[inside]) == 0:  # exactly, whatever the weights round to
            estimate = float(self.answers[inside][0])
        return estimate, weights * (answers - estimate) / total

    def covariance(self, *influences: Array) -> Array:
        """Covariance matrix of estimates from their influences, dims estimate x estimate."""
        residuals = np.column_stack([self._residual(influence) for influence in influences])
        return stratified_covariance(residuals, self.strata)

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
    **others: ArrayLike | None,
) -> Sample:
    """Check microdata and make a sample of it.

    Answers are 0 or 1, or between, NaN where not answered; weights are scaled to `population`, the
    size of each post-stratum. The labels of other arguments that name respondents must be the same.
    """
    same_labels(answers=answers, weights=weights, **others, strata=strata, post_strata=post_strata)
    y = vector("answers", answers, at_least=0, at_most=1)
    w = vector("weights", weights, length=len(y), above=0)
    if not len(y) or np.isnan(w).any():
        raise refused(
            "weights must be given for every respondent",
            f"{int(np.isnan(w).sum())} missing of {len(w)}",
            "Leave respondents without a weight out.",
        )
    if np.isnan(y).all():
        raise refused("answers holds no answer", f"{len(y)} missing", "Correct answers.")
    codes = np.zeros(len(y), dtype=np.intp)
    if strata is not None:
        codes, labels = _codes("strata", strata, len(y))
        lonely = np.flatnonzero(np.bincount(codes) < 2)
        if len(lonely):
            raise refused(
                "a stratum has one respondent, so its variance is unknown",
                str(labels[lonely[0]]),
                "Join it with a similar stratum.",
            )
    if (post_strata is None) != (population is None):
        raise InputError("post_strata and population go together: pass both or neither")
    if post_strata is None or population is None:
        return Sample(y, w, codes, None)
    groups, names = _codes("post_strata", post_strata, len(y))
    unknown = [name for name in names if name not in population]
    if unknown:
        raise refused(
            "population lacks a post-stratum",
            str(unknown[0]),
            "Give the size of every post-stratum.",
        )
    sizes = vector("population", [population[name] for name in names], above=0)
    weighted = np.bincount(groups, weights=w)
    return Sample(y, w * (sizes / weighted)[groups], codes, groups)


def _codes(name: str, labels: ArrayLike, length: int) -> tuple[NDArray[np.intp], list[Hashable]]:
    codes, unique = pd.factorize(labels_of(labels))
    if len(codes) != length or (codes < 0).any():
        raise refused(
            f"{name} must hold a label for each of {length} respondents",
            f"{len(codes)} labels, {int((codes < 0).sum())} missing",
            f"Correct {name}.",
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
        raise refused("weights is empty", "0 weights", "Correct weights.")
    return float(len(w) * (w**2).sum() / w.sum() ** 2)


@dataclass(frozen=True)
class WeightedShare(Shown):
    """A share from weighted microdata.

    Parameters
    ----------
    estimate, se, low, high : float
        Weighted share, linearised standard error, limits of the interval.
    deff : float
        Design effect: the variance over that of a simple random sample of the same size from
        the population the weights add up to.
    kish_deff : float
        What the unequal weights alone would cost.
    n : int
        Respondents with an answer.
    n_effective : float
        Respondents over `kish_deff`.
    df : float
        Degrees of freedom of the interval.
    level : float
        Confidence level.
    method : str
        Name of the interval.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> s = sg.weighted_share([1, 1, 0, 1, 0, 1], [1, 2, 1, 2, 1, 1])
    >>> round(s.estimate, 3), round(s.low, 3), round(s.high, 3)
    (0.75, 0.2, 0.973)
    """

    estimate: float
    se: float
    low: float
    high: float
    deff: float
    kish_deff: float
    n: int
    n_effective: float
    df: float
    level: float
    method: str


def weighted_share(
    answers: ArrayLike,
    weights: ArrayLike,
    *,
    domain: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    post_strata: ArrayLike | None = None,
    population: Mapping[Hashable, float] | None = None,
    df: float | None = None,
    level: float = LEVEL,
    method: Interval = "logit",
) -> WeightedShare:
    """Estimate a share from weighted respondents.

    Parameters
    ----------
    answers : array_like, dims respondent
        1 for the answer, 0 for another, NaN for none; respondents without one are left out.
    weights : array_like, dims respondent
        Weights above 0, summing to the population.
    domain : array_like of bool or None, dims respondent
        Whom the share is about; the others still carry the design.
    strata : array_like or None, dims respondent
        Strata the sample was drawn in.
    post_strata, population : array_like and mapping, or None
        Groups of known size, and the sizes; weights are scaled to them and the variance knows.
    df : float or None
        Degrees of freedom; None: respondents in the domain less their strata. `inf` is normal.
    level : float
        Confidence level.
    method : {"logit", "beta", "korn-graubard", "asin", "mean"}
        Interval, as in :func:`share_interval`.

    Returns
    -------
    WeightedShare
        `.estimate .low .high .se`, a share.

    Raises
    ------
    InputError
        If lengths differ, a weight is missing or not above 0, a stratum holds one respondent.

    Notes
    -----
    p = sum w y / sum w over the domain; its variance is sum over strata of n_h/(n_h - 1) sum
    (u_i - mean u_h)^2 with the influence u_i = w_i (y_i - p) / sum w, 0 outside the domain.
    Where no stratum varies the standard error is 0 and the interval exact, on the effective
    respondents n / kish_deff. Source: Lumley (2010) Complex Surveys, ch. 2; R's
    ``survey::svymean``, ``svyciprop``.

    Examples
    --------
    >>> s = weighted_share([1, 1, 0, 1, 0, 1], [1, 2, 1, 2, 1, 1])
    >>> round(s.estimate, 3), round(s.se, 3), round(s.low, 3), round(s.high, 3)
    (0.75, 0.181, 0.2, 0.973)
    """
    sample = sample_of(answers, weights, strata, post_strata, population, domain=domain)
    return _share_of(sample, sample.domain(domain), df, level, method)


def _share_of(
    sample: Sample, inside: NDArray[np.bool_], df: float | None, level: float, method: Interval
) -> WeightedShare:
    estimate, influence = sample.mean(inside)
    se = float(np.sqrt(sample.covariance(influence)[0, 0]))
    n = int(inside.sum())
    chosen = sample.weights[inside]
    kish = kish_design_effect(chosen)
    freedom = sample.degrees_of_freedom(inside) if df is None else real_df(df)
    if freedom <= 0:
        raise refused(
            "the variance is unknown: no stratum of the domain has two respondents",
            f"{n} with an answer",
            "Join the domain with a similar one, or leave strata out.",
        )
    if se == 0:
        low, high = share_interval(estimate, se, n=n / kish, level=level, method=method)
    else:
        low, high = share_interval(estimate, se, n=n, df=freedom, level=level, method=method)
    # simple random sampling without replacement from the population the weights stand for
    simple = estimate * (1 - estimate) / (n - 1) * (1 - n / chosen.sum()) if n > 1 else np.nan
    return WeightedShare(
        estimate=estimate,
        se=se,
        low=low,
        high=high,
        deff=se**2 / simple if simple > 0 else np.nan,
        kish_deff=kish,
        n=n,
        n_effective=n / kish,
        df=freedom,
        level=level,
        method=method,
    )


@dataclass(frozen=True, eq=False)
class WeightedShares(Shown):
    """A share of each group of the same weighted microdata, with its design effect.

    Parameters
    ----------
    group : ndarray, dims group
        Labels, sorted.
    estimate, se, low, high : ndarray, dims group
        Weighted shares, linearised standard errors, limits of the intervals.
    deff, kish_deff : ndarray, dims group
        Design effect, and what unequal weights alone cost, as in :class:`WeightedShare`.
    n, n_effective, df : ndarray, dims group
        Respondents with an answer, those over `kish_deff`, degrees of freedom.
    level : float
        Confidence level.
    method : str
        Name of the interval.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> shares = sg.weighted_shares([1, 1, 0, 1, 0, 1], [1, 2, 1, 2, 1, 1], list("aaabbb"))
    >>> shares.to_frame()[["group", "estimate", "n"]].round(2).to_dict("records")
    [{'group': 'a', 'estimate': 0.75, 'n': 3}, {'group': 'b', 'estimate': 0.75, 'n': 3}]
    """

    group: NDArray[Any]
    estimate: Array
    se: Array
    low: Array
    high: Array
    deff: Array
    kish_deff: Array
    n: NDArray[np.intp]
    n_effective: Array
    df: Array
    level: float
    method: str


def weighted_shares(
    answers: ArrayLike,
    weights: ArrayLike,
    groups: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    post_strata: ArrayLike | None = None,
    population: Mapping[Hashable, float] | None = None,
    level: float = LEVEL,
    method: Interval = "korn-graubard",
) -> WeightedShares:
    """Estimate a share, its design effect and its interval for each group, such as districts.

    Parameters
    ----------
    answers, weights : array_like, dims respondent
        As in :func:`weighted_share`.
    groups : array_like, dims respondent
        Label of each respondent, for example the district; those without one are in no group.
    strata, post_strata : array_like or None, dims respondent
        As in :func:`weighted_share`.
    population : mapping or None
        Size of each group of `post_strata`.
    level : float
        Confidence level.
    method : {"korn-graubard", "beta", "logit", "asin", "mean"}
        Interval, as in :func:`share_interval`.

    Returns
    -------
    WeightedShares
        One element per group in which somebody answered.

    Raises
    ------
    InputError
        As :func:`weighted_share`, or if a group has no two respondents in a stratum.

    Notes
    -----
    Every group is a domain of the one sample: respondents outside it still carry the design.
    Source: Korn & Graubard (1998) Survey Methodology 24:193; Lumley (2010) Complex Surveys, ch. 2;
    R's ``survey::svyby(~answer, ~group, design, svyciprop)``.

    Examples
    --------
    >>> answers, weights = [1, 1, 0, 1, 0, 1, 1, 0] * 5, [1, 2, 1, 2, 1, 1, 2, 1] * 5
    >>> shares = weighted_shares(answers, weights, list("eeeewwww") * 5)
    >>> shares.estimate.round(3).tolist(), shares.low.round(2).tolist()
    ([0.833, 0.6], [0.6, 0.36])
    """
    sample = sample_of(answers, weights, strata, post_strata, population, groups=groups)
    codes, labels = pd.factorize(labels_of(groups), sort=True)
    if len(codes) != len(sample.answers):
        raise refused(
            f"groups must hold a label for each of {len(sample.answers)} respondents",
            f"{len(codes)} labels",
            "Correct groups.",
        )
    answered = ~np.isnan(sample.answers)
    kept = [k for k in range(len(labels)) if (answered & (codes == k)).any()]
    shares = [
        _share_of(sample, answered & (codes == k), None, check_level(level), method) for k in kept
    ]

    fields = ("estimate", "se", "low", "high", "deff", "kish_deff", "n_effective", "df")
    columns = {f: np.array([getattr(s, f) for s in shares], dtype=np.float64) for f in fields}
    return WeightedShares(
        group=np.asarray(labels, dtype=object)[kept],
        n=np.array([share.n for share in shares], dtype=np.intp),
        level=level,
        method=method,
        **columns,
    )


def real_df(df: float) -> float:
    """Check degrees of freedom; infinity is allowed."""
    return float("inf") if df == np.inf else real_scalar("df", df, above=0)


def share_interval(
    estimate: float,
    se: float,
    *,
    n: float,
    df: float = np.inf,
    level: float = LEVEL,
    method: Interval = "logit",
) -> tuple[float, float]:
    """Interval of a share with a known standard error.

    Parameters
    ----------
    estimate, se : float
        Share, 0 to 1, and its standard error.
    n : float
        Respondents, effective ones where weights differ; used by `beta`, and where `se` is 0.
    df : float
        Degrees of freedom of the t quantile; `inf` is normal.
    level : float
        Confidence level.
    method : {"logit", "beta", "korn-graubard", "asin", "mean"}
        `logit` (and survey's `xlogit`): symmetric in the log odds. `beta`: Clopper-Pearson on
        the effective sample size p(1-p)/se^2 (Korn & Graubard 1998); `korn-graubard`: the same,
        the effective sample size never above n, as NCHS's presentation standards want it (a
        design effect below 1 is then not believed). `asin`: symmetric in the arc sine of the
        root. `mean`: estimate plus and minus, which can leave 0 to 1.

    Returns
    -------
    tuple of float
        Low and high. A standard error of 0 (everybody gave the same answer, or everybody in each
        stratum) is no certainty: the interval is then Clopper-Pearson's with n, by any method.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    logit: logit(p) -+ t se / (p (1-p)), turned back. Source: R's ``survey::svyciprop``, without
    its `likelihood`; Parker et al. (2017) National Center for Health Statistics data presentation
    standards for proportions, Vital and Health Statistics 2(175), for `korn-graubard`.

    Examples
    --------
    >>> low, high = share_interval(0.0218579234972678, 0.02262242, n=183, df=14)
    >>> round(low, 4), round(high, 3)
    (0.0023, 0.178)
    """
    p = real_scalar("estimate", estimate, at_least=0, at_most=1)
    error = real_scalar("se", se, at_least=0)
    respondents = real_scalar("n", n, above=0)
    freedom = real_df(df)
    tail = (1 - check_level(level)) / 2
    check_choice("method", method, _INTERVALS)
    quantile = float(-stdtrit(freedom, tail))
    spread = p * (1 - p)
    if spread == 0 or error == 0:
        limits = clopper_pearson_interval(
            np.asarray(p * respondents), np.asarray(respondents), tail
        )
        return float(limits[0]), float(limits[1])
    if method == "mean":
        return p - quantile * error, p + quantile * error
    if method in ("beta", "korn-graubard"):
        size = spread / error**2
        if freedom != np.inf and respondents > 1:
            size *= float(stdtrit(respondents - 1, tail) / stdtrit(freedom, tail)) ** 2
        if method == "korn-graubard":
            size = min(size, respondents)
        limits = clopper_pearson_interval(np.asarray(size * p), np.asarray(size), tail)
        return float(limits[0]), float(limits[1])
    if method == "logit":
        half = quantile * error / spread
        return float(expit(logit(p) - half)), float(expit(logit(p) + half))
    angle = float(np.arcsin(np.sqrt(p)))
    half = quantile * error / (2 * np.sqrt(spread))
    low_angle, high_angle = max(angle - half, 0.0), min(angle + half, np.pi / 2)
    return float(np.sin(low_angle) ** 2), float(np.sin(high_angle) ** 2)
