"""Draws of everything, given draws of the scales: named, and weighed by the exact likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from scipy.sparse import hstack

from amager_eval.trends.independence import effective_draws, truncated
from amager_eval.trends.safety.likelihood import log_likelihood
from amager_eval.trends.safety.model import correlation
from amager_eval.trends.safety.own_effects import own_effects, own_move

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.safety.covariance import Gaussian, Term

    type Floats = NDArray[np.float64]

__all__ = [
    "draw_rest",
    "draw_terms",
    "draws_first",
    "inverse_size",
    "least_left",
    "named_draws",
    "respondents",
    "seen_cells",
    "survey_error",
]

#: Draws that are weighed by the exact likelihood.
_WEIGHED: Final = 400
#: Rounds in which a draw is moved by what it bends.
_ROUNDS: Final = 2
#: Factors kept at a time.
_AT_ONCE: Final = 64


def draw_rest(
    gaussian: Gaussian, sampled: xr.Dataset, rng: np.random.Generator
) -> tuple[xr.Dataset, tuple[float, float]]:
    """Draw paths and errors given the scales; weigh some by the exact likelihood of the figures.

    The two numbers are the shares of draws the weights leave: of all figures, and of the cell that
    leaves fewest.
    """
    design, spec = gaussian.design, gaussian.spec
    shape = sampled.sizes["chain"], sampled.sizes["draw"]
    draws = shape[0] * shape[1]
    scales = {k: v.astype(float) for k, v in draws_first(sampled).items()}
    if "setting_correlation_unit" in scales:
        scales["setting_correlation"] = correlation(
            scales["setting_correlation_unit"], design.sizes["setting"]
        )
    variance = {k: np.broadcast_to(v, draws) for k, v in gaussian.variances(scales).items()}
    drawn = draw_terms(gaussian, variance, scales["response_gap"], rng)
    posterior = named_draws(design, spec, gaussian.terms, drawn, scales, shape)
    some = rng.choice(draws, size=min(draws, _WEIGHED), replace=False)
    seen, widths, inverse = (v[some] for v in seen_cells(posterior, design, spec))
    exact = log_likelihood(
        design, gaussian.figures, seen, widths, inverse, weight_sd=float(spec.options["weight_sd"])
    )
    off = gaussian.value - gaussian.means(seen, widths) - gaussian.point.shift
    ratio = exact - _log_density(gaussian, {k: v[some] for k, v in variance.items()}, off)
    return posterior, (effective_draws(ratio.sum(axis=1)) / len(some), least_left(ratio))


def least_left(log_weight: Floats) -> float:
    """Share of the draws that the weights of any one cell leave, (draw, cell), at least."""
    # one draw far out, as some of a hundred cells will have, does not speak against its cell
    cells = (effective_draws(truncated(column)) / len(column) for column in log_weight.T)
    return min(cells, default=1.0)


def draws_first(draws: xr.Dataset) -> dict[str, Any]:
    """Give each variable as an array, chains one after the other, (sample, ...)."""
    found = {str(k): v.transpose("chain", "draw", ...).to_numpy() for k, v in draws.items()}
    return {k: v.reshape(-1, *v.shape[2:]) for k, v in found.items()}


def draw_terms(
    gaussian: Gaussian,
    variances: Mapping[str, Floats],
    response_gap: Floats,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Draw what multiplies each term's areas, settings and years, (draw, Normal), given the scales.

    A draw of the prior is moved by what it and a draw of the error miss of the figures (Matheron's
    rule), exact for a linear reading. Where a share bends away from its line, a draw is moved on
    until its own shares, not the line's, are met (randomise, then optimise; Bardsley et al. 2014).
    """
    draws, terms = len(response_gap), gaussian.terms
    start = np.hstack([rng.standard_normal((draws, t.state.shape[1])) for t in terms]).T
    noise = np.zeros((draws, len(gaussian.base)))
    for name, matrix in gaussian.errors().items():
        values, vectors = np.linalg.eigh(matrix)
        root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        noise += np.sqrt(variances[name])[:, None] * (rng.standard_normal(noise.shape) @ root)
    expected = gaussian.expected(response_gap)
    residual = (gaussian.value - expected - noise).T
    state = hstack([t.state for t in terms]).tocsr()
    slopes = hstack([gaussian.reading @ t.state for t in terms]).tocsr()
    back, ends = slopes.T.tocsr(), np.cumsum([t.state.shape[1] for t in terms])
    of = np.repeat(np.arange(len(terms)), np.diff(ends, prepend=0))
    each = np.array([variances[t.name] for t in terms])
    found = np.empty_like(start)
    for at, solve in _factored(gaussian, variances, draws):
        variance = each[:, at][of]
        prior = np.sqrt(variance) * start[:, at]
        missed = residual[:, at] - slopes @ prior
        moved = prior + variance * (back @ solve(missed))
        for _ in range(_ROUNDS):
            means = gaussian.means(*_seen(gaussian, state @ moved, response_gap[at])).T
            bend = means + gaussian.point.shift[:, None] - expected[at].T - slopes @ moved
            moved = prior + variance * (back @ solve(missed - bend))
        found[:, at] = moved
    parts = np.split(found, ends[:-1])
    return {t.name: np.ascontiguousarray(x.T) for t, x in zip(terms, parts, strict=True)}


