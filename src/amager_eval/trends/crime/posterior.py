"""Draws of the sampler's variables to levels, walks and dispersion: NumPy, no PyMC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from amager_eval.trends.crime.arrays import groups_of_areas, unpack
from amager_eval.trends.crime.walk import CrimeWalk, crime_unknowns

if TYPE_CHECKING:
    from amager_eval.spec.prior import Prior

__all__ = ["COORDS", "HYPERPARAMETERS", "crime_posterior"]

_SAMPLE: Final = ("chain", "draw")
#: Coordinates of a posterior.
COORDS: Final = (
    "area", "crime_type", "period", "path_class", "effect", "season_contrast", "own_effect",
)  # fmt: skip
#: What priors of other quantities rest on and no report quotes.
HYPERPARAMETERS: Final = (
    "drift_mean", "drift_spread", "dispersion_common", "season_gap_sd", "shared_walk",
)  # fmt: skip


class _Drawn:
    """Unknowns as they were drawn; see :class:`amager_eval.trends.crime.walk.Variables`."""

    functions = np

    def __init__(self, draws: Mapping[str, NDArray[np.float64]]) -> None:
        self._draws = draws

    def normal(self, name: str, mu: Any, sigma: Any, dims: tuple[str, ...]) -> Any:  # noqa: ARG002
        return self._draws[name]

    def half_normal(self, name: str, sigma: float, dims: tuple[str, ...]) -> Any:  # noqa: ARG002
        return self._draws[name]

    def positive(self, name: str, prior: Prior, dims: tuple[str, ...]) -> Any:  # noqa: ARG002
        return self._draws[name]

    def named(self, name: str, value: Any, dims: tuple[str, ...]) -> Any:  # noqa: ARG002
        self._draws = {**self._draws, name: value}
        return value

    def __getitem__(self, name: str) -> Any:
        return self._draws[name]


def crime_posterior(raw: xr.Dataset, design: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Turn draws of the model's free variables into the quantities results rest on.

    Parameters
    ----------
    raw : Dataset
        The sampler's posterior, dims `chain, draw, ...`.
    design : Dataset
        The design it was fitted to.
    rng : numpy.random.Generator
        Parts a path into level and passing part: given their sum and their standard deviations
        both are Gaussian, so the sampler need not carry them apart.

    Returns
    -------
    Dataset
        `level` (log rate per 1,000 per period without season, pandemic, steps and what passes;
        dims `area, crime_type, period`), `level_baseline` (its mean over the baseline), `drift`
        (per year; of the gap for an area inside a whole; dims `area, crime_type`), `innovation`
        (per square root of a year) and `dispersion` (1/sqrt(alpha) per period; both dims
        `path_class, crime_type`), `effect_size` (log rate, dims `crime_type, effect`), and what
        their priors rest on: `drift_mean`, `drift_spread` and `dispersion_common` (dims
        `path_class`), and where types move together `shared_walk` (standard normal, dims `area,
        component`); where areas lie inside a whole, in quarters and months, `passing` (log rate,
        dims as `level`), `passing_sd` and `season_gap_sd` (dims `crime_type`) and `season_gap`
        (dims `area, crime_type, season_contrast`).
    """
    data = unpack(None, design)
    drawn = _Drawn({str(name): raw[name].values for name in raw.data_vars})
    unknowns = crime_unknowns(drawn, data, np.matmul)
    groups = groups_of_areas(design)
    order = np.argsort(np.concatenate(groups))
    walks = unknowns.walks

    def of_areas(part: Callable[[CrimeWalk], Any]) -> Any:
        """Join the groups of areas, in the design's order."""
        return np.concatenate([part(walk) for walk in walks], axis=2)[:, :, order]

    passing = [_passing(walk, rng) for walk in walks]
    cells = (*_SAMPLE, "area", "crime_type")
    both = np.concatenate(passing, axis=2)[:, :, order] if data["passes"] else None
    level = of_areas(lambda w: w.centre[..., None] + w.coefficient @ data["walk"])
    baseline = of_areas(lambda w: w.path_baseline)
    found: dict[str, tuple[tuple[str, ...], Any]] = {}
    if both is not None:
        passed = both @ data["walk"]
        level = level - passed
        baseline = baseline - both @ data["baseline_walk"]
        found["passing"] = ((*cells, "period"), passed)
        found["passing_sd"] = ((*_SAMPLE, "crime_type"), drawn["passing_sd"])
    if walks[-1].season_gap is not None:
        own = np.zeros((*level.shape[:-1], design.sizes["season_contrast"]))
        own[:, :, groups[-1]] = walks[-1].season_gap
        found["season_gap"] = ((*cells, "season_contrast"), own)
        found["season_gap_sd"] = ((*_SAMPLE, "crime_type"), drawn["season_gap_sd"])
    if walks[0].shared is not None:
        shared = np.zeros((*level.shape[:3], walks[0].shared.shape[-1]))
        shared[:, :, groups[0]] = walks[0].shared
        found["shared_walk"] = ((*_SAMPLE, "area", "component"), shared)
    names = ["innovation", "innovation_gap"][: len(walks)]
    if unknowns.own_effect is not None:
        found["own_effect_size"] = ((*_SAMPLE, "crime_type", "own_effect"), unknowns.own_effect)
    innovation = np.stack([drawn[name] for name in names], axis=2)
    return xr.Dataset(
        {
            "level": ((*cells, "period"), level),
            "level_baseline": (cells, baseline),
            "drift": (cells, of_areas(lambda w: w.drift)),
            "innovation": ((*_SAMPLE, "path_class", "crime_type"), innovation),
            "dispersion": ((*_SAMPLE, "path_class", "crime_type"), unknowns.dispersion),
            "effect_size": ((*_SAMPLE, "crime_type", "effect"), unknowns.effect),
            "drift_mean": (_SAMPLE, drawn["drift_mean"]),
            "drift_spread": (_SAMPLE, drawn["drift_spread"]),
            "dispersion_common": ((*_SAMPLE, "path_class"), drawn["dispersion_common"]),
            **found,
        },
        coords={n: design[n] for n in COORDS if n in design},
    )


def _passing(walk: CrimeWalk, rng: np.random.Generator) -> Any:
    """Draw the part of a walk's coefficients that passes, given the whole of them."""
    if walk.passing_variance is None:
        return np.zeros_like(walk.shock)
    share = walk.passing_variance / walk.variance
    spread = np.sqrt(walk.passing_variance * (1.0 - share))
    return share * walk.shock + spread * rng.standard_normal(walk.shock.shape)
