"""What passes: deviations of an area from its path that die away within a year or so.

A stationary first-order autoregression, measured from its mean over the observed periods. It is
no part of the level. In periods longer than its half-life (years, as declared) it could not be
told from the dispersion and is left to it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["correlation", "passing_ahead", "share_basis"]

type Floats = NDArray[np.float64]


def correlation(half_life_years: float, per_year: int) -> float:
    """Correlation from one period to the next.

    Examples
    --------
    >>> correlation(0.5, 4) ** 2  # half of it is left after half a year
    0.5...
    """
    return float(0.5 ** (1.0 / (half_life_years * per_year)))


def _centred(rho: float, observed: int, ahead: int) -> Floats:
    """Covariance of all periods, at unit variance, less the mean over the observed ones."""
    n = observed + ahead
    covariance = rho ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    centre = np.eye(n)
    centre[:, :observed] -= 1.0 / observed
    result: Floats = centre @ covariance @ centre.T
    return result


def share_basis(walk: Floats, rho: float) -> tuple[Floats, Floats]:
    """Rotate a walk's basis so that walk and passing part are both independent in it.

    Parameters
    ----------
    walk : ndarray
        Basis of a random walk about its mean over time, dims `period, component`; coefficients
        are independent with the walk's standard deviation.
    rho : float
        Correlation of the passing part from one period to the next.

    Returns
    -------
    walk : ndarray
        The rotated basis; a random walk has independent coefficients in it too.
    variance : ndarray
        Variance of each coefficient of the passing part at unit variance, dims `component`.
    """
    inverse = np.linalg.pinv(walk)
    covariance = inverse @ _centred(rho, len(walk), 0) @ inverse.T
    variance, rotation = np.linalg.eigh((covariance + covariance.T) / 2)
    return walk @ rotation, variance


def passing_ahead(rho: float, observed: int, ahead: int) -> tuple[Floats, Floats]:
    """Regression of the future passing part on the past one, and what it leaves open.

    Parameters
    ----------
    rho : float
        Correlation from one period to the next.
    observed, ahead : int
        Numbers of periods.

    Returns
    -------
    weight : ndarray
        Dims `future, period`.
    factor : ndarray
        Triangular factor of the remaining covariance at unit variance, dims `future, future`.
    """
    covariance = _centred(rho, observed, ahead)
    past = np.linalg.pinv(covariance[:observed, :observed], hermitian=True)
    weight: Floats = covariance[observed:, :observed] @ past
    left = covariance[observed:, observed:] - weight @ covariance[:observed, observed:]
    return weight, np.linalg.cholesky(left + 1e-12 * np.eye(ahead))
