"""Every goal and reading as a row: observed, both verdicts, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from amager_eval.conventions import LEVEL
from amager_eval.goals.records import RESULT_COLUMNS
from amager_eval.goals.remarks import RemarkCode, remark
from amager_eval.goals.safety.literal_reading import literally_met
from amager_eval.goals.verdict import combined, evidence_verdict, literal_verdict
from amager_eval.spec.readings import SAFETY_READINGS, STAYS_REACHED

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement, Goal, Reading
    from amager_eval.trends.fit import Forecast

__all__ = [
    "empty_row",
    "partner_rows",
    "quantity_of_reading",
    "safety_rows",
    "with_overall",
]

_TRUE = "probability_true"
_PROBABILITIES = (
    _TRUE,
    "probability_published",
    "prior_probability_true",
    "prior_probability_published",
)
#: Name of the joint row over all settings in the quantities.
_EVERY_SETTING = "alle"


def safety_rows(
    facts: Facts,
    agreement: Agreement,
    year: int,
    forecast: Forecast | None,
    quantities: Mapping[int, pd.DataFrame],
) -> list[dict[str, Any]]:
    """Rows of the safety goals, for the agreement's area and its indicator districts.

    Parameters
    ----------
    facts : Facts
    agreement : Agreement
    year : int
        Survey wave of the statement.
    forecast : Forecast or None
        Joint draws, for the interval.
    quantities : mapping of int to DataFrame
        Target wave to the frame of :func:`amager_eval.goals.safety.quantities.safety_quantities`.

    Returns
    -------
    list of dict
        Keys :data:`RESULT_COLUMNS`; `observed`, `baseline`, `comparison` and `interval` in percent.
        Each reading stands at the statement's wave (status so far) and at its target wave.
    """
    rows = []
    area_of_goal = facts.area
    for goal in agreement.goal:
        if goal.kind != "safety":
            continue
        for area in (area_of_goal, *agreement.areas.indicators):
            for reading in goal.reading:
                for setting in reading.settings:
                    for target in _targets(agreement, reading, year):
                        row = _safety_row(
                            facts, agreement, goal, reading, area, setting, year, target
                        )
                        if _seen_since_baseline(facts, agreement, area, setting, reading, year):
                            _attach_probability(row, agreement, forecast, quantities, year, target)
                        else:
                            row["notes"].append(remark(RemarkCode.NOT_JUDGED))
                        if area != area_of_goal:
                            row["notes"].append(remark(RemarkCode.INDICATOR))
                        rows.append(row)
    return rows


def partner_rows(facts: Facts, agreement: Agreement, year: int) -> list[dict[str, Any]]:
    """Rows of the partner goal: a count of a complete list, so literal and evidence agree."""
    rows = []
    for goal in agreement.goal:
        if goal.kind != "partners":
            continue
        reading = goal.reading[0]
        row = empty_row(goal, reading, None, year)
        row["comparison"] = 100 * goal.threshold if goal.threshold is not None else None
        row["method"] = "census of activities"
        count = facts.partners
        if count is None:
            row["notes"].append(remark(RemarkCode.MISSING_ACTIVITIES))
        else:
            row["observed"] = 100 * count.share
            row["literal_verdict"] = literal_verdict(count.reached)
            row["evidence_verdict"] = row["literal_verdict"]
            row["notes"] += [
                remark(RemarkCode.COUNTED, met=count.met, total=count.total),
                remark(RemarkCode.NEEDED, needed=count.needed),
                remark(RemarkCode.MARGIN, activities=count.margin),
            ]
        rows.append(row)
    return rows


def with_overall(
    rows: list[dict[str, Any]],
    agreement: Agreement,
    facts: Facts,
    quantities: Mapping[int, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Put one overall row per goal, its primary reading over all parts, before the parts.

    The overall row is about the agreement's area at the target year (a partner goal: now) and has
    `setting`, `response` and `crime_type` empty where it unites several. The probability of a
    safety goal's overall row is joint over the settings, from the rows `alle` of `quantities`
    (target wave to frame).
    """
    area_of_goal = facts.area
    ordered: list[dict[str, Any]] = []
    for goal in agreement.goal:
        own = [r for r in rows if r["goal"] == goal.id]
        primary = next(r for r in goal.reading if r.primary)
        target = {
            "safety": agreement.safety.target_wave,
            "crime": agreement.crime.target_year,
        }.get(goal.kind)
        parts = [
            r
            for r in own
            if r["reading"] == primary.id
            and r["area"] in (area_of_goal, None)
            and (target is None or r["year"] == target)
            and (primary.response is None or r["response"] == primary.response)
        ]
        if len(parts) > 1:
            overall = empty_row(goal, primary, area_of_goal, parts[0]["year"])
            overall["literal_verdict"] = combined([r["literal_verdict"] for r in parts])
            overall["evidence_verdict"] = combined([r["evidence_verdict"] for r in parts])
            overall["method"] = "all parts of the primary reading"
            every = {str(n): n for r in parts for n in r["notes"]}
            overall["notes"] = [every[text] for text in sorted(every)]
            frame = (quantities or {}).get(overall["year"])
            judged = all(n.code is not RemarkCode.NOT_JUDGED for n in overall["notes"])
            if goal.kind == "safety" and frame is not None and judged:
                united = overall | {"setting": _EVERY_SETTING}
                joint = _quantity(frame, united, SAFETY_READINGS[primary.id].quantity)
                if joint is not None and not pd.isna(joint[_TRUE]):
                    overall |= {c: float(joint[c]) for c in _PROBABILITIES}
            ordered.append(overall)
        ordered += own
    return pd.DataFrame(ordered, columns=list(RESULT_COLUMNS)).astype(object)


