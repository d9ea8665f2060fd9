"""Split overlapping published counts into disjoint sums, so that no report is counted twice.

A city's count holds its districts', a total holds its types. What is published is a family of
rectangles (areas x types); the likelihood needs sums over disjoint sets of cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amager_eval.errors import Fault, InputError

__all__ = ["DisjointCounts", "Lump", "split_counts"]


@dataclass(frozen=True)
class Lump:
    """A count known only as a sum over several cells of one period.

    Parameters
    ----------
    cells : tuple of (int, int)
        Area and type index of each cell.
    period : int
        Period index.
    count : float
        Reports in all the cells together.
    """

    cells: tuple[tuple[int, int], ...]
    period: int
    count: float


@dataclass(frozen=True, eq=False)
class DisjointCounts:
    """Counts of single cells, sums of several, and what could not be used.

    Parameters
    ----------
    count : ndarray
        Dims `area, crime_type, period`; NaN where the cell is not known by itself.
    lumps : tuple of Lump
        Disjoint from the single cells and from each other.
    left_out : tuple of (str, str, str)
        Area, type and period of each published count that is not used: it crosses others without
        containing them, because a part it is made of is missing in that period. Counts that a
        complete set of parts makes redundant say nothing more and are not named.
    """

    count: NDArray[np.float64]
    lumps: tuple[Lump, ...]
    left_out: tuple[tuple[str, str, str], ...]


def split_counts(
    published: NDArray[np.float64],
    area_members: Sequence[Sequence[int]],
    type_members: Sequence[Sequence[int]],
    labels: tuple[Sequence[str], Sequence[str], Sequence[str]],
    row_of: Mapping[tuple[str, str, str], int] | None = None,
) -> DisjointCounts:
    """Split published counts into disjoint sums.

    Parameters
    ----------
    published : ndarray
        Dims `published area, published type, period`; NaN is not published.
    area_members, type_members : sequence of sequence of int
        For each published area and type the indices of the modelled ones it is made of.
    labels : tuple of three sequences of str
        Names of the published areas, types and periods, for the error.
    row_of : mapping or None
        Row of a published count by area, type and period, for the error; where it is not known
        the error names these alone.

    Returns
    -------
    DisjointCounts

    Raises
    ------
    InputError
        A whole is smaller than its parts.

    Examples
    --------
    A city of 100 with a district of 30 whose count is missing in the second period:

    >>> import numpy as np
    >>> city_and_district = np.array([[[100.0, 90.0]], [[30.0, np.nan]]])
    >>> split = split_counts(city_and_district, [[0, 1], [1]], [[0]],
    ...                      (["city", "district"], ["total"], ["2023", "2024"]))
    >>> split.count[:, 0]
    array([[70., nan],
           [30., nan]])
    >>> split.lumps
    (Lump(cells=((0, 0), (1, 0)), period=1, count=90.0),)
    """
    n_areas = 1 + max(i for members in area_members for i in members)
    n_types = 1 + max(i for members in type_members for i in members)
    count = np.full((n_areas, n_types, published.shape[2]), np.nan)
    if all(len(m) == 1 for m in (*area_members, *type_members)):
        rows = np.array([m[0] for m in area_members])
        columns = np.array([m[0] for m in type_members])
        count[np.ix_(rows, columns)] = published
        return DisjointCounts(count, (), ())
    rectangles = sorted(
        (
            (frozenset((i, j) for i in area for j in kind), u, v)
            for u, area in enumerate(area_members)
            for v, kind in enumerate(type_members)
        ),
        key=lambda rectangle: len(rectangle[0]),
    )
    lumps: list[Lump] = []
    faults: list[Fault] = []
    left_out: list[tuple[str, str, str]] = []
    for t in range(published.shape[2]):
        known: list[tuple[frozenset[tuple[int, int]], float]] = []
        for cells, u, v in rectangles:
            value = published[u, v, t]
            if np.isnan(value):
                continue
            inside = [k for k in known if k[0] <= cells]
            rest = cells.difference(*(k[0] for k in inside))
            if any(k[0] & cells and not k[0] <= cells for k in known):
                left_out.append((labels[0][u], labels[1][v], labels[2][t]))
                continue
            if not rest:
                continue
            remaining = value - sum(k[1] for k in inside)
            if remaining < 0:
                area, kind, period = place = labels[0][u], labels[1][v], labels[2][t]
                faults.append(
                    Fault(
                        f"{area}, {kind}, {period} is smaller than the sum of its parts",
                        found=f"{value:g} against {value - remaining:g}",
                        remedy="Check both deliveries, or declare in the spec what is nested.",
                        row=(row_of or {}).get(place),
                        column="count",
                    )
                )
                continue
            known.append((rest, remaining))
        for cells, value in known:
            if len(cells) == 1:
                ((i, j),) = cells
                count[i, j, t] = value
            else:
                lumps.append(Lump(tuple(sorted(cells)), t, float(value)))
    if faults:
        raise InputError(faults)
    return DisjointCounts(count, tuple(lumps), tuple(left_out))
