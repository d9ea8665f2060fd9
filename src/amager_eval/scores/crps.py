"""Continuous ranked probability score: from draws or quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Floats = NDArray[np.float64]

__all__ = ["crps_draws", "crps_quantiles"]


def crps_draws(draws: ArrayLike, observed: ArrayLike, *, fair: bool = True) -> Floats:
    """CRPS of a forecast known through its draws; smaller is better, unit of the draws.

    Draws have dims `sample, ...`. The expectation of the fair estimator over draws is the CRPS of
    the distribution they come from, whatever their number (exchangeable draws); `fair=False` scores
    the empirical distribution of the draws itself, which charges few draws for being few.

    Dims `...`.

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

    Quantiles have dims `level, ...`; the levels are `(i - 1/2) / k`, the midpoints of k equal
    parts.

    Twice the mean pinball loss, dims `...`; tends to the CRPS as k grows.

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
