"""The estimate of an unmeasured area held against the goals: bands, odds, never a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.goals.safety.quantities import safety_quantities
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.trends.area.worth import sample_worth

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.area_estimate import AreaSpec
    from amager_eval.trends.area.estimate import AreaEstimate
    from amager_eval.trends.fit import Fit, Forecast

__all__ = ["BASIS", "AreaAnswer", "answer_area"]

#: What every row says it is.
BASIS: Final = "estimate"
_ENDS: Final = {
    "low_95": 0.025, "low_80": 0.1, "low_50": 0.25, "high_50": 0.75, "high_80": 0.9,
    "high_95": 0.975,
}  # fmt: skip
_ASKED: Final = (
    "reaches_whole", "within_2_points", "shortfall_smaller_and_rose", "rises_every_year",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class AreaAnswer:
    """What is estimated of an area nobody measured; every row has `basis = "estimate"`."""

    area: str  #: Whose share
    step: str  #: The step of evidence that is shown
    #: How many figures of each published area it rests on, beside the districts'.
    evidence: Mapping[str, int]
    stated: bool  #: Whether a sentence of the agreement is among the evidence
    delivered: Mapping[str, float]  #: Shares of the residents that were delivered, by mixture
    effective_draws: float  #: Of the shown step, under the alternative of the drift that has fewest
    problems: tuple[str, ...]  #: Why nothing is shown; empty where it is. Then there are no rows.
    #: `step, assumption, setting, response, year, low_95, low_80, low_50, high_50, high_80,
    #: high_95, basis`: the area's true share, percent. No median: a band is no number.
    bands: pd.DataFrame
    #: `step, assumption, setting, response, quantity, year, probability_true,
    #: prior_probability_true, informed, basis`. Prior is what one would say without the area's
    #: figures, from the districts' baseline wave alone; of coming nearer, where the area lay below
    #: the whole, for otherwise there is nothing to come nearer from.
    probabilities: pd.DataFrame
    #: From :func:`~amager_eval.trends.area.worth.sample_worth`, with `price_dkk` and `basis`.
    samples: pd.DataFrame
    forecast: Forecast | None  #: Joint draws of the shown step
    spec: AreaSpec  #: The document

    @property
    def shown(self) -> bool:
        """Whether anything may be shown."""
        return not self.problems

    def band(self, setting: str, response: str, year: int) -> Mapping[str, float] | None:
        """Give the shown step's band of a wave, percent; None where there is none."""
        row = self._shown_row(self.bands, setting=setting, response=response, year=year)
        return None if row is None else {k: float(row[k]) for k in _ENDS}

    def probability(
        self, setting: str, response: str, quantity: str = "reaches_whole"
    ) -> tuple[float, float] | None:
        """Give the shown step's probability at the target and its prior value."""
        row = self._shown_row(
            self.probabilities, setting=setting, response=response, quantity=quantity
        )
        if row is None or pd.isna(row["probability_true"]):
            return None
        return float(row["probability_true"]), float(row["prior_probability_true"])

    def _shown_row(self, frame: pd.DataFrame, **cell: str | int) -> pd.Series[Any] | None:
        about = {"step": self.step, "assumption": "", **cell}
        for column, value in about.items() if len(frame) else ():
            frame = frame[frame[column] == value]
        return frame.iloc[0] if len(frame) else None


