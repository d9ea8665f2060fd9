"""The goals' probabilities under other assumptions, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.tables.table import Column, Table, build_table, records
from amager_eval.wording.crime_type import type_label

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["sensitivity_table"]


def sensitivity_table(statement: Statement, words: Wording) -> Table:
    """One row per goal, area, part, reading and alternative.

    `goal, area, part, quantity, reading, assumption, alternative, tried, probability`; `goal` is
    empty where the figures are context and not the goal's own.
    """
    say, agreement = words.say, statement.agreement
    columns = [
        Column("goal", say("column.goal"), "text", 0.6),
        Column("area", say("column.area"), "text", 1.8),
        Column("part", say("column.part"), "text", 1.4),
        Column("quantity", say("column.quantity"), "text", shown=False),
        Column("reading", say("column.reading"), "text", 3.0),
        Column("assumption", say("column.assumption"), "text", shown=False),
        Column("alternative", say("column.alternative"), "text", shown=False),
        Column("tried", say("column.alternative"), "text", 2.0),
        Column("probability", say("column.probability_true"), "probability", 1.2),
    ]
    readings = {
        (g.id, r.id): r.label(words.lang) for g in agreement.goal for r in reversed(g.reading)
    }
    crime = {r.id: r.label(words.lang) for g in agreement.goal for r in g.reading}
    fitted = statement.crime
    definition = str(fitted.draws.attrs.get("definition", "")) if fitted else ""
    rows = []
    for row in records(statement.sensitivity):
        kind = row["crime_type"]
        rows.append(
            row
            | {
                "part": words.name("setting", row["setting"])
                if kind is None
                else type_label(agreement.crime, kind, definition, words),
                "reading": readings.get((row["goal"], row["quantity"]), crime[row["quantity"]]),
                "tried": say(f"alternative.{row['alternative']}"),
            }
        )
    return build_table(
        "sensitivity", say("table.sensitivity.title"), columns, rows, say("table.sensitivity.note")
    )
