"""Propose blocks given the districts' draws, condition them on figures, and weigh what comes.

For each draw of the districts hyperparameters come from their priors; given both, the blocks are
Normal and the figures nearly linear in them. The blocks are drawn from the Normal that the figures
leave, and weighted by the figures' marginal likelihood times the exact likelihood of the rounded
figures over the Normal one: importance sampling, right whatever the linear reading misses.
Districts and hyperparameters are weighted with the blocks, so this is the joint posterior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import expit, log_ndtr, logit

from amager_eval.trends.area.blocks import BlockTerms
from amager_eval.trends.area.hyper import draw_prior
from amager_eval.trends.safety.forecast import in_blocks
from amager_eval.trends.safety.likelihood import log_of_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.area_estimate import AreaSpec
    from amager_eval.spec.nested import Nested, Share, Stated
    from amager_eval.trends.area.design import AreaFigures

    type Floats = NDArray[np.float64]
    #: Block or mixture to the weights of its pieces.
    type Weights = Mapping[str, Mapping[str, Share]]

__all__ = ["Around", "Estates", "Proposed", "propose", "shares_of"]

#: Rounds of the linear reading: one leaves a tenth of the effective draws, two now and then a
#: single proposal that outweighs all others, and a fourth lifts nothing.
_ROUNDS: Final = 3
_LOG_TWO_PI: Final = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Around:
    """What the districts' draws give, the draw first.

    Parameters
    ----------
    whole : ndarray
        Logit of the whole's true safe share, (draw, setting, year).
    parts : dict of str to ndarray
        The same of each district.
    width : dict of str to ndarray
        Width of the third answer there, (draw, setting); of the whole under an empty name.
    shift : ndarray
        What the survey sees beyond the true logit, (draw, year).
    deff : ndarray
        Design effect, (draw,).
    """

    whole: Floats
    parts: Mapping[str, Floats]
    width: Mapping[str, Floats]
    shift: Floats
    deff: Floats

    def take(self, rows: Any) -> Around:
        """Take some draws."""
        return Around(
            self.whole[rows],
            {k: v[rows] for k, v in self.parts.items()},
            {k: v[rows] for k, v in self.width.items()},
            self.shift[rows],
            self.deff[rows],
        )


@dataclass(frozen=True, eq=False)
class Estates:
    """Another survey's figures of pieces of blocks, at one question and wave.

    Parameters
    ----------
    setting, year : int
        Indices.
    block : tuple of str
        Each estate's block.
    share : tuple of float
        Their safe shares.
    tie : float
        Safe share of the larger area that stands for the whole.
    """

    setting: int
    year: int
    block: tuple[str, ...]
    share: tuple[float, ...]
    tie: float


@dataclass(frozen=True, eq=False)
class Proposed:
    """Proposals, the draw first.

    Parameters
    ----------
    before, after : ndarray
        Logit of the blocks' true safe shares before and after the figures,
        (draw, block, setting, year).
    weights : dict of str to dict
        Block or mixture to the weights of its pieces, (draw,) each.
    log_weight : dict of str to ndarray
        Of each kind of evidence, (draw,).
    """

    before: Floats
    after: Floats
    weights: Weights
    log_weight: Mapping[str, Floats]


def propose(
    around: Around,
    terms: BlockTerms,
    nested: Nested,
    figures: AreaFigures,
    spec: AreaSpec,
    rng: np.random.Generator,
    *,
    shares: Mapping[str, Share],
    follows: Floats,
    size: Floats,
    stated: Sequence[tuple[Stated, int, list[int]]] = (),
    estates: Estates | None = None,
) -> Proposed:
    """Draw blocks given districts and hyperparameters, before and after figures, and weigh them.

    Parameters
    ----------
    around : Around
        The districts' draws.
    terms : BlockTerms
        The blocks' terms at hyperparameters drawn for each.
    nested : Nested
        What is made of what.
    figures : AreaFigures
    spec : AreaSpec
    rng : Generator
    shares : mapping of str to ndarray or float
        Mixture to the first's part of it.
    follows : ndarray
        How far blocks follow their district, (draw,).
    size : ndarray
        Respondents of each sample, (draw, sample).
    stated : sequence of tuple
        A sentence, the index of its wave and those of its settings.
    estates : Estates or None
        Another survey's figures.

    Returns
    -------
    Proposed
    """
    names = [b.id for b in nested.block]
    draws, settings = around.whole.shape[:2]
    follows = follows[:, None, None]
    mean = np.stack(
        [
            around.whole
            + (follows * (around.parts[b.district] - around.whole) if b.district else 0.0)
            for b in nested.block
        ],
        axis=1,
    )
    width = np.stack([around.width[b.district] for b in nested.block], axis=1)
    before = terms.draw(rng, len(names), settings)
    weights = nested.weights(shares)
    after, log_figures = before, np.zeros(draws)
    if len(figures):
        deff = np.where(np.isnan(figures.deff), around.deff[:, None], figures.deff)
        inverse = (deff / size)[:, figures.sample]
        after, noise = np.empty_like(before), rng.standard_normal((draws, figures.known.sum()))
        for at in in_blocks(draws):
            some = {k: {p: np.broadcast_to(v, draws)[at] for p, v in w.items()}
                    for k, w in weights.items()}  # fmt: skip
            read = _Reading(around.take(at), figures, names, some, width[at], inverse[at])
            after[at], log_figures[at] = _condition(
                read, terms.take(at), mean[at], before[at], noise[at]
            )
    before, after = mean + before, mean + after
    log_weight = {"figures": log_figures}
    log_weight["stated"] = np.sum(
        [_log_stated(s, at, which, after, around, nested, weights)
         for s, at, which in stated],
        axis=0, initial=0.0,
    ) + np.zeros(draws)  # fmt: skip
    log_weight["estates"] = (
        _log_estates(estates, after, around, names, spec, rng)
        if estates is not None
        else np.zeros(draws)
    )
    return Proposed(before, after, weights, log_weight)


def shares_of(
    name: str,
    eta: Floats,
    around: Around,
    nested: Nested,
    weights: Weights,
    *,
    seen: bool = False,
) -> Floats:
    """Safe and unsafe share of a block or mixture, (draw, setting, 2, year).

    Parameters
    ----------
    name : str
        Which.
    eta : ndarray
        Logit of the blocks' true safe shares.
    around, nested, weights : Around, Nested, mapping
        As proposed.
    seen : bool
        As the survey sees them, instead of true.
    """
    blocks = {b.id: (k, b.district) for k, b in enumerate(nested.block)}
    found: Any = 0.0
    for piece, weight in weights[name].items():
        k, district = blocks.get(piece, (None, piece))
        at = around.parts[piece] if k is None else eta[:, k]
        at = at + around.shift[:, None] if seen else at
        width = around.width[district][..., None]
        both = np.stack([expit(at), expit(-(at + width))], axis=2)
        found = found + np.reshape(weight, (-1, 1, 1, 1)) * both
    return np.asarray(found)


class _Reading:
    """The figures as functions of the blocks' logits where they read them, (draw, figure, block).

    A figure reads several blocks at one question and wave: nothing else of the grid is laid out.
    """

    def __init__(
        self,
        around: Around,
        figures: AreaFigures,
        names: list[str],
        weights: Weights,
        width: Floats,
        inverse: Floats,
    ) -> None:
        draws, count = len(around.deff), len(figures)
        s, t = figures.setting, figures.year
        self.figures, self.inverse = figures, inverse
        self.width = width[:, :, s].swapaxes(1, 2)
        self.shift = around.shift[:, t, None]
        # how each figure weighs the blocks, and what districts add to its safe and unsafe share
        self.weight = np.zeros((draws, count, len(names)))
        self.rest = np.zeros((2, draws, count))
        for f in range(count):
            for piece, share in weights[figures.of[f]].items():
                if piece in names:
                    self.weight[:, f, names.index(piece)] = share
                else:
                    seen = around.parts[piece][:, s[f], t[f]] + around.shift[:, t[f]]
                    wide = around.width[piece][:, s[f]]
                    self.rest[:, :, f] += share * np.stack([expit(seen), expit(-(seen + wide))])
        self.known = np.flatnonzero(figures.known)
        # a cell's second known figure follows its first, and has the same sample
        cell = figures.cell[self.known]
        self.second = np.flatnonzero(cell[1:] == cell[:-1]) + 1

    def at(self, grid: Floats) -> Floats:
        """Take a grid, (draw, block, setting, year), where the figures read it."""
        return grid[:, :, self.figures.setting, self.figures.year].swapaxes(1, 2)

    def spread(self, at: Floats, like: Floats) -> Floats:
        """Add up on a grid what stands where the known figures read it."""
        found = np.zeros_like(like)
        for i, f in enumerate(self.known):
            found[:, :, self.figures.setting[f], self.figures.year[f]] += at[:, i]
        return found

    def shares(self, eta: Floats) -> tuple[Floats, Floats, Floats]:
        """Give figures' safe and unsafe shares, and their slopes by the blocks."""
        safe, unsafe = expit(eta + self.shift), expit(-(eta + self.shift + self.width))
        a, b = self.figures.answer[:, 1, None], self.figures.answer[:, 2, None]
        slope = a * safe * (1 - safe) - b * unsafe * (1 - unsafe)
        return (
            self.rest[0] + (self.weight * safe).sum(axis=2),
            self.rest[1] + (self.weight * unsafe).sum(axis=2),
            self.weight * slope,
        )

    def expected(self, safe: Floats, unsafe: Floats) -> Floats:
        """Give the known figures' means."""
        constant, a, b = self.figures.answer[self.known].T
        return np.asarray(constant + a * safe[:, self.known] + b * unsafe[:, self.known])

    def error(self, safe: Floats, unsafe: Floats) -> _Error:
        """Covariance of the known figures' sampling and rounding errors."""
        f, known, second = self.figures, self.known, self.second
        safe, unsafe, inverse = safe[:, known], unsafe[:, known], self.inverse[:, known]
        a, b = f.answer[known, 1], f.answer[known, 2]
        mean = a * safe + b * unsafe
        own = (a**2 * safe + b**2 * unsafe - mean**2) * inverse + f.rounding[known]
        a, b = a[second] * a[second - 1], b[second] * b[second - 1]
        both = a * safe[:, second] + b * unsafe[:, second] - mean[:, second] * mean[:, second - 1]
        return _Error(own, both * inverse[:, second], second)

    def exact(self, safe: Floats, unsafe: Floats) -> Floats:
        """Log probability of the rounded figures, (draw,)."""
        f = self.figures
        cells, first, count = np.unique(f.cell, return_index=True, return_counts=True)
        found = np.zeros((len(safe), len(cells)))
        for size in np.unique(count):
            which = np.flatnonzero(count == size)
            each = first[which, None] + np.arange(size)  # figures stand in order of their cell
            ends = np.stack([f.low[each], f.high[each]], axis=-1)
            of = (x[:, first[which]] for x in (safe, unsafe, self.inverse))
            found[:, which] = log_of_cells(f.answer[each], ends, *of)
        total: Floats = found.sum(axis=1)
        return total


