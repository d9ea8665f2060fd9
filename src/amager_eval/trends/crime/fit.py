"""Fit the crime model: data and spec in, a frozen fit out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.crime.arrays import model_data, structure
from amager_eval.trends.crime.cost import crime_cost, tell_cost
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.gather import (
    CHAINS_AT_ONCE,
    IN_DOUBLE,
    beside,
    gather,
    gather_in_turns,
    thin,
)
from amager_eval.trends.crime.posterior import HYPERPARAMETERS
from amager_eval.trends.datatree import with_sample_numbers
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import Fit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from amager_eval.data.input import Input

__all__ = ["begin_crime", "begin_design", "compiled_for", "fit_crime", "nearer", "warm_up"]

#: Warm-up draws that a sampler's scales take, however few draws are kept.
LEAST_TUNE: Final = 200
#: Distance of the seeds of chains that are sampled one after the other.
ANOTHER_SEED: Final = 1_000_003
#: So many structures are kept of a process: a statement's own and its alternatives'.
KEPT: Final = 4

#: Compiled models by structure, the one used last at the end.
_COMPILED: dict[Any, Any] = {}


def fit_crime(
    data: Input | pd.DataFrame,
    *,
    population: pd.DataFrame | None = None,
    whole: str | None = None,
    spec: ModelSpec | str | Path | None = None,
    draws: int | None = None,
    chains: int = 4,
    seed: int = 1,
    definition: str | None = None,
    progress: sample.Progress | None = None,
) -> Fit:
    """Fit the trend of reported crime, all types and areas in one model.

    Parameters
    ----------
    data : Input or DataFrame
        An input, or a bare frame `area, period, crime_type, count` with optional `definition`
        and `population` (inhabitants). Periods are years, quarters or months, of one kind.
    population : DataFrame or None
        `area, period, population`; dates after the last count are taken as a projection.
    whole : str or None
        The area that contains the others; None lets areas stand alone.
    spec : ModelSpec, str, Path or None
        The model's document; default `crime_trend`.
    draws : int or None
        Kept draws per chain; default the spec's. Fewer shorten the warm-up as well: a draft is
        quick, and seldom past the gates.
    chains : int
        Number of chains.
    seed : int
        Seed of the sampler.
    definition : str or None
        Definition of crime to fit; needed where the data hold several.
    progress : callable or None
        Called with (draws done, draws in all).

    Returns
    -------
    Fit
        Never raises for its gates; see `.diagnostics`.

    Raises
    ------
    InputError
        The data are wrong; raised before anything is compiled.
    SpecError
        The document is wrong, or not the registered one.

    Notes
    -----
    The likelihood, every prior and its reason stand in `models/crime_trend/spec.toml`. Of a large
    panel (158 areas, 9 types and 10 years) the diagnostics are of all draws and every second draw
    is kept, in single precision.

    Before a fit of more than two minutes is compiled, the logger `amager_eval.cost` says at level
    INFO what it will take in minutes and memory; silence it with
    `logging.getLogger("amager_eval.cost").setLevel(logging.WARNING)`.

    Examples
    --------
    >>> import amager_eval as ae
    >>> data = ae.published()
    >>> fit = ae.fit_crime(data, definition="STRAF11", seed=1)  # doctest: +SKIP
    >>> fit.diagnostics.passed  # doctest: +SKIP
    True
    """
    return begin_crime(
        data, population=population, whole=whole, spec=spec, draws=draws, chains=chains,
        seed=seed, definition=definition, progress=progress,
    )()  # fmt: skip


def begin_crime(
    data: Input | pd.DataFrame,
    *,
    population: pd.DataFrame | None = None,
    whole: str | None = None,
    spec: ModelSpec | str | Path | None = None,
    draws: int | None = None,
    chains: int = 4,
    seed: int = 1,
    definition: str | None = None,
    progress: sample.Progress | None = None,
    target_accept: float | None = None,
    forecast_only: bool = False,
) -> sample.Begun[Fit]:
    """Begin a fit beside what the caller does next; what is returned waits for it.

    Parameters are those of :func:`fit_crime`, the target acceptance probability, where it is not
    the spec's, and those of :func:`begin_design`; progress is told while the fit is waited for.
    """
    if not isinstance(spec, ModelSpec):
        spec = load_model_spec(spec or "crime_trend")
    design = crime_design(data, spec, population=population, whole=whole, definition=definition)
    return begin_design(
        design, spec, draws=draws, chains=chains, seed=seed, progress=progress,
        tune=warm_up(spec, draws), target_accept=target_accept, forecast_only=forecast_only,
    )  # fmt: skip


def warm_up(spec: ModelSpec, draws: int | None) -> int:
    """Count warm-up draws: fewer than the document's where fewer draws are kept."""
    sampling = spec.sampling
    share = min(1.0, (draws or sampling.draws) / sampling.draws)
    return max(min(LEAST_TUNE, sampling.tune), round(share * sampling.tune))


