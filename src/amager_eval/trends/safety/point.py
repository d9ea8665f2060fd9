"""The point the figures are linear around: shares that fit them, found in a few rounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import expit, logit

from amager_eval.spec.assumptions import load_assumptions
from amager_eval.trends.safety.covariance import Point, linearise
from amager_eval.trends.safety.draws import inverse_size
from amager_eval.trends.safety.likelihood import log_interval, log_likelihood

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.blocks import BlockFactor
    from amager_eval.trends.linear_normal import Factor
    from amager_eval.trends.safety.covariance import Figures, Gaussian, Term

    type Floats = NDArray[np.float64]
    type Held = Factor | BlockFactor

__all__ = ["bound_figures", "cell_moments", "centre_figures", "fitted_point"]

_SIZES, _SIZE_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
#: Rounds; more, each half as far as it wants, while a cell's logit still moves more than `_STILL`.
_ROUNDS: Final = 4
_MOST_ROUNDS: Final = 24
_STILL: Final = 0.1
#: No round moves a logit further: a linear reading is good near by only.
_FURTHEST: Final = 1.0
#: A share moved further would have been another share.
_OFF: Final = 0.5
#: At first within a share's reach of 0 and 1 and with such a variance of the logit.
_FAR: Final = 0.01
_NEAR: Final = 0.1
#: Standard deviations past which no difference is made between contradictions.
_CONTRADICTED: Final = 8.0
#: Standard deviations from the middle up to which the nodes stand close.
_REACH: Final = 4.0


def fitted_point(
    design: xr.Dataset,
    spec: ModelSpec,
    found: Figures,
    parts: tuple[Term, ...],
    scales: Mapping[str, Any] | None = None,
) -> Gaussian:
    """Write the figures as linear around the shares that fit them.

    Parameters
    ----------
    design, spec : Dataset, ModelSpec
        Rounding intervals, sizes; priors.
    found : Figures
        What is observed.
    parts : tuple of Term
        What lies behind it.
    scales : mapping or None
        The scales to fit them at; default where the priors are centred.

    Returns
    -------
    Gaussian
    """
    usual = _usual_scales(spec, design.sizes["setting"])

    def settle(scales: Mapping[str, Any], point: Point | None) -> tuple[Point, bool]:
        return _settle(design, spec, found, parts, scales, point)

    point, still = settle(scales or usual, None)
    if scales and not still:
        # scales that leave little room are met from where the usual ones, which leave much, lead
        near, _ = settle(usual, None)
        again, found_it = settle(scales, near)
        point = again if found_it else point
    return linearise(design, spec, found, parts, point)


def _settle(
    design: xr.Dataset,
    spec: ModelSpec,
    found: Figures,
    parts: tuple[Term, ...],
    scales: Mapping[str, Any],
    point: Point | None,
) -> tuple[Point, bool]:
    """Look for the point in rounds; also whether it stood still."""
    settings = design.sizes["setting"]
    width = np.asarray(scales["response_gap"], dtype=float) * np.ones(settings)
    edges = found.low[found.known :], found.high[found.known :]
    near = point is not None
    now = _first_point(design, spec, found, width) if point is None else point
    logs = (np.atleast_1d(np.log(scales.get(k, 1.0))) for k in ("design_effect", "unknown_size"))
    inverse = inverse_size(design, *logs)[0]
    mean, spread, bounds, shift = now.mean, now.variance, now.bounds, now.shift
    still = False
    for done in range(_MOST_ROUNDS):
        gaussian = linearise(design, spec, found, parts, Point(mean, spread, width, bounds, shift))
        variance = gaussian.variances(scales)
        held = gaussian.factor(variance)
        solved = held.solve(gaussian.value - gaussian.expected(width))
        moved, spread = cell_moments(gaussian, variance, held, solved)
        wants = gaussian.centre + moved - mean
        still = done >= _ROUNDS and bool(np.abs(wants).max() < _STILL)
        if still:
            break
        part = 1.0 if done < _ROUNDS else 0.5
        mean = mean + part * np.clip(wants, -_FURTHEST, _FURTHEST)
        bounds = bound_figures(held, solved, edges, bounds)
        if near and np.abs(wants).max() > _STILL:
            continue  # far from the figures their exact likelihood has no digits
        at = Point(mean, spread, width, bounds, shift)
        moved = centre_figures(design, spec, gaussian, variance, inverse, at)
        shift = np.clip(shift + part * moved, -_OFF, _OFF)
    return Point(mean, spread, width, bounds, shift), still


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
    return Point(mean, np.full(shape, _NEAR), width, bounds, np.zeros(len(found.value)))


def _usual_scales(spec: ModelSpec, settings: int) -> dict[str, Any]:
    """Scales to begin with: where the priors are centred."""
    found: dict[str, Any] = {"setting_correlation": 0.0}
    for name in ("path_sd", "gap_sd", "area_sd", "design_effect", "unknown_size", "response_gap"):
        prior = spec.priors[name]
        numbers = prior.parameters
        if prior.distribution == "LogNormal":
            found[name] = float(np.exp(numbers["mu"]))
        elif prior.distribution == "Gamma" and "beta" in numbers:
            found[name] = numbers["alpha"] / numbers["beta"]
        else:
            found[name] = float(numbers.get("mu", 0.0) + numbers.get("sigma", 0.1))
    found["response_gap"] = np.full(settings, found["response_gap"])
    return found


def cell_moments(
    gaussian: Gaussian, variances: Mapping[str, float], held: Held, solved: Floats
) -> tuple[Floats, Floats]:
    """Posterior mean and variance of the logit as the survey sees it, (latent, setting, year).

    Parameters
    ----------
    gaussian : Gaussian
        The figures as a Normal.
    variances : mapping of str to float
        Variance of each matrix.
    held : Factor
        Of the figures' covariance at those.
    solved : ndarray
        Its inverse times the figures less their prior mean, (figure,).

    Returns
    -------
    tuple of ndarray
        The mean is less the level's prior mean.
    """
    of = [t for t in gaussian.terms if t.moves != "link"]
    one = of[0]
    shape = len(one.areas), len(one.settings), len(one.years)
    eta = {t.name: t.state[: math.prod(shape)] for t in of}
    cross = sum(variances[k] * (gaussian.slopes[k] @ x.T) for k, x in eta.items()).toarray()
    prior = sum(variances[k] * x.power(2).sum(axis=1) for k, x in eta.items())
    told = (cross * held.solve(cross)).sum(axis=0)
    return (cross.T @ solved).reshape(shape), (prior - told).reshape(shape)


def bound_figures(
    held: Held, solved: Floats, edges: tuple[Floats, Floats], now: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Find Normal figures that say as much as the bounds do: moments matched, one at a time.

    Parameters
    ----------
    held : Factor
        Of the figures' covariance, bounds last.
    solved : ndarray
        Its inverse times the figures less their prior mean, (figure,).
    edges : tuple of ndarray
        Lowest and highest share each bound leaves, (bound,).
    now : tuple of ndarray
        Value and variance that stand for the bounds at present, (bound,).

    Returns
    -------
    tuple of ndarray
        Value and variance that stand for them from now on.

    Notes
    -----
    Minka (2001): the share behind a bound is predicted from all else, cut at the edges, and the
    figure sought is the one that turns the prediction into the cut one's mean and variance.
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


def centre_figures(
    design: xr.Dataset,
    spec: ModelSpec,
    gaussian: Gaussian,
    variances: Mapping[str, float],
    inverse: Floats,
    point: Point,
) -> Floats:
    """Shifts that give each cell's normal figures the centre of its exact likelihood.

    Parameters
    ----------
    design, spec : Dataset, ModelSpec
        Rounding intervals; how uncertain an assumed n is.
    gaussian : Gaussian
        The figures as a Normal.
    variances : mapping of str to float
        Variance of each matrix.
    inverse : ndarray
        Design effect over respondents, (latent, setting, year).
    point : Point
        Posterior mean and variance of the logit; width of the third answer.

    Returns
    -------
    ndarray
        (figure,), to be added to the shift there is.

    Notes
    -----
    With few answers a share near 0 or 1 is not Normal around the fitted share. What all else says
    of a cell (its posterior without its own figures) is multiplied by the exact likelihood, and the
    normal figures are moved until they give the same mean (expectation propagation's first
    moment). Wholes follow their parts, and bounds have figures of their own.
    """
    f, shift = gaussian.figures, np.zeros(len(gaussian.base))
    mean, variance = point.mean, point.variance
    own = [c for c in f.cells() if np.count_nonzero(f.share[c[0]]) == 1 and c.max() < f.known]
    if any(t.moves == "link" for t in gaussian.terms):
        # what an unsafe share says of the safe one is then shared over an area's waves
        own = [c for c in own if not gaussian.link[c].any()]
    if not own:
        return shift
    first = [c[0] for c in own]
    area = f.share[first].argmax(axis=1)
    index = area, f.setting[first], f.year[first]
    errors = sum(variances[k] * m for k, m in gaussian.errors().items())
    off = gaussian.value - gaussian.expected(point.width)
    # precision the cell's figures add, and their pull: its mean times that precision
    told = np.array([
        gaussian.load[c, a] @ np.linalg.solve(
            np.asarray(errors)[np.ix_(c, c)], np.column_stack([gaussian.load[c, a], off[c]])
        )
        for c, a in zip(own, area, strict=True)
    ]).T  # fmt: skip
    # the whole's figure holds its parts' errors too: a little of the cell's own stays behind
    least = load_assumptions().safety_model.least_from_others
    left = np.maximum(1 / variance[index] - told[0], least / variance[index])
    without = (mean[index] - gaussian.centre) / variance[index] - told[1]
    middle, sd = gaussian.centre + without / left, 1 / np.sqrt(left)
    eta = np.broadcast_to(mean, (len(_NODES), *mean.shape)).copy()
    eta[:, *index] = middle + sd * _NODES[:, None]
    # an n that was not published is assumed within some factor: every node meets every size
    sizes = np.exp(-_SIZES[:, None, None, None] * _size_sd(design, spec))
    both = (len(_SIZES) * len(_NODES), *mean.shape)
    likely = log_likelihood(
        design, f, cells=own,
        safe=np.tile(expit(eta), (len(_SIZES), 1, 1, 1)),
        unsafe=np.tile(expit(-(eta + point.width[:, None])), (len(_SIZES), 1, 1, 1)),
        inverse=np.repeat(inverse * sizes, len(_NODES), axis=0).reshape(both), weight_sd=0.0,
    ).reshape(len(_SIZES), len(_NODES), len(own))  # fmt: skip
    shares = np.log(_SIZE_WEIGHTS / _SIZE_WEIGHTS.sum())[:, None, None]
    exact = np.logaddexp.reduce(likely + shares, axis=0)
    weight = np.exp(exact - exact.max(axis=0)) * _NODE_WEIGHTS[:, None]
    centre = (weight * eta[:, *index]).sum(axis=0) / weight.sum(axis=0)
    # the posterior mean follows the figures' own by the share of precision that is theirs
    moved = (centre - mean[index]) / np.maximum(told[0] * variance[index], 0.05)
    # beyond the nodes' reach the product has no digits, and the normal figures are left alone
    moved = np.where(np.abs(centre - middle) < _REACH * sd, moved, 0.0)
    for cell, a, by in zip(own, area, moved, strict=True):
        shift[cell] = -gaussian.load[cell, a] * by
    for i in np.flatnonzero((f.share > 0).sum(axis=1) > 1):
        # the whole's sample is its parts' samples: what moves theirs moves it
        alike = (f.setting == f.setting[i]) & (f.year == f.year[i]) & (f.response == f.response[i])
        shift[i] = sum(f.share[i] @ f.share[j] * shift[j] for j in np.flatnonzero(alike) if j != i)
    return shift


def _size_sd(design: xr.Dataset, spec: ModelSpec) -> Floats:
    """Sd of the log of the respondents where their number is assumed, (latent, setting, year)."""
    parts = (("n_from_area", "area_size"), ("n_from_wave", "wave_size"))
    sd: Floats = np.sqrt(sum(design[k].to_numpy() * spec.priors[p]["sigma"] ** 2 for k, p in parts))
    return sd
