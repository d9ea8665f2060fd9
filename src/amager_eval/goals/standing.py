"""How every part of a goal stands this year: figures, verdicts and outlook, as one frozen value.

Page one, its table and its picture say nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from amager_eval.conventions import LEVEL, crime_year_of_wave
from amager_eval.goals.crime.quantities import annual_levels
from amager_eval.goals.partners.signals import reports_moved
from amager_eval.goals.verdict import Verdict
from amager_eval.spec.readings import SAFETY_READINGS

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.goals.facts import ReportedYear
    from amager_eval.goals.judged import Judged
    from amager_eval.goals.result import Probabilities, Result
    from amager_eval.spec.agreement import Goal
    from amager_eval.trends.fit import Forecast

__all__ = [
    "Estimated",
    "Figure",
    "Outlook",
    "Standing",
    "goal_number",
    "goal_standings",
    "indicator_standings",
]

type Unit = Literal["percent", "rate", "count"]
type Basis = Literal["measured", "estimate"]
#: Whether a change is shown: `yes`, `no`, or not decidable from what is published.
type Shown = Literal["yes", "no", "undecided"]


@dataclass(frozen=True)
class Figure:
    """A figure of one year: as published, or estimated by the model where none was published."""

    value: float
    year: int
    grade: str = ""
    basis: Basis = "measured"


@dataclass(frozen=True)
class Outlook:
    """Where a part is heading: the model's band at the target, in the part's unit."""

    year: int
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimated:
    """What is estimated of a part nobody measured: a band, and probabilities with their prior."""

    year: int  #: Survey wave of the band
    #: Ends of the 95 % band of the true share, percent; there is no number between them.
    low: float
    high: float
    #: That the reading is met at the target, and what one would say without the figures.
    probability: float | None
    prior: float | None
    #: What it is, wherever it is written.
    basis: Literal["estimate"] = field(default="estimate", init=False)


@dataclass(frozen=True)
class Standing:
    """One part of a goal, or of an indicator, this year."""

    goal: str  #: Id in the agreement; empty for an indicator, which no goal is about
    kind: Literal["safety", "crime", "partners"]  #: What is measured
    reading: str  #: The primary reading
    area: str  #: Whose figures
    part: str | None  #: Setting or type of crime
    unit: Unit  #: Percent 0 to 100, reports per 1,000 inhabitants a year, or reports a year
    #: This year's figure (or the latest there is), the one before it, the baseline year's.
    latest: Figure | None = None
    last: Figure | None = None
    baseline: Figure | None = None
    #: The whole's at the latest figure's year and at the baseline.
    whole: Figure | None = None
    whole_baseline: Figure | None = None
    threshold: float | None = None  #: What the figure must reach whatever the year, percent
    #: Whether the change is statistically significant; None where there is no change to test.
    shown_since_last: Shown | None = None
    shown_since_baseline: Shown | None = None
    verdict: Verdict = Verdict.NOT_MEASURED  #: This year's, from published figures alone
    #: Whether the whole goal has failed for good in this part, whatever comes.
    settled: bool = False
    assessment: Verdict = Verdict.UNDECIDED  #: This year's statistical assessment
    #: That the reading is met at the target: of the true share or level.
    probability: float | None = None
    probability_published: float | None = None  #: The same of the figures that will be published
    outlook: Outlook | None = None  #: The model's band at the target year
    #: What is estimated where there is no figure; no verdict rests on it.
    estimate: Estimated | None = None

    @property
    def since_last(self) -> float | None:
        """Change since the figure before, in the unit; None where there is nothing to compare."""
        return _change(self.last, self.latest)

    @property
    def since_baseline(self) -> float | None:
        """Change since the baseline; None where the latest is the baseline."""
        return _change(self.baseline, self.latest)

    @property
    def since_baseline_share(self) -> float | None:
        """Change since the baseline as a share of it; None for a share, which has points."""
        change = self.since_baseline
        if change is None or self.unit == "percent" or not self.baseline or not self.baseline.value:
            return None
        return change / self.baseline.value

    @property
    def distance(self) -> float | None:
        """Latest figure less the whole's of the same year."""
        return _change(self.whole, self.latest, other_year=False)

    @property
    def distance_baseline(self) -> float | None:
        """Baseline figure less the whole's of the same year."""
        return _change(self.whole_baseline, self.baseline, other_year=False)

    def to_dict(self) -> dict[str, object]:
        """Return it as plain values, the changes and distances it follows from its figures too."""
        computed = (
            "since_last", "since_baseline", "since_baseline_share", "distance",
            "distance_baseline",
        )  # fmt: skip
        return asdict(self) | {name: getattr(self, name) for name in computed}

    @property
    def known(self) -> bool:
        """Whether there is a figure at all."""
        return self.latest is not None


def _change(
    before: Figure | None, after: Figure | None, *, other_year: bool = True
) -> float | None:
    if before is None or after is None or (before.year != after.year) != other_year:
        return None
    return after.value - before.value


