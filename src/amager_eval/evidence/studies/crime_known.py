"""How much of a crime forecast's error is not knowing the scales? Against one that knows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from amager_eval.evidence.studies.crime_simulate import Simulated, future_reports, simulate_crime
from amager_eval.scores.crps import crps_draws
from amager_eval.trends import sample
from amager_eval.trends.crime.arrays import model_data
from amager_eval.trends.crime.fit import begin_design
from amager_eval.trends.crime.geometry import LEAST_DISPERSION
from amager_eval.trends.crime.model import build_model

if TYPE_CHECKING:
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Fit

type Floats = NDArray[np.float64]

__all__ = ["SCORES", "score_both"]

#: Of what a CRPS is taken: of reports, as it is promised, where large cells weigh most; and of
#: their logarithm, where a district weighs as much as a city.
SCORES: Final[Mapping[str, Callable[[Floats], Floats]]] = {
    "reports": np.asarray,
    "log(1 + reports)": np.log1p,
}


def score_both(
    design: xr.Dataset, spec: ModelSpec, *, ahead: int = 4, draws: int, chains: int
) -> Callable[[int], pd.DataFrame]:
    """Give the scores, on the set a seed makes, of the model's forecast and of one that knows more.

    The one that knows has the true innovation and passing sds and dispersions, but not drifts,
    steps, seasons or states, nor how drifts spread over types and seasons over areas. The design
    has all of the model's parts.

    Columns: `score, area, crime_type, ahead` (periods), and the CRPS of both: `model, known`, by
    both scores of :data:`SCORES`; their divergences, `model_divergences, known_divergences`.
    """
    compiled: dict[str, Any] = {}

    def score(own: int) -> pd.DataFrame:
        made = simulate_crime(design, own, ahead=ahead)
        known = _true_scales(made, design)
        if not compiled:
            compiled["known"] = sample.compile_model(build_model(design, refit=True, known=known))
        found = {}
        told = compiled["known"].with_data(**model_data(made.design), **known)
        for name, how in (("model", {}), ("known", {"compiled": told, "given": known})):
            fit = begin_design(made.design, spec, draws=draws, chains=chains, seed=own, **how)()
            found[name] = _crps(fit, made, own)
            found[f"{name}_divergences"] = xr.DataArray(fit.diagnostics.divergences)
        return xr.Dataset(found).to_dataframe().reset_index()

    return score


def _true_scales(made: Simulated, design: xr.Dataset) -> dict[str, np.ndarray]:
    """Give the sampler's variables their true values; a common dispersion is in the types' own."""
    truth = made.truth
    excess = np.sqrt(truth["dispersion"].to_numpy() ** 2 - LEAST_DISPERSION**2)
    own = np.log(excess / design["dispersion_scale"].to_numpy())
    innovation = truth["innovation"].to_numpy()
    scales = {
        "innovation_signed": innovation[0],
        "innovation_gap_signed": innovation[-1],
        "passing_signed": truth["passing_sd"].to_numpy(),
    }
    return {**scales, "dispersion_common": np.ones(len(own)), "dispersion_type": own}


def _crps(fit: Fit, made: Simulated, seed: int) -> xr.DataArray:
    """Score the future reports, dims score, area, crime_type, ahead."""
    ahead = made.future.shape[-1]
    future = future_reports(fit, made.design, ahead, seed)
    scores = [crps_draws(of(future), of(made.future)) for of in SCORES.values()]
    return xr.DataArray(
        np.stack(scores),
        dims=("score", "area", "crime_type", "ahead"),
        coords={
            "score": list(SCORES),
            "area": made.design["area"].to_numpy(),
            "crime_type": made.design["crime_type"].to_numpy(),
            "ahead": np.arange(1, ahead + 1),
        },
    )
