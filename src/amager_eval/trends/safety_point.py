"""Where a simulated truth lies in the density's coordinates, nothing centred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from amager_eval.trends.safety_geometry import (
    level_basis,
    setting_contrasts,
    slope_coefficients,
    walk_basis,
)

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.safety_density import Density

    type Floats = NDArray[np.float64]

__all__ = ["true_point"]


def true_point(density: Density, design: xr.Dataset, spec: ModelSpec, truth: xr.Dataset) -> Floats:
    """Give the point whose natural quantities are the truth.

    Parameters
    ----------
    density : Density
        Of `design`.
    design : Dataset
        The figures the truth has made.
    spec : ModelSpec
        Prior scales.
    truth : Dataset
        From :func:`amager_eval.trends.safety_simulate.simulate_safety`.

    Returns
    -------
    ndarray
        Unconstrained coordinates where all of
        :func:`amager_eval.trends.safety_geometry.centring` is 0.
    """
    priors, settings = spec.priors, design.sizes["setting"]
    years, anchor = design["year"].to_numpy(), design.attrs["anchor"]
    seen = truth.sel(year=years)
    correlation, lowest = float(truth["setting_correlation"]), -1.0 / max(settings - 1, 1)
    first = np.arange(settings) == 0
    relative = np.sqrt(1.0 + np.where(first, settings - 1, -1) * correlation)[:, None]
    basis, line = walk_basis(years, anchor), slope_coefficients(years, anchor)
    turned = setting_contrasts(settings).T

    def scaled(name: str, natural: Any) -> Floats:
        mean = priors[name].parameters.get("mu", 0.0)
        table: Floats = (np.asarray(natural) - mean) / priors[name]["sigma"]
        return table

    def innovations(walks: Floats, slopes: Floats, sds: Floats) -> Floats:
        """Standardised coefficients of walks (..., setting, year) by contrast."""
        by_contrast = np.swapaxes(walks, -1, -2) @ turned
        coefficients = np.swapaxes(by_contrast, -1, -2) @ np.linalg.pinv(basis)
        straight = (slopes @ turned)[..., None] * line
        found: Floats = (coefficients - straight) / (sds[..., None, None] * relative)
        return found

    path_slope, gap_slope = (truth[k].to_numpy() for k in ("path_slope", "gap_slope"))
    unit = (correlation - lowest) / (1.0 - lowest)
    common = float(truth["gap_sd_common"])
    found = {
        "path_sd": np.log(truth["path_sd"]),
        "response_gap": np.log(truth["response_gap"].isel(latent=0)),
        "setting_correlation_unit": np.log(unit / (1.0 - unit)),
        "path": innovations(seen["path"].to_numpy(), path_slope, truth["path_sd"].to_numpy()),
        "level": scaled("level", truth["level"]),
        "path_drift": scaled("path_drift", path_slope @ turned),
        "collector_step": scaled("collector_step", truth["collector_step"]),
        "wave_error": scaled("wave_error", seen["wave_error"]),
        "log_deff": scaled("design_effect", truth["log_deff"]),
        "wave_size": scaled("wave_size", seen["wave_size"]),
        "area_size": scaled("area_size", truth["area_size"] + truth["area_size_excess"]),
        "unknown_size": scaled("unknown_size", truth["unknown_size"]),
    }
    if design.sizes["latent"] > 1:
        gap_sd, area_sd = truth["gap_sd"].to_numpy(), float(truth["area_sd"])
        found |= {
            "area_sd": np.log(area_sd),
            "area_level": np.linalg.pinv(level_basis(design)) @ truth["apart"].to_numpy() / area_sd,
            "gap_scale": scaled("gap_sd", common),
            "gap_sd_spread": scaled("gap_sd_spread", np.log(gap_sd / common)),
            "gap_drift": scaled("gap_drift", gap_slope @ turned),
            "gap": innovations(seen["gap"].to_numpy(), gap_slope, gap_sd),
        }
    pieces = [np.asarray(found[b.name]).reshape(b.shape).ravel() for b in density.blocks]
    point: Floats = np.concatenate(pieces).astype(float)
    return point
