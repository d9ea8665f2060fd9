"""A covariance of many figures in blocks: what is one area's own, what all share, and the wholes.

Figures of an area are tied to another area's only through what all areas share, which is of few
dimensions; the wholes' figures, which read all areas, are few. So the large matrix is never
factored: blocks are, then a matrix as large as what is shared (Woodbury), then the wholes' (Schur).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["BlockFactor", "Blocks", "Part", "lay_in_blocks"]


@dataclass(frozen=True, eq=False)
class Part:
    """One of the matrices a covariance is the sum of.

    Parameters
    ----------
    matrix : ndarray
        (figure, figure).
    shared : ndarray
        (figure, column): what it has beyond the blocks is `sign` times its outer product.
    sign : float
        Factor of the outer product; 0 where there is none.
    """

    matrix: Floats
    shared: Floats
    sign: float


@dataclass(frozen=True, eq=False)
class Blocks:
    """Parts of a covariance, cut into blocks.

    Parameters
    ----------
    inside : ndarray of int
        Figures of each group, (group, member); -1 fills a short group.
    border : ndarray of int
        Figures that belong to no group.
    own : ndarray
        (part, group, member, member).
    shared : ndarray
        (group, member, column).
    part_of, sign : ndarray
        Each column's part and factor, (column,).
    beside : ndarray
        Rows of the border, (part, border, figure).
    """

    inside: Integers
    border: Integers
    own: Floats
    shared: Floats
    part_of: Integers
    sign: Floats
    beside: Floats

    def factor(self, variances: Floats) -> BlockFactor | None:
        """Factor the covariance at the parts' variances; None where it is not positive definite."""
        try:
            return BlockFactor(self, variances)
        except LinAlgError:
            return None


def lay_in_blocks(parts: list[Part], group: Integers) -> Blocks:
    """Cut parts into blocks.

    Parameters
    ----------
    parts : list of Part
        What the covariance is the sum of.
    group : ndarray of int
        Group of each figure; -1 for the border's.

    Returns
    -------
    Blocks
    """
    members = [np.flatnonzero(group == g) for g in range(group.max() + 1)]
    inside = np.full((len(members), max(map(len, members))), -1)
    for g, of in enumerate(members):
        inside[g, : len(of)] = of
    there = inside >= 0
    both = there[:, :, None] & there[:, None, :]
    border = np.flatnonzero(group < 0)
    shared = [p.shared for p in parts if p.sign]
    width = [p.shared.shape[1] for p in parts if p.sign]
    columns = np.concatenate(shared, axis=1) if shared else np.zeros((len(group), 0))
    own = np.empty((len(parts), *both.shape))
    for k, part in enumerate(parts):
        block = part.matrix[inside[:, :, None], inside[:, None, :]]
        if part.sign:
            of = part.shared[inside]
            block = block - part.sign * of @ of.swapaxes(1, 2)
        own[k] = np.where(both, block, 0.0)
    with_columns = [k for k, p in enumerate(parts) if p.sign]
    return Blocks(
        inside=inside,
        border=border,
        own=own,
        shared=np.where(there[:, :, None], columns[inside], 0.0),
        part_of=np.repeat(np.array(with_columns, dtype=int), width),
        sign=np.repeat([parts[k].sign for k in with_columns], width),
        beside=np.array([p.matrix[border] for p in parts]),
    )


class BlockFactor:
    """A covariance at hand to solve with, and its log determinant."""

    def __init__(self, blocks: Blocks, variances: Floats) -> None:
        self.blocks, there = blocks, blocks.inside >= 0
        self.there = there
        own = np.tensordot(variances, blocks.own, 1)
        at = np.arange(there.shape[1])
        own[:, at, at] += ~there
        lower = np.linalg.cholesky(own)
        self.halve = np.linalg.inv(lower)  # of small blocks, and used again for every solution
        weight = variances[blocks.part_of] * blocks.sign
        used = weight != 0
        self.columns = self.halve @ blocks.shared[:, :, used]
        small = np.tensordot(self.columns, self.columns, ([0, 1], [0, 1]))
        small += np.diag(1 / weight[used])
        sign, log_small = np.linalg.slogdet(small) if used.any() else (1.0, 0.0)
        if sign * np.prod(np.sign(weight[used])) <= 0:
            raise LinAlgError
        self.small = np.linalg.inv(small)
        self.log_det = (
            2 * float(np.log(lower[:, at, at]).sum())
            + float(log_small) + float(np.log(np.abs(weight[used])).sum())
        )  # fmt: skip
        self.across = None
        if len(blocks.border):
            beside = np.tensordot(variances, blocks.beside, 1)
            self.across = self._solve_inside(beside.T)
            left = beside[:, blocks.border] - beside @ self.across
            self.corner = cho_factor((left + left.T) / 2, lower=True, check_finite=False)
            self.beside = beside
            self.log_det += 2 * float(np.log(np.diag(self.corner[0])).sum())

    def solve(self, right: Floats) -> Floats:
        """Multiply the inverse by columns, (figure, ...)."""
        flat = np.asarray(right, dtype=float).reshape(len(right), -1)
        found = self._solve_inside(flat)
        if self.across is not None:
            missed = flat[self.blocks.border] - self.beside @ found
            corner = cho_solve(self.corner, missed, check_finite=False)
            found = found - self.across @ corner
            found[self.blocks.border] = corner
        return found.reshape(np.shape(right))

    def _solve_inside(self, flat: Floats) -> Floats:
        """Solve with the groups' part; rows of the border are 0."""
        inside, there = self.blocks.inside, self.there
        gathered = np.where(there[:, :, None], flat[inside], 0.0)
        halved = self.halve @ gathered
        across = np.tensordot(self.columns, halved, ([0, 1], [0, 1]))
        halved = halved - self.columns @ (self.small @ across)
        solved = self.halve.swapaxes(1, 2) @ halved
        found = np.zeros_like(flat)
        found[inside[there]] = solved[there]
        return found
