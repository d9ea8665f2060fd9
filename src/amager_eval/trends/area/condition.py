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
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import expit, log_ndtr, logit

from amager_eval.trends.area.blocks import BlockTerms
from amager_eval.trends.area.hyper import draw_prior
from amager_eval.trends.safety.forecast import in_blocks
from amager_eval.trends.safety.likelihood import log_of_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.area_estimate import AreaSpec
    from amager_eval.spec.nested import Nested, Stated
    from amager_eval.trends.area.design import AreaFigures

    type Floats = NDArray[np.float64]

__all__ = ["Around", "Estates", "Proposed", "propose", "shares_of"]

#: Rounds of the linear reading.
_ROUNDS: Final = 4


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
    weights: Mapping[str, Mapping[str, Any]]
    log_weight: Mapping[str, Floats]


def propose(
    around: Around,
    terms: BlockTerms,
    nested: Nested,
    figures: AreaFigures,
    spec: AreaSpec,
    rng: np.random.Generator,
    *,
    shares: Mapping[str, Any],
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
    weights: Mapping[str, Mapping[str, Any]],
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
    """The figures as functions of the block cells they read."""

    def __init__(
        self,
        around: Around,
        figures: AreaFigures,
        names: list[str],
        weights: Mapping[str, Mapping[str, Any]],
        width: Floats,
        inverse: Floats,
    ) -> None:
        draws, count = len(around.deff), len(figures)
        self.figures, self.inverse = figures, inverse
        cells: dict[tuple[int, int, int], int] = {}
        for f in range(count):
            for piece in weights[figures.of[f]]:
                if piece in names:
                    key = names.index(piece), int(figures.setting[f]), int(figures.year[f])
                    cells.setdefault(key, len(cells))
        self.cells = np.array(list(cells), dtype=int).reshape(-1, 3).T
        k, s, t = self.cells
        self.width = width[:, k, s]
        self.shift = around.shift[:, t]
        # how each figure weighs the cells, and what districts add to its safe and unsafe share
        self.weight = np.zeros((draws, count, len(cells)))
        self.rest = np.zeros((2, draws, count))
        for f in range(count):
            at = int(figures.setting[f]), int(figures.year[f])
            for piece, share in weights[figures.of[f]].items():
                if piece in names:
                    self.weight[:, f, cells[names.index(piece), *at]] = share
                else:
                    seen = around.parts[piece][:, *at] + around.shift[:, at[1]]
                    wide = around.width[piece][:, at[0]]
                    self.rest[:, :, f] += share * np.stack([expit(seen), expit(-(seen + wide))])

    def shares(self, eta: Floats) -> tuple[Floats, Floats, Floats]:
        """Give figures' safe and unsafe shares, and their slopes by the cells."""
        safe, unsafe = expit(eta + self.shift), expit(-(eta + self.shift + self.width))
        a, b = self.figures.answer[:, 1, None], self.figures.answer[:, 2, None]
        slope = a * (safe * (1 - safe))[:, None] - b * (unsafe * (1 - unsafe))[:, None]
        return (
            self.rest[0] + np.einsum("nfc,nc->nf", self.weight, safe),
            self.rest[1] + np.einsum("nfc,nc->nf", self.weight, unsafe),
            self.weight * slope,
        )

    def expected(self, safe: Floats, unsafe: Floats) -> Floats:
        """Give the figures' means."""
        constant, a, b = self.figures.answer.T
        return np.asarray(constant + a * safe + b * unsafe)

    def error(self, safe: Floats, unsafe: Floats) -> Floats:
        """Covariance of the figures' sampling and rounding errors, (draw, figure, figure)."""
        f = self.figures
        a, b = f.answer[:, 1], f.answer[:, 2]
        mean = a * safe + b * unsafe
        found = np.zeros((len(safe), len(f), len(f)))
        # the figures of one cell have one sample, and so one safe and one unsafe share
        i, j = np.nonzero(f.cell[:, None] == f.cell)
        both = (a[i] * a[j]) * safe[:, i] + (b[i] * b[j]) * unsafe[:, i] - mean[:, i] * mean[:, j]
        found[:, i, j] = both * self.inverse[:, i] + np.diag(f.rounding)[i, j]
        return found

    def exact(self, safe: Floats, unsafe: Floats) -> Floats:
        """Log probability of the rounded figures, (draw,)."""
        f, found = self.figures, np.zeros(len(safe))
        for cell in np.unique(f.cell):
            at = np.flatnonzero(f.cell == cell)
            ends = [(float(f.low[i]), float(f.high[i])) for i in at]
            first = at[0]
            found += log_of_cell(
                f.answer[at], ends, safe[:, first], unsafe[:, first], self.inverse[:, first]
            )
        return found


def _condition(
    read: _Reading, terms: BlockTerms, mean: Floats, before: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """Move prior draws to the figures (Matheron's rule), and weigh them."""
    k, s, t = read.cells
    prior_mean, prior = mean[:, k, s, t], terms.of_cells(k, s, t)
    known = np.flatnonzero(read.figures.known)
    value = read.figures.value[known]
    eta = prior_mean
    for _ in range(_ROUNDS):
        safe, unsafe, slope = read.shares(eta)
        slope = slope[:, known]
        error = read.error(safe, unsafe)[:, known][:, :, known]
        linear = value - read.expected(safe, unsafe)[:, known] + _times(slope, eta)
        carried = prior @ slope.swapaxes(1, 2)  # (draw, cell, figure)
        covariance = slope @ carried + error
        missed = linear - _times(slope, prior_mean)
        eta = prior_mean + _times(carried, np.linalg.solve(covariance, missed[..., None])[..., 0])
    noise = _times(np.linalg.cholesky(error), noise)
    drawn = (mean + before)[:, k, s, t]
    solved = np.linalg.solve(covariance, (linear - _times(slope, drawn) - noise)[..., None])
    at = np.zeros_like(before)
    at[:, k, s, t] = _times(slope.swapaxes(1, 2), solved[..., 0])
    after = before + terms.spread(at)
    eta = (mean + after)[:, k, s, t]
    safe, unsafe, _ = read.shares(eta)
    normal = _log_normal(linear - _times(slope, eta), error)
    return after, _log_normal(missed, covariance) - normal + read.exact(safe, unsafe)


def _times(matrix: Floats, vector: Floats) -> Floats:
    """Matrices times vectors, draw by draw."""
    return np.asarray((matrix @ vector[..., None])[..., 0])


def _log_normal(off: Floats, covariance: Floats) -> Floats:
    """Log density of a centred multivariate Normal, (draw,)."""
    lower = np.linalg.cholesky(covariance)
    solved = np.linalg.solve(lower, off[..., None])[..., 0]
    size = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    found: Floats = -0.5 * (solved**2).sum(axis=1) - size - 0.5 * off.shape[1] * np.log(2 * np.pi)
    return found


def _log_stated(
    stated: Stated,
    year: int,
    settings: list[int],
    eta: Floats,
    around: Around,
    nested: Nested,
    weights: Mapping[str, Mapping[str, Any]],
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
    return _log_normal(off - priors["estate_error"]["mu"], covariance)
