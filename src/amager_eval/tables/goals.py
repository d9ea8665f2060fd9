"""Page one's tables: how every goal part, every district and crime around the area stand."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from amager_eval.goals.crime.context import crime_context
from amager_eval.goals.verdict import Verdict
from amager_eval.tables.crime import JUMP
from amager_eval.tables.table import Column, Table, build_table, print_cell
from amager_eval.wording.area import area_label
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.figure import figure_text, graded_text, part_label, value_text
from amager_eval.wording.numbers import number, percent, percent_change, signed
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amager_eval.goals.crime.context import ContextReports
    from amager_eval.goals.standing import Estimated, Figure, Standing
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = [
    "crime_context_table",
    "goals_table",
    "indicators_table",
    "standings_table",
]


def goals_table(statement: Statement, words: Wording) -> Table:
    """One row a part of every goal: figures, this year's verdicts, and the outlook.

    Printed: what the goal is about and how it stands; in the data one value a cell: `goal, title,
    area, part, unit`, latest, last and baseline figures with year, grade and basis, the whole's,
    changes, distances, verdicts, probabilities and the band at the target year. Parts of a goal
    without any figure share a printed row.
    """
    say, agreement = words.say, statement.agreement
    standings = statement.standings
    since = agreement.safety.baseline_wave
    # without a figure there is nothing to compare, without an estimate nothing to look ahead from
    measured = any(s.known for s in standings)
    known = measured or any(s.estimate for s in standings)
    outlook = say("column.outlook", year=agreement.safety.target_wave)
    columns = [
        Column("goal", say("column.goal"), "text", 0.45),
        Column("what", say("column.measured"), "text", 2.95 if measured else 3.15, data=False),
        Column(
            "latest_text",
            say("column.observed"),
            "text",
            1.4 if measured else 2.0,
            known,
            data=False,
        ),
        Column("since_last_text", say("column.since_last"), "text", 0.8, measured, data=False),
        Column(
            "since_baseline_text", say("column.change_since"), "text", 0.8, measured, data=False
        ),
        Column("distance_text", say("column.distance_now"), "text", 1.35, measured, data=False),
        Column("shown_text", say("column.shown"), "text", 1.15, measured, data=False),
        Column("status", say("column.status_year"), "mark", 1.45 if measured else 1.3, data=False),
        Column("assessment", say("column.evidence_verdict"), "text", 1.45, measured, data=False),
        Column("outlook_text", outlook, "text", 1.2 if measured else 2.75, known, data=False),
        *_data_columns(words),
    ]
    rows: list[dict[str, object]] = []
    for _, group in groupby(standings, key=lambda s: s.goal):
        parts = list(group)
        if any(s.known or s.estimate for s in parts):
            rows += [_printed(s, statement, words) | _as_data(s, statement, words) for s in parts]
        else:
            rows.append(_without_figure(parts, statement, words))
    cells = [[row.get(c.key) for c in columns] for row in rows]
    keys = ["table.goals.note_unknown"]
    keys += ["table.goals.note_measured"] if measured else []
    keys += ["table.goals.note_area_estimate"] if any(s.estimate for s in standings) else []
    judged = any(s.verdict != "ikke opgjort" and s.probability is not None for s in standings)
    keys += ["table.goals.note_outlook"] if judged else []
    nearer = any(s.reading == "shortfall_smaller" and s.known for s in standings)
    keys += ["table.goals.note_nearer"] if nearer else []
    keys += ["table.goals.note_c"] if any(_graded(s) for s in standings) else []
    area = statement.facts.area
    target = agreement.safety.target_wave
    notes = " ".join(
        words.say_of(agreement.response, key, area=area, since=since, target=target) for key in keys
    )
    return build_table("goals", say("table.goals.title"), columns, cells, notes)


def indicators_table(statement: Statement, words: Wording) -> Table:
    """One row a district and setting, in the goals' own answer; no goal is about them.

    As :func:`goals_table`, without verdicts.
    """
    say, agreement = words.say, statement.agreement
    standings = statement.districts
    response = agreement.response
    target = agreement.safety.target_wave
    reach = {
        (r.area, r.setting): r.probability
        for r in statement.judged
        if (r.reading, r.year, r.response) == ("reaches_whole", target, response)
    }
    columns = [
        Column("area_text", say("column.area"), "text", 1.25, data=False),
        Column("part", say("column.setting"), "text", 1.3),
        Column("latest_text", say("column.observed"), "text", 1.4, data=False),
        Column("since_last_text", say("column.since_last"), "text", 0.95, data=False),
        Column("since_baseline_text", say("column.change_since"), "text", 0.95, data=False),
        Column("distance_text", say("column.distance_now"), "text", 1.3, data=False),
        Column("shown_text", say("column.shown"), "text", 1.1, data=False),
        Column("nearer_text", words.say_of(response, "column.probability_nearer", target=target),
               "text", 1.5, data=False),
        Column("reaches_text", words.say_of(response, "column.probability_reaches", target=target),
               "text", 1.4, data=False),
        Column("probability_reaches", words.say_of(response, "column.probability_reaches",
               target=target), "probability", shown=False),
        *(c for c in _data_columns(words) if c.key not in
          {"title", "part", "literal_verdict", "evidence_verdict", "settled", "threshold"}),
    ]  # fmt: skip
    rows = []
    for s in standings:
        reaches = reach.get((s.area, s.part))
        rows.append(
            _printed(s, statement, words)
            | _as_data(s, statement, words)
            | {
                "area_text": area_label(agreement, s.area, words),
                "nearer_text": _outlook_text(s, words),
                "probability_reaches": reaches,
                "reaches_text": say_probability(reaches, words),
            }
        )
    cells = [[row.get(c.key) for c in columns] for row in rows]
    note = words.say_of(response, "table.indicators.note")
    if any(_graded(s) for s in standings):
        note = f"{note} {say('table.goals.note_c')}"
    title = say("table.indicators.title", share=words.name("response_of", response))
    return build_table("indicators", title, columns, cells, note)


def standings_table(statement: Statement, words: Wording) -> Table:
    """List what page one's picture draws of the goal parts, or of the districts in their stead.

    `what, unit, observed, last, baseline, whole, threshold, outlook_low, outlook_high`.
    """
    say = words.say
    keys = ("observed", "last", "baseline", "whole")
    columns = [
        Column("what", say("column.measured"), "text", 3.0),
        Column("unit", say("column.unit"), "text", 1.4),
        *(Column(key, say(f"column.standing_{key}"), "figure") for key in keys),
        Column("threshold", say("column.threshold"), "figure"),
        Column("outlook_low", say("column.outlook_low"), "figure"),
        Column("outlook_high", say("column.outlook_high"), "figure"),
    ]
    standings = [s for s in statement.standings if s.known]
    if not any(s.kind == "safety" for s in standings):
        standings = [*statement.districts, *standings]
    rows = []
    for s in standings:
        part = part_label(s.kind, s.part, statement.agreement, words)
        area = area_label(statement.agreement, s.area, words)
        what = words.say("table.area_part", area=area, part=part)
        row = _as_data(s, statement, words) | {"what": what}
        rows.append(tuple(row.get(c.key) for c in columns))
    unique = list(dict.fromkeys(rows))  # goals on the same figures are one line
    return build_table("standings", say("table.standings.title"), columns, unique)


def crime_context_table(statement: Statement, words: Wording) -> Table:
    """Show the reports of the city and the districts against the baseline year: no goal's own.

    `area, crime_type, definition`, counts and rates of the two years, `change` (share) and `shown`.
    """
    say, crime = words.say, statement.agreement.crime
    found = crime_context(statement)
    before = crime.baseline_year
    after = next((f.year for r in found for f in (r.rate, r.count) if f is not None), before)
    columns = [
        Column("area", say("column.area"), "text", 1.1),
        Column("crime_type", say("column.crime_type"), "text", 1.4),
        Column("counts_text", say("column.context_counts", before=before, after=after), "text",
               1.4, data=False),
        Column("rates_text", say("column.context_rates", before=before, after=after), "text", 1.4,
               data=False),
        Column("change_text", say("column.context_since"), "text", 1.1, data=False),
        Column("shown_text", say("column.shown"), "text", 1.0, data=False),
        Column("definition", say("column.definition"), "text", 1.9),
        Column("year_before", say("column.year_before"), "year", shown=False),
        Column("year_after", say("column.year_after"), "year", shown=False),
        Column("count_before", say("column.context_count_before"), "count", shown=False),
        Column("count_after", say("column.context_count_after"), "count", shown=False),
        Column("rate_before", say("column.context_rate_before"), "rate", shown=False),
        Column("rate_after", say("column.context_rate_after"), "rate", shown=False),
        Column("change", say("column.context_change"), "decimal", shown=False),
        Column("shown", say("column.shown"), "text", shown=False),
        Column("source_grade", say("column.source_grade"), "text", shown=False),
    ]  # fmt: skip
    rows = []
    for r in found:
        grades = [f.grade for f in (r.rate, r.rate_baseline, r.count, r.count_baseline) if f]
        values = {
            "area": area_label(statement.agreement, r.area, words),
            "crime_type": type_label(crime, r.crime_type, r.definition, words),
            "counts_text": _pair(r.count_baseline, r.count, "count", words),
            "rates_text": _pair(r.rate_baseline, r.rate, "rate", words),
            "change_text": "" if r.change is None else percent_change(r.change, words.lang),
            "shown_text": say(f"shown.{r.shown}"),
            "definition": words.name("series", r.definition),
            "year_before": before,
            "year_after": after,
            "count_before": None if r.count_baseline is None else r.count_baseline.value,
            "count_after": None if r.count is None else r.count.value,
            "rate_before": None if r.rate_baseline is None else r.rate_baseline.value,
            "rate_after": None if r.rate is None else r.rate.value,
            "change": r.change,
            "shown": r.shown,
            "source_grade": max(grades, default=""),
        }
        rows.append(values)
    title = say("table.crime_context.title", before=before, after=after)
    notes = [say("table.crime_context.note"), *(_leap(r, statement, words) for r in found)]
    return build_table("crime_context", title, columns, rows, " ".join(filter(None, notes)))


def _leap(r: ContextReports, statement: Statement, words: Wording) -> str:
    """Say that a rate leapt and that its source does not say why."""
    if r.rate is None or r.rate_baseline is None or r.rate.year - r.rate_baseline.year != 1:
        return ""
    before, after = r.rate_baseline.value, r.rate.value
    if abs(after - before) <= JUMP * before:
        return ""
    return words.say(
        "crime.jump_in",
        area=area_label(statement.agreement, r.area, words),
        before=value_text(before, "rate", words),
        after=value_text(after, "rate", words),
        year=r.rate_baseline.year,
    )


def _pair(before: Figure | None, after: Figure | None, kind: Any, words: Wording) -> str:
    if before is None and after is None:
        return ""
    cells = [
        graded_text(print_cell(None if f is None else f.value, kind, words), f, words)
        for f in (before, after)
    ]
    return words.say("table.pair", before=cells[0], after=cells[1])


def _graded(s: Standing) -> bool:
    """Whether any of its figures, the whole's too, is an unofficial copy."""
    figures = (s.latest, s.last, s.baseline, s.whole, s.whole_baseline)
    return any(f is not None and f.grade == "C" for f in figures)


