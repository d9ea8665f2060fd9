"""The document of numbers that move an answer and belong to no agreement and to neither model."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from amager_eval.provenance import sha256_of_bytes
from amager_eval.spec.documents import models_folder, parse_document

__all__ = ["Assumptions", "load_assumptions"]

type Chance = Annotated[float, Field(gt=0, lt=0.5)]
type Reason = Annotated[str, Field(min_length=10)]
type Share = Annotated[float, Field(gt=0, lt=1)]
type Count = Annotated[int, Field(ge=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RespondentsRange(_Frozen):
    """How far an assumed number of respondents may be off, as a factor either way."""

    factor: Annotated[float, Field(ge=1)]
    reason: Reason


class PublishedFigures(_Frozen):
    """What a verdict on published figures must survive."""

    design_effects: Annotated[tuple[Annotated[float, Field(ge=1)], ...], Field(min_length=1)]
    reason: Reason


class Questions(_Frozen):
    """Respondents that the scripts of a question ask about where no number is published."""

    respondents: Count
    samples: Annotated[tuple[Count, ...], Field(min_length=1)]
    reason: Reason


class Power(_Frozen):
    """What is asked about the power of the goals."""

    power: Annotated[float, Field(gt=0.5, lt=1)]
    points: Annotated[float, Field(gt=0, lt=100)]
    yearly_points: Annotated[tuple[Annotated[float, Field(ge=0, lt=25)], ...], Field(min_length=1)]
    reason: Reason


class RareAnswers(_Frozen):
    """Respondents with the rarer answer from which a large-sample test is trusted."""

    fewest: Count
    reason: Reason


class StatedClaims(_Frozen):
    """Draws that agree with a claim, from which the probability given it is told."""

    effective_draws: Count
    reason: Reason


class AreaEstimated(_Frozen):
    """When an estimated area's probability is informed, and an imagined sample counted."""

    informed_from: Share
    effective_draws: Count
    reason: Reason


class Refit(_Frozen):
    """How many times the draws a fit that missed a gate is given."""

    times: Annotated[int, Field(ge=2)]
    reason: Reason


class Remarks(_Frozen):
    """When a change of a rate gets a remark."""

    rate_jump: Annotated[float, Field(gt=0)]
    reason: Reason


class CrimeModel(_Frozen):
    """Numbers of the crime model that are neither priors nor gates."""

    no_rest: Share
    least_remainder: Share
    reason: Reason


class SurveyChecks(_Frozen):
    """When a survey's figures are questioned."""

    largest_deff: Annotated[float, Field(ge=1)]
    left_over: Annotated[float, Field(ge=0)]
    response_rate_apart: Annotated[float, Field(ge=0)]
    reason: Reason


class CrimeChecks(_Frozen):
    """When counts of reports and inhabitants are questioned."""

    population_jump: Annotated[float, Field(gt=0)]
    residents_apart: Share
    rate_ratio: Annotated[float, Field(gt=1)]
    to_date: Annotated[float, Field(gt=1)]
    reason: Reason


class ExtractChecks(_Frozen):
    """When the end of a register extract is questioned."""

    silent_days: Count
    silent_reports: Count
    reason: Reason


class NameChecks(_Frozen):
    """When a name is taken for a slip of another."""

    alike: Share
    least_inside: Count
    least_around: Count
    reason: Reason


class Checks(_Frozen):
    """What a delivered file is asked about, or refused for."""

    survey: SurveyChecks
    crime: CrimeChecks
    extract: ExtractChecks
    names: NameChecks


class SafetyModel(_Frozen):
    """Numbers of the safety model that are neither priors nor gates."""

    left_over: Annotated[float, Field(ge=0, lt=1)]
    effective_draws_aim: Annotated[float, Field(ge=1)]
    least_from_others: Annotated[float, Field(gt=0, lt=1)]
    reason: Reason


class ChartPeriods(_Frozen):
    """Tails of the limit and of the warning line, and reference years wished and the fewest."""

    tails: tuple[Chance, Chance]
    reference: tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(ge=2)]]
    reason: Reason


class ChartShift(_Frozen):
    """Periods in a row on one side that are a shift."""

    run: Annotated[int, Field(ge=2)]
    reason: Reason


class ChartSpread(_Frozen):
    """Complete years that tell how much ordinary periods vary, at most."""

    years: Annotated[int, Field(ge=2)]
    reason: Reason


class ControlChart(_Frozen):
    """When a period of reports is a signal."""

    years: ChartPeriods
    quarters: ChartPeriods
    months: ChartPeriods
    shift: ChartShift
    spread: ChartSpread

    def of(self, per_year: int) -> ChartPeriods:
        """Return what holds of series with so many periods a year: 1, 4 or 12."""
        return {1: self.years, 4: self.quarters, 12: self.months}[per_year]


class Assumptions(_Frozen):
    """`models/assumptions.toml`, validated."""

    name: str
    version: str
    respondents: RespondentsRange
    published_figures: PublishedFigures
    questions: Questions
    power: Power
    rare_answers: RareAnswers
    stated_claims: StatedClaims
    area_estimate: AreaEstimated
    refit: Refit
    remarks: Remarks
    crime_model: CrimeModel
    checks: Checks
    safety_model: SafetyModel
    control_chart: ControlChart

    @property
    def digest(self) -> str:
        """SHA-256 of what the document says; comments are no part of it."""
        return sha256_of_bytes(self.model_dump_json().encode())


@cache
def load_assumptions() -> Assumptions:
    """Load `models/assumptions.toml`.

    Examples
    --------
    >>> load_assumptions().control_chart.of(4).reference
    (3, 3)
    """
    return parse_document(Assumptions, models_folder() / "assumptions.toml")
