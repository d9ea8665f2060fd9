"""R-hat and effective sample sizes of many quantities at once, as ArviZ computes them of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import next_fast_len
from scipy.special import ndtri
from scipy.stats import rankdata

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]

__all__ = ["mixing"]


def mixing(draws: Floats) -> tuple[Floats, Floats]:
    """Compute R-hat and the lesser of bulk and tail effective sample size of each quantity.

    Parameters
    ----------
    draws : ndarray
        Finite and not constant, dims `quantity, chain, draw`; four draws or more.

    Returns
    -------
    rhat : ndarray
        Rank-normalised split R-hat, the larger of plain and folded, dims `quantity`.
    ess : ndarray
        The least of bulk and of both tails, at 5 and 95 %, dims `quantity`.

    Notes
    -----
    Vehtari et al. (2021), Bayesian Analysis 16(2). ArviZ asks one quantity at a time, a
    thousandth of a second each; a fit reports thousands.
    """
    split = _split(draws)
    scores = _normal_scores(split)
    folded = np.abs(split - np.median(split, axis=(1, 2), keepdims=True))
    rhat = np.maximum(_rhat(scores), _rhat(_normal_scores(folded)))
    ends = np.quantile(draws, (0.05, 0.95), axis=(1, 2))[..., None, None]
    tails = [_ess(_split(draws <= end).astype(np.float64)) for end in ends]
    return rhat, np.minimum.reduce([_ess(scores), *tails])


def _split[T: np.generic](draws: NDArray[T]) -> NDArray[T]:
    """Make two chains of each."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[..., :half], draws[..., -half:]], axis=1)


def _normal_scores(values: Floats) -> Floats:
    """Rank draws among all chains, ties averaged, and take the normal scores."""
    flat = values.reshape(len(values), -1)
    scores: Floats = ndtri((rankdata(flat, axis=1) - 3 / 8) / (flat.shape[1] + 1 / 4))
    return scores.reshape(values.shape)


def _rhat(values: Floats) -> Floats:
    count = values.shape[2]
    between = count * values.mean(axis=2).var(axis=1, ddof=1)
    within = values.var(axis=2, ddof=1).mean(axis=1)
    rhat: Floats = np.sqrt((between / within + count - 1) / count)
    return rhat


def _ess(values: Floats) -> Floats:
    """Effective sample size of the mean by Geyer's initial monotone sequence."""
    quantities, chains, count = values.shape
    centre = values.mean(axis=2)
    spectrum = np.fft.rfft(values - centre[..., None], n=(size := next_fast_len(2 * count)))
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    covariance = np.fft.irfft(power, n=size)[:, :count] / count
    within = covariance[:, 0] * count / (count - 1)
    total = covariance[:, 0] + (centre.var(axis=1, ddof=1) if chains > 1 else 0.0)
    # of a tail that all draws lie on one side of there is nothing to lose
    told = np.ptp(values, axis=(1, 2)) >= np.finfo(float).resolution
    total = np.where(told, total, 1.0)
    rho = 1.0 - (within[:, None] - covariance) / total[:, None]
    rho[:, 0] = 1.0
    pairs = rho[:, : count // 2 * 2].reshape(quantities, -1, 2).sum(axis=2)
    ended = np.where((pairs > 0).all(axis=1), count, (pairs <= 0).argmax(axis=1))
    last = np.minimum(ended, max((count - 3) // 2, 0))
    summed = np.minimum.accumulate(pairs, axis=1)
    summed[np.arange(pairs.shape[1]) >= last[:, None]] = 0.0
    every = np.arange(quantities)
    odd_one = rho[every, 2 * last]
    odd_one = np.where((pairs[every, last] >= 0) | (odd_one > 0), odd_one, 0.0)
    tau = np.maximum(-1.0 + 2.0 * summed.sum(axis=1) + odd_one, 1 / np.log10(chains * count))
    ess: Floats = np.where(told, chains * count / tau, float(chains * count))
    return ess
