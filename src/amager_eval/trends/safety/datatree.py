"""A safety fit's groups by ArviZ's names: what was seen, what would be seen again, the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from scipy import stats

from amager_eval.errors import InputError
from amager_eval.trends.prior_draws import draw_prior, log_prior
from amager_eval.trends.safety.covariance import figures, terms
from amager_eval.trends.safety.draws import named_draws, seen_cells
from amager_eval.trends.safety.forecast import sample_shares, shares_of_logit
from amager_eval.trends.safety.likelihood import log_likelihood
from amager_eval.trends.safety.model import ALTERNATIVES, SCALES, correlation
from amager_eval.trends.safety.own_effects import own_effects

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.drawn import Fitted
    from amager_eval.trends.safety.covariance import Figures

    type Floats = NDArray[np.float64]

__all__ = ["arviz_groups"]

#: Draws of the prior; a tree is kept in memory whole.
PRIOR_DRAWS: Final = 1000
#: What has a prior of its own in a posterior, and the prior's name in a spec.
_PRIOR_OF: Final = {
    k: k for k in ("path_sd", "area_sd", "gap_sd", "setting_correlation", "response_gap",
                   "wave_error", "collector_step", "unknown_size")
} | {"path_slope": "path_drift", "gap_slope": "gap_drift", "log_deff": "design_effect"}  # fmt: skip


def arviz_groups(fit: Fitted, alternative: str) -> dict[str, xr.Dataset]:
    """Give every group of one alternative, `driftless` or `drift`, of a safety fit.

    `posterior` and `sample_stats` are as drawn; `observed_data` has `figures` (published shares 0
    to 1, NaN for a bound; dim `figure`: area, setting, answer, wave), `posterior_predictive` and
    `prior_predictive` have them published anew, observed ones too; `log_likelihood` has `cells`
    (dims `chain, draw, cell`: of all figures of an area, setting and wave together, integrated over
    their rounding; the whole's given its parts'); `constant_data` edges of what a figure stands
    for, respondents, weights; `prior` is one chain, before any figure; `log_prior` of what has a
    prior of its own.
    """
    if alternative not in ALTERNATIVES:
        raise InputError(
            f"the safety model is fitted under {' and '.join(ALTERNATIVES)}; found '{alternative}'"
        )
    design, spec = fit.data["design"].to_dataset(), fit.spec
    found = figures(design, design["kept"].to_numpy())
    posterior = fit.data["posterior"].to_dataset().sel(alternative=alternative, drop=True)
    before = _prior(design, spec, np.random.default_rng([fit.seed, 8]), alternative)
    of_figures = found.names(design)
    of_cells = of_figures.iloc[[rows[0] for rows in found.cells]].drop(columns="response")
    names, at_cell = _named("figure", of_figures), _named("cell", of_cells)
    rng = np.random.default_rng([fit.seed, 7])

    def again(draws: xr.Dataset) -> xr.Dataset:
        made = _published_anew(draws, design, spec, found, rng)
        return xr.Dataset({"figures": (("chain", "draw", "figure"), made)}, coords=names)

    statistics = fit.data["sample_stats"].to_dataset().sel(alternative=alternative, drop=True)
    likely = log_likelihood(
        design, found, *seen_cells(posterior, design, spec),
        weight_sd=float(spec.options["weight_sd"]),
    ).reshape(posterior.sizes["chain"], posterior.sizes["draw"], -1)  # fmt: skip
    edges = {k: ("figure", getattr(found, k)) for k in ("low", "high")}
    sizes = {k: design[k] for k in ("n", "weight")}
    return {
        "posterior": posterior,
        "sample_stats": statistics,
        "log_prior": _log_prior(posterior, design, spec),
        "posterior_predictive": again(posterior),
        "log_likelihood": xr.Dataset(
            {"cells": (("chain", "draw", "cell"), likely)}, coords=at_cell
        ),
        "observed_data": xr.Dataset({"figures": ("figure", found.value)}, coords=names),
        "constant_data": xr.Dataset(edges | sizes, coords=names),
        "prior": before,
        "prior_predictive": again(before),
    }


def _named(dim: str, table: pd.DataFrame) -> dict[str, Any]:
    """Name the rows of a table along a dim, and what stands in each column beside it."""
    beside = {f"{dim}_{k}": (dim, v.to_numpy()) for k, v in table.items()}
    return {dim: table.astype(str).agg(" | ".join, axis=1).to_numpy()} | beside


def _published_anew(
    draws: xr.Dataset,
    design: xr.Dataset,
    spec: ModelSpec,
    found: Figures,
    rng: np.random.Generator,
) -> Floats:
    """Sample every cell anew and publish its figures, (chain, draw, figure)."""
    eta, widths, inverse = seen_cells(draws, design, spec)
    expected = shares_of_logit(eta, widths[..., None])
    sampled = sample_shares(expected, inverse, rng.standard_normal((2, *eta.shape)))
    constant, a, b = found.answer.T
    at = sampled[..., found.setting, :, found.year]  # (figure, draw, latent, answer)
    shares = np.einsum("fl,fdla,fa->df", found.share, at, np.column_stack([a, b])) + constant
    index = (found.area, found.setting, found.response, found.year)
    decimals = np.nan_to_num(design["decimals"].to_numpy()[index], nan=10.0)
    scale = 100 * 10.0**decimals
    published: Floats = np.round(np.clip(shares, 0, 1) * scale) / scale
    return published.reshape(draws.sizes["chain"], draws.sizes["draw"], -1)


def _prior(
    design: xr.Dataset, spec: ModelSpec, rng: np.random.Generator, alternative: str
) -> xr.Dataset:
    """Draw scales and everything given them before any figure."""
    settings, priors = design.sizes["setting"], spec.priors
    flat: dict[str, Any] = {k: draw_prior(priors[k], (PRIOR_DRAWS,), rng) for k in SCALES}
    for name in ("area_sd", "gap_sd") if design.sizes["latent"] == 1 else ():
        flat[name] = np.zeros(PRIOR_DRAWS)
    if settings > 1:
        eta = priors["setting_correlation"]["eta"]
        flat["setting_correlation"] = correlation(rng.beta(eta, eta, PRIOR_DRAWS), settings)
    flat["response_gap"] = draw_prior(priors["response_gap"], (PRIOR_DRAWS, settings), rng)
    parts = terms(design, spec, drift=ALTERNATIVES[alternative])
    drawn = {}
    for term in parts:
        sd = np.sqrt(np.broadcast_to(term.variance(flat), PRIOR_DRAWS))[:, None]
        drawn[term.name] = sd * rng.standard_normal((PRIOR_DRAWS, term.state.shape[1]))
    return named_draws(design, spec, parts, drawn, flat, (1, PRIOR_DRAWS))


def _log_prior(posterior: xr.Dataset, design: xr.Dataset, spec: ModelSpec) -> xr.Dataset:
    """Log density of what has a prior of its own, by the names of the posterior."""
    logs = {}
    for name, prior in _PRIOR_OF.items():
        value = posterior[name]
        if name == "gap_sd":  # one scale, whatever an area takes of it
            value = value.isel(latent=-1, drop=True)
        elif name == "response_gap" and "response_gap_spread" not in spec.priors:
            value = value.isel(latent=0, drop=True)  # one width for all areas
        drawn = value.to_numpy().astype(float)
        if not np.ptp(drawn):  # what a design does without is a constant
            continue
        if name == "setting_correlation":  # LKJ's marginal, as the model takes it
            eta, lowest = spec.priors[name]["eta"], float(correlation(0.0, design.sizes["setting"]))
            log = stats.beta(eta, eta, loc=lowest, scale=1 - lowest).logpdf(drawn)
        elif name in ("log_deff", "unknown_size"):  # kept as logarithms
            log = log_prior(spec.priors[prior], np.exp(drawn)) + drawn
        else:
            log = log_prior(spec.priors[prior], drawn)
        logs[name] = value.copy(data=log)
    if effects := own_effects(spec):
        value, settings = posterior["own_effect_size"], design["setting"].to_numpy()
        sd = np.array([e.sigma for e in effects])[:, None]
        of = np.array([e.among(settings) for e in effects])  # elsewhere an effect is 0, and certain
        log = np.where(of, stats.norm(0.0, sd).logpdf(value.to_numpy()), 0.0)
        logs["own_effect_size"] = value.copy(data=log)
    return xr.Dataset(logs)
