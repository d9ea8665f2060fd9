"""Continuous ranked probability score: from draws, quantiles, a Normal, or a pmf."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Floats = NDArray[np.float64]

__all__ = ["crps_draws", "crps_normal", "crps_pmf", "crps_quantiles"]


def crps_draws(draws: ArrayLike, observed: ArrayLike, *, fair: bool = True) -> Floats:
    """CRPS of a forecast known through its draws; smaller is better, unit of the draws.

    Parameters
    ----------
    draws : array_like
        Draws of the predictive distribution, dims `sample, ...`.
    observed : array_like
        What happened, dims `...`.
    fair : bool
        The fair estimator: its expectation over draws is the CRPS of the distribution the draws
        come from, whatever their number (exchangeable draws). False scores the empirical
        distribution of the draws itself, which charges few draws for being few.

    Returns
    -------
    ndarray
        dims `...`.

    Notes
    -----
    `E|X - y| - E|X - X'| / 2`, the second mean over S(S-1) pairs (fair) or S^2 pairs.
    Gneiting and Raftery (2007), JASA 102; Ferro (2014), QJRMS 140.

    Examples
    --------
    >>> crps_draws([[1.0], [3.0]], [2.0], fair=False).round(3).tolist()
    [0.5]
    >>> crps_draws([[1.0], [3.0]], [2.0]).round(3).tolist()
    [0.0]
    """
    ordered = np.sort(np.asarray(draws, dtype=np.float64), axis=0)
    size = ordered.shape[0]
    distance = np.abs(ordered - np.asarray(observed, dtype=np.float64)).mean(axis=0)
    # sum over pairs |x_i - x_j| of sorted draws: each draw enters with weight 2 rank - size - 1
    weight = 2.0 * np.arange(1, size + 1) - size - 1
    half_spread = np.tensordot(weight, ordered, axes=(0, 0)) / size
    result: Floats = np.asarray(distance - half_spread / (size - 1 if fair else size))
    return result


def crps_quantiles(quantiles: ArrayLike, levels: ArrayLike, observed: ArrayLike) -> Floats:
    """CRPS of a forecast known through quantiles at equally spaced levels.

    Parameters
    ----------
    quantiles : array_like
        Quantiles, dims `level, ...`.
    levels : array_like
        Probabilities `(i - 1/2) / k`, dims `level`: the midpoints of k equal parts.
    observed : array_like
        What happened, dims `...`.

    Returns
    -------
    ndarray
        Twice the mean pinball loss, dims `...`; tends to the CRPS as k grows.

    Raises
    ------
    ValueError
        The levels are not the midpoints of equal parts, so their mean is no integral.

    Notes
    -----
    Laio and Tamea (2007), Hydrology and Earth System Sciences 11.

    Examples
    --------
    >>> crps_quantiles([[1.0], [3.0]], [0.25, 0.75], [2.0]).tolist()
    [0.5]
    """
    q = np.asarray(quantiles, dtype=np.float64)
    p = np.asarray(levels, dtype=np.float64)
    if not np.allclose(p, (np.arange(len(p)) + 0.5) / len(p)):
        raise ValueError(f"levels must be the midpoints of {len(p)} equal parts; found {p}")
    error = np.asarray(observed, dtype=np.float64) - q
    level = p.reshape(-1, *[1] * (q.ndim - 1))
    pinball = np.where(error >= 0, level * error, (level - 1) * error)
    result: Floats = np.asarray(2 * pinball.mean(axis=0))
    return result


def crps_normal(mean: ArrayLike, sd: ArrayLike, observed: ArrayLike) -> Floats:
    """CRPS of a Normal forecast, closed form.

    Parameters
    ----------
    mean, sd, observed : array_like
        Same unit, broadcast against each other; `sd` above 0.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> float(crps_normal(0.0, 1.0, 0.0).round(10))
    0.2336949773
    """
    scale = np.asarray(sd, dtype=np.float64)
    z = (np.asarray(observed, dtype=np.float64) - np.asarray(mean, dtype=np.float64)) / scale
    result: Floats = np.asarray(
        scale * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    )
    return result


def crps_pmf(pmf: ArrayLike, observed: ArrayLike) -> Floats:
    """CRPS (ranked probability score) of a forecast of counts known through its pmf.

    Parameters
    ----------
    pmf : array_like
        Probability of 0, 1, 2, ..., dims `count, ...`; must reach far enough to sum to 1.
    observed : array_like
        Counts that happened, dims `...`; inside the support given.

    Returns
    -------
    ndarray
        dims `...`.

    Raises
    ------
    ValueError
        The pmf is cut off, or a count lies beyond its end.

    Examples
    --------
    >>> crps_pmf([0.5, 0.5], 0).tolist()
    0.25
    """
    p = np.asarray(pmf, dtype=np.float64)
    y = np.asarray(observed)
    if not np.allclose(p.sum(axis=0), 1.0, atol=1e-9):
        raise ValueError("the pmf does not sum to 1; give it over a longer range of counts")
    if np.any(y >= p.shape[0]):
        raise ValueError(f"a count lies beyond the {p.shape[0]} counts the pmf is given for")
    support = np.arange(p.shape[0]).reshape(-1, *[1] * (p.ndim - 1))
    result: Floats = np.asarray(((np.cumsum(p, axis=0) - (support >= y)) ** 2).sum(axis=0))
    return result
