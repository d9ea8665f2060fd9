"""A partnership agreement as a document: areas, goals and their readings, thresholds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from amager_eval.conventions import RESPONSES
from amager_eval.errors import SpecError
from amager_eval.provenance import sha256_of_file
from amager_eval.spec.documents import models_folder, parse_document
from amager_eval.spec.goals import Family, Goal, Reading, Verdicts
from amager_eval.spec.measures import Areas, AreaVersion, Crime, CrimeType, Safety, Statbank
from amager_eval.spec.nested import Nested
from amager_eval.spec.synonyms import Synonyms
from amager_eval.spec.theory import Claim, Expected, FocusTheory, Plan, indicator_parts
from amager_eval.spec.values import AtKey, Frozen, Labelled
from amager_eval.wording.faults import fault_of

__all__ = [
    "Agreement",
    "AreaVersion",
    "Areas",
    "Claim",
    "Crime",
    "CrimeType",
    "Disclosure",
    "Expected",
    "Family",
    "FocusTheory",
    "Funding",
    "Goal",
    "LeftOut",
    "Nested",
    "Period",
    "Plan",
    "Reading",
    "Safety",
    "Sender",
    "Statbank",
    "Synonyms",
    "Verdicts",
    "load_agreement",
]


class Period(Frozen):
    """First and last day of the agreement."""

    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise AtKey(("end",), "ends_first", end=self.end, start=self.start)
        return self


class Funding(Frozen):
    """Money, DKK a year; and what one answer of the survey costs, DKK, where it is agreed."""

    activities_dkk_per_year: Annotated[int, Field(ge=0)]
    project_management_dkk_per_year: Annotated[int, Field(ge=0)] = 0
    dkk_per_answer: Annotated[float, Field(gt=0)] | None = None


class Disclosure(Frozen):
    """What is too small to be shown."""

    #: Counts of persons or reports below it, zero included, are not shown.
    threshold: Annotated[int, Field(ge=1, le=100)] = 5
    #: Below this many answers (of a survey) or reports (of a year) a figure is marked as small.
    few_answers: Annotated[int, Field(ge=1)] = 100
    few_reports: Annotated[int, Field(ge=1)] = 20


class Sender(Frozen):
    """Who sends the yearly status, and whom a reader may ask; printed on its first page."""

    office: Annotated[str, Field(min_length=1)]  #: The office that sends it
    #: Name, telephone or address of who answers questions; empty: a field to fill in.
    contact: str = ""


class LeftOut(Labelled):
    """Something the agreement holds and this document does not, and why; printed as it stands."""


class Agreement(Frozen):
    """A partnership agreement, validated and frozen.

    Every key is explained in `models/agreements/template.toml`. Sections that are left out hold
    nothing: without `crime` nothing about crime is judged, without `theory` no chain is drawn.
    """

    schema_version: Literal[1]
    id: str
    version: str
    name: str
    title: str
    parties: tuple[str, ...] = ()
    focus_areas: tuple[str, ...] = ()
    period: Period | None = None
    funding: Funding | None = None
    sender: Sender | None = None
    disclosure: Disclosure = Disclosure()
    plan: Plan = Plan()
    areas: Areas
    safety: Safety
    crime: Crime
    verdicts: Verdicts
    goal: Annotated[tuple[Goal, ...], Field(min_length=1)]
    family: tuple[Family, ...] = ()
    claim: tuple[Claim, ...] = ()
    theory: tuple[FocusTheory, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    nested: Nested | None = None
    synonyms: Synonyms = Synonyms()
    _digest: str = PrivateAttr(default="")

    @property
    def digest(self) -> str:
        """SHA-256 of the document it was read from."""
        return self._digest

    @property
    def response(self) -> str:
        """The answer the safety goals are about: that of the first one's primary reading."""
        safety = next((g for g in self.goal if g.kind == "safety"), None)
        return str(safety.primary.response) if safety is not None else "safe"

    @model_validator(mode="before")
    @classmethod
    def _without_crime(cls, document: Any) -> Any:
        """Give an agreement without crime goals an empty crime section of its safety waves."""
        if isinstance(document, dict) and "crime" not in document:
            safety = document.get("safety")
            if isinstance(safety, dict) and {"baseline_wave", "target_wave"} <= set(safety):
                years = {"baseline_year": safety["baseline_wave"]}
                return document | {"crime": years | {"target_year": safety["target_wave"]}}
        return document

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [g.id for g in self.goal]
        for i, goal in enumerate(self.goal):
            if ids.index(goal.id) != i:
                raise AtKey(("goal", i, "id"), "twice", name=goal.id)
            types, here = [t.id for t in self.crime.type], ("goal", i, "crime_types")
            self._known(goal.crime_types, types, here)
            for j, reading in enumerate(goal.reading):
                self._known(reading.settings, list(self.safety.settings),
                            ("goal", i, "reading", j, "settings"))  # fmt: skip
        for i, claim in enumerate(self.claim):
            known = [*self.areas.parts, *(n for v in self.areas.version for n in v.names)]
            self._known((claim.area,), known, ("claim", i, "area"))
        self._hold_nested()
        areas = [self.areas.whole, *self.areas.parts]
        named = {
            "area": [*areas, *(n for v in self.areas.version for n in v.names)],
            "crime_type": [t.id for t in self.crime.type],
            "definition": [self.crime.definition],
            "focus_area": list(self.focus_areas),
            "setting": list(self.safety.settings),
            "response": list(RESPONSES),
        }
        for kind, known in named.items():
            names = tuple(getattr(self.synonyms, kind))
            self._known(names, known, ("synonyms", kind))
        for i, theory in enumerate(self.theory):
            self._known((theory.focus_area,), list(self.focus_areas),
                        ("theory", i, "focus_area"))  # fmt: skip
            if theory.focus_area in [t.focus_area for t in self.theory[:i]]:
                raise AtKey(("theory", i, "focus_area"), "twice", name=theory.focus_area)
            for j, expected in enumerate(theory.expects):
                for indicator in expected.indicators:
                    kind, which, *_ = indicator_parts(indicator)
                    known = {
                        "safety": list(self.safety.settings),
                        "crime": [t.id for t in self.crime.type],
                    }.get(kind, [which])
                    at = ("theory", i, "expects", j, "indicators")
                    self._known((which,), known, at)
        return self

    def _hold_nested(self) -> None:
        """Hold what the area is made of against the parts and the settings."""
        if self.nested is None:
            return
        try:
            self.nested.hold_against_parts(self.areas.parts)
        except AtKey as fault:
            raise fault.under("nested") from fault
        for i, stated in enumerate(self.nested.stated):
            self._known(stated.settings, list(self.safety.settings),
                        ("nested", "stated", i, "settings"))  # fmt: skip

    @staticmethod
    def _known(names: tuple[str, ...], known: list[str], location: tuple[str | int, ...]) -> None:
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise AtKey(location, "unknown", names=unknown, known=known)


def load_agreement(name: str | Path = "amager_2025_2028") -> Agreement:
    """Load an agreement.

    Parameters
    ----------
    name : str or Path
        A document of `models/agreements` by name, or the path of a TOML file.

    Returns
    -------
    Agreement
        The document, validated and frozen.

    Raises
    ------
    SpecError
        A wrong key, an unknown area, a threshold out of range: with file, line and key.

    Examples
    --------
    >>> agreement = load_agreement("amager_2025_2028")
    >>> agreement.safety.target_wave, agreement.areas.evaluated.id
    (2028, '2025')
    """
    path = Path(name)
    if path.suffix != ".toml":
        folder = models_folder() / "agreements"
        path = folder / f"{name}.toml"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in folder.glob("*.toml")))
            raise SpecError(fault_of("agreement_unknown", name=name, known=known))
    agreement = parse_document(Agreement, path)
    agreement._digest = sha256_of_file(path)
    return agreement
