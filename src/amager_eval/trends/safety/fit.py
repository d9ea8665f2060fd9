"""Fit the safety model: figures to a design, scales sampled, paths drawn, gates asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit
from threadpoolctl import threadpool_limits

from amager_eval.data.areas import same_kinds
from amager_eval.data.frame_kinds import as_pandas
from amager_eval.data.input import Input
from amager_eval.data.population import population_at
from amager_eval.data.tables.frames import check_population, check_safety
from amager_eval.errors import InputError, SpecError
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import Fit
from amager_eval.trends.independence import effective_draws, normalised, resample
from amager_eval.trends.prior_families import problem_of_prior
from amager_eval.trends.safety.design import build_design
from amager_eval.trends.safety.draws import draw_rest
from amager_eval.trends.safety.model import ALTERNATIVES, build_model
from amager_eval.trends.safety.own_effects import add_own_effects
from amager_eval.trends.safety.point import fitted_point

if TYPE_CHECKING:
    from pathlib import Path

    import pymc as pm
    from numpy.typing import NDArray

    from amager_eval.trends.independence import Proposal, Scales
    from amager_eval.trends.safety.covariance import Gaussian

    type Floats = NDArray[np.float64]

__all__ = [
    "Run",
    "design_safety",
    "draw_run",
    "fit_safety",
    "grouped",
    "safety_model",
    "sample_alternative",
    "sample_safety",
]

#: Prior name to the family the model is written for; None where any of positive numbers will do.
FAMILIES: Final[Mapping[str, str | None]] = {
    "level": "Normal",
    "area_sd": None,
    "path_sd": None,
    "gap_sd": None,
    "path_drift": "Normal",
    "gap_drift": "Normal",
    "setting_correlation": "LKJ",
    "wave_error": "Normal",
    "collector_step": "Normal",
    "response_gap": None,
    "design_effect": None,
    "wave_size": "LogNormal",
    "area_size": "LogNormal",
    "unknown_size": None,
    "damping": "Beta",
}
#: Times as many points as draws, where those of once as many do not pass the gates.
_MORE_POINTS: Final = (2, 4)
#: Points a chain of the first look at the scales.
_FIRST_LOOK: Final = 100
#: What chains can differ by.
_SCALES: Final = (
    "path_sd", "area_sd", "gap_sd", "setting_correlation", "response_gap", "log_deff",
    "unknown_size", "collector_step", "own_effect_size",
)  # fmt: skip


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
        Bad data, with row and column, before anything is computed.
    SpecError
        The document is wrong, or not the registered one.

    Notes
    -----
    Sampled are the scales of two models (with and without drift) and, on the baseline wave alone,
    those of a third, from which the prior-only answers come; what is Gaussian is integrated out
    and drawn exactly. Damped drift differs from drift only after the last observed wave.

    Examples
    --------
    >>> import amager_eval as ae
    >>> fit = ae.fit_safety(ae.published(), seed=1)  # doctest: +SKIP
    >>> fit.diagnostics.passed  # doctest: +SKIP
    True
    """
    spec = _document(spec)
    design = design_safety(data, population=population, whole=whole, spec=spec, parts=parts)
    return sample_safety(design, spec, draws=draws, chains=chains, seed=seed, progress=progress)


