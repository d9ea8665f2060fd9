"""A partnership agreement as a document: areas, goals and their readings, thresholds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from amager_eval.conventions import Response
from amager_eval.errors import SpecError
from amager_eval.provenance import sha256_of_file
from amager_eval.spec.documents import models_folder, parse_document

__all__ = [
    "Agreement",
    "AreaVersion",
    "Areas",
    "Crime",
    "CrimeType",
    "Family",
    "Funding",
    "Goal",
    "Period",
    "Reading",
    "Safety",
    "Statbank",
    "Verdicts",
    "load_agreement",
]

type Share = Annotated[float, Field(ge=0, le=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Period(_Frozen):
    """First and last day of the agreement."""

    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"the period ends ({self.end}) before it starts ({self.start})")
        return self


class Funding(_Frozen):
    """Money, DKK a year."""

    activities_dkk_per_year: Annotated[int, Field(ge=0)]
    project_management_dkk_per_year: Annotated[int, Field(ge=0)]


class AreaVersion(_Frozen):
    """One version of the partnership area; versions are different areas, never joined.

    Parameters
    ----------
    id : str
        The year the version began.
    names : tuple of str
        What a figure for this version is called in an input.
    from_wave, until_wave : int
        First and last survey wave that reports it.
    districts, estates : tuple of str
        Districts it lies in; estates it holds.
    evaluated : bool
        Whether the agreement's goals are about this version.
    """

    id: str
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    from_wave: int
    until_wave: int | None = None
    districts: tuple[str, ...] = ()
    estates: tuple[str, ...] = ()
    evaluated: bool = False
    note: str = ""


class Areas(_Frozen):
    """The whole, its disjoint parts, the indicator districts and the area's versions."""

    whole: str
    parts: tuple[str, ...]
    indicators: tuple[str, ...]
    version: tuple[AreaVersion, ...]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if len(set(self.parts)) != len(self.parts):
            raise ValueError("a part is named twice")
        named = {*self.indicators, *(d for v in self.version for d in v.districts)}
        unknown = sorted(named - set(self.parts))
        if unknown:
            raise ValueError(f"unknown area {', '.join(unknown)}; the parts are {list(self.parts)}")
        evaluated = [v.id for v in self.version if v.evaluated]
        if len(evaluated) != 1:
            raise ValueError(f"exactly one version must be evaluated, found {evaluated}")
        return self

    @property
    def evaluated(self) -> AreaVersion:
        """The version the goals are about."""
        return next(v for v in self.version if v.evaluated)


class Safety(_Frozen):
    """What the safety goals are measured by."""

    survey: str
    baseline_wave: int
    target_wave: int
    alternative_target_wave: int
    settings: tuple[str, ...]


class CrimeType(_Frozen):
    """A type of crime: the total, one of the selected (with a goal), or monitored (without)."""

    id: str
    label_da: str
    label_en: str
    role: Literal["total", "selected", "monitored"]
    note: str = ""


class Statbank(_Frozen):
    """Which Statistics Denmark series stand beside the goal's own, as context."""

    table: str
    area: str
    note: str
    types: dict[str, tuple[str, ...]]


class Crime(_Frozen):
    """What the crime goals are measured by."""

    baseline_year: int
    guard_years: tuple[int, ...]
    target_year: int
    definition: str
    source: str
    monitoring_source: str
    case_areas: tuple[str, ...]
    type: tuple[CrimeType, ...]
    statbank: Statbank | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        ids = [t.id for t in self.type]
        unknown = sorted(set(self.statbank.types if self.statbank else ()) - set(ids))
        if unknown:
            raise ValueError(f"unknown crime type {', '.join(unknown)}; the types are {ids}")
        return self

    def label(self, crime_type: str, lang: str = "da") -> str:
        """Label of a type; a type the agreement does not name keeps its own name."""
        for t in self.type:
            if t.id == crime_type:
                return t.label_da if lang == "da" else t.label_en
        return crime_type


class Verdicts(_Frozen):
    """Thresholds between evidence words, and what published-figure tests assume."""

    reached_from: Share
    not_reached_to: Share
    deffs: tuple[Annotated[float, Field(ge=1)], ...]
    default_deff: Annotated[float, Field(ge=1)]
    level: Share

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.not_reached_to >= self.reached_from:
            raise ValueError(
                f"not_reached_to ({self.not_reached_to}) must lie below "
                f"reached_from ({self.reached_from})"
            )
        return self


class Reading(_Frozen):
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
    label_da: str
    label_en: str
    reason: Annotated[str, Field(min_length=10)]

    def label(self, lang: str = "da") -> str:
        """Return the sentence in `lang`."""
        return self.label_da if lang == "da" else self.label_en


class Goal(_Frozen):
    """A goal: its literal wording and its declared readings."""

    id: str
    kind: Literal["safety", "crime", "partners"]
    title_da: str
    title_en: str
    literal: str
    crime_types: tuple[str, ...] = ()
    threshold: Share | None = None
    partners_at_least: Annotated[int, Field(ge=1)] | None = None
    reading: Annotated[tuple[Reading, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_primary(self) -> Self:
        primary = [r.id for r in self.reading if r.primary]
        if len(primary) != 1:
            raise ValueError(f"exactly one reading must be primary, found {primary}")
        if self.kind == "partners" and (self.threshold is None or self.partners_at_least is None):
            raise ValueError("a partner goal needs threshold and partners_at_least")
        return self

    def title(self, lang: str = "da") -> str:
        """Return the title in `lang`."""
        return self.title_da if lang == "da" else self.title_en


class Family(_Frozen):
    """A declared family of tests and how it is corrected."""

    id: Literal["primary", "exploratory"]
    method: Literal["holm", "bh"]
    note: str


class Agreement(_Frozen):
    """A partnership agreement, validated and frozen."""

    schema_version: Literal[1]
    id: str
    version: str
    name: str
    title: str
    parties: tuple[str, ...]
    focus_areas: tuple[str, ...]
    period: Period
    funding: Funding
    areas: Areas
    safety: Safety
    crime: Crime
    verdicts: Verdicts
    goal: Annotated[tuple[Goal, ...], Field(min_length=1)]
    family: tuple[Family, ...]
    _digest: str = PrivateAttr(default="")

    @property
    def digest(self) -> str:
        """SHA-256 of the document it was read from."""
        return self._digest

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        types = {t.id for t in self.crime.type}
        for goal in self.goal:
            unknown = sorted(set(goal.crime_types) - types)
            if unknown:
                raise ValueError(
                    f"goal {goal.id}: unknown crime type {', '.join(unknown)}; "
                    f"the types are {sorted(types)}"
                )
            for reading in goal.reading:
                unknown = sorted(set(reading.settings) - set(self.safety.settings))
                if unknown:
                    raise ValueError(
                        f"goal {goal.id}: unknown setting {', '.join(unknown)}; "
                        f"the settings are {list(self.safety.settings)}"
                    )
        return self


def load_agreement(name: str | Path = "amager_2025_2028") -> Agreement:
    """Load an agreement.

    Parameters
    ----------
    name : str or Path
        A document of `models/agreements` by name, or the path of a TOML file.

    Returns
    -------
    Agreement

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
            raise SpecError(f"no agreement '{name}'; known are {known}, or give a TOML file.")
    agreement = parse_document(Agreement, path)
    agreement._digest = sha256_of_file(path)
    return agreement
