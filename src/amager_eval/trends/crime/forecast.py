"""Carry a fitted crime trend forward: NumPy from the draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from amager_eval.data.period import Period, parse_period
from amager_eval.errors import Fault, InputError
from amager_eval.trends.crime.effects import passing_ahead, season_basis
from amager_eval.trends.crime.own_effects import own_effect_values
from amager_eval.trends.crime.prior import prior_draws, share_over_types
from amager_eval.trends.crime.walk import by_area
from amager_eval.trends.forecast import Forecast

if TYPE_CHECKING:
    from collections.abc import Callable

    from amager_eval.trends.drawn import Fitted

__all__ = ["forecast", "simulate_cells"]

type Floats = NDArray[np.float64]

#: Cells times draws of the prior-only answer are kept under this; large panels get fewer draws.
PRIOR_CELLS: Final = 300_000
LEAST_PRIOR: Final = 250
#: Cells times draws carried at once (a third of a GB in all steps); more are drawn in blocks of
#: IN_BLOCK, and kept in single precision, which holds counts to 16 million exactly.
AT_ONCE: Final = 4_000_000
IN_BLOCK: Final = 250_000
#: Of larger forecasts so many numbers are kept (.6 GB), but never fewer draws than leave a
#: probability a Monte-Carlo error of .0115.
KEPT: Final = 140_000_000
LEAST_DRAWS: Final = 1_900
#: Quantities of a cell that are kept.
QUANTITIES: Final = 4
#: What a design holds of counts: of modelled cells, and as published.
_COUNTS: Final = ("count", "published")
UNITS: Final = {1: "year", 4: "quarter", 12: "month"}


def forecast(fit: Fitted, until: int | str, *, n: float | None = None) -> Forecast:
    """Draw every period from the first observed through `until`, jointly.

    Parameters
    ----------
    fit : Fitted
        A crime fit.
    until : int or str
        Last period, of the fit's unit: `2028`, `2028K4`, `2028M12`.
    n : None
        Belongs to surveys; a number is refused.

    Returns
    -------
    Forecast
        Variables with dims `sample, area, crime_type, period`:

        - `rate`: expected reports per 1,000 inhabitants per period, with season, the pandemic,
          declared steps and what passes as they were; after the last observed period without
          the first two and with what is left of the last;
        - `count`: reports; where published, the published figure in every draw, else predictive;
        - `level`: as `rate` but without pandemic, steps (today's recording), covariates and what
          passes;
        - `expected`: expected reports at `level`, that is `level` times thousand inhabitants.

        Areas are the published ones and the rest of the whole, types the published ones and the
        remainder of a total whose nested types are modelled. Of a large panel (158 areas, 9 types
        and 14 years) fewer draws are kept than were sampled, evenly spread. The attribute
        `counts_left_out` lists (as JSON) area, type and period of the counts the fit could not use.

    Raises
    ------
    InputError
        `n` was given, or `until` is no period of the fit's unit, or before its first.
    """
    if n is not None:
        raise InputError(
            Fault(
                "n is the size of a survey wave and has no meaning for reported crime",
                found=str(n),
                remedy="Call forecast(until) without n.",
            )
        )
    design = fit.data["design"].to_dataset()
    periods = _periods(design, until)
    posterior = _one_after_another(fit.data["posterior"].to_dataset())
    rng = np.random.default_rng([fit.seed, 20280])
    size = posterior.sizes["sample"]
    draws = _draw(lambda at: posterior.isel(sample=at), size, design, periods, rng)
    cells = design["count"].size // design.sizes["period"]
    size = min(size, max(LEAST_PRIOR, PRIOR_CELLS // cells))
    baseline = design.assign({v: design[v].where(design["baseline_weight"] > 0) for v in _COUNTS})
    prior = _draw(
        lambda at: prior_draws(design, len(np.arange(size)[at]), rng), size, baseline, periods, rng
    )
    return Forecast("crime", draws, prior, fit.spec.digest, fit.spec.changed_from)


def _periods(design: xr.Dataset, until: int | str) -> list[Period]:
    first, last = parse_period(design["period"].values[0]), parse_period(until)
    if last.unit != first.unit or last < first:
        raise InputError(
            Fault(
                f"until must be a {UNITS[first.per_year]} from {first} on",
                found=str(until),
                remedy=f"Write it as the data do, for example {design['period'].values[-1]}.",
            )
        )
    return [first.shift(i) for i in range(last.ordinal - first.ordinal + 1)]


def simulate_cells(
    state: xr.Dataset, design: xr.Dataset, n_periods: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """Draw what is reported in every modelled cell, observed or not.

    Parameters
    ----------
    state : Dataset
        Draws of the model's quantities, dim `sample`.
    design : Dataset
        The design they belong to.
    n_periods : int
        From the first observed period on.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    expected, mean, count : ndarray
        Expected reports at today's recording, as they were, and reports; dims `sample, area,
        crime_type, period`.
    exposure : ndarray
        Thousand inhabitants, dims `sample, area, period`.
    """
    first = parse_period(design["period"].values[0])
    periods = [first.shift(i) for i in range(n_periods)]
    log_level = _levels(state, design, n_periods, rng)
    season, passing = _effects(state, design, periods)
    exposure = _exposure(design, state.sizes["sample"], n_periods, rng)
    expected = np.exp(log_level + season) * exposure[:, :, None, :]
    passing_by_area = passing[:, None] + _passing(state, design, n_periods, rng)
    if "own_effect_size" in state:
        own = state["own_effect_size"].transpose("sample", "crime_type", "own_effect").values
        value = own_effect_values(design, periods)
        passing_by_area = passing_by_area + np.einsum("ske,eat->sakt", own, value)
    mean = expected * np.exp(passing_by_area)
    dispersion = state["dispersion"].transpose("sample", "path_class", "crime_type").values
    shape = 1.0 / by_area(dispersion, design["is_gap"].values)[..., None] ** 2
    count = rng.poisson(rng.gamma(shape, mean / shape)).astype(np.float64)
    return expected, mean, count, exposure


def _one_after_another(posterior: xr.Dataset) -> xr.Dataset:
    """Put chains one after another along `sample`: views, where stacking copies every draw."""
    variables = {}
    for name, value in posterior.data_vars.items():
        ordered = value.transpose("chain", "draw", ...)
        shape = (-1, *ordered.shape[2:])
        variables[name] = (("sample", *ordered.dims[2:]), ordered.values.reshape(shape))
    return xr.Dataset(variables)


def _draw(
    state_of: Callable[[Any], xr.Dataset],
    size: int,
    design: xr.Dataset,
    periods: list[Period],
    rng: np.random.Generator,
) -> xr.Dataset:
    """Draw what is reported, in blocks of draws where all at once would not fit in memory.

    `state_of` gives the state's draws of a selection; its dim is `sample`.
    """
    cells = design.sizes["area"] * design.sizes["crime_type"] * len(periods)
    if cells * size <= AT_ONCE:
        return _draw_block(state_of(slice(None)), design, periods, rng)
    step = max(1, IN_BLOCK // cells)
    # fewer draws, evenly spread, where all would fill more memory than is needed
    shown = design.sizes["out_area"] * design.sizes["out_type"] * len(periods)
    every, size = size, min(size, max(LEAST_DRAWS, KEPT // (QUANTITIES * shown)))
    taken = np.arange(size) * every // size
    kept: dict[str, NDArray[np.float32]] = {}
    for start in range(0, size, step):
        rows = slice(start, start + step)
        block = _draw_block(state_of(taken[rows]), design, periods, rng)
        for name, values in block.data_vars.items():
            if start == 0:
                kept[str(name)] = np.empty((size, *values.shape[1:]), dtype=np.float32)
            kept[str(name)][rows] = values.values
    variables = {n: (block[n].dims, values, block[n].attrs) for n, values in kept.items()}
    return xr.Dataset(variables, coords=block.coords, attrs=block.attrs)


def _draw_block(
    state: xr.Dataset,
    design: xr.Dataset,
    periods: list[Period],
    rng: np.random.Generator,
) -> xr.Dataset:
    """Levels to the end, then what is reported: sums over areas and types, published figures."""
    expected, mean, count, exposure = simulate_cells(state, design, len(periods), rng)
    seen = min(design.sizes["period"], len(periods))
    own = design["count"].values[:, :, :seen]
    count[..., :seen] = np.where(np.isnan(own), count[..., :seen], own)
    areas, types = design["out_area_members"].values, design["out_type_members"].values

    def summed(cells: Floats) -> Floats:
        result: Floats = np.einsum("ua,vk,sakt->suvt", areas, types, cells, optimize=True)
        return result

    people = np.einsum("ua,sat->sut", areas, exposure)[:, :, None, :]
    expected, mean, count = summed(expected), summed(mean), summed(count)
    # reported: published itself, or a sum of cells each known by itself
    unknown = np.einsum("ua,vk,akt->uvt", areas, types, np.isnan(own).astype(np.float64))
    observed = np.zeros(count.shape[1:], dtype=bool)
    observed[..., :seen] = unknown == 0
    known = design["published"].values[:, :, :seen]
    n_areas, n_types = known.shape[:2]
    observed[:n_areas, :n_types, :seen] |= ~np.isnan(known)
    block = count[:, :n_areas, :n_types, :seen]
    count[:, :n_areas, :n_types, :seen] = np.where(np.isnan(known), block, known)
    dims = ("sample", "area", "crime_type", "period")
    yearly = int(design.attrs["per_year"]) == 1
    return xr.Dataset(
        {
            "rate": (dims, mean / people, {"units": "per 1,000 per period"}),
            "count": (dims, count, {"units": "reports"}),
            "level": (dims, expected / people, {"units": "per 1,000 per period"}),
            "expected": (dims, expected, {"units": "reports"}),
        },
        coords={
            "area": design["out_area"].values,
            "crime_type": design["out_type"].values,
            "period": [p.year if yearly else str(p) for p in periods],
            "observed": (dims[1:], observed),
        },
        attrs={
            **{n: design.attrs[n] for n in ("definition", "whole", "total", "total_parts")},
            "period_unit": UNITS[int(design.attrs["per_year"])],
            "anchor_year": design.attrs["anchor_year"],
            "counts_left_out": design.attrs["counts_left_out"],
            "population_known_through": design.attrs["population_known_through"],
        },
    )


def _levels(
    state: xr.Dataset, design: xr.Dataset, n_periods: int, rng: np.random.Generator
) -> Floats:
    """Log level per 1,000 per period, dims `sample, area, crime_type, period`."""
    level = state["level"].transpose("sample", "area", "crime_type", "period").values
    ahead = n_periods - level.shape[-1]
    if ahead <= 0:
        cut: Floats = level[..., :n_periods]
        return cut
    gap = design["is_gap"].values[:, None]
    step = 1.0 / int(design.attrs["per_year"])
    innovation = state["innovation"].transpose("sample", "path_class", "crime_type").values
    sd = np.sqrt(step) * ((1 - gap) * innovation[:, [0]] + gap * innovation[:, [-1]])
    drift = state["drift"].transpose("sample", "area", "crime_type").values
    shocks = share_over_types(rng.standard_normal((*level.shape[:-1], ahead)), design, rng)
    moved = np.cumsum(drift[..., None] * step + sd[..., None] * shocks, axis=-1)
    inside = design["is_gap"].values == 1
    if inside.any():
        moved[:, inside] += moved[:, ~inside]
    return np.concatenate([level, level[..., -1:] + moved], axis=-1)


def _passing(
    state: xr.Dataset, design: xr.Dataset, n_periods: int, rng: np.random.Generator
) -> Floats:
    """Deviations that die away, log rate, dims `sample, area, crime_type, period`."""
    if "passing" not in state:
        return np.zeros((1, 1, 1, n_periods))
    past: Floats = state["passing"].transpose("sample", "area", "crime_type", "period").values
    ahead = n_periods - past.shape[-1]
    if ahead <= 0:
        return past[..., :n_periods]
    rho = float(design.attrs["passing_correlation"])
    weight, factor = passing_ahead(rho, past.shape[-1], ahead)
    sd = state["passing_sd"].transpose("sample", "crime_type").values[:, None, :, None]
    shocks = rng.standard_normal((*past.shape[:-1], ahead)) @ factor.T
    later = past @ weight.T + design["is_gap"].values[:, None, None] * sd * shocks
    return np.concatenate([past, later], axis=-1)


def _effects(state: xr.Dataset, design: xr.Dataset, periods: list[Period]) -> tuple[Floats, Floats]:
    """Season, and what the observation adds (pandemic, steps, completeness).

    Dims `sample, area, crime_type, period` and `sample, crime_type, period`.
    """
    effect = state["effect_size"].transpose("sample", "crime_type", "effect").values
    per_year = int(design.attrs["per_year"])
    basis = season_basis(per_year)[[p.index - 1 for p in periods]]
    season = effect[:, None, :, : per_year - 1] @ basis.T
    if "season_gap" in state:
        own = state["season_gap"].transpose("sample", "area", "crime_type", "season_contrast")
        season = season + own.values @ basis.T
    seen = min(design.sizes["period"], len(periods))
    value = design["effect_value"].values[per_year - 1 :, :seen]
    passing = np.zeros((*effect.shape[:2], len(periods)))
    passing[..., :seen] = effect[..., per_year - 1 :] @ value
    completeness = design["completeness"].values
    passing[..., :seen] += completeness[:, :seen]
    passing[..., seen:] += completeness[:, [-1]]
    return season, passing


def _exposure(design: xr.Dataset, size: int, n_periods: int, rng: np.random.Generator) -> Floats:
    """Thousand inhabitants, dims `sample, area, period`: uncertain after the last count.

    A supplied projection moves the middle of what is expected; it is a projection, so the growth
    is as uncertain with it as without.
    """
    per_year = int(design.attrs["per_year"])
    known = design["exposure"].values[:, :n_periods]
    beyond = np.arange(1, n_periods - known.shape[1] + 1) / per_year
    later = known[:, -1:] * np.exp(design["growth"].values[:, None] * beyond)
    expected = np.concatenate([known, later], axis=-1)
    if n_periods <= design.sizes["period"]:
        return np.broadcast_to(expected, (size, *expected.shape))
    years = np.maximum(np.arange(n_periods) + 1 - design.sizes["period"], 0) / per_year
    sd = float(design["population_growth_sd"])
    deviation = sd * rng.standard_normal((size, known.shape[0]))
    exposure: Floats = expected * np.exp(deviation[..., None] * years)
    return exposure
