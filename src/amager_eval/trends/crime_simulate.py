"""Counts from the crime model's own priors, given a design: for calibration and recovery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from amager_eval.spec.model import ModelSpec
from amager_eval.trends import sample
from amager_eval.trends.crime_data import model_data
from amager_eval.trends.crime_fit import sample_design
from amager_eval.trends.crime_forecast import simulate_cells
from amager_eval.trends.crime_geometry import walk_geometry
from amager_eval.trends.crime_prior import prior_draws
from amager_eval.trends.replicate import Replicate

__all__ = ["CrimeStudy", "Simulated", "replace_counts", "simulate_crime"]

type Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Simulated:
    """A truth and its counts.

    Parameters
    ----------
    truth : Dataset
        Every quantity of the model, dims as
        :func:`amager_eval.trends.crime_posterior.crime_posterior` without `chain, draw`.
    design : Dataset
        The design with the simulated counts where the original had some.
    future : ndarray
        Reports of the periods after the last, dims `area, crime_type, future`.
    """

    truth: xr.Dataset
    design: xr.Dataset
    future: Floats


def simulate_crime(design: xr.Dataset, seed: int, *, ahead: int = 0) -> Simulated:
    """Draw a truth from the priors, and the counts it makes.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime_design.crime_design`: areas, types, periods,
        inhabitants and prior locations are taken from it; of its counts only which there are.
    seed : int
        Seed.
    ahead : int
        Periods to simulate beyond the last.

    Returns
    -------
    Simulated

    Notes
    -----
    The priors' locations stay those of the original counts (the crude rates), so that prior and
    data belong to one model. Population beyond the known dates is drawn too.
    """
    rng = np.random.default_rng([seed, 11])
    blank = design.assign(count=xr.full_like(design["count"], np.nan))
    state = prior_draws(blank, 1, rng)
    n = design.sizes["period"]
    _, _, count, _ = simulate_cells(state, design, n + ahead, rng)
    cells = np.where(np.isnan(design["count"].values), np.nan, count[0, ..., :n])
    simulated = replace_counts(design, cells, count[0, ..., :n])
    return Simulated(state.isel(sample=0), simulated, count[0, ..., n:])


def replace_counts(design: xr.Dataset, cells: Floats, everything: Floats) -> xr.Dataset:
    """Put other counts into a design and renew what the sampler is told of them.

    Parameters
    ----------
    design : Dataset
        Any.
    cells : ndarray
        Counts of modelled cells, NaN where there is none; dims `area, crime_type, period`.
    everything : ndarray
        The same without NaN: sums of cells are taken from it.

    Returns
    -------
    Dataset
    """
    published = design["published"]
    areas = design["out_area_members"].values[: published.shape[0]]
    types = design["out_type_members"].values[: published.shape[1]]
    sums = np.einsum("ua,vk,akt->uvt", areas, types, everything)
    flat = np.append(everything.ravel(), 0.0)
    changed = design.assign(
        count=(design["count"].dims, cells),
        published=published.copy(data=np.where(np.isnan(published.values), np.nan, sums)),
        lump_count=(("lump",), flat[design["lump_cells"].values].sum(axis=1)),
    )
    return walk_geometry(changed)


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
        from amager_eval.trends.crime_model import crime_model

        self.name = name
        self._design, self._spec, self._ahead = design, spec, ahead
        self._draws, self._chains = draws, chains
        self._compiled = sample.compile_model(crime_model(design))

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
        from amager_eval.trends.score_pit import pit_bounds

        made = simulate_crime(self._design, seed, ahead=self._ahead)
        fit = sample_design(
            self._compiled.with_data(**model_data(made.design)),
            made.design,
            self._spec,
            draws=self._draws,
            chains=self._chains,
            seed=seed,
        )
        posterior = fit.data["posterior"].to_dataset()
        stacked = posterior.stack(sample=("chain", "draw")).drop_vars(["chain", "draw", "sample"])
        rng = np.random.default_rng([seed, 12])
        n = made.design.sizes["period"]
        stacked = stacked.transpose("sample", ...)
        _, _, count, _ = simulate_cells(stacked, made.design, n + self._ahead, rng)
        draws = count[..., n:].reshape(count.shape[0], -1)
        return Replicate(
            truth={k: float(v) for k, v in _quantities(made.truth).items()},
            draws=_quantities(posterior),
            diagnostics=fit.diagnostics,
            pit=pit_bounds(draws, made.future.ravel()),
        )


def _quantities(state: xr.Dataset) -> dict[str, Floats]:
    """Name what results rest on: scalars of a truth, or `chain, draw` of a posterior."""
    state = state.assign(level_last=state["level"].isel(period=-1, drop=True))
    found = {}
    for name in ("level_baseline", "level_last", "drift", "innovation", "dispersion", "passing_sd"):
        if name not in state:
            continue
        values = state[name]
        dims = [d for d in values.dims if d not in ("chain", "draw")]
        flat = values.stack(cell=dims).transpose("cell", ...)
        for at, label in zip(flat["cell"].values, flat, strict=True):
            key = " ".join(map(str, at if isinstance(at, tuple) else (at,)))
            found[f"{name} {key}"] = np.asarray(label.values, dtype=np.float64)
    return found
