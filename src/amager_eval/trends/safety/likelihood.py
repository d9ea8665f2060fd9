"""The exact likelihood of the rounded figures, cell by cell: how far draws of the Normal are off.

A published percentage is a sample share in its rounding interval; two answers of one cell are two
shares of one multinomial; the whole's figure is the weighted mean of its parts' samples, of which
some are published. Written from those words alone, it is what the normal model is weighed against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import expit, log_ndtr

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.trends.safety.covariance import Figures

    type Floats = NDArray[np.float64]

__all__ = ["log_interval", "log_likelihood", "log_of_cells"]

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(9)
#: Cells times draws computed at a time.
_AT_ONCE: Final = 100_000


def log_likelihood(
    design: xr.Dataset,
    figures: Figures,
    eta: Floats,
    width: Floats,
    inverse: Floats,
    *,
    cells: list[Any] | None = None,
    weight_sd: float = 0.0,
) -> Floats:
    """Log probability of the published figures of every cell, (draw, cell), given what is seen.

    What the survey sees of every cell is the logit of the safe share, `eta` (draw, latent, setting,
    year), and the width of the third answer (draw, latent, setting); `inverse` is the design effect
    over respondents (draw, latent, setting, year). `cells` are some of `figures.cells`, or all;
    `weight_sd` is the relative sd of an area's weight in the whole.
    """
    low, high = (
        design[k].to_numpy()[figures.area, figures.setting, figures.response, figures.year]
        for k in ("low", "high")
    )
    edges = np.stack([low, high], axis=-1)
    cells = figures.cells if cells is None else cells
    shares = expit(eta), expit(-(eta + width[..., None])), inverse
    found = np.zeros((len(eta), len(cells)))
    alike: dict[int, list[int]] = {}  # areas' own cells, by how many figures they have
    for i, rows in enumerate(cells):
        share = figures.share[rows[0]]
        at = np.flatnonzero(share)
        if len(at) == 1:
            alike.setdefault(len(rows), []).append(i)
            continue
        s, t = figures.setting[rows[0]], figures.year[rows[0]]
        moments = _moments(*(x[:, at, s, t] for x in shares))
        seen = _seen(figures, at, int(s), int(t))
        whole = _of_whole(share[at], moments, seen, weight_sd)
        found[:, [i]] = _of_figures(figures.answer[rows][None], edges[rows][None], whole)
    some = max(_AT_ONCE // len(eta), 1)
    for which in (w[i : i + some] for w in alike.values() for i in range(0, len(w), some)):
        each = np.array([cells[i] for i in which])
        first = each[:, 0]
        index = figures.share[first].argmax(axis=1), figures.setting[first], figures.year[first]
        of = (x[:, *index] for x in shares)
        found[:, which] = log_of_cells(figures.answer[each], edges[each], *of)
    return found


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


def log_of_cells(
    answers: Floats, ends: Floats, safe: Floats, unsafe: Floats, inverse: Floats
) -> Floats:
    """Log probability of the one or two published figures of each of some samples, (draw, cell).

    Each figure has an answer, (cell, figure, 3), and ends of its rounding interval, (cell, figure,
    2); each sample its expected shares, and its design effect over respondents, (draw, cell).
    """
    return _of_figures(answers, ends, _moments(safe, unsafe, inverse))


def _moments(safe: Floats, unsafe: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Means (..., 2) and covariances (..., 2, 2) of the sample shares safe and unsafe."""
    # a share of exactly 0 or 1 would have no sampling error
    mean = np.clip(np.stack([safe, unsafe], axis=-1), 1e-9, 1 - 1e-9)
    covariance = -mean[..., :, None] * mean[..., None, :]
    covariance[..., [0, 1], [0, 1]] += mean
    return mean, inverse[..., None, None] * covariance


def _seen(figures: Figures, parts: Any, s: int, t: int) -> tuple[Floats, Floats]:
    """Parts' published safe and unsafe shares of a cell (part, 2), NaN where none, and rounding."""
    value, rounding = np.full((len(parts), 2), np.nan), np.zeros((len(parts), 2))
    own = (figures.share[:, parts] == 1) & np.isfinite(figures.value)[:, None]
    own &= ((figures.setting == s) & (figures.year == t) & (figures.response != 1))[:, None]
    for i, part in np.argwhere(own):
        at = part, int(figures.response[i] == 2)
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


def _of_figures(answers: Floats, ends: Floats, moments: tuple[Floats, Floats]) -> Floats:
    """Log probability of cells, (draw, cell), that readings of the shares lie in their intervals.

    Cells have one figure each or two: `answers` (cell, figure, 3), `ends` (cell, figure, 2).
    """
    reading = answers[..., 1:]
    mean = answers[..., 0] + np.einsum("nck,cik->nci", moments[0], reading)
    covariance = np.einsum("cik,nckl,cjl->ncij", reading, moments[1], reading, optimize=True)
    low, high = ends[..., 0], ends[..., 1]
    first = covariance[..., 0, 0]
    if answers.shape[1] == 1:
        sd = np.sqrt(first)
        one: Floats = log_interval(
            (low[:, 0] - mean[..., 0]) / sd, (high[:, 0] - mean[..., 0]) / sd
        )
        return one
    start, end = np.clip(low[:, :1], 0.0, None), np.clip(high[:, :1], None, 1.0)
    x = (start + end) / 2 + (end - start) / 2 * _NODES
    off = x - mean[..., :1]
    log_first = -0.5 * off**2 / first[..., None] - 0.5 * np.log(2 * np.pi * first[..., None])
    slope = covariance[..., 0, 1] / first
    left = covariance[..., 1, 1] - slope * covariance[..., 0, 1]
    sd = np.sqrt(np.maximum(left, 1e-15))[..., None]
    middle = mean[..., 1:] + slope[..., None] * off
    inside = log_interval((low[:, 1:] - middle) / sd, (high[:, 1:] - middle) / sd)
    terms = np.log(_NODE_WEIGHTS * (end - start) / 2) + log_first + inside
    two: Floats = np.logaddexp.reduce(terms, axis=-1)
    return two
