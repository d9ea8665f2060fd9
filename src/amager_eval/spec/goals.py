"""The goals of an agreement, how their wording is read, and what decides a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from amager_eval.spec.readings import SAFETY_READINGS
from amager_eval.spec.values import AtKey, Frozen, Labelled, in_language

__all__ = ["Family", "Goal", "Reading", "Verdicts"]


class Verdicts(Frozen):
    """Thresholds between evidence words, and what published-figure tests assume."""

    #: Probability from which the data say reached, and to which they say not reached: above and
    #: below one half, or they would say what is the less likely.
    reached_from: Annotated[float, Field(gt=0.5, le=1)]
    not_reached_to: Annotated[float, Field(ge=0, lt=0.5)]
    #: Design effects a test must hold for, and the one shown.
    deffs: tuple[Annotated[float, Field(ge=1)], ...]
    default_deff: Annotated[float, Field(ge=1)]
    level: Annotated[float, Field(gt=0, lt=1)]  #: Of intervals and tests

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.default_deff not in self.deffs:
            raise AtKey(("default_deff",), "not_of_deffs", deffs=self.deffs)
        return self


#: Readings that belong to each kind of goal; a safety goal's stand in the registry.
_CRIME = ("hold_rate", "hold_count")
_PARTNERS = ("partner_share",)
_DECLARED = (*(r.id for r in SAFETY_READINGS.values() if r.literal), *_CRIME, *_PARTNERS)

if TYPE_CHECKING:
    type ReadingId = str
else:
    ReadingId = Literal[_DECLARED]


class Reading(Labelled):
    """One way to read a goal's wording; exactly one is primary."""

    id: ReadingId  #: The quantity it asks for
    primary: bool = False  #: Whether it is the declared main reading
    #: Answer it is about (safety): of safe more is better, of unsafe less.
    response: Literal["safe", "unsafe"] | None = None
    settings: tuple[str, ...] = ()  #: Settings it is about (safety)
    reason: Annotated[str, Field(min_length=10)]  #: Why the wording can be read so


class Goal(Frozen):
    """A goal: its literal wording and its declared readings."""

    id: str
    kind: Literal["safety", "crime", "partners"]
    title_da: str = ""
    title_en: str = ""
    literal: str
    crime_types: tuple[str, ...] = ()
    threshold: Annotated[float, Field(gt=0, le=1)] | None = None
    partners_at_least: Annotated[int, Field(ge=1)] | None = None
    reading: Annotated[tuple[Reading, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.title_da or self.title_en):
            raise AtKey(("title_en",), "title_needed")
        primary = [r.id for r in self.reading if r.primary]
        if len(primary) != 1:
            raise AtKey(("reading",), "one_primary", found=primary)
        if self.kind == "partners" and (self.threshold is None or self.partners_at_least is None):
            raise AtKey(("threshold",), "partner_goal_needs")
        if self.kind == "crime" and not self.crime_types:
            raise AtKey(("crime_types",), "crime_goal_needs")
        seen: set[tuple[str, str | None, str]] = set()
        for i, reading in enumerate(self.reading):
            asked = [(reading.id, reading.response, s) for s in reading.settings or ("",)]
            if len(set(asked)) < len(asked) or seen & set(asked):
                raise AtKey(("reading", i, "id"), "reading_twice", name=reading.id)
            seen |= set(asked)
            belongs = {"crime": reading.id in _CRIME, "partners": reading.id in _PARTNERS}
            if not belongs.get(self.kind, reading.id not in _CRIME + _PARTNERS):
                raise AtKey(("reading", i, "id"), "no_reading", name=reading.id, kind=self.kind)
            if self.kind == "safety" and (reading.response is None or not reading.settings):
                raise AtKey(("reading", i, "response"), "safety_reading_needs")
        return self

    @property
    def primary(self) -> Reading:
        """The declared main reading."""
        return next(r for r in self.reading if r.primary)

    def title(self, lang: str = "da") -> str:
        """Return the title in `lang`, or in the other language where there is none."""
        return in_language(lang, self.title_da, self.title_en)


class Family(Frozen):
    """A declared family of tests and how it is corrected."""

    id: Literal["primary", "exploratory"]
    method: Literal["holm", "bh"]
    note: str = ""