@dataclass(frozen=True, eq=False)
class _Error:
    """A covariance of figures that are uncorrelated but for a cell's first and second.

    `own` is its diagonal, (draw, figure), `both` what a second figure has with the one before it,
    and `second` which figures are such.
    """

    own: Floats
    both: Floats
    second: NDArray[np.intp]

    def add_to(self, covariance: Floats) -> None:
        """Add it to a dense one, in place."""
        every = np.arange(self.own.shape[1])
        covariance[:, every, every] += self.own
        covariance[:, self.second, self.second - 1] += self.both
        covariance[:, self.second - 1, self.second] += self.both

    def draw(self, standard: Floats) -> Floats:
        """Give errors by standard Normal draws."""
        sd, slope = self._factor
        found: Floats = sd * standard
        found[:, self.second] += slope * standard[:, self.second - 1]
        return found

    def log_density(self, off: Floats) -> Floats:
        """Log density of errors, (draw,)."""
        sd, slope = self._factor
        standard = off / sd
        standard[:, self.second] -= slope * standard[:, self.second - 1] / sd[:, self.second]
        found: Floats = _log_standard(standard) - np.log(sd).sum(axis=1)
        return found

    @cached_property
    def _factor(self) -> tuple[Floats, Floats]:
        """Sds given the figure before, and what stands beside them in the triangular factor."""
        sd = np.sqrt(self.own)
        slope = self.both / sd[:, self.second - 1]
        sd[:, self.second] = np.sqrt(self.own[:, self.second] - slope**2)
        return sd, slope


