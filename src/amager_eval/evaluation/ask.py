"""Ask fits what the goals ask: forecasts to the years they are about, and probabilities there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.goals.crime.quantities import crime_quantities
from amager_eval.goals.crime.results import crime_results
from amager_eval.goals.results import partner_results, safety_results
from amager_eval.goals.safety.quantities import safety_quantities

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.evaluation.fit import Fits
    from amager_eval.goals.facts import Facts
    from amager_eval.goals.result import Result
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.fit import Forecast

__all__ = ["Answers", "ask", "results"]


@dataclass(frozen=True, eq=False)
class Answers:
    """What the fits answer; None, or empty, where nothing was fitted.

    Quantities of safety are by target wave, as
    :func:`amager_eval.goals.safety.quantities.safety_quantities` and
    :func:`amager_eval.goals.crime.quantities.crime_quantities` give them.
    """

    safety: Forecast | None = None
    crime: Forecast | None = None
    safety_quantities: dict[int, pd.DataFrame] = field(default_factory=dict)
    crime_quantities: pd.DataFrame = field(default_factory=pd.DataFrame)


def ask(data: Input, agreement: Agreement, year: int, fits: Fits, *, prior: bool = True) -> Answers:
    """Draw the fits forward and ask every quantity at every year a goal is read for.

    With `prior` also what one would have said without the series.
    """
    safety = crime = None
    by_target: dict[int, pd.DataFrame] = {}
    goal = agreement.safety
    if fits.safety is not None:
        safety = (
            fits.safety.forecast(max(year, goal.alternative_target_wave))
            if fits.own is None
            else fits.own.forecast
        )
        safety = safety if prior else replace(safety, prior_only=None)
        targets = {goal.target_wave, goal.alternative_target_wave}
        if goal.baseline_wave < year:
            targets.add(min(year, goal.target_wave))
        by_target = {
            target: safety_quantities(
                safety, whole=agreement.areas.whole, baseline=goal.baseline_wave, target=target
            )
            for target in sorted(targets)
        }
    frame = pd.DataFrame()
    if fits.crime is not None:
        crime = fits.crime.forecast(_last_period(data, agreement, str(fits.definition)))
        crime = crime if prior else replace(crime, prior_only=None)
        frame = crime_quantities(
            crime,
            baseline=agreement.crime.baseline_year,
            target=agreement.crime.target_year,
            guard=agreement.crime.guard_years or None,
            margin=agreement.crime.margin,
        )
    return Answers(safety, crime, by_target, frame)


def results(
    facts: Facts, agreement: Agreement, year: int, answers: Answers, definition: str | None = None
) -> list[Result]:
    """Hold every goal's readings against the figures, and against what the fits answer.

    Without answers goals are judged by the letter alone. `definition` is the series of reported
    crime that was fitted.
    """
    return [
        *safety_results(facts, agreement, year, answers.safety, answers.safety_quantities),
        *crime_results(facts, agreement, year, answers.crime_quantities, definition),
        *partner_results(facts, agreement, year),
    ]


def _last_period(data: Input, agreement: Agreement, definition: str) -> int | str:
    """Return the last period of the target year, in the periods the series has."""
    assert data.crime is not None
    year = agreement.crime.target_year
    periods = data.crime.loc[data.crime["definition"] == definition, "period"].astype(str)
    last_of_year = {"K": "K4", "M": "M12"}
    marks = {p[4:5] for p in periods}
    suffix = next((last_of_year[m] for m in marks if m in last_of_year), "")
    return f"{year}{suffix}" if suffix else year
