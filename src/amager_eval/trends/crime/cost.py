"""Estimate what a fit will cost before it begins, and tell where that is much."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["LOGGER", "Cost", "crime_cost", "tell_cost"]

#: Name of the logger that tells; the message's record has the cost as `cost`.
LOGGER: Final = "amager_eval.cost"

# Measured in processor seconds on two cores in November 2026: 33 areas, 11 types and 39 quarters
# (1.31 ms a gradient, 63 gradients a draw), 9 areas of the same (51 a draw). Memory is of 158
# areas, 9 types and 10 years, with random numbers in place of the sampler's draws.
#: Microseconds of a log density with its gradient, per cell, and gradients of a draw: of fits small
#: enough for fewer nothing is told.
PER_CELL: Final = 0.095
GRADIENTS: Final = 63
#: Seconds to compile where nothing was compiled before, and to judge a cell's draws.
COMPILE: Final = 60.0
JUDGE: Final = 0.005
#: Gigabytes of the process with its compiled model; bytes a cell and draw while chains are
#: sampled (draws twice, as the sampler keeps them and as they are read), and when they are kept.
BASE: Final = 0.45
WHILE_SAMPLED, WHEN_KEPT = 16.0, 4.0
#: A fit of this many minutes is told of.
TOLD_FROM: Final = 2.0


@dataclass(frozen=True)
class Cost:
    """What a fit is expected to take.

    Parameters
    ----------
    areas, types, periods : int
        What is fitted.
    minutes : float
        Wall clock on so many free cores.
    cores : int
        Chains that are sampled side by side.
    gigabytes : float
        Memory at the most.
    """

    areas: int
    types: int
    periods: int
    minutes: float
    cores: int
    gigabytes: float

    def __str__(self) -> str:
        return (
            f"Fitting {self.areas} areas, {self.types} types and {self.periods} periods takes "
            f"about {max(1, round(self.minutes))} minutes on {self.cores} free cores and "
            f"{self.gigabytes:.1f} GB of memory."
        )


def crime_cost(
    design: xr.Dataset, *, draws: int, tune: int, chains: int, at_once: int | None = None
) -> Cost:
    """Estimate what a fit of crime takes, from its cells and draws.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.
    draws, tune, chains : int
        Kept draws and warm-up draws per chain; number of chains.
    at_once : int or None
        Chains sampled side by side; default all there are cores for.

    Returns
    -------
    Cost
    """
    cells = design["count"].size
    side_by_side = at_once or chains
    cores = max(1, min(side_by_side, os.cpu_count() or 1))
    sampling = chains * (draws + tune) * GRADIENTS * cells * PER_CELL * 1e-6 / cores
    seconds = COMPILE + sampling + cells * JUDGE
    memory = side_by_side * draws * WHILE_SAMPLED + chains * draws * WHEN_KEPT
    sizes = design.sizes
    return Cost(
        sizes["area"], sizes["crime_type"], sizes["period"],
        seconds / 60, cores, BASE + cells * memory / 1e9,
    )  # fmt: skip


def tell_cost(cost: Cost) -> None:
    """Say what a fit will cost where that is much: at level INFO of the logger :data:`LOGGER`.

    As PyMC's own messages it goes to standard error where nobody has configured logging.
    """
    if cost.minutes < TOLD_FROM:
        return
    logger = logging.getLogger(LOGGER)
    if not logger.hasHandlers():
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.INFO)
    logger.info(str(cost), extra={"cost": cost})
