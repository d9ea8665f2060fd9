"""Fit the crime model: data and spec in, a frozen fit out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.crime.arrays import model_data, structure
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.posterior import HYPERPARAMETERS, crime_posterior
from amager_eval.trends.datatree import with_sample_numbers
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import Fit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from amager_eval.data.input import Input

__all__ = ["begin_crime", "begin_design", "compiled_for", "fit_crime"]

#: Levels kept in double precision (.3 GB); of more, as of 158 areas, 9 types and 10 years, a log
#: rate is kept to its seventh digit.
IN_DOUBLE: Final = 40_000_000
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
        Kept draws per chain; default the spec's.
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
    The likelihood, every prior and its reason stand in `models/crime_trend/spec.toml`.

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
) -> Callable[[], Fit]:
    """Begin a fit beside what the caller does next; what is returned waits for it.

    Parameters are those of :func:`fit_crime`; progress is told while the fit is waited for.
    """
    if not isinstance(spec, ModelSpec):
        spec = load_model_spec(spec or "crime_trend")
    design = crime_design(data, spec, population=population, whole=whole, definition=definition)
    return begin_design(design, spec, draws=draws, chains=chains, seed=seed, progress=progress)


def begin_design(
    design: xr.Dataset,
    spec: ModelSpec,
    *,
    draws: int | None = None,
    chains: int = 4,
    seed: int = 1,
    progress: sample.Progress | None = None,
    forecast_only: bool = False,
    compiled: object = None,
    given: Mapping[str, NDArray[np.float64]] | None = None,
) -> Callable[[], Fit]:
    """Begin to sample a design beside what the caller does next; what is returned waits for it.

    With `forecast_only` the gates judge what forecasts rest on: of the levels the last. `given`
    holds variables that are not sampled but known, of a model `compiled` with them.
    """
    sampling = spec.sampling
    wait = sample.begin_posterior(
        compiled_for(design) if compiled is None else compiled,
        draws=draws or sampling.draws, tune=sampling.tune, chains=chains,
        target_accept=sampling.target_accept, seed=seed, progress=progress,
    )  # fmt: skip
    return lambda: _fit_of(wait(), design, spec, seed, forecast_only=forecast_only, given=given)


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
    tree: xr.DataTree,
    design: xr.Dataset,
    spec: ModelSpec,
    seed: int,
    *,
    forecast_only: bool,
    given: Mapping[str, NDArray[np.float64]] | None,
) -> Fit:
    """Turn draws of the free variables into a fit, and diagnose it.

    The passing part and what priors rest on are not judged: they are reported nowhere.
    """
    rng = np.random.default_rng([seed, 4])
    raw = tree["posterior"].to_dataset()
    for name, value in (given or {}).items():
        dims = [f"{name}_{k}" for k in range(value.ndim)]
        raw[name] = xr.DataArray(value, dims=dims).expand_dims(
            chain=raw.sizes["chain"], draw=raw.sizes["draw"]
        )
    posterior = crime_posterior(raw, design, rng)
    stats = tree["sample_stats"].to_dataset()
    judged = posterior.drop_vars(["passing", *HYPERPARAMETERS], errors="ignore")
    if given:  # what follows from known variables alone does not vary: nothing to judge
        spread = judged.max(("chain", "draw")) - judged.min(("chain", "draw"))
        judged = judged[[n for n in judged.data_vars if bool((spread[n] > 0).any())]]
    if forecast_only:
        judged = judged.assign(level=judged["level"].isel(period=-1))
    diagnostics = diagnose(stats, [judged], spec.gates)
    if posterior["level"].size > IN_DOUBLE:
        posterior = posterior.map(lambda v: v.astype(np.float32) if "period" in v.dims else v)
    kept = stats[[n for n in ("diverging", "n_steps", "step_size", "energy") if n in stats]]
    groups = {"posterior": posterior, "sample_stats": kept}
    numbered = {name: with_sample_numbers(group) for name, group in groups.items()}
    data = xr.DataTree.from_dict({**numbered, "design": design})
    return Fit("crime", data, spec, diagnostics, seed)
