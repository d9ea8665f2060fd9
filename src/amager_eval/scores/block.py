"""Intervals for mean scores and their differences by resampling whole blocks of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Floats = NDArray[np.float64]

__all__ = ["BlockInterval", "block_interval"]


@dataclass(frozen=True)
class BlockInterval:
    """A mean over cells and its block-bootstrap interval."""

    #: Mean over cells and equal-tailed percentile limits at `level`, unit of the values.
    estimate: float
    low: float
    high: float
    #: Level.
    level: float
    #: Cells the mean is over.
    cells: int
    #: Number of blocks, per crossed factor.
    blocks: tuple[int, ...]


def block_interval(
    values: ArrayLike,
    blocks: ArrayLike | Sequence[ArrayLike],
    *,
    level: float,
    seed: int,
    replicates: int = 2000,
) -> BlockInterval:
    """Bootstrap a mean by whole blocks: cells of one block are drawn together or not at all.

    Blocks are a label of each cell, or several crossed factors (area and target period), each
    resampled on its own with the weights multiplied.

    Cells of one area share its path, cells of one period share the country's; an interval that
    took cells as independent would be far too short. Crossed factors: the pigeonhole bootstrap,
    conservative (Owen 2007, Annals of Applied Statistics 1). With few blocks (below about ten)
    a percentile interval is itself too short: the number of blocks is returned for that reason.

    Examples
    --------
    >>> found = block_interval([1.0, 1.0, 3.0, 3.0], ["a", "a", "b", "b"], level=0.95, seed=1)
    >>> found.estimate, found.low, found.high, found.blocks
    (2.0, 1.0, 3.0, (2,))
    """
    value = np.asarray(values, dtype=np.float64)
    factors = _factors(blocks, len(value))
    codes, sizes = zip(*(_coded(f) for f in factors), strict=True)
    index = np.ravel_multi_index(codes, sizes)
    total = np.bincount(index, weights=value, minlength=int(np.prod(sizes)))
    count = np.bincount(index, minlength=int(np.prod(sizes))).astype(np.float64)
    weights = _resampled(sizes, seed, replicates)
    sums = _weighted(total.reshape(sizes), weights)
    counts = _weighted(count.reshape(sizes), weights)
    means = sums[counts > 0] / counts[counts > 0]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return BlockInterval(
        float(value.mean()), float(low), float(high), level, len(value), tuple(sizes)
    )


def _factors(blocks: ArrayLike | Sequence[ArrayLike], cells: int) -> list[NDArray[np.generic]]:
    if isinstance(blocks, (list, tuple)) and len(blocks) and np.ndim(blocks[0]) == 1:
        factors = [np.asarray(b) for b in blocks]
    else:
        factors = [np.asarray(blocks)]
    for factor in factors:
        if len(factor) != cells:
            raise ValueError(f"{cells} values but {len(factor)} block labels; give one per value")
    return factors


def _coded(factor: NDArray[np.generic]) -> tuple[NDArray[np.intp], int]:
    codes, names = pd.factorize(factor)
    if (codes < 0).any():
        raise ValueError("a block label is missing; give every cell a block")
    return codes, len(names)


@lru_cache(maxsize=4)  # tables hold hundreds of means over the same blocks
def _resampled(sizes: tuple[int, ...], seed: int, replicates: int) -> tuple[Floats, ...]:
    """How often each block is drawn, per factor, dims `replicate, block`."""
    rng = np.random.default_rng(seed)
    drawn = (rng.multinomial(n, np.full(n, 1 / n), size=replicates) for n in sizes)
    return tuple(d.astype(np.float64) for d in drawn)


def _weighted(table: Floats, weights: Sequence[Floats]) -> Floats:
    """Sum of a table over its axes with one weight vector per axis, dims `replicate`."""
    result = np.tensordot(weights[0], table, axes=(1, 0))
    for weight in weights[1:]:
        result = np.einsum("rb...,rb->r...", result, weight)
    return np.asarray(result)
