"""What a delivery holds and what can be judged from it, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd

from amager_eval.conventions import crime_year_of_wave
from amager_eval.data.delivered import Delivered
from amager_eval.data.delivery import lay_on_published, published_to_confirm
from amager_eval.data.input import Input, Replaced
from amager_eval.data.names.name_cells import Renamed
from amager_eval.data.period import parse_period
from amager_eval.data.read import read_everything
from amager_eval.data.tables.cells import RowContext
from amager_eval.data.tables.columns import TABLES
from amager_eval.data.tables.fault_texts import fault_text
from amager_eval.data.tables.frames import check_frame
from amager_eval.errors import AmagerEvalError, Fault, InputError
from amager_eval.evaluation.accounted import NotUsed, areas_and_types, rows_not_used, stopped
from amager_eval.evaluation.ask import Answers, results
from amager_eval.evaluation.crime_series import crime_definition_to_fit, series_to_fit
from amager_eval.evaluation.prepare import prepare, statement_year
from amager_eval.goals.facts import Facts, gather_facts
from amager_eval.goals.missing import missing_deliveries
from amager_eval.goals.records import Missing
from amager_eval.goals.result import Result
from amager_eval.goals.verdict import Verdict, literal_verdict
from amager_eval.spec.agreement import Agreement, Goal, load_agreement
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design
from amager_eval.wording.sentences import Lang

__all__ = ["FoundTable", "GoalPart", "GoalPreview", "Preview", "preview_delivery"]

#: Results of a goal's primary reading, by setting or type and year.
type _Said = Mapping[tuple[str, int], Result]


@dataclass(frozen=True)
class FoundTable:
    """One table as it was read: rows, areas as they appear, first and last year or wave."""

    table: str
    rows: int
    areas: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class GoalPart:
    """One part of a goal this year, after the letter of its primary reading.

    `what` is a setting or a type, empty for a goal of one part. `observed` and `compared` are
    the year's figure and the one it is held against, in the unit `form` names; in the baseline
    year there is nothing yet to hold it against. `why` is the key of the sentence that says
    what is lacking, and `lacks` its fields; empty where it is judged.
    """

    what: str
    verdict: str
    observed: float | None = None
    compared: float | None = None
    year: int | None = None
    compared_year: int | None = None
    form: str = "share"
    why: str = ""
    lacks: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class GoalPreview:
    """A goal and its parts; `decided` where every part can be judged this year."""

    goal: str
    title_da: str
    title_en: str
    parts: tuple[GoalPart, ...]

    @property
    def decided(self) -> bool:
        """Whether every part can be judged."""
        return all(not part.why for part in self.parts)

    def title(self, lang: str) -> str:
        """Return its title in `lang`."""
        first, other = (self.title_da, self.title_en)[:: 1 if lang == "da" else -1]
        return first or other


@dataclass(frozen=True, eq=False)
class Preview:
    """What a delivery is worth before a model is fitted to it.

    The years are of the survey wave and of its reports, None where nothing could be read.
    Faults are in `lang`, errors first; `renamed` are words read as names of the agreement,
    `replaced` published figures in whose place delivered ones stand, `delivered` what became of
    every file, sheet, column, row, status, area and type.
    """

    name: str
    year: int | None
    crime_year: int | None
    faults: tuple[Fault, ...]
    found: tuple[FoundTable, ...]
    renamed: tuple[Renamed, ...]
    replaced: tuple[Replaced, ...]
    goals: tuple[GoalPreview, ...]
    missing: tuple[Missing, ...]
    not_used: tuple[NotUsed, ...]
    delivered: tuple[Delivered, ...]
    on_published: bool
    agreement: Agreement
    lang: Lang

    @property
    def errors(self) -> int:
        """Number of faults that stop."""
        return sum(fault.severity == "error" for fault in self.faults)

    @property
    def warnings(self) -> int:
        """Number of faults that are told alone."""
        return len(self.faults) - self.errors


def preview_delivery(
    path: str | Path,
    *,
    agreement: Agreement | None = None,
    year: int | None = None,
    only: bool = False,
    record: Path | None = None,
    lang: Lang = "da",
) -> Preview:
    """Read a delivery, check it and say what can be judged from it; nothing is fitted or written.

    What is wrong with it is among the faults and never raised. The year is by default the
    delivery's latest wave; with `only` the delivery is taken without the published figures; the
    frozen baseline of a `record` is held against it.
    """
    agreement = agreement or load_agreement()
    reading = read_everything(path, agreement=agreement, lang=lang)
    faults = list(reading.faults)
    delivered = reading.data
    empty = Preview(
        Path(path).name, None, None, (), (), tuple(reading.renamed), (), (), (), (),
        tuple(reading.delivered), False, agreement, lang,
    )  # fmt: skip
    if delivered is None:
        return replace(empty, faults=_sorted(faults), delivered=stopped(reading.delivered))
    empty = replace(empty, found=tuple(_found(delivered)))
    data = delivered if only else lay_on_published(delivered, agreement)
    if data is not delivered:
        faults = _of_the_delivery(faults, data, agreement, lang)
    try:
        year = statement_year(data, agreement) if year is None else year
        judged = prepare(data, agreement, year, record=record, tell=faults.extend)
    except InputError as error:
        return replace(empty, faults=_sorted([*faults, *error.faults]))
    stopping = _chapters(judged, agreement)
    # what stops the chapter is not also a warning that it goes without
    told = [dict(f.words)["area"] for f in stopping if f.key == "no_inhabitants"]
    milder = {fault_text("population_unknown", lang, area=area).problem for area in told}
    faults = [*(f for f in faults if f.message not in milder), *stopping]
    facts = gather_facts(judged, agreement)
    area = facts.area
    goals = tuple(_goals(facts, agreement, year))
    # reports after the year are delivered, if unused; a survey after it is another status's
    held = replace(data, safety=judged.safety)
    missing = (
        *missing_deliveries(held, agreement, area),
        *_whole_shares(goals, agreement),
        *_whole(data, agreement, area),
    )
    return replace(
        empty,
        year=year,
        crime_year=crime_year_of_wave(year),
        faults=_sorted(faults),
        replaced=data.replaced,
        goals=goals,
        missing=missing,
        not_used=tuple(rows_not_used(delivered, agreement, area, year)),
        delivered=(*reading.delivered, *areas_and_types(delivered, agreement, area, year)),
        on_published=data is not delivered,
    )


def _of_the_delivery(
    faults: list[Fault], data: Input, agreement: Agreement, lang: Lang
) -> list[Fault]:
    """Leave out warnings that the published figures cause themselves, or that they answer.

    A workbook taken filled with the published figures has their gaps: nobody who confirms them
    can close those.
    """
    known: set[str] = set()
    context = RowContext(settings=agreement.safety.settings)
    for name, frame in published_to_confirm(agreement).items():
        findings = check_frame(frame.reset_index(drop=True), name, context, lang)[1]
        known |= {fault.message for fault in findings.faults}
    people = data.population
    areas = () if people is None else people["area"].unique()
    known |= {fault_text("population_unknown", lang, area=area).problem for area in areas}
    return [f for f in faults if f.severity == "error" or f.message not in known]


def _sorted(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.severity == "warning"))


def _chapters(data: Input, agreement: Agreement) -> tuple[Fault, ...]:
    """Faults that the chapter on crime would stop for once its model is set up."""
    definition = crime_definition_to_fit(data, agreement)
    if definition is None:
        return ()
    try:
        crime_design(
            series_to_fit(data, agreement, definition),
            load_model_spec("crime_trend", draft=True),
            definition=definition,
        )
    except AmagerEvalError as error:
        return error.faults if isinstance(error, InputError) else (Fault(str(error)),)
    return ()


def _whole(data: Input, agreement: Agreement, area: str) -> Iterator[Missing]:
    """Inhabitants of the whole, without which nobody can test the area against it."""
    held = data.population
    known = set() if held is None else set(held["area"])
    safety = data.safety is not None and area in set(data.safety["area"])
    whole = agreement.areas.whole
    if safety and whole not in known:
        about = {"area": whole, "first": agreement.safety.baseline_wave}
        yield Missing("population_whole", (), about)


def _whole_shares(goals: tuple[GoalPreview, ...], agreement: Agreement) -> Iterator[Missing]:
    """Shares of the whole that a goal waits for, by setting: the area itself was measured."""
    whole, survey = agreement.areas.whole, agreement.safety.survey
    waiting: dict[tuple[object, str], list[str]] = {}
    for goal in goals:
        for part in goal.parts:
            lacks = dict(part.lacks)
            if part.why == "no_share" and lacks["area"] == whole:
                waiting.setdefault((lacks["year"], part.what), []).append(goal.goal)
    for (year, setting), ids in waiting.items():
        about = {"area": whole, "source": survey, "year": year, "setting": setting}
        yield Missing("safety_whole", tuple(ids), about)


def _found(data: Input) -> Iterator[FoundTable]:
    for table in TABLES:
        frame: pd.DataFrame | None = getattr(data, table)
        if frame is None:
            continue
        years: list[int] = []
        if "wave" in frame:
            years = [int(w) for w in frame["wave"]]
        elif "period" in frame:
            years = [parse_period(p).year for p in frame["period"]]
        areas = tuple(dict.fromkeys(frame["area"])) if "area" in frame else ()
        yield FoundTable(
            table, len(frame), areas, min(years, default=None), max(years, default=None)
        )


def _goals(facts: Facts, agreement: Agreement, year: int) -> Iterator[GoalPreview]:
    """Every goal's primary reading, as the statement judges it by the letter."""
    said = results(facts, agreement, year, Answers())
    for goal in agreement.goal:
        primary = (goal.id, goal.primary.id, goal.primary.response)
        own = {
            (r.setting or r.crime_type or "", r.year): r
            for r in said
            if (r.goal, r.reading, r.response) == primary and r.area in {facts.area, None}
        }
        parts = tuple(_PARTS[goal.kind](own, facts, agreement, goal, year))
        yield GoalPreview(goal.id, goal.title_da, goal.title_en, parts)


