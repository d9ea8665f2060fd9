"""What each model believes before it sees a figure, in the units a reader can judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit, logit

from amager_eval.data.published import published
from amager_eval.evidence.examinations.job import Found, Job
from amager_eval.evidence.studies.crime_study import small_city as crime_city
from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.evidence.studies.safety_study import small_city as safety_city
from amager_eval.trends.crime.prior import prior_draws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from amager_eval.spec.model import ModelSpec

    type Floats = NDArray[np.float64]

__all__ = ["crime_prior_predictive", "predict_from_prior", "safety_prior_predictive"]

#: Cities drawn from the priors.
PRIOR_DRAWS: Final = 2000
#: Points a true share should hardly ever move in a year, and how rarely: the prior's gate.
JUMP: Final = 10
RARE: Final = 0.01
#: What the gate is asked of.
GATED: Final = "change in a year at the levels published for the baseline wave"
_QUANTILES: Final = (0.025, 0.25, 0.5, 0.75, 0.975)


def predict_from_prior(job: Job) -> dict[str, Found]:
    """Draw cities from the priors; safety's are held against the prior's gate."""
    predict = safety_prior_predictive if job.kind == "safety" else crime_prior_predictive
    table = predict(job.spec, draws=PRIOR_DRAWS, seed=1)
    settings: dict[str, object] = {"cities": PRIOR_DRAWS, "seed": 1}
    if job.kind == "safety":
        beyond = float(table.loc[table["quantity"] == GATED, "beyond_10"].iloc[0])
        settings |= {"probability_of_a_jump": beyond, "allowed": RARE,
                     "gate": "passed" if beyond < RARE else "NOT passed"}  # fmt: skip
    return {"prior_predictive": Found(table, settings)}


def safety_prior_predictive(spec: ModelSpec, *, draws: int, seed: int) -> pd.DataFrame:
    """Quantiles of shares and their changes in the declared small city, per cent and points.

    Columns: `quantity, unit`, a column per quantile, `q2.5` to `q97.5`, and `beyond_10`: the
    probability of a change of more than :data:`JUMP` points; all parts and settings together. The
    row :data:`GATED` has the drawn yearly changes of the logit happen to the safe shares published
    for the baseline wave, which is what the gate :data:`RARE` is for.
    """
    city = safety_city(spec)
    seeds = np.random.SeedSequence(seed).generate_state(draws)
    eta = xr.concat(
        [simulate_safety(city, spec, int(s)).truth["eta"].astype(float) for s in seeds], "sample"
    )
    safe = 100 * xr.apply_ufunc(expit, eta)
    baseline = int(city.attrs["baseline"])
    now, before = safe.sel(year=baseline), safe.sel(year=baseline - 4)
    weight = xr.DataArray(city["weight"].to_numpy(), dims="latent")
    step = eta.sel(year=baseline) - eta.sel(year=baseline - 1)
    found = {
        ("share safe in the baseline wave", "per cent"): now,
        ("change of it in a year", "points"): now - safe.sel(year=baseline - 1),
        (GATED, "points"): _steps_at(_published_levels(baseline), step),
        ("change of it in four years", "points"): now - before,
        ("a part's distance to the whole", "points"): now - now.dot(weight),
        ("change of that distance in four years", "points"): (now - now.dot(weight))
        - (before - before.dot(weight)),
    }
    beyond = [
        float((abs(np.asarray(values)) > JUMP).mean()) if quantity.startswith("change") else np.nan
        for (quantity, _), values in found.items()
    ]
    return _quantiles(found).assign(beyond_10=beyond)


def _published_levels(wave: int) -> dict[str, Floats]:
    """Safe shares published for a wave, 0 to 1, by setting."""
    data = published()
    assert data.safety is not None
    rows = data.safety[(data.safety["wave"] == wave) & (data.safety["response"] == "safe")]
    rows = rows[rows["percent"].notna() & (rows["comparator"] == "=")]
    return {str(s): own["percent"].to_numpy() / 100 for s, own in rows.groupby("setting")}


def _steps_at(levels: Mapping[str, Floats], step: xr.DataArray) -> Floats:
    """Points a share moves to a level by the drawn steps of its setting, all levels together."""
    moved = []
    for setting, shares in levels.items():
        steps = step.sel(setting=setting).to_numpy().ravel()
        after = logit(shares)[:, None]
        moved.append(100 * (expit(after) - expit(after - steps)).ravel())
    return np.concatenate(moved)


def crime_prior_predictive(spec: ModelSpec, *, draws: int, seed: int) -> pd.DataFrame:
    """Quantiles of rates and their changes in the declared small city.

    Columns: `quantity, unit`, and a column per quantile, `q2.5` to `q97.5`; all types together.
    """
    city = crime_city(spec)
    blank = city.assign(count=xr.full_like(city["count"], np.nan))
    state = prior_draws(blank, draws, np.random.default_rng(seed))
    level, per_year = state["level"].to_numpy(), 4  # quarters
    district = int(np.flatnonzero(city["is_gap"].to_numpy())[0])
    rest = int(np.flatnonzero(~city["is_gap"].to_numpy().astype(bool))[0])
    last, year, four = level[..., -1], level[..., -1 - per_year], level[..., -1 - 4 * per_year]
    found: dict[tuple[str, str], ArrayLike] = {}
    for name, at in (("rest of the whole", rest), ("district", district)):
        found[f"level after a year, {name}", "ratio"] = np.exp(last - year)[:, at]
        found[f"level after four years, {name}", "ratio"] = np.exp(last - four)[:, at]
    found["district against the rest", "ratio"] = np.exp(last[:, district] - last[:, rest])
    for name, at in (("rest of the whole", 0), ("district", -1)):
        values = 100 * state["dispersion"].to_numpy()[:, at]
        found[f"variation between quarters beyond Poisson, {name}", "per cent"] = values
    return _quantiles(found)


def _quantiles(found: Mapping[tuple[str, str], ArrayLike]) -> pd.DataFrame:
    rows = []
    for (quantity, unit), values in found.items():
        at = np.quantile(np.asarray(values), _QUANTILES)
        row = {f"q{100 * q:g}": v for q, v in zip(_QUANTILES, at, strict=True)}
        rows.append({"quantity": quantity, "unit": unit} | row)
    return pd.DataFrame(rows)
