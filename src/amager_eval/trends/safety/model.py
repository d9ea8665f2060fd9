"""The safety model: priors of a few scales, and the published figures given them.

Everything Gaussian is integrated out: what is sampled are the scales, and the figures are one
multivariate Normal. :mod:`~amager_eval.trends.safety.covariance` says what its matrices are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pymc as pm
import pytensor.tensor

from amager_eval.trends.linear_normal import observe_normal

if TYPE_CHECKING:
    from amager_eval.spec.model import Prior
    from amager_eval.trends.safety.covariance import Gaussian

pt: Any = pytensor.tensor  # only partly typed

__all__ = ["ALTERNATIVES", "SCALES", "build_model", "correlation"]

#: Scales with a prior of their own, as far as a design needs them.
SCALES: Final = ("path_sd", "area_sd", "gap_sd", "design_effect", "unknown_size")
#: The models fitted, and whether areas have lasting directions in it.
ALTERNATIVES: Final = {"driftless": False, "drift": True}


def build_model(gaussian: Gaussian) -> pm.Model:
    """Write down the model of figures that are linear readings of Gaussian terms.

    Coords are `setting, figure`; free variables are the scales and `response_gap` (setting);
    observed is `figures`, the published shares 0 to 1. No prior is held here: all are the spec's.
    """
    design, priors = gaussian.design, gaussian.spec.priors
    names = gaussian.figures.names(design).astype(str).agg(" ".join, axis=1)
    settings = design["setting"].to_numpy()
    needed = gaussian.scales()
    with pm.Model(coords={"setting": settings, "figure": names.to_numpy()}) as model:
        scales: dict[str, Any] = {k: _prior(k, priors[k]) for k in SCALES if k in needed}
        if len(settings) > 1:
            # LKJ's marginal for one correlation, stretched to where the common matrix is positive
            eta = priors["setting_correlation"]["eta"]
            unit = pm.Beta("setting_correlation_unit", eta, eta)
            stretched = correlation(unit, len(settings))
            scales["setting_correlation"] = pm.Deterministic("setting_correlation", stretched)
        width = _prior("response_gap", priors["response_gap"], dims="setting")
        variances = gaussian.variances(scales)
        fixed = {k: v for k, v in variances.items() if isinstance(v, float)}
        free = [k for k in variances if k not in fixed]
        observe_normal(
            "figures",
            mean=gaussian.expected(width),
            variances=pt.stack([variances[k] for k in free]),
            covariance=gaussian.covariance(fixed, free),
            observed=gaussian.value,
            dims="figure",
        )
    return model


def correlation(unit: Any, settings: int) -> Any:
    """Stretch a number from 0 to 1 over the correlations a common matrix of settings allows."""
    lowest = -1.0 / max(settings - 1, 1)
    return lowest + (1.0 - lowest) * unit


def _prior(name: str, prior: Prior, **dims: Any) -> Any:
    """Distribution of PyMC that a prior names."""
    return getattr(pm, prior.distribution)(name, **prior.parameters, **dims)