def goal_number(goal: str) -> str:
    """Return the number a goal has in the agreement: its parts `1a` and `1b` are one goal.

    Examples
    --------
    >>> goal_number("1a"), goal_number("3"), goal_number("tryghed")
    ('1', '3', 'tryghed')
    """
    digits = goal[: len(goal) - len(goal.lstrip("0123456789"))]
    return digits or goal


def goal_standings(statement: Judged) -> tuple[Standing, ...]:
    """How every goal part stands, in the agreement's order.

    One for each goal and part of its primary reading, of the agreement's own area.
    """
    area = statement.facts.area
    made: list[Standing] = []
    for goal in statement.agreement.goal:
        if goal.kind == "safety":
            made += [
                _safety(statement, goal, area, setting, response)
                for reading in goal.reading
                if reading.primary and (response := reading.response) is not None
                for setting in reading.settings
            ]
        elif goal.kind == "crime":
            made += [_crime(statement, goal, area, kind) for kind in goal.crime_types]
        else:
            made.append(_partners(statement, goal))
    return tuple(made)


def indicator_standings(statement: Judged) -> tuple[Standing, ...]:
    """How the indicator districts stand in the goals' own answer: no goal is about them.

    Without `goal` and verdicts; `probability` is that of being nearer the whole and itself better,
    or staying at its level.
    """
    goals = [g for g in statement.agreement.goal if g.kind == "safety"]
    near = [g for g in goals if g.primary.id == "shortfall_smaller"]
    goal = next(iter(near or goals), None)
    if goal is None:
        return ()
    return tuple(
        one
        for area in statement.agreement.areas.indicators
        for setting in goal.primary.settings
        if (one := _safety(statement, goal, area, setting, str(goal.primary.response))).known
    )


def _results(
    statement: Judged,
    goal: Goal,
    *,
    area: str | None,
    part: str | None,
    response: str | None = None,
) -> dict[int, Result]:
    """Results of a goal's primary reading that are about this part, by year."""
    return {
        r.year: r
        for r in statement.judged
        if r.goal == goal.id
        and r.reading == goal.primary.id
        and (r.area, r.part, r.response) == (area, part, response)
    }


def _safety(statement: Judged, goal: Goal, area: str, setting: str, response: str) -> Standing:
    agreement, year = statement.agreement, statement.year
    safety = agreement.safety
    own_area = area in agreement.areas.evaluated.names
    own, whole = (
        {
            w: Figure(s.percent, w, s.grade)
            for w, s in statement.facts.shares(name, setting, response).items()
            if w <= year
        }
        for name in (area, agreement.areas.whole)
    )
    cell = {"area": area, "setting": setting, "response": response}
    if own_area and statement.area is not None:
        own = {}  # what was published of it is older than the goals: it is estimated, not measured
    levels = _levels(statement.safety, cell)
    latest, last, baseline = _figures(own, year, safety.baseline_wave)
    found = _results(statement, goal, area=area, part=setting, response=response)
    now = found.get(min(year, safety.target_wave)) if year > safety.baseline_wave else None
    ahead = found.get(safety.target_wave)
    chances = None if ahead is None else ahead.probabilities
    return Standing(
        goal=goal.id if own_area else "",
        kind="safety",
        reading=goal.primary.id,
        area=area,
        part=setting,
        unit="percent",
        latest=latest,
        last=last,
        baseline=baseline,
        whole=None if latest is None else whole.get(latest.year),
        whole_baseline=whole.get(safety.baseline_wave),
        shown_since_last=_shown(statement.changes, cell, last, latest),
        shown_since_baseline=_shown(statement.changes, cell, baseline, latest),
        verdict=Verdict.NOT_MEASURED if now is None else now.literal,
        settled=ahead is not None and ahead.literal is Verdict.NOT_REACHED,
        assessment=Verdict.UNDECIDED if now is None else now.evidence,
        probability=None if chances is None else chances.true,
        probability_published=None if chances is None else chances.published,
        outlook=_outlook(levels, safety.target_wave),
        estimate=_estimated(statement, goal, setting, response, levels, chances)
        if own_area and not own
        else None,
    )


def _estimated(
    statement: Judged,
    goal: Goal,
    setting: str,
    response: str,
    levels: Mapping[int, tuple[float, float, float]],
    chances: Probabilities | None,
) -> Estimated | None:
    area, target = statement.area, statement.agreement.safety.target_wave
    year = min(statement.year, target)
    if area is None and year in levels:  # an area of the safety model, and nothing published of it
        low, _, high = levels[year]
        found = (None, None) if chances is None else (chances.true, chances.prior_true)
        return Estimated(year, low, high, *found)
    band = None if area is None else area.band(setting, response, year)
    if area is None or band is None:
        return None
    asked = SAFETY_READINGS[goal.primary.id].quantity
    found = area.probability(setting, response, asked) or (None, None)
    return Estimated(year, band["low_95"], band["high_95"], *found)


