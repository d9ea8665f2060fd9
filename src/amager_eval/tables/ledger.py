"""The forecast ledger in tables: mean scores, each forecast figure, each forecast reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amager_eval.tables.table import Column, Table, build_table, records
from amager_eval.wording.numbers import percent

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["ledger_crime_table", "ledger_events_table", "ledger_safety_table", "scores_table"]


def scores_table(statement: Statement, words: Wording) -> Table:
    """Mean scores of what has been scored; one row a kind of figure, and one a goal."""
    say = words.say
    inner, outer = (percent(v, 0, words.lang) for v in (0.8, 0.95))
    columns = [
        Column("of", say("column.ledger_of"), "text", 2.2),
        Column("form", say("column.form"), "text", shown=False),
        Column("scored", say("column.ledger_scored"), "count", 0.8),
        Column("inside_80", say("column.ledger_inside", level=inner), "share"),
        Column("inside_95", say("column.ledger_inside", level=outer), "share"),
        Column("crps", "CRPS", "decimal", 0.8),
        Column("error_of_last", say("column.error_of_last"), "decimal", 1.2),
        Column("brier", "Brier", "decimal", 0.8),
    ]
    rows = []
    for row in records(statement.ledger.scores()):
        form = row["form"]
        known = words.has(f"ledger_of.{row['of']}_{form}")
        row["of"] = (
            say(f"ledger_of.{row['of']}_{form}") if known else say("ledger_of.goal", goal=row["of"])
        )
        rows.append(row)
    title, note = say("table.ledger_scores.title"), say("table.ledger_scores.note")
    return build_table("forecast_scores", title, columns, rows, note)


def ledger_safety_table(statement: Statement, words: Wording) -> Table:
    """Every forecast of a published share, in percent."""
    say = words.say
    what = [
        Column("setting", say("column.setting"), "text", 0.9),
        Column("response", say("column.response"), "text", 0.7),
    ]
    return _quantities(statement, words, "safety", what, "percent")


def ledger_crime_table(statement: Statement, words: Wording) -> Table:
    """Every forecast of a count of reports or their rate."""
    say = words.say
    what = [
        Column("crime_type", say("column.crime_type"), "text", 1.1),
        Column("form", say("column.form"), "text", 0.8),
        Column("definition", say("column.definition"), "text", shown=False),
    ]
    return _quantities(statement, words, "crime", what, "rate")


def _quantities(
    statement: Statement, words: Wording, kind: str, what: list[Column], unit: Any
) -> Table:
    say = words.say
    inner, outer = (percent(v, 0, words.lang) for v in (0.8, 0.95))
    columns = [
        Column("issued", say("column.issued"), "year", 0.7),
        Column("area", say("column.area"), "text", 1.4),
        *what,
        Column("year", say("column.year"), "year", 0.6),
        Column("median", say("column.median"), unit, 0.8),
        Column("low_80", say("column.ledger_low", level=inner), unit, shown=False),
        Column("high_80", say("column.ledger_high", level=inner), unit, shown=False),
        Column("low_95", say("column.ledger_low", level=outer), unit, 0.8),
        Column("high_95", say("column.ledger_high", level=outer), unit, 0.8),
        Column("observed", say("column.ledger_observed"), unit, 0.8),
        Column("first_published", say("column.first_published"), unit, 0.9),
        Column("inside_95", say("column.ledger_inside", level=outer), "flag", 0.7),
        Column("crps", "CRPS", "decimal", 0.7),
        Column("status", say("column.ledger_status"), "text", 1.3),
    ]
    frame = statement.ledger.quantities
    rows = [row | _named(row, words) for row in records(frame[frame["kind"] == kind])]
    title, note = say(f"table.ledger_{kind}.title"), say("table.ledger_quantities.note")
    return build_table(f"forecast_ledger_{kind}", title, columns, rows, note)


def ledger_events_table(statement: Statement, words: Wording) -> Table:
    """Every forecast of a declared reading: its probability, and whether it came true in print."""
    say = words.say
    columns = [
        Column("issued", say("column.issued"), "year", 0.7),
        Column("goal", say("column.goal"), "text", 0.5),
        Column("reading", say("column.reading"), "text", 1.6),
        Column("area", say("column.area"), "text", 1.4),
        Column("setting", say("column.setting"), "text", 0.9),
        Column("response", say("column.response"), "text", 0.7),
        Column("crime_type", say("column.crime_type"), "text", 1.0),
        Column("year", say("column.year"), "year", 0.6),
        Column("probability", say("column.probability_published"), "probability", 1.1),
        Column("outcome", say("column.outcome"), "flag", 0.8),
        Column("revised", say("column.revised"), "flag", 0.8),
        Column("brier", "Brier", "decimal", 0.7),
        Column("status", say("column.ledger_status"), "text", 1.3),
    ]
    rows = [row | _named(row, words) for row in records(statement.ledger.events)]
    title, note = say("table.ledger_events.title"), say("table.ledger_events.note")
    return build_table("forecast_ledger_readings", title, columns, rows, note)


def _named(row: dict[str, object], words: Wording) -> dict[str, object]:
    """Cells whose word depends on the language."""
    kinds = {
        "setting": "setting",
        "response": "response",
        "form": "crime_form",
        "status": "ledger_status",
    }
    return {
        key: None if row[key] is None else words.name(kind, str(row[key]))
        for key, kind in kinds.items()
        if key in row
    }
