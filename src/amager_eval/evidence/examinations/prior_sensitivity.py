"""How much the safety model's priors decide of the answers for the bundled figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from amager_eval.data.published import published
from amager_eval.errors import SpecError
from amager_eval.evidence.examinations.power_scale import power_scale
from amager_eval.evidence.studies.safety_study import SafetyStudy, shares_of, walk_on
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.safety.fit import design_safety

if TYPE_CHECKING:
    from amager_eval.spec.model import ModelSpec, Prior

__all__ = ["log_density", "safety_prior_sensitivity"]


def safety_prior_sensitivity(
    spec: ModelSpec, *, draws: int | None = None, seed: int = 1
) -> pd.DataFrame:
    """Scale every prior of the safety model and ask each district's indicator again.

    As :func:`~amager_eval.evidence.examinations.power_scale.power_scale`; a quantity is a
    district's distance to the whole in the target wave, in points, and the event that it is at
    least 0, under the assumption of a lasting drift.
    """
    agreement = load_agreement()
    design = design_safety(published(), population=None, whole=None, spec=spec, parts=None)
    posterior = SafetyStudy(design, spec, draws=draws).fit(design, seed).posterior
    ahead = agreement.safety.target_wave - int(design["year"][-1])
    share = shares_of(walk_on(posterior, ahead, np.random.default_rng([seed, 9])), design)
    gap = 100 * (share - share.sel(area=agreement.areas.whole))
    quantities = {
        f"{area}, {setting}": gap.sel(area=area, setting=setting, drop=True)
        for area in agreement.areas.evaluated.districts
        for setting in design["setting"].to_numpy()
    }
    priors, anywhere = spec.priors, posterior.isel(latent=0)
    contrasts = posterior["setting_correlation"]
    log_priors = {
        "path_sd": log_density(priors["path_sd"], posterior["path_sd"]),
        "area_sd": log_density(priors["area_sd"], posterior["area_sd"]),
        "gap_sd": log_density(priors["gap_sd"], anywhere["gap_sd"]),
        "path_drift": log_density(priors["path_drift"], posterior["path_slope"]),
        "gap_drift": log_density(priors["gap_drift"], posterior["gap_slope"]),
        "setting_correlation": log_density(priors["setting_correlation"], contrasts),
        "wave_error": log_density(priors["wave_error"], posterior["wave_error"]),
        "collector_step": log_density(priors["collector_step"], posterior["collector_step"]),
        "response_gap": log_density(priors["response_gap"], anywhere["response_gap"]),
        "design_effect": log_density(priors["design_effect"], xr.ufuncs.exp(posterior["log_deff"])),
    }
    values = xr.Dataset({k: v.reset_coords(drop=True) for k, v in quantities.items()})
    return power_scale(values, values >= 0.0, xr.Dataset(log_priors).reset_coords(drop=True))


def log_density(prior: Prior, values: xr.DataArray) -> xr.DataArray:
    """Log density of a prior, summed over all dims but `chain` and `draw`.

    Dims `chain, draw`.

    Examples
    --------
    >>> import xarray as xr
    >>> from amager_eval.spec.model import load_model_spec
    >>> prior = load_model_spec("safety_trend").priors["path_drift"]
    >>> values = xr.DataArray([[[0.0, 0.04]]], dims=("chain", "draw", "setting"))
    >>> log_density(prior, values).round(3).values
    array([[4.1]])
    """
    p: Any = prior.parameters
    match prior.distribution:
        case "Normal":
            of = stats.norm(p["mu"], p["sigma"])
        case "HalfNormal":
            of = stats.halfnorm(scale=p["sigma"])
        case "LogNormal":
            of = stats.lognorm(p["sigma"], scale=np.exp(p["mu"]))
        case "Gamma":
            of = stats.gamma(p["alpha"], scale=1 / p["beta"])
        case "LKJ":  # of two settings: their correlation is a stretched Beta
            of = stats.beta(p["eta"], p["eta"], loc=-1, scale=2)
        case other:
            raise SpecError(f"no density is written for a {other} prior")
    dims = [d for d in values.dims if d not in ("chain", "draw")]
    density: xr.DataArray = values.copy(data=of.logpdf(values.to_numpy())).sum(dims)
    return density
