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
from scipy.linalg.lapack import dtrtri

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
        Covariances of the groups' figures with the border's, (part, group, member, border).
    corner : ndarray
        Of the border's with one another, (part, border, border).
    """

    inside: Integers
    border: Integers
    own: Floats
    shared: Floats
    part_of: Integers
    sign: Floats
    beside: Floats
    corner: Floats

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
        beside=np.array(
            [np.where(there[:, :, None], p.matrix[:, border][inside], 0.0) for p in parts]
        ),
        corner=np.array([p.matrix[np.ix_(border, border)] for p in parts]),
    )


class BlockFactor:
    """A covariance at hand to solve with, and its log determinant."""

    def __init__(self, blocks: Blocks, variances: Floats) -> None:
        self.blocks, there = blocks, blocks.inside >= 0
        own = np.tensordot(variances, blocks.own, 1)
        at = np.arange(there.shape[1])
        own[:, at, at] += ~there
        lower = np.linalg.cholesky(own)
        self.halve = np.array([dtrtri(one.T)[0].T for one in lower])
        weight = variances[blocks.part_of] * blocks.sign
        used = weight != 0
        beside = np.tensordot(variances, blocks.beside, 1)
        # what the rest is about: every other product is of these columns, as they stand here
        self.columns = self._halved(np.concatenate([blocks.shared[:, :, used], beside], axis=2))
        among = self.columns.T @ self.columns
        self.count = count = int(used.sum())
        small = among[:count, :count] + np.diag(1 / weight[used])
        sign, log_small = np.linalg.slogdet(small)
        if sign * np.prod(np.sign(weight[used])) <= 0:
            raise LinAlgError
        self.small = np.linalg.inv(small)
        self.across = self.small @ among[:count, count:]
        left = among[count:, count:] - among[count:, :count] @ self.across
        self.corner = cho_factor(
            np.tensordot(variances, blocks.corner, 1) - left, lower=True, check_finite=False
        )
        self.log_det = (
            2 * float(np.log(lower[:, at, at]).sum() + np.log(self.corner[0].diagonal()).sum())
            + float(log_small) + float(np.log(np.abs(weight[used])).sum())
        )  # fmt: skip

    def solve(self, right: Floats) -> Floats:
        """Multiply the inverse by columns, (figure, ...)."""
        flat = np.asarray(right, dtype=float).reshape(len(right), -1)
        halved, shared, _, corner = self._parts(flat)
        both = np.concatenate([shared - self.across @ corner, corner])
        inside, there = self.blocks.inside, self.blocks.inside >= 0
        left = (halved - self.columns @ both).reshape(*inside.shape, -1)
        found = np.empty_like(flat)
        found[inside[there]] = (self.halve.swapaxes(1, 2) @ left)[there]
        found[self.blocks.border] = corner
        return found.reshape(np.shape(right))

    def square(self, row: Floats) -> float:
        """Multiply the inverse by a row from both sides."""
        halved, shared, missed, corner = self._parts(row[:, None])
        among = self.columns[:, : self.count].T @ halved
        return float((halved**2).sum() - (among * shared).sum() + (missed * corner).sum())

    def _halved(self, inside: Floats) -> Floats:
        """Multiply the inverse roots of the blocks by columns, laid below one another."""
        return (self.halve @ inside).reshape(self.blocks.inside.size, inside.shape[2])

    def _parts(self, flat: Floats) -> tuple[Floats, ...]:
        """Columns halved, what they are of the shared, what the border lacks, its solution."""
        inside = self.blocks.inside[:, :, None]
        halved = self._halved(np.where(inside >= 0, flat[self.blocks.inside], 0.0))
        among = self.columns.T @ halved
        shared = self.small @ among[: self.count]
        missed = (
            flat[self.blocks.border] - among[self.count :] + self.across.T @ among[: self.count]
        )
        return halved, shared, missed, cho_solve(self.corner, missed, check_finite=False)
