"""What is remarked of a result: a code of a closed list, and the values it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

__all__ = ["Remark", "RemarkCode", "remark"]


class RemarkCode(StrEnum):
    """Every remark a result may carry."""

    AT_LEVEL = "at_level"
    BOUNDARY = "boundary"
    COUNTED = "counted"
    DEFINITION = "definition"
    DUE_FOR = "due_for"
    DUE_IN_WAVE = "due_in_wave"
    FEW_ANSWERS = "few_answers"
    FEW_REPORTS = "few_reports"
    FROZEN_BASELINE = "frozen_baseline"
    GRADE_C = "grade_c"
    INDICATOR = "indicator"
    MARGIN = "margin"
    MASKED = "masked"
    MISSING_ACTIVITIES = "missing_activities"
    MISSING_BASELINE = "missing_baseline"
    MISSING_FIGURE = "missing_figure"
    MISSING_SURVEY = "missing_survey"
    NEEDED = "needed"
    NOISY_BASELINE = "noisy_baseline"
    NOT_JUDGED = "not_judged"
    NO_AREA_MODELLED = "no_area_modelled"
    NO_QUANTITY = "no_quantity"
    NO_SERIES = "no_series"
    OBSERVED_WAVE = "observed_wave"
    OBSERVED_YEAR = "observed_year"
    WAVE_YEAR = "wave_year"


#: The record's words for each, the same in every language. A caveat's are its values.
_RECORDED: Final = {
    RemarkCode.AT_LEVEL: "at or above the city at the baseline: read as staying there",
    RemarkCode.COUNTED: "met {met} of {total}",
    RemarkCode.DUE_FOR: "due for {year}",
    RemarkCode.DUE_IN_WAVE: "due in wave {year}",
    RemarkCode.GRADE_C: "grade C: transcription not checked against the report",
    RemarkCode.INDICATOR: "indicator: district, not the agreement's area",
    RemarkCode.MARGIN: "margin {activities:+d} activities",
    RemarkCode.MASKED: "masked: reports of {year}",
    RemarkCode.MISSING_ACTIVITIES: "missing: list of activities",
    RemarkCode.MISSING_BASELINE: "missing: {definition} {form} for {year}",
    RemarkCode.MISSING_FIGURE: ("missing: no published figure for this area, setting and response"),
    RemarkCode.MISSING_SURVEY: "missing: safety survey figures",
    RemarkCode.NEEDED: "needed {needed}",
    RemarkCode.NOISY_BASELINE: (
        "noisy baseline: {verdict} against {baseline:.4g} in the baseline year, "
        "{other_verdict} against {guard_mean:.4g}, the mean of the guard years"
    ),
    RemarkCode.NOT_JUDGED: "not judged: no figure of this answer since the baseline wave",
    RemarkCode.NO_AREA_MODELLED: "not modelled: no figures for this area",
    RemarkCode.NO_QUANTITY: "not modelled: no such quantity",
    RemarkCode.NO_SERIES: "not modelled: no series for this area and type",
    RemarkCode.OBSERVED_WAVE: "observed is wave {year}",
    RemarkCode.OBSERVED_YEAR: "observed is {year}",
}


@dataclass(frozen=True)
class Remark:
    """A remark.

    Examples
    --------
    >>> str(remark(RemarkCode.OBSERVED_WAVE, year=2026))
    'observed is wave 2026'
    """

    code: RemarkCode  #: What is remarked
    values: tuple[tuple[str, Any], ...] = ()  #: Name and value of what it names

    def __str__(self) -> str:
        """Return it as `statement.json` has it."""
        values = dict(self.values)
        if self.code in _RECORDED:
            return _RECORDED[self.code].format(**values)
        said = ", ".join(f"{k} {v}" for k, v in values.items())
        return f"{self.code.replace('_', ' ')}: {said}"


def remark(code: RemarkCode, values: Mapping[str, object] | None = None, **more: object) -> Remark:
    """Make a remark of its code and what it names."""
    return Remark(code, (*(values or {}).items(), *more.items()))
