"""The goals: one row a goal for page one, one row a part as open data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amager_eval.goals.results import evaluated_area
from amager_eval.tables.result_row import observed_year, part_name, source_grade
from amager_eval.tables.table import Column, Table, build_table, print_cell, records
from amager_eval.wording.numbers import MISSING

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.spec.agreement import Goal
    from amager_eval.wording.sentences import Wording


__all__ = ["goal_parts", "goal_parts_table", "goals_table"]


def goals_table(statement: Statement, words: Wording) -> Table:
    """One row a goal: the primary reading for the agreement's own area.

    Returns
    -------
    Table
        `goal, title, part, observed, baseline, comparison, literal_verdict, evidence_verdict,
        probability_true`; a goal of several parts has a line for each in its cells.
    """
    say = words.say
    columns = [
        Column("goal", say("column.goal"), "text", 0.65),
        Column("title", say("column.title"), "text", 2.8),
        Column("part", say("column.part"), "text", 1.85),
        Column("observed", say("column.observed"), "text", 1.0),
        Column("baseline", str(statement.agreement.safety.baseline_wave), "text", 0.85),
        Column("comparison", say("column.comparison"), "text", 1.45),
        Column("literal_verdict", say("column.literal_verdict"), "mark", 1.3),
        Column("evidence_verdict", say("column.evidence_verdict"), "mark", 1.5),
        Column("probability_true", say("column.probability_true"), "text", 1.75),
    ]
    rows = []
    for goal in statement.agreement.goal:
        parts = goal_parts(statement, goal)
        head = _head(statement, goal, parts)
        rows.append(
            (
                goal.id,
                goal.title(words.lang),
                "\n".join(_part_names(parts, words)),
                *(
                    _joined(parts, key, goal, words)
                    for key in ("observed", "baseline", "comparison")
                ),
                head.get("literal_verdict"),
                head.get("evidence_verdict"),
                _joined(parts, "probability_true", goal, words),
            )
        )
    return build_table(
        "goals", say("table.goals.title"), columns, rows,
        say("table.goals.note", area=evaluated_area(statement.data, statement.agreement)),
    )  # fmt: skip


def goal_parts_table(statement: Statement, words: Wording) -> Table:
    """List the goals as open data: one row a part, one value a cell.

    Returns
    -------
    Table
        `goal, title, part, unit, observed, observed_year, source_grade, baseline, comparison`, the
        verdicts of the goal and of the part, and `probability_true` of the part.
    """
    say = words.say
    columns = [
        Column("goal", say("column.goal")),
        Column("title", say("column.title"), width=2.8),
        Column("part", say("column.part")),
        Column("unit", say("column.unit")),
        Column("observed", say("column.observed"), "figure"),
        Column("observed_year", say("column.year"), "year"),
        Column("source_grade", say("column.source_grade")),
        Column("baseline", str(statement.agreement.safety.baseline_wave), "figure"),
        Column("comparison", say("column.comparison"), "figure"),
        Column("literal_verdict", say("column.literal_verdict"), "mark"),
        Column("evidence_verdict", say("column.evidence_verdict"), "mark"),
        Column("part_literal_verdict", say("column.part_literal_verdict"), "mark"),
        Column("part_evidence_verdict", say("column.part_evidence_verdict"), "mark"),
        Column("probability_true", say("column.probability_true"), "probability"),
    ]
    rows = []
    for goal in statement.agreement.goal:
        parts = goal_parts(statement, goal)
        head = _head(statement, goal, parts)
        rows += [
            (
                goal.id,
                goal.title(words.lang),
                part_name(part, statement, words),
                say(f"unit.{_unit(goal, part, 'observed')}"),
                part["observed"],
                observed_year(part),
                source_grade(part),
                part["baseline"],
                part["comparison"],
                head["literal_verdict"],
                head["evidence_verdict"],
                part["literal_verdict"],
                part["evidence_verdict"],
                part["probability_true"],
            )
            for part in parts
        ]
    return build_table("goals", say("table.goals.title"), columns, rows)


def goal_parts(statement: Statement, goal: Goal) -> list[dict[str, Any]]:
    """Rows of a goal's primary reading for its own area at the target: day and night, each type."""
    agreement = statement.agreement
    area = evaluated_area(statement.data, agreement)
    primary = next(r for r in goal.reading if r.primary)
    target = {"safety": agreement.safety.target_wave, "crime": agreement.crime.target_year}
    rows = [
        row
        for row in records(statement.results)
        if row["goal"] == goal.id
        and row["reading"] == primary.id
        and row["area"] in (area, None)
        and (goal.kind not in target or row["year"] == target[goal.kind])
        and (primary.response is None or row["response"] == primary.response)
    ]
    detailed = [r for r in rows if r["setting"] is not None or r["crime_type"] is not None]
    return detailed or rows


def _head(statement: Statement, goal: Goal, parts: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Find the overall row of a goal: the first of its rows, which unites the parts."""
    own = [r for r in records(statement.results) if r["goal"] == goal.id]
    overall = [r for r in own if r["setting"] is None and r["crime_type"] is None]
    return next(iter(overall or parts), {})


def _unit(goal: Goal, row: Mapping[str, Any], key: str) -> Any:
    if key.startswith("probability"):
        return "probability"
    if goal.kind == "crime":
        return "rate" if row["reading"] == "hold_rate" else "count"
    return "percent"


def _joined(parts: list[dict[str, Any]], key: str, goal: Goal, words: Wording) -> str:
    """Cells of several parts in one, a line for each."""
    cells = [print_cell(p[key], _unit(goal, p, key), words) for p in parts]
    return MISSING if set(cells) <= {MISSING} else "\n".join(cells)


def _part_names(parts: list[dict[str, Any]], words: Wording) -> list[str]:
    """Short names of the parts of a goal; its unit where there is one part with a rate."""
    if len(parts) < 2:
        rate = bool(parts) and parts[0]["reading"] == "hold_rate"
        return [words.say("crime_form.rate")] if rate else []
    return [words.name("setting_short", str(p["setting"] or p["crime_type"])) for p in parts]
