"""Figures from the safety model's own priors, written from the spec's words alone.

Nothing here is taken from the fitting side, and nothing is made Normal: walks are cumulative sums
by calendar year, people are asked and counted, percentages are rounded. What is fitted to the
figures is so held against what the document says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.special import expit

from amager_eval.errors import SpecError
from amager_eval.trends.safety.design import ABOVE, BELOW, rounding_region
from amager_eval.trends.safety.own_effects import own_effects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec

    type Floats = NDArray[np.float64]

__all__ = ["Simulated", "ask_again", "simulate_safety"]


@dataclass(frozen=True, eq=False)
class Simulated:
    """A truth and its figures."""

    #: Names and dims of a fit's `posterior` without `chain, draw`, `year` running on to the last
    #: simulated one; also what `eta` is the sum of: `level` (setting), `apart` (latent, setting),
    #: `path` (setting, year) and `gap` (latent, setting, year), and the logs `wave_size` (year)
    #: and `area_size` (latent) of true to assumed respondents.
    truth: xr.Dataset
    #: The design with simulated figures where the original had some.
    design: xr.Dataset
    #: `true` and `published` shares 0 to 1, dims `area, setting, response, year`; published is
    #: what would be printed had every figure been published.
    shares: xr.Dataset


def simulate_safety(design: xr.Dataset, spec: ModelSpec, seed: int, *, ahead: int = 0) -> Simulated:
    """Draw a truth from the priors, with a drift, and the figures a survey makes of it.

    Areas, settings, waves, known sizes, weights and decimals are taken from the design; of its
    figures only which there are. Years beyond the last are fielded as the last.

    A design effect is so many fewer respondents, to the nearest one. A bound stays a bound at its
    edge, and says on which side the sample's share lies.
    """
    if "response_gap_spread" in spec.priors:
        raise SpecError(
            f"spec of {spec.name}: figures are simulated with one width of the third answer per "
            "setting; found the prior 'response_gap_spread': leave it out"
        )
    if own_effects(spec):
        raise SpecError(
            f"spec of {spec.name}: figures are simulated without steps or covariates of areas; "
            "leave them out"
        )
    rng = np.random.default_rng([seed, 21])
    years = np.arange(int(design["year"][0]), int(design["year"][-1]) + 1 + ahead)
    truth = _truth(design, spec, years, rng)
    made, shown = ask_again(design, truth, spec, rng)
    true = _answers(truth["eta"].to_numpy(), truth["response_gap"].to_numpy())
    if design.attrs["weighted"]:
        weight = design["weight"].to_numpy()
        true = np.concatenate([np.einsum("a,a...->...", weight, true)[None], true])
    dims = ("area", "setting", "response", "year")
    names = {k: design[k].to_numpy() for k in dims[:3]} | {"year": years}
    shares = xr.Dataset({"true": (dims, true), "published": (dims, shown)}, coords=names)
    return Simulated(truth, made, shares)


def ask_again(
    design: xr.Dataset, truth: xr.Dataset, spec: ModelSpec, rng: np.random.Generator
) -> tuple[xr.Dataset, Floats]:
    """Make the figures a survey publishes of a truth.

    Returns the design with these figures, and every share as it would be printed, dims `area,
    setting, response, year`.
    """
    years = truth["year"].to_numpy()
    before = _onward(design["before_break"], years)
    shift = truth["wave_error"] + float(truth["collector_step"]) * before
    seen = _answers((truth["eta"] + shift).to_numpy(), truth["response_gap"].to_numpy())
    sampled = _field(seen, _effective_size(design, truth, years), rng)
    if design.attrs["weighted"]:
        weight = design["weight"].to_numpy()
        whole = _of_whole(seen, sampled, weight, spec.options["weight_sd"], rng)
        sampled = np.concatenate([whole[None], sampled])
    return _publish(design, sampled)


def _truth(
    design: xr.Dataset, spec: ModelSpec, years: NDArray[np.int_], rng: np.random.Generator
) -> xr.Dataset:
    """Draw every quantity of the model from its prior, in natural units."""
    priors = spec.priors
    areas, settings, waves = design.sizes["latent"], design.sizes["setting"], len(years)
    several, anchor = areas > 1, int(np.flatnonzero(years == design.attrs["anchor"])[0])

    def normal(name: str, *shape: int) -> Any:
        return priors[name].parameters.get("mu", 0.0) + priors[name]["sigma"] * rng.standard_normal(
            shape
        )

    correlation = 0.0
    if settings > 1:
        shape, lowest = priors["setting_correlation"]["eta"], -1.0 / (settings - 1)
        correlation = lowest + (1.0 - lowest) * rng.beta(shape, shape)
    related = (1.0 - correlation) * np.eye(settings) + correlation
    mixed = np.linalg.cholesky(related)

    def walk(sd: Any, slope: Any, *shape: int) -> Any:
        """Random walk that is 0 at the anchor, dims shape, setting, year."""
        steps = mixed @ rng.standard_normal((*shape, settings, waves))
        sums = np.cumsum(np.asarray(sd)[..., None, None] * steps + slope[..., None], axis=-1)
        return sums - sums[..., anchor : anchor + 1]

    path_sd = np.abs(normal("path_sd"))
    path_slope = normal("path_drift", settings)
    area_sd, wander = 0.0, design["wander"].to_numpy()
    gap_sd, gap_slope = np.zeros(areas), np.zeros((areas, settings))
    apart = np.zeros((areas, settings))
    if several:
        area_sd = float(np.abs(normal("area_sd")))
        gap_sd = np.abs(normal("gap_sd")) * wander
        gap_slope = normal("gap_drift", areas, settings) * wander[:, None]
        apart = area_sd * rng.standard_normal((areas, settings))
        inside = design["weight"].to_numpy() > 0
        inside = inside if inside.any() else np.ones(areas, dtype=bool)
        apart[inside] -= apart[inside].mean(axis=0)  # the parts' levels sum to zero
    level = normal("level", settings)
    path = walk(path_sd, path_slope)
    gap = walk(gap_sd, gap_slope, areas) if several else np.zeros((areas, settings, waves))
    prior = priors["response_gap"]
    width = rng.gamma(prior["alpha"], 1.0 / prior["beta"], settings) * np.ones((areas, 1))
    needs = {k: bool((design[k] > 0).any()) for k in ("n_from_wave", "n_from_area")}
    area_size = normal("area_size", areas) * needs["n_from_area"]
    if design.attrs["weighted"]:
        area_size -= np.log(np.exp(area_size).mean())  # the parts' sizes sum to the whole's
    broken = bool(design["before_break"].any())
    values = {
        "eta": (("latent", "setting", "year"), (level + apart)[..., None] + path + gap),
        "level": (("setting",), level),
        "apart": (("latent", "setting"), apart),
        "path": (("setting", "year"), path),
        "gap": (("latent", "setting", "year"), gap),
        "path_sd": ((), float(path_sd)),
        "area_sd": ((), area_sd),
        "gap_sd": (("latent",), gap_sd),
        "path_slope": (("setting",), path_slope),
        "gap_slope": (("latent", "setting"), gap_slope),
        "setting_correlation": ((), correlation),
        "response_gap": (("latent", "setting"), width),
        "wave_error": (("year",), normal("wave_error", waves)),
        "collector_step": ((), float(normal("collector_step")) * broken),
        "log_deff": ((), float(normal("design_effect"))),
        "wave_size": (("year",), normal("wave_size", waves) * needs["n_from_wave"]),
        "area_size": (("latent",), area_size),
        "unknown_size": ((), float(normal("unknown_size"))),
    }
    names = {k: design[k].to_numpy() for k in ("latent", "setting")}
    return xr.Dataset(values, coords=names | {"year": years})


def _answers(eta: Floats, width: Floats) -> Floats:
    """Shares of the three answers, dims latent, setting, response, year."""
    safe, unsafe = expit(eta), expit(-(eta + width[..., None]))
    return np.stack([safe, 1.0 - safe - unsafe, unsafe], axis=2)


def _onward(values: xr.DataArray, years: NDArray[np.int_]) -> Floats:
    """Values by year, the last one repeated to the end of `years`; the year is the last dim."""
    table = values.transpose(..., "year").to_numpy()
    longer: Floats = np.concatenate(
        [table, np.repeat(table[..., -1:], len(years) - table.shape[-1], axis=-1)], axis=-1
    )
    return longer


def _effective_size(design: xr.Dataset, truth: xr.Dataset, years: NDArray[np.int_]) -> Floats:
    """Respondents over design effect, dims latent, setting, year; future waves as the last."""
    observed = truth.isel(year=slice(0, design.sizes["year"]))
    log_n = (
        np.log(design["n"])
        + design["n_from_wave"] * observed["wave_size"]
        + design["n_from_area"] * observed["area_size"]
        + design["n_unknown"] * observed["unknown_size"]
    )
    deff = design["deff"].fillna(float(np.exp(truth["log_deff"])))
    size: xr.DataArray = xr.apply_ufunc(np.exp, log_n) / deff
    return _onward(size.transpose("latent", "setting", "year"), years)


def _field(share: Floats, size: Floats, rng: np.random.Generator) -> Floats:
    """Ask so many people: shares of the three answers among them."""
    asked = np.maximum(np.round(size), 1).astype(int)
    counts = rng.multinomial(asked, np.moveaxis(share, 2, -1))
    sampled: Floats = np.moveaxis(counts / asked[..., None], -1, 2)
    return sampled


def _of_whole(
    share: Floats, sampled: Floats, weight: Floats, weight_sd: float, rng: np.random.Generator
) -> Floats:
    """Weighted mean of the parts' samples, the weights known to some per cent in each cell."""
    _, settings, _, waves = sampled.shape
    error = weight_sd * weight[:, None, None] * rng.standard_normal((len(weight), settings, waves))
    mean = np.einsum("a,asrt->srt", weight, share)
    moved = np.einsum("ast,asrt->srt", error, share - mean)
    whole: Floats = np.einsum("a,asrt->srt", weight, sampled) + moved
    return whole


