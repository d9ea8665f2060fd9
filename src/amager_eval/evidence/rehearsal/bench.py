"""What a rehearsal takes from a made-up city, and how it samples the models: quicker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from scipy.special import expit

from amager_eval.goals.facts import evaluated_area
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design
from amager_eval.trends.diagnose import Diagnostics, diagnose
from amager_eval.trends.safety.fit import design_safety, sample_safety

if TYPE_CHECKING:
    from collections.abc import Callable

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Fit

__all__ = ["as_judged", "quick_crime", "quick_safety"]

#: Two chains. A probability near the thresholds .05 and .95 from 400 effective draws of each of
#: two alternatives has a Monte-Carlo error of about .008: a verdict can flip only within that.
CHAINS: Final = 2
#: Years of figures before the baseline: fewer than a real evaluation has, and faster.
HISTORY: Final = 6
#: First wave whose safe share is published, as in Copenhagen; before it the unsafe one alone is.
SAFE_FROM: Final = 2022


def quick_safety(data: Input, *, spec: ModelSpec, baseline: int, year: int, **sampling: Any) -> Fit:
    """Fit a city's survey; what was published after wave `year` is laid out, not kept.

    Answers without data are not sampled: nothing is judged by them.
    """
    design = design_safety(data, population=None, whole=None, spec=spec, parts=None)
    keep = np.broadcast_to(design["year"].to_numpy() <= year, design["low"].shape)
    found = sample_safety(design, spec, keep=keep, prior_only=False, chains=CHAINS, **sampling)
    return replace(found, diagnostics=_safety_gates(found, baseline, year))


def quick_crime(
    data: Input, *, spec: ModelSpec, definition: str, **sampling: Any
) -> Callable[[], Fit]:
    """Begin to fit a city's reports, with the whole warm-up however few draws are kept."""
    design = crime_design(data, spec, definition=definition)
    begun = begin_design(design, spec, chains=CHAINS, **sampling)

    def gated() -> Fit:
        found = begun()
        return replace(found, diagnostics=_crime_gates(found))

    return gated


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
