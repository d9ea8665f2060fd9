"""A crime fit's groups by ArviZ's names: what was seen, what would be seen again, and the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from amager_eval.trends.crime.arrays import free_priors_of, share_of_types, whole_numbers
from amager_eval.trends.crime.forecast import simulate_cells
from amager_eval.trends.crime.geometry import LEAST_DISPERSION
from amager_eval.trends.crime.prior import prior_draws
from amager_eval.trends.crime.walk import by_area
from amager_eval.trends.prior_draws import log_prior

if TYPE_CHECKING:
    from amager_eval.trends.drawn import Fitted

__all__ = ["arviz_groups"]

type Floats = NDArray[np.float64]

#: Draws of the prior; it costs nothing, and a tree is kept in memory whole.
PRIOR_DRAWS: Final = 1000


def arviz_groups(fit: Fitted) -> dict[str, xr.Dataset]:
    """Give every group of a crime fit.

    Parameters
    ----------
    fit : Fitted
        A crime fit.

    Returns
    -------
    dict of str to Dataset
        `posterior` and `sample_stats` as sampled; `observed_data` (`reports`, dims `cell`: an
        area, type and period with a count of its own; where counts are known only as sums,
        `summed_reports`, dims `lump`); `posterior_predictive` and `prior_predictive` (replications
        of them, of observed cells too) and `log_likelihood` (dims `chain, draw, cell | lump`);
        `constant_data` (thousand inhabitants); `prior`, one chain, without any count; `log_prior`,
        of every quantity given those its prior rests on (of `level`: the path about its baseline,
        summed over periods), so that all of them together are the prior's.
    """
    design = fit.data["design"].to_dataset()
    posterior = fit.data["posterior"].to_dataset()
    sizes = (posterior.sizes["chain"], posterior.sizes["draw"])
    state = posterior.stack(sample=("chain", "draw"))
    state = state.drop_vars(["chain", "draw", "sample"]).transpose("sample", ...)
    again, likelihood = _replicate(state, design, sizes, np.random.default_rng([fit.seed, 7]))
    # priors alone: no count has a say, not even the baseline's
    blank = design.assign(count=xr.full_like(design["count"], np.nan))
    rng = np.random.default_rng([fit.seed, 8])
    prior = prior_draws(blank, PRIOR_DRAWS, rng)
    before, _ = _replicate(prior, design, (1, PRIOR_DRAWS), rng)
    one = prior.rename(sample="draw").expand_dims("chain")
    count = design["count"].values
    n = design.sizes["period"]
    exposure = (("area", "period"), design["exposure"].values[:, :n])
    observed: dict[str, Any] = {"reports": ("cell", whole_numbers(count[~np.isnan(count)]))}
    if design.sizes["lump"]:
        observed["summed_reports"] = ("lump", whole_numbers(design["lump_count"].values))
    names = {name: design[name] for name in ("area", "period")}
    return {
        "posterior": posterior,
        "sample_stats": fit.data["sample_stats"].to_dataset(),
        "log_prior": _log_prior(posterior, design),
        "posterior_predictive": again,
        "log_likelihood": likelihood,
        "observed_data": xr.Dataset(observed, coords=_cells(design)),
        "constant_data": xr.Dataset({"thousand_inhabitants": exposure}, coords=names),
        "prior": one,
        "prior_predictive": before,
    }


def _cells(design: xr.Dataset) -> dict[str, Any]:
    """Name the cells with a count: `area | type | period`, and each of the three beside it."""
    at = np.argwhere(~np.isnan(design["count"].values)).T
    parts = [design[d].values[i] for d, i in zip(("area", "crime_type", "period"), at, strict=True)]
    joined = [" | ".join(map(str, cell)) for cell in zip(*parts, strict=True)]
    of = {"cell_area": parts[0], "cell_crime_type": parts[1], "cell_period": parts[2]}
    return {"cell": joined} | {name: ("cell", values) for name, values in of.items()}


def _replicate(
    state: xr.Dataset, design: xr.Dataset, sizes: tuple[int, int], rng: np.random.Generator
) -> tuple[xr.Dataset, xr.Dataset]:
    """Draw every observed figure anew, and give the log-probability of the one observed."""
    _, mean, count, _ = simulate_cells(state, design, design.sizes["period"], rng)
    dispersion = state["dispersion"].transpose("sample", "path_class", "crime_type").values
    alpha = by_area(dispersion, design["is_gap"].values)[..., None] ** -2.0
    alpha = np.broadcast_to(alpha, mean.shape)
    own = design["count"].values
    seen = ~np.isnan(own)
    dims = ("chain", "draw", "cell")

    def shaped(values: Floats) -> Floats:
        return values.reshape(*sizes, -1)

    log = _log_negbin(own[seen], mean[:, seen], alpha[:, seen])
    again: dict[str, Any] = {"reports": (dims, whole_numbers(shaped(count[:, seen])))}
    told: dict[str, Any] = {"reports": (dims, shaped(log))}
    if design.sizes["lump"]:
        flat = np.concatenate([mean.reshape(len(mean), -1), np.zeros((len(mean), 1))], axis=1)
        sums = flat[:, design["lump_cells"].values].sum(axis=2)
        of_sum = dispersion[:, 0, design["lump_type"].values] ** -2.0
        dims = ("chain", "draw", "lump")
        drawn = rng.poisson(rng.gamma(of_sum, sums / of_sum)).astype(np.float64)
        again["summed_reports"] = (dims, whole_numbers(shaped(drawn)))
        log = _log_negbin(design["lump_count"].values, sums, of_sum)
        told["summed_reports"] = (dims, shaped(log))
    coords = _cells(design)
    return xr.Dataset(again, coords=coords), xr.Dataset(told, coords=coords)


def _log_negbin(count: Floats, mean: Floats, alpha: Floats) -> Floats:
    return np.asarray(stats.nbinom.logpmf(count, alpha, alpha / (alpha + mean)))


def _log_prior(posterior: xr.Dataset, design: xr.Dataset) -> xr.Dataset:
    """Log density of every quantity given those its prior rests on: together the prior's."""
    free = free_priors_of(design)
    gap = design["is_gap"]
    own = design["is_gap"].values == 0

    def of_spread(name: str, value: xr.DataArray, scale: xr.DataArray | float) -> xr.DataArray:
        """Log density of a standard deviation."""
        if name in free:
            return value.copy(data=log_prior(free[name], value.values))
        return _half_normal(value, scale)

    classes = ("innovation", "innovation_gap")[: design.sizes["path_class"]]
    found = {
        "innovation": xr.concat(
            [
                of_spread(name, posterior["innovation"][:, :, g], design["innovation_scale"][g])
                for g, name in enumerate(classes)
            ],
            "path_class",
        )
    }
    # of the log ratio to the common one, which is what has the normal prior
    common, scale = posterior["dispersion_common"], design["dispersion_scale"]
    above_poisson = np.sqrt(posterior["dispersion"] ** 2 - LEAST_DISPERSION**2)
    ratio = np.log(above_poisson / (scale * common))
    found["dispersion"] = _normal(ratio, 0.0, float(design["dispersion_spread"]))
    found["dispersion_common"] = _half_normal(common, 1.0)
    mean, spread = posterior["drift_mean"], posterior["drift_spread"]
    found["drift_mean"] = _normal(mean, float(design["drift_mean"]), float(design["drift_mean_sd"]))
    found["drift_spread"] = of_spread("drift_spread", spread, float(design["drift_spread"]))
    drift = posterior["drift"]
    of_gap = _normal(drift, 0.0, float(design["drift_gap"]))
    found["drift"] = of_gap.where(gap == 1, _normal(drift, mean, spread))
    scale = design["effect_scale"]
    declared = scale > 0
    of_effect = _normal(posterior["effect_size"], 0.0, scale.where(declared, 1.0))
    found["effect_size"] = of_effect.where(declared)
    if "own_effect_size" in posterior:
        scale = design["own_effect_scale"]
        of_effect = _normal(posterior["own_effect_size"], 0.0, scale.where(scale > 0, 1.0))
        found["own_effect_size"] = of_effect.where(scale > 0)
    path, variance = posterior["level"], posterior["innovation"] ** 2
    share = share_of_types(design)
    of_class = (1.0 - share) * variance.isel(path_class=0), variance.isel(path_class=-1)
    of_area = ((1.0 - gap) * of_class[0] + gap * of_class[1]).expand_dims(
        component=design.sizes["component"]
    )
    if "passing" in posterior:
        path = path + posterior["passing"]
        sd = posterior["passing_sd"]
        found["passing_sd"] = of_spread("passing", sd, design["passing_scale"])
        of_area = of_area + gap * sd**2 * design["passing_in_walk"]
    if "season_gap" in posterior:
        sd = posterior["season_gap_sd"]
        found["season_gap_sd"] = of_spread("season_gap", sd, design["season_gap_scale"])
        found["season_gap"] = _normal(posterior["season_gap"], 0.0, sd).where(gap == 1)
    # the path: its baseline, and the coefficients of its walk about drift and what it stands on
    baseline = path @ design["baseline_weight"]
    coefficient = (path - path.mean("period")) @ xr.DataArray(
        np.linalg.pinv(design["walk"].values), dims=("component", "period")
    )
    expected = drift * design["time_in_walk"]
    if "shared_walk" in posterior:
        shared = posterior["shared_walk"]
        found["shared_walk"] = _normal(shared, 0.0, 1.0).where(gap == 0)
        scale = np.sqrt(share) * posterior["innovation"].isel(path_class=0, drop=True)
        expected = expected + (1.0 - gap) * scale * shared
    centre = design["level_mean"]
    if not own.all():
        expected = expected + gap * coefficient.isel(area=own).sum("area")
        centre = centre + gap * baseline.isel(area=own).sum("area")
    found["level_baseline"] = _normal(baseline, centre, design["level_sd"])
    of_walk = _normal(coefficient - expected, 0.0, np.sqrt(of_area))
    found["level"] = of_walk.sum("component")
    return xr.Dataset(
        {n: v.reset_coords(drop=True).transpose("chain", "draw", ...) for n, v in found.items()}
    )


def _normal(value: Any, mean: Any, sd: Any) -> xr.DataArray:
    log: xr.DataArray = -0.5 * ((value - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return log


def _half_normal(value: xr.DataArray, scale: Any) -> xr.DataArray:
    log: xr.DataArray = -0.5 * (value / scale) ** 2 - np.log(scale) + 0.5 * np.log(2 / np.pi)
    return log
