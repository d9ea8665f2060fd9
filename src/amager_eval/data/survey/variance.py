"""The variance of a weighted share of a survey: Taylor linearisation within strata."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DomainShare", "domain_share", "stratified_covariance"]

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class DomainShare:
    """A weighted share of a domain and how sure it is."""

    share: float  #: Weighted share, 0 to 1
    standard_error: float  #: Taylor-linearised, with strata, sampled with replacement
    n: int  #: Respondents of the domain
    #: Variance over `share (1 - share) / n`; Kish's `n sum(w^2) / sum(w)^2` where the share is 0 or
    #: 1 and the sample shows no variance.
    deff: float
    degrees_of_freedom: int  #: Respondents less strata, in the domain


def stratified_covariance(influences: Array, strata: NDArray[np.integer]) -> Array:
    """Covariance of estimates, each the sum of influences drawn with replacement within strata.

    The one Taylor linearisation of the package: every variance of weighted answers is this.

    Parameters
    ----------
    influences : ndarray
        Linearised contribution of every respondent of the sample (0 outside the domain) to each
        estimate, dims `respondent, estimate`.
    strata : ndarray of int
        Stratum of each respondent, dims `respondent`.

    Returns
    -------
    ndarray
        `sum_h n_h / (n_h - 1) sum_i (u_hi - mean_h)(v_hi - mean_h)`, dims `estimate, estimate`; NaN
        where a stratum with one respondent, which has no variance of its own, is in the domain.

    Notes
    -----
    Lumley (2004), Journal of Statistical Software 9(8).

    Examples
    --------
    >>> u = np.array([[1.0], [3.0], [2.0], [2.0]])
    >>> stratified_covariance(u, np.array([0, 0, 1, 1]))
    array([[4.]])
    """
    _, code = np.unique(strata, return_inverse=True)
    size = np.bincount(code).astype(float)
    means = np.column_stack([np.bincount(code, column) for column in influences.T]) / size[:, None]
    centred = influences - means[code]
    scale = (size / np.maximum(size - 1, 1))[code]
    covariance = (centred * scale[:, None]).T @ centred
    # what rounding leaves where no stratum varies is no variance
    most = np.sqrt((influences**2).sum(axis=0))
    covariance = np.where(np.abs(covariance) <= 1e-14 * most[:, None] * most, 0.0, covariance)
    unknown = (influences[(size == 1)[code]] != 0).any(axis=0)
    return np.where(unknown[:, None] | unknown, np.nan, covariance)


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
    variance = float(stratified_covariance(influence[:, None], strata)[0, 0])
    n = int(inside.sum())
    binomial = share * (1 - share) / n
    kish = float(n * np.sum(weight[inside] ** 2) / total**2)
    deff = variance / binomial if binomial > 0 else kish
    freedom = n - len(np.unique(strata[inside]))
    return DomainShare(share, float(np.sqrt(variance)), n, deff, freedom)