def _printed(s: Standing, statement: Statement, words: Wording) -> dict[str, object]:
    latest = s.latest
    year = "" if latest is None else str(latest.year)
    text = figure_text(latest, s.unit, words)
    if latest is None and s.estimate is not None:
        year, text = str(s.estimate.year), estimate_text(s.estimate, words)
    # a goal with no figure has no verdict: the word for that stands once
    open_word = s.verdict is Verdict.NOT_MEASURED and s.assessment is Verdict.UNDECIDED
    return {
        "goal": s.goal,
        "what": _what(s, statement, words),
        "latest_text": words.say("table.other_wave", cell=text, wave=year) if text else "",
        "since_last_text": _since(s, words),
        "since_baseline_text": _change_cell(s.since_baseline, s.unit, words),
        "distance_text": _distance(s, words),
        "shown_text": _shown_text(s, words),
        "status": s.verdict,
        "assessment": "" if open_word else print_cell(s.assessment, "mark", words),
        "outlook_text": _outlook_text(s, words),
    }


def _without_figure(
    parts: Sequence[Standing], statement: Statement, words: Wording
) -> dict[str, object]:
    """One printed row for a goal of which nothing is known."""
    first = parts[0]
    key = f"standing.all_{first.reading}"
    what = words.say(key) if words.has(key) else _what(first, statement, words)
    empty = dict.fromkeys(
        ("since_last_text", "since_baseline_text", "distance_text", "shown_text", "assessment",
         "outlook_text"), ""
    )  # fmt: skip
    return (
        _as_data(first, statement, words)
        | empty
        | {
            "goal": first.goal,
            "what": what,
            "part": "",
            "latest_text": words.say("standing.no_figure"),
            "status": first.verdict,
        }
    )


