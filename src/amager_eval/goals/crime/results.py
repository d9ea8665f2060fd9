"""Rows of the crime goals: the year's reports held against 2024, in the goal's own definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from amager_eval.conventions import LEVEL, crime_year_of_wave
from amager_eval.goals.remarks import RemarkCode, remark
from amager_eval.goals.results import empty_row
from amager_eval.goals.verdict import evidence_verdict, literal_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amager_eval.goals.facts import Facts, ReportedYear
    from amager_eval.spec.agreement import Agreement, Goal, Reading

__all__ = ["crime_rows"]


def crime_rows(
    facts: Facts,
    agreement: Agreement,
    year: int,
    quantities: pd.DataFrame,
    definition: str | None,
) -> list[dict[str, Any]]:
    """Rows of the crime goals for the agreement's area and its indicator districts.

    Parameters
    ----------
    facts : Facts
    agreement : Agreement
    year : int
        Survey wave of the statement; its crime year is the year before.
    quantities : DataFrame
        From :func:`amager_eval.goals.crime.quantities.crime_quantities`; may be empty.
    definition : str or None
        Definition the crime model was fitted to; probabilities are attached only where it is
        the goal's own.

    Returns
    -------
    list of dict
        Keys of the statement's results; `observed` and `baseline` are reports or reports per
        1,000, as the reading says; the calendar year stands in `year`.
    """
    rows = []
    area_of_goal = facts.area
    crime = agreement.crime
    crime_year = crime_year_of_wave(year)
    years = [crime.target_year]
    if crime.baseline_year < crime_year < crime.target_year:
        years.insert(0, crime_year)
    for goal in agreement.goal:
        if goal.kind != "crime":
            continue
        for area in (area_of_goal, *agreement.areas.indicators):
            for crime_type in goal.crime_types:
                figures = facts.reports(area, crime_type, crime.definition)
                hidden = [
                    m.period
                    for m in facts.masked
                    if (m.table, m.area, m.what, m.definition)
                    == ("crime", area, crime_type, crime.definition)
                ]
                for reading in goal.reading:
                    for target in years:
                        row = _crime_row(
                            agreement, goal, reading, area, crime_type, figures, target, crime_year
                        )
                        if definition == crime.definition:
                            _attach_probability(row, agreement, quantities, crime_year)
                        row["notes"] += [remark(RemarkCode.MASKED, year=y) for y in sorted(hidden)]
                        if area != area_of_goal:
                            row["notes"].append(remark(RemarkCode.INDICATOR))
                        rows.append(row)
    return rows


def _crime_row(
    agreement: Agreement,
    goal: Goal,
    reading: Reading,
    area: str,
    crime_type: str,
    figures: Mapping[int, ReportedYear],
    target: int,
    crime_year: int,
) -> dict[str, Any]:
    row = empty_row(goal, reading, area, target)
    row["crime_type"] = crime_type
    row["method"] = "literal comparison of reports; register counts have no sampling error"
    form = "rate" if reading.id == "hold_rate" else "count"
    values = {y: value for y, f in figures.items() if (value := getattr(f, form)) is not None}
    baseline_year = agreement.crime.baseline_year
    baseline = values.get(baseline_year)
    row["baseline"] = baseline
    row["comparison"] = baseline
    if baseline is None:
        about = {"definition": agreement.crime.definition, "form": form, "year": baseline_year}
        row["notes"].append(remark(RemarkCode.MISSING_BASELINE, about))
    shown = max((y for y in values if y <= min(target, crime_year)), default=None)
    if shown is not None:
        row["observed"] = values[shown]
        if shown != target:
            row["notes"].append(remark(RemarkCode.OBSERVED_YEAR, year=shown))
    if baseline is not None and target in values and target <= crime_year:
        row["literal_verdict"] = literal_verdict(values[target] <= baseline)
    elif target > crime_year:
        row["notes"].append(remark(RemarkCode.DUE_FOR, year=target))
    return row


def _attach_probability(
    row: dict[str, Any], agreement: Agreement, quantities: pd.DataFrame, crime_year: int
) -> None:
    form = "rate" if row["reading"] == "hold_rate" else "count"
    own = quantities[
        (quantities["area"] == row["area"])
        & (quantities["crime_type"] == row["crime_type"])
        & (quantities["year"] == row["year"])
        & (quantities["form"] == form)
    ]
    if own.empty:
        row["notes"].append(remark(RemarkCode.NO_SERIES))
        return
    value = own.set_index("quantity")["value"]
    row["probability_true"] = float(value["probability_true_at_or_below"])
    row["probability_published"] = float(value["probability_observed_at_or_below"])
    row["prior_probability_true"] = float(value["prior_probability_true_at_or_below"])
    row["prior_probability_published"] = float(value["prior_probability_observed_at_or_below"])
    row["interval"] = {
        "level": LEVEL,
        "low": float(value["true_low_95"]),
        "high": float(value["true_high_95"]),
    }
    row["method"] = "crime_trend model; literal comparison of reports"
    row["evidence_verdict"] = evidence_verdict(
        row["probability_true"], agreement.verdicts, due=row["year"] <= crime_year
    )
