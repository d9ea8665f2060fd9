"""What an agreement is measured on: its areas, its survey, its types of crime."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from amager_eval.spec.values import AtKey, Frozen, Labelled

__all__ = ["AreaVersion", "Areas", "Crime", "CrimeType", "Safety", "Statbank"]


class AreaVersion(Frozen):
    """One version of the partnership area; versions are different areas, never joined."""

    id: str  #: The year the version began
    #: What a figure for this version is called in an input.
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    #: First and last survey wave that reports it; None where not known or still so.
    from_wave: int | None = None
    until_wave: int | None = None
    #: Districts it lies in; estates it holds.
    districts: tuple[str, ...] = ()
    estates: tuple[str, ...] = ()
    evaluated: bool = False  #: Whether the agreement's goals are about this version
    note: str = ""  #: Why it differs from the version before


class Areas(Frozen):
    """The whole, its disjoint parts, the indicator districts and the area's versions."""

    whole: str
    parts: tuple[str, ...]
    indicators: tuple[str, ...] = ()
    version: tuple[AreaVersion, ...]

    @model_validator(mode="after")
    def _known(self) -> Self:
        twice = sorted({p for p in self.parts if self.parts.count(p) > 1})
        if twice:
            raise AtKey(("parts",), "twice", name=twice)
        named: dict[tuple[str | int, ...], tuple[str, ...]] = {("indicators",): self.indicators}
        named |= {("version", i, "districts"): v.districts for i, v in enumerate(self.version)}
        for location, names in named.items():
            unknown = sorted(set(names) - set(self.parts))
            if unknown:
                raise AtKey(location, "unknown", names=unknown, known=self.parts)
        if self.whole in self.parts:
            raise AtKey(("whole",), "whole_is_part", whole=self.whole)
        self._versions_differ()
        evaluated = [v.id for v in self.version if v.evaluated]
        if len(evaluated) != 1:
            raise AtKey(("version",), "one_evaluated", found=evaluated)
        return self

    def _versions_differ(self) -> None:
        """Versions are different areas: one name or one wave cannot mean two of them."""
        for i, version in enumerate(self.version):
            first, last = version.from_wave, version.until_wave
            if first is not None and last is not None and last < first:
                raise AtKey(("version", i, "until_wave"), "version_ends_first", first=first)
            for other in self.version[:i]:
                if other.id == version.id:
                    raise AtKey(("version", i, "id"), "twice", name=version.id)
                shared = sorted(set(version.names) & set(other.names))
                if shared:
                    at = ("version", i, "names")
                    raise AtKey(at, "version_name_shared", other=other.id, name=shared[0])
                if _overlap(version, other):
                    raise AtKey(
                        ("version", i, "from_wave"),
                        "version_waves_shared",
                        other=other.id,
                        first=other.from_wave,
                        last=other.until_wave or "…",
                    )

    @property
    def evaluated(self) -> AreaVersion:
        """The version the goals are about."""
        return next(v for v in self.version if v.evaluated)


def _overlap(one: AreaVersion, other: AreaVersion) -> bool:
    """Whether two versions have a wave in common, as far as their waves are known."""
    if one.from_wave is None or other.from_wave is None:
        return False
    earlier, later = sorted((one, other), key=lambda v: v.from_wave or 0)
    if earlier.until_wave is None:  # it ends where the next begins
        return earlier.from_wave == later.from_wave
    return earlier.until_wave >= (later.from_wave or 0)


class Safety(Frozen):
    """What the safety goals are measured by."""

    survey: str  #: Its name, as a reader knows it
    #: Waves the goals are measured from and due in.
    baseline_wave: int
    target_wave: int
    #: Another wave the target's wording may mean; `target_wave` where it means one alone.
    alternative_target_wave: int
    settings: Annotated[tuple[str, ...], Field(min_length=1)]  #: Questions, as an input names them

    @model_validator(mode="before")
    @classmethod
    def _one_target(cls, safety: Any) -> Any:
        if isinstance(safety, dict) and "target_wave" in safety:
            return {"alternative_target_wave": safety["target_wave"]} | safety
        return safety

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.target_wave <= self.baseline_wave:
            raise AtKey(("target_wave",), "target_not_after", baseline=self.baseline_wave)
        if self.alternative_target_wave <= self.baseline_wave:
            at = ("alternative_target_wave",)
            raise AtKey(at, "target_not_after", baseline=self.baseline_wave)
        if len(set(self.settings)) < len(self.settings):
            raise AtKey(("settings",), "twice", name=self.settings)
        return self


class CrimeType(Labelled):
    """A type of crime: the total, one of the selected (with a goal), or monitored (without)."""

    id: str
    role: Literal["total", "selected", "monitored"]
    note: str = ""


class Statbank(Frozen):
    """Which Statistics Denmark series stand beside the goal's own, as context."""

    table: str
    area: str
    note: str
    types: dict[str, tuple[str, ...]]


class CrimePower(Frozen):
    """What the chance of a rise without any change is computed for."""

    #: Reports a year and type it is shown for while the baseline is not delivered.
    reports: tuple[Annotated[int, Field(gt=0)], ...]
    #: Size of the negative binomial of a year's reports: variance `m + m^2 / size`.
    size: Annotated[float, Field(gt=0)]


class Crime(Frozen):
    """What the crime goals are measured by; without types nothing about crime is judged.

    `margin` is the ratio to the baseline that still counts as near it; None declares none.
    `inhabitants_on` is the day whose inhabitants a year's reports are divided by: the first of the
    year, or its middle.
    """

    baseline_year: int
    guard_years: tuple[int, ...] = ()
    margin: Annotated[float, Field(gt=1, le=2)] | None = None
    target_year: int
    inhabitants_on: Literal["mid_year", "year_start"] = "mid_year"
    definition: str = ""
    source: str = ""
    monitoring_source: str = ""
    case_areas: tuple[str, ...] = ()
    type: tuple[CrimeType, ...] = ()
    power: CrimePower | None = None
    statbank: Statbank | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        ids = [t.id for t in self.type]
        unknown = sorted(set(self.statbank.types if self.statbank else ()) - set(ids))
        if unknown:
            raise AtKey(("statbank", "types", unknown[0]), "unknown", names=unknown, known=ids)
        if self.type and not self.definition:
            raise AtKey(("definition",), "definition_needed")
        if len(set(ids)) < len(ids):
            raise AtKey(("type",), "twice", name=ids)
        if self.type and self.target_year <= self.baseline_year:
            raise AtKey(("target_year",), "target_not_after", baseline=self.baseline_year)
        late = [y for y in self.guard_years if y > self.baseline_year]
        if late or len(set(self.guard_years)) < len(self.guard_years):
            raise AtKey(("guard_years",), "guard_years", baseline=self.baseline_year)
        return self

    def label(self, crime_type: str, lang: str = "da") -> str:
        """Label of a type; a type the agreement does not name keeps its own name."""
        for t in self.type:
            if t.id == crime_type:
                return t.label(lang)
        return crime_type