def _factored(
    gaussian: Gaussian, variances: Mapping[str, Floats], draws: int
) -> Iterator[tuple[NDArray[np.int64], Callable[[Floats], Floats]]]:
    """Give some of the draws at a time, and what solves with the covariance of each.

    Draws of the same scales, taken again by weight, share a factor.
    """
    names = list(gaussian.matrices)
    covariance = gaussian.covariance({}, names)
    table = np.column_stack([np.broadcast_to(variances[k], draws) for k in names])
    rows, group = np.unique(table, axis=0, return_inverse=True)
    group = group.ravel()
    order = np.argsort(group, kind="stable")
    begins = range(_AT_ONCE, len(rows), _AT_ONCE)
    blocks = np.split(order, np.searchsorted(group[order], begins))
    for at, some in zip(blocks, np.split(rows, begins), strict=True):
        cuts = np.flatnonzero(np.diff(group[at])) + 1
        yield at, partial(_solve, list(covariance.factors(some)), cuts)


def _solve(factors: list[Any], cuts: NDArray[np.int64], right: Floats) -> Floats:
    """Solve with one factor after the other, each for the columns up to the next cut."""
    parts = np.split(right, cuts, axis=1)
    return np.hstack([f.solve(x) for f, x in zip(factors, parts, strict=True)])


def _seen(gaussian: Gaussian, state: Floats, response_gap: Floats) -> tuple[Floats, Floats]:
    """Logit of the safe share as the survey sees it, and the third answer's width, draws first."""
    eta, ratio = np.moveaxis(state.reshape(2, *gaussian.point.mean.shape, -1), -1, 1)
    return gaussian.centre + eta, response_gap[:, None] * np.exp(ratio[..., 0])


def named_draws(
    design: xr.Dataset,
    spec: ModelSpec,
    parts: Sequence[Term],
    drawn: Mapping[str, Floats],
    flat: Mapping[str, Any],
    shape: tuple[int, int],
) -> xr.Dataset:
    """Name draws of scales and terms as a posterior's, dims `chain, draw, ...`.

    `flat` are the scales, (draw, ...); those a design does without may be missing.
    """
    draws = shape[0] * shape[1]
    names = {k: design[k].to_numpy() for k in ("latent", "setting", "year")}
    sizes = areas, settings, years = tuple(len(v) for v in names.values())
    wander = design["wander"].to_numpy()

    def scale(name: str, missing: float) -> Floats:
        return np.broadcast_to(flat.get(name, np.full(1, missing)), draws)

    def of(name: str, *shape: int) -> Floats:
        return drawn[name].reshape(draws, *shape) if name in drawn else np.zeros((draws, *shape))

    truth = [t for t in parts if t.moves == "truth"]
    state = hstack([t.state[: areas * settings * years] for t in truth]).tocsr()
    eta = state @ np.hstack([drawn[t.name] for t in truth]).T + spec.priors["level"]["mu"]
    values: dict[str, tuple[tuple[str, ...], Any]] = {
        "eta": (("latent", "setting", "year"), eta.T.reshape(-1, *sizes).astype(np.float32)),
        "path_sd": ((), flat["path_sd"]),
        "area_sd": ((), scale("area_sd", 0.0)),
        "gap_sd": (("latent",), scale("gap_sd", 0.0)[:, None] * wander),
        "path_slope": (("setting",), of("path_drift", settings)),
        "gap_slope": (("latent", "setting"), of("gap_drift", areas, settings) * wander[:, None]),
        "setting_correlation": ((), scale("setting_correlation", 0.0)),
        "response_gap": (
            ("latent", "setting"),
            flat["response_gap"][:, None] * np.exp(of("link", areas, settings)),
        ),
        "wave_error": (("year",), of("wave", years)),
        "collector_step": ((), of("step", 1)[:, 0]),
        "log_deff": ((), np.log(scale("design_effect", 1.0))),
        "unknown_size": ((), np.log(scale("unknown_size", 1.0))),
    }  # fmt: skip
    if effects := own_effects(spec):
        made = np.zeros((draws, len(effects), settings))
        for i, effect in enumerate(effects):
            made[:, i, effect.among(names["setting"])] = drawn[effect.name]
        values["own_effect_size"] = (("own_effect", "setting"), made)
        names["own_effect"] = design["own_effect"].to_numpy()
    return xr.Dataset(
        {
            k: (("chain", "draw", *d), np.reshape(v, (*shape, *v.shape[1:])))
            for k, (d, v) in values.items()
        },
        coords=names | {k: np.arange(n) for k, n in zip(("chain", "draw"), shape, strict=True)},
    )


