"""The point the figures are linear around: shares that fit them, found in a few rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import hstack
from scipy.special import logit

from amager_eval.spec.assumptions import load_assumptions
from amager_eval.trends.safety.covariance import Point, figures, linearise, terms
from amager_eval.trends.safety.draws import inverse_size
from amager_eval.trends.safety.likelihood import log_interval, log_likelihood
from amager_eval.trends.safety.model import SCALES

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec, Prior
    from amager_eval.trends.blocks import BlockFactor
    from amager_eval.trends.linear_normal import Factor
    from amager_eval.trends.safety.covariance import Figures, Gaussian

    type Floats = NDArray[np.float64]
    type Held = Factor | BlockFactor

__all__ = ["bound_figures", "cell_moments", "fitted_point", "match_cells"]

_SIZES, _SIZE_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
#: Rounds, then more, each half as far as it wants, until nothing is further off than so many
#: posterior sds, neither a logit from where the figures are linear nor a cell from its exact mean.
_ROUNDS: Final = 8
_MOST_ROUNDS: Final = 24
_STILL: Final = 0.02
#: No round moves a logit further, nor a cell's mean by more posterior sds, nor makes its figures
#: more times as precise: a linear reading is good near by only.
_FURTHEST: Final = 1.0
_REACH: Final = 2.0
_SHARPER: Final = 5.0
#: A share moved further would have been another share; figures more precise, other figures.
_OFF: Final = 0.5
_MOST_SHARP: Final = 25.0
#: At first within a share's reach of 0 and 1 and with such a variance of the logit.
_FAR: Final = 0.01
_NEAR: Final = 0.1
#: Standard deviations past which no difference is made between contradictions.
_CONTRADICTED: Final = 8.0


def fitted_point(
    design: xr.Dataset,
    spec: ModelSpec,
    counts: NDArray[np.bool_],
    *,
    drift: bool,
    scales: Mapping[str, Any] | None = None,
    near: Gaussian | None = None,
) -> Gaussian:
    """Write the figures that count as linear around the shares that fit them.

    They are fitted at the scales given, or where the priors are centred. From `near`, what was
    found without it, each cell is given its exact variance too, for draws given the scales: widened
    figures would say too much of the design effect.
    """
    scales = scales or _usual_scales(spec, design.sizes["setting"])
    found, parts = figures(design, counts), terms(design, spec, drift=drift)
    point = near.point if near else _first_point(design, spec, found, scales["response_gap"])
    logs = (np.atleast_1d(np.log(scales.get(k, 1.0))) for k in ("design_effect", "unknown_size"))
    inverse = inverse_size(design, *logs)[0]
    for done in range(_MOST_ROUNDS):
        gaussian = linearise(design, spec, found, parts, point)
        variance = gaussian.variances(scales)
        held = gaussian.factor(variance)
        solved = held.solve(gaussian.value - gaussian.expected(point.width))
        moved, spread = cell_moments(gaussian, variance, held, solved)
        fitted = replace(point, mean=gaussian.centre + moved, variance=spread)
        by, times, off = match_cells(gaussian, variance, inverse, fitted, widen=near is not None)
        wants = fitted.mean - point.mean
        far = max(off, np.abs(wants / np.sqrt(spread)).max(), np.abs(np.log(times)).max() / 2)
        if far < _STILL:
            break
        part = 1.0 if done < _ROUNDS else 0.5
        edges = found.low[found.known :], found.high[found.known :]
        point = Point(
            mean=point.mean + part * np.clip(wants, -_FURTHEST, _FURTHEST),
            variance=spread,
            width=point.width,
            bounds=bound_figures(held, solved, edges, point.bounds),
            shift=np.clip(point.shift + part * by, -_OFF, _OFF),
            precision=np.clip(point.precision * times**part, 1 / _MOST_SHARP, _MOST_SHARP),
        )
    return gaussian


def _first_point(design: xr.Dataset, spec: ModelSpec, found: Figures, width: Floats) -> Point:
    """Lay what the figures say on average over the cells of each setting.

    Linear readings are good near by only: from the prior's centre a city far from it is not found.
    """
    shape = tuple(design.sizes[k] for k in ("latent", "setting", "year"))
    mean = np.full(shape, spec.priors["level"]["mu"])
    share = logit(np.clip(found.value[: found.known], _FAR, 1 - _FAR))
    setting, response = found.setting[: found.known], found.response[: found.known]
    seen = np.where(response == 0, share, -share - width[setting])
    for s in range(shape[1]):
        of = (setting == s) & (response != 1)
        if of.any():
            mean[:, s] = seen[of].mean()
    low, high = found.low[found.known :], found.high[found.known :]
    # a bound begins as a figure that says nothing
    bounds = (low + high) / 2, np.ones(len(low))
    return Point(
        mean, np.full(shape, _NEAR), width, bounds, np.zeros(len(found.value)), np.ones(shape)
    )


def _usual_scales(spec: ModelSpec, settings: int) -> dict[str, Any]:
    """Scales to begin with: where the priors are centred."""

    def centre(prior: Prior) -> float:
        if prior.distribution == "LogNormal":
            return float(np.exp(prior["mu"]))
        if prior.distribution == "Gamma" and "beta" in prior.parameters:
            return float(prior["alpha"] / prior["beta"])
        return float(prior.parameters.get("mu", 0.0) + prior.parameters.get("sigma", 0.1))

    found: dict[str, Any] = {k: centre(spec.priors[k]) for k in SCALES}
    width = centre(spec.priors["response_gap"])
    return found | {"setting_correlation": 0.0, "response_gap": np.full(settings, width)}


def cell_moments(
    gaussian: Gaussian, variances: Mapping[str, float], held: Held, solved: Floats
) -> tuple[Floats, Floats]:
    """Posterior mean and variance of the logit as the survey sees it, (latent, setting, year).

    `held` is the factored covariance of the figures at the variances, `solved` its inverse times
    the figures less their prior mean; the mean is less the level's prior mean.
    """
    shape, cells = gaussian.point.mean.shape, gaussian.point.mean.size
    of = [t for t in gaussian.terms if t.moves != "link"]
    eta = hstack([np.sqrt(variances[t.name]) * t.state[:cells] for t in of]).tocsr()
    cross = (gaussian.reading[:, :cells] @ eta @ eta.T).toarray()
    prior = eta.power(2).sum(axis=1)
    told = (cross * held.solve(cross)).sum(axis=0)
    return (cross.T @ solved).reshape(shape), (prior - told).reshape(shape)


def bound_figures(
    held: Held, solved: Floats, edges: tuple[Floats, Floats], now: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Find Normal figures that say as much as the bounds do: moments matched, one at a time.

    Of the figures' factored covariance the bounds' are last; `now` are value and variance that
    stand for the bounds at present, `edges` the lowest and highest share each leaves. The share
    behind a bound is predicted from all else, cut at the edges, and the figure sought is the one
    that turns the prediction into the cut one's mean and variance (Minka 2001).
    """
    if not len(now[0]):
        return now
    known = len(solved) - len(now[0])
    precision = held.solve(np.eye(len(solved))[:, known:])[known:].diagonal()
    # leave one out: Sundararajan and Keerthi (2001)
    mean = now[0] - solved[known:] / precision
    sd = np.sqrt(1 / precision - now[1])
    low, high = ((edge - mean) / sd for edge in edges)
    # a bound all else contradicts is taken from where its cut still has digits
    near = np.clip(high, -_CONTRADICTED, None) - high + np.clip(low, None, _CONTRADICTED) - low
    mean, low, high = mean - near * sd, low + near, high + near
    # a standard Normal cut at both ends: its mean and variance by its density there
    at_low, at_high = (
        np.exp(-0.5 * x**2 - log_interval(low, high)) / np.sqrt(2 * np.pi) for x in (low, high)
    )
    off = at_low - at_high
    cut_mean = mean + sd * off
    cut_variance = sd**2 * (1 + low * at_low - high * at_high - off**2)
    gained = np.maximum(1 / cut_variance - 1 / sd**2, 1e-3)
    return (cut_mean / cut_variance - mean / sd**2) / gained, 1 / gained


