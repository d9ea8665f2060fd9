"""Every row of the statement, as open data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.goals.records import RESULT_COLUMNS
from amager_eval.tables.table import Column, Kind, Table, build_table

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording


__all__ = ["results_table"]


def results_table(statement: Statement, words: Wording) -> Table:
    """Every row of the statement, for open data; lists and intervals as plain columns."""
    kinds: dict[str, Kind] = {
        "year": "year",
        "observed": "decimal",
        "baseline": "decimal",
        "comparison": "decimal",
        "interval_low": "decimal",
        "interval_high": "decimal",
        "literal_verdict": "mark",
        "evidence_verdict": "mark",
    }
    keys: list[str] = []
    for key in RESULT_COLUMNS:
        keys += ["interval_low", "interval_high"] if key == "interval" else [key]
    columns = [
        Column(
            k,
            words.name("column", k),
            "probability" if "probability" in k else kinds.get(k, "text"),
        )
        for k in keys
    ]
    rows = [
        one.row()
        | {
            "interval_low": None if one.interval is None else one.interval.low,
            "interval_high": None if one.interval is None else one.interval.high,
            "notes": "; ".join(map(str, one.remarks)),
        }
        for one in statement.judged
    ]
    return build_table("results", words.say("table.results.title"), columns, rows)
