"""Sample a posterior of a few parameters without compiling: weighted draws of a fitted proposal.

A model whose Gaussian part is integrated out has a handful of parameters and a smooth density. A
heavy-tailed proposal fitted to it is then nearly the posterior itself: its points are weighted by
posterior over proposal and drawn again by weight (importance resampling; Rubin 1988). How many
draws the weights leave says whether the proposal was good enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from scipy.optimize import minimize
from scipy.stats import multivariate_t

if TYPE_CHECKING:
    import pymc as pm
    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]
    type Density = Callable[[Floats], Floats]

__all__ = [
    "Proposal",
    "Scales",
    "effective_draws",
    "normalised",
    "resample",
    "sample_independently",
]

_t: Any = multivariate_t  # typed for one point at a time
#: Degrees of freedom of the proposal: tails heavier than a posterior's.
_TAILS: Final = 5.0
#: Share of points drawn from a wider shape, and how many times wider its variance is.
_WIDE_SHARE: Final = 0.2
_WIDE: Final = 4.0
#: Proposals that are tried, and the points each is tried by.
_ATTEMPTS: Final = 4
_TRIAL: Final = 400
#: Points weighed at a time: as often progress is told.
_AT_ONCE: Final = 500
#: Step of numerical derivatives on the unconstrained scale.
_STEP: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Proposal:
    """A multivariate t over the unconstrained parameters, a share of it drawn wider.

    The wide part keeps weights small where the posterior has a tail the fitted shape lacks.

    Parameters
    ----------
    centre, spread : ndarray
        Location (parameter,) and shape matrix (parameter, parameter).
    labels : tuple of str
        The parameters' names, where a neighbouring model has others.
    """

    centre: Floats
    spread: Floats
    labels: tuple[str, ...] = ()

    def margin(self, labels: Sequence[str]) -> Proposal | None:
        """Take some parameters, of which a t is a t; None where there are not all of them."""
        if not set(labels) <= set(self.labels):
            return None
        at = [self.labels.index(label) for label in labels]
        return Proposal(self.centre[at], self.spread[np.ix_(at, at)], tuple(labels))

    def draw(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw points, (count, parameter)."""
        wide = rng.uniform(size=count) < _WIDE_SHARE
        drawn = _t.rvs(np.zeros(len(self.centre)), self.spread, _TAILS, size=count,
                                   random_state=rng).reshape(count, len(self.centre))  # fmt: skip
        points: Floats = self.centre + drawn * np.where(wide, np.sqrt(_WIDE), 1.0)[:, None]
        return points

    def log_density(self, points: Floats) -> Floats:
        """Log density of points, (count,)."""
        parts = [
            np.log(share) + np.reshape(_t.logpdf(points, self.centre, k * self.spread, _TAILS), -1)
            for share, k in ((1 - _WIDE_SHARE, 1.0), (_WIDE_SHARE, _WIDE))
        ]
        found: Floats = np.logaddexp(*parts)
        return found


@dataclass(frozen=True, eq=False)
class Scales:
    """Proposed values of a model's free variables, to be drawn again by :func:`resample`.

    Parameters
    ----------
    proposed : Dataset
        Free variables on their own scale, dims `chain, draw, ...`.
    sample_stats : Dataset
        `lp` (log density on the unconstrained scale) and `log_weight` (of the posterior's density
        over the proposal's), dims `chain, draw`.
    proposal : Proposal
        What they came from, for a neighbouring model to begin with.
    points : ndarray or None
        The same on the unconstrained scale, (point, parameter).
    """

    proposed: xr.Dataset
    sample_stats: xr.Dataset
    proposal: Proposal
    points: Floats | None = None


