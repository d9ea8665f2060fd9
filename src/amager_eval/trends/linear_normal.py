"""A multivariate Normal whose covariance is a sum of fixed matrices times variances.

PyTensor would differentiate through the factorisation; here the gradient is written down: with
`a = K^-1 r` it is `-a` by the residual and `(a' M a - trace(K^-1 M)) / 2` by the variance of M.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from scipy.linalg import LinAlgError, cho_factor, cho_solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.trends.blocks import BlockFactor, Blocks

    type Floats = NDArray[np.float64]

pt: Any = pytensor.tensor  # only partly typed

__all__ = ["Covariance", "Factor", "LinearNormal", "observe_normal"]


@dataclass(frozen=True, eq=False, repr=False)
class Covariance:
    """Covariance of the figures as a function of variances.

    Parameters
    ----------
    fixed : ndarray
        What is always there, (figure, figure).
    stack : ndarray
        Matrices that variances multiply, (matrix, figure, figure).
    blocks : Blocks or None
        The same matrices in blocks, those of `fixed` first, where the figures are many.
    given : ndarray
        Variances of the blocks' parts that are `fixed`.
    """

    fixed: Floats
    stack: Floats
    blocks: Blocks | None = None
    given: Floats = field(default_factory=lambda: np.empty(0))

    def __repr__(self) -> str:
        # PyTensor names an operation by what it holds: no matrix in a warning or a printed graph
        return f"Covariance of {len(self.fixed)} figures"

    def at(self, variances: Floats) -> Floats:
        """Covariance, (figure, figure)."""
        found: Floats = self.fixed + np.tensordot(variances, self.stack, 1)
        return found

    def factor(self, variances: Floats) -> Factor | BlockFactor | None:
        """Factor the covariance; None where it is not positive definite."""
        if self.blocks is not None:
            return self.blocks.factor(np.concatenate([self.given, variances]))
        try:
            lower = cho_factor(self.at(variances), lower=True, check_finite=False)
        except (LinAlgError, ValueError):
            return None
        return Factor(lower)


class Factor:
    """A covariance at hand to solve with, and its log determinant."""

    def __init__(self, lower: Any) -> None:
        self.lower = lower
        self.log_det = 2 * np.log(np.diag(lower[0])).sum()

    def solve(self, right: Floats) -> Floats:
        """Multiply the inverse by columns, (figure, ...)."""
        found: Floats = cho_solve(self.lower, right, check_finite=False)
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
        factor = self.covariance.factor(variances)
        found: tuple[Any, ...] = tuple(np.zeros_like(x) for x in inputs)
        if factor is not None:
            solved = factor.solve(residual)
            inverse = factor.solve(np.eye(len(residual)))
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
        factor = self.covariance.factor(variances)
        density = -np.inf
        if factor is not None:
            density = -0.5 * residual @ factor.solve(residual) - 0.5 * factor.log_det
            density -= 0.5 * len(residual) * np.log(2 * np.pi)
        outputs[0][0] = np.asarray(density)

    def infer_shape(self, node: Any, shapes: Any) -> Any:  # noqa: ARG002
        """One number."""
        return [()]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:  # noqa: ARG002
        """Multiply the derivatives by what follows."""
        slopes: Any = _Gradient(self.covariance)(*inputs)
        return [cotangents[0] * slope for slope in slopes]


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
