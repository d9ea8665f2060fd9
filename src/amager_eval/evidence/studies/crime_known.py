"""How much of a crime forecast's error is not knowing the scales? Against one that knows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from amager_eval.evidence.studies.crime_simulate import Simulated, simulate_crime
from amager_eval.scores.crps import crps_draws
from amager_eval.scores.ratio import score_sets
from amager_eval.trends import sample
from amager_eval.trends.crime.arrays import model_data
from amager_eval.trends.crime.fit import begin_design
from amager_eval.trends.crime.forecast import simulate_cells
from amager_eval.trends.crime.geometry import LEAST_DISPERSION
from amager_eval.trends.crime.model import build_model

if TYPE_CHECKING:
    from pathlib import Path

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Fit

type Floats = NDArray[np.float64]

__all__ = ["SCORES", "compare_with_known"]

#: Of what a CRPS is taken: of reports, as it is promised, where large cells weigh most; and of
#: their logarithm, where a district weighs as much as a city.
SCORES: Final[Mapping[str, Callable[[Floats], Floats]]] = {
    "reports": np.asarray,
    "log(1 + reports)": np.log1p,
}


def compare_with_known(
    design: xr.Dataset,
    spec: ModelSpec,
    *,
    sets: int,
    seed: int,
    folder: Path,
    ahead: int = 4,
    draws: int | None = None,
    chains: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Score both answers on simulated sets that are not kept yet; a stopped run continues.

    The one that knows has the true innovation and passing sds and dispersions, but not drifts,
    steps, seasons or states, nor how drifts spread over types and seasons over areas.

    Columns: `set, score, area, crime_type, ahead` (periods), and the CRPS of the model's forecast
    and of the one that knows: `model, known`, by both scores of :data:`SCORES`; the divergences of
    both, `model_divergences, known_divergences`.
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

    return score_sets(score, sets=sets, seed=seed, folder=folder, progress=progress)


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
    state = fit.data["posterior"].to_dataset().stack(sample=("chain", "draw"))  # noqa: PD013
    state = state.drop_vars(["chain", "draw", "sample"]).transpose("sample", ...)
    ahead, periods = made.future.shape[-1], made.design.sizes["period"]
    rng = np.random.default_rng([seed, 12])
    _, _, count, _ = simulate_cells(state, made.design, periods + ahead, rng)
    future = count[..., periods:]
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
