"""Calibration given the real counts, crime: truths of the posterior, their next periods, refits.

As :mod:`~amager_eval.evidence.studies.safety_onward`: a draw of the posterior is the truth, the
periods that follow are made from it, and the model is fitted to all counts together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.evidence.studies.crime_simulate import by_sample
from amager_eval.evidence.studies.crime_study import quantities
from amager_eval.evidence.studies.replicate import Replicate
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.effects import season_basis
from amager_eval.trends.crime.fit import begin_design
from amager_eval.trends.crime.forecast import simulate_cells

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.trends.fit import Fit

__all__ = ["CrimeOnward"]


class CrimeOnward:
    """A crime fit of one area as something that makes its next periods and is fitted again."""

    name = "crime_onward"

    def __init__(self, fit: Fit, *, ahead: int, draws: int | None = None, chains: int = 4) -> None:
        self._fit, self._ahead = fit, ahead
        self._draws, self._chains = draws, chains
        self._real = fit.data["design"].to_dataset()
        self._states = by_sample(fit.data["posterior"].to_dataset())

    def replicate(self, seed: int) -> Replicate:
        """Draw a truth from the posterior, make its next periods, fit all counts."""
        rng = np.random.default_rng([seed, 13])
        truth, design = self._made(int(rng.integers(self._states.sizes["sample"])), rng)
        refit = begin_design(
            design, self._fit.spec, draws=self._draws, chains=self._chains, seed=seed
        )()
        draws = quantities(refit.data["posterior"].to_dataset())
        return Replicate(
            truth={k: float(v) for k, v in quantities(truth).items()},
            draws=draws,
            diagnostics=refit.diagnostics,
        )

    def _made(self, i: int, rng: np.random.Generator) -> tuple[xr.Dataset, xr.Dataset]:
        """One draw of the posterior run on, and the real counts with those it makes."""
        state, real = self._states.isel(sample=[i]), self._real
        n = real.sizes["period"]
        expected, _, count, exposure = simulate_cells(state, real, n + self._ahead, rng)
        first = parse_period(real["period"].values[0])
        periods = [first.shift(k) for k in range(n, n + self._ahead)]
        per_year = int(real.attrs["per_year"])
        last = season_basis(per_year)[periods[-1].index - 1]
        effect = state["effect_size"].transpose("sample", "crime_type", "effect").values
        season = effect[0, :, : per_year - 1] @ last
        ended = np.log(expected[0, ..., -1] / exposure[0, :, None, -1]) - season
        truth = state.isel(sample=0)
        level = truth["level"].isel(period=[-1])
        truth = truth.drop_dims("period").assign(level=level.copy(data=ended[..., None]))

        summed = np.einsum("vk,kt->vt", real["out_type_members"].values, count[0, 0])
        known = real["published"].values[0]  # (type, period); of the rest nothing is published
        summed[: len(known), :n] = known
        times = [*(str(p) for p in real["period"].values), *map(str, periods)]
        rows = [
            (str(real["out_area"].values[0]), period, str(kind), summed[v, t], people)
            for v, kind in enumerate(real["out_type"].values[: len(known)])
            for t, (period, people) in enumerate(zip(times, 1000 * exposure[0, 0], strict=True))
            if np.isfinite(summed[v, t])
        ]
        frame = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])
        return truth, crime_design(
            frame.assign(definition=real.attrs["definition"]), self._fit.spec
        )