def _targets(agreement: Agreement, reading: Reading, year: int) -> tuple[int, ...]:
    """Waves a reading is given for: status so far, the target, and its second reading."""
    safety = agreement.safety
    waves = [safety.target_wave]
    if year > safety.baseline_wave:
        waves.insert(0, min(year, safety.target_wave))
    if SAFETY_READINGS[reading.id].of_the_whole:
        waves.append(safety.alternative_target_wave)
    return tuple(dict.fromkeys(waves))


def empty_row(goal: Goal, reading: Reading, area: str | None, year: int) -> dict[str, Any]:
    """Return a row in which nothing is decided yet, with the keys :data:`RESULT_COLUMNS`."""
    row: dict[str, Any] = dict.fromkeys(RESULT_COLUMNS)
    row |= {
        "goal": goal.id,
        "reading": reading.id,
        "area": area,
        "year": year,
        "response": reading.response,
        "literal_verdict": "ikke opgjort",
        "evidence_verdict": "kan ikke afgøres",
        "method": "",
        "notes": [],
    }
    return row


def _safety_row(
    facts: Facts,
    agreement: Agreement,
    goal: Goal,
    reading: Reading,
    area: str,
    setting: str,
    year: int,
    target: int,
) -> dict[str, Any]:
    row = empty_row(goal, reading, area, target)
    row["setting"] = setting
    row["method"] = "safety_trend model; literal from published figures"
    if not facts.survey:
        row["notes"].append(remark(RemarkCode.MISSING_SURVEY))
        return row
    assert reading.response is not None
    own = facts.shares(area, setting, reading.response)
    city = facts.shares(agreement.areas.whole, setting, reading.response)
    own = {w: s for w, s in own.items() if w <= year}
    city = {w: s for w, s in city.items() if w <= year}
    baseline = agreement.safety.baseline_wave
    shown = target if target in own else max(own, default=None)
    if shown is None:
        row["notes"].append(remark(RemarkCode.MISSING_FIGURE))
    else:
        row["observed"] = own[shown].percent
        if shown in city:
            row["comparison"] = city[shown].percent
        if shown != target:
            row["notes"].append(remark(RemarkCode.OBSERVED_WAVE, year=shown))
        if any(s.grade == "C" for s in (own[shown], city.get(shown)) if s is not None):
            row["notes"].append(remark(RemarkCode.GRADE_C))
    if baseline in own:
        row["baseline"] = own[baseline].percent
    met = literally_met(reading.id, reading.response, own, city, baseline, target)
    row["literal_verdict"] = literal_verdict(met)
    if met is None and target > year:
        row["notes"].append(remark(RemarkCode.DUE_IN_WAVE, year=target))
    return row


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


def _attach_probability(
    row: dict[str, Any],
    agreement: Agreement,
    forecast: Forecast | None,
    quantities: Mapping[int, pd.DataFrame],
    year: int,
    target: int,
) -> None:
    """Fill the probabilities, the interval of the true share and the evidence verdict."""
    frame = quantities.get(target)
    if forecast is None or frame is None or row["area"] not in set(frame["area"]):
        row["notes"].append(remark(RemarkCode.NO_AREA_MODELLED))
        return
    values = quantity_of_reading(frame, row, row["reading"])
    if values is None:
        row["notes"].append(remark(RemarkCode.NO_QUANTITY))
        return
    if SAFETY_READINGS[row["reading"]].of_shortfall and values["quantity"] == STAYS_REACHED:
        row["notes"].append(remark(RemarkCode.AT_LEVEL))
    row |= {c: float(values[c]) for c in _PROBABILITIES}
    so_far = None
    if SAFETY_READINGS[values["quantity"]].settled_by_one_year and year in quantities:
        held = _quantity(quantities[year], row, values["quantity"])
        so_far = None if held is None else float(held[_TRUE])
    row["evidence_verdict"] = evidence_verdict(
        row[_TRUE], agreement.verdicts, due=target <= year, so_far=so_far
    )
    true = forecast.draws["true"].sel(
        area=row["area"], setting=row["setting"], response=row["response"], period=target
    )
    low, high = np.quantile(true.values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    row["interval"] = {"level": LEVEL, "low": 100 * float(low), "high": 100 * float(high)}


def quantity_of_reading(
    frame: pd.DataFrame, row: Mapping[str, Any], reading: str
) -> pd.Series | None:
    """Row of the quantity that answers a reading; without a shortfall it asks to stay level."""
    asked = SAFETY_READINGS[reading]
    values = _quantity(frame, row, asked.quantity)
    if asked.of_shortfall and values is not None and pd.isna(values[_TRUE]):
        return _quantity(frame, row, STAYS_REACHED)
    return values


def _quantity(frame: pd.DataFrame, row: Mapping[str, Any], quantity: str) -> pd.Series | None:
    """Row of a quantity for the area, setting and response of a result; None if absent."""
    found = frame[
        (frame["area"] == row["area"])
        & (frame["setting"] == row["setting"])
        & (frame["response"] == row["response"])
        & (frame["quantity"] == quantity)
    ]
    return None if found.empty else found.iloc[0]
