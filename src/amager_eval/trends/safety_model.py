"""The safety model in PyMC: one vectorised graph, data in `pm.Data` so that refits only sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor

from amager_eval.trends.safety_cells import list_cells, observe, quadrature_nodes, structure
from amager_eval.trends.safety_geometry import (
    centring,
    level_basis,
    setting_contrasts,
    slope_coefficients,
    step_coefficients,
    walk_basis,
)
from amager_eval.trends.safety_likelihood import INPUTS
from amager_eval.trends.safety_operation import FiguresLikelihood

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.spec.model import ModelSpec, Prior

pt: Any = pytensor.tensor  # only partly typed

__all__ = ["build_model"]


def build_model(design: xr.Dataset, spec: ModelSpec) -> pm.Model:
    """Write down the model for a design.

    Parameters
    ----------
    design : Dataset
        From :func:`~amager_eval.trends.safety_design.build_design`.
    spec : ModelSpec
        Priors; none is held here.

    Returns
    -------
    pymc.Model
        Free variables and the deterministic `eta` (latent, setting, year), which is the logit of
        the true safe share. `pm.Data`: `drift_on` and everything of
        :func:`~amager_eval.trends.safety_cells.observe`.
    """
    cells = list_cells(design)
    everything = np.isfinite(design["low"].to_numpy())
    data = observe(design, cells, keep=everything, nodes=quadrature_nodes(design))
    data |= centring(design, spec, everything)
    with pm.Model() as model:
        # an empty array is no data a refit could change
        shared: dict[str, Any] = {k: pm.Data(k, v) if v.size else v for k, v in data.items()}
        shared["drift_on"] = pm.Data("drift_on", np.float64(1.0))
        eta = _latent(design, spec.priors, shared)
        sampled = _sampled(design, spec.priors, eta)
        inputs = shared | structure(design, spec, cells)
        inputs |= dict(zip(INPUTS[:3], (v.flatten() for v in sampled), strict=True))
        outputs: Any = FiguresLikelihood()(*(inputs[k] for k in INPUTS))
        pm.Potential("figures", outputs[0])
    return model


def _latent(design: xr.Dataset, priors: dict[str, Prior], shared: dict[str, Any]) -> Any:
    """Logit of the true safe share, shape (latent, setting, year)."""
    years, anchor = design["year"].to_numpy(), design.attrs["anchor"]
    areas, settings = design.sizes["latent"], design.sizes["setting"]
    basis = walk_basis(years, anchor)
    level = _common_level(priors, shared["centre_unsafe"], settings)
    line = slope_coefficients(years, anchor)
    relative = _contrast_sds(priors, settings)
    drift_on = shared["drift_on"]
    coefficients = _path(
        priors, relative, line, shared["centre_path"], drift_on, step_coefficients(design)
    )
    levels = level[None]
    if areas > 1:
        # HalfNormal as |Normal|: near 0 the sampler passes through instead of sinking into log 0
        signed = priors["gap_sd"]["sigma"] * pm.Normal("gap_scale")
        spread = priors["gap_sd_spread"]["sigma"] * pm.Normal("gap_sd_spread", shape=areas)
        sd = (signed * pt.exp(spread))[:, None, None] * relative[:, None]
        slope = priors["gap_drift"]["sigma"] * pm.Normal("gap_drift", shape=(areas, settings))
        innovations = pm.Normal("gap", shape=(areas, settings, len(basis)))
        coefficients = coefficients + sd * innovations + drift_on * slope[:, :, None] * line
        levels = levels + _area_levels(design, priors, shared["centre_level"])
    walks = pt.dot(coefficients, basis)
    if settings > 1:
        walks = pt.tensordot(walks, setting_contrasts(settings), axes=(1, 0)).transpose(0, 2, 1)
    return levels[:, :, None] + walks


def _common_level(priors: dict[str, Prior], centre: Any, settings: int) -> Any:
    """Write down the common level at the anchor, (setting).

    Where `centre` is 1, what is sampled is the level that the unsafe share shows: moved by how far
    the width of the third answer lies from its prior mean.
    """
    alpha, beta = priors["response_gap"]["alpha"], priors["response_gap"]["beta"]
    width = pm.Gamma("response_gap", alpha=alpha, beta=beta, shape=settings)
    mu, sigma = priors["level"]["mu"], priors["level"]["sigma"]
    tied = centre * (width - alpha / beta) / sigma
    return mu + sigma * (pm.Normal("level", tied, 1.0, shape=settings) - tied)


def _path(
    priors: dict[str, Prior], relative: Any, line: Any, centre: Any, drift_on: Any, jump: Any
) -> Any:
    """Coefficients (1, contrast, coefficient) of the common path.

    Each is Normal around the drift's straight line with standard deviation sd = `path_sd` times
    the contrast's. What is sampled is `(coefficient - (1 - centre) * straight) / (scale^centre *
    sd^(1 - centre))`: the coefficient itself where `centre` is 1, its innovation where it is 0;
    the coefficient of the path as the survey shows it, with the collector's step in it.
    """
    scale, settings = priors["path_sd"]["sigma"], relative.type.shape[0]
    ratio = (pm.HalfNormal("path_sd", scale) / scale * relative)[:, None]
    slope = drift_on * priors["path_drift"]["sigma"] * pm.Normal("path_drift", shape=settings)
    straight = slope[:, None] * line
    step: Any = 0.0
    if jump.any():
        step = priors["collector_step"]["sigma"] * pm.Normal("collector_step") * jump
        straight = straight + step
    unit = scale * ratio ** (1.0 - centre)
    sampled = pm.Normal(
        "path", centre * straight / unit, ratio**centre, shape=(settings, len(line))
    )
    return ((1.0 - centre) * straight + unit * sampled - step)[None]


def _contrast_sds(priors: dict[str, Prior], settings: int) -> Any:
    """Relative innovation sd of each contrast between settings, from their one correlation."""
    if settings == 1:
        return pt.ones(1)
    # LKJ's marginal for one correlation, stretched to where the common matrix is positive definite
    eta = priors["setting_correlation"]["eta"]
    lowest = -1.0 / (settings - 1)
    unit = pm.Beta("setting_correlation_unit", eta, eta)
    correlation = lowest + (1.0 - lowest) * unit
    mean = pt.sqrt(1.0 + (settings - 1) * correlation)
    return pt.concatenate([mean[None], pt.repeat(pt.sqrt(1.0 - correlation), settings - 1)])


def _area_levels(design: xr.Dataset, priors: dict[str, Prior], centre: Any) -> Any:
    """Levels at the anchor, (latent, setting); `centre` as in :func:`_path`."""
    basis, scale = level_basis(design), priors["area_sd"]["sigma"]
    sd = pm.HalfNormal("area_sd", scale)
    sigma = (sd / scale) ** centre
    shape = (basis.shape[1], design.sizes["setting"])
    return pt.dot(basis, pm.Normal("area_level", 0.0, sigma, shape=shape)) * (sd / sigma)


def _sampled(design: xr.Dataset, priors: dict[str, Prior], eta: Any) -> tuple[Any, Any, Any]:
    """Safe and unsafe shares a wave estimates, and deff / n; each (latent, setting, year)."""
    years = design.sizes["year"]
    settings = design.sizes["setting"]
    gap = pm.modelcontext(None)["response_gap"][None]
    if "response_gap_spread" in priors:  # the sensitivity: areas differ in their third answer
        spread = pm.Normal("response_gap_spread", shape=(design.sizes["latent"], settings))
        gap = gap * pt.exp(priors["response_gap_spread"]["sigma"] * spread)
    wave = pm.Normal("wave_error", shape=years)
    shift = priors["wave_error"]["sigma"] * wave
    before = design["before_break"].to_numpy()
    if before.any():
        step = pm.modelcontext(None)["collector_step"]
        shift = shift + priors["collector_step"]["sigma"] * step * before
    seen = eta + shift
    safe = pt.sigmoid(seen)
    unsafe = pt.sigmoid(-(seen + gap[:, :, None]))
    return safe, unsafe, _inverse_size(design, priors)


def _inverse_size(design: xr.Dataset, priors: dict[str, Prior]) -> Any:
    """Design effect over respondents, shape (latent, setting, year)."""
    effect = priors["design_effect"]
    log_deff = effect["mu"] + effect["sigma"] * pm.Normal("log_deff")
    given = design["deff"].to_numpy()
    unknown = np.isnan(given)
    log_inverse = np.where(unknown, 0.0, np.log(np.where(unknown, 1.0, given))) - np.log(
        design["n_base"].to_numpy()
    )
    log_inverse = log_inverse + unknown * log_deff
    from_wave, from_area, from_nothing = (
        design[k].to_numpy() for k in ("from_wave", "from_area", "from_nothing")
    )
    if from_wave.any():
        size = priors["wave_size"]["sigma"] * pm.Normal("wave_size", shape=design.sizes["year"])
        log_inverse = log_inverse - from_wave * size
    if from_area.any():
        size = priors["area_size"]["sigma"] * pm.Normal("area_size", shape=design.sizes["latent"])
        # the parts' sizes add up to the whole's
        size = size - pt.log(pt.mean(pt.exp(size))) * float(design.attrs["weighted"])
        log_inverse = log_inverse - from_area * size[:, None, None]
    if from_nothing.any():
        prior = priors["unknown_size"]
        log_inverse = log_inverse - from_nothing * (
            prior["mu"] + prior["sigma"] * pm.Normal("unknown_size")
        )
    return pt.exp(log_inverse)
