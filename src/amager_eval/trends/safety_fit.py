"""Fit the safety model: figures to a design, a compiled model, draws and diagnostics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit

from amager_eval.data.frames import check_population, check_safety
from amager_eval.data.input import Input
from amager_eval.errors import InputError, SpecError
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import Fit
from amager_eval.trends.safety_design import build_design
from amager_eval.trends.safety_geometry import (
    level_basis,
    setting_contrasts,
    slope_coefficients,
    step_coefficients,
    walk_basis,
)
from amager_eval.trends.safety_run import sample_run

if TYPE_CHECKING:
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
    spec: ModelSpec | None = None,
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
    spec : ModelSpec or None
        Priors, options and gates; default the one in `models/safety_trend`.
    draws : int or None
        Draws per chain; default the spec's.
    chains : int
        Chains of each alternative.
    seed : int
        Seed.
    parts : sequence of str or None
        The disjoint areas that make up the whole; default the input's, and for a frame every
        other area the population knows.
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
    spec: ModelSpec | None = None,
    parts: Sequence[str] | None = None,
) -> Prepared:
    """Check the data, lay out the design and compile the model; parameters as `fit_safety`."""
    spec = spec or load_model_spec("safety_trend")
    _check_spec(spec)
    design = design_safety(data, population=population, whole=whole, spec=spec, parts=parts)
    from amager_eval.trends.safety_density import write_density

    return Prepared(design, spec, sample.compile_density(write_density(design, spec)))


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
        frame = check_safety(data.safety)
        population = data.population if population is None else population
        whole = whole or data.whole
        parts = parts or data.parts or None
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
        weights = _weights(population, parts)
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
    from amager_eval.trends.safety_cells import list_cells, observe, quadrature_nodes

    design, spec = prepared.design, prepared.spec
    count = draws if draws is not None else spec.sampling.draws
    cells, nodes = list_cells(design), quadrature_nodes(design)
    everything = np.isfinite(design["low"].to_numpy())
    kept = everything if keep is None else keep & everything
    baseline = kept & (design["year"].to_numpy() == design.attrs["baseline"])
    seeds = np.random.SeedSequence(seed).generate_state(3)
    # a trial run with draws of its own is not worth a second try: it is judged as it comes
    targets = (spec.sampling.target_accept, *(spec.sampling.stricter if draws is None else ()))
    runs: list[tuple[xr.Dataset, xr.DataTree]] = []
    wanted = [(kept, 0.0), (kept, 1.0), *([(baseline, 1.0)] if prior_only else [])]
    for k, (figures, drift) in enumerate(wanted):
        data = observe(design, cells, keep=figures, nodes=nodes)
        tree, centre = sample_run(
            prepared.compiled,
            data | {"drift_on": np.float64(drift)},
            design,
            spec,
            keep=figures,
            # the baseline run answers with levels alone and mixes well: half as many will do
            draws=count if k < 2 else (count + 1) // 2,
            tune=spec.sampling.tune,
            chains=chains,
            targets=targets,
            centred=centred,
            seed=int(seeds[k]),
            progress=_part_of(progress, k, len(wanted)),
        )
        runs.append(
            (natural_draws(tree["posterior"].to_dataset(), design, spec, centre, drift), tree)
        )
    alternative = pd.Index(ALTERNATIVES, name="alternative")
    posterior = xr.concat([runs[0][0], runs[1][0]], alternative)
    stats = [_statistics(tree) for _, tree in runs]
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


def natural_draws(
    raw: xr.Dataset,
    design: xr.Dataset,
    spec: ModelSpec,
    centre: Mapping[str, NDArray[np.float64]],
    drift_on: float,
) -> xr.Dataset:
    """Turn sampled coefficients into the quantities they stand for.

    Parameters
    ----------
    raw : Dataset
        The sampler's posterior, dims `chain, draw, ...`.
    design : Dataset
        The design it was sampled under.
    spec : ModelSpec
        Priors (scales of the standardised variables).
    centre : mapping of str to ndarray
        From :func:`~amager_eval.trends.safety_geometry.centring`, as it was sampled with.
    drift_on : float
        1 with drift, 0 without.

    Returns
    -------
    Dataset
        `eta` (logit of the true safe share; latent, setting, year), `path_sd`, `gap_sd`
        (latent), `path_slope` (setting), `gap_slope` and `response_gap` (latent, setting),
        `setting_correlation`, `wave_error` (year), `collector_step`, `log_deff`, and the log
        sizes `wave_size` (year), `area_size` (latent), `unknown_size`; dims `chain, draw` first.
        What a design does not need is 0.
    """
    years = design["year"].to_numpy()
    settings, areas = design.sizes["setting"], design.sizes["latent"]
    anchor, priors = design.attrs["anchor"], spec.priors
    shape = (raw.sizes["chain"], raw.sizes["draw"])

    def get(name: str, *dims: int) -> Any:
        if name in raw:
            return raw[name].to_numpy().reshape(*shape, *dims)
        return np.zeros((*shape, *dims))

    basis, line = walk_basis(years, anchor), slope_coefficients(years, anchor)
    correlation = np.zeros(shape)
    if settings > 1:
        lowest = -1.0 / (settings - 1)
        correlation = lowest + (1 - lowest) * get("setting_correlation_unit")
    contrasts = setting_contrasts(settings)
    relative = np.sqrt(
        1 + np.where(np.arange(settings) == 0, settings - 1, -1) * correlation[..., None]
    )
    path_sd, gap_sd = get("path_sd"), np.zeros((*shape, areas))
    path_slope = drift_on * priors["path_drift"]["sigma"] * get("path_drift", settings)
    gap_slope = drift_on * priors["gap_drift"]["sigma"] * get("gap_drift", areas, settings)
    centred, scale = centre["centre_path"], priors["path_sd"]["sigma"]
    unit = scale * ((path_sd[..., None] * relative / scale)[..., None]) ** (1 - centred)
    coefficients = unit * get("path", settings, len(basis))
    step = priors["collector_step"]["sigma"] * get("collector_step")
    seen_step = step[..., None, None] * step_coefficients(design)
    straight = path_slope[..., None] * line + seen_step
    coefficients = coefficients + (1 - centred) * straight - seen_step
    coefficients = coefficients[..., None, :, :]
    width, prior = get("response_gap", settings), priors["response_gap"]
    tied = centre["centre_unsafe"] * (width - prior["alpha"] / prior["beta"])
    level = priors["level"]["mu"] + priors["level"]["sigma"] * get("level", settings) - tied
    levels = level[..., None, :]
    if areas > 1:
        spread = priors["gap_sd_spread"]["sigma"] * get("gap_sd_spread", areas)
        signed = priors["gap_sd"]["sigma"] * get("gap_scale")[..., None] * np.exp(spread)
        gap_sd = np.abs(signed)
        sd = signed[..., None] * relative[..., None, :]
        coefficients = (
            coefficients
            + sd[..., None] * get("gap", areas, settings, len(basis))
            + gap_slope[..., None] * line
        )
        scale, area_sd = priors["area_sd"]["sigma"], get("area_sd")
        unit = scale * (area_sd / scale) ** (1 - centre["centre_level"])
        free = get("area_level", areas - 1, settings)
        levels = levels + unit[..., None, None] * (level_basis(design) @ free)
    eta = levels[..., None] + contrasts.T @ coefficients @ basis
    path_slope, gap_slope = path_slope @ contrasts, gap_slope @ contrasts
    dims = {
        "eta": ("latent", "setting", "year"),
        "path_sd": (),
        "gap_sd": ("latent",),
        "path_slope": ("setting",),
        "gap_slope": ("latent", "setting"),
        "setting_correlation": (),
        "response_gap": ("latent", "setting"),
        "wave_error": ("year",),
        "collector_step": (),
        "log_deff": (),
        "wave_size": ("year",),
        "area_size": ("latent",),
        "unknown_size": (),
    }
    size = {"latent": areas, "setting": settings, "year": len(years)}
    effect, unknown = priors["design_effect"], priors["unknown_size"]
    width = width[..., None, :]
    if "response_gap_spread" in priors:
        spread = get("response_gap_spread", areas, settings)
        width = width * np.exp(priors["response_gap_spread"]["sigma"] * spread)
    area_size = priors["area_size"]["sigma"] * get("area_size", areas)
    if design.attrs["weighted"]:
        area_size = area_size - np.log(np.exp(area_size).mean(axis=-1, keepdims=True))
    values = {
        "eta": eta.astype(np.float32),
        "path_sd": path_sd,
        "gap_sd": gap_sd,
        "path_slope": path_slope,
        "gap_slope": gap_slope,
        "setting_correlation": correlation,
        "response_gap": width * np.ones((areas, 1)),
        "wave_error": priors["wave_error"]["sigma"] * get("wave_error", len(years)),
        "collector_step": step,
        "log_deff": effect["mu"] + effect["sigma"] * get("log_deff"),
        "wave_size": priors["wave_size"]["sigma"] * get("wave_size", len(years)),
        "area_size": area_size,
        "unknown_size": unknown["mu"] + unknown["sigma"] * get("unknown_size"),
    }
    for name, value in values.items():
        expected = (*shape, *(size[d] for d in dims[name]))
        if value.shape != expected:
            raise AssertionError(f"{name} has shape {value.shape}, expected {expected}")
    return xr.Dataset(
        {k: (("chain", "draw", *dims[k]), v) for k, v in values.items()},
        coords={k: design[k].to_numpy() for k in ("latent", "setting", "year")},
    )


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


def _weights(population: pd.DataFrame, parts: Sequence[str]) -> dict[str, float] | None:
    """Share of each part in the whole, from the latest period that covers them all."""
    covered = population[population["area"].isin(parts)]
    for period in sorted(covered["period"].astype(str).unique(), reverse=True):
        rows = covered[covered["period"].astype(str) == period].set_index("area")["population"]
        if set(parts) <= set(rows.index):
            inhabitants = rows.loc[list(parts)].astype(float)
            return dict((inhabitants / inhabitants.sum()).items())
    return None


def _reported(draws: xr.Dataset, design: xr.Dataset) -> xr.Dataset:
    """Pick true shares and the parameters a report may quote."""
    names = ["path_sd", "gap_sd", "response_gap", "log_deff"]
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


def _part_of(progress: sample.Progress | None, k: int, runs: int) -> sample.Progress | None:
    """Progress of run k of several, in thousandths of the whole; runs differ in length."""
    if progress is None:
        return None
    return lambda done, total: progress(round(1000 * (k + done / total) / runs), 1000)
