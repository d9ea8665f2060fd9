"""The exact likelihood of the rounded figures, cell by cell: how far draws of the Normal are off.

A published percentage is a sample share in its rounding interval; two answers of one cell are two
shares of one multinomial; the whole's figure is the weighted mean of its parts' samples, of which
some are published. Written from those words alone, it is what the normal model is weighed against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import log_ndtr

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.trends.safety.covariance import Figures

    type Floats = NDArray[np.float64]

__all__ = ["log_interval", "log_likelihood", "log_of_cell"]

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(9)


def log_likelihood(
    design: xr.Dataset,
    figures: Figures,
    *,
    cells: list[Any],
    safe: Floats,
    unsafe: Floats,
    inverse: Floats,
    weight_sd: float,
) -> Floats:
    """Log probability of the published figures of every cell, given what the survey sees.

    Parameters
    ----------
    design : Dataset
        Rounding intervals and weights.
    figures : Figures
        Those that count.
    cells : list of ndarray
        Figures of each cell, as `figures.cells()` lists them.
    safe, unsafe : ndarray
        Expected shares, (draw, latent, setting, year).
    inverse : ndarray
        Design effect over respondents, (draw, latent, setting, year).
    weight_sd : float
        Relative sd of an area's weight in the whole.

    Returns
    -------
    ndarray
        (draw, cell), a cell being an area, setting and wave.
    """
    low, high = (design[k].to_numpy() for k in ("low", "high"))
    columns = []
    for rows in cells:
        a, s, t = (k[rows[0]] for k in (figures.area, figures.setting, figures.year))
        share = figures.share[rows[0]]
        at = np.flatnonzero(share)
        moments = _moments(*(x[:, at, s, t] for x in (safe, unsafe, inverse)))
        if len(at) > 1:
            seen = _seen(design, figures, at, int(s), int(t))
            moments = _of_whole(share[at], moments, seen, weight_sd)
        answers = figures.answer[rows]
        ends = [(low[a, s, r, t], high[a, s, r, t]) for r in figures.response[rows]]
        columns.append(_of_figures(answers, ends, moments))
    return np.column_stack(columns) if columns else np.zeros((len(safe), 0))


def log_interval(low: Any, high: Any) -> Any:
    """Log probability that a standard Normal lies between `low` and `high`.

    Examples
    --------
    >>> float(np.exp(log_interval(-1.959964, 1.959964)).round(4))
    0.95
    """
    upper = low + high > 0  # mirrored, so that both edges lie in the tail where digits are kept
    a, b = np.where(upper, -high, low), np.where(upper, -low, high)
    log_b = log_ndtr(b)
    return log_b + np.log1p(-np.exp(np.minimum(log_ndtr(a) - log_b, -1e-300)))


def log_of_cell(
    answers: Floats, ends: list[tuple[float, float]], safe: Floats, unsafe: Floats, inverse: Floats
) -> Floats:
    """Log probability of one or two published figures of a sample, (draw,).

    Parameters
    ----------
    answers : ndarray
        Constant and coefficients of the safe and unsafe share, (figure, 3).
    ends : list of tuple of float
        Rounding interval of each figure.
    safe, unsafe : ndarray
        Expected shares, (draw,).
    inverse : ndarray
        Design effect over respondents, (draw,).
    """
    moments = _moments(*(x[:, None] for x in (safe, unsafe, inverse)))
    return _of_figures(answers, ends, moments)


def _moments(safe: Floats, unsafe: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Means (..., 2) and covariances (..., 2, 2) of the sample shares safe and unsafe."""
    # a share of exactly 0 or 1 would have no sampling error
    mean = np.clip(np.stack([safe, unsafe], axis=-1), 1e-9, 1 - 1e-9)
    covariance = -mean[..., :, None] * mean[..., None, :]
    covariance[..., [0, 1], [0, 1]] += mean
    return mean, inverse[..., None, None] * covariance


def _seen(
    design: xr.Dataset, figures: Figures, parts: Any, s: int, t: int
) -> tuple[Floats, Floats]:
    """Parts' published safe and unsafe shares of a cell (part, 2), NaN where none, and rounding."""
    names = list(design["area"].to_numpy())
    rows = [names.index(str(design["latent"].to_numpy()[p])) for p in parts]
    value, rounding = np.full((len(parts), 2), np.nan), np.zeros((len(parts), 2))
    here = np.flatnonzero((figures.setting == s) & (figures.year == t))
    for i in here[here < figures.known]:
        if figures.area[i] in rows and figures.response[i] != 1:
            at = rows.index(figures.area[i]), int(figures.response[i] == 2)
            value[at], rounding[at] = figures.value[i], figures.rounding[i]
    return value, rounding


def _of_whole(
    weight: Floats, moments: tuple[Floats, Floats], seen: tuple[Floats, Floats], weight_sd: float
) -> tuple[Floats, Floats]:
    """Moments of the weighted mean of the parts' samples, given what they published."""
    mean, covariance = (m.copy() for m in moments)
    expected = np.einsum("p,npk->nk", weight, mean)
    off = mean - expected[:, None]
    for p, (value, rounding) in enumerate(zip(*seen, strict=True)):
        known = np.isfinite(value)
        if known.all():
            mean[:, p], covariance[:, p] = value, np.diag(rounding)
        elif known.any():
            k, o = int(np.argmax(known)), int(np.argmin(known))
            slope = covariance[:, p, o, k] / covariance[:, p, k, k]
            mean[:, p, o] += slope * (value[k] - mean[:, p, k])
            left = covariance[:, p, o, o] - slope * covariance[:, p, o, k]
            mean[:, p, k] = value[k]
            covariance[:, p] = 0.0
            covariance[:, p, o, o], covariance[:, p, k, k] = left, rounding[k]
    loose = (weight_sd * weight) ** 2
    return (
        np.einsum("p,npk->nk", weight, mean)[:, None],
        (
            np.einsum("p,npkl->nkl", weight**2, covariance)
            + np.einsum("p,npk,npl->nkl", loose, off, off)
        )[:, None],
    )


def _of_figures(
    answers: Floats, ends: list[tuple[float, float]], moments: tuple[Floats, Floats]
) -> Floats:
    """Log probability that one or two linear readings of the shares lie in their intervals."""
    reading = answers[:, 1:]
    mean = answers[:, 0] + moments[0][:, 0] @ reading.T
    covariance = np.einsum("ik,nkl,jl->nij", reading, moments[1][:, 0], reading)
    (low, high), *others = ends
    if not others:
        sd = np.sqrt(covariance[:, 0, 0])
        one: Floats = log_interval((low - mean[:, 0]) / sd, (high - mean[:, 0]) / sd)
        return one
    start, end = max(low, 0.0), min(high, 1.0)
    x = (start + end) / 2 + (end - start) / 2 * _NODES
    first = covariance[:, 0, 0][:, None]
    off = x - mean[:, :1]
    log_first = -0.5 * off**2 / first - 0.5 * np.log(2 * np.pi * first)
    slope = covariance[:, 0, 1][:, None] / first
    left = covariance[:, 1, 1][:, None] - slope * covariance[:, 0, 1][:, None]
    sd = np.sqrt(np.maximum(left, 1e-15))
    middle = mean[:, 1:] + slope * off
    inside = log_interval((others[0][0] - middle) / sd, (others[0][1] - middle) / sd)
    terms = np.log(_NODE_WEIGHTS * (end - start) / 2) + log_first + inside
    two: Floats = np.logaddexp.reduce(terms, axis=1)
    return two
