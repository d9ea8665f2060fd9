"""Shares with design-based standard errors from weighted, stratified answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DomainShare", "domain_share", "stratified_variance"]

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class DomainShare:
    """A weighted share of a domain and how sure it is.

    Parameters
    ----------
    share : float
        Weighted share, 0 to 1.
    standard_error : float
        Taylor-linearised, with strata, sampled with replacement.
    n : int
        Respondents of the domain.
    deff : float
        Variance over `share (1 - share) / n`; Kish's `n sum(w^2) / sum(w)^2` where the share is
        0 or 1 and the sample shows no variance.
    degrees_of_freedom : int
        Respondents less strata, in the domain.
    """

    share: float
    standard_error: float
    n: int
    deff: float
    degrees_of_freedom: int


def stratified_variance(influence: Array, strata: NDArray[np.int64]) -> float:
    """Variance of a sum of influence values drawn with replacement within strata.

    Parameters
    ----------
    influence : ndarray
        Linearised contribution of every respondent of the sample (0 outside the domain), dims
        `respondent`.
    strata : ndarray of int
        Stratum of each, dims `respondent`.

    Returns
    -------
    float
        `sum_h n_h / (n_h - 1) sum_i (u_hi - mean_h)^2`; a stratum with one respondent that is
        in the domain has no variance of its own and gives NaN.

    Notes
    -----
    Lumley (2004), Journal of Statistical Software 9(8).

    Examples
    --------
    >>> stratified_variance(np.array([1.0, 3.0, 2.0, 2.0]), np.array([0, 0, 1, 1]))
    4.0
    """
    _, code = np.unique(strata, return_inverse=True)
    size = np.bincount(code).astype(float)
    mean = np.bincount(code, influence) / size
    squares = np.bincount(code, (influence - mean[code]) ** 2)
    lonely = size == 1
    if np.any(influence[lonely[code]] != 0):
        return float("nan")
    several = ~lonely
    return float(np.sum(size[several] / (size[several] - 1) * squares[several]))


def domain_share(
    answer: NDArray[np.bool_],
    weight: Array,
    strata: NDArray[np.int64],
    domain: NDArray[np.bool_] | None = None,
) -> DomainShare:
    """Estimate a weighted share of a domain.

    Parameters
    ----------
    answer : ndarray of bool
        Whether the respondent gave the answer, dims `respondent`.
    weight : ndarray
        Positive weights.
    strata : ndarray of int
        Strata of the whole sample, not only of the domain.
    domain : ndarray of bool or None
        Which respondents the share is of; None: all.

    Returns
    -------
    DomainShare

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> found = domain_share(rng.random(400) < 0.8, np.ones(400), np.zeros(400, dtype=int))
    >>> found.n, round(found.deff, 3)
    (400, 1.003)
    """
    inside = np.ones(len(answer), dtype=bool) if domain is None else domain
    total = weight[inside].sum()
    share = float(weight[inside & answer].sum() / total)
    influence = np.where(inside, weight * (answer - share) / total, 0.0)
    variance = stratified_variance(influence, strata)
    n = int(inside.sum())
    binomial = share * (1 - share) / n
    kish = float(n * np.sum(weight[inside] ** 2) / total**2)
    deff = variance / binomial if binomial > 0 else kish
    freedom = n - len(np.unique(strata[inside]))
    return DomainShare(share, float(np.sqrt(variance)), n, deff, freedom)
