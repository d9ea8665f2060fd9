"""Turn the coefficients the sampler moves into the quantities they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from amager_eval.trends.safety_geometry import (
    level_basis,
    setting_contrasts,
    slope_coefficients,
    step_coefficients,
    walk_basis,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec

__all__ = ["natural_draws"]


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