def _what(s: Standing, statement: Statement, words: Wording) -> str:
    part = part_label(s.kind, s.part, statement.agreement, words)
    key = f"standing.{s.reading}"
    if words.has(key):
        return words.say(key, part=part)
    return words.say("standing.other", title=_title(s, statement, words), part=part)


def _title(s: Standing, statement: Statement, words: Wording) -> str:
    return next((g.title(words.lang) for g in statement.agreement.goal if g.id == s.goal), "")


def _since(s: Standing, words: Wording) -> str:
    """Change since the figure before; its year where that is not the year before."""
    cell = _change_cell(s.since_last, s.unit, words)
    if cell and s.last is not None and s.latest is not None and s.last.year != s.latest.year - 1:
        return words.say("table.since_other", cell=cell, year=s.last.year)
    return cell


def _change_cell(change: float | None, unit: str, words: Wording) -> str:
    if change is None:
        return ""
    whole = change == round(change)
    decimals = {"percent": 0 if whole else 1, "rate": 1, "count": 0}[unit]
    return signed(change, decimals, words.lang)


def _distance(s: Standing, words: Wording) -> str:
    """Distance to the whole now, and at the baseline in brackets; to a threshold where there is."""
    if s.threshold is not None and s.latest is not None:
        gap = s.latest.value - s.threshold
        needed = value_text(s.threshold, s.unit, words)
        return words.say("table.to_threshold", gap=signed(gap, 0, words.lang), threshold=needed)
    now = _change_cell(s.distance, s.unit, words)
    # no year is compared with itself
    own = s.baseline is not None and s.latest is not None and s.baseline.year == s.latest.year
    then = "" if own else _change_cell(s.distance_baseline, s.unit, words)
    now = graded_text(now, s.whole, words) if now else ""
    then = graded_text(then, s.whole_baseline, words) if then else ""
    if now and then:
        return words.say("table.now_then", now=now, then=then)
    return now or (words.say("table.then", then=then) if then else "")


