"""How much a forecast loses by not knowing the safety model's scales: the same fit with them given.

On figures the model made itself, the answer that knows the innovation sds, their correlation, the
numbers of respondents, the design effect and the third answer's width, but no drift, step or state,
is the best one can hope for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.evidence.studies.safety_study import SafetyStudy
from amager_eval.scores.crps import crps_draws
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.fit import Fit
from amager_eval.trends.safety.draws import draw_rest
from amager_eval.trends.safety.forecast import forecast
from amager_eval.trends.safety.point import fitted_point

if TYPE_CHECKING:
    from amager_eval.evidence.studies.safety_simulate import Simulated
    from amager_eval.spec.model import ModelSpec

__all__ = ["draw_knowing", "score_both"]

#: Waves ahead that are scored.
_AHEAD: Final = 4


def draw_knowing(
    made: Simulated, spec: ModelSpec, *, draws: int, chains: int, seed: int
) -> tuple[xr.Dataset, xr.Dataset]:
    """Draw what the figures leave open when sds, correlation, sizes and widths are the true ones.

    The design is with the true numbers of respondents; the posterior as a fit's.
    """
    truth, design = made.truth, made.design
    observed = truth.isel(year=slice(0, design.sizes["year"]))
    factor = np.exp(
        design["n_from_wave"] * observed["wave_size"]
        + design["n_from_area"] * observed["area_size"]
    )
    design = design.assign(n=(design["n"] * factor).transpose(*design["n"].dims))
    scales: dict[str, xr.DataArray] = {
        "path_sd": truth["path_sd"],
        "area_sd": truth["area_sd"],
        "gap_sd": truth["gap_sd"][-1] / design["wander"][-1],
        "setting_correlation": truth["setting_correlation"],
        "response_gap": truth["response_gap"][0],
        "design_effect": xr.apply_ufunc(np.exp, truth["log_deff"]),
        "unknown_size": xr.apply_ufunc(np.exp, truth["unknown_size"]),
    }
    known = xr.Dataset({k: v.reset_coords(drop=True) for k, v in scales.items()})
    point = partial(
        fitted_point, design, spec, np.isfinite(design["low"].to_numpy()), drift=True,
        scales={str(k): v.to_numpy() for k, v in known.items()},
    )  # fmt: skip
    every = {"chain": chains, "draw": draws}
    again = known.expand_dims(every).transpose("chain", "draw", ...)
    rng = np.random.default_rng([seed, 23])
    posterior, _ = draw_rest(point(near=point()), again, rng)
    return design, posterior


def score_both(
    design: xr.Dataset, spec: ModelSpec, *, draws: int, chains: int
) -> Callable[[int], pd.DataFrame]:
    """Give the scores, on the set a seed makes, of the model's forecast and of one that knows more.

    Columns: `quantity` (true or published share), `area, setting, response, ahead` (waves), and
    the CRPS (share) of both, `model, known`.
    """
    study = SafetyStudy(design, spec, draws=draws, chains=chains)

    def score(own: int) -> pd.DataFrame:
        made = simulate_safety(design, spec, own, ahead=_AHEAD)
        of_fit = study.fit(made.design, own).posterior
        known = draw_knowing(made, spec, draws=draws, chains=chains, seed=own)
        answers = {"model": (made.design, of_fit), "known": known}
        last = int(made.shares["year"][-1])
        scored = {k: _crps(_forecast(*v, last, spec, own), made) for k, v in answers.items()}
        return xr.Dataset(scored).to_dataframe().reset_index()

    return score


def _forecast(
    design: xr.Dataset, posterior: xr.Dataset, until: int, spec: ModelSpec, seed: int
) -> xr.Dataset:
    """Forecast as the package does, with the one assumption on drift the sets are made with."""
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    groups = {
        "posterior": posterior.expand_dims(alternative=["drift"]),
        "design": design.assign(kept=np.isfinite(design["low"])),
    }
    one = spec.with_options(alternatives=["drift"], forecast_draws=count)
    unjudged = Diagnostics(0, 1.0, float(count), ())
    fit = Fit("safety", xr.DataTree.from_dict(groups), one, unjudged, seed)
    return forecast(fit, until).draws


def _crps(ahead: xr.Dataset, made: Simulated) -> xr.DataArray:
    """CRPS of true and published shares, dims quantity, area, setting, response, ahead."""
    future = made.shares.isel(year=slice(-_AHEAD, None)).sel(response=ahead["response"])
    future = future.sel(area=ahead["area"]).transpose("area", "setting", "response", "year")
    drawn = ahead.sel(period=future["year"].to_numpy())
    scores = [crps_draws(drawn[k].to_numpy(), future[k].to_numpy()) for k in ("true", "published")]
    names = {k: ahead[k].to_numpy() for k in ("area", "setting", "response")}
    return xr.DataArray(
        np.stack(scores),
        dims=("quantity", "area", "setting", "response", "ahead"),
        coords={"quantity": ["true", "published"], **names, "ahead": np.arange(1, _AHEAD + 1)},
    )
