"""Has an indicator of the agreement's area moved since the baseline? A signal, not a cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from amager_eval.conventions import crime_year_of_wave
from amager_eval.goals.safety.changes import compare_waves
from amager_eval.significance import rate_ratio
from amager_eval.spec.theory import indicator_parts

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement

__all__ = ["Signal", "reports_moved", "signal_of"]


@dataclass(frozen=True)
class Signal:
    """Whether an indicator has moved; direction and judgement stand apart."""

    indicator: str  #: As the agreement names it
    #: Moved by a test at the agreement's level, not shown to have moved, or without figures for the
    #: agreement's own area.
    signal: Literal["moved", "not_shown", "not_measured"]
    #: Of the published figures; None where not measured.
    direction: Literal["up", "down", "same"] | None = None
    #: Whether a shown movement is the one wished for; None where none is shown.
    better: bool | None = None
    #: Percent (safety) or reports (crime).
    before: float | None = None
    after: float | None = None
    #: Waves or calendar years.
    year_before: int | None = None
    year_after: int | None = None


def signal_of(indicator: str, facts: Facts, agreement: Agreement, year: int) -> Signal:
    """Signal of one indicator in the agreement's own area, baseline against latest.

    An indicator is `safety.<setting>.<response>`, `crime.<type>`, or words that nothing measures. A
    safety figure has moved where the change is significant over the whole rounding box, every
    declared design effect and the range of an assumed n. Reports have moved where the exact ratio
    differs from 1 with the agreement's variation beyond Poisson allowed for.
    """
    kind, *which = indicator_parts(indicator)
    if kind == "safety":
        return _safety(indicator, which[0], which[1], facts, agreement, year)
    if kind == "crime":
        return _crime(indicator, which[0], facts, agreement, year)
    return Signal(indicator, "not_measured")


def _safety(
    indicator: str, setting: str, response: str, facts: Facts, agreement: Agreement, year: int
) -> Signal:
    area, start = facts.area, agreement.safety.baseline_wave
    shares = facts.shares(area, setting, response)
    waves = [w for w in shares if start < w <= year]
    if start not in shares or not waves:
        return Signal(indicator, "not_measured")
    after = max(waves)
    test = compare_waves(facts, agreement, area, setting, response, start, after)
    moved = test is not None and test["verdict"] == "significant"
    wished = "up" if response == "safe" else "down"
    return _signal(
        indicator, moved, wished, (start, shares[start].percent), (after, shares[after].percent)
    )


def _crime(
    indicator: str, crime_type: str, facts: Facts, agreement: Agreement, year: int
) -> Signal:
    crime, area = agreement.crime, facts.area
    figures = facts.reports(area, crime_type, crime.definition)
    counts = {y: f.count for y, f in figures.items() if f.count is not None}
    start = crime.baseline_year
    years = [y for y in counts if start < y <= crime_year_of_wave(year)]
    if start not in counts or not years:
        return Signal(indicator, "not_measured")
    after = max(years)
    moved = reports_moved(facts, agreement, area, crime_type, start, after) == "yes"
    return _signal(indicator, moved, "down", (start, counts[start]), (after, counts[after]))


def reports_moved(
    facts: Facts,
    agreement: Agreement,
    area: str,
    crime_type: str,
    before: int,
    after: int,
    definition: str | None = None,
) -> Literal["yes", "no", "undecided"]:
    """Whether a year's reports differ from another year's by more than ordinary variation.

    `undecided` where a count is missing; inhabitants are allowed for where they are known. The
    definition is by default the goals' own.
    """
    figures = facts.reports(area, crime_type, definition or agreement.crime.definition)
    counts = [figures[y].count if y in figures else None for y in (before, after)]
    if counts[0] is None or counts[1] is None:
        return "undecided"
    people = {before: 1.0, after: 1.0}
    before_people, after_people = (figures[y].inhabitants for y in (before, after))
    if before_people and after_people:
        people = {before: before_people, after: after_people}
    size = agreement.crime.power.size if agreement.crime.power is not None else None
    mean = (counts[0] + counts[1]) / 2
    test = rate_ratio(
        counts[1],
        people[after],
        counts[0],
        people[before],
        level=agreement.verdicts.level,
        dispersion=1 + mean / size if size else 1.0,
    )
    return "yes" if test.p_value < 1 - agreement.verdicts.level else "no"


def _signal(
    indicator: str, moved: bool, wished: str, before: tuple[int, float], after: tuple[int, float]
) -> Signal:
    change = after[1] - before[1]
    direction: Literal["up", "down", "same"] = (
        "up" if change > 0 else "down" if change < 0 else "same"
    )
    return Signal(
        indicator,
        "moved" if moved else "not_shown",
        direction,
        direction == wished if moved else None,
        before[1],
        after[1],
        before[0],
        after[0],
    )
