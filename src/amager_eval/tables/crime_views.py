"""Reported crime beside the goals, as open data: changes, contributions, chart, displacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amager_eval.goals.crime.changes import CHANGE_COLUMNS, CONTRIBUTION_COLUMNS
from amager_eval.goals.crime.displacement import DISPLACEMENT_COLUMNS
from amager_eval.goals.crime.monitored_types import MONITORED_COLUMNS
from amager_eval.tables.table import Column, Kind, Table, build_table, records
from amager_eval.trends.crime.design import rest_name
from amager_eval.wording.crime_type import type_label

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = [
    "crime_changes_table",
    "crime_chart_table",
    "crime_contributions_table",
    "crime_displacement_table",
]


def crime_changes_table(statement: Statement, words: Wording) -> Table:
    """List the true level from each year to the next: one row an area, type, year and form.

    `area, crime_type, definition, year, form, median, low_95, high_95, probability_fall`; change as
    a share of the year before.
    """
    views = statement.crime_views
    kinds: dict[str, Kind] = {"median": "chance", "low_95": "chance", "high_95": "chance"}
    kinds |= {"probability_fall": "probability"}
    return _table(
        statement, words, "crime_changes", CHANGE_COLUMNS, views.changes, kinds, views.definition
    )


def crime_contributions_table(statement: Statement, words: Wording) -> Table:
    """List each type's part in the total's change since the baseline year.

    `area, crime_type, definition, year, median, low_95, high_95`; reports a year.
    """
    views = statement.crime_views
    kinds: dict[str, Kind] = {"median": "figure", "low_95": "figure", "high_95": "figure"}
    return _table(
        statement, words, "crime_contributions", CONTRIBUTION_COLUMNS, views.contributions,
        kinds, views.definition,
    )  # fmt: skip


def crime_chart_table(statement: Statement, words: Wording) -> Table:
    """List monitored types, period by period, against the limits of ordinary variation.

    `area, crime_type, definition, period, reference, count, expected, low, high, signal`; reports a
    period.
    """
    kinds: dict[str, Kind] = {"reference": "flag", "count": "count"}
    kinds |= {"expected": "figure", "low": "figure", "high": "figure"}
    return _table(
        statement, words, "crime_chart", MONITORED_COLUMNS, statement.crime_views.chart, kinds
    )


def crime_displacement_table(statement: Statement, words: Wording) -> Table:
    """Compare reports here and next door, against the rest of the whole.

    `crime_type, definition, year, part, reports_before, reports_after, estimate, low_95, high_95,
    p_value`; the estimate in reports per 1,000 inhabitants a year.
    """
    kinds: dict[str, Kind] = {"reports_before": "count", "reports_after": "count"}
    kinds |= {"estimate": "decimal", "low_95": "decimal", "high_95": "decimal"}
    kinds |= {"p_value": "decimal"}
    return _table(
        statement, words, "crime_displacement", DISPLACEMENT_COLUMNS,
        statement.crime_views.displacement, kinds,
    )  # fmt: skip


def _table(
    statement: Statement,
    words: Wording,
    identity: str,
    keys: tuple[str, ...],
    frame: pd.DataFrame,
    kinds: dict[str, Kind],
    definition: str = "",
) -> Table:
    """Print a frame's codes as words; every column, in the frame's order."""
    agreement = statement.agreement
    about = {
        "baseline": agreement.crime.baseline_year,
        "area": agreement.areas.evaluated.names[0],
        "districts": words.listing(agreement.areas.evaluated.districts),
    }
    if "definition" not in keys:
        keys = (*keys[:2], "definition", *keys[2:])
    kinds = {**kinds, "year": "year"} if "year" in keys else kinds
    columns = []
    for key in keys:
        own = f"column.{identity}_{key}"
        label = words.say(own if words.has(own) else f"column.{key}", **about)
        columns.append(Column(key, label, kinds.get(key, "text")))
    rest = rest_name(agreement.areas.whole)
    rows: list[dict[str, Any]] = []
    for row in records(frame):
        cells = {"definition": definition} | row
        cells["crime_type"] = type_label(
            agreement.crime, row["crime_type"], cells["definition"], words
        )
        if row.get("area") == rest:
            cells["area"] = words.say("area.rest")
        if "form" in row:
            cells["form"] = words.name("crime_form", row["form"])
        if "part" in row:
            cells["part"] = words.say(f"displaced.{row['part']}")
        if row.get("signal"):
            cells["signal"] = words.say(f"chart_signal.{row['signal'].replace(' ', '_')}")
        rows.append(cells)
    title, note = (words.say(f"table.{identity}.{part}", **about) for part in ("title", "note"))
    return build_table(identity, title, columns, rows, note)
