"""The crime model in PyMC: one vectorised graph for every type, area and period."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from amager_eval.trends.crime_geometry import CENTRE_SCALE, LEAST_DISPERSION

__all__ = ["crime_model", "model_data"]

#: Matrix products with fewer multiplications than this are written out as sums: the sums take
#: microseconds longer to run, a BLAS call takes ten seconds to compile.
WRITTEN_OUT: Final = 200_000

_AS_THEY_STAND: Final = (
    "is_gap",
    "effect_value",
    "effect_scale",
    "level_mean",
    "level_sd",
    "innovation_scale",
    "dispersion_scale",
    "dispersion_spread",
    "guess",
    "guess_centre",
    "coverage",
    "typical_count",
    "shared_information",
    "time_in_walk",
)


def model_data(design: xr.Dataset) -> dict[str, NDArray[Any]]:
    """Arrays a compiled crime model is fitted to, by name; for `with_data` refits.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime_design.crime_design`.

    Returns
    -------
    dict of str to ndarray
        Every array the graph reads; all of them are `pm.Data`.
    """
    count = design["count"].values
    exposure = design["exposure"].values[:, : count.shape[2]]
    drift = ("drift_mean", "drift_mean_sd", "drift_spread", "drift_gap")
    arrays = {name: design[name].values for name in _AS_THEY_STAND} | {
        "y": np.nan_to_num(count, nan=0.0),
        "seen": (~np.isnan(count)).astype(np.float64),
        "log_exposure": np.log(exposure)[:, None, :] + design["completeness"].values,
        "baseline_walk": design["baseline_weight"].values @ design["walk"].values,
        "walk": np.ascontiguousarray(design["walk"].values.T),
        "drift_prior": np.array([float(design[name]) for name in drift]),
    }
    if design.sizes["lump"]:
        arrays |= {name: design[name].values for name in ("lump_cells", "lump_type", "lump_count")}
    return arrays


def crime_model(design: xr.Dataset) -> pm.Model:
    """Build the model of one design; its free variables are geometry, not results.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime_design.crime_design`.

    Returns
    -------
    pymc.Model
        :func:`amager_eval.trends.crime_posterior.crime_posterior` turns draws of its free
        variables into levels.

    Notes
    -----
    A level path is `centre + basis @ coefficient`, the basis being the principal components of a
    random walk about its own mean over time. Given innovation, dispersion and drift each
    coefficient is nearly Gaussian with a known mean and variance
    (:func:`amager_eval.trends.crime_geometry.walk_geometry`); the sampler moves in its distance
    from that mean in units of that variance, and `priors` puts the exact prior back. The prior
    of the level stands on the baseline year, not on the centre.
    """
    coords = {n: list(design[n].values) for n in ("area", "crime_type", "path_class", "effect")}
    nested = bool(design["is_gap"].values.any())
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, value) for name, value in model_data(design).items()}
        gap = d["is_gap"][:, None]

        dispersion = pm.HalfNormal("dispersion_common", 1.0) * pt.exp(
            d["dispersion_spread"] * pm.Normal("dispersion_raw", 0.0, 1.0, dims="crime_type")
        )
        squared = (d["dispersion_scale"] * dispersion) ** 2 + LEAST_DISPERSION**2

        innovation = pm.HalfNormal("innovation", 1.0, dims=("path_class", "crime_type"))
        innovation = innovation * d["innovation_scale"]
        variance = ((1.0 - gap) * innovation[0] + gap * innovation[1]) ** 2

        mean, mean_sd, between_sd, gap_sd = (d["drift_prior"][i] for i in range(4))
        mean = mean + mean_sd * pm.Normal("drift_mean", 0.0, 1.0)
        between = between_sd * pm.HalfNormal("drift_spread", 1.0)
        drift_raw = pm.Normal("drift_raw", 0.0, 1.0, dims=("area", "crime_type"))
        drift = (1.0 - gap) * (mean + between * drift_raw) + gap * gap_sd * drift_raw

        walk_raw = pm.Normal("walk_raw", 0.0, 1.0, shape=design["guess"].shape)
        reports_say = (1.0 / d["typical_count"] + squared)[:, :, None]
        told = variance[:, :, None] * (d["shared_information"] + d["coverage"] / reports_say)
        pull = told / (1.0 + told)
        spread = pt.sqrt(variance[:, :, None] * (1.0 - pull)) * walk_raw
        expected = drift[:, :, None] * d["time_in_walk"]
        coefficient = expected + pull * (d["guess"] - expected) + spread
        if nested:  # a gap stands on the path of the rest
            outside = (1.0 - gap)[:, :, None]
            expected = expected + gap[:, :, None] * (outside * coefficient).sum(axis=0)
            coefficient = expected + pull * (d["guess"] - expected) + spread

        centre_raw = pm.Normal("centre_raw", 0.0, 1.0, dims=("area", "crime_type"))
        centre = d["guess_centre"] + CENTRE_SCALE * centre_raw
        level = centre + (coefficient * d["baseline_walk"]).sum(axis=2)
        level_mean = d["level_mean"]
        if nested:
            level_mean = level_mean + gap * ((1.0 - gap) * level).sum(axis=0)
        pm.Potential(
            "priors",
            0.5
            * (
                walk_raw**2 - (coefficient - expected) ** 2 / variance[:, :, None] - pt.log1p(told)
            ).sum()
            + 0.5 * (centre_raw**2 - ((level - level_mean) / d["level_sd"]) ** 2).sum(),
        )

        effect_raw = pm.Normal("effect_raw", 0.0, 1.0, dims=("crime_type", "effect"))
        n_areas, n_types, n_effects = (design.sizes[n] for n in ("area", "crime_type", "effect"))
        n_periods, n_components = design.sizes["period"], design.sizes["component"]
        effect = _product(
            effect_raw * d["effect_scale"], d["effect_value"], n_types * n_effects * n_periods
        )
        size = n_areas * n_types * n_components * n_periods
        path = centre[:, :, None] + _product(coefficient, d["walk"], size)
        log_mu = path + effect + d["log_exposure"]
        alpha = 1.0 / squared
        reports = d["seen"] * _log_negbin(d["y"], log_mu, alpha[:, None])
        pm.Potential("reports", reports.sum())
        if design.sizes["lump"]:
            flat = pt.concatenate([pt.exp(log_mu).ravel(), pt.zeros(1)])  # type: ignore[no-untyped-call]
            log_sum = pt.log(flat[d["lump_cells"]].sum(axis=1))
            summed = _log_negbin(d["lump_count"], log_sum, alpha[d["lump_type"]])
            pm.Potential("summed_reports", summed.sum())
    return model


def _product(left: Any, right: Any, multiplications: int) -> Any:
    """Matrix product over the last axis of `left` and the first of `right`."""
    if multiplications > WRITTEN_OUT:
        return pt.dot(left, right)  # type: ignore[no-untyped-call]
    return (left[..., None] * right).sum(axis=-2)


def _log_negbin(y: Any, log_mu: Any, alpha: Any) -> Any:
    """Log-probability of NegBin2 up to a term of `y` alone."""
    return (
        pt.gammaln(y + alpha)
        - pt.gammaln(alpha)
        + y * (log_mu - pt.log(alpha))
        - (y + alpha) * pt.log1p(pt.exp(log_mu) / alpha)
    )