def estimate_text(estimate: Estimated, words: Wording) -> str:
    """Print an estimate as what it is: the ends of its band, and the word for it."""
    low = number(estimate.low, 0, words.lang)
    high = percent(estimate.high / 100, 0, words.lang)
    return words.say("standing.estimate", low=low, high=high)


def _shown_text(s: Standing, words: Wording) -> str:
    """Whether a change is statistically significant, and since when."""
    tested = {"last": s.shown_since_last, "baseline": s.shown_since_baseline}
    yes = [when for when, shown in tested.items() if shown == "yes"]
    if len(yes) == 2 or (yes and s.last == s.baseline):
        return words.say("shown.yes")
    if yes:
        return words.say(f"shown.yes_{yes[0]}")
    for word in ("undecided", "no"):
        if word in tested.values():
            return words.say(f"shown.{word}")
    return ""


def _outlook_text(s: Standing, words: Wording) -> str:
    if s.settled:
        return words.say("standing.settled")
    if s.estimate is not None and s.estimate.probability is not None:
        return words.say(
            "standing.estimated",
            probability=say_probability(s.estimate.probability, words),
            prior=say_probability(s.estimate.prior, words),
        )
    return "" if s.probability is None else say_probability(s.probability, words)


def _data_columns(words: Wording) -> list[Column]:
    say = words.say
    return [
        Column("title", say("column.title"), "text", shown=False),
        Column("area", say("column.area"), "text", shown=False),
        Column("part", say("column.part"), "text", shown=False),
        Column("unit", say("column.unit"), "text", shown=False),
        *(
            column
            for key in ("observed", "last", "baseline", "whole", "whole_baseline")
            for column in (
                Column(key, say(f"column.standing_{key}"), "figure", shown=False),
                Column(f"{key}_year", say(f"column.standing_{key}_year"), "year", shown=False),
                Column(f"{key}_grade", say(f"column.standing_{key}_grade"), "text", shown=False),
            )
        ),
        Column("basis", say("column.basis"), "text", shown=False),
        Column("threshold", say("column.threshold"), "figure", shown=False),
        *(
            Column(key, say(f"column.{key}"), "figure", shown=False)
            for key in ("since_last", "since_baseline", "distance", "distance_baseline")
        ),
        Column("since_baseline_share", say("column.since_baseline_share"), "decimal", shown=False),
        Column("shown_since_last", say("column.shown_since_last"), "text", shown=False),
        Column("shown_since_baseline", say("column.shown_since_baseline"), "text", shown=False),
        Column("literal_verdict", say("column.status_year"), "mark", shown=False),
        Column("evidence_verdict", say("column.evidence_verdict"), "mark", shown=False),
        Column("settled", say("column.settled"), "flag", shown=False),
        Column("probability_true", say("column.probability_true"), "probability", shown=False),
        Column("probability_published", say("column.probability_published"), "probability",
               shown=False),
        Column("outlook_year", say("column.outlook_year"), "year", shown=False),
        *(
            Column(f"outlook_{key}", say(f"column.outlook_{key}"), "figure", shown=False)
            for key in ("median", "low", "high")
        ),
    ]  # fmt: skip