def sample_independently(
    model: pm.Model,
    *,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
    wanted: float = 0.0,
    proposal: Proposal | None = None,
    begun: Scales | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Scales:
    """Sample a PyMC model of few continuous free variables.

    Parameters
    ----------
    model : pymc.Model
        Its log density is evaluated as PyTensor's Python code, without compiling.
    draws, tune, chains : int
        Points per chain, the most there are where `wanted` says how many are enough; points spent
        on shaping the proposal; chains.
    seed : int
        Seed.
    wanted : float
        Effective draws: as many points as they take, all of one proposal; one whose points would
        have to be more than there are to be is shaped again.
    proposal : Proposal or None
        From a neighbouring model. Without one, or where this model has a variable the neighbour
        lacks, the mode is looked for first.
    begun : Scales or None
        Points of this very model, which are too few: more are added to them.
    progress : callable or None
        Called with points done and points in all.

    Returns
    -------
    Scales
    """
    rng = np.random.default_rng([seed, 0 if begun is None else begun.sample_stats.sizes["draw"]])
    flat = _Flat(model)
    total, done = tune + chains * draws, 0

    def evaluate(points: Floats) -> Floats:
        nonlocal done
        values = []
        for some in np.array_split(points, -(-len(points) // _AT_ONCE)):
            values.append(flat.log_density(some))
            done += len(some)
            if progress is not None:
                progress(min(done, total), total)
        return np.concatenate(values)

    if begun is not None and begun.points is not None:
        log_p = begun.sample_stats["lp"].to_numpy().ravel()
        first = _Weighed(begun.points, log_p, begun.proposal)
    else:
        proposal = None if proposal is None else proposal.margin(flat.labels)
        if proposal is None:
            proposal = _at_mode(flat.log_density, flat.start())
        if tune:
            proposal = _adapt(proposal, evaluate, rng, tune)
        first = _propose(proposal, evaluate, rng, _trial(chains * draws, wanted, chains))
    weighed = _worth_enough(first, evaluate, rng, wanted, most=chains * draws, chains=chains)
    if progress is not None:
        progress(total, total)
    return _told(flat, weighed, chains)


@dataclass(frozen=True, eq=False)
class _Weighed:
    """Points of one proposal, and the log density of each."""

    points: Floats
    log_p: Floats
    proposal: Proposal

    @cached_property
    def log_weight(self) -> Floats:
        """Log of the model's density over the proposal's, (point,)."""
        return self.log_p - self.proposal.log_density(self.points)

    @cached_property
    def share(self) -> float:
        """Effective draws a point."""
        return effective_draws(self.log_weight) / len(self.points)

    def lack(self, wanted: float) -> int:
        """Count the points that are missing for so many effective draws, by those there are."""
        return max(math.ceil(wanted / self.share) - len(self.points), 0)


def _propose(
    proposal: Proposal, density: Density, rng: np.random.Generator, count: int
) -> _Weighed:
    points = proposal.draw(rng, count)
    return _Weighed(points, density(points), proposal)


def _trial(most: int, wanted: float, chains: int) -> int:
    """Count the points a proposal is tried by, whole chains of them."""
    return min(-(-_TRIAL // chains) * chains, most) if wanted else most


def _worth_enough(
    found: _Weighed,
    density: Density,
    rng: np.random.Generator,
    wanted: float,
    *,
    most: int,
    chains: int,
) -> _Weighed:
    """Add points until they are worth enough, `most` at most, all of one proposal.

    A proposal that would take more is shaped anew by its points: a poor one's are few in effect,
    but many. Where none is good enough, the best of them gets all points.
    """
    tries = [found]
    while lacking := found.lack(wanted):
        if lacking <= most - len(found.points):
            found = _added(found, density, rng, -(-lacking // chains) * chains)
            tries[-1] = found
        elif len(tries) < _ATTEMPTS:
            shaped = _shaped(found.points, found.log_weight)
            found = _propose(shaped, density, rng, _trial(most, wanted, chains))
            tries.append(found)
        else:
            best = max(tries, key=lambda one: one.share)
            return _added(best, density, rng, most - len(best.points))
    return found


def _added(found: _Weighed, density: Density, rng: np.random.Generator, count: int) -> _Weighed:
    if count <= 0:
        return found
    more = _propose(found.proposal, density, rng, count)
    points = np.concatenate([found.points, more.points])
    return _Weighed(points, np.concatenate([found.log_p, more.log_p]), found.proposal)


def _told(flat: _Flat, found: _Weighed, chains: int) -> Scales:
    """Name weighed points."""
    shape = chains, len(found.points) // chains
    names = {"chain": np.arange(shape[0]), "draw": np.arange(shape[1])}
    dims = ("chain", "draw")
    statistics = {"lp": found.log_p, "log_weight": found.log_weight}
    return Scales(
        flat.named(found.points, shape).assign_coords(names),
        xr.Dataset({k: (dims, v.reshape(shape)) for k, v in statistics.items()}, coords=names),
        replace(found.proposal, labels=tuple(flat.labels)),
        found.points,
    )


def effective_draws(log_weight: Floats) -> float:
    """Count the equally weighted draws that would say as much (Kish).

    Examples
    --------
    >>> round(effective_draws(np.zeros(10)), 6)
    10.0
    """
    return float(1 / (normalised(log_weight) ** 2).sum())


def normalised(log_weight: Floats) -> Floats:
    """Weights that sum to 1, from their logs."""
    # SciPy's logsumexp loads JAX wherever that is installed
    weight = np.exp(log_weight - np.max(log_weight))
    found: Floats = weight / weight.sum()
    return found


def resample(log_weight: Floats, seed: int, *, count: int | None = None) -> NDArray[np.int64]:
    """Draw points again by weight, within each chain.

    Parameters
    ----------
    log_weight : ndarray
        Log of the target's density over the proposal's, (chain, draw).
    seed : int
        Seed.
    count : int or None
        Draws per chain; default as many as points.

    Returns
    -------
    ndarray
        Index of a point in its chain, (chain, draw).

    Notes
    -----
    Weights are cut at their mean times the root of their number (Ionides 2008), so that no point
    decides alone; systematic resampling adds as little chance as can be.

    Examples
    --------
    >>> sorted(resample(np.zeros((1, 4)), 1)[0].tolist())  # equal weights: every point once
    [0, 1, 2, 3]
    """
    rng = np.random.default_rng(seed)
    count = log_weight.shape[1] if count is None else count
    taken = np.empty((len(log_weight), count), dtype=int)
    for c, row in enumerate(log_weight):
        ends = np.cumsum(normalised(truncated(row)))
        at = (np.arange(count) + rng.uniform()) / count
        taken[c] = rng.permutation(np.minimum(np.searchsorted(ends, at), len(row) - 1))
    return taken


def truncated(log_weight: Floats) -> Floats:
    """Cut weights at their mean times the root of their number."""
    largest = log_weight.max()
    mean = np.exp(log_weight - largest).mean()
    cut: Floats = np.minimum(log_weight, largest + np.log(mean * np.sqrt(log_weight.size)))
    return cut


def _at_mode(density: Density, start: Floats) -> Proposal:
    """Fit a proposal to the mode and the curvature there."""
    size = len(start)
    step = _STEP * np.eye(size)

    def value_and_slope(x: Floats) -> tuple[float, Floats]:
        found = density(np.concatenate([x[None], x + step, x - step]))
        return -found[0], -(found[1 : size + 1] - found[size + 1 :]) / (2 * _STEP)

    centre = minimize(value_and_slope, start, method="BFGS", jac=True, options={"gtol": 0.02}).x
    wide = 0.1 * np.eye(size)
    pairs = [(a, b) for a in range(size) for b in range(a, size)]
    corners = np.array(
        [centre + p * wide[a] + q * wide[b] for a, b in pairs
         for p, q in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
    )  # fmt: skip
    found = density(corners).reshape(-1, 4) @ [1, -1, -1, 1] / (4 * 0.1**2)
    hessian = np.zeros((size, size))
    for (a, b), second in zip(pairs, found, strict=True):
        hessian[a, b] = hessian[b, a] = second
    values, vectors = np.linalg.eigh(-hessian)
    # a direction with little curvature gets a wide, not an endless, proposal
    return Proposal(centre, (vectors / np.maximum(values, 0.5)) @ vectors.T)


def _adapt(
    proposal: Proposal, evaluate: Callable[[Floats], Floats], rng: np.random.Generator, tune: int
) -> Proposal:
    """Refit the proposal to weighted points of the last one, twice."""
    for share in (0.4, 0.6):
        points = proposal.draw(rng, max(int(share * tune), 20))
        proposal = _shaped(points, evaluate(points) - proposal.log_density(points))
    return proposal


def _shaped(points: Floats, log_weight: Floats) -> Proposal:
    """Fit a proposal to weighted points."""
    weight = normalised(truncated(log_weight))
    centre = weight @ points
    off = points - centre
    spread = (off * weight[:, None]).T @ off * (_TAILS - 2) / _TAILS * 1.3
    return Proposal(centre, spread + 1e-4 * np.eye(len(centre)))


class _Flat:
    """A model's density of flat points, and the way back to named draws.

    Parameters
    ----------
    model : pymc.Model
        Evaluated as PyTensor's Python code, many points at a time; nothing is compiled.
    """

    def __init__(self, model: Any) -> None:
        import pytensor.tensor as pt
        from pytensor.compile.maker import function
        from pytensor.compile.mode import Mode
        from pytensor.configdefaults import config
        from pytensor.graph.replace import vectorize_graph

        self.model, self.variables = model, model.free_RVs
        self.values = [model.rvs_to_values[rv] for rv in self.variables]
        dims = [model.named_vars_to_dims.get(rv.name) for rv in self.variables]
        shapes = [
            rv.type.shape if of is None else tuple(len(model.coords[d]) for d in of)
            for rv, of in zip(self.variables, dims, strict=True)
        ]
        self.labels = [
            f"{rv.name}{list(at) if at else ''}"
            for rv, shape in zip(self.variables, shapes, strict=True)
            for at in np.ndindex(shape)
        ]
        points = pt.dmatrix("points")
        sizes = [math.prod(shape) for shape in shapes]
        many = {
            value: points[:, end - size : end].reshape((-1, *shape))
            for value, end, size, shape in zip(
                self.values, np.cumsum(sizes), sizes, shapes, strict=True
            )
        }
        plain = Mode(linker="py", optimizer="None")
        # one evaluation for many points: Python's share of the time is paid once
        with config.change_flags(traceback__limit=0):  # where a node was made is asked by no one
            own = model.replace_rvs_by_values(self.variables)
            log_p, *own = vectorize_graph([model.logp(), *own], many)
            self._log_density, self._own_scale = (
                function([points], out, mode=plain) for out in (log_p, own)
            )

    def start(self) -> Floats:
        """Give a point to look for the mode from."""
        point = self.model.initial_point()
        return np.concatenate([np.ravel(point[v.name]) for v in self.values]).astype(float)

    def log_density(self, points: Floats) -> Floats:
        """Log density of points, (point,)."""
        with np.errstate(all="ignore"):  # far out a density is 0, and says so
            value = self._log_density(points)
        return np.where(np.isfinite(value), value, -1e300)

    def named(self, points: Floats, shape: tuple[int, int]) -> xr.Dataset:
        """Free variables of points on their own scale, dims `chain, draw, ...`."""
        out = {}
        for rv, drawn in zip(self.variables, self._own_scale(points), strict=True):
            names = self.model.named_vars_to_dims.get(
                rv.name, [f"{rv.name}_dim_{k}" for k in range(drawn.ndim - 1)]
            )
            out[rv.name] = (("chain", "draw", *names), drawn.reshape(*shape, *drawn.shape[1:]))
        used = {d for dim, _ in out.values() for d in dim}
        coords = {k: list(v) for k, v in self.model.coords.items() if k in used and v is not None}
        return xr.Dataset(out, coords=coords)