def safety_model(
    data: Input | pd.DataFrame,
    *,
    population: pd.DataFrame | None = None,
    whole: str | None = None,
    spec: ModelSpec | str | Path | None = None,
    parts: Sequence[str] | None = None,
    drift: bool = True,
) -> pm.Model:
    """Build the PyMC model of the published figures; parameters as :func:`fit_safety`.

    Parameters
    ----------
    data : Input or DataFrame
        As :func:`fit_safety`.
    population : DataFrame or None
        As :func:`fit_safety`.
    whole : str or None
        As :func:`fit_safety`.
    spec : ModelSpec, str, Path or None
        As :func:`fit_safety`.
    parts : sequence of str or None
        As :func:`fit_safety`.
    drift : bool
        With lasting directions or without.

    Returns
    -------
    pymc.Model
        Coords `setting, figure`; free variables are the scales and `response_gap`;
        `figures` is observed (published shares, 0 to 1). :func:`fit_safety` samples this model.

    Raises
    ------
    InputError
        As :func:`fit_safety`.
    SpecError
        As :func:`fit_safety`.

    Examples
    --------
    >>> import amager_eval as ae
    >>> model = ae.safety_model(ae.published())  # doctest: +SKIP
    >>> [v.name for v in model.observed_RVs]  # doctest: +SKIP
    ['figures']
    """
    spec = _document(spec)
    design = design_safety(data, population=population, whole=whole, spec=spec, parts=parts)
    everything = np.isfinite(design["low"].to_numpy())
    return build_model(fitted_point(design, spec, everything, drift=drift))


def _document(spec: ModelSpec | str | Path | None) -> ModelSpec:
    """Load and check the model's document."""
    if not isinstance(spec, ModelSpec):
        spec = load_model_spec(spec or "safety_trend")
    _check_spec(spec)
    return spec


def design_safety(
    data: Input | pd.DataFrame,
    *,
    population: pd.DataFrame | None,
    whole: str | None,
    spec: ModelSpec,
    parts: Sequence[str] | None,
) -> xr.Dataset:
    """Check the data and lay out the design; parameters as `fit_safety`."""
    data, population = as_pandas(data), as_pandas(population)
    rounds, left_out = None, []
    if isinstance(data, Input):
        if data.safety is None:
            raise InputError("the input holds no safety figures: supply the table `safety`")
        # what was read with an agreement holds its settings; a bare frame is watched for slips
        frame = check_safety(data.safety, settings=tuple(data.safety["setting"].unique()))
        population = data.population if population is None else population
        whole, rounds = whole or data.whole, data.survey_rounds
        parts = data.parts if parts is None else parts
        if "area_kind" in frame:
            kinds = same_kinds(spec.options["area_kinds"])
            other = frame["area_kind"].notna() & ~frame["area_kind"].str.casefold().isin(kinds)
            left_out = sorted(set(frame.loc[other, "area"]))
            frame = frame[~other]
    else:
        frame = check_safety(data)
    weights = None
    known: set[str] = set()
    if population is not None:
        population = check_population(population)
        known = set(population["area"])
    if parts is None:
        parts = [a for a in frame["area"].unique() if a != whole and a in known]
    if whole is not None and population is not None and parts:
        weights = _weights(population, parts, whole)
    if whole is not None and weights is None and whole not in set(frame["area"]):
        raise InputError(
            f"`whole` is '{whole}', which has no figures, and there is no population to weight "
            "its parts by: supply either, or leave `whole` out"
        )
    baseline = int(spec.options["baseline"])
    design = build_design(
        frame, whole=whole, parts=parts, weights=weights, baseline=baseline, rounds=rounds
    )
    design.attrs["left_out"] = "; ".join(left_out)
    return add_own_effects(design, spec)


def sample_safety(
    design: xr.Dataset,
    spec: ModelSpec,
    *,
    draws: int | None = None,
    chains: int = 4,
    seed: int = 1,
    keep: NDArray[np.bool_] | None = None,
    progress: sample.Progress | None = None,
    prior_only: bool = True,
) -> Fit:
    """Sample the model of a design from :func:`design_safety`; draws, chains, seed as `fit_safety`.

    `keep` are the figures that count, shape (area, setting, response, year), or all. Without
    `prior_only` the baseline wave alone is not sampled: forecasts hold no prior-only answers.
    """
    everything = np.isfinite(design["low"].to_numpy())
    kept = everything if keep is None else keep & everything
    baseline = kept & (design["year"].to_numpy() == design.attrs["anchor"])
    wanted = [(kept, drift) for drift in ALTERNATIVES.values()]
    wanted += [(baseline, True)] if prior_only else []
    seeds = np.random.SeedSequence(seed).generate_state(3)
    runs: list[Run] = []
    # the matrices are small: threads of one product would wait for each other most of the time
    with threadpool_limits(1, user_api="blas"):
        for k, (counts, drift) in enumerate(wanted):
            run = sample_alternative(
                design, spec, counts, drift=drift, chains=chains, seed=int(seeds[k]),
                draws=draws if draws is not None else spec.sampling.draws,
                # the models with and without drift are neighbours: the second begins with the first
                proposal=runs[0].scales.proposal if k == 1 else None,
                progress=_part(progress, k, len(wanted)),
            )  # fmt: skip
            runs.append(run)
    groups = grouped(design, kept, runs[: len(ALTERNATIVES)])
    if prior_only:
        only = runs[-1].posterior
        groups["baseline_only"] = only.assign(eta=only["eta"].sel(year=design.attrs["anchor"]))
    diagnostics = diagnose(
        groups["sample_stats"], [_reported(r.posterior, design) for r in runs], spec.gates
    )
    return Fit("safety", xr.DataTree.from_dict(groups), spec, diagnostics, seed)


