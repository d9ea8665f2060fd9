"""The indicator districts of page one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amager_eval.tables.result_row import observed_year, source_grade
from amager_eval.tables.table import Column, Table, build_table, print_cell, records

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording


__all__ = ["indicators_table"]


def indicators_table(statement: Statement, words: Wording) -> Table:
    """Show the indicator districts on page one: latest, baseline, city, and two probabilities.

    Returns
    -------
    Table
        `area, setting, observed, observed_year, source_grade, baseline, comparison,
        probability_rises, probability_nearer, probability_reaches`.
    """
    say, agreement = words.say, statement.agreement
    target, response = agreement.safety.target_wave, agreement.response
    columns = [
        Column("area", say("column.area"), "text", 1.3),
        Column("setting", say("column.setting"), "text", 1.75),
        Column("setting_id", say("column.setting"), "text", shown=False, data=False),
        Column("latest", say("column.observed_wave", wave=statement.year), "text", 1.5, data=False),
        Column("observed", say("column.observed"), "percent", shown=False),
        Column("observed_year", say("column.year"), "year", shown=False),
        Column("source_grade", say("column.source_grade"), shown=False),
        Column("baseline", str(agreement.safety.baseline_wave), "percent", 0.7),
        Column("comparison", agreement.areas.whole, "percent", 1.1),
        *(
            Column(
                f"probability_{k}",
                words.say_of(response, f"column.probability_{k}", target=target),
                "probability",
                w,
            )
            for k, w in (("rises", 1.2), ("nearer", 1.4), ("reaches", 1.5))
        ),
    ]
    keyed = {
        (r["area"], r["setting"], r["reading"]): r
        for r in records(statement.results)
        if r["response"] == response and r["year"] == target and r["setting"] is not None
    }
    rows = []
    for area in agreement.areas.indicators:
        for setting in agreement.safety.settings:
            one = {
                reading: keyed.get((area, setting, reading), {})
                for reading in ("rises_every_year", "shortfall_smaller", "reaches_whole")
            }
            first = next((r for r in one.values() if r), {})
            if first.get("observed") is None:
                continue
            rows.append(
                (
                    area,
                    words.name("setting", setting),
                    setting,
                    _observed(first, statement.year, words),
                    first["observed"],
                    observed_year(first),
                    source_grade(first),
                    first["baseline"],
                    first["comparison"],
                    one["rises_every_year"].get("probability_true"),
                    one["shortfall_smaller"].get("probability_true"),
                    one["reaches_whole"].get("probability_true"),
                )
            )
    return build_table(
        "indicators",
        say("table.indicators.title", share=words.name("response_of", response)),
        columns,
        rows,
        words.say_of(response, "table.indicators.note"),
    )


def _observed(row: Mapping[str, Any], year: int, words: Wording) -> str:
    """Print a published figure with the wave it is from where not the statement's, and mark C."""
    text, wave = print_cell(row["observed"], "percent", words), observed_year(row)
    if wave != year:
        text = words.say("table.other_wave", cell=text, wave=wave)
    return words.say("table.grade_c", cell=text) if source_grade(row) else text
