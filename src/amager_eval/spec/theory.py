"""The theory of change of an agreement: per focus area what is expected and what would show it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from amager_eval.conventions import RESPONSES
from amager_eval.spec.values import AtKey, Frozen, Labelled

__all__ = ["Claim", "Expected", "FocusTheory", "Plan", "indicator_parts"]


class Claim(Frozen):
    """A statement of the agreement about published figures, held against the model."""

    #: What it is about.
    area: str
    response: Literal["safe", "unsafe"] = "safe"
    #: The waves it speaks of; the claim is that things became worse from one to the other.
    before: int
    after: int
    literal: str  #: The agreement's words

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.after <= self.before:
            raise AtKey(("after",), "after_not_later", before=self.before)
        return self


class Plan(Frozen):
    """How often the list of activities must be renewed, and when a status looks at it."""

    renewed_within_months: Annotated[int, Field(ge=1)] = 12  #: Oldest a list may be
    #: The month of the statement's year at whose end its age is counted, 1 to 12.
    status_month: Annotated[int, Field(ge=1, le=12)] = 5


class Expected(Labelled):
    """An expected result or effect, and the indicators that would show it."""

    term: Literal["short", "long"]  #: A result in the short term or an effect in the long term
    #: `safety.<setting>.<response>`, `crime.<type>`, or any other text, which nothing measures.
    indicators: tuple[str, ...] = ()


class FocusTheory(Frozen):
    """What is expected of one focus area."""

    focus_area: str  #: As in `focus_areas` and in the list of activities
    label_en: str = ""  #: Its name in English; empty where the name itself is English
    expects: tuple[Expected, ...] = ()  #: Results and effects; empty where none is written down

    @model_validator(mode="after")
    def _known(self) -> Self:
        for i, expected in enumerate(self.expects):
            for indicator in expected.indicators:
                parts = indicator_parts(indicator)
                if parts[0] == "safety" and (len(parts) != 3 or parts[2] not in RESPONSES):
                    raise AtKey(("expects", i, "indicators"), "indicator_form", indicator=indicator)
        return self


def indicator_parts(indicator: str) -> tuple[str, ...]:
    """Split an indicator into what it is measured by and which of it.

    Examples
    --------
    >>> indicator_parts("safety.night.unsafe"), indicator_parts("crime.vold/våben")
    (('safety', 'night', 'unsafe'), ('crime', 'vold/våben'))
    >>> indicator_parts("young people in spare-time jobs")
    ('other', 'young people in spare-time jobs')
    """
    kind, _, rest = indicator.partition(".")
    if kind == "safety" and rest:
        return ("safety", *rest.split("."))
    if kind == "crime" and rest:
        return ("crime", rest)
    return ("other", indicator)
