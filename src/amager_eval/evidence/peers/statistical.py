"""Peers from textbooks: regressions, structural time series, a gap to the whole."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import statsmodels.api as sm
from scipy.optimize import brentq
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    PerfectSeparationWarning,
    ValueWarning,
)

from amager_eval.evidence.peers.series import Past, SeriesPeer, Unforecastable, normal_draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.evidence.peers.series import Scale

    type Floats = NDArray[np.float64]

__all__ = ["linear_trend", "negbin_glm", "structural"]

_STATSMODELS: Final = ("numpy", "scipy", "statsmodels")
#: A log mean beyond this is an explosion, not a forecast.
_HIGHEST_LOG_MEAN: Final = 20.0


def linear_trend(scale: Scale) -> SeriesPeer:
    """Make the peer: a straight line through the series, exact predictive bands."""
    return SeriesPeer(
        "linear_trend",
        _linear,
        scale,
        "least squares on time; predictive Student t with n - 2 degrees of freedom",
        least=4,
    )


def structural(name: str, level: str, scale: Scale) -> SeriesPeer:
    """Make the peer: statsmodels' UnobservedComponents, with a fixed season where there is one."""
    return SeriesPeer(
        name,
        partial(_structural, level=level),
        scale,
        f"UnobservedComponents({level}, fixed season), maximum likelihood; Normal forecast "
        "distribution given the estimates",
        packages=_STATSMODELS,
        least=5,
    )


def negbin_glm() -> SeriesPeer:
    """Make the peer: negative binomial regression on season and linear trend."""
    return SeriesPeer(
        "negbin_glm",
        _negbin,
        "counts",
        "log-linear in time and season; dispersion by moments; coefficients drawn from their "
        "Normal approximation, counts from the negative binomial",
        packages=_STATSMODELS,
        least=5,
    )


def _linear(past: Past, size: int, rng: np.random.Generator) -> Floats:
    at = np.flatnonzero(np.isfinite(past.values)).astype(np.float64)
    y = past.seen
    ahead = len(past.values) - 1 + np.arange(1, past.horizon + 1, dtype=np.float64)
    slope, intercept = np.polyfit(at, y, 1)
    spread = ((at - at.mean()) ** 2).sum()
    df = len(y) - 2
    sigma = np.sqrt(((y - intercept - slope * at) ** 2).sum() / df)
    sd = sigma * np.sqrt(1 + 1 / len(y) + (ahead - at.mean()) ** 2 / spread)
    return np.asarray(intercept + slope * ahead + sd * rng.standard_t(df, (size, past.horizon)))


def _structural(past: Past, size: int, rng: np.random.Generator, *, level: str) -> Floats:
    season = past.per_year if past.per_year > 1 and len(past.values) > 2 * past.per_year else None
    with warnings.catch_warnings():
        # the maximum is often at a zero variance; the forecast is still the estimate's
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", ValueWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", UserWarning)
        try:
            model = sm.tsa.UnobservedComponents(
                past.values, level=level, seasonal=season, stochastic_seasonal=False
            )
            forecast = model.fit(disp=0, maxiter=200).get_forecast(past.horizon)
        except (np.linalg.LinAlgError, ValueError) as error:
            raise Unforecastable(f"no estimate ({type(error).__name__})") from error
        mean = np.asarray(forecast.predicted_mean, dtype=np.float64)
        sd = np.asarray(forecast.se_mean, dtype=np.float64)
    return normal_draws(mean, sd, size, rng)


def _negbin(past: Past, size: int, rng: np.random.Generator) -> Floats:
    y = past.values
    known = np.isfinite(y)
    if not y[known].any():
        raise Unforecastable("all counts are zero")
    design = _season_and_trend(past)
    x, future = design[: len(y)][known], design[len(y) :]
    fitted, dispersion = _fit_negbin(y[known], x)
    covariance = np.asarray(fitted.cov_params())
    if not np.isfinite(covariance).all():
        raise Unforecastable("no estimate of the coefficients' covariance")
    beta = rng.multivariate_normal(np.asarray(fitted.params), covariance, size, method="eigh")
    log_mean = beta @ future.T
    if log_mean.max() > _HIGHEST_LOG_MEAN:
        raise Unforecastable("the trend explodes")
    mean = np.exp(log_mean)
    if dispersion > 0:
        mean = mean * rng.gamma(1 / dispersion, dispersion, mean.shape)
    return rng.poisson(mean).astype(np.float64)


def _season_and_trend(past: Past) -> Floats:
    """Columns intercept, years from the middle, zero-sum season; rows past, then future."""
    at = np.arange(len(past.values) + past.horizon)
    columns = [np.ones(len(at)), (at - len(past.values) / 2) / past.per_year]
    place = (past.first_index - 1 + at) % past.per_year
    last = (place == past.per_year - 1).astype(np.float64)
    columns += [(place == k) - last for k in range(past.per_year - 1)]
    return np.column_stack(columns)


def _fit_negbin(y: Floats, x: Floats) -> tuple[Any, float]:
    """Alternate the regression and a moment estimate of the dispersion."""
    dispersion = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # a short series, fitted exactly
        warnings.simplefilter("ignore", RuntimeWarning)
        for _ in range(4):
            family = (
                sm.families.NegativeBinomial(alpha=dispersion)
                if dispersion > 0
                else sm.families.Poisson()
            )
            try:
                fitted = sm.GLM(y, x, family=family).fit(maxiter=50)
            except (np.linalg.LinAlgError, ValueError) as error:
                raise Unforecastable(f"no estimate ({type(error).__name__})") from error
            dispersion = _dispersion(y, np.asarray(fitted.mu), len(y) - x.shape[1])
    return fitted, dispersion


def _dispersion(y: Floats, mu: Floats, df: int) -> float:
    """Dispersion at which Pearson's statistic equals its degrees of freedom; 0 if Poisson will."""
    if df <= 0:
        return 0.0

    def excess(alpha: float) -> float:
        return float(((y - mu) ** 2 / (mu + alpha * mu**2)).sum()) - df

    if not np.isfinite(excess(0.0)) or excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, 10.0)) if excess(10.0) < 0 else 10.0
