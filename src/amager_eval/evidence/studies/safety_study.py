"""The safety model on figures of its own making: one truth, one fit, for calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit

from amager_eval.evidence.studies.replicate import Replicate, by_name
from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.safety.design import build_design
from amager_eval.trends.safety.fit import sample_alternative

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amager_eval.evidence.studies.replicate import Floats
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.safety.fit import Run

__all__ = ["SafetyStudy", "quantities", "shares_of", "small_city", "walk_on"]

#: The made-up city: its whole, and each part's share of the inhabitants.
_WHOLE: Final = "Byen"
_PARTS: Final = {"Nord": 0.45, "Syd": 0.33, "Vest": 0.22}
#: Respondents of each wave, all parts together; None where none were published. 180 is 60 a part.
_RESPONDENTS: Final = {
    2017: 1050, 2018: 980, 2019: 1020, 2020: 1000, 2022: 180,
    2023: 960, 2024: 1010, 2025: None, 2026: 180,
}  # fmt: skip
_COLLECTOR: Final = ("one", 2019, "two")
_SAFE_SINCE: Final = 2024
#: Parameters whose truths are ranked, beside levels, shares and gaps to the whole.
_QUANTITIES: Final = (
    "path_sd",
    "area_sd",
    "setting_correlation",
    "path_slope",
    "gap_slope",
    "collector_step",
    "log_deff",
)


def small_city(spec: ModelSpec) -> xr.Dataset:
    """Lay out the declared city calibration runs on; its figures are placeholders.

    Three parts and their whole, two settings, nine waves with one missing between them, a change
    of collector before the third. Before 2024 only the unsafe share is published, from then on
    both; one part publishes nothing in the first two waves, one figure is a bound, one wave has no
    number of respondents, and no part ever has. Two waves, the last among them, ask 60 people a
    part.

    As :func:`amager_eval.trends.safety.design.build_design`.
    """
    rows = [
        (area, wave, setting, response, {"safe": 80.0, "unsafe": 12.0}[response])
        for area in (_WHOLE, *_PARTS)
        for wave in _RESPONDENTS
        for setting in ("neighbourhood", "night")
        for response in (("safe", "unsafe") if wave >= _SAFE_SINCE else ("unsafe",))
        if area != "Vest" or wave > min(_RESPONDENTS) + 1
    ]
    frame = pd.DataFrame(rows, columns=["area", "wave", "setting", "response", "percent"])
    frame = frame.assign(n=np.nan, count=np.nan, decimals=0.0, deff=np.nan, comparator="=")
    bound = (frame["area"] == "Syd") & (frame["wave"] == 2020) & (frame["setting"] == "night")
    frame.loc[bound, "comparator"] = "<"
    before, since, after = _COLLECTOR
    rounds = pd.DataFrame(
        [(w, n, before if w < since else after) for w, n in _RESPONDENTS.items()],
        columns=["wave", "respondents", "collector"],
    )
    return build_design(
        frame,
        whole=_WHOLE,
        parts=list(_PARTS),
        weights=_PARTS,
        baseline=int(spec.options["baseline"]),
        rounds=rounds,
    )


@dataclass(frozen=True, eq=False)
class SafetyStudy:
    """The safety model, with its drift, as something that makes its own figures and is fitted.

    Every replicate's figures have the design's shape; the target wave is `ahead` years after the
    last.
    """

    design: xr.Dataset
    spec: ModelSpec
    ahead: int = 2
    draws: int | None = None
    chains: int = 4
    name: str = "safety"

    def replicate(self, seed: int) -> Replicate:
        """Draw a truth, simulate its figures, fit with a drift, walk on to the target wave."""
        made = simulate_safety(self.design, self.spec, seed, ahead=self.ahead)
        run = self.fit(made.design, seed)
        target = walk_on(run.posterior, self.ahead, np.random.default_rng([seed, 22]))
        end = made.truth["eta"].isel(year=-1, drop=True)
        return self.ranked(
            run,
            quantities(made.truth, end, self.design),
            quantities(run.posterior, target, self.design),
        )

    def ranked(
        self, run: Run, truth: Mapping[str, Floats], draws: Mapping[str, Floats]
    ) -> Replicate:
        """Put a truth beside what its fit drew; gates are asked of what is ranked."""
        judged = [xr.Dataset({k: (("chain", "draw"), v) for k, v in draws.items()})]
        return Replicate(
            truth={k: float(v) for k, v in truth.items()},
            draws=draws,
            diagnostics=diagnose(run.statistics, judged, self.spec.gates),
        )

    def fit(self, design: xr.Dataset, seed: int) -> Run:
        """Fit figures laid out as the study's design, with the drift they are made with."""
        return sample_alternative(
            design,
            self.spec,
            np.isfinite(design["low"].to_numpy()),
            drift=True,
            draws=self.draws or self.spec.sampling.draws,
            chains=self.chains,
            seed=seed,
        )


def walk_on(posterior: xr.Dataset, ahead: int, rng: np.random.Generator) -> xr.DataArray:
    """Logit of the true safe share some years after the last, one walk per draw.

    The sum of `ahead` steps is one Normal: `ahead` times the slope, `ahead` times the variance.
    """
    settings = posterior.sizes["setting"]
    last = posterior["eta"].isel(year=-1, drop=True).transpose("chain", "draw", "latent", "setting")
    r = posterior["setting_correlation"].to_numpy()[..., None, None]
    mixed = np.linalg.cholesky((1.0 - r) * np.eye(settings) + r)[:, :, None]
    noise = rng.standard_normal((*last.shape[:3], settings, 1))
    path_noise = rng.standard_normal((*last.shape[:2], 1, settings, 1))
    path_sd = posterior["path_sd"].to_numpy()[..., None, None]
    moved = (mixed @ noise)[..., 0] * posterior["gap_sd"].to_numpy()[..., None]
    moved = moved + (mixed @ path_noise)[..., 0] * path_sd
    slope = posterior["gap_slope"] + posterior["path_slope"]
    later: xr.DataArray = last + ahead * slope + np.sqrt(ahead) * last.copy(data=moved)
    return later


def quantities(state: xr.Dataset, target: xr.DataArray, design: xr.Dataset) -> dict[str, Floats]:
    """Name what results rest on: scalars of a truth, or `chain, draw` of a posterior."""
    last, anchor = int(design["year"][-1]), design.attrs["anchor"]
    eta, whole = state["eta"].astype(float), design.attrs["whole"]
    now, then = (shares_of(v, design) for v in (eta.sel(year=last, drop=True), target))
    table = state[list(_QUANTITIES)].assign(
        response_gap=state["response_gap"].isel(latent=0, drop=True),
        gap_sd=state["gap_sd"].isel(latent=-1, drop=True),
        level=eta.sel(year=anchor, drop=True),
        share_last=now,
        share_target=then,
        gap_last=(now.sel(area=whole) - now.drop_sel(area=whole)).rename(area="part"),
        gap_target=(then.sel(area=whole) - then.drop_sel(area=whole)).rename(area="part"),
    )
    return by_name(table)


def shares_of(eta: xr.DataArray, design: xr.Dataset) -> xr.DataArray:
    """Give the true safe share of the whole and of every part, dims area, setting and others."""
    share = xr.apply_ufunc(expit, eta).rename(latent="area")
    weight = xr.DataArray(design["weight"].to_numpy(), dims="area")
    whole = share.dot(weight, dim="area").expand_dims(area=[design.attrs["whole"]])
    both: xr.DataArray = xr.concat([whole, share], "area")
    return both
