"""The document of other assumptions: under which the goal probabilities are computed once more."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from amager_eval.spec.documents import models_folder, parse_document

__all__ = ["Sensitivity", "load_sensitivity"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceGrades(_Frozen):
    """Grades of figures left out."""

    left_out: tuple[str, ...]
    reason: Annotated[str, Field(min_length=10)]


class PandemicWaves(_Frozen):
    """Survey waves left out."""

    waves: tuple[int, ...]
    reason: Annotated[str, Field(min_length=10)]


class ResponseLink(_Frozen):
    """How much areas may differ in the width of the third answer, log ratio."""

    sd: Annotated[float, Field(gt=0)]
    reason: Annotated[str, Field(min_length=10)]


class Reweighting(_Frozen):
    """When the draws used answer for an alternative: points weighed, least share they are worth."""

    points: Annotated[int, Field(gt=0)]
    least_share: Annotated[float, Field(gt=0, lt=1)]
    reason: Annotated[str, Field(min_length=10)]


class GapStays(_Frozen):
    """That every gap stays as it is: an alternative that is never mixed with the others."""

    reason: Annotated[str, Field(min_length=10)]


class SafetyAlternatives(_Frozen):
    """Other assumptions of the safety model."""

    margins: tuple[str, ...]
    reweighting: Reweighting
    gap_stays: GapStays
    source_grades: SourceGrades
    pandemic: PandemicWaves
    response_link: ResponseLink


class CrimeSampling(_Frozen):
    """How long a crime model's alternative is sampled, per chain, and in what steps."""

    draws: Annotated[int, Field(gt=0)]
    tune: Annotated[int, Field(gt=0)]
    target_accept: Annotated[float, Field(gt=0, lt=1)]
    reason: Annotated[str, Field(min_length=10)]


class FurtherChains(_Frozen):
    """How many chains are put beside those of an alternative with too few effective draws.

    `spare` is how many times the chains that would suffice; `most_chains` counts all there are.
    """

    spare: Annotated[float, Field(ge=1)]
    most_chains: Annotated[int, Field(gt=0)]
    reason: Annotated[str, Field(min_length=10)]


class CrimeAlternatives(_Frozen):
    """Other assumptions of the crime model."""

    sampling: CrimeSampling
    further: FurtherChains


class Sensitivity(_Frozen):
    """`models/sensitivity.toml`, validated."""

    name: str
    version: str
    safety: SafetyAlternatives
    crime: CrimeAlternatives


def load_sensitivity() -> Sensitivity:
    """Load `models/sensitivity.toml`.

    Examples
    --------
    >>> load_sensitivity().safety.margins
    ('within_1_point', 'within_2_points')
    """
    return parse_document(Sensitivity, models_folder() / "sensitivity.toml")
