"""One model per table: what a single row may hold, whatever the rows around it say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from amager_eval.data.tables.cells import (
    Count,
    Factor,
    Inhabitants,
    Name,
    OptionalDate,
    OptionalName,
    OptionalText,
    Percent,
    PeriodText,
    Respondents,
    Year,
    between,
    context_of,
    largest_hidden,
    word_of,
)

__all__ = [
    "ROW_MODELS",
    "ActivityRow",
    "CrimeRow",
    "PopulationRow",
    "ResidentsRow",
    "Row",
    "SafetyRow",
    "SurveyRoundRow",
]


class Row(BaseModel):
    """A frozen row; columns it does not know are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", revalidate_instances="never")


class CountedRow(Row):
    """A row whose count may be hidden by who delivers it: `<5` says that there are few."""

    #: The largest count a hidden one may be.
    masked: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _hidden(cls, cells: Any) -> Any:
        if isinstance(cells, dict) and (most := largest_hidden(cells.get("count"))) is not None:
            return cells | {"count": None, "masked": most}
        return cells


class SafetyRow(CountedRow):
    """A published figure of a safety survey."""

    area: Name
    wave: Year
    setting: Annotated[str, word_of("setting")]
    response: Annotated[str, word_of("response")]
    percent: Percent = None
    count: Count = None
    n: Respondents = None
    decimals: Annotated[float | None, between(0, 6)] = None
    deff: Factor = None
    comparator: Annotated[str | None, word_of("comparator")] = None
    source: OptionalText = None
    source_grade: OptionalText = None
    area_kind: OptionalText = None
    area_version: OptionalText = None

    @model_validator(mode="after")
    def _figure(self) -> SafetyRow:
        if self.masked is not None:
            return self
        if self.percent is None and self.count is None:
            raise PydanticCustomError("no_figure", "no figure", {"at": "percent"})
        if self.count is not None and self.percent is None and self.n is None:
            raise PydanticCustomError("count_without_n", "no n", {"at": "n"})
        at, most = ("count", self.n) if self.percent is None else ("percent", 100)
        if (self.comparator, getattr(self, at)) in {("<", 0), (">", most)}:
            raise PydanticCustomError("bound_empty", "no such figure", {"at": at})
        if self.count is not None and self.n is not None and self.count > self.n:
            raise PydanticCustomError(
                "count_above_n", "count above n", {"n": float(self.n), "at": "count"}
            )
        return self


class SurveyRoundRow(Row):
    """How a wave was fielded."""

    wave: Year
    invited: Respondents = None
    respondents: Respondents = None
    response_rate_percent: Percent = None
    fieldwork_start: OptionalDate = None
    fieldwork_end: OptionalDate = None
    collector: OptionalText = None
    source: OptionalText = None

    @model_validator(mode="after")
    def _consistent(self) -> SurveyRoundRow:
        start, end = self.fieldwork_start, self.fieldwork_end
        if start and end and end[: len(start)] < start[: len(end)]:
            raise PydanticCustomError("ends_before_start", "order", {"at": "fieldwork_end"})
        if self.invited and self.respondents and self.respondents > self.invited:
            raise PydanticCustomError(
                "more_than_invited",
                "more than invited",
                {"invited": float(self.invited), "at": "respondents"},
            )
        return self


class CrimeRow(CountedRow):
    """Reports of one type in one area and period."""

    area: Name
    period: PeriodText
    crime_type: Name
    count: Count = None
    definition: OptionalName = None
    per_1000: Annotated[float | None, between(0, 1_000_000)] = None
    source: OptionalText = None
    source_grade: OptionalText = None
    area_kind: OptionalText = None
    area_version: OptionalText = None

    @model_validator(mode="after")
    def _figure(self, info: ValidationInfo) -> CrimeRow:
        context = context_of(info)
        figure = self.masked is not None or self.count is not None or self.per_1000 is not None
        if not figure and context.count_required:
            raise PydanticCustomError("no_count", "no count", {"at": "count"})
        if self.definition is None and context.definition_required:
            raise PydanticCustomError("definition_missing", "definition", {"at": "definition"})
        return self


class PopulationRow(Row):
    """Inhabitants of an area on the first day of a period."""

    area: Name
    period: PeriodText
    population: Inhabitants
    source: OptionalText = None
    area_kind: OptionalText = None
    area_version: OptionalText = None

    @model_validator(mode="after")
    def _present(self) -> PopulationRow:
        if self.population is None:
            raise PydanticCustomError("missing", "missing", {"at": "population"})
        return self


class ActivityRow(Row):
    """An activity of the safety plan and who takes part."""

    activity: Name
    focus_area: Name
    partners: OptionalText = None
    outside_partners: OptionalText = None
    indicator: OptionalText = None
    budget_dkk: Annotated[float | None, between(0, 1e12, "whole")] = None
    start: OptionalDate = None
    end: OptionalDate = None
    note: OptionalText = None
    list_version: OptionalText = None
    list_date: OptionalDate = None
    source: OptionalText = None

    @model_validator(mode="after")
    def _ordered(self) -> ActivityRow:
        if self.start and self.end and self.end[: len(self.start)] < self.start[: len(self.end)]:
            raise PydanticCustomError("ends_before_start", "order", {"at": "end"})
        return self


class ResidentsRow(Row):
    """Residents of a housing department, or of what lies outside them, in one half of the area."""

    area_half: Name
    department: Name
    residents: Count
    source: OptionalText = None

    @model_validator(mode="after")
    def _present(self) -> ResidentsRow:
        if self.residents is None:
            raise PydanticCustomError("missing", "missing", {"at": "residents"})
        return self


#: The row model of each table.
ROW_MODELS: Final[Mapping[str, type[Row]]] = {
    "safety": SafetyRow,
    "survey_rounds": SurveyRoundRow,
    "crime": CrimeRow,
    "population": PopulationRow,
    "activities": ActivityRow,
    "residents": ResidentsRow,
}
