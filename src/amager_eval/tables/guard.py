"""The noisy-baseline guard in a table: "hold 2024" beside a baseline less noisy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.tables.table import Column, Kind, Table, build_table, records

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["guard_table"]


def guard_table(statement: Statement, words: Wording, *, short: bool = False) -> Table:
    """One row a type: the latest figure against the baseline year and the guard years' mean.

    `short` keeps the form each goal is primarily read in (reports, or reports per 1,000).
    """
    agreement, crime = statement.agreement, statement.agreement.crime
    unit: Kind = "figure"  # rates per 1,000 and whole counts in one column
    years = {"baseline": crime.baseline_year}
    years |= {"first": min(crime.guard_years, default=crime.baseline_year)}

    def say(key: str) -> str:
        return words.say(key, **years)

    columns = [
        Column("goal", say("column.goal"), "text", 0.6),
        Column("crime_type", say("column.crime_type"), "text", 1.6),
        Column("form", say("column.form"), "text", 0.8),
        Column("year", say("column.guard_year"), "year", 0.7),
        Column("observed", say("column.guard_observed"), unit, 0.8),
        Column("baseline", say("column.guard_baseline"), unit, 0.8),
        Column("guard_mean", say("column.guard_mean"), unit, 0.9),
        Column("latent_baseline", say("column.guard_latent"), unit, 0.9),
        Column("literal_baseline", say("column.guard_literal_baseline"), "mark", 1.2),
        Column("literal_guard_mean", say("column.guard_literal_mean"), "mark", 1.2),
        Column("probability_baseline", say("column.guard_probability"), "probability", 1.1),
        Column("probability_guard_mean", say("column.guard_probability_mean"), "probability", 1.1),
        Column("reason", say("column.reason"), "text", shown=False),
    ]
    rows = []
    primary = {g.id: "rate" if g.primary.id == "hold_rate" else "count" for g in agreement.goal}
    for row in records(statement.guard):
        if short and primary[row["goal"]] != row["form"]:
            continue
        label = crime.label(row["crime_type"], words.lang)
        shown = {"crime_type": label, "form": words.name("crime_form", row["form"])}
        rows.append(row | shown)
    title = say("table.guard.title")
    return build_table("baseline_guard", title, columns, rows, say("table.guard.note"))
