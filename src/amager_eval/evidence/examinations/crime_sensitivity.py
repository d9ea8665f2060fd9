"""How much each prior of the crime model decides, for a city alone and for an area inside one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from amager_eval.data.period import Period, parse_period
from amager_eval.data.published import published
from amager_eval.evidence.city.synthetic import synthetic_city
from amager_eval.evidence.examinations.job import Found, Job, timed
from amager_eval.evidence.examinations.power_scale import beside_scaled, power_scale
from amager_eval.evidence.studies.crime_simulate import by_sample
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends import sample
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.forecast import simulate_cells
from amager_eval.trends.crime.model import build_model
from amager_eval.trends.crime.posterior import HYPERPARAMETERS, crime_posterior
from amager_eval.trends.diagnose import Diagnostics, diagnose

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.model import ModelSpec

__all__ = ["city_alone", "crime_prior_sensitivity", "examine_crime_priors", "made_up_area"]


def examine_crime_priors(job: Job) -> dict[str, Found]:
    """Scale the priors of a fit of the bundled city, and of an area in a made-up one."""
    found = {}
    for title, lay_out, figures in (
        ("prior_sensitivity", city_alone, "published"),
        ("prior_sensitivity_area", made_up_area, "SYNTHETIC"),
    ):
        (table, seen), seconds = timed(
            crime_prior_sensitivity, lay_out(job.spec), job.spec, draws=job.draws, seed=1
        )
        beside = {"figures": figures, "gates_passed": seen.passed}
        found[title] = Found(table, beside_scaled(table) | beside, seconds)
    return found


def city_alone(spec: ModelSpec) -> xr.Dataset:
    """Lay out the bundled city, which has no area inside it."""
    return crime_design(published(), spec, definition="STRAF11")


def made_up_area(spec: ModelSpec) -> xr.Dataset:
    """Lay out the made-up city and the agreement's area in it: nothing is published for one.

    The types are those of a goal; an area has tens of reports a quarter and type.
    """
    agreement = load_agreement()
    data = synthetic_city(1).data
    assert data.crime is not None
    wanted = data.crime["area"].isin((agreement.areas.whole, *agreement.areas.evaluated.names))
    wanted &= data.crime["crime_type"].isin(_types(agreement))
    only: Input = replace(data, crime=data.crime[wanted], whole=agreement.areas.whole, parts=())
    return crime_design(only, spec, definition=agreement.crime.definition)


def crime_prior_sensitivity(
    design: xr.Dataset, spec: ModelSpec, *, draws: int | None = None, seed: int = 1
) -> tuple[pd.DataFrame, Diagnostics]:
    """Scale every prior that a fit has and ask each type again.

    Not scaled is the growth of the population alone: it enters counts of the future and no fit.

    As :func:`~amager_eval.evidence.examinations.power_scale.power_scale`; a quantity
    is the log of a type's rate in the target year over the baseline's, in the areas inside the
    whole or else in all, and the event that it is at most 0; and what the gates saw of the
    fit.
    """
    compiled = sample.compile_model(build_model(design, refit=True))
    tree = sample.sample_posterior(
        compiled,
        draws=draws or spec.sampling.draws,
        tune=spec.sampling.tune,
        chains=spec.sampling.chains,
        target_accept=spec.sampling.target_accept,
        seed=seed,
    )
    free = tree["posterior"].to_dataset()
    rng = np.random.default_rng([seed, 4])
    posterior = crime_posterior(free, design, rng)
    judged = posterior.drop_vars(["passing", *HYPERPARAMETERS], errors="ignore")
    diagnostics = diagnose(tree["sample_stats"].to_dataset(), [judged], spec.gates)
    log_priors = {
        name: -0.5 * (z**2).sum([d for d in z.dims if d not in ("chain", "draw")])
        for name, z in _standardised(free, posterior, design).items()
    }
    values = _changes(posterior, design, load_agreement(), np.random.default_rng([seed, 9]))
    return power_scale(values, values <= 0.0, xr.Dataset(log_priors)), diagnostics


def _standardised(
    free: xr.Dataset, posterior: xr.Dataset, design: xr.Dataset
) -> dict[str, xr.DataArray]:
    """Take from what each prior is of its mean, over its sd; a half-normal keeps its sign.

    Minus half its square is the log density but for a constant, which no weight depends on.
    """

    def plain(of: np.ndarray) -> xr.DataArray:
        return xr.DataArray(of, dims=("chain", "draw", *(f"at_{i}" for i in range(of.ndim - 2))))

    def sampled(name: str, sd: Any = 1.0, row: int | None = None) -> xr.DataArray:
        values = free[name].values
        return plain((values if row is None else values[:, :, [row]]) / sd)

    inside = design["is_gap"].values == 1
    path = posterior["level_baseline"].transpose("chain", "draw", "area", "crime_type").values
    if "passing" in posterior:  # the prior stands on the whole path
        passing = posterior["passing"].transpose("chain", "draw", "area", "crime_type", "period")
        path = path + passing.values @ design["baseline_weight"].values
    mean, sd = design["level_mean"].values, design["level_sd"].values
    drift = posterior["drift"].transpose("chain", "draw", "area", "crime_type").values
    found = {
        "level": plain((path[:, :, ~inside] - mean[~inside]) / sd[~inside]),
        "innovation": sampled("innovation_signed", design["innovation_scale"].values[0]),
        "drift_mean": plain(
            (free["drift_mean"].values - float(design["drift_mean"]))
            / float(design["drift_mean_sd"])
        ),
        "drift_spread": sampled("drift_spread_signed", float(design["drift_spread"])),
        "dispersion": sampled("dispersion_common", row=0),
        "dispersion_spread": sampled("dispersion_type", float(design["dispersion_spread"])),
    }
    if inside.any():
        apart = path[:, :, inside] - path[:, :, ~inside]
        found |= {
            "level_gap": plain((apart - mean[inside]) / sd[inside]),
            "innovation_gap": sampled(
                "innovation_gap_signed", design["innovation_scale"].values[1]
            ),
            "drift_gap": plain(drift[:, :, inside] / float(design["drift_gap"])),
            "dispersion_gap": sampled("dispersion_common", row=1),
        }
    if "passing_signed" in free:
        found["passing"] = sampled("passing_signed", design["passing_scale"].values)
    if "season_gap_signed" in free:
        found["season_gap"] = sampled("season_gap_signed", design["season_gap_scale"].values)
    scale, moved = design["effect_scale"].values, design["effect_value"].values.any(axis=1)
    effects = np.array([str(e) for e in design["effect"].values])
    for prefix in dict.fromkeys(e if e.startswith("step") else e.split("_")[0] for e in effects):
        own = np.char.startswith(effects, prefix) & moved & (scale > 0)
        if own.any():
            found[prefix] = plain(free["effect_standard"].values[:, :, own])
    return found


def _changes(
    posterior: xr.Dataset, design: xr.Dataset, agreement: Agreement, rng: np.random.Generator
) -> xr.Dataset:
    """Log change of each type's rate from the baseline year to the target year."""
    state = by_sample(posterior)
    first = parse_period(str(design["period"].to_numpy()[0]))
    last = Period(agreement.crime.target_year, first.unit, first.per_year)
    count = last.ordinal - first.ordinal + 1
    expected, _, _, exposure = simulate_cells(state, design, count, rng)
    areas, types = design["out_area_members"].values, design["out_type_members"].values
    reports = np.einsum("ua,vk,sakt->suvt", areas, types, expected, optimize=True)
    rate = reports / np.einsum("ua,sat->sut", areas, exposure)[:, :, None, :]
    years = np.array([first.shift(i).year for i in range(count)])
    then, now = (
        rate[..., years == year].mean(axis=-1)
        for year in (agreement.crime.baseline_year, agreement.crime.target_year)
    )
    shape = (posterior.sizes["chain"], posterior.sizes["draw"])
    change = np.log(now / then).reshape(*shape, *now.shape[1:])
    inside = design["area"].values[design["is_gap"].values == 1]
    return xr.Dataset(
        {
            f"{area}, {kind}": (("chain", "draw"), change[..., a, k])
            for a, area in enumerate(design["out_area"].to_numpy())
            if not len(inside) or area in inside
            for k, kind in enumerate(design["out_type"].to_numpy())
        }
    )


def _types(agreement: Agreement) -> list[str]:
    return [t.id for t in agreement.crime.type if t.role != "monitored"]
