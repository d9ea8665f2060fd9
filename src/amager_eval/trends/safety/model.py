"""The safety model: priors of a few scales, and the published figures given them.

Everything Gaussian is integrated out: what is sampled are the scales, and the figures are one
multivariate Normal. :mod:`~amager_eval.trends.safety.covariance` says what its matrices are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pymc as pm
import pytensor.tensor

from amager_eval.trends.linear_normal import observe_normal

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.spec.model import ModelSpec, Prior
    from amager_eval.trends.safety.covariance import Gaussian

pt: Any = pytensor.tensor  # only partly typed

__all__ = ["ALTERNATIVES", "SCALES", "build_model", "correlation"]

#: Scales with a prior of their own, as far as a design needs them.
SCALES: Final = ("path_sd", "area_sd", "gap_sd", "design_effect", "unknown_size")
#: The models fitted, and whether areas have lasting directions in it.
ALTERNATIVES: Final = {"driftless": False, "drift": True}


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
    names = gaussian.figures.names(design)
    coords = {"setting": settings, "figure": names.astype(str).agg(" ".join, axis=1).to_numpy()}
    with pm.Model(coords=coords) as model:
        scales = _scales(len(settings), spec.priors, gaussian.scales())
        width = _prior("response_gap", spec.priors["response_gap"], dims="setting")
        multiply = gaussian.variances(scales)
        fixed = {k: v for k, v in multiply.items() if isinstance(v, float)}
        free = [k for k in gaussian.matrices if k not in fixed]
        observe_normal(
            "figures",
            mean=gaussian.expected(width),
            variances=pt.stack([multiply[k] for k in free]),
            covariance=gaussian.covariance(fixed, free),
            observed=gaussian.value,
            dims="figure",
        )
    return model


def _scales(settings: int, priors: Mapping[str, Prior], needed: set[str]) -> dict[str, Any]:
    """Priors of the scales a design needs."""
    scales: dict[str, Any] = {k: _prior(k, priors[k]) for k in SCALES if k in needed}
    if settings > 1:
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
