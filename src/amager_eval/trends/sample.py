"""The functions through which every posterior is sampled; tests replace them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from amager_eval.trends.independence import Scales

__all__ = [
    "Begun",
    "Progress",
    "begin_posterior",
    "compile_model",
    "sample_posterior",
    "sample_scales",
]

#: Called with (draws done over all chains, draws in all); must be thread-safe.
type Progress = Callable[[int, int], None]


def compile_model(model: pm.Model) -> Any:
    """Compile a PyMC model for nutpie, keeping compiled code in a folder of the package's own.

    Parameters
    ----------
    model : pymc.Model
        A model whose data are in `pm.Data` where refits are wanted (`.with_data`): in one vector,
        or starting a process takes seconds more. Only free variables are kept of a draw.

    Returns
    -------
    nutpie.CompiledModel
    """
    cache = user_cache_path("amager_eval") / "numba"
    cache.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache))
    import nutpie

    from amager_eval.trends.by_address import addressable, compile_by_address

    if addressable(model):
        return compile_by_address(model)
    return nutpie.compile_pymc_model(model, var_names=[v.name for v in model.free_RVs])


@dataclass(frozen=True)
class Begun[T]:
    """Work that goes on beside the caller: called, it waits and gives what comes of it.

    Parameters
    ----------
    wait : callable
        Waits, and returns the result.
    ready : callable
        Tells whether nothing is left to wait for.
    """

    wait: Callable[[], T]
    ready: Callable[[], bool]

    def __call__(self) -> T:
        """Wait for the result."""
        return self.wait()


def begin_posterior(
    compiled: Any,
    *,
    draws: int,
    tune: int,
    chains: int,
    target_accept: float,
    seed: int,
    progress: Progress | None = None,
) -> Begun[xr.DataTree]:
    """Begin to sample a compiled model beside what the caller does next.

    Parameters
    ----------
    compiled : nutpie.CompiledModel
        From :func:`compile_model`.
    draws, tune, chains : int
        Kept draws and warm-up draws per chain; number of chains.
    target_accept : float
        Target acceptance probability.
    seed : int
        Seed; the same seed from the same cache state gives the same draws.
    progress : callable or None
        Called now and then with the draws done and the draws in all, while they are waited for.

    Returns
    -------
    Begun
        Waits for the draws: an `xarray.DataTree` with groups `posterior` and `sample_stats`, dims
        `chain, draw`. Forgotten, as after an error, it stops the sampler.
    """
    import nutpie

    total = chains * (draws + tune)
    cores = min(chains, os.cpu_count() or 1)
    waited_for, ended = Event(), Event()

    def report(states: Any) -> None:
        done = sum(state.finished_draws for state in states)
        if done == total:
            ended.set()
        if progress is not None and waited_for.is_set():
            progress(done, total)

    sampler = nutpie.sample(
        compiled,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        progress_callback=report,
        target_accept=target_accept,
        blocking=False,
    )

    def wait() -> xr.DataTree:
        waited_for.set()
        tree: xr.DataTree = sampler.wait()
        if progress is not None:
            progress(total, total)
        return tree

    return Begun(wait, ended.is_set)


def sample_posterior(compiled: Any, **sampling: Any) -> xr.DataTree:
    """Sample a compiled model.

    Parameters
    ----------
    compiled : nutpie.CompiledModel
        From :func:`compile_model`.
    **sampling
        As :func:`begin_posterior`.

    Returns
    -------
    xarray.DataTree
        Groups `posterior` and `sample_stats`, dims `chain, draw`.
    """
    return begin_posterior(compiled, **sampling)()


def sample_scales(model: pm.Model, **settings: Any) -> Scales:
    """Sample a model of a few scales, everything Gaussian being integrated out of it.

    Parameters
    ----------
    model : pymc.Model
        The model.
    **settings
        As of :func:`~amager_eval.trends.independence.sample_independently`.

    Returns
    -------
    Scales
        Draws, statistics and the proposal.
    """
    from amager_eval.trends.independence import sample_independently

    return sample_independently(model, **settings)
