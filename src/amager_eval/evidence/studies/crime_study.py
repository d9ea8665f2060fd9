"""The crime model on counts of its own making: one truth, one fit, for calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.evidence.studies.crime_simulate import simulate_crime
from amager_eval.scores.pit import pit_bounds
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design
from amager_eval.trends.crime.forecast import simulate_cells
from amager_eval.trends.replicate import Replicate

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec

    type Floats = NDArray[np.float64]

__all__ = ["CrimeStudy", "few_reports", "quantities", "small_city"]

_WHOLE: Final = "Byen"
#: Inhabitants, and reports a quarter of each type in its first quarter.
_AREAS: Final = {_WHOLE: (600_000, (1500, 800)), "Øst": (60_000, (150, 80))}
_TYPES: Final = ("indbrud", "vold/våben")
#: Quarters with the step of 2018, the pandemic, and three years after it.
_YEARS: Final = range(2017, 2025)
#: A town with few reports: inhabitants, and reports a year of each type.
_FEW: Final = {_WHOLE: (9_000, (15, 10, 8)), "Øst": (3_000, (6, 4, 3))}
_FEW_TYPES: Final = ("indbrud", "vold/våben", "narkotika")
_FEW_YEARS: Final = range(2014, 2026)  # the last is not the baseline year


def small_city(spec: ModelSpec) -> xr.Dataset:
    """Lay out the declared city calibration runs on; its counts say only where priors lie.

    A whole and one district, two types, eight years of quarters. The district's first year is
    missing, and so is one of its cells later.

    Parameters
    ----------
    spec : ModelSpec
        The model's document.

    Returns
    -------
    Dataset
        As :func:`amager_eval.trends.crime.design.crime_design`.
    """
    rows = [
        (area, f"{year}K{quarter}", kind, count, inhabitants)
        for area, (inhabitants, counts) in _AREAS.items()
        for kind, count in zip(_TYPES, counts, strict=True)
        for year in _YEARS
        for quarter in (1, 2, 3, 4)
        if area == _WHOLE or year > min(_YEARS)
        if (area, kind, year, quarter) != ("Øst", "indbrud", 2022, 3)
    ]
    frame = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])
    return crime_design(frame.assign(definition="STRAF11"), spec, whole=_WHOLE)


def few_reports(spec: ModelSpec) -> xr.Dataset:
    """Lay out a town of few reports by the year, zeros among what it simulates.

    A whole and one district, three types, twelve years, 3 to 15 reports a year and type.

    Parameters
    ----------
    spec : ModelSpec
        The model's document.

    Returns
    -------
    Dataset
        As :func:`small_city`.
    """
    rows = [
        (area, f"{year}", kind, count, inhabitants)
        for area, (inhabitants, counts) in _FEW.items()
        for kind, count in zip(_FEW_TYPES, counts, strict=True)
        for year in _FEW_YEARS
    ]
    frame = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])
    return crime_design(frame.assign(definition="STRAF11"), spec, whole=_WHOLE)


class CrimeStudy:
    """The crime model as something that makes its own data and is fitted to them.

    Parameters
    ----------
    design : Dataset
        Every replicate has its shape, so the model is compiled once.
    spec : ModelSpec
        The model's document.
    ahead : int
        Periods forecast and held against the simulated future.
    draws, chains : int or None
        Of each fit; default the spec's and 4.
    name : str
        Name in file names.
    """

    def __init__(
        self,
        design: xr.Dataset,
        spec: ModelSpec,
        *,
        ahead: int = 4,
        draws: int | None = None,
        chains: int = 4,
        name: str = "crime",
    ) -> None:
        self.name = name
        self._design, self._spec, self._ahead = design, spec, ahead
        self._draws, self._chains = draws, chains

    def replicate(self, seed: int) -> Replicate:
        """Draw a truth, simulate its counts, fit, forecast.

        Parameters
        ----------
        seed : int
            Seed of truth, counts and sampler.

        Returns
        -------
        Replicate
        """
        made = simulate_crime(self._design, seed, ahead=self._ahead)
        fit = begin_design(
            made.design, self._spec, draws=self._draws, chains=self._chains, seed=seed
        )()
        posterior = fit.data["posterior"].to_dataset()
        stacked = posterior.stack(sample=("chain", "draw"))  # noqa: PD013
        stacked = stacked.drop_vars(["chain", "draw", "sample"])
        rng = np.random.default_rng([seed, 12])
        n = made.design.sizes["period"]
        stacked = stacked.transpose("sample", ...)
        _, _, count, _ = simulate_cells(stacked, made.design, n + self._ahead, rng)
        draws = count[..., n:].reshape(count.shape[0], -1)
        return Replicate(
            truth={k: float(v) for k, v in quantities(made.truth).items()},
            draws=quantities(posterior),
            diagnostics=fit.diagnostics,
            pit=pit_bounds(draws, made.future.ravel()),
        )


def quantities(state: xr.Dataset) -> dict[str, Floats]:
    """Name what results rest on: scalars of a truth, or `chain, draw` of a posterior."""
    state = state.assign(level_last=state["level"].isel(period=-1, drop=True))
    found = {}
    for name in ("level_baseline", "level_last", "drift", "innovation", "dispersion", "passing_sd"):
        if name not in state:
            continue
        values = state[name]
        dims = [d for d in values.dims if d not in ("chain", "draw")]
        flat = values.stack(cell=dims).transpose("cell", ...)  # noqa: PD013
        for at, label in zip(flat["cell"].values, flat, strict=True):
            key = " ".join(map(str, at if isinstance(at, tuple) else (at,)))
            found[f"{name} {key}"] = np.asarray(label.values, dtype=np.float64)
    return found
