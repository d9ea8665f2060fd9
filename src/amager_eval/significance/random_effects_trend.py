"""Is there a trend beyond sampling noise? Shares with known variances and waves that wander."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq
from scipy.special import chdtrc, stdtr, stdtrit

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    Array,
    check_choice,
    check_level,
    real_scalar,
    refused,
    same_labels,
    vector,
)
from amager_eval.indicators.estimate import Shown

__all__ = ["RandomEffectsTrend", "random_effects_trend"]

Effects = Literal["independent", "walk", "none"]


@dataclass(frozen=True)
class RandomEffectsTrend(Shown):
    """A straight line through shares with known sampling variances.

    Parameters
    ----------
    estimate, se, low, high : float
        Slope per year, its standard error and interval, shares (.01 is a point a year).
    z, p_value : float
        Test of no slope.
    df : float
        Degrees of freedom of the test and interval; infinite is normal.
    level_at_end : float
        The line at the last wave, a share.
    step, step_se : float
        Jump of the line from `step_from` on and its standard error; NaN without a step.
    tau2 : float
        Variance of the waves about the line beyond sampling (a year's worth of it for `walk`).
    q, q_p_value : float
        Heterogeneity about the line with no extra variance, and its chi-square p-value.
    n : int
        Waves.
    level : float
        Confidence level.
    method : str
        Name of the method.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.random_effects_trend([0.86, 0.85, 0.84, 0.84], [0.0004] * 4,
    ...                             [2021, 2022, 2023, 2024])
    >>> round(t.estimate, 4), round(t.p_value, 2)
    (-0.007, 0.43)
    """

    estimate: float
    se: float
    low: float
    high: float
    z: float
    p_value: float
    df: float
    level_at_end: float
    step: float
    step_se: float
    tau2: float
    q: float
    q_p_value: float
    n: int
    level: float
    method: str


@dataclass(frozen=True)
class _Line:
    """Generalised least squares at one value of tau2."""

    coefficients: Array
    covariance: Array
    score: float
    q: float


def random_effects_trend(
    shares: ArrayLike,
    variances: ArrayLike,
    years: ArrayLike,
    *,
    step_from: float | None = None,
    effects: Effects = "independent",
    level: float = LEVEL,
) -> RandomEffectsTrend:
    """Fit a trend to shares with known sampling variances.

    Parameters
    ----------
    shares : array_like, dims wave
        Observed shares, 0 to 1.
    variances : array_like, dims wave
        Their sampling variances, deff p (1-p) / n.
    years : array_like, dims wave
        Years of the waves; gaps are allowed.
    step_from : float or None
        First year of a new way of collecting: the line may jump there (2017 in Copenhagen's
        survey). A trend across a break without a step is not a trend.
    effects : {"independent", "walk", "none"}
        What moves a wave beyond sampling: independent shocks, a random walk (then the slope is
        the walk's drift), or nothing (weighted least squares).
    level : float
        Confidence level.

    Returns
    -------
    RandomEffectsTrend
        NaN throughout if any input is.

    Raises
    ------
    InputError
        If a variance is not above 0, or there are too few waves on a side for the line.

    Notes
    -----
    y_t = a + b (t - last) + step + u_t + e_t with e_t of known variance; the variance tau2 of u
    by REML (metafor's ``rma``), 0 where the likelihood falls from there. z is normal. With
    `walk`, cov(u_s, u_t) = tau2 min(s, t) counted from the first year, and z is compared with
    Student's t. Safety does wander: under a walk without drift Cochran-Armitage and independent
    effects find a trend far too often, `walk` less so but still too often in a dozen precise
    waves (docs/significance_simulation.md), because a dozen waves hardly tell a walk from
    noise. Sources: Viechtbauer (2010) J Stat Software 36(3); Harville (1977) JASA 72:320.

    Examples
    --------
    >>> p = np.array([0.89, 0.88, 0.87, 0.86, 0.85, 0.86, 0.87, 0.86, 0.85, 0.85, 0.84])
    >>> t = random_effects_trend(p, p * (1 - p) / 300, np.arange(2014, 2025))
    >>> round(t.estimate, 5), round(t.se, 5), round(t.p_value, 3), t.tau2
    (-0.00382, 0.00188, 0.042, 0.0)
    """
    same_labels(shares=shares, variances=variances, years=years)
    y = vector("shares", shares, at_least=0, at_most=1)
    v = vector("variances", variances, length=len(y), above=0)
    t = vector("years", years, length=len(y))
    level = check_level(level)
    check_choice("effects", effects, ("independent", "walk", "none"))
    method = {"none": "fixed effects", "independent": "random effects, REML"}.get(
        effects, "random walk with drift, REML"
    )
    if np.isnan(np.concatenate([y, v, t])).any():
        nan = np.nan
        return RandomEffectsTrend(
            nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, len(y), level, method
        )
    design = _design(t, step_from)
    shape = _shape(t, effects)
    tau2 = 0.0 if effects == "none" else _reml(y, v, design, shape)
    line = _fit(y, v, design, shape, tau2)
    fixed = _fit(y, v, design, shape, 0.0)
    errors = np.sqrt(np.diag(line.covariance))
    slope, se = float(line.coefficients[1]), float(errors[1])
    # a walk of few waves has its variance from as many steps: Student's t, not the normal
    df = float(len(y) - design.shape[1]) if effects == "walk" else np.inf
    half = float(-stdtrit(df, (1 - level) / 2)) * se
    return RandomEffectsTrend(
        estimate=slope,
        se=se,
        low=slope - half,
        high=slope + half,
        z=slope / se,
        p_value=float(2 * stdtr(df, -abs(slope / se))),
        df=df,
        level_at_end=float(line.coefficients[0]),
        step=float(line.coefficients[2]) if step_from is not None else np.nan,
        step_se=float(errors[2]) if step_from is not None else np.nan,
        tau2=tau2,
        q=fixed.q,
        q_p_value=float(chdtrc(len(y) - design.shape[1], fixed.q)),
        n=len(y),
        level=level,
        method=method,
    )


def _design(t: Array, step_from: float | None) -> Array:
    last = t.max()
    columns = [np.ones_like(t), t - last]
    if step_from is not None:
        # the step is 0 at the last wave, so that the intercept is the line's end
        columns.append(np.where(t >= real_scalar("step_from", step_from), 0.0, -1.0))
    design = np.column_stack(columns)
    if len(t) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        raise refused(
            "too few waves, or all on one side of step_from, for a trend",
            f"{len(t)} waves",
            "Pass more waves, or leave the step out where there is no break.",
        )
    return design


def _shape(t: Array, effects: Effects) -> Array:
    """Covariance of the waves' own movements when tau2 is 1."""
    if effects == "walk":
        since = t - t.min()
        return np.asarray(np.minimum(since[:, None], since))
    return np.eye(len(t))


def _fit(y: Array, v: Array, design: Array, shape: Array, tau2: float) -> _Line:
    factor = cho_factor(np.diag(v) + tau2 * shape, lower=True)
    weighted = cho_solve(factor, design)
    covariance = np.linalg.inv(design.T @ weighted)
    coefficients = covariance @ (weighted.T @ y)
    residual = cho_solve(factor, y - design @ coefficients)
    projection = cho_solve(factor, np.eye(len(y))) - weighted @ covariance @ weighted.T
    score = residual @ shape @ residual - np.trace(projection @ shape)
    return _Line(
        coefficients, covariance, float(score / 2), float(residual @ (y - design @ coefficients))
    )


def _reml(y: Array, v: Array, design: Array, shape: Array) -> float:
    """Root of the REML score in tau2; 0 where it is negative from the start."""

    def score(tau2: float) -> float:
        return _fit(y, v, design, shape, tau2).score

    if score(0.0) <= 0:
        return 0.0
    # the step past which the score is negative: the residuals cannot vary more than y does
    upper = float(np.var(y) + v.mean())
    while score(upper) > 0:
        upper *= 2
    root: float = brentq(score, 0.0, upper, xtol=1e-16, rtol=1e-13)
    return root