def answer_area(
    estimate: AreaEstimate,
    agreement: Agreement,
    fit: Fit,
    *,
    others: Mapping[str, AreaEstimate] | None = None,
) -> AreaAnswer:
    """Hold an estimate against the goals.

    `fit` is the districts'; `others` are the same estimate under other assumptions of what the area
    is made of, by their id.
    """
    safety, response = agreement.safety, agreement.response
    rests_on = next(s.rests_on for s in estimate.spec.step if s.id == estimate.primary)
    effective = estimate.effective[estimate.primary]
    empty = pd.DataFrame()
    answer: Callable[..., AreaAnswer] = partial(
        AreaAnswer, area=estimate.area, step=estimate.primary,
        evidence=Counter(estimate.figures.area), stated="stated" in rests_on,
        delivered=dict(estimate.delivered), effective_draws=effective,
        problems=estimate.problems, spec=estimate.spec,
    )  # fmt: skip
    if estimate.problems:
        return answer(bands=empty, probabilities=empty, samples=empty, forecast=None)
    asked = [
        (step, "", estimate, f) for step, f in estimate.steps.items()
        if estimate.effective[step] >= estimate.wanted
    ] + [
        (other.primary, name, other, other.forecast)
        for name, other in (others or {}).items() if not other.problems
    ]  # fmt: skip
    bands = [_bands(step, f, estimate.area).assign(assumption=name) for step, name, _, f in asked]
    probabilities = [
        _probabilities(f, estimate.area, agreement).assign(step=step, assumption=name)
        for step, name, _, f in asked
    ]
    waves = [safety.baseline_wave, safety.target_wave - 1]
    samples = sample_worth(
        estimate, fit, waves=list(dict.fromkeys(waves)), sizes=estimate.spec.samples.n,
        target=safety.target_wave, response=response, seed=fit.seed,
    )  # fmt: skip
    price = estimate.spec.samples.price_dkk
    return answer(
        bands=pd.concat(bands, ignore_index=True),
        probabilities=pd.concat(probabilities, ignore_index=True)[
            ["step", "assumption", "setting", "response", "quantity", "year", "probability_true",
             "prior_probability_true", "informed", "basis"]
        ],
        samples=samples.assign(price_dkk=samples["n"] * price, basis=BASIS),
        forecast=estimate.forecast,
    )  # fmt: skip


def _bands(step: str, forecast: Forecast, area: str) -> pd.DataFrame:
    true = 100 * forecast.draws["true"].sel(area=area)
    ends = np.quantile(
        true.transpose("sample", "setting", "response", "period"), list(_ENDS.values()), axis=0
    )
    index = pd.MultiIndex.from_product(
        [true[d].to_numpy() for d in ("setting", "response", "period")],
        names=["setting", "response", "year"],
    )
    frame = pd.DataFrame(ends.reshape(len(_ENDS), -1).T, index=index, columns=list(_ENDS))
    frame = frame.round(4).reset_index().assign(basis=BASIS)
    frame.insert(0, "step", step)
    return frame


def _probabilities(forecast: Forecast, area: str, agreement: Agreement) -> pd.DataFrame:
    safety = agreement.safety
    asked = safety_quantities(
        forecast, whole=agreement.areas.whole, baseline=safety.baseline_wave,
        target=safety.target_wave, areas=[area],
    )  # fmt: skip
    asked = asked[asked["setting"].isin(agreement.safety.settings)]
    asked = asked[asked["quantity"].isin(_ASKED)].reset_index(drop=True)
    whole, first, last = agreement.areas.whole, safety.baseline_wave, safety.target_wave
    nearer = asked["quantity"] == "shortfall_smaller_and_rose"
    for i, row in asked[nearer].iterrows():
        cell = {"setting": row["setting"], "response": row["response"]}
        asked.loc[i, "prior_probability_true"] = _nearer_before(
            forecast, area, whole, cell, first, last
        )
    off = (asked["probability_true"] - asked["prior_probability_true"]).abs()
    informed_from = load_assumptions().area_estimate.informed_from
    return asked.assign(
        year=safety.target_wave, informed=(off >= informed_from) | off.isna(), basis=BASIS
    )[["setting", "response", "quantity", "year", "probability_true", "prior_probability_true",
       "informed", "basis"]]  # fmt: skip


def _nearer_before(
    forecast: Forecast, area: str, whole: str, cell: Mapping[str, str], first: int, last: int
) -> float:
    """Give the prior chance of coming nearer and getting better, of an area below the whole."""
    if forecast.prior_only is None:
        return np.nan
    sign = 1 if cell["response"] == "safe" else -1
    true = sign * forecast.prior_only["true"].sel(dict(cell))
    own, city = (true.sel(area=a) for a in (area, whole))
    short = [(city - own).sel(period=y).to_numpy() for y in (first, last)]
    rose = (own.sel(period=last) > own.sel(period=first)).to_numpy()
    below = short[0] > 0
    nearer = (np.maximum(short[1], 0) < short[0]) & rose
    return float(nearer[below].mean()) if below.any() else np.nan
