"""Draws and log densities of a prior of any family, from PyMC's own distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.prior import Prior

    type Floats = NDArray[np.float64]

__all__ = ["draw_prior", "log_prior"]


def draw_prior(prior: Prior, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Draw from a prior.

    Parameters
    ----------
    prior : Prior
        Of a single number.
    shape : tuple of int
        Shape of what is drawn; the draws are independent.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> from amager_eval.spec.prior import Prior
    >>> draw_prior(Prior("Uniform", lower=1, upper=2), (2, 3), np.random.default_rng(1)).shape
    (2, 3)
    """
    import pymc as pm

    size = int(np.prod(shape))
    seed = int(rng.integers(2**31))
    drawn = pm.draw(_variable(prior), draws=size, random_seed=seed, mode="FAST_COMPILE")
    return np.reshape(np.asarray(drawn, dtype=np.float64), shape)


def log_prior(prior: Prior, values: Floats) -> Floats:
    """Give the log density of a prior at values, of their shape.

    Parameters
    ----------
    prior : Prior
        Of a single number.
    values : ndarray
        Where.

    Returns
    -------
    ndarray
    """
    import pymc as pm

    density: Any = pm.logp(_variable(prior), values)
    return np.asarray(density.eval(mode="FAST_COMPILE"), dtype=np.float64)


def _variable(prior: Prior) -> Any:
    import pymc as pm

    return getattr(pm, prior.distribution).dist(**prior.parameters)
