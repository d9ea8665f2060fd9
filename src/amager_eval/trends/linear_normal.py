"""A multivariate Normal whose covariance is a sum of fixed matrices times variances.

PyTensor would differentiate through the factorisation; here the gradient is written down: with
`a = K^-1 r` it is `-a` by the residual and `(a' M a - trace(K^-1 M)) / 2` by the variance of M.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from scipy.linalg import LinAlgError, cho_factor, cho_solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]

pt: Any = pytensor.tensor  # only partly typed

__all__ = ["Covariance", "LinearNormal", "observe_normal"]


@dataclass(frozen=True, eq=False)
class Covariance:
    """Covariance of the figures as a function of variances.

    Parameters
    ----------
    fixed : ndarray
        What is always there, (figure, figure).
    stack : ndarray
        Matrices that variances multiply, (matrix, figure, figure).
    """

    fixed: Floats
    stack: Floats

    def at(self, variances: Floats) -> Floats:
        """Covariance, (figure, figure)."""
        found: Floats = self.fixed + np.tensordot(variances, self.stack, 1)
        return found


class _Gradient(Op):
    """Derivatives of :class:`LinearNormal` by residual and variances."""

    __props__ = ("covariance",)

    def __init__(self, covariance: Covariance) -> None:
        self.covariance = covariance

    def make_node(self, *inputs: Any) -> Any:
        """Two vectors in, two out."""
        return Apply(self, list(inputs), [pt.dvector() for _ in inputs])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:  # noqa: ARG002
        """Solve with the covariance and with its inverse."""
        residual, variances = inputs
        factor = _factor(self.covariance.at(variances))
        found: tuple[Any, ...] = tuple(np.zeros_like(x) for x in inputs)
        if factor is not None:
            solved = cho_solve(factor, residual, check_finite=False)
            inverse = cho_solve(factor, np.eye(len(residual)), check_finite=False)
            change = 0.5 * (np.outer(solved, solved) - inverse)
            found = -solved, np.tensordot(self.covariance.stack, change, 2)
        for storage, value in zip(outputs, found, strict=True):
            storage[0] = value

    def infer_shape(self, node: Any, shapes: Any) -> Any:  # noqa: ARG002
        """Gradients are shaped as what they are taken by."""
        return shapes


class LinearNormal(Op):
    """Log density of a residual (figure,), given variances (matrix,).

    Parameters
    ----------
    covariance : Covariance
        Of the figures.
    """

    __props__ = ("covariance",)
    gufunc_signature = "(n),(k)->()"

    def __init__(self, covariance: Covariance) -> None:
        self.covariance = covariance

    def make_node(self, *inputs: Any) -> Any:
        """Two vectors in, a number out."""
        return Apply(self, [pt.as_tensor(x) for x in inputs], [pt.dscalar()])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:  # noqa: ARG002
        """Evaluate; impossible variances have density 0."""
        residual, variances = inputs
        factor = _factor(self.covariance.at(variances))
        density = -np.inf
        if factor is not None:
            solved = cho_solve(factor, residual, check_finite=False)
            density = -0.5 * residual @ solved - np.log(np.diag(factor[0])).sum()
            density -= 0.5 * len(residual) * np.log(2 * np.pi)
        outputs[0][0] = np.asarray(density)

    def infer_shape(self, node: Any, shapes: Any) -> Any:  # noqa: ARG002
        """One number."""
        return [()]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:  # noqa: ARG002
        """Multiply the derivatives by what follows."""
        slopes: Any = _Gradient(self.covariance)(*inputs)
        return [cotangents[0] * slope for slope in slopes]


def _factor(covariance: Floats) -> Any:
    """Cholesky factor; None where the matrix is not positive definite."""
    try:
        return cho_factor(covariance, lower=True, check_finite=False)
    except (LinAlgError, ValueError):
        return None


def observe_normal(
    name: str,
    *,
    mean: Any,
    variances: Any,
    covariance: Covariance,
    observed: Floats,
    dims: str,
) -> Any:
    """Add observed figures, jointly Normal, to the PyMC model on the stack.

    Parameters
    ----------
    name : str
        The variable.
    mean : TensorVariable
        Mean of the figures, (figure,).
    variances : TensorVariable
        Variances of the stack's matrices, (matrix,).
    covariance : Covariance
        What they enter.
    observed : ndarray
        The figures, (figure,).
    dims : str
        Name of their dimension.

    Returns
    -------
    TensorVariable
    """
    density = LinearNormal(covariance)

    def logp(value: Any, mean: Any, variances: Any) -> Any:
        return density(value - mean, variances)

    def random(mean: Any, variances: Any, rng: Any = None, size: Any = None) -> Any:
        before = tuple(size) if size is not None else np.shape(mean)[:-1]
        given = [
            np.broadcast_to(x, (*before, np.shape(x)[-1])).reshape(-1, np.shape(x)[-1])
            for x in (mean, variances)
        ]
        drawn = [
            rng.multivariate_normal(m, covariance.at(v), method="cholesky")
            for m, v in zip(*given, strict=True)
        ]
        return np.reshape(drawn, (*before, len(observed)))

    return pm.CustomDist(
        name, mean, variances, logp=logp, random=random,
        signature="(n),(k)->(n)", observed=observed, dims=dims,
    )  # fmt: skip