def grouped(
    design: xr.Dataset, kept: NDArray[np.bool_], runs: Sequence[Run]
) -> dict[str, xr.Dataset]:
    """Lay the runs of both drifts side by side, with what they are of: a fit's groups."""
    alternative = pd.Index(list(ALTERNATIVES), name="alternative")
    groups = {
        "posterior": xr.concat([r.posterior for r in runs], alternative),
        "sample_stats": xr.concat([r.statistics for r in runs], alternative),
        "design": design.assign(kept=(("area", "setting", "response", "year"), kept)),
    }
    proposals = [r.scales.proposal for r in runs]
    if proposals[0] is not None:  # an alternative begins with them
        around = [
            xr.Dataset({"centre": ("parameter", of.centre),
                        "spread": (("parameter", "beside"), of.spread)},
                       coords={"parameter": list(of.labels)})
            for of in proposals
        ]  # fmt: skip
        groups["proposed"] = xr.concat(around, alternative)
    return groups


@dataclass(frozen=True, eq=False)
class Run:
    """One posterior: its draws, what a reader asks the sampler about, and the points they are from.

    Draws and their statistics have dims `chain, draw, ...`; points are as many as they had to be.
    """

    posterior: xr.Dataset
    statistics: xr.Dataset
    #: What was proposed, and by what: a neighbouring model begins with it.
    scales: Scales


def sample_alternative(
    design: xr.Dataset,
    spec: ModelSpec,
    counts: NDArray[np.bool_],
    *,
    drift: bool,
    draws: int,
    chains: int,
    seed: int,
    proposal: Proposal | None = None,
    progress: sample.Progress | None = None,
) -> Run:
    """Fit the point figures are linear around, sample the scales, draw the rest."""
    point = partial(fitted_point, design, spec, counts, drift=drift)
    settings: dict[str, Any] = {"chains": chains, "seed": seed}
    # a first look at the scales, so that slopes and sampling errors are those of the fitted shares;
    # what shapes the proposal here, or a neighbour's, is as good as shaped for what follows
    first = sample.sample_scales(
        build_model(point()), **settings, proposal=proposal, draws=_FIRST_LOOK,
        tune=spec.sampling.tune if proposal is None else 0,
    )  # fmt: skip
    weight = first.sample_stats["log_weight"]
    weight = weight.copy(data=normalised(weight.to_numpy()))
    usual = {str(k): v.dot(weight, ["chain", "draw"]).values for k, v in first.proposed.items()}
    centred = point(scales=usual)
    model, gaussian = build_model(centred), point(scales=usual, near=centred)
    aim = load_assumptions().safety_model.effective_draws_aim * spec.gates.ess_min
    scales = None
    for times in (1, *_MORE_POINTS):
        # draws from few of the points differ from chain to chain: as many draws from more points
        scales = sample.sample_scales(
            model, draws=times * draws, tune=0, **settings, wanted=times * aim,
            proposal=first.proposal, begun=scales, progress=progress,
        )  # fmt: skip
        run = draw_run(gaussian, scales, seed, draws=draws)
        # more points change what the weights leave, but of no single cell
        of_weights = run.statistics.drop_vars("least_cell_share")
        if diagnose(of_weights, [_scales_of(run.posterior)], spec.gates).passed:
            break
    return run