def match_cells(
    gaussian: Gaussian,
    variances: Mapping[str, float],
    inverse: Floats,
    point: Point,
    *,
    widen: bool,
) -> tuple[Floats, Floats, float]:
    """Give each cell's normal figures the centre and the width of its exact likelihood.

    What all else says of a cell (its posterior without its own figures) is multiplied by the exact
    likelihood, and the normal figures are moved, and where `widen` says so widened, until they give
    the same mean and variance (expectation propagation; Minka 2001). Wholes follow their parts, and
    bounds have figures of their own.

    `point` holds mean and variance of the logit under `gaussian`, `inverse` the design effect over
    respondents. Given are what to add to the shift, (figure,), and to multiply the precision by,
    (latent, setting, year), and how many posterior sds the cell furthest off lies from its exact
    mean.
    """
    f, shift = gaussian.figures, np.zeros(len(gaussian.base))
    times = np.ones(point.mean.shape)
    own = [c for c in f.cells if not f.of_parts[c[0]] and c.max() < f.known]
    if any(t.moves == "link" for t in gaussian.terms):
        # what an unsafe share says of the safe one is then shared over an area's waves
        own = [c for c in own if not gaussian.link[c].any()]
    if not own:
        return shift, times, 0.0
    first = [c[0] for c in own]
    area = f.share[first].argmax(axis=1)
    index = area, f.setting[first], f.year[first]
    mean, variance = point.mean[index] - gaussian.centre, point.variance[index]
    errors = np.asarray(sum(variances[k] * m for k, m in gaussian.errors().items()))
    off = gaussian.value - gaussian.expected(point.width)
    # precision the cell's figures add, and their pull: its mean times that precision
    told, pull = np.array([
        gaussian.load[c, a] @ np.linalg.solve(
            errors[np.ix_(c, c)], np.column_stack([gaussian.load[c, a], off[c]])
        )
        for c, a in zip(own, area, strict=True)
    ]).T  # fmt: skip
    # the whole's figure holds its parts' errors too: a little of the cell's own stays behind
    least = load_assumptions().safety_model.least_from_others
    left = np.maximum(1 / variance - told, least / variance)
    centre, own_share = pull / told, 1 / variance - left
    without = mean / variance - own_share * centre
    # nodes stand about what all say: a large sample's figure is narrow, and may be far from others
    sd = np.sqrt(variance)
    at = mean + sd * _NODES[:, None]
    weight = _NODE_WEIGHTS[:, None] * np.exp(0.5 * _NODES[:, None] ** 2)
    likely = without * at - 0.5 * left * at**2
    likely += _log_of_nodes(gaussian, own, index, at, inverse, point)
    weight = weight * np.exp(likely - likely.max(axis=0))
    weight /= weight.sum(axis=0)
    exact = (weight * at).sum(axis=0)
    spread = (weight * (at - exact) ** 2).sum(axis=0)
    furthest = float((np.abs(exact - mean) / sd).max())
    exact = np.clip(exact, mean - _REACH * sd, mean + _REACH * sd)
    ratio = np.ones_like(spread)
    if widen:
        ratio = np.clip((1 / spread - left) / own_share, 1 / _SHARPER, _SHARPER)
    by = (exact * (left + ratio * own_share) - without) / (ratio * own_share) - centre
    times[index] = ratio
    for cell, a, moved in zip(own, area, by, strict=True):
        shift[cell] = -gaussian.load[cell, a] * moved
    for i in np.flatnonzero(f.of_parts):
        # the whole's sample is its parts' samples: what moves theirs moves it
        alike = (f.setting == f.setting[i]) & (f.year == f.year[i]) & (f.response == f.response[i])
        of = np.flatnonzero(alike & ~f.of_parts)
        shift[i] = sum(f.share[i] @ f.share[j] * shift[j] for j in of)
    return shift, times, furthest


