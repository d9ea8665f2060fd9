"""What a reader must know of a figure: its boundary, its series, its year, how small it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from amager_eval.conventions import BASELINE_FILE, crime_year_of_wave
from amager_eval.goals.remarks import Remark, RemarkCode, remark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.goals.facts import Facts
    from amager_eval.goals.result import Result
    from amager_eval.spec.agreement import Agreement

__all__ = ["Caveat", "caveats", "with_caveats"]


@dataclass(frozen=True)
class Caveat:
    """A reservation and where it applies."""

    #: Key of wording.
    kind: Literal[
        "boundary", "definition", "wave_year", "few_answers", "few_reports", "frozen_baseline"
    ]
    goals: tuple[str, ...]  #: Ids of the goals it touches
    area: str  #: Area whose figures it is about
    parts: tuple[str, ...] = ()  #: Settings or types of crime it is about; empty for all
    values: Mapping[str, object] = field(default_factory=dict)  #: What the sentence names

    def remark(self) -> Remark:
        """Return it as a remark of a result."""
        return remark(RemarkCode(self.kind), self.values)


def caveats(data: Input, facts: Facts, agreement: Agreement, year: int) -> tuple[Caveat, ...]:
    """Collect every reservation that applies to a year's figures of the agreement's areas.

    `boundary`: the baseline lies before the boundary the goals are about, or figures of one area
    are marked with several versions; `definition`: the area's reports are also there in another
    series; `wave_year`: the target year may be read as another wave; `few_answers`, `few_reports`:
    a figure rests on fewer than the agreement's limit; `frozen_baseline`: the baseline year was not
    delivered and is the frozen one.
    """
    return (
        *_boundary(data, facts.area, agreement),
        *_definition(data, facts, agreement),
        *_wave_year(facts, agreement),
        *_few_answers(facts, agreement, year),
        *_few_reports(facts, agreement, year),
        *_frozen_baseline(data, facts.area, agreement),
    )


def with_caveats(results: Iterable[Result], found: tuple[Caveat, ...]) -> list[Result]:
    """Add each caveat to the remarks of the results it applies to."""
    return [
        one.noting(
            *(
                caveat.remark()
                for caveat in found
                if one.goal in caveat.goals
                and one.area == caveat.area
                and (not caveat.parts or one.part in caveat.parts)
            )
        )
        for one in results
    ]


def _goals(agreement: Agreement, *kinds: str) -> tuple[str, ...]:
    return tuple(g.id for g in agreement.goal if g.kind in kinds)


def _areas(facts: Facts, agreement: Agreement) -> tuple[str, ...]:
    return tuple(dict.fromkeys((facts.area, *agreement.areas.indicators)))


def _boundary(data: Input, own: str, agreement: Agreement) -> Iterator[Caveat]:
    version = agreement.areas.evaluated
    for frame, period, kind, start in (
        (data.safety, "wave", "safety", agreement.safety.baseline_wave),
        (data.crime, "period", "crime", agreement.crime.baseline_year),
    ):
        goals = _goals(agreement, kind)
        if frame is None or not goals:
            continue
        rows = frame[frame["area"] == own]
        years = rows[period].astype(str).str[:4].astype(int) if len(rows) else rows[period]
        marked = _versions(rows)
        if len(marked) > 1:
            yield Caveat("boundary", goals, own, (), {"versions": ", ".join(marked)})
        elif version.from_wave is not None and start < version.from_wave and (years == start).any():
            stated = {"baseline": start, "version": version.id, "since": version.from_wave}
            yield Caveat("boundary", goals, own, (), stated)


def _versions(rows: pd.DataFrame) -> list[str]:
    if "area_version" not in rows:
        return []
    return sorted({str(v) for v in rows["area_version"].dropna()})


def _definition(data: Input, facts: Facts, agreement: Agreement) -> Iterator[Caveat]:
    goals, own = _goals(agreement, "crime"), agreement.crime.definition
    if data.crime is None or not goals:
        return
    for area in _areas(facts, agreement):
        others = sorted(set(data.crime.loc[data.crime["area"] == area, "definition"]) - {own})
        if others:
            stated = {"own": own, "others": ", ".join(map(str, others))}
            yield Caveat("definition", goals, area, (), stated)


def _wave_year(facts: Facts, agreement: Agreement) -> Iterator[Caveat]:
    safety = agreement.safety
    if safety.alternative_target_wave != safety.target_wave:
        goals = _goals(agreement, "safety")
        stated = {"target": safety.target_wave, "other": safety.alternative_target_wave}
        for area in _areas(facts, agreement):
            yield Caveat("wave_year", goals, area, (), stated)


def _few_answers(facts: Facts, agreement: Agreement, year: int) -> Iterator[Caveat]:
    goals, limit = _goals(agreement, "safety"), agreement.disclosure.few_answers
    if not goals:
        return
    for area in _areas(facts, agreement):
        for setting in agreement.safety.settings:
            shares = facts.shares(area, setting, agreement.response)
            waves = [w for w in shares if agreement.safety.baseline_wave <= w <= year]
            sizes = {w: facts.respondents(area, w) for w in waves}
            small = {w: s.n for w, s in sizes.items() if s is not None and s.n < limit}
            if small:
                stated = {"n": round(min(small.values())), "limit": limit}
                yield Caveat("few_answers", goals, area, (setting,), stated)


def _few_reports(facts: Facts, agreement: Agreement, year: int) -> Iterator[Caveat]:
    crime, limit = agreement.crime, agreement.disclosure.few_reports
    for goal in agreement.goal:
        if goal.kind != "crime":
            continue
        for area in _areas(facts, agreement):
            for crime_type in goal.crime_types:
                figures = facts.reports(area, crime_type, crime.definition)
                counts = [
                    f.count
                    for y, f in figures.items()
                    if f.count is not None and crime.baseline_year <= y <= crime_year_of_wave(year)
                ]
                if counts and min(counts) < limit:
                    stated = {"count": round(min(counts)), "limit": limit}
                    yield Caveat("few_reports", (goal.id,), area, (crime_type,), stated)


def _frozen_baseline(data: Input, own: str, agreement: Agreement) -> Iterator[Caveat]:
    if data.crime is None or "source" not in data.crime:
        return
    crime = data.crime
    filled = crime[
        (crime["area"] == own) & crime["source"].astype(str).str.startswith(BASELINE_FILE)
    ]
    if len(filled):
        types = tuple(dict.fromkeys(filled["crime_type"]))
        goals = tuple(g.id for g in agreement.goal if set(g.crime_types) & set(types))
        stated = {"baseline": agreement.crime.baseline_year, "source": filled["source"].iloc[0]}
        yield Caveat("frozen_baseline", goals, own, types, stated)
