"""Draws of everything, given draws of the scales: named, and weighed by the exact likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from scipy.special import expit

from amager_eval.trends.independence import effective_draws
from amager_eval.trends.safety.condition import draw_terms, log_density_of_cells
from amager_eval.trends.safety.likelihood import log_likelihood
from amager_eval.trends.safety.model import correlation, variances
from amager_eval.trends.safety.own_effects import own_effect_sizes, own_move

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.safety.covariance import Gaussian, Term

    type Floats = NDArray[np.float64]

__all__ = ["draw_rest", "inverse_size", "named_draws", "seen_cells"]

#: Draws that are weighed by the exact likelihood.
_WEIGHED: Final = 400


def draw_rest(
    design: xr.Dataset,
    spec: ModelSpec,
    gaussian: Gaussian,
    sampled: xr.Dataset,
    rng: np.random.Generator,
) -> tuple[xr.Dataset, tuple[float, float]]:
    """Draw paths and errors given the scales; weigh some by the exact likelihood of the figures."""
    shape = (sampled.sizes["chain"], sampled.sizes["draw"])
    settings = design.sizes["setting"]
    flat = {
        str(k): v.to_numpy().reshape(-1, *v.shape[2:]).astype(float)
        for k, v in sampled.data_vars.items()
    }
    draws = shape[0] * shape[1]
    if "setting_correlation_unit" in flat:
        flat["setting_correlation"] = correlation(flat["setting_correlation_unit"], settings)
    variance = {k: np.broadcast_to(v, draws) for k, v in variances(flat, spec, settings).items()}
    drawn = draw_terms(gaussian, variance, flat["response_gap"], rng)
    posterior = named_draws(design, spec, gaussian.terms, drawn, flat, shape)
    some = rng.choice(draws, size=min(draws, _WEIGHED), replace=False)
    few = {k: v[some] for k, v in variance.items()}
    seen = seen_cells(posterior, design)
    return posterior, _shares_left(design, spec, gaussian, few, tuple(v[some] for v in seen))


def named_draws(
    design: xr.Dataset,
    spec: ModelSpec,
    parts: Sequence[Term],
    drawn: Mapping[str, Floats],
    flat: Mapping[str, Any],
    shape: tuple[int, int],
) -> xr.Dataset:
    """Name draws of scales and terms as a posterior's.

    Parameters
    ----------
    design, spec : Dataset, ModelSpec
        Coordinates; the level's prior mean.
    parts : sequence of Term
        What the logit is the sum of.
    drawn : mapping of str to ndarray
        Name of a term to its cells, (draw, latent, setting, year).
    flat : mapping of str to ndarray
        Scales, (draw, ...); those a design does without may be missing.
    shape : tuple of int
        Chains and draws of each.

    Returns
    -------
    Dataset
        Dims `chain, draw, ...`.
    """
    draws = shape[0] * shape[1]
    none = np.zeros((draws, *(design.sizes[k] for k in ("latent", "setting", "year"))))

    def scale(name: str, missing: float) -> Floats:
        return np.broadcast_to(flat.get(name, np.full(1, missing)), draws)

    eta = spec.priors["level"]["mu"] + sum(
        (drawn[t.name] for t in parts if t.moves == "truth"), np.zeros_like(none)
    )
    wave, step = (drawn.get(k, none)[:, 0, 0] for k in ("wave", "step"))
    anchor = list(design["year"].to_numpy()).index(design.attrs["anchor"])
    after = min(anchor + 1, design.sizes["year"] - 1)
    # a line is 0 at the anchor: its slope is its height a year beside
    beside, per = (after, 1.0) if after > anchor else (anchor - 1, -1.0)
    slope = {k: per * drawn.get(k, none)[..., beside] for k in ("path_drift", "gap_drift")}
    widths = flat["response_gap"][:, None] * np.exp(drawn.get("link", none)[..., 0])
    values: dict[str, tuple[tuple[str, ...], Any]] = {
        "eta": (("latent", "setting", "year"), eta.astype(np.float32)),
        "path_sd": ((), flat["path_sd"]),
        "area_sd": ((), scale("area_sd", 0.0)),
        "gap_sd": (("latent",), scale("gap_sd", 0.0)[:, None] * design["wander"].to_numpy()),
        "path_slope": (("setting",), slope["path_drift"][:, 0]),
        "gap_slope": (("latent", "setting"), slope["gap_drift"]),
        "setting_correlation": ((), scale("setting_correlation", 0.0)),
        "response_gap": (("latent", "setting"), widths),
        "wave_error": (("year",), wave),
        "collector_step": ((), _height(design, step)),
        "log_deff": ((), np.log(scale("design_effect", 1.0))),
        "unknown_size": ((), np.log(scale("unknown_size", 1.0))),
    }
    names = {k: design[k].to_numpy() for k in ("latent", "setting", "year")}
    if "own_effect" in design.coords:
        values["own_effect_size"] = (("own_effect", "setting"), own_effect_sizes(design, drawn))
        names["own_effect"] = design["own_effect"].to_numpy()
    return xr.Dataset(
        {
            k: (("chain", "draw", *d), np.reshape(v, (*shape, *v.shape[1:])))
            for k, (d, v) in values.items()
        },
        coords=names | {k: np.arange(n) for k, n in zip(("chain", "draw"), shape, strict=True)},
    )


def seen_cells(draws: xr.Dataset, design: xr.Dataset) -> tuple[Floats, Floats, Floats]:
    """Give what the survey sees of every cell, chains one after the other.

    Returns
    -------
    tuple of ndarray
        Logit of the safe share, (draw, latent, setting, year); width of the third answer, (draw,
        latent, setting); design effect over respondents, (draw, latent, setting, year).
    """
    eta, widths, wave, step, deff, size = (
        draws[k].to_numpy().reshape(-1, *draws[k].shape[2:])
        for k in ("eta", "response_gap", "wave_error", "collector_step", "log_deff",
                  "unknown_size")
    )  # fmt: skip
    beyond = wave + step[:, None] * design["before_break"].to_numpy()
    seen = eta + beyond[:, None, None]
    if "own_effect_size" in draws:
        size_of = draws["own_effect_size"].to_numpy()
        own = {"own_effect_size": size_of.reshape(-1, *size_of.shape[2:])}
        seen = seen + own_move(design, own, design["year"].to_numpy(), "survey")
    return seen, widths, inverse_size(design, deff, size)


def inverse_size(design: xr.Dataset, log_deff: Floats, log_size: Floats) -> Floats:
    """Design effect over respondents, (draw, latent, setting, year)."""
    given = design["deff"].to_numpy()
    deff = np.where(np.isnan(given), np.exp(log_deff)[:, None, None, None], given)
    unsized = design["n_unknown"].to_numpy() > 0
    n = design["n"].to_numpy() * np.where(unsized, np.exp(log_size)[:, None, None, None], 1.0)
    inverse: Floats = deff / n
    return inverse


def _height(design: xr.Dataset, step: Floats) -> Floats:
    """Height of the collector's step, (draw,); 0 where there is none."""
    before = design["before_break"].to_numpy()
    height: Floats = step[:, int(np.argmax(before))] if before.any() else np.zeros(len(step))
    return height


def _shares_left(
    design: xr.Dataset,
    spec: ModelSpec,
    gaussian: Gaussian,
    variance: Mapping[str, Floats],
    cells: tuple[Floats, ...],
) -> tuple[float, float]:
    """Shares of draws the exact likelihood leaves, of all figures and of the worst cell alone."""
    seen, widths, inverse = cells
    exact = log_likelihood(
        design,
        gaussian.figures,
        cells=gaussian.figures.cells(),
        safe=expit(seen),
        unsafe=expit(-(seen + widths[..., None])),
        inverse=inverse,
        weight_sd=float(spec.options["weight_sd"]),
    )
    off = gaussian.value - gaussian.means(seen, widths) - gaussian.shift
    normal = log_density_of_cells(gaussian, variance, off, gaussian.figures.cells())
    ratio = exact - normal
    count = len(ratio)
    of_each = [effective_draws(column) / count for column in ratio.T]
    return effective_draws(ratio.sum(axis=1)) / count, min(of_each, default=1.0)
