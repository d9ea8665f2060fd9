"""Draw what was integrated out: paths, levels, drifts and errors, given scales and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import expit, logsumexp
from scipy.stats import truncnorm

from amager_eval.spec.assumptions import load_assumptions
from amager_eval.trends.safety.likelihood import log_likelihood

_SIZES, _SIZE_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
#: Rounds in which a draw is moved by what it bends.
_ROUNDS: Final = 3
#: Standard deviations past which no difference is made between contradictions.
_CONTRADICTED: Final = 8.0
#: Standard deviations from the middle up to which the nodes below stand close.
_REACH: Final = 4.0

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.safety.covariance import Gaussian

    type Floats = NDArray[np.float64]

__all__ = ["bound_figures", "cell_moments", "centre_figures", "draw_terms", "log_density_of_cells"]


def covariance_at(gaussian: Gaussian, variances: Mapping[str, Any]) -> Floats:
    """Covariance of the figures at one draw's variances."""
    return gaussian.covariance({k: float(variances[k]) for k in gaussian.matrices}, ()).fixed


def cell_moments(
    gaussian: Gaussian, variances: Mapping[str, float], residual: Floats
) -> tuple[Floats, Floats]:
    """Posterior mean and variance of the logit as the survey sees it, (latent, setting, year).

    Parameters
    ----------
    gaussian : Gaussian
        The figures as a Normal.
    variances : mapping of str to float
        Variance of each matrix.
    residual : ndarray
        Figures less their prior mean, (figure,).

    Returns
    -------
    tuple of ndarray
        The mean is less the level's prior mean.
    """
    factor = cho_factor(covariance_at(gaussian, variances), lower=True)
    size = len(residual)
    cross = prior = 0.0
    for term in gaussian.terms:
        if term.moves == "link":
            continue
        area, setting, year = (m @ m.T for m in (term.areas, term.settings, term.years))
        f, v = gaussian.figures, variances[term.name]
        loaded = gaussian.loads(term) @ area  # (figure, latent)
        crossed = np.einsum("fa,sf,tf->fast", loaded, setting[:, f.setting], year[:, f.year])
        alone = np.einsum("a,s,t->ast", *(np.diag(m) for m in (area, setting, year)))
        if term.profile is not None:
            crossed = crossed * term.profile[:, None]
            alone = alone * term.profile[:, None] ** 2
        cross, prior = cross + v * crossed, prior + v * alone
    flat = np.reshape(cross, (size, -1))
    mean = flat.T @ cho_solve(factor, residual)
    halved = solve_triangular(factor[0], flat, lower=True)
    shape = np.shape(prior)
    return mean.reshape(shape), prior - (halved**2).sum(axis=0).reshape(shape)


