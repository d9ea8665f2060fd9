"""Logarithmic score, minus log probability or density of what happened; smaller is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_expit, logsumexp

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Floats = NDArray[np.float64]

__all__ = ["log_score_counts", "log_score_shares"]


def log_score_counts(draws: ArrayLike, observed: ArrayLike) -> Floats:
    """Log score of a forecast of counts known through its draws, by a kernel estimate of its pmf.

    In nats, dims `...`; always finite.

    Every draw is spread by a logistic kernel whose sd is Silverman's bandwidth; the probability
    of a count is the mean kernel mass within half a unit of it, and everything below 1/2 belongs
    to 0, so that the pmf sums to 1. The same estimate serves every forecaster, because not all
    have a pmf of their own. The logistic tail charges an outcome beyond all draws by its
    distance and not infinitely; scores far out in the tail therefore lean on the kernel.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> draws = rng.poisson(5.0, size=(20_000, 1))
    >>> log_score_counts(draws, [5]).round(2).tolist()  # exact: 1.74
    [1.76]
    """
    x = np.asarray(draws, dtype=np.float64)
    y = np.asarray(observed, dtype=np.float64)
    scale = _bandwidth(x, least=0.2) * np.sqrt(3) / np.pi
    upper = (y + 0.5 - x) / scale
    lower = np.where(y <= 0, -np.inf, (y - 0.5 - x) / scale)
    return _minus_log_mean(_log_difference(upper, lower))


def log_score_shares(draws: ArrayLike, observed: ArrayLike, *, width: float) -> Floats:
    """Log score of a forecast of shares known through its draws, by a kernel estimate.

    `width` is that of the rounding interval the probability is taken over (.01 for whole
    percentages), so that scores of finely and coarsely published figures compare.

    In nats, dims `...`.

    Examples
    --------
    >>> draws = np.full((500, 1), 0.85)
    >>> near, far = (log_score_shares(draws, [y], width=0.01) for y in (0.85, 0.7))
    >>> bool(near < far)
    True
    """
    x = np.asarray(draws, dtype=np.float64)
    y = np.asarray(observed, dtype=np.float64)
    scale = _bandwidth(x, least=width / 5) * np.sqrt(3) / np.pi
    return _minus_log_mean(
        _log_difference((y + width / 2 - x) / scale, (y - width / 2 - x) / scale)
    )


def _bandwidth(x: Floats, least: float) -> Floats:
    """Silverman's rule of thumb, robust to tails, at least `least`; dims `...`."""
    low, high = np.quantile(x, [0.25, 0.75], axis=0)
    sd = x.std(axis=0)
    spread = np.where(high > low, np.minimum(sd, (high - low) / 1.34), sd)
    result: Floats = np.maximum(0.9 * spread * x.shape[0] ** -0.2, least)
    return result


def _log_difference(upper: Floats, lower: Floats) -> Floats:
    """Log of logistic cdf(upper) - cdf(lower), accurate in both tails."""
    flip = upper + lower > 0  # take the side where the cdf is small
    top, bottom = np.where(flip, -lower, upper), np.where(flip, -upper, lower)
    log_top = log_expit(top)
    result: Floats = log_top + np.log1p(-np.exp(np.minimum(log_expit(bottom) - log_top, -1e-15)))
    return result


def _minus_log_mean(log_mass: Floats) -> Floats:
    result: Floats = np.asarray(np.log(log_mass.shape[0]) - logsumexp(log_mass, axis=0))
    return result