def seen_cells(
    draws: xr.Dataset, design: xr.Dataset, spec: ModelSpec
) -> tuple[Floats, Floats, Floats]:
    """Give what the survey sees of every cell, chains one after the other.

    That is the logit of the safe share, (draw, latent, setting, year), the width of the third
    answer, (draw, latent, setting), and the design effect over respondents, (draw, latent, setting,
    year).
    """
    of = draws_first(draws)
    seen = of["eta"] + survey_error(design, of)[:, None, None]
    seen = seen + own_move(design, spec, of, design["year"].to_numpy(), "survey")
    return seen, of["response_gap"], inverse_size(design, of["log_deff"], of["unknown_size"])


def survey_error(design: xr.Dataset, of: Mapping[str, Any]) -> Floats:
    """Error that all cells of a wave share, and the collector's step, (draw, year)."""
    step = of["collector_step"][:, None] * design["before_break"].to_numpy()
    return np.asarray(of["wave_error"] + step)


def respondents(design: xr.Dataset, log_size: Floats) -> Floats:
    """Respondents of every cell given the unknown size, (draw, latent, setting, year)."""
    unknown = np.exp(log_size)[:, None, None, None]
    n: Floats = design["n"].to_numpy() * np.where(design["n_unknown"].to_numpy() > 0, unknown, 1.0)
    return n


def inverse_size(design: xr.Dataset, log_deff: Floats, log_size: Floats) -> Floats:
    """Design effect over respondents, (draw, latent, setting, year)."""
    given = design["deff"].to_numpy()
    deff = np.where(np.isnan(given), np.exp(log_deff)[:, None, None, None], given)
    inverse: Floats = deff / respondents(design, log_size)
    return inverse


def _log_density(gaussian: Gaussian, variances: Mapping[str, Floats], off: Floats) -> Floats:
    """Log density of the figures' errors cell by cell, a whole's given its parts', (draw, cell)."""
    errors, f = gaussian.errors(), gaussian.figures
    table = np.column_stack([variances[k] for k in errors])
    # errors are of one setting and wave; a whole's come after its parts'
    order = np.argsort(f.of_parts, kind="stable")
    when = (f.setting * (f.year.max(initial=0) + 1) + f.year)[order]
    each = np.empty_like(off)
    for at in (order[when == w] for w in np.unique(when)):
        stack = np.array([m[np.ix_(at, at)] for m in errors.values()])
        lower = np.linalg.cholesky(np.tensordot(table, stack, 1))
        solved = np.linalg.solve(lower, off[:, at, None])[..., 0]
        each[:, at] = -0.5 * solved**2 - np.log(np.diagonal(lower, axis1=1, axis2=2))
    each -= 0.5 * np.log(2 * np.pi)
    return np.column_stack([each[:, at].sum(axis=1) for at in f.cells])