def _crime(statement: Judged, goal: Goal, area: str, crime_type: str) -> Standing:
    agreement, crime = statement.agreement, statement.agreement.crime
    year = crime_year_of_wave(statement.year)
    unit: Unit = "rate" if goal.primary.id == "hold_rate" else "count"
    figures = statement.facts.reports(area, crime_type, crime.definition)
    own = {
        y: Figure(value, y)
        for y, f in figures.items()
        if y <= year and (value := _in_unit(f, unit)) is not None
    }
    latest, last, baseline = _figures(own, year, crime.baseline_year)
    found = _results(statement, goal, area=area, part=crime_type)
    now = found.get(min(year, crime.target_year)) if year > crime.baseline_year else None
    ahead = found.get(crime.target_year)
    chances = None if ahead is None else ahead.probabilities
    levels: dict[int, tuple[float, float, float]] = {}
    forecast = statement.crime
    if forecast is not None and forecast.draws.attrs.get("definition") == crime.definition:
        levels = _yearly_levels(forecast, area, crime_type, unit)
    moved: list[Shown | None] = [
        reports_moved(statement.facts, agreement, area, crime_type, before.year, latest.year)
        if before is not None and latest is not None and before.year < latest.year
        else None
        for before in (last, baseline)
    ]
    return Standing(
        goal=goal.id,
        kind="crime",
        reading=goal.primary.id,
        area=area,
        part=crime_type,
        unit=unit,
        latest=latest,
        last=last,
        baseline=baseline,
        shown_since_last=moved[0],
        shown_since_baseline=moved[1],
        verdict=Verdict.NOT_MEASURED if now is None else now.literal,
        assessment=Verdict.UNDECIDED if now is None else now.evidence,
        probability=None if chances is None else chances.true,
        probability_published=None if chances is None else chances.published,
        outlook=_outlook(levels, crime.target_year),
    )


def _partners(statement: Judged, goal: Goal) -> Standing:
    found = _results(statement, goal, area=None, part=None)
    now = found.get(statement.year)
    observed = None if now is None else now.observed
    return Standing(
        goal=goal.id,
        kind="partners",
        reading=goal.primary.id,
        area=statement.facts.area,
        part=None,
        unit="percent",
        latest=None if observed is None else Figure(observed.value, observed.year),
        threshold=None if now is None else now.comparison,
        verdict=Verdict.NOT_MEASURED if now is None else now.literal,
        assessment=Verdict.UNDECIDED if now is None else now.evidence,
    )


def _figures(
    own: Mapping[int, Figure], year: int, baseline: int
) -> tuple[Figure | None, Figure | None, Figure | None]:
    """Pick the latest figure, the one before it, and the baseline's."""
    years = sorted(y for y in own if y <= year)
    latest = own[years[-1]] if years else None
    last = own[years[-2]] if len(years) > 1 else None
    return latest, last, own.get(baseline)


def _in_unit(figure: ReportedYear, unit: Unit) -> float | None:
    return figure.rate if unit == "rate" else figure.count


def _shown(
    changes: pd.DataFrame, cell: Mapping[str, str], before: Figure | None, after: Figure | None
) -> Shown | None:
    """Whether a change of published shares is significant, by the tests of the statement."""
    if before is None or after is None or before.year == after.year:
        return None
    if not len(changes):
        return "undecided"
    chosen = (changes["wave_before"] == before.year) & (changes["wave_after"] == after.year)
    for key, value in cell.items():
        chosen &= changes[key] == value
    verdicts = changes.loc[chosen, "verdict"]
    if verdicts.empty:
        return "undecided"
    words: dict[str, Shown] = {"significant": "yes", "not significant": "no"}
    return words.get(str(verdicts.iloc[0]), "undecided")


def _levels(
    forecast: Forecast | None, cell: Mapping[str, str]
) -> dict[int, tuple[float, float, float]]:
    """Summarise a cell's true share by wave: low, median and high in percent."""
    if forecast is None:
        return {}
    true = forecast.draws["true"]
    if any(value not in true[key].values for key, value in cell.items()):
        return {}
    return _quantiles(100 * true.sel(cell).transpose("sample", "period").values,
                      true["period"].values)  # fmt: skip


def _yearly_levels(
    forecast: Forecast, area: str, crime_type: str, unit: Unit
) -> dict[int, tuple[float, float, float]]:
    """Summarise the level behind a type's reports by year, in the unit."""
    draws = forecast.draws
    if area not in draws["area"].values or crime_type not in draws["crime_type"].values:
        return {}
    levels = annual_levels(forecast)["rate" if unit == "rate" else "count"]
    cell = levels.sel(area=area, crime_type=crime_type).transpose("sample", "year")
    return _quantiles(cell.values, cell["year"].values)


def _quantiles(values: Any, years: Any) -> dict[int, tuple[float, float, float]]:
    edges = [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2]
    found = np.quantile(values, edges, axis=0)
    return {
        int(y): (float(low), float(middle), float(high))
        for y, low, middle, high in zip(years, *found, strict=True)
    }


def _outlook(levels: Mapping[int, tuple[float, float, float]], target: int) -> Outlook | None:
    if target not in levels:
        return None
    low, median, high = levels[target]
    return Outlook(target, median, low, high)
