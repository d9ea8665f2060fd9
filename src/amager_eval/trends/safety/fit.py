"""Fit the safety model: figures to a design, scales sampled, paths drawn, gates asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit, logit

from amager_eval.data.frame_kinds import as_pandas
from amager_eval.data.input import Input
from amager_eval.data.population import population_at
from amager_eval.data.tables.frames import check_population, check_safety
from amager_eval.errors import InputError, SpecError
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import Fit
from amager_eval.trends.independence import effective_draws, resample
from amager_eval.trends.prior_families import problem_of_prior
from amager_eval.trends.safety.condition import (
    bound_figures,
    cell_moments,
    centre_figures,
    draw_terms,
    log_density_of_cells,
)
from amager_eval.trends.safety.covariance import figures, linearise, terms
from amager_eval.trends.safety.design import build_design
from amager_eval.trends.safety.likelihood import log_likelihood
from amager_eval.trends.safety.model import build_model, correlation, variances

if TYPE_CHECKING:
    from pathlib import Path

    import pymc as pm
    from numpy.typing import NDArray

    from amager_eval.trends.independence import Proposal
    from amager_eval.trends.safety.covariance import Figures, Gaussian, Term

    type Floats = NDArray[np.float64]

__all__ = [
    "Run",
    "design_safety",
    "draw_rest",
    "figure_model",
    "fit_safety",
    "fitted_point",
    "inverse_size",
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
#: Priors whose mean does not enter the model.
_CENTRED: Final = (
    "path_drift", "gap_drift", "wave_error", "collector_step", "wave_size", "area_size",
)  # fmt: skip
ALTERNATIVES: Final = {"driftless": False, "drift": True}
#: Share of the whole's inhabitants that may be registered in none of its parts, or counted on
#: another day, for the parts still to be the whole.
_LEFT_OVER: Final = 0.02
#: Effective draws aimed at, times the gate's.
_SPARE: Final = 2.5
#: Draws that are weighed by the exact likelihood.
_WEIGHED: Final = 400
#: Rounds of fitting the point the figures are linear around; at first within a share's reach of 0
#: and 1 and with such a variance of the logit.
_ROUNDS: Final = 4
_FAR: Final = 0.01
_NEAR: Final = 0.1


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
    return figure_model(design, spec, np.isfinite(design["low"].to_numpy()), drift=drift)


def figure_model(
    design: xr.Dataset, spec: ModelSpec, counts: NDArray[np.bool_], *, drift: bool
) -> pm.Model:
    """Build the model of the figures of a design that count."""
    parts = terms(design, spec, drift=drift)
    return build_model(design, spec, fitted_point(design, spec, figures(design, counts), parts))


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
    """Sample the model of a design, on all figures or on those in `keep`.

    Parameters
    ----------
    design : Dataset
        From :func:`design_safety`.
    spec : ModelSpec
        The document.
    draws : int or None
        Draws per chain; default the spec's.
    chains, seed : int
        As :func:`fit_safety`.
    keep : ndarray of bool, or None
        Figures that count, shape (area, setting, response, year).
    progress : callable or None
        Called with draws done and draws in all.
    prior_only : bool
        Whether the baseline wave alone is sampled too; without it forecasts hold no prior-only
        answers.

    Returns
    -------
    Fit
    """
    everything = np.isfinite(design["low"].to_numpy())
    kept = everything if keep is None else keep & everything
    baseline = kept & (design["year"].to_numpy() == design.attrs["anchor"])
    seeds = np.random.SeedSequence(seed).generate_state(3)
    count = draws if draws is not None else spec.sampling.draws
    wanted = [(kept, drift) for drift in ALTERNATIVES.values()]
    wanted += [(baseline, True)] if prior_only else []
    runs: list[Run] = []
    for k, (counts, drift) in enumerate(wanted):
        run = sample_alternative(
            design, spec, counts, drift=drift, draws=count, chains=chains, seed=int(seeds[k]),
            # the models with and without drift are neighbours: the second begins with the first
            proposal=runs[0].proposal if k == 1 else None,
            progress=_part(progress, k, len(wanted)),
        )  # fmt: skip
        runs.append(run)
    alternative = pd.Index(list(ALTERNATIVES), name="alternative")
    both = runs[: len(ALTERNATIVES)]
    groups = {
        "posterior": xr.concat([r.posterior for r in both], alternative),
        "sample_stats": xr.concat([r.statistics for r in both], alternative),
        "design": design.assign(kept=(("area", "setting", "response", "year"), kept)),
    }
    if prior_only:
        only = runs[-1].posterior
        groups["baseline_only"] = only.assign(eta=only["eta"].sel(year=design.attrs["anchor"]))
    diagnostics = diagnose(
        groups["sample_stats"], [_reported(r.posterior, design) for r in runs], spec.gates
    )
    return Fit("safety", xr.DataTree.from_dict(groups), spec, diagnostics, seed)


@dataclass(frozen=True, eq=False)
class Run:
    """One posterior: its draws, what a reader asks the sampler about, and how it was proposed."""

    posterior: xr.Dataset
    statistics: xr.Dataset
    proposal: Proposal


def sample_alternative(
    design: xr.Dataset,
    spec: ModelSpec,
    counts: NDArray[np.bool_],
    *,
    drift: bool,
    draws: int,
    chains: int,
    seed: int,
    proposal: Proposal | None,
    progress: sample.Progress | None,
) -> Run:
    """Fit the point figures are linear around, sample the scales, draw the rest."""
    found, parts = figures(design, counts), terms(design, spec, drift=drift)
    settings: dict[str, Any] = {"tune": spec.sampling.tune, "chains": chains, "seed": seed}
    gaussian = fitted_point(design, spec, found, parts)
    model = build_model(design, spec, gaussian)
    # a first look at the scales, so that slopes and sampling errors are those of the fitted shares
    first = sample.sample_scales(model, draws=50, **settings, proposal=proposal)
    weight = np.exp(first.sample_stats["log_weight"] - first.sample_stats["log_weight"].max())
    usual = {
        str(k): (v * weight).sum(("chain", "draw")).to_numpy() / float(weight.sum())
        for k, v in first.proposed.items()
    }
    gaussian = fitted_point(design, spec, found, parts, usual)
    model = build_model(design, spec, gaussian)
    settings["tune"] //= 3  # the first look has shaped the proposal
    scales = sample.sample_scales(
        model,
        draws=draws,
        **settings,
        wanted=_SPARE * spec.gates.ess_min,
        proposal=first.proposal,
        progress=progress,
    )
    rng = np.random.default_rng([seed, 1])
    log_weight = scales.sample_stats["log_weight"].to_numpy()
    taken = resample(log_weight, seed)
    rows = (
        xr.DataArray(np.arange(chains), dims="chain"),
        xr.DataArray(taken, dims=("chain", "draw")),
    )
    again = scales.proposed.drop_vars(["chain", "draw"]).isel(chain=rows[0], draw=rows[1])
    posterior, shares = draw_rest(design, spec, gaussian, again, rng)
    statistics = xr.Dataset(
        {
            "lp": scales.sample_stats["lp"],
            "log_weight": scales.sample_stats["log_weight"],
            "diverging": (("chain", "draw"), np.zeros(taken.shape, dtype=bool)),
            "effective_draws": ((), effective_draws(log_weight)),
            "exact_share": ((), shares[0]),
            "least_cell_share": ((), shares[1]),
        }
    )
    return Run(posterior, statistics, scales.proposal)


def fitted_point(
    design: xr.Dataset,
    spec: ModelSpec,
    found: Figures,
    parts: tuple[Term, ...],
    scales: Mapping[str, Any] | None = None,
) -> Gaussian:
    """Write the figures as linear around the shares that fit them."""
    settings = design.sizes["setting"]
    scales = scales or _usual_scales(spec, settings)
    variance = variances(scales, spec, settings)
    width = np.asarray(scales["response_gap"], dtype=float) * np.ones(settings)
    shape = tuple(design.sizes[k] for k in ("latent", "setting", "year"))
    centre = spec.priors["level"]["mu"]
    mean, spread = _first_look(found, shape, width, centre), np.full(shape, _NEAR)
    edges = found.low[found.known :], found.high[found.known :]
    # a bound begins as a figure that says nothing
    bounds = (edges[0] + edges[1]) / 2, np.ones(len(edges[0]))
    shift = np.zeros(len(found.value))
    logs = (np.atleast_1d(np.log(scales.get(k, 1.0))) for k in ("design_effect", "unknown_size"))
    inverse = inverse_size(design, *logs)[0]
    for _ in range(_ROUNDS):
        gaussian = linearise(
            design, spec, found, parts,
            mean=mean, variance=spread, width=width, bounds=bounds, shift=shift,
        )  # fmt: skip
        expected = gaussian.base + gaussian.link.sum(axis=1) * width[found.setting]
        residual = gaussian.value - expected
        moved, spread = cell_moments(gaussian, variance, residual)
        mean = centre + moved
        bounds = bound_figures(gaussian, variance, residual, edges, bounds)
        shift = shift + centre_figures(
            design, spec, gaussian, variance, width, inverse, (mean, spread)
        )
    return linearise(
        design, spec, found, parts,
        mean=mean, variance=spread, width=width, bounds=bounds, shift=shift,
    )  # fmt: skip


def _first_look(found: Figures, shape: tuple[int, ...], width: Floats, centre: float) -> Floats:
    """Logit of the safe share by setting, as the figures say it on average, laid over the cells.

    Linear readings are good near by only: from the prior's centre a city far from it is not found.
    """
    mean = np.full(shape, centre)
    share = logit(np.clip(found.value[: found.known], _FAR, 1 - _FAR))
    setting, response = found.setting[: found.known], found.response[: found.known]
    seen = np.where(response == 0, share, -share - width[setting])
    for s in range(shape[1]):
        of = (setting == s) & (response != 1)
        if of.any():
            mean[:, s] = seen[of].mean()
    return mean


def _usual_scales(spec: ModelSpec, settings: int) -> dict[str, Any]:
    """Scales to begin with: where the priors are centred."""
    found: dict[str, Any] = {"setting_correlation": 0.0}
    for name in ("path_sd", "gap_sd", "area_sd", "design_effect", "unknown_size", "response_gap"):
        prior = spec.priors[name]
        numbers = prior.parameters
        if prior.distribution == "LogNormal":
            found[name] = float(np.exp(numbers["mu"]))
        elif prior.distribution == "Gamma" and "beta" in numbers:
            found[name] = numbers["alpha"] / numbers["beta"]
        else:
            found[name] = float(numbers.get("mu", 0.0) + numbers.get("sigma", 0.1))
    found["response_gap"] = np.full(settings, found["response_gap"])
    return found


def draw_rest(
    design: xr.Dataset,
    spec: ModelSpec,
    gaussian: Gaussian,
    sampled: xr.Dataset,
    rng: np.random.Generator,
) -> tuple[xr.Dataset, tuple[float, float]]:
    """Draw paths and errors given the scales; weigh some by the exact likelihood of the figures."""
    shape = (sampled.sizes["chain"], sampled.sizes["draw"])
    latent, settings, years = (design.sizes[k] for k in ("latent", "setting", "year"))
    flat = {
        str(k): v.to_numpy().reshape(-1, *v.shape[2:]).astype(float)
        for k, v in sampled.data_vars.items()
    }
    draws = shape[0] * shape[1]
    if "setting_correlation_unit" in flat:
        flat["setting_correlation"] = correlation(flat["setting_correlation_unit"], settings)
    variance = {k: np.broadcast_to(v, draws) for k, v in variances(flat, spec, settings).items()}
    width = flat["response_gap"]
    drawn = draw_terms(gaussian, variance, width, rng)
    none = np.zeros((draws, latent, settings, years))
    centre = spec.priors["level"]["mu"]
    eta = centre + sum(
        (drawn[t.name] for t in gaussian.terms if t.moves == "truth"), np.zeros_like(none)
    )
    beyond = [drawn.get(k, none)[:, 0, 0] for k in ("wave", "step")]
    widths = width[:, None] * np.exp(drawn.get("link", none)[..., 0])
    seen = eta + (beyond[0] + beyond[1])[:, None, None]
    anchor = list(design["year"].to_numpy()).index(design.attrs["anchor"])
    after = min(anchor + 1, years - 1)
    per = 1.0 if after > anchor else -1.0
    before = after if after > anchor else anchor - 1
    slope = {k: per * drawn.get(k, none)[..., before] for k in ("path_drift", "gap_drift")}
    log_deff = np.log(np.broadcast_to(flat.get("design_effect", np.ones(1)), draws))
    log_size = np.log(np.broadcast_to(flat.get("unknown_size", np.ones(1)), draws))
    values = {
        "eta": (("latent", "setting", "year"), eta.astype(np.float32)),
        "path_sd": ((), flat["path_sd"]),
        "area_sd": ((), np.broadcast_to(flat.get("area_sd", np.zeros(1)), draws)),
        "gap_sd": (
            ("latent",),
            np.broadcast_to(flat.get("gap_sd", np.zeros(1)), draws)[:, None]
            * design["wander"].to_numpy(),
        ),
        "path_slope": (("setting",), slope["path_drift"][:, 0]),
        "gap_slope": (("latent", "setting"), slope["gap_drift"]),
        "setting_correlation": (
            (), np.broadcast_to(flat.get("setting_correlation", np.zeros(1)), draws),
        ),
        "response_gap": (("latent", "setting"), widths),
        "wave_error": (("year",), beyond[0]),
        "collector_step": ((), _height(design, beyond[1])),
        "log_deff": ((), log_deff),
        "unknown_size": ((), log_size),
    }  # fmt: skip
    posterior = xr.Dataset(
        {
            k: (("chain", "draw", *d), np.reshape(v, (*shape, *v.shape[1:])))
            for k, (d, v) in values.items()
        },
        coords={k: design[k].to_numpy() for k in ("latent", "setting", "year")}
        | {k: np.arange(n) for k, n in zip(("chain", "draw"), shape, strict=True)},
    )
    some = rng.choice(draws, size=min(draws, _WEIGHED), replace=False)
    inverse = inverse_size(design, log_deff[some], log_size[some])
    few = {k: v[some] for k, v in variance.items()}
    return posterior, _shares_left(design, spec, gaussian, few, seen[some], widths[some], inverse)


def _height(design: xr.Dataset, step: Floats) -> Floats:
    """Height of the collector's step, (draw,); 0 where there is none."""
    before = design["before_break"].to_numpy()
    height: Floats = step[:, int(np.argmax(before))] if before.any() else np.zeros(len(step))
    return height