def _publish(design: xr.Dataset, sampled: Floats) -> tuple[xr.Dataset, Floats]:
    """Print the figures the design has, and every figure as its wave's last ones are printed."""
    low, high, value = (design[k].to_numpy().copy() for k in ("low", "high", "value"))
    decimals, areas = design["decimals"].to_numpy(), list(design["latent"].to_numpy())
    for at in zip(*np.nonzero(np.isfinite(low)), strict=True):
        share = float(np.clip(sampled[at], 0.0, 1.0))
        if np.isnan(value[at]):
            edge = high[at] if low[at] == BELOW else low[at]
            low[at], high[at] = (BELOW, edge) if share < edge else (edge, ABOVE)
            continue
        n = None
        if np.isnan(decimals[at]):
            latent = areas.index(design["area"].to_numpy()[at[0]])
            n = float(design["n"][latent, at[1], at[3]])
            value[at] = np.round(share * n) / n
        else:
            value[at] = np.round(100 * share, int(decimals[at])) / 100
        low[at], high[at] = rounding_region(value[at], decimals=decimals[at], n=n)
    dims = ("area", "setting", "response", "year")
    made = design.assign(
        {k: (dims, v) for k, v in zip(("low", "high", "value"), (low, high, value), strict=True)}
    )
    shown = np.clip(sampled, 0.0, 1.0)
    last = decimals[..., np.flatnonzero(np.isfinite(low).any(axis=(0, 1, 2)))[-1]]
    if np.isfinite(last).any():
        shown = np.round(100 * shown, int(np.nanmin(last))) / 100
    return made, shown