def bound_figures(
    gaussian: Gaussian,
    variances: Mapping[str, float],
    residual: Floats,
    edges: tuple[Floats, Floats],
    now: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """Find Normal figures that say as much as the bounds do: moments matched, one at a time.

    Parameters
    ----------
    gaussian : Gaussian
        The figures as a Normal, bounds last.
    variances : mapping of str to float
        Variance of each matrix.
    residual : ndarray
        Figures less their prior mean, (figure,).
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
    known = gaussian.figures.known
    inverse = np.linalg.inv(covariance_at(gaussian, variances))
    precision = np.diag(inverse)[known:]
    # leave one out: Sundararajan and Keerthi (2001)
    mean = now[0] - (inverse @ residual)[known:] / precision
    sd = np.sqrt(1 / precision - now[1])
    low, high = ((edge - mean) / sd for edge in edges)
    # a bound all else contradicts is taken from where its cut still has digits
    near = np.clip(high, -_CONTRADICTED, None) - high + np.clip(low, None, _CONTRADICTED) - low
    mean, low, high = mean - near * sd, low + near, high + near
    cut_mean, cut_variance = truncnorm.stats(low, high, loc=mean, scale=sd, moments="mv")
    gained = np.maximum(1 / cut_variance - 1 / sd**2, 1e-3)
    return (cut_mean / cut_variance - mean / sd**2) / gained, 1 / gained


def centre_figures(
    design: xr.Dataset,
    spec: ModelSpec,
    gaussian: Gaussian,
    variances: Mapping[str, float],
    width: Floats,
    inverse: Floats,
    moments: tuple[Floats, Floats],
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
    width : ndarray
        Width of the third answer, (setting,).
    inverse : ndarray
        Design effect over respondents, (latent, setting, year).
    moments : tuple of ndarray
        Posterior mean and variance of the logit as the survey sees it, (latent, setting, year).

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
    mean, variance = moments
    errors = sum(
        variances[k] * m
        for k, m in gaussian.matrices.items()
        if k not in {t.name for t in gaussian.terms}
    )
    own = [c for c in f.cells() if np.count_nonzero(f.share[c[0]]) == 1 and c.max() < f.known]
    if any(t.moves == "link" for t in gaussian.terms):
        # what an unsafe share says of the safe one is then shared over an area's waves
        own = [c for c in own if not gaussian.ratio[c].any()]
    at = [(int(np.argmax(f.share[c[0]])), f.setting[c[0]], f.year[c[0]]) for c in own]
    if not own:
        return shift
    expected = gaussian.base + gaussian.link.sum(axis=1) * width[f.setting]
    least = load_assumptions().safety_model.least_from_others
    told = np.empty((3, len(own)))  # precision the cell's figures add, and mean and sd without them
    for j, (cell, place) in enumerate(zip(own, at, strict=True)):
        load = gaussian.load[cell, place[0]]
        solved = np.linalg.solve(np.asarray(errors)[np.ix_(cell, cell)], load)
        residual = gaussian.value[cell] - expected[cell]
        # the whole's figure holds its parts' errors too: a little of the cell's own stays behind
        left = max(1 / variance[place] - solved @ load, least / variance[place])
        without = ((mean[place] - gaussian.centre) / variance[place] - solved @ residual) / left
        told[:, j] = solved @ load, gaussian.centre + without, 1 / np.sqrt(left)
    index = tuple(np.array(at).T)
    eta = np.broadcast_to(mean, (len(_NODES), *mean.shape)).copy()
    eta[:, *index] = told[1] + told[2] * _NODES[:, None]
    # an n that was not published is assumed within some factor: every node meets every size
    sizes = np.exp(-_SIZES[:, None, None, None] * _size_sd(design, spec))
    both = (len(_SIZES) * len(_NODES), *mean.shape)
    likely = log_likelihood(
        design, f, cells=own,
        safe=np.tile(expit(eta), (len(_SIZES), 1, 1, 1)),
        unsafe=np.tile(expit(-(eta + width[:, None])), (len(_SIZES), 1, 1, 1)),
        inverse=np.repeat(inverse * sizes, len(_NODES), axis=0).reshape(both), weight_sd=0.0,
    ).reshape(len(_SIZES), len(_NODES), len(own))  # fmt: skip
    shares = np.log(_SIZE_WEIGHTS / _SIZE_WEIGHTS.sum())[:, None, None]
    exact = logsumexp(likely + shares, axis=0)
    weight = np.exp(exact - exact.max(axis=0)) * _NODE_WEIGHTS[:, None]
    centre = (weight * eta[:, *index]).sum(axis=0) / weight.sum(axis=0)
    # the posterior mean follows the figures' own by the share of precision that is theirs
    moved = (centre - mean[index]) / np.maximum(told[0] * variance[index], 0.05)
    # beyond the nodes' reach the product has no digits, and the normal figures are left alone
    moved = np.where(np.abs(centre - told[1]) < _REACH * told[2], moved, 0.0)
    for cell, place, off in zip(own, at, moved, strict=True):
        shift[cell] = -gaussian.load[cell, place[0]] * off
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


def draw_terms(
    gaussian: Gaussian,
    variances: Mapping[str, Floats],
    response_gap: Floats,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Draw every term's cells given scales and figures.

    Parameters
    ----------
    gaussian : Gaussian
        The figures as a Normal.
    variances : mapping of str to ndarray
        Variance of each matrix, (draw,).
    response_gap : ndarray
        Width of the third answer, (draw, setting).
    rng : Generator
        Random numbers.

    Returns
    -------
    dict of str to ndarray
        Name of a term to its cells, (draw, latent, setting, year).

    Notes
    -----
    Drawn from the prior, figures and all, then moved by what those figures miss (Matheron's rule):
    nothing larger than the figures' covariance is ever factored. A share bends where the logit is
    straight, and the whole's figure knows it: each draw is moved again by what it bends, with the
    same random numbers, until it stands still (randomise, then optimise; Bardsley et al. 2014).
    """
    draws, f = len(response_gap), gaussian.figures
    start = {
        t.name: rng.standard_normal(
            (draws, t.areas.shape[1], t.settings.shape[1], t.years.shape[1])
        )
        for t in gaussian.terms
    }
    sd = {k: np.sqrt(np.broadcast_to(v, draws)) for k, v in variances.items()}
    noise = np.zeros((draws, len(gaussian.base)))
    for name, matrix in gaussian.matrices.items():
        if name not in start:
            values, vectors = np.linalg.eigh(matrix)
            root = vectors * np.sqrt(np.maximum(values, 0.0))
            noise += sd[name][:, None] * (rng.standard_normal((draws, len(values))) @ root.T)
    expected = gaussian.base + gaussian.link.sum(axis=1) * response_gap[:, f.setting]
    residual = gaussian.value - expected - noise
    names = list(gaussian.matrices)
    covariance = gaussian.covariance({}, names)
    table = np.column_stack([np.broadcast_to(variances[k], draws) for k in names])
    pieces: list[dict[str, Floats]] = []
    groups = _alike(table)
    order = np.concatenate(groups)
    for some in _batches(groups):
        at = np.concatenate(some)
        factors = [covariance.factor(table[g[0]]) for g in some]
        scales = {t.name: sd[t.name][at, None, None, None] for t in gaussian.terms}
        pieces.append(
            _move(gaussian, {k: v[at] for k, v in start.items()}, scales, residual[at],
                  response_gap[at], factors, [len(g) for g in some])
        )  # fmt: skip
    back = np.argsort(order)
    return {k: np.concatenate([p[k] for p in pieces])[back] for k in start}


def _move(
    gaussian: Gaussian,
    start: dict[str, Floats],
    scales: dict[str, Any],
    residual: Floats,
    response_gap: Floats,
    factors: list[Any],
    counts: list[int],
) -> dict[str, Floats]:
    """Move draws of the prior to the figures; `counts` draws share each factor."""
    # terms of one kind are read off by the same slopes: their sum is
    kinds = {t.moves == "link": gaussian.reading(t) for t in gaussian.terms}
    expected = gaussian.base + gaussian.link.sum(axis=1) * response_gap[:, gaussian.figures.setting]
    one = gaussian.terms[0]
    shape = len(one.areas), len(one.settings), len(one.years)

    def solve(right: Floats) -> Floats:
        blocks = np.split(right, np.cumsum(counts)[:-1])
        return np.concatenate([f.solve(b.T).T for f, b in zip(factors, blocks, strict=True)])

    def read(cells: dict[str, Floats]) -> Floats:
        found = np.zeros_like(residual)
        for is_link, reading in kinds.items():
            of_kind = [cells[t.name] for t in gaussian.terms if (t.moves == "link") == is_link]
            found += np.sum(of_kind, axis=0).reshape(len(found), -1) @ reading.T
        return found

    def moved(missed: Floats) -> dict[str, Floats]:
        weights = solve(missed)
        told = {k: (weights @ reading).reshape(-1, *shape) for k, reading in kinds.items()}
        return {
            t.name: drawn[t.name]
            + scales[t.name] ** 2 * t.of_cells(t.to_coefficients(told[t.moves == "link"]))
            for t in gaussian.terms
        }

    drawn = {t.name: scales[t.name] * t.of_cells(start[t.name]) for t in gaussian.terms}
    missed = residual - read(drawn)
    found = moved(missed)
    for _ in range(_ROUNDS):
        eta, width = _seen(gaussian, found, response_gap)
        linear = expected + read(found)
        found = moved(missed - (gaussian.means(eta, width) + gaussian.shift - linear))
    return found


def _seen(
    gaussian: Gaussian, cells: dict[str, Floats], response_gap: Floats
) -> tuple[Floats, Floats]:
    """Logit of the safe share as the survey sees it, and the third answer's width."""
    eta = gaussian.centre + sum(cells[t.name] for t in gaussian.terms if t.moves != "link")
    width = response_gap[:, None] * np.exp(cells["link"][..., 0] if "link" in cells else 0.0)
    return np.asarray(eta), np.broadcast_to(width, np.shape(eta)[:-1])


def _batches(groups: list[Any], size: int = 64) -> list[list[Any]]:
    """Cut a list of groups into pieces of so many."""
    return [groups[k : k + size] for k in range(0, len(groups), size)]


def log_density_of_cells(
    gaussian: Gaussian, variances: Mapping[str, Floats], off: Floats, cells: list[Any]
) -> Floats:
    """Log density of the figures' errors cell by cell, a whole's given its parts', (draw, cell).

    Parameters
    ----------
    gaussian : Gaussian
        The figures as a Normal.
    variances : mapping of str to ndarray
        Variance of each matrix, (draw,).
    off : ndarray
        Figures less their true means, (draw, figure).
    cells : list of ndarray
        Figures of each cell.
    """
    terms = {t.name for t in gaussian.terms}
    errors = {k: m for k, m in gaussian.matrices.items() if k not in terms}
    table = np.column_stack([np.broadcast_to(variances[k], len(off)) for k in errors])
    f = gaussian.figures
    # errors are of one setting and wave; a whole's come after its parts'
    order = np.argsort((f.share > 0).sum(axis=1) > 1, kind="stable")
    when = (f.setting * (f.year.max(initial=0) + 1) + f.year)[order]
    each = np.empty_like(off)
    for at in (order[when == w] for w in np.unique(when)):
        stack = np.array([m[np.ix_(at, at)] for m in errors.values()])
        lower = np.linalg.cholesky(np.tensordot(table, stack, 1))
        solved = np.linalg.solve(lower, off[:, at, None])[..., 0]
        each[:, at] = -0.5 * solved**2 - np.log(np.diagonal(lower, axis1=1, axis2=2))
    each -= 0.5 * np.log(2 * np.pi)
    return np.column_stack([each[:, at].sum(axis=1) for at in cells])


def _alike(table: Floats) -> list[Any]:
    """Rows of a table, grouped where they are equal."""
    _, group = np.unique(table, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    return np.split(order, np.cumsum(np.bincount(group.ravel()))[:-1])
