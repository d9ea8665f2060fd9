"""What the statement rests on: activities, missing deliveries, inputs, versions, diagnostics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amager_eval.indicators.partners import TOTAL
from amager_eval.tables.table import Column, Table, build_table, records
from amager_eval.wording.area import area_label
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.gates import gates_failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amager_eval.data.input import Replaced
    from amager_eval.goals.records import Missing
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = [
    "activities_table",
    "changed_documents_table",
    "diagnostics_table",
    "inputs_table",
    "missing_parts_table",
    "missing_table",
    "replaced_table",
    "sources_table",
    "versions_table",
]


def activities_table(statement: Statement, words: Wording) -> Table:
    """Activities per focus area and how many have two or more partners."""
    say = words.say
    columns = [
        Column("focus_area", say("column.focus_area"), "text", 3.0),
        Column("activities", say("column.activities"), "count"),
        Column("with_two_or_more", say("column.with_two_or_more"), "count", 1.3),
        Column("share", say("column.share"), "share"),
    ]
    total = say("table.total")
    rows = [
        r | ({"focus_area": total} if r["focus_area"] == TOTAL else {})
        for r in records(statement.activities)
    ]
    return build_table("activities", say("table.activities.title"), columns, rows)


def missing_table(statement: Statement, words: Wording) -> Table:
    """List what was not supplied, which goal it leaves open, which delivery would decide it."""
    say = words.say
    columns = [
        Column("what", say("column.missing_what"), "text", 2.3),
        Column("goals", say("column.missing_goals"), "text", 0.75),
        Column("delivery", say("column.missing_delivery"), "text", 4.2),
    ]
    rows = [
        (what, ", ".join(m.goals) or say("missing.no_goal"), delivery)
        for m, what, delivery in _missing_said(statement, words)
    ]
    return build_table("missing", say("table.missing.title"), columns, rows)


def _missing_said(statement: Statement, words: Wording) -> Iterator[tuple[Missing, str, str]]:
    """Say of each missing delivery what it is and what would decide it."""
    crime = statement.agreement.crime
    for m in statement.missing:
        types = [crime.label(t, words.lang) for t in m.delivery.get("types", ())]
        about = str(m.delivery.get("area", ""))
        area = area_label(statement.agreement, about, words, within=True)
        named = {**m.delivery, "area": area, "types": words.listing(types)}
        delivery = words.say(f"missing_delivery.{m.what}", **named)
        yield m, words.name("missing", m.what), delivery


def missing_parts_table(statement: Statement, words: Wording) -> Table:
    """List the missing deliveries as open data: one row a goal that one leaves open."""
    printed = missing_table(statement, words)
    columns = [replace(c, key="goal") if c.key == "goals" else c for c in printed.columns]
    rows = [
        (what, goal, delivery)
        for m, what, delivery in _missing_said(statement, words)
        for goal in m.goals or (words.say("missing.no_goal"),)
    ]
    return build_table("missing", printed.title, columns, rows)


def inputs_table(statement: Statement, words: Wording) -> Table:
    """Input files with their digests."""
    say = words.say
    columns = [
        Column("name", say("column.file"), "text", 1.5),
        Column("sha256", "SHA-256", "text", 3.0),
    ]
    rows = [(f.name, f.sha256) for f in statement.facts.files]
    notes = [say("record.inputs", seed=statement.seed)]
    notes += [say("record.masked")] if statement.facts.masked else []
    return build_table("inputs", say("table.inputs.title"), columns, rows, " ".join(notes))


def sources_table(statement: Statement, words: Wording) -> Table:
    """Where the figures come from: every source of every kind of figure, and how many it gave."""
    say = words.say
    columns = [
        Column("kind", say("column.kind"), "text", 1.2),
        Column("source", say("column.source"), "text", 4.0),
        Column("figures", say("column.figures"), "count", 0.8),
    ]
    rows = [(say(f"kind.{s.kind}"), s.name, s.figures) for s in statement.facts.sources]
    return build_table("sources", say("table.sources.title"), columns, rows)


def replaced_table(statement: Statement, words: Wording) -> Table:
    """List the published figures in whose place delivered ones stand: old, new, source of each."""
    say = words.say
    columns = [
        Column("kind", say("column.kind"), "text", 1.2),
        Column("cell", say("column.cell"), "text", 3.0),
        Column("old", say("column.replaced_old"), "figure", 0.9),
        Column("new", say("column.replaced_new"), "figure", 0.9),
        Column("old_source", say("column.replaced_old_source"), "text", 2.2),
        Column("new_source", say("column.replaced_new_source"), "text", 2.2),
        Column("old_grade", say("column.replaced_old_grade"), "text", shown=False),
        Column("new_grade", say("column.replaced_new_grade"), "text", shown=False),
    ]
    rows = [
        (
            say(f"kind.{r.table}"), _cell_named(r, statement, words), r.old, r.new,
            r.old_source, r.new_source, r.old_grade, r.new_grade,
        )
        for r in statement.facts.replaced
    ]  # fmt: skip
    title, note = say("table.replaced.title"), say("table.replaced.note")
    return build_table("replaced", title, columns, rows, note)


def _cell_named(cell: Replaced, statement: Statement, words: Wording) -> str:
    """Name a cell: its area, year and what else tells it from its neighbours."""
    if cell.table == "survey_rounds":
        return cell.what[0]
    area, period, *rest = cell.what
    agreement = statement.agreement
    named = [area_label(agreement, area, words), period]
    if cell.table == "safety":
        named += [words.name("setting_short", rest[0]), words.name("response", rest[1])]
    elif cell.table == "crime":
        named += [type_label(agreement.crime, rest[0], rest[1], words), rest[1]]
    return ", ".join(named)


def versions_table(statement: Statement, words: Wording) -> Table:
    """Digests of the agreement and the model specs."""
    say = words.say
    columns = [
        Column("name", say("column.name"), "text", 1.5),
        Column("version", "SHA-256", "text", 3.0),
    ]
    rows = [(k, v) for k, v in statement.versions.items() if len(v) > 20]  # digests alone
    return build_table("versions", say("table.versions.title"), columns, rows)


def diagnostics_table(statement: Statement, words: Wording) -> Table:
    """List what the gates saw, per fit."""
    say = words.say
    columns = [
        Column("model", say("column.model"), "text", 1.3),
        Column("version", say("column.version"), "text", 0.9),
        Column("draws", say("column.draws"), "count", 1.2),
        Column("divergences", say("column.divergences"), "count", 1.3),
        Column("max_rhat", "R-hat", "rhat", 0.8),
        Column("min_ess", say("column.min_ess"), "count", 0.8),
        Column("passed", say("column.passed"), "flag", 0.9),
        Column("failed", say("column.problems"), "text", 2.5),
        Column("problems", say("column.problems"), "text", shown=False),
        Column("digest", "SHA-256", "text", shown=False),
        Column("changed_from", say("column.changed_from"), "text", shown=False),
    ]
    rows = [
        [(r | {"failed": gates_failed(r["problems"], words)}).get(c.key) for c in columns]
        for r in records(statement.diagnostics)
    ]
    return build_table("diagnostics", say("table.diagnostics.title"), columns, rows)


def changed_documents_table(statement: Statement, words: Wording) -> Table:
    """Name every model and agreement of another version than in the statement before."""
    say = words.say
    columns = [
        Column("document", say("column.name"), "text", 1.8),
        Column("since", say("column.changed_since"), "year", 0.7),
        Column("before", say("column.changed_before"), "text", 0.9),
        Column("now", say("column.changed_now"), "text", 0.9),
        Column("reason", say("column.reason"), "text", 3.0),
    ]
    rows = [
        (c.document, c.since, c.before, c.now, c.reason or say("table.changed_documents.no_reason"))
        for c in statement.changed
    ]
    title = say("table.changed_documents.title")
    return build_table("changed_documents", title, columns, rows)
