"""Trend of a rate, and how much counts vary beyond Poisson: what `dispersion` is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import chdtrc, gammaln, stdtr, stdtrit, xlogy

from amager_eval.conventions import LEVEL
from amager_eval.errors import Fault, InputError
from amager_eval.indicators.arguments import Array, check_choice, check_level, vector
from amager_eval.indicators.estimate import frame_of
from amager_eval.significance.contrast import two_sided_p

__all__ = ["RateTrend", "rate_trend"]

Family = Literal["poisson", "quasi-poisson", "negative-binomial"]


@dataclass(frozen=True)
class RateTrend:
    """A log-linear trend of a rate.

    Parameters
    ----------
    estimate, se, low, high : float
        Change of the log rate per year, its standard error and interval; .01 is about 1 %.
    z, p_value : float
        Test of no trend; for quasi-Poisson z is a t on `df` degrees of freedom.
    log_rate_at_end, log_rate_se : float
        Log rate of the line in the last year, covariates at 0, and its standard error.
    covariate : float
        Coefficient of the covariate on the log rate; NaN without one.
    dispersion, dispersion_p_value : float
        Pearson chi-square of the Poisson fit over its degrees of freedom, and the probability of
        as much if the counts were Poisson: the dispersion that :func:`rate_ratio` takes.
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

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the columns of this record."""
        return frame_of(self)


def rate_trend(
    counts: ArrayLike,
    exposures: ArrayLike,
    years: ArrayLike,
    *,
    covariate: ArrayLike | None = None,
    family: Family = "quasi-poisson",
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
    level : float
        Confidence level.

    Returns
    -------
    RateTrend
        NaN throughout if any input is.

    Raises
    ------
    InputError
        If a count is negative, an exposure not above 0, or there are too few years.

    Notes
    -----
    Generalised linear model with log link and offset log(exposure), by statsmodels. Negative
    binomial: alpha by maximum likelihood of the profile, standard errors given alpha (R's
    ``MASS::glm.nb``; source: Venables & Ripley 2002, 7.4). Years are counted from the last, so
    the intercept is the end of the line. A trend says that the series moved, not why.

    Examples
    --------
    >>> t = rate_trend([612, 598, 640, 571], [52000, 52468, 52940, 53417], [2013, 2014, 2015, 2016])
    >>> round(t.estimate, 3), round(t.dispersion, 2)
    (-0.022, 1.8)
    """
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
        return _missing(df, float(y.sum()), level, family)
    if df < 1 or np.linalg.matrix_rank(design) < design.shape[1] or not y.any():
        raise InputError(
            Fault(
                "too few years, or no events, for a trend of a rate",
                found=f"{len(y)} years, {y.sum():g} events",
                remedy="Pass more years, or leave the covariate out.",
            )
        )
    offset = np.log(e)
    poisson = _glm(y, design, offset, alpha=0.0)
    pearson = float(poisson.pearson_chi2)
    dispersion = pearson / df
    alpha = np.nan
    fit = poisson
    if family == "negative-binomial":
        alpha = _alpha(y, design, offset)
        fit = _glm(y, design, offset, alpha=alpha)
    scale = dispersion if family == "quasi-poisson" else 1.0
    coefficients = np.asarray(fit.params)
    errors = np.sqrt(np.diag(np.asarray(fit.normalized_cov_params)) * scale)
    slope, se = float(coefficients[1]), float(errors[1])
    z = slope / se
    # an estimated scale calls for Student's t, as in R
    quantile = stdtrit(df if family == "quasi-poisson" else np.inf, (1 + level) / 2)
    p_value = 2 * stdtr(df, -abs(z)) if family == "quasi-poisson" else two_sided_p(np.asarray(z))
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


def _missing(df: int, n: float, level: float, family: Family) -> RateTrend:
    nan = float("nan")
    return RateTrend(
        nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, df, n, level, family
    )


def _glm(y: Array, design: Array, offset: Array, *, alpha: float) -> Any:
    # statsmodels takes a second to import and is needed here only
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    family = families.NegativeBinomial(alpha=alpha) if alpha > 0 else families.Poisson()
    return GLM(y, design, family=family, offset=offset).fit(tol=1e-12, maxiter=200, scale=1.0)


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
