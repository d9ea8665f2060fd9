"""A multivariate Normal whose covariance is a sum of fixed matrices times variances.

PyTensor would differentiate through the factorisation; here the gradient is written down: with
`a = K^-1 r` it is `-a` by the residual and `(a' M a - trace(K^-1 M)) / 2` by the variance of M.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pymc as pm
import pytensor.tensor
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.replace import _vectorize_node
from scipy.linalg.lapack import dpotrf, dpotrs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.trends.blocks import BlockFactor, Blocks

    type Floats = NDArray[np.float64]

pt: Any = pytensor.tensor  # only partly typed

__all__ = ["Covariance", "Factor", "LinearNormal", "factor", "observe_normal"]

#: Covariances put together at a time.
_AT_ONCE: Final = 16


@dataclass(frozen=True, eq=False, repr=False)
class Covariance:
    """Covariance of the figures as a function of variances.

    Parameters
    ----------
    fixed : ndarray
        What is always there, (figure, figure).
    stack : ndarray or list of ndarray
        Matrices that variances multiply, (matrix, figure, figure).
    blocks : Blocks or None
        The same matrices in blocks, those of `fixed` first, where the figures are many.
    given : ndarray
        Variances of the blocks' parts that are `fixed`.
    """

    fixed: Floats
    stack: Floats | list[Floats]
    blocks: Blocks | None = None
    given: Floats = field(default_factory=lambda: np.empty(0))

    def __repr__(self) -> str:
        # PyTensor names an operation by what it holds: no matrix in a warning or a printed graph
        return f"Covariance of {len(self.fixed)} figures"

    def at(self, variances: Floats) -> Floats:
        """Covariances, (..., figure, figure)."""
        found: Floats = np.tensordot(variances, np.asarray(self.stack), 1)
        found += self.fixed
        return found

    def factors(self, variances: Floats) -> Iterator[Factor | BlockFactor | None]:
        """Factor the covariance at each row of variances; None where that is no covariance."""
        for some in np.split(variances, range(_AT_ONCE, len(variances), _AT_ONCE)):
            if self.blocks is not None:
                yield from (self.blocks.factor(np.r_[self.given, row]) for row in some)
                continue
            yield from map(factor, self.at(some))


def factor(matrix: Floats) -> Factor | None:
    """Factor a covariance, which is written over; None where it is not positive definite."""
    # symmetric: its transpose is laid out as LAPACK wants it
    lower, info = dpotrf(matrix.T, lower=1, clean=0, overwrite_a=1)
    return Factor(lower) if info == 0 else None


class Factor:
    """A covariance at hand to solve with, and its log determinant."""

    def __init__(self, lower: Floats) -> None:
        self.lower = lower

    @property
    def log_det(self) -> float:
        """Log of the determinant."""
        return 2 * float(np.log(self.lower.diagonal()).sum())

    def solve(self, right: Floats) -> Floats:
        """Multiply the inverse by columns, (figure, ...)."""
        found: Floats = dpotrs(self.lower, right, lower=1)[0]
        return found.reshape(np.shape(right))

    def square(self, row: Floats) -> float:
        """Multiply the inverse by a row from both sides."""
        return float(row @ self.solve(row))


class _Gradient(Op):
    """Derivatives of :class:`LinearNormal` by residual and variances, at one point."""

    __props__ = ("covariance",)

    def __init__(self, covariance: Covariance) -> None:
        self.covariance = covariance

    def make_node(self, *inputs: Any) -> Any:
        """Two vectors in, two out."""
        return Apply(self, list(inputs), [pt.dvector() for _ in inputs])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:  # noqa: ARG002
        """Solve with the covariance and with its inverse."""
        residual, variances = inputs
        held = next(self.covariance.factors(variances[None]))
        found: tuple[Any, ...] = tuple(np.zeros_like(x) for x in inputs)
        if held is not None:
            solved = held.solve(residual)
            inverse = held.solve(np.eye(len(residual)))
            change = 0.5 * (np.outer(solved, solved) - inverse)
            found = -solved, np.tensordot(np.asarray(self.covariance.stack), change, 2)
        for storage, value in zip(outputs, found, strict=True):
            storage[0] = value

    def infer_shape(self, node: Any, shapes: Any) -> Any:  # noqa: ARG002
        """Gradients are shaped as what they are taken by."""
        return shapes


class LinearNormal(Op):
    """Log densities (...,) of residuals (..., figure), given variances (..., matrix).

    Parameters
    ----------
    covariance : Covariance
        Of the figures.
    """

    __props__ = ("covariance",)

    def __init__(self, covariance: Covariance) -> None:
        self.covariance = covariance

    def make_node(self, *inputs: Any) -> Any:
        """Rows in, a number for each out."""
        given = [pt.as_tensor(x) for x in inputs]
        points = max(x.ndim for x in given) - 1
        return Apply(self, given, [pt.tensor(dtype="float64", shape=(None,) * points)])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:  # noqa: ARG002
        """Evaluate; impossible variances have density 0."""
        shape = np.broadcast_shapes(*(x.shape[:-1] for x in inputs))
        residual, variances = (
            np.broadcast_to(x, (*shape, x.shape[-1])).reshape(-1, x.shape[-1]) for x in inputs
        )
        found = np.full(len(residual), -np.inf)
        for i, (row, held) in enumerate(
            zip(residual, self.covariance.factors(variances), strict=True)
        ):
            if held is not None:
                found[i] = -0.5 * (held.square(row) + held.log_det)
        found -= 0.5 * residual.shape[1] * np.log(2 * np.pi)
        outputs[0][0] = found.reshape(shape)

    def infer_shape(self, node: Any, shapes: Any) -> Any:  # noqa: ARG002
        """Give a number for each row."""
        return [max(shapes, key=len)[:-1]]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:  # noqa: ARG002
        """Multiply the derivatives by what follows; of one point."""
        slopes: Any = _Gradient(self.covariance)(*inputs)
        return [cotangents[0] * slope for slope in slopes]


@_vectorize_node.register(LinearNormal)
def _of_many_points(op: LinearNormal, node: Any, *inputs: Any) -> Any:  # noqa: ARG001
    """Evaluate many points in one call: the operation takes rows as they are."""
    return op.make_node(*inputs)


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
