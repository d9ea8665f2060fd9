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

    respondents: Annotated[int, Field(ge=1)]
    samples: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    reason: Reason


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