def inverse_size(design: xr.Dataset, log_deff: Floats, log_size: Floats) -> Floats:
    """Design effect over respondents, (draw, latent, setting, year)."""
    given = design["deff"].to_numpy()
    deff = np.where(np.isnan(given), np.exp(log_deff)[:, None, None, None], given)
    unsized = design["n_unknown"].to_numpy() > 0
    n = design["n"].to_numpy() * np.where(unsized, np.exp(log_size)[:, None, None, None], 1.0)
    inverse: Floats = deff / n
    return inverse


def _shares_left(
    design: xr.Dataset,
    spec: ModelSpec,
    gaussian: Gaussian,
    variance: Mapping[str, Floats],
    seen: Floats,
    widths: Floats,
    inverse: Floats,
) -> tuple[float, float]:
    """Shares of draws the exact likelihood leaves, of all figures and of the worst cell alone."""
    exact = log_likelihood(
        design,
        gaussian.figures,
        cells=gaussian.figures.cells(),
        safe=expit(seen),
        unsafe=expit(-(seen + widths[..., None])),
        inverse=inverse,
        weight_sd=float(spec.options["weight_sd"]),
    )
    off = gaussian.value - gaussian.means(seen, widths) - gaussian.shift
    normal = log_density_of_cells(gaussian, variance, off, gaussian.figures.cells())
    ratio = exact - normal
    count = len(ratio)
    cells = [effective_draws(column) / count for column in ratio.T]
    return effective_draws(ratio.sum(axis=1)) / count, min(cells, default=1.0)


def _part(progress: sample.Progress | None, k: int, parts: int) -> sample.Progress | None:
    """Progress of one of several runs of equal length."""
    if progress is None:
        return None
    return lambda done, total: progress(k * total + done, parts * total)


def _check_spec(spec: ModelSpec) -> None:
    """Refuse a spec that lacks a prior or an option, or gives a prior of another family."""
    for name, family in FAMILIES.items():
        centred = name in _CENTRED
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
