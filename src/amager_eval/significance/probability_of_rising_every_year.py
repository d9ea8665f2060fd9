"""How likely is a rise in every year, in what is published, for given true shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr

from amager_eval.errors import Fault, InputError
from amager_eval.indicators.arguments import Array, real_scalar, vector, whole_number

__all__ = ["probability_of_rising_every_year"]

#: Grid of the nested integral: panels reach so many standard errors, each this wide.
_REACH = 9.0
_PANEL = 0.5
_NODES = 12


def probability_of_rising_every_year(
    shares: ArrayLike,
    ns: ArrayLike,
    *,
    deff: float = 1.0,
    decimals: int | None = None,
    strict: bool = True,
) -> float:
    """Probability that the observed share exceeds the year before in every year.

    Parameters
    ----------
    shares : array_like, dims wave
        True shares, 0 to 1, in order of time; the first is the baseline wave.
    ns : float or array_like, dims wave
        Respondents per wave.
    deff : float
        Design effect.
    decimals : int or None
        Decimals of the published percentages; None for unrounded shares.
    strict : bool
        With `decimals`: whether an unchanged figure breaks the rise. Unrounded shares are never
        equal.

    Returns
    -------
    float
        Probability, 0 to 1; NaN if an input is.

    Raises
    ------
    InputError
        If a share lies outside 0 to 1, an n or deff is not above 0, decimals is not 0 to 6, or
        there are fewer than two waves.

    Notes
    -----
    Waves are independent samples. Unrounded: shares are normal with variance deff p(1-p)/n, and
    the probability is the nested integral F_k(x) = int^x F_{k-1}(u) phi_k(u) du, computed by
    Gauss-Legendre panels to about 1e-12: no simulation. With equal shares it is 1/k! for k waves.
    Rounded: x is binomial on n/deff respondents (a whole number of them), 100 x/n is rounded
    half up, and the probability is a sum over the printed values, one wave after the other.
    Source: orthant probabilities of ordered independent variables, by recursion (Hayter 2006,
    J Statistical Planning and Inference 136:2284).

    Examples
    --------
    >>> round(probability_of_rising_every_year([0.84] * 5, 300) * 120, 9)
    1.0
    >>> truth = [0.84, 0.85, 0.86, 0.87, 0.88]
    >>> round(probability_of_rising_every_year(truth, 300), 4)
    0.0739
    >>> round(probability_of_rising_every_year(truth, 300, decimals=0), 4)
    0.0277
    """
    p = vector("shares", shares, at_least=0, at_most=1)
    if len(p) < 2:
        raise InputError(
            Fault(
                "shares must hold at least two waves",
                found=str(len(p)),
                remedy="Pass the baseline wave and the waves after it.",
            )
        )
    n = vector("ns", ns, length=len(p), above=0) / real_scalar("deff", deff, above=0)
    if np.isnan(p).any() or np.isnan(n).any():
        return float("nan")
    if decimals is None:
        return _orthant(p, np.sqrt(p * (1 - p) / n))
    steps = 100 * 10 ** whole_number("decimals", decimals, at_least=0, at_most=6)
    whole = np.maximum(np.rint(n), 1).astype(int)
    reached = _printed(p[0], whole[0], steps)
    for share, size in zip(p[1:], whole[1:], strict=True):
        below = np.cumsum(reached)
        if strict:
            below = np.concatenate([[0.0], below[:-1]])
        reached = below * _printed(share, size, steps)
    return float(np.clip(reached.sum(), 0, 1))


def _printed(share: float, n: int, steps: int) -> Array:
    """Distribution of the printed share over 0, 1, ..., steps; binomial, rounded half up."""
    # x is printed as j when j - 1/2 <= steps x / n < j + 1/2; in whole numbers, so that a tie
    # is a tie: x < (2 j + 1) n / (2 steps)
    last = -(-(2 * np.arange(steps + 1) + 1) * n // (2 * steps)) - 1
    cumulative = bdtr(np.minimum(last, n), n, share)
    cumulative = np.where(last < 0, 0.0, cumulative)
    cumulative[-1] = 1.0
    return np.asarray(np.diff(cumulative, prepend=0.0))


def _orthant(mean: Array, sd: Array) -> float:
    """P(X_1 < X_2 < ...) of independent normals; a standard deviation may be 0."""
    offsets = np.arange(-_REACH, _REACH + _PANEL / 2, _PANEL)
    edges = np.unique(mean[:, None] + sd[:, None] * offsets)
    if len(edges) < 2:  # every share is certain, and they are equal
        return 0.0
    nodes, weights, inside = _panel_rule()
    width = np.diff(edges) / 2
    points = (edges[:-1] + width)[:, None] + width[:, None] * nodes
    # value of F at the points and, from the left, at the edges; F_0 is 1
    at_points = np.ones_like(points)
    at_edges = np.ones_like(edges)
    for centre, spread in zip(mean, sd, strict=True):
        if spread == 0:
            jump = at_edges[np.searchsorted(edges, centre)]
            at_points = np.where(points > centre, jump, 0.0)
            at_edges = np.where(edges > centre, jump, 0.0)
            end = jump
            continue
        density = np.exp(-0.5 * ((points - centre) / spread) ** 2) / spread / np.sqrt(2 * np.pi)
        integrand = at_points * density * width[:, None]
        panels = integrand @ weights
        at_edges = np.concatenate([[0.0], np.cumsum(panels)])
        at_points = at_edges[:-1, None] + integrand @ inside.T
        end = at_edges[-1]
    return float(np.clip(end, 0, 1))


def _panel_rule() -> tuple[Array, Array, Array]:
    """Gauss-Legendre nodes, weights, and the matrix that integrates from -1 to each node."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    powers = np.polynomial.legendre.legvander(nodes, _NODES)
    degrees = np.arange(_NODES)
    # Legendre coefficients of an interpolant, then of its integral: (P_{k+1}-P_{k-1})/(2k+1)
    coefficients = (2 * degrees[:, None] + 1) / 2 * powers[:, :_NODES].T * weights
    previous = np.column_stack([-np.ones(_NODES), powers[:, : _NODES - 1]])
    integrals = (powers[:, 1:] - previous) / (2 * degrees + 1)
    return nodes, weights, integrals @ coefficients
