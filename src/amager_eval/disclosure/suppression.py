"""Which counts to hide so that no small one follows from those that are shown.

Cell suppression: small counts are hidden, then others with them, until an attacker who knows every
shown count and how they add up cannot exclude any value below the threshold for a small one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Relation", "suppress"]

#: Slack of the linear programs; counts are whole numbers.
_TOLERANCE: Final = 1e-6


@dataclass(frozen=True)
class Relation:
    """Cells that contain others: the sum over `whole` is at least the sum over `parts`."""

    #: Indices of cells.
    whole: tuple[int, ...]
    parts: tuple[int, ...]
    #: Whether nothing is left over; otherwise the rest is a count of its own, never shown, that is
    #: protected as well.
    exact: bool = False


def suppress(
    values: Sequence[float],
    relations: Sequence[Relation],
    threshold: float,
    *,
    hidden: Collection[int] = (),
    known: Collection[int] = (),
) -> frozenset[int]:
    """Choose the cells to hide.

    A relation that the values break tells an attacker nothing and is left out. `hidden` are hidden
    already, in an earlier year's publication; `known` were published before, and hiding them
    protects nothing. The small cells and those that protect them are returned: every value from 0
    to below the threshold stays possible for each small cell and each small rest, unless it follows
    from what was published before.

    Examples
    --------
    >>> sorted(suppress([20, 3, 7, 10], [Relation((0,), (1, 2, 3), exact=True)], 5))
    [1, 2]
    """
    system = _System(np.asarray(values, dtype=np.float64), relations)
    small = {int(i) for i in np.flatnonzero(system.values < threshold)}
    masked = {i for i in small if i < len(values)} | set(hidden)
    # what was hidden before may have been small then: it stays protected
    protect = sorted((small | set(hidden)) - set(known))
    waiting = list(protect)
    while waiting:
        low, high = system.range(waiting[0], masked - set(known))
        if low <= _TOLERANCE and high >= threshold - 1 - _TOLERANCE:
            waiting.pop(0)
            continue
        more = system.next_to_hide(waiting[0], masked, set(known))
        if more is None:  # everything it adds up with is hidden or was published before
            waiting.pop(0)
        else:
            masked.add(more)
            waiting = list(protect)
    return frozenset(masked)


class _System:
    """Cells and rests as linear equations: whole minus parts minus rest is zero."""

    def __init__(self, values: NDArray[np.float64], relations: Sequence[Relation]) -> None:
        rests, rows = list[float](), list[dict[int, float]]()
        self.margins: set[int] = set()
        for relation in relations:
            left = sum(values[i] for i in relation.whole) - sum(values[i] for i in relation.parts)
            if left < -_TOLERANCE or (relation.exact and left > _TOLERANCE):
                continue
            row = dict.fromkeys(relation.whole, 1.0) | dict.fromkeys(relation.parts, -1.0)
            if not relation.exact:
                row[len(values) + len(rests)] = -1.0
                rests.append(float(left))
            rows.append(row)
            self.margins |= set(relation.whole)
        self.n = len(values)
        self.values = np.concatenate([values, rests])
        self.rows = rows
        self.matrix = np.zeros((len(rows), len(self.values)))
        for i, row in enumerate(rows):
            for j, weight in row.items():
                self.matrix[i, j] = weight

    def range(self, cell: int, masked: Collection[int]) -> tuple[float, float]:
        """Least and greatest value of a cell that agrees with what is shown."""
        from scipy.optimize import linprog  # a quarter of the start of a check that hides nothing

        free = set(masked) | set(range(self.n, len(self.values)))
        if cell not in free:
            return float(self.values[cell]), float(self.values[cell])
        connected = sorted(self._connected(cell, free))
        touched = [i for i, row in enumerate(self.rows) if not row.keys().isdisjoint(connected)]
        if not touched:
            return 0.0, float("inf")
        matrix = self.matrix[np.ix_(touched, connected)]
        right = matrix @ self.values[connected]  # whatever is shown stands on this side
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(len(connected))
            aim[connected.index(cell)] = sign
            solved = linprog(aim, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
            if solved.status == 3:  # unbounded
                ends.append(float("inf"))
            elif solved.fun is not None:
                ends.append(sign * float(solved.fun))
            else:
                raise ArithmeticError(f"the linear program failed: {solved.message}")
        return ends[0], ends[1]

    def next_to_hide(self, cell: int, masked: set[int], known: set[int]) -> int | None:
        """Pick the smallest shown cell that adds up with the cell, margins last."""
        free = (masked - known) | set(range(self.n, len(self.values)))
        reached = self._connected(cell, free)
        shown = {
            j
            for row in self.rows
            if not row.keys().isdisjoint(reached)
            for j in row
            if j < self.n and j not in masked and j not in known
        }
        return min(shown, key=lambda j: (j in self.margins, self.values[j], j), default=None)

    def _connected(self, cell: int, free: Collection[int]) -> set[int]:
        """Cells not shown that share an equation with the cell, directly or through others."""
        found, waiting = {cell}, [cell]
        while waiting:
            at = waiting.pop()
            for row in self.rows:
                if at in row:
                    new = {j for j in row if j in free} - found
                    found |= new
                    waiting += new
        return found
