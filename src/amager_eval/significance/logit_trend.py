"""How steep is a trend over waves? Logistic regression on the scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from amager_eval.conventions import LEVEL
from amager_eval.errors import Fault, InputError
from amager_eval.indicators.arguments import check_level, check_successes, real_scalar, vector
from amager_eval.significance.contrast import Contrast, normal_contrast

__all__ = ["logit_trend"]


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

    Examples
    --------
    >>> s = logit_trend([252, 258, 264, 267, 273], 300, [2024, 2025, 2026, 2027, 2028])
    >>> round(s.estimate, 4), round(s.se, 4)
    (0.1579, 0.0562)
    """
    x = vector("counts", counts, at_least=0)
    n = vector("totals", totals, length=len(x), above=0)
    check_successes("counts", x, "totals", n)
    s = vector("scores", scores, length=len(x))
    effect = real_scalar("deff", deff, above=0)
    level = check_level(level)
    unit, method = "log odds per unit of score", "logistic regression, Wald"
    if np.isnan(np.concatenate([x, n, s])).any():
        nan = np.asarray(np.nan)
        return normal_contrast(nan, nan, np.asarray(n.sum()), level, method, unit)
    if np.ptp(s) == 0 or not 0 < x.sum() < n.sum():
        raise InputError(
            Fault(
                "a trend needs different scores and both answers",
                found=f"{len(x)} waves, {x.sum():g} of {n.sum():g}",
                remedy="Pass more waves; where every share is 0 or 1 there is no slope.",
            )
        )
    # statsmodels takes a second to import and is needed here only
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    # centred scores: years as they are make the design nearly singular
    design = np.column_stack([np.ones_like(s), s - s.mean()])
    answers = np.column_stack([x, n - x])
    fit = GLM(answers, design, family=families.Binomial()).fit(
        tol=1e-12, tol_criterion="params", maxiter=200
    )
    estimate, se = np.asarray(fit.params[1]), np.asarray(fit.bse[1]) * np.sqrt(effect)
    return normal_contrast(estimate, se, np.asarray(n.sum()), level, method, unit)
