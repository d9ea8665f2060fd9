"""How much the safety model's priors decide of the answers for the bundled figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from amager_eval.data.published import published
from amager_eval.evidence.examinations.job import Found, Job
from amager_eval.evidence.examinations.power_scale import beside_scaled, power_scale
from amager_eval.evidence.studies.safety_study import SafetyStudy, shares_of, walk_on
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.area.hyper import log_prior
from amager_eval.trends.safety.fit import design_safety

if TYPE_CHECKING:
    from amager_eval.spec.model import ModelSpec, Prior

__all__ = ["examine_safety_priors", "log_density", "safety_prior_sensitivity"]


def examine_safety_priors(job: Job) -> dict[str, Found]:
    """Scale the priors of a fit of the bundled figures."""
    table = safety_prior_sensitivity(job.spec, draws=job.draws, seed=1)
    return {"prior_sensitivity": Found(table, beside_scaled(table))}


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
    anywhere = posterior.isel(latent=0)
    of_prior = {
        "path_sd": posterior["path_sd"],
        "area_sd": posterior["area_sd"],
        "gap_sd": anywhere["gap_sd"],
        "path_drift": posterior["path_slope"],
        "gap_drift": posterior["gap_slope"],
        "setting_correlation": posterior["setting_correlation"],
        "wave_error": posterior["wave_error"],
        "collector_step": posterior["collector_step"],
        "response_gap": anywhere["response_gap"],
        "design_effect": xr.ufuncs.exp(posterior["log_deff"]),
    }
    log_priors = {name: log_density(spec.priors[name], of) for name, of in of_prior.items()}
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
    if prior.distribution == "LKJ":  # of two settings: their correlation is a stretched Beta
        shape = prior["eta"]
        found = stats.beta(shape, shape, loc=-1, scale=2).logpdf(values.to_numpy())
    else:
        found = log_prior(prior, values.to_numpy())
    density: xr.DataArray = values.copy(data=found).sum(
        [d for d in values.dims if d not in ("chain", "draw")]
    )
    return density
