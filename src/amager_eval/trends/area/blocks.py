"""The blocks' Gaussian terms given hyperparameters: draws of the prior, covariance of cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from amager_eval.trends.safety.covariance import walk_basis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.area_estimate import AreaSpec

    type Floats = NDArray[np.float64]

__all__ = ["BlockTerms", "block_terms"]


@dataclass(frozen=True, eq=False)
class BlockTerms:
    """What a block's logit differs by from what it follows: a sum of Gaussian terms.

    All fields have the draw first. Terms: a centre of all blocks, one of each setting, each
    block's own level, its walk, and its direction.

    Parameters
    ----------
    centre_sd, setting_sd : float
        Sds that are not drawn.
    block_sd, block_correlation, walk_sd, walk_correlation, drift_sd : ndarray
        (draw,); correlations are between settings.
    line : ndarray
        How far a direction has come in each year, (draw, year).
    walk : ndarray
        From innovations to the walk, (year, innovation).
    """

    centre_sd: float
    setting_sd: float
    block_sd: Floats
    block_correlation: Floats
    walk_sd: Floats
    walk_correlation: Floats
    drift_sd: float
    line: Floats
    walk: Floats

    def take(self, rows: Any) -> BlockTerms:
        """Take some draws."""
        names = ("block_sd", "block_correlation", "walk_sd", "walk_correlation", "line")
        return replace(self, **{k: getattr(self, k)[rows] for k in names})

    def draw(self, rng: np.random.Generator, blocks: int, settings: int) -> Floats:
        """Draw from the prior, (draw, block, setting, year)."""
        draws, years = self.line.shape
        steps = self.walk.shape[1]
        found = np.zeros((draws, blocks, settings, years))
        found += self.centre_sd * rng.standard_normal((draws, 1, 1, 1))
        found += self.setting_sd * rng.standard_normal((draws, 1, settings, 1))
        level = self.block_sd[:, None, None] * _alike(
            rng.standard_normal((draws, blocks, settings)), self.block_correlation, axis=2
        )
        moves = self.walk_sd[:, None, None, None] * _alike(
            rng.standard_normal((draws, blocks, settings, steps)), self.walk_correlation, axis=2
        )
        slope = self.drift_sd * rng.standard_normal((draws, blocks, settings, 1))
        found += level[..., None] + moves @ self.walk.T + slope * self.line[:, None, None]
        return found

    def between(self, setting: Any, year: Any) -> tuple[Floats, Floats]:
        """Covariances of cells: of any two blocks (cell, cell), and what one block's own adds.

        The latter has the draw first, and is the same of every block.
        """
        same = setting[:, None] == setting
        walked = (self.walk @ self.walk.T)[year[:, None], year]
        level, moves = (
            np.where(same, 1.0, r[:, None, None])
            for r in (self.block_correlation, self.walk_correlation)
        )
        line = self.line[:, year]
        own: Floats = (
            self.block_sd[:, None, None] ** 2 * level
            + self.walk_sd[:, None, None] ** 2 * moves * walked
            + self.drift_sd**2 * same * line[:, :, None] * line[:, None]
        )
        return self.centre_sd**2 + self.setting_sd**2 * same, own

    def spread(self, at: Floats) -> Floats:
        """Multiply the covariance of all cells by a grid, (draw, block, setting, year)."""
        everywhere = at.sum(axis=(1, 2, 3), keepdims=True)
        of_setting = at.sum(axis=(1, 3), keepdims=True)
        level = _together(at.sum(axis=3), self.block_correlation)[..., None]
        moves = _together(at @ (self.walk @ self.walk.T), self.walk_correlation)
        line = self.line[:, None, None]
        found: Floats = (
            self.centre_sd**2 * everywhere
            + self.setting_sd**2 * of_setting
            + self.block_sd[:, None, None, None] ** 2 * level
            + self.walk_sd[:, None, None, None] ** 2 * moves
            + self.drift_sd**2 * (at * line).sum(axis=3, keepdims=True) * line
        )
        return found


def block_terms(
    spec: AreaSpec,
    hyper: Mapping[str, Floats],
    *,
    years: Any,
    anchor: int,
    last: int,
    drift: bool,
    fade: Floats,
    correlation: Floats,
    still: bool = False,
) -> BlockTerms:
    """Put the blocks' terms together at drawn hyperparameters.

    Parameters
    ----------
    spec : AreaSpec
        Sds that are not drawn.
    hyper : mapping of str to ndarray
        `block_sd, block_correlation, walk_sd`, (draw,).
    years : ndarray of int
        Years of the draws.
    anchor, last : int
        Baseline wave, where walks and directions are 0; last observed wave, after which
        directions fade.
    drift : bool
        With lasting directions or without.
    fade : ndarray
        What is left of a direction from one year to the next after `last`, (draw,).
    correlation : ndarray
        Of day and night in the yearly innovations, (draw,).
    still : bool
        Whether a block stays where it is after `last` beside what it follows.
    """
    priors = spec.priors
    years = np.asarray(years)
    after = np.maximum(years - max(last, anchor), 0)
    # a direction runs on undamped to the last observed wave, then a power of `fade` a year
    left = np.cumsum(fade[:, None] ** np.arange(1, max(int(after.max()), 1) + 1), axis=1)
    line = np.minimum(years, max(last, anchor)) - anchor + np.where(
        after > 0, left[:, np.maximum(after - 1, 0)], 0.0
    )  # fmt: skip
    walk = walk_basis(years, anchor)
    if still:
        at = int(np.searchsorted(years, max(last, anchor)))
        walk[at:], line[:, at:] = walk[at], line[:, [at]]
    return BlockTerms(
        centre_sd=priors["centre"]["sigma"],
        setting_sd=priors["setting_centre"]["sigma"],
        block_sd=hyper["block_sd"],
        block_correlation=hyper["block_correlation"],
        walk_sd=hyper["walk_sd"],
        walk_correlation=correlation,
        drift_sd=priors["drift"]["sigma"] if drift else 0.0,
        line=line,
        walk=walk,
    )


def _alike(draws: Floats, r: Floats, *, axis: int) -> Floats:
    """Give independent draws a common correlation along an axis of settings."""
    r = r.reshape(-1, *[1] * (draws.ndim - 1))
    count = draws.shape[axis]
    mean = draws.mean(axis=axis, keepdims=True)
    found: Floats = np.sqrt(1 + (count - 1) * r) * mean + np.sqrt(1 - r) * (draws - mean)
    return found


def _together(at: Floats, r: Floats) -> Floats:
    """Multiply by a common correlation matrix along the settings (axis 2)."""
    r = r.reshape(-1, *[1] * (at.ndim - 1))
    found: Floats = (1 - r) * at + r * at.sum(axis=2, keepdims=True)
    return found
