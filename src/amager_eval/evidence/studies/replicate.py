"""What one round of calibration leaves: a truth drawn from the priors, and the fit to its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.trends.diagnose import Diagnostics

    type Floats = NDArray[np.float64]

__all__ = ["Replicate", "Study", "by_name"]


@dataclass(frozen=True, eq=False)
class Replicate:
    """One truth and what the fit to its data says."""

    #: Quantity to its true value.
    truth: Mapping[str, float]
    #: Quantity to posterior draws, dims `chain, draw`.
    draws: Mapping[str, Floats]
    #: What the gates saw.
    diagnostics: Diagnostics
    #: Bounds of the probability integral transform of figures that came after, `low, high`; for
    #: :func:`amager_eval.scores.pit.covered`. Empty where none were forecast.
    pit: tuple[Floats, Floats] = field(default_factory=lambda: (np.empty(0), np.empty(0)))
    #: So many times the study's own draws were taken.
    times: int = 1


class Study(Protocol):
    """A model that can make data from its own prior and be fitted to them."""

    @property
    def name(self) -> str:
        """Name in file names."""

    def replicate(self, seed: int) -> Replicate:
        """Draw a truth, simulate its data, fit."""


def by_name(table: xr.Dataset) -> dict[str, Floats]:
    """Name every scalar of a truth, or `chain, draw` of a posterior: the variable and its place."""
    found = {}
    for name, values in table.data_vars.items():
        dims = [d for d in values.dims if d not in ("chain", "draw")]
        for at in np.ndindex(*(values.sizes[d] for d in dims)):
            one = values.isel(dict(zip(dims, at, strict=True)))
            place = (str(one[d].to_numpy()) for d in dims)
            found[" ".join((str(name), *place))] = np.asarray(one, dtype=np.float64)
    return found
