"""The safety model: priors of a few scales, and the published figures given them.

Everything Gaussian is integrated out: what is sampled are the scales, and the figures are one
multivariate Normal. :mod:`~amager_eval.trends.safety.covariance` says what its matrices are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor

from amager_eval.trends.linear_normal import observe_normal
from amager_eval.trends.safety.own_effects import own_effects

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.spec.model import ModelSpec, Prior
    from amager_eval.trends.safety.covariance import Gaussian

pt: Any = pytensor.tensor  # only partly typed

__all__ = ["build_model", "correlation", "variances"]


def build_model(design: xr.Dataset, spec: ModelSpec, gaussian: Gaussian) -> pm.Model:
    """Write down the model.

    Parameters
    ----------
    design : Dataset
        From :func:`~amager_eval.trends.safety.design.build_design`.
    spec : ModelSpec
        Priors; none is held here.
    gaussian : Gaussian
        The figures as linear readings of Gaussian terms.

    Returns
    -------
    pymc.Model
        Coords `setting, figure`; free variables are the scales and `response_gap` (setting);
        observed is `figures`, the published shares 0 to 1.
    """
    settings = design["setting"].to_numpy()
    coords = {"setting": settings, "figure": _labels(design, gaussian)}
    with pm.Model(coords=coords) as model:
        scales = _scales(design, spec.priors, gaussian)
        width = _prior("response_gap", spec.priors["response_gap"], dims="setting")
        multiply = variances(scales, spec, len(settings))
        free = free_names(gaussian, scales)
        fixed = {k: float(multiply[k]) for k in gaussian.matrices if k not in free}
        observe_normal(
            "figures",
            mean=gaussian.expected(width),
            variances=pt.stack([pt.as_tensor(multiply[k]) for k in free]),
            covariance=gaussian.covariance(fixed, free),
            observed=gaussian.value,
            dims="figure",
        )
    return model


def variances(scales: Mapping[str, Any], spec: ModelSpec, settings: int) -> dict[str, Any]:
    """Variance that multiplies each of the covariance's matrices.

    Parameters
    ----------
    scales : mapping
        The model's scales, as graph variables or as arrays of draws.
    spec : ModelSpec
        Priors of what is integrated out.
    settings : int
        How many settings there are.

    Returns
    -------
    dict
        Name of a matrix to its variance; more names than a design may need.
    """
    sd = {name: prior.parameters.get("sigma", 0.0) for name, prior in spec.priors.items()}
    r = scales.get("setting_correlation", 0.0)
    common, apart = 1 + (settings - 1) * r, 1 - r
    path, gap, area = (scales.get(k, 0.0) ** 2 for k in ("path_sd", "gap_sd", "area_sd"))
    deff = scales.get("design_effect", 1.0)
    size = scales.get("unknown_size", 1.0)
    return {
        "level": sd["level"] ** 2,
        "path_common": path * common,
        "path_apart": path * apart,
        "area": area,
        "gap_common": gap * common,
        "gap_apart": gap * apart,
        "path_drift": sd["path_drift"] ** 2,
        "gap_drift": sd["gap_drift"] ** 2,
        "wave": sd["wave_error"] ** 2,
        "step": sd["collector_step"] ** 2,
        "link": sd.get("response_gap_spread", 0.0) ** 2,
        "sampling": deff,
        "sampling_given": 1.0,
        "unsized": deff / size,
        "unsized_given": 1.0 / size,
        "rounding": 1.0,
        **{effect.name: effect.sigma**2 for effect in own_effects(spec)},
    }


def free_names(gaussian: Gaussian, scales: Mapping[str, Any]) -> list[str]:
    """Names of the matrices whose variance is sampled."""
    of = {
        "path_common": "path_sd",
        "path_apart": "path_sd",
        "area": "area_sd",
        "sampling": "design_effect",
        "unsized": "design_effect",
        "unsized_given": "unknown_size",
        "gap_common": "gap_sd",
        "gap_apart": "gap_sd",
    }
    return [k for k, scale in of.items() if k in gaussian.matrices and scale in scales]


def _scales(design: xr.Dataset, priors: Mapping[str, Prior], gaussian: Gaussian) -> dict[str, Any]:
    """Priors of the scales a design needs."""
    needed = ["path_sd"]
    if design.sizes["latent"] > 1:
        needed += ["area_sd", "gap_sd"]
    if {"sampling", "unsized"} & set(gaussian.matrices):
        needed.append("design_effect")
    if {"unsized", "unsized_given"} & set(gaussian.matrices):
        needed.append("unknown_size")
    scales = {name: _prior(name, priors[name]) for name in needed}
    if (settings := design.sizes["setting"]) > 1:
        # LKJ's marginal for one correlation, stretched to where the common matrix is positive
        eta = priors["setting_correlation"]["eta"]
        unit = pm.Beta("setting_correlation_unit", eta, eta)
        scales["setting_correlation"] = pm.Deterministic(
            "setting_correlation", correlation(unit, settings)
        )
    return scales


def correlation(unit: Any, settings: int) -> Any:
    """Stretch a number from 0 to 1 over the correlations a common matrix of settings allows."""
    lowest = -1.0 / max(settings - 1, 1)
    return lowest + (1.0 - lowest) * unit


def _prior(name: str, prior: Prior, **dims: Any) -> Any:
    """Distribution of PyMC that a prior names."""
    return getattr(pm, prior.distribution)(name, **prior.parameters, **dims)


def _labels(design: xr.Dataset, gaussian: Gaussian) -> Any:
    """Name each figure: area, setting, answer, wave."""
    f = gaussian.figures
    columns = [
        design[k].to_numpy()[at]
        for k, at in (("area", f.area), ("setting", f.setting), ("response", f.response),
                      ("year", f.year))
    ]  # fmt: skip
    return np.array([" ".join(map(str, row)) for row in zip(*columns, strict=True)])
