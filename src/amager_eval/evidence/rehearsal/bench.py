"""Fit made-up partnerships, the crime model compiled once: as an evaluation does, but faster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from scipy.special import expit

from amager_eval.evaluation.fit import Fits
from amager_eval.goals.facts import evaluated_area
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design
from amager_eval.trends.crime.options import with_baseline_year
from amager_eval.trends.diagnose import Diagnostics, diagnose
from amager_eval.trends.safety.fit import design_safety, sample_safety

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Fit

__all__ = ["Bench", "as_judged"]

#: Two chains. A probability near the thresholds .05 and .95 from 400 effective draws of each of
#: two alternatives has a Monte-Carlo error of about .008: a verdict can flip only within that.
CHAINS: Final = 2
#: Years of figures before the baseline: fewer than a real evaluation has, and faster.
HISTORY: Final = 6
#: First wave whose safe share is published, as in Copenhagen; before it the unsafe one alone is.
SAFE_FROM: Final = 2022


@dataclass(frozen=True, eq=False)
class Bench:
    """Both documents, as they are for an agreement."""

    safety_spec: ModelSpec
    crime_spec: ModelSpec

    @classmethod
    def of(cls, agreement: Agreement) -> Bench:
        """Load them; the crime model is anchored at the agreement's baseline year."""
        baseline = agreement.crime.baseline_year
        spec = with_baseline_year(load_model_spec("crime_trend"), baseline)
        return cls(load_model_spec("safety_trend"), spec)

    def fit(
        self, data: Input, agreement: Agreement, year: int, *, draws: int, seed: int, crime: bool
    ) -> Fits:
        """Fit a city; what was published after `year` is laid out, not kept.

        Parameters
        ----------
        data : Input
            From :func:`as_judged`, with every wave the shape has.
        agreement : Agreement
        year : int
            Survey wave of the statement.
        draws, seed : int
            Kept draws per chain, and seed.
        crime : bool
            Whether the crime model is fitted too.

        Returns
        -------
        Fits
            Their gates are held against what verdicts rest on alone.
        """
        sampling: dict[str, Any] = {"draws": draws, "chains": CHAINS, "seed": seed}
        design = design_safety(data, population=None, whole=None, spec=self.safety_spec, parts=None)
        keep = np.broadcast_to(design["year"].to_numpy() <= year, design["low"].shape)
        safety = sample_safety(design, self.safety_spec, keep=keep, prior_only=False, **sampling)
        safety = replace(
            safety, diagnostics=_safety_gates(safety, agreement.safety.baseline_wave, year)
        )
        if not crime:
            return Fits(safety, seed=seed)
        definition = agreement.crime.definition
        series = crime_design(data, self.crime_spec, definition=definition)
        reports = begin_design(series, self.crime_spec, **sampling)()
        reports = replace(reports, diagnostics=_crime_gates(reports))
        return Fits(safety, reports, definition, seed)


def _safety_gates(fit: Fit, baseline: int, year: int) -> Diagnostics:
    """Hold a fit against the document's gates: all divergences, and the shares verdicts rest on."""
    posterior, design = fit.data["posterior"].to_dataset(), fit.data["design"]
    eta = posterior["eta"].sel(year=slice(baseline, year)).astype(float)
    share = xr.apply_ufunc(expit, eta)
    weights = xr.DataArray(design["weight"].to_numpy(), dims="latent")
    judged = xr.Dataset({"share": share, "share_whole": share.dot(weights, dim="latent")})
    return diagnose(fit.data["sample_stats"].to_dataset(), [judged], fit.spec.gates)


def _crime_gates(fit: Fit) -> Diagnostics:
    """Hold a fit against the document's gates: all divergences, and the levels verdicts rest on."""
    judged = fit.data["posterior"].to_dataset()[["level"]]
    return diagnose(fit.data["sample_stats"].to_dataset(), [judged], fit.spec.gates)


def as_judged(data: Input, agreement: Agreement) -> Input:
    """Keep what the goals are about, by year: the agreement's area and types, and the city.

    The area is modelled beside the districts, as an evaluation does it. The safe share is left
    out of waves in which Copenhagen's survey did not publish it.
    """
    assert data.safety is not None
    assert data.crime is not None
    areas = (evaluated_area(data, agreement), agreement.areas.whole)
    kinds = [t.id for t in agreement.crime.type if t.role != "monitored"]
    crime = data.crime[data.crime["area"].isin(areas) & data.crime["crime_type"].isin(kinds)]
    period = crime["period"].astype(str).str[:4]
    keys = ["area", "crime_type", "definition", "period"]
    yearly = crime.assign(period=period).groupby(keys)["count"].sum().reset_index()
    yearly = yearly[yearly["period"].astype(int) >= agreement.crime.baseline_year - HISTORY]
    safety = data.safety.drop(columns="area_kind")
    safety = safety[safety["wave"] >= agreement.safety.baseline_wave - HISTORY]
    safety = safety[(safety["response"] == "unsafe") | (safety["wave"] >= SAFE_FROM)]
    return replace(data, safety=safety, crime=yearly)
