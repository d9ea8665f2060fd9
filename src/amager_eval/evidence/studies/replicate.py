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
    """One truth and what the fit to its data says.

    Parameters
    ----------
    truth : mapping of str to float
        Quantity to its true value.
    draws : mapping of str to ndarray
        Quantity to posterior draws, dims `chain, draw`.
    diagnostics : Diagnostics
        What the gates saw.
    pit : tuple of ndarray
        Bounds of the probability integral transform of figures that came after, `low, high`; for
        :func:`amager_eval.scores.pit.covered`. Empty where none were forecast.
    times : int
        So many times the study's own draws were taken.
    """

    truth: Mapping[str, float]
    draws: Mapping[str, Floats]
    diagnostics: Diagnostics
    pit: tuple[Floats, Floats] = field(default_factory=lambda: (np.empty(0), np.empty(0)))
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