def _safety_parts(
    said: _Said, facts: Facts, agreement: Agreement, goal: Goal, year: int
) -> Iterator[GoalPart]:
    baseline, wave = agreement.safety.baseline_wave, min(year, agreement.safety.target_wave)
    every_wave = goal.primary.id == "rises_every_year"
    for setting in goal.primary.settings:
        if not facts.survey:
            yield _open(setting, "no_share", area=facts.area, year=year)
            continue
        if wave <= baseline:
            yield _open(setting, "baseline_year", year=baseline)
            continue
        verdict, response = said[setting, wave].literal, str(goal.primary.response)
        own = facts.shares(facts.area, setting, response)
        if verdict is Verdict.NOT_MEASURED:
            waves = range(baseline, wave + 1) if every_wave else (baseline, wave)
            lacking, absent = facts.area, [w for w in waves if w not in own]
            if not absent:
                lacking = agreement.areas.whole
                city = facts.shares(lacking, setting, response)
                absent = [w for w in waves if w not in city]
            yield _open(setting, "no_share", area=lacking, year=", ".join(map(str, absent)))
        else:
            before = wave - 1 if every_wave else baseline
            observed, compared = (own[w].percent if w in own else None for w in (wave, before))
            yield GoalPart(setting, verdict, observed, compared, wave, before)


