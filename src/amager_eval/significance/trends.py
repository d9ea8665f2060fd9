"""Is there a trend, and how steep? Shares, ranks, rates."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize_scalar
from scipy.special import chdtrc, gammaln, stdtr, stdtrit, xlogy

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    Array,
    check_choice,
    check_level,
    check_successes,
    plain,
    real_scalar,
    refused,
    same_labels,
    vector,
)
from amager_eval.indicators.estimate import Shown
from amager_eval.significance.contrast import Contrast, normal_contrast, standardise, two_sided_p

__all__ = [
    "RankTrend",
    "RateTrend",
    "TrendTest",
    "logit_trend",
    "rank_trend",
    "rate_trend",
    "trend",
]

Family = Literal["poisson", "quasi-poisson", "negative-binomial"]


@dataclass(frozen=True)
class TrendTest(Shown):
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
    x, n, s, effect = _waves(counts, totals, scores, deff)
    if len(x) < 2 or np.ptp(s) == 0:
        raise refused(
            "a trend needs at least two waves with different scores",
            f"{len(x)} waves, scores {', '.join(f'{score:g}' for score in s[:5])}",
            "Pass more waves or other scores.",
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


def logit_trend(
    counts: ArrayLike,
    totals: ArrayLike,
    scores: ArrayLike,
    *,
    deff: float = 1.0,
    level: float = LEVEL,
) -> Contrast:
    """Estimate a linear trend in the log odds of independent shares.

    Parameters
    ----------
    counts, totals, scores : array_like, dims wave
        Respondents who gave the answer, respondents, and what the trend is linear in.
    deff : float
        Design effect; the standard error is multiplied by its square root.
    level : float
        Confidence level.

    Returns
    -------
    Contrast
        Slope of the log odds per unit of score. NaN if any input is.

    Raises
    ------
    InputError
        If counts exceed totals, every answer is the same, or there are fewer than two scores.

    Notes
    -----
    Binomial generalised linear model by statsmodels; Wald z. Its test is asymptotically the
    Cochran-Armitage test of :func:`trend` and carries the same warning: sampling noise only.
    Source: Agresti (2013) Categorical Data Analysis, 5.3.

    Where the scores separate the answers (nobody below some score, everybody above it) the
    likelihood has no maximum: the slope is infinite, z is undefined (NaN), the interval says
    nothing, and p is exact, given how many answered so in all: Fisher's test for two scores, twice
    the probability of the observed, most extreme order for more; a design effect divides the
    counts. Source: Albert & Anderson (1984) Biometrika 71:1; Cox (1970) Analysis of Binary Data.

    Examples
    --------
    >>> s = logit_trend([252, 258, 264, 267, 273], 300, [2024, 2025, 2026, 2027, 2028])
    >>> round(s.estimate, 4), round(s.se, 4)
    (0.1579, 0.0562)
    """
    x, n, s, effect = _waves(counts, totals, scores, deff)
    level = check_level(level)
    unit, method = "log odds per unit of score", "logistic regression, Wald"
    if np.isnan(np.concatenate([x, n, s])).any():
        nan = np.asarray(np.nan)
        return normal_contrast(nan, nan, np.asarray(n.sum()), level, method, unit)
    if np.ptp(s) == 0 or not 0 < x.sum() < n.sum():
        raise refused(
            "a trend needs different scores and both answers",
            f"{len(x)} waves, {x.sum():g} of {n.sum():g}",
            "Pass more waves; where every share is 0 or 1 there is no slope.",
        )
    direction = _separated_answers(x, n, s)
    if direction:
        return Contrast(
            estimate=direction * np.inf,
            se=np.inf,
            low=-np.inf,
            high=np.inf,
            z=np.nan,
            p_value=_exact_order(x, n, s, effect),
            n=float(n.sum()),
            level=level,
            method="exact: the scores separate the answers",
            unit=unit,
        )
    # centred scores: years as they are make the design nearly singular
    design = np.column_stack([np.ones_like(s), s - s.mean()])
    # statsmodels takes a second to import and is needed here only
    from statsmodels.genmod.families import Binomial

    fit = _fit(np.column_stack([x, n - x]), design, Binomial(), tol_criterion="params")
    estimate, se = np.asarray(fit.params[1]), np.asarray(fit.bse[1]) * np.sqrt(effect)
    return normal_contrast(estimate, se, np.asarray(n.sum()), level, method, unit)


def _waves(
    counts: ArrayLike, totals: ArrayLike, scores: ArrayLike | None, deff: float
) -> tuple[Array, Array, Array, float]:
    """Check what a trend in shares is asked of; without scores 0, 1, 2, ..."""
    same_labels(counts=counts, totals=totals, scores=scores)
    x = vector("counts", counts, at_least=0)
    n = vector("totals", totals, length=len(x), above=0)
    check_successes("counts", x, "totals", n)
    s = np.arange(float(len(x))) if scores is None else vector("scores", scores, length=len(x))
    return x, n, s, real_scalar("deff", deff, above=0)


def _by_score(s: Array, *columns: Array) -> tuple[Array, ...]:
    """Sum columns over equal scores; the different scores first, in order."""
    scores, place = np.unique(s, return_inverse=True)
    return scores, *(np.bincount(place, weights=column) for column in columns)


def _separated_answers(x: Array, n: Array, s: Array) -> int:
    """1 or -1 where the slope of the log odds is infinite, in its direction; else 0.

    The likelihood has a maximum where two different scores have both answers. With one such
    score, or none, it has none if all others lie on the side of their answer.
    """
    scores, yes, asked = _by_score(s, x, n)
    share = yes / asked
    if len(scores) < 2 or ((np.diff(share) < 0).any() and (np.diff(share) > 0).any()):
        return 0
    if ((share > 0) & (share < 1)).sum() > 1:
        return 0
    return 1 if share[-1] > share[0] else -1


def _exact_order(x: Array, n: Array, s: Array, deff: float) -> float:
    """Two-sided p of separated answers, given the number of answers in all."""
    _, yes, asked = _by_score(s, x, n)
    if len(yes) == 2 and deff == 1 and not (yes % 1).any() and not (asked % 1).any():
        from scipy.stats import fisher_exact

        return float(fisher_exact(np.array([yes, asked - yes]).astype(int)).pvalue)

    def log_ways(of: Array, chosen: Array) -> float:
        ways = gammaln(of + 1) - gammaln(chosen + 1) - gammaln(of - chosen + 1)
        return float(np.sum(ways))

    yes, asked = yes / deff, asked / deff
    in_all = log_ways(np.asarray(asked.sum()), np.asarray(yes.sum()))
    return min(1.0, 2 * float(np.exp(log_ways(asked, yes) - in_all)))


def _fit(answers: Array, design: Array, family: Any, **options: Any) -> Any:
    """Fit a generalised linear model that has a maximum; refuse one that is not found."""
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    offset = options.pop("offset", None)
    # counts exactly on a line leave no residual to divide, and are no separation
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fit = GLM(answers, design, family=family, offset=offset).fit(
            tol=1e-12, maxiter=200, **options
        )
    if not np.isfinite(np.concatenate([fit.params, fit.bse])).all():
        raise refused(
            "no trend was found: the likelihood has no finite maximum",
            f"{len(answers)} periods",
            "Pass more periods, or put sparse ones together.",
        )
    return fit


@dataclass(frozen=True)
class RankTrend(Shown):
    """A monotone trend by ranks.

    Parameters
    ----------
    tau, p_value : float
        Kendall's tau-b with years, and its two-sided normal p-value (corrected for ties).
    slope : float
        Theil-Sen slope per year: the median of all pairwise slopes, in the unit of the values.
    n : int
        Waves.
    method : str
        Name of the method.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.rank_trend([89, 88, 87, 86, 85], [2020, 2021, 2022, 2023, 2024])
    >>> t.slope, round(t.p_value, 4)
    (-1.0, 0.0143)
    """

    tau: float
    p_value: float
    slope: float
    n: int
    method: str


def rank_trend(values: ArrayLike, years: ArrayLike) -> RankTrend:
    """Test for a monotone trend by ranks.

    Parameters
    ----------
    values : array_like, dims wave
        Shares, percentages or rates.
    years : array_like, dims wave
        Years of the waves.

    Returns
    -------
    RankTrend
        NaN throughout if any input is, or if all values are equal.

    Raises
    ------
    InputError
        If there are fewer than three waves, or all years are equal.

    Notes
    -----
    SciPy's ``kendalltau`` and ``theilslopes``. It ignores how precise each wave is, and, like
    every trend test here but the random walk, takes waves to be independent about the trend.
    Tau-b = (concordant - discordant pairs) / sqrt of the pairs untied in each. Sources: Kendall
    (1970) Rank Correlation Methods; Sen (1968) JASA 63:1379.

    Examples
    --------
    >>> t = rank_trend([89, 88, 87, 86, 85], [2020, 2021, 2022, 2023, 2024])
    >>> round(t.tau, 6), t.slope
    (-1.0, -1.0)
    """
    from scipy.stats import kendalltau, theilslopes

    same_labels(values=values, years=years)
    y = vector("values", values)
    t = vector("years", years, length=len(y))
    method = "Kendall tau-b, Theil-Sen"
    if np.isnan(np.concatenate([y, t])).any():
        return RankTrend(np.nan, np.nan, np.nan, len(y), method)
    if len(y) < 3 or np.ptp(t) == 0:
        raise refused(
            "a trend by ranks needs at least three waves in different years",
            f"{len(y)} waves, years {', '.join(f'{year:g}' for year in t[:5])}",
            "Pass more waves.",
        )
    slope = float(theilslopes(y, t).slope)
    if np.ptp(y) == 0:
        return RankTrend(np.nan, np.nan, slope, len(y), method)
    kendall = kendalltau(t, y, method="asymptotic")
    return RankTrend(float(kendall.statistic), float(kendall.pvalue), slope, len(y), method)


@dataclass(frozen=True)
class RateTrend(Shown):
    """A log-linear trend of a rate.

    Parameters
    ----------
    estimate, se, low, high : float
        Change of the log rate per year, its standard error and interval; .01 is about 1 %.
    z, p_value : float
        Test of no trend; for quasi-Poisson z is a t on `df` degrees of freedom where the
        dispersion is estimated, and normal where it is 1.
    log_rate_at_end, log_rate_se : float
        Log rate of the line in the last year, covariates at 0, and its standard error.
    covariate : float
        Coefficient of the covariate on the log rate; NaN without one.
    dispersion, dispersion_p_value : float
        Pearson chi-square of the Poisson fit over its degrees of freedom, 1 where it is below
        unless asked for, and the probability of as much if the counts were Poisson: the
        dispersion that :func:`rate_ratio` takes.
    alpha : float
        Negative-binomial parameter, variance mu + alpha mu^2; NaN for the other families.
    df : int
        Residual degrees of freedom.
    n : float
        Events in all.
    level : float
        Confidence level.
    method : str
        Name of the family.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.rate_trend([612, 598, 640, 571], [52000, 52468, 52940, 53417],
    ...                   [2013, 2014, 2015, 2016])
    >>> round(t.estimate, 3), round(t.p_value, 2)
    (-0.022, 0.46)
    """

    estimate: float
    se: float
    low: float
    high: float
    z: float
    p_value: float
    log_rate_at_end: float
    log_rate_se: float
    covariate: float
    dispersion: float
    dispersion_p_value: float
    alpha: float
    df: int
    n: float
    level: float
    method: str


def rate_trend(
    counts: ArrayLike,
    exposures: ArrayLike,
    years: ArrayLike,
    *,
    covariate: ArrayLike | None = None,
    family: Family = "quasi-poisson",
    underdispersion: bool = False,
    level: float = LEVEL,
) -> RateTrend:
    """Fit a log-linear trend to counts with an offset.

    Parameters
    ----------
    counts, exposures, years : array_like, dims year
        Events, what they are counted over, and the years.
    covariate : array_like, dims year, or None
        One more column, for example the fraction of the year under COVID restrictions.
    family : {"quasi-poisson", "poisson", "negative-binomial"}
        Variance: dispersion times the mean, the mean, or mean + alpha mean^2.
    underdispersion : bool
        Whether a dispersion below 1 is believed. A few reports on a straight line by chance make
        one of nearly 0, and every slope significant: by default it is then 1, as Poisson.
    level : float
        Confidence level.

    Returns
    -------
    RateTrend
        NaN throughout if any input is.

    Raises
    ------
    InputError
        If a count is negative, an exposure not above 0, there are too few years, or the years
        with events leave a slope or the covariate's effect without a maximum and without an exact
        answer (a covariate, or the negative binomial family).

    Notes
    -----
    Generalised linear model with log link and offset log(exposure), by statsmodels. Negative
    binomial: alpha by maximum likelihood of the profile, standard errors given alpha (R's
    ``MASS::glm.nb``; source: Venables & Ripley 2002, 7.4). Years are counted from the last, so
    the intercept is the end of the line. A trend says that the series moved, not why.

    Where all events lie in the first or in the last year the likelihood has no maximum: the slope
    is infinite, z undefined (NaN), and p and the finite limit are exact, from the multinomial
    distribution of the events over the years given their number; p is twice the probability that
    all fall in that year if the rate never changed. In general there is no maximum where some
    line is level over the years with events and falls off on one side only over those without
    (source: Correia, Guimaraes & Zylkin 2019, arXiv:1903.01633).

    Examples
    --------
    >>> t = rate_trend([612, 598, 640, 571], [52000, 52468, 52940, 53417], [2013, 2014, 2015, 2016])
    >>> round(t.estimate, 3), round(t.dispersion, 2)
    (-0.022, 1.8)
    """
    same_labels(counts=counts, exposures=exposures, years=years, covariate=covariate)
    y = vector("counts", counts, at_least=0)
    e = vector("exposures", exposures, length=len(y), above=0)
    t = vector("years", years, length=len(y))
    level = check_level(level)
    check_choice("family", family, ("quasi-poisson", "poisson", "negative-binomial"))
    columns = [np.ones_like(t), t - t.max()]
    if covariate is not None:
        columns.append(vector("covariate", covariate, length=len(y)))
    design = np.column_stack(columns)
    df = len(y) - design.shape[1]
    if np.isnan(design).any() or np.isnan(y).any() or np.isnan(e).any():
        nan, n = np.nan, float(y.sum())
        return RateTrend(
            nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, df, n, level, family
        )
    if df < 1 or np.linalg.matrix_rank(design) < design.shape[1] or not y.any():
        raise refused(
            "too few years, or no events, for a trend of a rate",
            f"{len(y)} years, {y.sum():g} events",
            "Pass more years, or leave the covariate out.",
        )
    if _no_maximum(y, design):
        if covariate is not None or family == "negative-binomial":
            raise refused(
                "the events lie in so few years that a rate has no finite trend",
                f"events in {int((y > 0).sum())} of {len(y)} years",
                "Leave the covariate out, or use family 'poisson'.",
            )
        return _exact_trend(y, e, t, df, level)
    offset = np.log(e)
    poisson = _glm(y, design, offset, alpha=0.0)
    pearson = float(poisson.pearson_chi2)
    dispersion = pearson / df if underdispersion else max(pearson / df, 1.0)
    alpha = np.nan
    fit = poisson
    if family == "negative-binomial":
        alpha = _alpha(y, design, offset)
        fit = _glm(y, design, offset, alpha=alpha)
    estimated = family == "quasi-poisson" and dispersion != 1
    scale = dispersion if estimated else 1.0
    coefficients = np.asarray(fit.params)
    errors = np.sqrt(np.diag(np.asarray(fit.normalized_cov_params)) * scale)
    slope, se = float(coefficients[1]), float(errors[1])
    z = slope / se if se else np.nan
    # an estimated scale calls for Student's t, as in R
    quantile = stdtrit(df if estimated else np.inf, (1 + level) / 2)
    p_value = 2 * stdtr(df, -abs(z)) if estimated else two_sided_p(np.asarray(z))
    return RateTrend(
        estimate=slope,
        se=se,
        low=slope - float(quantile) * se,
        high=slope + float(quantile) * se,
        z=z,
        p_value=float(p_value),
        log_rate_at_end=float(coefficients[0]),
        log_rate_se=float(errors[0]),
        covariate=float(coefficients[2]) if covariate is not None else np.nan,
        dispersion=dispersion,
        dispersion_p_value=float(chdtrc(df, pearson)),
        alpha=alpha,
        df=df,
        n=float(y.sum()),
        level=level,
        method=family,
    )


def _no_maximum(y: Array, design: Array) -> bool:
    """Whether the likelihood rises for ever along some line that is level where there are events.

    Where the design has full rank over the years with events there is no such line; else one must
    fall off, and never rise, over the years without.
    """
    positive, empty = design[y > 0], design[y == 0]
    if np.linalg.matrix_rank(positive) == design.shape[1] or not len(empty):
        return False
    from scipy.optimize import linprog

    # maximise the fall over the years without events, each of which may fall by at most 1
    found = linprog(
        empty.sum(axis=0),
        A_ub=np.vstack([empty, -empty]),
        b_ub=np.concatenate([np.zeros(len(empty)), np.ones(len(empty))]),
        A_eq=positive,
        b_eq=np.zeros(len(positive)),
        bounds=(None, None),
    )
    return bool(found.fun is not None and found.fun < -1e-6)


def _exact_trend(y: Array, e: Array, t: Array, df: int, level: float) -> RateTrend:
    """Answer exactly where all events lie in the first or in the last year."""
    years, events, exposure = _by_score(t, y, e)
    last = bool(events[-1] > 0)
    total = float(y.sum())
    since = years - years[-1] if last else years[0] - years

    def chance(slope: float) -> float:
        """Chance that all events fall in that year, at a slope towards it."""
        share = exposure * np.exp(slope * since)
        return float((share[-1 if last else 0] / share.sum()) ** total)

    tail = (1 - level) / 2
    # towards the year the chance rises to 1, away from it it falls to 0
    reach = 1.0
    while chance(-reach) > tail or chance(reach) < tail:
        reach *= 2
    limit = float(brentq(lambda slope: chance(slope) - tail, -reach, reach, xtol=1e-12))
    nan, sign = float("nan"), 1 if last else -1
    at_end = float(np.log(events[-1] / exposure[-1])) if last else -np.inf
    return RateTrend(
        estimate=sign * np.inf,
        se=np.inf,
        low=limit if last else -np.inf,
        high=np.inf if last else -limit,
        z=nan,
        p_value=min(1.0, 2 * chance(0.0)),
        log_rate_at_end=at_end,
        log_rate_se=float(1 / np.sqrt(total)) if last else np.inf,
        covariate=nan,
        dispersion=1.0,
        dispersion_p_value=1.0,
        alpha=nan,
        df=df,
        n=total,
        level=level,
        method="exact: all events in one year",
    )


def _glm(y: Array, design: Array, offset: Array, *, alpha: float) -> Any:
    # statsmodels takes a second to import and is needed here only
    from statsmodels.genmod import families

    family = families.NegativeBinomial(alpha=alpha) if alpha > 0 else families.Poisson()
    return _fit(y, design, family, offset=offset, scale=1.0)


def _alpha(y: Array, design: Array, offset: Array) -> float:
    """Maximum-likelihood alpha of the profile; 2e-9, the lower bound, where Poisson fits best."""

    def loss(log_alpha: float) -> float:
        alpha = float(np.exp(log_alpha))
        mu = np.asarray(_glm(y, design, offset, alpha=alpha).mu)
        return -_log_likelihood(y, mu, alpha)

    best = minimize_scalar(loss, bounds=(-20, 3), method="bounded", options={"xatol": 1e-8})
    return float(np.exp(best.x))


def _log_likelihood(y: Array, mu: Array, alpha: float) -> float:
    size = 1 / alpha
    terms = gammaln(y + size) - gammaln(size) - gammaln(y + 1)
    terms += xlogy(y, mu / (mu + size)) - size * np.log1p(mu / size)
    return float(terms.sum())
