"""Gather draws into the quantities results rest on; those of a large model in blocks."""

from __future__ import annotations

import gc
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from amager_eval.trends.crime.forecast import LEAST_DRAWS
from amager_eval.trends.crime.posterior import crime_posterior

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["CHAINS_AT_ONCE", "IN_DOUBLE", "beside", "gather", "gather_in_turns", "thin"]

#: Bytes from which all that Python holds is searched for what nothing leads to any more.
_WORTH_A_SEARCH: Final = 100_000_000
#: Levels kept in double precision (.3 GB). Of more, as of 158 areas, 9 types and 10 years, chains
#: are sampled two at a time, their draws turned into quantities in blocks of so many levels, a log
#: rate is kept to its seventh digit, and of twice as many every second draw.
IN_DOUBLE: Final = 40_000_000
IN_BLOCK: Final = 2_000_000
CHAINS_AT_ONCE: Final = 2


def gather(
    tree: xr.DataTree,
    design: xr.Dataset,
    rng: np.random.Generator,
    given: Mapping[str, NDArray[np.float64]],
) -> tuple[xr.Dataset, xr.Dataset]:
    """Turn all draws at once into quantities.

    Parameters
    ----------
    tree : DataTree
        What the sampler gave.
    design : Dataset
        What was fitted.
    rng : numpy.random.Generator
        For :func:`amager_eval.trends.crime.posterior.crime_posterior`.
    given : mapping of str to ndarray
        Variables that were not sampled but known.

    Returns
    -------
    posterior : Dataset
        Quantities.
    stats : Dataset
        Of the sampler.
    """
    raw, stats = (tree[group].to_dataset() for group in ("posterior", "sample_stats"))
    found, size = crime_posterior(_with_given(raw, given), design, rng), raw.nbytes
    del tree, raw  # what the sampler drew is not asked again
    _free(size)
    return found, stats


def _free(size: int) -> None:
    """Free what only a circle holds, as parts of a tree do, where its bytes are worth a search."""
    if size > _WORTH_A_SEARCH:
        gc.collect()


def gather_in_turns(
    turns: Iterable[Callable[[], xr.DataTree]],
    design: xr.Dataset,
    *,
    chains: int,
    draws: int,
    seed: int,
    given: Mapping[str, NDArray[np.float64]],
) -> tuple[xr.Dataset, xr.Dataset]:
    """Wait for some chains after the other, and turn their draws into quantities in blocks.

    Parameters
    ----------
    turns : iterable of callable
        Each waits for some chains.
    design : Dataset
        What was fitted.
    chains, draws : int
        Chains in all, draws of each.
    seed : int
        Of the fit.
    given : mapping of str to ndarray
        Variables that were not sampled but known.

    Returns
    -------
    posterior : Dataset
        What has areas in single precision.
    stats : Dataset
        Of the sampler.
    """
    step = max(1, IN_BLOCK // (CHAINS_AT_ONCE * design["count"].size))
    kept, stats, first = _Kept(chains, draws), [], 0
    for wait in turns:
        tree = wait()
        raw = _with_given(tree["posterior"].to_dataset(), given)
        stats.append(tree["sample_stats"].to_dataset())
        rng = np.random.default_rng([seed, 4, first])
        for start in range(0, draws, step):
            rows = slice(start, min(start + step, draws))
            kept.put(first, rows, crime_posterior(raw.isel(draw=rows), design, rng))
        first, size = first + raw.sizes["chain"], raw.nbytes
        del tree, raw, wait  # before the next chains fill as much
        _free(size)
    return kept.dataset(), xr.concat(stats, "chain")


def beside(
    first: xr.DataTree, posterior: xr.Dataset, stats: xr.Dataset
) -> tuple[xr.Dataset, xr.Dataset]:
    """Put further chains of the same design after those of a fit.

    Parameters
    ----------
    first : DataTree
        A fit's groups `posterior` and `sample_stats`.
    posterior, stats : Dataset
        Of the further chains, with as many draws each.

    Returns
    -------
    posterior : Dataset
        Of all chains.
    stats : Dataset
        What is told of all of them.
    """

    def joined(group: str, more: xr.Dataset) -> xr.Dataset:
        own = first[group].to_dataset().drop_vars(("chain", "draw"))
        more = more.drop_vars(("chain", "draw"), errors="ignore")
        return xr.concat([own, more[list(own.data_vars)]], "chain", join="exact")

    return joined("posterior", posterior), joined("sample_stats", stats)


def thin(posterior: xr.Dataset, stats: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """Keep draws evenly spread of a large fit, as many as every forecast takes.

    Parameters
    ----------
    posterior, stats : Dataset
        Of all draws.

    Returns
    -------
    posterior : Dataset
        Fewer draws, or the same.
    stats : Dataset
        Of the same draws.
    """
    size = posterior.sizes["chain"] * posterior.sizes["draw"]
    step = min(posterior["level"].size // IN_DOUBLE, size // LEAST_DRAWS)
    if step <= 1:
        return posterior, stats
    rows = slice(None, None, step)  # copied: a view would keep them all
    return posterior.isel(draw=rows).copy(deep=True), stats.isel(draw=rows).copy(deep=True)


def _with_given(raw: xr.Dataset, given: Mapping[str, NDArray[np.float64]]) -> xr.Dataset:
    for name, value in given.items():
        dims = [f"{name}_{k}" for k in range(value.ndim)]
        raw[name] = xr.DataArray(value, dims=dims).expand_dims(
            chain=raw.sizes["chain"], draw=raw.sizes["draw"]
        )
    return raw


class _Kept:
    """Quantities of many draws, put in block by block: a log rate is kept to its seventh digit."""

    def __init__(self, chains: int, draws: int) -> None:
        self._shape = chains, draws
        self._found: dict[str, tuple[tuple[Hashable, ...], NDArray[Any]]] = {}
        self._coords: Any = {}

    def put(self, chain: int, draws: slice, block: xr.Dataset) -> None:
        """Put in what was drawn of some chains, from one on."""
        for name, part in block.data_vars.items():
            if name not in self._found:
                kind = np.float32 if "area" in part.dims else np.float64
                whole = np.empty((*self._shape, *part.shape[2:]), dtype=kind)
                self._found[str(name)] = part.dims, whole
            self._found[str(name)][1][chain : chain + part.shape[0], draws] = part.values
        self._coords = {n: c for n, c in block.coords.items() if n not in {"chain", "draw"}}

    def dataset(self) -> xr.Dataset:
        """Give all of it."""
        return xr.Dataset(self._found, coords=self._coords)