def _condition(
    read: _Reading, terms: BlockTerms, mean: Floats, before: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """Move prior draws to the figures (Matheron's rule), and weigh them."""
    known, figures = read.known, read.figures
    prior_mean = read.at(mean)
    alike, own = terms.between(figures.setting, figures.year)
    alike, own = alike[:, known], own[:, :, known]  # of what is read with what is known
    alike_known, own_known = alike[known], own[:, known]
    value = figures.value[known]

    def linear_at(eta: Floats) -> tuple[Floats, Floats, Floats, _Error]:
        """Read the figures as linear about `eta`: slopes, values, covariance, its errors."""
        safe, unsafe, slope = read.shares(eta)
        slope, error = slope[:, known], read.error(safe, unsafe)
        linear = value - read.expected(safe, unsafe) + _read(slope, eta[:, known])
        every = slope.sum(axis=2)
        covariance = every[:, :, None] * every[:, None] * alike_known
        covariance += (slope @ slope.swapaxes(1, 2)) * own_known
        error.add_to(covariance)
        return slope, linear, covariance, error

    eta = prior_mean
    for _ in range(_ROUNDS - 1):
        slope, linear, covariance, _ = linear_at(eta)
        missed = linear - _read(slope, prior_mean[:, known])
        pulled = slope * np.linalg.solve(covariance, missed[..., None])
        of_all = pulled.sum(axis=2) @ alike.T
        eta = prior_mean + of_all[..., None] + own @ pulled
    slope, linear, covariance, error = linear_at(eta)
    drawn = _read(slope, read.at(mean + before)[:, known]) + error.draw(noise)
    off = linear[..., None] - np.stack([_read(slope, prior_mean[:, known]), drawn], axis=2)
    solved = np.linalg.solve(covariance, off)
    after = before + terms.spread(read.spread(slope * solved[..., 1:], before))
    eta = read.at(mean + after)
    safe, unsafe, _ = read.shares(eta)
    marginal = _log_density(off[..., 0], solved[..., 0], covariance)
    normal = error.log_density(linear - _read(slope, eta[:, known]))
    return after, marginal - normal + read.exact(safe, unsafe)


def _read(slope: Floats, eta: Floats) -> Floats:
    """Add up what figures take of the blocks' logits, (draw, figure)."""
    found: Floats = (slope * eta).sum(axis=2)
    return found


def _log_density(off: Floats, solved: Floats, covariance: Floats) -> Floats:
    """Log density of a centred multivariate Normal, (draw,); `solved` is `off` by its inverse."""
    factor = np.diagonal(np.linalg.cholesky(covariance), axis1=1, axis2=2)
    distance = (off * solved).sum(axis=1)
    found: Floats = -0.5 * (distance + off.shape[1] * _LOG_TWO_PI) - np.log(factor).sum(axis=1)
    return found


def _log_standard(standard: Floats) -> Floats:
    """Log density of independent standard Normals, (draw,)."""
    found: Floats = -0.5 * ((standard**2).sum(axis=1) + standard.shape[1] * _LOG_TWO_PI)
    return found


def _log_stated(
    stated: Stated,
    year: int,
    settings: list[int],
    eta: Floats,
    around: Around,
    nested: Nested,
    weights: Weights,
) -> Floats:
    """Log probability that a sample would have lain below the whole in every setting."""
    here = Around(
        around.whole[:, :, year, None],
        {k: v[:, :, year, None] for k, v in around.parts.items()},
        around.width,
        around.shift[:, year, None],
        around.deff,
    )
    safe = shares_of(nested.area, eta[..., year, None], here, nested, weights, seen=True)[
        :, :, 0, 0
    ]
    found = np.zeros(len(safe))
    for s in settings:
        p = safe[:, s]
        whole = expit(around.whole[:, s, year] + around.shift[:, year])
        found += log_ndtr((whole - p) / np.sqrt(around.deff * p * (1 - p) / stated.n))
    return found


def _log_estates(
    estates: Estates,
    eta: Floats,
    around: Around,
    names: list[str],
    spec: AreaSpec,
    rng: np.random.Generator,
) -> Floats:
    """Log density of another survey's figures on the logit, its offset tied to the larger area's.

    The offset and the estates' own errors are integrated out; sampling variances are taken at the
    printed shares, for estates are small and nowhere near 0 or 1.
    """
    draws, priors = len(eta), spec.priors
    whole = around.whole[:, estates.setting, estates.year]
    prior, tie = (priors[k]["sigma"] ** -2 for k in ("survey_offset", "survey_tie"))
    told = (logit(estates.tie) - whole) * tie + priors["survey_offset"]["mu"] * prior
    offset = told / (prior + tie)
    shown = np.array(estates.share)
    at = [names.index(b) for b in estates.block]
    off = logit(shown) - eta[:, at, estates.setting, estates.year] - offset[:, None]
    n = draw_prior(priors["estate_size"], rng, (draws, len(shown)))
    own = around.deff[:, None] / (n * shown * (1 - shown)) + priors["estate_error"]["sigma"] ** 2
    covariance = np.full((draws, len(shown), len(shown)), 1 / (prior + tie))
    covariance[:, range(len(shown)), range(len(shown))] += own
    off = off - priors["estate_error"]["mu"]
    return _log_density(off, np.linalg.solve(covariance, off[..., None])[..., 0], covariance)
