"""Results of the crime goals: reports held against 2024, in the goal's own definition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.conventions import LEVEL, crime_year_of_wave
from amager_eval.goals.remarks import RemarkCode, remark
from amager_eval.goals.result import Interval, Method, Observed, Probabilities, Result, open_result
from amager_eval.goals.verdict import evidence_verdict, literal_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amager_eval.goals.facts import Facts, ReportedYear
    from amager_eval.spec.agreement import Agreement, Goal, Reading

__all__ = ["crime_results"]


def crime_results(
    facts: Facts,
    agreement: Agreement,
    year: int,
    quantities: pd.DataFrame,
    definition: str | None,
) -> list[Result]:
    """Results of the crime goals for the agreement's area and its indicator districts.

    `quantities` are of :func:`amager_eval.goals.crime.quantities.crime_quantities` and may be
    empty; probabilities are attached only where `definition`, which the model was fitted to, is the
    goal's own. Figures are reports or reports per 1,000, as the reading says; the crime year is the
    year before the statement's.
    """
    results = []
    crime = agreement.crime
    crime_year = crime_year_of_wave(year)
    years = [crime.target_year]
    if crime.baseline_year < crime_year < crime.target_year:
        years.insert(0, crime_year)
    for goal in (g for g in agreement.goal if g.kind == "crime"):
        for area in (facts.area, *agreement.areas.indicators):
            for crime_type in goal.crime_types:
                figures = facts.reports(area, crime_type, crime.definition)
                hidden = sorted(
                    m.period
                    for m in facts.masked
                    if (m.table, m.area, m.what, m.definition)
                    == ("crime", area, crime_type, crime.definition)
                )
                for reading in goal.reading:
                    for target in years:
                        one = _in_print(
                            agreement, goal, reading, area, crime_type, figures, target, crime_year
                        )
                        if definition == crime.definition:
                            one = _with_probability(one, agreement, quantities, crime_year)
                        one = one.noting(*(remark(RemarkCode.MASKED, year=y) for y in hidden))
                        if area != facts.area:
                            one = one.noting(remark(RemarkCode.INDICATOR))
                        results.append(one)
    return results


def _form(reading: str) -> str:
    """Whether a reading is about the rate or the count."""
    return "rate" if reading == "hold_rate" else "count"


def _in_print(
    agreement: Agreement,
    goal: Goal,
    reading: Reading,
    area: str,
    crime_type: str,
    figures: Mapping[int, ReportedYear],
    target: int,
    crime_year: int,
) -> Result:
    """Judge a reading by what was reported through `crime_year`."""
    form, start = _form(reading.id), agreement.crime.baseline_year
    values = {
        y: Observed(value, y, f.grade or "")
        for y, f in figures.items()
        if (value := f.rate if form == "rate" else f.count) is not None
    }
    baseline = values[start].value if start in values else None
    one = replace(
        open_result(goal, reading, area, target, Method.REPORTS),
        crime_type=crime_type, baseline=baseline, comparison=baseline,
    )  # fmt: skip
    if baseline is None:
        about = {"definition": agreement.crime.definition, "form": form, "year": start}
        one = one.noting(remark(RemarkCode.MISSING_BASELINE, about))
    shown = max((y for y in values if y <= min(target, crime_year)), default=None)
    if shown is not None:
        one = replace(one, observed=values[shown])
        if shown != target:
            one = one.noting(remark(RemarkCode.OBSERVED_YEAR, year=shown))
    if baseline is not None and target in values and target <= crime_year:
        return replace(one, literal=literal_verdict(values[target].value <= baseline))
    return one.noting(remark(RemarkCode.DUE_FOR, year=target)) if target > crime_year else one


def _with_probability(
    one: Result, agreement: Agreement, quantities: pd.DataFrame, crime_year: int
) -> Result:
    """Add the probabilities, the interval of the true level and the evidence verdict."""
    own = quantities[
        (quantities["area"] == one.area)
        & (quantities["crime_type"] == one.crime_type)
        & (quantities["year"] == one.year)
        & (quantities["form"] == _form(one.reading))
    ]
    if own.empty:
        return one.noting(remark(RemarkCode.NO_SERIES))
    value = own.set_index("quantity")["value"]
    chances = Probabilities.read(
        value, "probability_true_at_or_below", "probability_observed_at_or_below"
    )
    true = None if chances is None else chances.true
    return replace(
        one,
        probabilities=chances,
        interval=Interval(LEVEL, float(value["true_low_95"]), float(value["true_high_95"])),
        method=Method.CRIME_MODEL,
        evidence=evidence_verdict(true, agreement.verdicts, due=one.year <= crime_year),
    )