def _as_data(s: Standing, statement: Statement, words: Wording) -> dict[str, object]:
    """One value a cell, as the open data hold it."""
    figures = {
        "observed": s.latest,
        "last": s.last,
        "baseline": s.baseline,
        "whole": s.whole,
        "whole_baseline": s.whole_baseline,
    }
    row: dict[str, object] = {
        "goal": s.goal,
        "title": _title(s, statement, words),
        "area": s.area,
        "part": "" if s.part is None else part_label(s.kind, s.part, statement.agreement, words),
        "unit": words.say(f"unit.{s.unit}"),
        "basis": "" if s.latest is None else s.latest.basis,
        "threshold": s.threshold,
        "since_last": s.since_last,
        "since_baseline": s.since_baseline,
        "since_baseline_share": s.since_baseline_share,
        "distance": s.distance,
        "distance_baseline": s.distance_baseline,
        "shown_since_last": s.shown_since_last,
        "shown_since_baseline": s.shown_since_baseline,
        "literal_verdict": s.verdict,
        "evidence_verdict": s.assessment,
        "settled": s.settled,
        "probability_true": s.probability,
        "probability_published": s.probability_published,
    }
    for key, figure in figures.items():
        if figure is not None:
            row |= {key: figure.value, f"{key}_year": figure.year, f"{key}_grade": figure.grade}
    if s.outlook is not None:
        o = s.outlook
        row |= {"outlook_year": o.year, "outlook_median": o.median}
        row |= {"outlook_low": o.low, "outlook_high": o.high}
    return row