def begin_design(
    design: xr.Dataset,
    spec: ModelSpec,
    *,
    draws: int | None = None,
    chains: int = 4,
    seed: int = 1,
    progress: sample.Progress | None = None,
    tune: int | None = None,
    target_accept: float | None = None,
    forecast_only: bool = False,
    compiled: object = None,
    given: Mapping[str, NDArray[np.float64]] | None = None,
    after: Fit | None = None,
) -> sample.Begun[Fit]:
    """Begin to sample a design beside what the caller does next; what is returned waits for it.

    With `forecast_only` the gates judge what forecasts rest on: of the levels the last. `given`
    holds variables that are not sampled but known, of a model `compiled` with them. `after` is a
    fit of the same design with as many draws a chain: these chains are put beside its own, and the
    gates judge all of them as a whole.
    """
    size = draws or spec.sampling.draws
    large = chains * size * design["count"].size > IN_DOUBLE
    together = CHAINS_AT_ONCE if large else chains
    tune = spec.sampling.tune if tune is None else tune
    tell_cost(crime_cost(design, draws=size, tune=tune, chains=chains, at_once=together))
    model = compiled_for(design) if compiled is None else compiled
    there = 0 if after is None else after.data["posterior"].sizes["chain"]

    def begin(first: int) -> sample.Begun[xr.DataTree]:
        count = min(together, chains - first)
        return sample.begin_posterior(
            model,
            draws=size,
            tune=tune,
            chains=count,
            target_accept=target_accept or spec.sampling.target_accept,
            seed=seed + (there + first) * ANOTHER_SEED,
            progress=_of_all(progress, first, count, chains),
        )

    begun = begin(0)

    def finish() -> Fit:
        known = given or {}
        own = seed + there * ANOTHER_SEED
        if not large:
            drawn = gather(begun(), design, np.random.default_rng([own, 4]), known)
        else:
            firsts = range(0, chains, together)
            turns = (begin(first) if first else begun for first in firsts)
            drawn = gather_in_turns(turns, design, chains=chains, draws=size, seed=own, given=known)
        if after is not None:
            drawn = beside(after.data, *drawn)
        return _fit_of(*drawn, design, spec, seed, forecast_only=forecast_only, given=known)

    return sample.Begun(finish, begun.ready)


def nearer(target_accept: float) -> float:
    """Halve what of a step is not accepted: where a posterior is narrow, long steps leave it."""
    return (1.0 + target_accept) / 2


def _of_all(
    progress: sample.Progress | None, first: int, count: int, chains: int
) -> sample.Progress | None:
    """Report some chains as a part of all of them."""
    if progress is None or count == chains:
        return progress
    return lambda done, total: progress(done + first * total // count, chains * total // count)


def compiled_for(design: xr.Dataset) -> Any:
    """Give the compiled model of a design; one of a structure compiled before gets new data only.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.

    Returns
    -------
    nutpie.CompiledModel
        Holding the design's counts. Another structure takes seconds, the same one none.
    """
    from amager_eval.trends.crime.model import build_model  # imports PyMC: not for bad data

    key = (sample.compile_model, structure(design))
    # looked up once: another thread of a cluster's worker may drop it meanwhile
    compiled = _COMPILED.pop(key, None)
    if compiled is None:
        compiled = sample.compile_model(build_model(design, refit=True))
    else:
        compiled = compiled.with_data(**model_data(design))
    _COMPILED[key] = compiled
    for old in list(_COMPILED)[:-KEPT]:
        _COMPILED.pop(old, None)
    return compiled


def _fit_of(
    posterior: xr.Dataset,
    stats: xr.Dataset,
    design: xr.Dataset,
    spec: ModelSpec,
    seed: int,
    *,
    forecast_only: bool,
    given: Mapping[str, NDArray[np.float64]],
) -> Fit:
    """Diagnose what was drawn, and make a fit of it.

    The passing part and what priors rest on are not judged: they are reported nowhere.
    """
    judged = posterior.drop_vars(["passing", *HYPERPARAMETERS], errors="ignore")
    if given:  # what follows from known variables alone does not vary: nothing to judge
        spread = judged.max(("chain", "draw")) - judged.min(("chain", "draw"))
        judged = judged[[n for n in judged.data_vars if bool((spread[n] > 0).any())]]
    if forecast_only:
        judged = judged.assign(level=judged["level"].isel(period=-1))
    diagnostics = diagnose(stats, [judged], spec.gates)
    kept = stats[[n for n in ("diverging", "n_steps", "step_size", "energy") if n in stats]]
    posterior, kept = thin(posterior, kept)  # judged by all draws
    groups = {"posterior": posterior, "sample_stats": kept}
    numbered = {name: with_sample_numbers(group) for name, group in groups.items()}
    data = xr.DataTree.from_dict({**numbered, "design": design})
    return Fit("crime", data, spec, diagnostics, seed)
