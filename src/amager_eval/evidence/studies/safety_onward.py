"""Calibration given the real figures, safety: truths of the posterior, their next waves, refits.

Calibration over the priors asks about every city the priors allow; this asks about the one that was
seen. A draw of the posterior is the truth, the waves that follow are made from it, and the model is
fitted to the real figures and these together: the truth is then one more draw of that posterior, so
its rank is uniform (posterior SBC: Säilynoja et al. 2025, arXiv:2502.03279).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from amager_eval.evidence.studies.safety_simulate import ask_again
from amager_eval.evidence.studies.safety_study import SafetyStudy, quantities
from amager_eval.trends.safety.forecast import joint_draws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amager_eval.evidence.studies.replicate import Floats, Replicate
    from amager_eval.trends.fit import Fit

__all__ = ["SafetyOnward"]

#: Of the fit's models, the one truths are drawn from and refitted under.
_ALTERNATIVE: Final = "drift"
_FIGURES: Final = ("low", "high", "value")


class SafetyOnward:
    """A safety fit as something that makes its own next waves and is fitted again.

    Each added wave has the figures the last one has; ranked is what is common to all areas, and the
    shares, levels and slopes of those asked for. Respondents are as the fit assumes them: how
    uncertain an assumed number is enters neither the posterior's draws nor the added waves.
    """

    name = "safety_onward"

    def __init__(
        self,
        fit: Fit,
        *,
        waves: int,
        areas: Sequence[str],
        draws: int | None = None,
        chains: int = 4,
    ) -> None:
        self._spec, self._areas = fit.spec, list(areas)
        self._real = fit.data["design"].to_dataset().drop_vars("kept")
        self._design = onward(self._real, waves)
        years, pieces = joint_draws(fit, int(self._design["year"][-1]))
        self._years = years
        self._piece = next(p for p in pieces if p.alternative == _ALTERNATIVE)
        self._of_draw = fit.data["posterior"].to_dataset().isel(alternative=0, chain=0, draw=0)
        self._study = SafetyStudy(self._design, self._spec, draws=draws, chains=chains)

    def replicate(self, seed: int) -> Replicate:
        """Draw a truth from the posterior, make its next waves, fit all figures."""
        rng = np.random.default_rng([seed, 23])
        truth = self._truth(int(rng.integers(len(self._piece.eta))))
        made, _ = ask_again(self._design, truth, self._spec, rng)
        real = self._design["year"] <= int(self._real["year"][-1])
        figures = {k: self._design[k].where(real, made[k]) for k in _FIGURES}
        run = self._study.fit(self._design.assign(figures), seed)
        return self._study.ranked(run, self._ranked(truth), self._ranked(run.posterior))

    def _truth(self, i: int) -> xr.Dataset:
        """One joint draw of the posterior, run on to the last added wave."""
        values = {
            str(k): (v.dims, self._piece.draws[str(k)][i])
            for k, v in self._of_draw.data_vars.items()
            if "year" not in v.dims
        }
        step = self._piece.draws["collector_step"][i] * _run_on(
            self._real["before_break"], self._years
        )
        along = {
            "eta": (("latent", "setting", "year"), self._piece.eta[i]),
            "wave_error": ("year", self._piece.shift[i] - step),
            "wave_size": ("year", np.zeros(len(self._years))),
            "area_size": ("latent", np.zeros(self._real.sizes["latent"])),
        }
        names = {k: self._real[k].to_numpy() for k in ("latent", "setting")}
        return xr.Dataset({**values, **along}, coords=names | {"year": self._years})

    def _ranked(self, state: xr.Dataset) -> Mapping[str, Floats]:
        """Quantities of all areas together and of the areas asked about, now and at the end."""
        target = state["eta"].astype(float).isel(year=-1, drop=True)
        found = quantities(state, target, self._real)
        others = {str(a) for a in self._real["area"].to_numpy()} - set(self._areas)
        return {k: v for k, v in found.items() if not any(f" {a}" in k for a in others)}


def onward(design: xr.Dataset, waves: int) -> xr.Dataset:
    """Lay out a design with yearly waves added, each like its last.

    The added waves hold the last one's figures until others are put there.
    """
    last = int(design["year"][-1])
    tail = design.isel(year=[-1] * waves).assign_coords(year=np.arange(last + 1, last + 1 + waves))
    longer: xr.Dataset = xr.concat(
        [design, tail], "year", data_vars="minimal", coords="minimal", compat="override"
    )
    return longer


def _run_on(values: xr.DataArray, years: Any) -> Floats:
    """Values by year, 0 in the years after the last."""
    found: Floats = values.reindex(year=years, fill_value=0.0).to_numpy()
    return found