def _crime_parts(
    said: _Said, facts: Facts, agreement: Agreement, goal: Goal, year: int
) -> Iterator[GoalPart]:
    crime, area = agreement.crime, facts.area
    start, last = crime.baseline_year, min(crime_year_of_wave(year), crime.target_year)
    form = "rate" if goal.primary.id == "hold_rate" else "count"
    for kind in goal.crime_types:
        figures = facts.reports(area, kind, crime.definition)
        if last <= start:
            value = getattr(figures[start], form) if start in figures else None
            if value is None or last < start:
                yield _open(kind, "baseline_crime_year", year=start)
            else:
                yield GoalPart(kind, literal_verdict(None), float(value), None, last, None, form)
            continue
        one = said[kind, last]
        counted = {y for y, f in figures.items() if f.count is not None or f.rate is not None}
        absent = [y for y in (start, last) if y not in counted]
        if absent:
            hidden = any(
                (m.table, m.area, m.what, m.period) == ("crime", area, kind, y)
                for m in facts.masked
                for y in absent
            )
            why = "hidden_count" if hidden else "no_count"
            yield _open(kind, why, area=area, year=", ".join(map(str, absent)))
        elif one.observed is None or one.literal is Verdict.NOT_MEASURED:
            yield _open(kind, "no_inhabitants", area=area)
        else:
            yield GoalPart(kind, one.literal, one.observed.value, one.baseline, last, start, form)


def _partner_parts(
    said: _Said, _facts: Facts, _agreement: Agreement, _goal: Goal, year: int
) -> Iterator[GoalPart]:
    one = said["", year]
    if one.observed is None:
        yield _open("", "no_activities")
    else:
        observed = one.observed.value
        yield GoalPart("", one.literal, observed, one.comparison, year, None, "partners")


_PARTS: Final = {"safety": _safety_parts, "crime": _crime_parts, "partners": _partner_parts}


def _open(what: str, why: str, **lacks: object) -> GoalPart:
    return GoalPart(what, literal_verdict(None), why=why, lacks=tuple(lacks.items()))
