"""Every goal and reading as a result: observed, both verdicts, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from amager_eval.conventions import LEVEL
from amager_eval.goals.remarks import RemarkCode, remark
from amager_eval.goals.result import Interval, Method, Observed, Probabilities, Result, open_result
from amager_eval.goals.safety.literal_reading import literally_met
from amager_eval.goals.safety.quantities import ALL, by_cell
from amager_eval.goals.verdict import combined, evidence_verdict, literal_verdict
from amager_eval.spec.readings import SAFETY_READINGS, STAYS_REACHED

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts
    from amager_eval.goals.safety.quantities import Asked
    from amager_eval.spec.agreement import Agreement, Goal, Reading
    from amager_eval.trends.fit import Forecast

__all__ = ["partner_results", "quantity_of_reading", "safety_results", "with_overall"]

type Cell = tuple[str, str, str]  # area, setting, response


def safety_results(
    facts: Facts,
    agreement: Agreement,
    year: int,
    forecast: Forecast | None,
    quantities: Mapping[int, pd.DataFrame],
) -> list[Result]:
    """Results of the safety goals, for the agreement's area and its indicator districts.

    Figures and interval (of the forecast's joint draws) in percent; `quantities` by target wave, of
    :func:`amager_eval.goals.safety.quantities.safety_quantities`. Each reading stands at the
    statement's wave (status so far) and at its target wave.
    """
    results = []
    asked = {wave: by_cell(frame) for wave, frame in quantities.items()}
    for goal in (g for g in agreement.goal if g.kind == "safety"):
        for area in (facts.area, *agreement.areas.indicators):
            for reading in goal.reading:
                for setting in reading.settings:
                    for target in _targets(agreement, reading, year):
                        one = _in_print(
                            facts, agreement, goal, reading, area, setting, year, target
                        )
                        if _seen_since_baseline(facts, agreement, area, setting, reading, year):
                            one = _with_probability(one, agreement, forecast, asked, year)
                        else:
                            one = one.noting(remark(RemarkCode.NOT_JUDGED))
                        if area != facts.area:
                            one = one.noting(remark(RemarkCode.INDICATOR))
                        results.append(one)
    return results


def partner_results(facts: Facts, agreement: Agreement, year: int) -> list[Result]:
    """Judge the partner goal: a count of a complete list, so literal and evidence agree."""
    results = []
    for goal in (g for g in agreement.goal if g.kind == "partners"):
        one = open_result(goal, goal.reading[0], None, year, Method.CENSUS)
        one = replace(one, comparison=None if goal.threshold is None else 100 * goal.threshold)
        count = facts.partners
        if count is None:
            one = one.noting(remark(RemarkCode.MISSING_ACTIVITIES))
        else:
            verdict = literal_verdict(count.reached)
            observed = Observed(100 * count.share, year)
            one = replace(one, observed=observed, literal=verdict, evidence=verdict).noting(
                remark(RemarkCode.COUNTED, met=count.met, total=count.total),
                remark(RemarkCode.NEEDED, needed=count.needed),
                remark(RemarkCode.MARGIN, activities=count.margin),
            )
        results.append(one)
    return results


def with_overall(
    results: Iterable[Result],
    agreement: Agreement,
    facts: Facts,
    quantities: Mapping[int, pd.DataFrame] | None = None,
) -> tuple[Result, ...]:
    """Put one overall result per goal, its primary reading over all parts, before the parts.

    It is about the agreement's area at the target year (a partner goal: now) and has `setting`,
    `response` and `crime_type` empty where it unites several. The probability of a safety goal's
    is joint over the settings, from the rows `alle` of `quantities` (target wave to frame).
    """
    every = list(results)
    ordered: list[Result] = []
    for goal in agreement.goal:
        own = [r for r in every if r.goal == goal.id]
        target = {
            "safety": agreement.safety.target_wave,
            "crime": agreement.crime.target_year,
        }.get(goal.kind)
        parts = [
            r
            for r in own
            if r.reading == goal.primary.id
            and r.area in (facts.area, None)
            and (target is None or r.year == target)
            and (goal.primary.response is None or r.response == goal.primary.response)
        ]
        if len(parts) > 1:
            ordered.append(_overall(goal, parts, facts.area, (quantities or {})))
        ordered += own
    return tuple(ordered)


def _overall(
    goal: Goal, parts: Sequence[Result], area: str, quantities: Mapping[int, pd.DataFrame]
) -> Result:
    """Unite the parts of a goal's primary reading."""
    said = {str(r): r for part in parts for r in part.remarks}
    one = replace(
        open_result(goal, goal.primary, area, parts[0].year, Method.ALL_PARTS),
        literal=combined([r.literal for r in parts]),
        evidence=combined([r.evidence for r in parts]),
        remarks=tuple(said[text] for text in sorted(said)),
    )
    frame = quantities.get(one.year)
    judged = all(r.code is not RemarkCode.NOT_JUDGED for r in one.remarks)
    if goal.kind == "safety" and frame is not None and judged:
        cell = (area, ALL, str(one.response))
        found = by_cell(frame).get((*cell, SAFETY_READINGS[goal.primary.id].quantity))
        if found is not None:
            one = replace(one, probabilities=Probabilities.read(found))
    return one


def _targets(agreement: Agreement, reading: Reading, year: int) -> tuple[int, ...]:
    """Waves a reading is given for: status so far, the target, and its second reading."""
    safety = agreement.safety
    waves = [safety.target_wave]
    if year > safety.baseline_wave:
        waves.insert(0, min(year, safety.target_wave))
    if SAFETY_READINGS[reading.id].of_the_whole:
        waves.append(safety.alternative_target_wave)
    return tuple(dict.fromkeys(waves))


def _in_print(
    facts: Facts,
    agreement: Agreement,
    goal: Goal,
    reading: Reading,
    area: str,
    setting: str,
    year: int,
    target: int,
) -> Result:
    """Judge a reading by what was published through `year`."""
    one = replace(open_result(goal, reading, area, target, Method.SAFETY_MODEL), setting=setting)
    if not facts.survey:
        return one.noting(remark(RemarkCode.MISSING_SURVEY))
    assert reading.response is not None
    own, city = (
        {w: s for w, s in facts.shares(name, setting, reading.response).items() if w <= year}
        for name in (area, agreement.areas.whole)
    )
    baseline = agreement.safety.baseline_wave
    shown = target if target in own else max(own, default=None)
    if shown is None:
        one = one.noting(remark(RemarkCode.MISSING_FIGURE))
    else:
        figure, beside = own[shown], city.get(shown)
        one = replace(
            one,
            observed=Observed(figure.percent, shown, figure.grade),
            comparison=None if beside is None else beside.percent,
        )
        if shown != target:
            one = one.noting(remark(RemarkCode.OBSERVED_WAVE, year=shown))
        if any(s.grade == "C" for s in (figure, beside) if s is not None):
            one = one.noting(remark(RemarkCode.GRADE_C))
    met = literally_met(reading.id, reading.response, own, city, baseline, target)
    one = replace(
        one,
        baseline=own[baseline].percent if baseline in own else None,
        literal=literal_verdict(met),
    )
    if met is None and target > year:
        one = one.noting(remark(RemarkCode.DUE_IN_WAVE, year=target))
    return one


def _seen_since_baseline(
    facts: Facts, agreement: Agreement, area: str, setting: str, reading: Reading, year: int
) -> bool:
    """Whether the answer was published of an area since the baseline.

    A model alone judges nobody, nor does one answer by the assumed link to the other.
    """
    return any(
        (f.area, f.setting, f.response) == (area, setting, reading.response)
        and agreement.safety.baseline_wave <= f.wave <= year
        for f in facts.survey
    )


def _with_probability(
    one: Result,
    agreement: Agreement,
    forecast: Forecast | None,
    asked: Mapping[int, Asked],
    year: int,
) -> Result:
    """Add the probabilities, the interval of the true share and the evidence verdict."""
    now = asked.get(one.year)
    if forecast is None or now is None or not any(one.area == area for area, *_ in now):
        return one.noting(remark(RemarkCode.NO_AREA_MODELLED))
    cell = (str(one.area), str(one.setting), str(one.response))
    values = quantity_of_reading(now, cell, one.reading)
    if values is None:
        return one.noting(remark(RemarkCode.NO_QUANTITY))
    if SAFETY_READINGS[one.reading].of_shortfall and values["quantity"] == STAYS_REACHED:
        one = one.noting(remark(RemarkCode.AT_LEVEL))
    so_far = None
    if SAFETY_READINGS[values["quantity"]].settled_by_one_year and year in asked:
        held = asked[year].get((*cell, values["quantity"]))
        so_far = None if held is None else float(held["probability_true"])
    chances = Probabilities.read(values)
    true = forecast.draws["true"].sel(
        area=one.area, setting=one.setting, response=one.response, period=one.year
    )
    low, high = np.quantile(true.values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return replace(
        one,
        probabilities=chances,
        interval=Interval(LEVEL, 100 * float(low), 100 * float(high)),
        evidence=evidence_verdict(
            None if chances is None else chances.true, agreement.verdicts,
            due=one.year <= year, so_far=so_far,
        ),
    )  # fmt: skip


def quantity_of_reading(asked: Asked, cell: Cell, reading: str) -> Mapping[Any, Any] | None:
    """Row of the quantity that answers a reading; without a shortfall it asks to stay level."""
    question = SAFETY_READINGS[reading]
    values = asked.get((*cell, question.quantity))
    if question.of_shortfall and values is not None and pd.isna(values["probability_true"]):
        return asked.get((*cell, STAYS_REACHED))
    return values
