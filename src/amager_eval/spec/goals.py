"""The goals of an agreement, how their wording is read, and what decides a verdict."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from amager_eval.conventions import Response
from amager_eval.spec.values import AtKey, Frozen, Labelled, Share, in_language

__all__ = ["Family", "Goal", "Reading", "Verdicts"]


class Verdicts(Frozen):
    """Thresholds between evidence words, and what published-figure tests assume."""

    reached_from: Share
    not_reached_to: Share
    deffs: tuple[Annotated[float, Field(ge=1)], ...]
    default_deff: Annotated[float, Field(ge=1)]
    level: Share

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.not_reached_to >= self.reached_from:
            raise AtKey(
                ("not_reached_to",),
                f"not_reached_to ({self.not_reached_to}) must lie below "
                f"reached_from ({self.reached_from})",
            )
        if self.default_deff not in self.deffs:
            raise AtKey(("default_deff",), f"it must be one of deffs {list(self.deffs)}")
        return self


class Reading(Labelled):
    """One way to read a goal's wording; exactly one is primary.

    Parameters
    ----------
    id : str
        The quantity it asks for.
    primary : bool
        Whether it is the declared main reading.
    response : str or None
        Answer it is about (safety).
    settings : tuple of str
        Settings it is about (safety).
    label_da, label_en : str
        What it says, as a sentence.
    reason : str
        Why the wording can be read so.
    """

    id: Literal[
        "rises_every_year",
        "above_baseline",
        "shortfall_smaller",
        "shortfall_halved",
        "reaches_whole",
        "within_1_point",
        "within_2_points",
        "hold_rate",
        "hold_count",
        "partner_share",
    ]
    primary: bool = False
    response: Response | None = None
    settings: tuple[str, ...] = ()
    reason: Annotated[str, Field(min_length=10)]


#: Readings that belong to each kind of goal.
_CRIME = frozenset({"hold_rate", "hold_count"})
_PARTNERS = frozenset({"partner_share"})


class Goal(Frozen):
    """A goal: its literal wording and its declared readings."""

    id: str
    kind: Literal["safety", "crime", "partners"]
    title_da: str = ""
    title_en: str = ""
    literal: str
    crime_types: tuple[str, ...] = ()
    threshold: Share | None = None
    partners_at_least: Annotated[int, Field(ge=1)] | None = None
    reading: Annotated[tuple[Reading, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.title_da or self.title_en):
            raise AtKey(("title_en",), "a title is needed in Danish or in English")
        primary = [r.id for r in self.reading if r.primary]
        if len(primary) != 1:
            raise AtKey(("reading",), f"exactly one reading must be primary, found {primary}")
        if self.kind == "partners" and (self.threshold is None or self.partners_at_least is None):
            raise AtKey(("threshold",), "a partner goal needs threshold and partners_at_least")
        if self.kind == "crime" and not self.crime_types:
            raise AtKey(("crime_types",), "a crime goal names the types it is about")
        for i, reading in enumerate(self.reading):
            belongs = {"crime": reading.id in _CRIME, "partners": reading.id in _PARTNERS}
            if not belongs.get(self.kind, reading.id not in _CRIME | _PARTNERS):
                raise AtKey(
                    ("reading", i, "id"), f"'{reading.id}' is no reading of a {self.kind} goal"
                )
            if self.kind == "safety" and (reading.response is None or not reading.settings):
                raise AtKey(
                    ("reading", i, "response"), "a safety reading needs response and settings"
                )
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
