"""How easily reports rise by chance, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.tables.table import Column, Table, build_table, records
from amager_eval.wording.numbers import number

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["crime_power_table"]


def crime_power_table(statement: Statement, words: Wording) -> Table:
    """One row a number of reports: the chance that a type rises although nothing changed.

    `reports_a_year, reports_assumed` (printed as one), and a chance per question.
    """
    power, crime = statement.power, statement.agreement.crime
    own = power[power["setting"].isna()] if len(power) else power
    questions = list(dict.fromkeys(own["question"])) if len(own) else []
    columns = [
        Column("reports", words.say("column.reports_a_year"), "text", 1.5, data=False),
        Column("reports_a_year", words.say("column.reports_a_year"), "count", shown=False),
        Column("reports_assumed", words.say("column.reports_assumed"), "flag", shown=False),
        *(Column(q, words.say(f"column.{q}"), "chance", 1.4) for q in questions),
    ]
    by_reports: dict[tuple[float, bool], dict[str, float]] = {}
    for row in records(own):
        key = (float(row["n"]), bool(row["n_assumed"]))
        by_reports.setdefault(key, {})[row["question"]] = row["value"]
    rows = []
    for (n, assumed), values in by_reports.items():
        said = number(n, 0, words.lang)
        label = words.say("table.crime_power.assumed", n=said) if assumed else said
        rows.append([label, n, assumed, *(values.get(q) for q in questions)])
    size = number(crime.power.size, 0, words.lang) if crime.power is not None else ""
    types = sum(t.role == "selected" for t in crime.type)
    note = words.say("table.crime_power.note", types=types, size=size)
    return build_table("crime_power", words.say("table.crime_power.title"), columns, rows, note)