def _log_of_nodes(
    gaussian: Gaussian, own: list[Any], index: Any, at: Floats, inverse: Floats, point: Point
) -> Floats:
    """Log of the exact likelihood of some cells at nodes of their logits, (node, cell)."""
    design, priors = gaussian.design, gaussian.spec.priors
    eta = np.broadcast_to(point.mean, (len(at), *point.mean.shape)).copy()
    eta[:, *index] = gaussian.centre + at
    # an n that was not published is assumed within some factor: every node meets every size
    assumed = (("n_from_area", "area_size"), ("n_from_wave", "wave_size"))
    sd = np.sqrt(sum(design[k].to_numpy() * priors[p]["sigma"] ** 2 for k, p in assumed))
    sizes = np.exp(-_SIZES[:, None, None, None] * sd)
    likely = log_likelihood(
        design, gaussian.figures, np.tile(eta, (len(_SIZES), 1, 1, 1)), point.width,
        np.repeat(inverse * sizes, len(at), axis=0), cells=own,
    ).reshape(len(_SIZES), len(at), len(own))  # fmt: skip
    shares = np.log(_SIZE_WEIGHTS / _SIZE_WEIGHTS.sum())[:, None, None]
    found: Floats = np.logaddexp.reduce(likely + shares, axis=0)
    return found