def draw_run(gaussian: Gaussian, scales: Scales, seed: int, *, draws: int) -> Run:
    """Take `draws` scales a chain again by weight, and draw the rest given them."""
    log_weight = scales.sample_stats["log_weight"].to_numpy()
    taken = resample(log_weight, seed, count=draws)
    again = scales.proposed.drop_vars(["chain", "draw"]).isel(
        chain=xr.DataArray(np.arange(len(taken)), dims="chain"),
        draw=xr.DataArray(taken, dims=("chain", "draw")),
    )
    posterior, (exact, least) = draw_rest(gaussian, again, np.random.default_rng([seed, 1]))
    statistics = xr.Dataset(
        {
            "diverging": (("chain", "draw"), np.zeros(taken.shape, dtype=bool)),
            "effective_draws": effective_draws(log_weight),
            "exact_share": exact,
            "least_cell_share": least,
        }
    )
    return Run(posterior, statistics, scales)


def _part(progress: sample.Progress | None, k: int, parts: int) -> sample.Progress | None:
    """Progress of one of several runs of equal length."""
    if progress is None:
        return None
    return lambda done, total: progress(k * total + done, parts * total)


def _check_spec(spec: ModelSpec) -> None:
    """Refuse a spec that lacks a prior or an option, or gives a prior of another family."""
    for name, family in FAMILIES.items():
        # of a level alone does the mean enter
        centred = name != "level" and family in ("Normal", "LogNormal")
        if says := problem_of_prior(name, spec.priors.get(name), family, centred=centred):
            raise SpecError(f"spec of {spec.name}: {says}")
    for name in ("baseline", "alternatives", "weight_sd", "forecast_draws", "area_kinds"):
        if name not in spec.options:
            raise SpecError(f"spec of {spec.name}: the option '{name}' is missing")


def _weights(population: pd.DataFrame, parts: Sequence[str], whole: str) -> dict[str, float] | None:
    """Share of each part in the whole, from the latest period that covers them all.

    None where a part's inhabitants are unknown, or where the parts are not the whole: weighted to
    it they would speak for those who live elsewhere.
    """
    covered = population[population["area"].isin(parts)]
    table = covered.assign(period=covered["period"].astype(str)).pivot_table(
        index="period", columns="area", values="population"
    )
    table = table.reindex(columns=list(parts)).dropna().astype(float)
    if table.empty:
        return None
    period, inhabitants = table.index[-1], table.iloc[-1]
    if whole in set(population["area"]):
        everyone = float(population_at(population, whole, [str(period)])[0])
        if abs(inhabitants.sum() / everyone - 1) > load_assumptions().safety_model.left_over:
            return None
    return {str(k): float(v) for k, v in (inhabitants / inhabitants.sum()).items()}


def _scales_of(draws: xr.Dataset) -> xr.Dataset:
    """Pick each scale once: all areas take of one for their gaps, and of one third answer's width.

    Given the scales everything is drawn exactly, so chains can differ by their scales alone.
    """
    return draws[[k for k in _SCALES if k in draws]].isel(latent=-1, drop=True)


def _reported(draws: xr.Dataset, design: xr.Dataset) -> xr.Dataset:
    """Pick what chains are compared by: scales, and true shares at the anchor and at the end."""
    waves = list(dict.fromkeys([int(design.attrs["anchor"]), int(design["year"].values[-1])]))
    share = xr.apply_ufunc(expit, draws["eta"].sel(year=waves).astype(float))
    reported = _scales_of(draws).assign(share=share)
    if design.attrs["weighted"]:
        weights = xr.DataArray(design["weight"].to_numpy(), dims="latent")
        reported = reported.assign(share_whole=share.dot(weights, dim="latent"))
    return reported
