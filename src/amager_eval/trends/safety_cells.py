"""Figures laid out as arrays to the cells the likelihood runs over, and what was observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from amager_eval.conventions import RESPONSES
from amager_eval.trends.safety_design import ABOVE, BELOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec

    type Floats = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["Cells", "list_cells", "observe", "quadrature_nodes", "structure"]

#: share of each response as constant + a * safe + b * unsafe
_LINEAR = {"safe": (0.0, 1.0, 0.0), "neither": (1.0, -1.0, -1.0), "unsafe": (0.0, 0.0, 1.0)}


@dataclass(frozen=True, eq=False)
class Cells:
    """Which cells hold figures: the fixed structure of the likelihood.

    Parameters
    ----------
    area, setting, year : ndarray of int
        Index of each cell of a latent area, shape (cell,).
    whole_setting, whole_year : ndarray of int
        Index of each cell of the weighted whole, shape (whole_cell,); they follow the others.
    first, second : ndarray of int
        Index into `RESPONSES` of the first and second figure of each cell, shape (cell +
        whole_cell,); second is -1 where there is none.
    """

    area: Integers
    setting: Integers
    year: Integers
    whole_setting: Integers
    whole_year: Integers
    first: Integers
    second: Integers

    @property
    def double(self) -> Integers:
        """Positions of the cells reported in more than one response."""
        return np.flatnonzero(self.second >= 0)

    @property
    def single(self) -> Integers:
        """Positions of the cells reported in one response."""
        return np.flatnonzero(self.second < 0)

    def linear(self, which: Integers) -> Floats:
        """Constant and coefficients of (safe, unsafe) for responses, shape (cell, 3)."""
        return np.array([_LINEAR[RESPONSES[r]] for r in which]).reshape(-1, 3)


def list_cells(design: xr.Dataset) -> Cells:
    """Find the cells with figures.

    Parameters
    ----------
    design : Dataset
        From :func:`~amager_eval.trends.safety_design.build_design`.

    Returns
    -------
    Cells
    """
    low = design["low"].to_numpy()
    value = design["value"].to_numpy()
    areas = list(design["area"].to_numpy())
    latent = list(design["latent"].to_numpy())
    whole = design.attrs["whole"] if design.attrs["weighted"] else None
    found: dict[str, list[Any]] = {k: [] for k in ("area", "whole")}
    responses: dict[str, list[tuple[int, int]]] = {"area": [], "whole": []}
    for a, s, t in zip(*np.nonzero(np.isfinite(low).any(axis=2)), strict=True):
        given = [r for r in range(len(RESPONSES)) if np.isfinite(low[a, s, r, t])]
        # the first must be a figure, not a bound: the likelihood integrates over its interval
        given.sort(key=lambda r: (np.isnan(value[a, s, r, t]), r == 1, r))
        if len(given) > 1 and np.isnan(value[a, s, given[0], t]):
            given = given[:1]  # two bounds and no figure: the first alone
        pair = (given[0], given[1] if len(given) > 1 else -1)
        kind = "whole" if areas[a] == whole else "area"
        found[kind].append((s, t) if kind == "whole" else (latent.index(areas[a]), s, t))
        responses[kind].append(pair)
    inner = np.array(found["area"], dtype=int).reshape(-1, 3)
    outer = np.array(found["whole"], dtype=int).reshape(-1, 2)
    pairs = np.array(responses["area"] + responses["whole"], dtype=int).reshape(-1, 2)
    return Cells(*inner.T, *outer.T, *pairs.T)


def structure(design: xr.Dataset, spec: ModelSpec, cells: Cells) -> dict[str, Any]:
    """Lay out what the likelihood takes besides shares and figures; refits leave it alone.

    Parameters
    ----------
    design : Dataset
        The design.
    spec : ModelSpec
        Its option `weight_sd`.
    cells : Cells
        The design's cells.

    Returns
    -------
    dict of str to ndarray
        `cell` (cell) and `grid` (whole_cell, latent), positions in the flattened latent cells;
        `linear` (cell + whole_cell, 2, 3) from shares to first and second figure; `single,
        double`; `weight` and `loose`, the variance of its error (latent); `rounding` ().
    """
    shape = tuple(design.sizes[k] for k in ("latent", "setting", "year"))
    weight = design["weight"].to_numpy()
    parts = np.arange(shape[0])[None, :]
    grid = (parts, cells.whole_setting[:, None], cells.whole_year[:, None])
    second = np.where(cells.second < 0, cells.first, cells.second)
    return {
        "cell": np.ravel_multi_index((cells.area, cells.setting, cells.year), shape),
        "grid": np.ravel_multi_index(np.broadcast_arrays(*grid), shape),
        "linear": np.stack([cells.linear(cells.first), cells.linear(second)], axis=1),
        "single": cells.single,
        "double": cells.double,
        "weight": weight,
        "loose": (spec.options["weight_sd"] * weight) ** 2,
        "rounding": np.float64(_rounding_variance(design)),
    }


def observe(
    design: xr.Dataset, cells: Cells, *, keep: NDArray[np.bool_], nodes: int
) -> dict[str, Floats]:
    """Figures of the cells as the numbers the compiled model takes; refits change only these.

    Parameters
    ----------
    design : Dataset
        The figures.
    cells : Cells
        Structure; from the design the model was built for.
    keep : ndarray of bool
        Which figures count, shape (area, setting, response, year); the others become intervals
        without edges, which say nothing. In a cell with two figures, dropping one is allowed only
        if it is not the one integrated over; otherwise the cell is dropped.
    nodes : int
        Quadrature nodes for cells with two figures.

    Returns
    -------
    dict of str to ndarray
        `low, high` (single,); `node, log_weight, node_low, node_high` (double, node); `counts`
        (double,), 0 for a dropped cell;
        `known_safe, known_unsafe, seen_safe, seen_unsafe` (whole_cell, latent): which parts'
        figures are published in the same cell, and the figures.
    """
    low, high, value = (design[k].to_numpy().copy() for k in ("low", "high", "value"))
    drop = ~keep & np.isfinite(low)
    low[drop], high[drop], value[drop] = BELOW, ABOVE, np.nan
    place = _places(design, cells)
    single, double = cells.single, cells.double
    at = (*place[single].T[:2], cells.first[single], place[single].T[2])
    integrated = [
        _integration(low, high, place[j], int(cells.first[j]), int(cells.second[j]), nodes)
        for j in double
    ]
    out = {"low": low[at], "high": high[at]}
    for k, name in enumerate(("node", "log_weight", "node_low", "node_high")):
        out[name] = np.array([cell[k] for cell in integrated]).reshape(-1, nodes)
    first_low = low[place[double].T[0], place[double].T[1], cells.first[double], place[double].T[2]]
    out["counts"] = (first_low > BELOW).astype(float)
    rows = [list(design["area"].to_numpy()).index(a) for a in design["latent"].to_numpy()]
    for name, r in (("safe", 0), ("unsafe", 2)):
        seen = value[rows][:, cells.whole_setting, r, cells.whole_year].T
        out[f"known_{name}"] = np.isfinite(seen).astype(float)
        out[f"seen_{name}"] = np.nan_to_num(seen)
    return out


def _places(design: xr.Dataset, cells: Cells) -> Integers:
    """Index (area of the output, setting, year) of every cell, whole cells last."""
    areas = list(design["area"].to_numpy())
    rows = np.array([areas.index(a) for a in design["latent"].to_numpy()], dtype=int)
    inner = np.column_stack([rows[cells.area], cells.setting, cells.year])
    whole = areas.index(design.attrs["whole"]) if design.attrs["weighted"] else 0
    outer = np.column_stack(
        [np.full(len(cells.whole_year), whole), cells.whole_setting, cells.whole_year]
    )
    return np.vstack([inner, outer]).astype(int)


def _integration(
    low: Floats, high: Floats, place: Integers, first: int, second: int, nodes: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Gauss-Legendre nodes over the first figure's interval; limits of the second given each.

    The three answers sum to one: a third figure narrows the second, and both narrow the first.
    Where they sum to one nowhere (a few did not know), the third is left out.
    """
    a, s, t = place
    third = 3 - first - second
    ends = [(low[a, s, r, t], high[a, s, r, t]) for r in (first, second, third)]
    (l1, h1), (l2, h2), (l3, h3) = [
        (BELOW, ABOVE) if np.isnan(one) else (one, two) for one, two in ends
    ]
    if l1 == BELOW and h1 == ABOVE:
        # dropped: placeholders, switched off by `counts`
        return np.full(nodes, 0.5), np.zeros(nodes), np.full(nodes, BELOW), np.full(nodes, ABOVE)
    start, end = max(l1, 0.0), min(h1, 1.0)
    narrowed = max(start, 1 - h2 - h3), min(end, 1 - l2 - l3)
    has_third = (l3 > BELOW or h3 < ABOVE) and narrowed[1] - narrowed[0] > 1e-9
    if has_third:
        start, end = narrowed
    points, weights = np.polynomial.legendre.leggauss(nodes)
    half = (end - start) / 2
    x = (start + end) / 2 + half * points
    lows = np.full(nodes, l2)
    highs = np.full(nodes, h2)
    if has_third:
        lows, highs = np.maximum(lows, 1 - x - h3), np.minimum(highs, 1 - x - l3)
    return x, np.log(weights * half), lows, highs


def quadrature_nodes(design: xr.Dataset) -> int:
    """Nodes needed over the widest rounding interval, for cells with two figures: 5 to 40."""
    low, high = design["low"].to_numpy(), design["high"].to_numpy()
    width = np.nanmax(np.where((low > 0) & (high < 1), high - low, np.nan), initial=0.0)
    largest = float(np.nanmax(design["n_base"].to_numpy(), initial=1.0))
    if design.attrs["weighted"]:
        largest = float(design["n_base"].sum("latent").max())
    narrowest = np.sqrt(0.5 * 0.05 * 0.95 / max(largest, 1.0))
    return int(np.clip(np.ceil(2.0 * width / narrowest) + 3, 5, 40))


def _rounding_variance(design: xr.Dataset) -> float:
    """Variance of a uniform error over the widest rounding interval of a part's figure."""
    decimals = design["decimals"].to_numpy()
    if np.isnan(decimals).all():
        return 0.0
    return float((10.0 ** -np.nanmin(decimals) / 100) ** 2 / 12)
