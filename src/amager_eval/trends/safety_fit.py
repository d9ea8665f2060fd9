"""Fit the safety model: figures to a design, a compiled model, draws and diagnostics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit

from amager_eval.data.input import Input
from amager_eval.data.population import population_at
from amager_eval.data.tables.frames import check_population, check_safety
from amager_eval.errors import InputError, SpecError
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import Fit
from amager_eval.trends.safety_design import build_design
from amager_eval.trends.safety_natural import natural_draws
from amager_eval.trends.safety_run import sample_run
from amager_eval.trends.side_by_side import side_by_side

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Prepared", "fit_safety", "prepare_safety", "sample_safety"]

#: Prior name to the family the model is written for.
FAMILIES: Final[Mapping[str, str]] = {
    "level": "Normal",
    "area_sd": "HalfNormal",
    "path_sd": "HalfNormal",
    "gap_sd": "HalfNormal",
    "gap_sd_spread": "Normal",
    "path_drift": "Normal",
    "gap_drift": "Normal",
    "setting_correlation": "LKJ",
    "wave_error": "Normal",
    "collector_step": "Normal",
    "response_gap": "Gamma",
    "design_effect": "LogNormal",
    "wave_size": "LogNormal",
    "area_size": "LogNormal",
    "unknown_size": "LogNormal",
    "damping": "Beta",
}
ALTERNATIVES: Final = ("driftless", "drift")
#: Share of the whole's inhabitants that may be registered in none of its parts, or counted on
#: another day, for the parts still to be the whole.
_LEFT_OVER: Final = 0.02


@dataclass(frozen=True, eq=False)
class Prepared:
    """A model compiled for a design; sampled as often as wanted.

    Parameters
    ----------
    design : Dataset
        From :func:`~amager_eval.trends.safety_design.build_design`.
    spec : ModelSpec
        The document.
    compiled : object
        What :func:`amager_eval.trends.sample.compile_density` returned.
    """

    design: xr.Dataset
    spec: ModelSpec
    compiled: Any


def fit_safety(
    data: Input | pd.DataFrame,
    *,
    population: pd.DataFrame | None = None,
    whole: str | None = None,
    spec: ModelSpec | str | Path | None = None,
    draws: int | None = None,
    chains: int = 4,
    seed: int = 1,
    parts: Sequence[str] | None = None,
    progress: sample.Progress | None = None,
) -> Fit:
    """Fit one model to every area, setting, response and wave.

    Parameters
    ----------
    data : Input or DataFrame
        An input, which carries its own population, whole and parts, or a tidy safety frame
        (`area, wave, setting, response`, `percent` or `count` with `n`; optional `n, decimals,
        deff, comparator`).
    population : DataFrame or None
        `area, period, population`; gives the parts' weights in the whole.
    whole : str or None
        The area that contains the parts; None lets areas stand alone.
    spec : ModelSpec, str, Path or None
        The model's document: priors, options and gates; default `safety_trend`.
    draws : int or None
        Draws per chain; default the spec's.
    chains : int
        Chains of each alternative.
    seed : int
        Seed.
    parts : sequence of str or None
        The disjoint areas that make up the whole; default the input's, and for a frame every
        other area the population knows. The whole is tied to them only where the inhabitants of
        all are known and add up to its own, if those are; else it has a path of its own
        (`weighted` of the design is 0).
    progress : callable or None
        Called with draws done and draws in all.

    Returns
    -------
    Fit
        `data` holds `posterior` and `sample_stats` (dims `alternative, chain, draw, ...`),
        `baseline_only` and `design`. It never raises for its gates: see `diagnostics`.

    Raises
    ------
    InputError
        Bad data, with row and column, before anything is compiled.
    SpecError
        The document is wrong, or not the registered one.

    Notes
    -----
    Two runs of one compiled model (with and without drift) and a third on the baseline wave
    alone, from which the prior-only answers come. Damped drift differs from drift only after the
    last observed wave and needs no run of its own.

    Examples
    --------
    >>> import amager_eval as ae
    >>> fit = ae.fit_safety(ae.published(), seed=1)  # doctest: +SKIP
    >>> fit.diagnostics.passed  # doctest: +SKIP
    True
    """
    prepared = prepare_safety(data, population=population, whole=whole, spec=spec, parts=parts)
    return sample_safety(prepared, draws=draws, chains=chains, seed=seed, progress=progress)


def prepare_safety(
    data: Input | pd.DataFrame,
    *,
    population: pd.DataFrame | None = None,
    whole: str | None = None,
    spec: ModelSpec | str | Path | None = None,
    parts: Sequence[str] | None = None,
) -> Prepared:
    """Check the data, lay out the design and compile the model; parameters as `fit_safety`."""
    if not isinstance(spec, ModelSpec):
        spec = load_model_spec(spec or "safety_trend")
    _check_spec(spec)
    design = design_safety(data, population=population, whole=whole, spec=spec, parts=parts)
    return Prepared(design, spec, _compile(design, spec))


def design_safety(
    data: Input | pd.DataFrame,
    *,
    population: pd.DataFrame | None,
    whole: str | None,
    spec: ModelSpec,
    parts: Sequence[str] | None,
) -> xr.Dataset:
    """Check the data and lay out the design; parameters as `fit_safety`."""
    rounds = None
    left_out: list[str] = []
    if isinstance(data, Input):
        if data.safety is None:
            raise InputError("the input holds no safety figures: supply the table `safety`")
        # what was read with an agreement holds its settings; a bare frame is watched for slips
        frame = check_safety(data.safety, settings=tuple(data.safety["setting"].unique()))
        population = data.population if population is None else population
        whole = whole or data.whole
        parts = data.parts if parts is None else parts
        rounds = data.survey_rounds
        if "area_kind" in frame:
            kinds = spec.options["area_kinds"]
            other = frame["area_kind"].notna() & ~frame["area_kind"].isin(kinds)
            left_out = sorted(set(frame.loc[other, "area"]))
            frame = frame[~other]
    else:
        frame = check_safety(data)
    if population is not None:
        population = check_population(population)
    present = list(dict.fromkeys(frame["area"]))
    if parts is None:
        known = set(population["area"]) if population is not None else set()
        parts = [a for a in present if a != whole and a in known]
    weights = None
    if whole is not None and population is not None and parts:
        weights = _weights(population, parts, whole)
    if whole is not None and weights is None and whole not in present:
        raise InputError(
            f"`whole` is '{whole}', which has no figures, and there is no population to weight "
            "its parts by: supply either, or leave `whole` out"
        )
    design = build_design(
        frame,
        whole=whole,
        parts=parts,
        weights=weights,
        baseline=int(spec.options["baseline"]),
        rounds=rounds,
    )
    design.attrs["left_out"] = "; ".join(left_out)
    return design


def sample_safety(
    prepared: Prepared,
    *,
    draws: int | None = None,
    chains: int = 4,
    seed: int = 1,
    keep: NDArray[np.bool_] | None = None,
    progress: sample.Progress | None = None,
    prior_only: bool = True,
    centred: bool = True,
) -> Fit:
    """Sample a compiled model, on all figures or on those in `keep`.

    Parameters
    ----------
    prepared : Prepared
        From :func:`prepare_safety`.
    draws : int or None
        Draws per chain; default the spec's.
    chains, seed : int
        As :func:`fit_safety`.
    progress : callable or None
        Called with draws done and draws in all.
    keep : ndarray of bool, or None
        Figures that count, shape (area, setting, response, year).
    prior_only : bool
        Whether the baseline wave alone is sampled too; without it forecasts hold no prior-only
        answers.
    centred : bool
        As :func:`~amager_eval.trends.safety_run.sample_run`.

    Returns
    -------
    Fit
    """
    design, spec = prepared.design, prepared.spec
    everything = np.isfinite(design["low"].to_numpy())
    kept = everything if keep is None else keep & everything
    baseline = kept & (design["year"].to_numpy() == design.attrs["anchor"])
    seeds = np.random.SeedSequence(seed).generate_state(3)
    count = draws if draws is not None else spec.sampling.draws
    shared: dict[str, Any] = {
        "tune": spec.sampling.tune,
        "chains": chains,
        # a trial run with draws of its own is not worth a second try: it is judged as it comes
        "targets": (
            spec.sampling.target_accept,
            *(spec.sampling.stricter if draws is None else ()),
        ),
        "centred": centred,
    }
    wanted = [(kept, 0.0), (kept, 1.0), *([(baseline, 1.0)] if prior_only else [])]
    tasks = [
        # the baseline run answers with levels alone and mixes well: half as many will do
        _Run(design, spec, figures, drift, {
            **shared, "draws": count if k < 2 else (count + 1) // 2, "seed": int(seeds[k]),
        })
        for k, (figures, drift) in enumerate(wanted)
    ]  # fmt: skip
    work = partial(_sample, compiled=_Compiled(prepared.compiled))
    runs = side_by_side(work, tasks, progress)
    alternative = pd.Index(ALTERNATIVES, name="alternative")
    posterior = xr.concat([runs[0][0], runs[1][0]], alternative)
    stats = [statistics for _, statistics in runs]
    of_baseline = [
        draws.assign(eta=draws["eta"].sel(year=design.attrs["anchor"])) for draws, _ in runs[2:]
    ]
    kept_design = design.assign(kept=(("area", "setting", "response", "year"), kept))
    diverging = xr.DataArray(sum(int(s["diverging"].sum()) for s in stats))
    diagnostics = diagnose(
        xr.Dataset({"diverging": diverging}),
        [_reported(draws, design) for draws in (posterior, *of_baseline)],
        spec.gates,
    )
    groups = {
        "posterior": posterior,
        "sample_stats": xr.concat(stats[:2], alternative),
        "design": kept_design,
    }
    if prior_only:
        groups["baseline_only"] = of_baseline[0]
    return Fit("safety", xr.DataTree.from_dict(groups), spec, diagnostics, seed)


@dataclass(frozen=True, eq=False)
class _Run:
    """One posterior to be sampled: which figures count, with a drift or without, and how."""

    design: xr.Dataset
    spec: ModelSpec
    figures: NDArray[np.bool_]
    drift: float
    settings: Mapping[str, Any]


class _Compiled:
    """A compiled model; it does not travel, so another process compiles its own."""

    def __init__(self, model: Any = None) -> None:
        self._model = model

    def __reduce__(self) -> tuple[type[_Compiled], tuple[()]]:
        return _Compiled, ()

    def of(self, design: xr.Dataset, spec: ModelSpec) -> Any:
        if self._model is None:
            self._model = _compile(design, spec)
        return self._model


def _compile(design: xr.Dataset, spec: ModelSpec) -> Any:
    from amager_eval.trends.safety_density import write_density

    return sample.compile_density(write_density(design, spec))


def _sample(
    run: _Run, progress: sample.Progress | None, compiled: _Compiled
) -> tuple[xr.Dataset, xr.Dataset]:
    """Sample one posterior: its draws, and what a reader asks the sampler about."""
    from amager_eval.trends.safety_cells import list_cells, observe, quadrature_nodes

    design, spec = run.design, run.spec
    nodes = quadrature_nodes(design)
    told = observe(design, list_cells(design), keep=run.figures, nodes=nodes)
    tree, centre = sample_run(
        compiled.of(design, spec),
        told | {"drift_on": np.float64(run.drift)},
        design,
        spec,
        keep=run.figures,
        progress=progress,
        **run.settings,
    )
    draws = natural_draws(tree["posterior"].to_dataset(), design, spec, centre, run.drift)
    return draws, _statistics(tree)


def setting_mixer(correlation: Any, settings: int) -> Any:
    """Symmetric square root of the common-correlation matrix, shape (..., setting, setting)."""
    if settings == 1:
        return np.ones((*np.shape(correlation), 1, 1))
    own = np.sqrt(1 - correlation)[..., None, None]
    common = np.sqrt(1 + (settings - 1) * correlation)[..., None, None]
    return own * np.eye(settings) + (common - own) / settings


def _check_spec(spec: ModelSpec) -> None:
    """Refuse a spec that lacks a prior or an option, or gives a prior of another family."""
    for name, family in FAMILIES.items():
        if name not in spec.priors:
            raise SpecError(f"spec of {spec.name}: the prior '{name}' is missing")
        found = spec.priors[name].distribution
        if found != family:
            raise SpecError(
                f"spec of {spec.name}, prior {name}: the model takes {family}; found {found}"
            )
    for name in ("baseline", "alternatives", "weight_sd", "forecast_draws", "area_kinds"):
        if name not in spec.options:
            raise SpecError(f"spec of {spec.name}: the option '{name}' is missing")


def _weights(population: pd.DataFrame, parts: Sequence[str], whole: str) -> dict[str, float] | None:
    """Share of each part in the whole, from the latest period that covers them all.

    None where a part's inhabitants are unknown, or where the parts are not the whole: weighted to
    it they would speak for those who live elsewhere.
    """
    covered = population[population["area"].isin(parts)]
    for period in sorted(covered["period"].astype(str).unique(), reverse=True):
        rows = covered[covered["period"].astype(str) == period].set_index("area")["population"]
        if set(parts) <= set(rows.index):
            inhabitants = rows.loc[list(parts)].astype(float)
            if whole in set(population["area"]):
                everyone = float(population_at(population, whole, [period]).population[0])
                if abs(inhabitants.sum() / everyone - 1) > _LEFT_OVER:
                    return None
            return dict((inhabitants / inhabitants.sum()).items())
    return None


def _reported(draws: xr.Dataset, design: xr.Dataset) -> xr.Dataset:
    """Pick true shares and the parameters a report may quote."""
    names = ["path_sd", "path_slope", "gap_sd", "gap_slope", "response_gap", "log_deff"]
    if design.sizes["setting"] > 1:
        names.append("setting_correlation")
    if float(design["before_break"].sum()):
        names.append("collector_step")
    reported = draws[names]
    share = xr.apply_ufunc(expit, draws["eta"].astype(float))
    reported = reported.assign(share=share)
    if design.attrs["weighted"]:
        weights = xr.DataArray(design["weight"].to_numpy(), dims="latent")
        reported = reported.assign(share_whole=share.dot(weights, dim="latent"))
    return reported


def _statistics(tree: xr.DataTree) -> xr.Dataset:
    """Keep what a reader of the fit asks the sampler about."""
    stats = tree["sample_stats"].to_dataset()
    return stats[
        [k for k in ("diverging", "n_steps", "step_size", "energy", "lp", "logp") if k in stats]
    ]
