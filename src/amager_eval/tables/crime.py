"""Crime in tables: level and forecast per type, and the published district totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from amager_eval.goals.crime import QUANTITY_COLUMNS
from amager_eval.tables.table import Column, Kind, Table, build_table, records
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.numbers import number

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["crime_quantities_table", "crime_table", "district_totals_table"]

#: Columns of the printed table: name, kind, form and quantity they show.
_PRINTED: Final[tuple[tuple[str, Kind, str, str], ...]] = (
    ("observed_baseline", "rate", "rate", "observed_baseline"),
    ("true_baseline", "rate", "rate", "true_baseline"),
    ("true_target", "rate", "rate", "true_target"),
    ("low", "rate", "rate", "true_low_95"),
    ("high", "rate", "rate", "true_high_95"),
    ("hold_rate", "probability", "rate", "probability_true_at_or_below"),
    ("hold_rate_prior", "probability", "rate", "prior_probability_true_at_or_below"),
    ("hold_count", "probability", "count", "probability_true_at_or_below"),
    ("hold_reports", "probability", "count", "probability_observed_at_or_below"),
)


def crime_table(statement: Statement, words: Wording) -> Table:
    """One row a type: the baseline level, the forecast and the probability of holding it.

    Returns
    -------
    Table
        `area, crime_type`, levels per 1,000 a year and probabilities 0 to 1 at the target year.
    """
    say, crime = words.say, statement.agreement.crime
    years = {"baseline": crime.baseline_year, "target": crime.target_year}
    shown_alone = {"low", "high"}
    columns = [
        Column("area", say("column.area"), "text", 1.2),
        Column("crime_type", say("column.crime_type"), "text", 1.5),
        *(
            Column(name, say(f"column.crime_{name}", **years), kind, shown=name not in shown_alone)
            for name, kind, _, _ in _PRINTED
        ),
    ]
    columns.insert(7, Column("interval", say("column.crime_interval", **years), "text", 1.2))
    rows: list[list[Any]] = []
    frame = statement.crime_quantities
    if len(frame):
        at_target = frame[frame["year"] == crime.target_year]
        for (area, crime_type), group in at_target.groupby(["area", "crime_type"], sort=False):
            values = {(r["form"], r["quantity"]): r["value"] for r in records(group)}
            label = type_label(crime, str(crime_type), group["definition"].iloc[0], words)
            cells = [values.get((form, quantity)) for _, _, form, quantity in _PRINTED]
            low, high = (number(v, 1, words.lang) for v in cells[3:5])
            cells.insert(5, words.say("table.range", low=low, high=high))
            rows.append([area, label, *cells])
    return build_table(
        "crime_forecast",
        say("table.crime.title", **years),
        columns,
        rows,
        say("table.crime.note", **years),
    )


def crime_quantities_table(statement: Statement, words: Wording) -> Table:
    """Every quantity of the crime model, for open data."""
    kinds: dict[str, Kind] = {"value": "decimal", "year": "year"}
    columns = [Column(k, words.name("column", k), kinds.get(k, "text")) for k in QUANTITY_COLUMNS]
    rows = [[r[k] for k in QUANTITY_COLUMNS] for r in records(statement.crime_quantities)]
    return build_table("crime_quantities", words.say("table.crime_quantities.title"), columns, rows)


def district_totals_table(
    statement: Statement, words: Wording, *, districts_only: bool = False
) -> Table:
    """List published figures of the agreement's areas, each with its definition and a remark.

    Parameters
    ----------
    statement : Statement
    words : Wording
    districts_only : bool
        Leave out the whole and every type but the total, as page space asks.
    """
    say, agreement = words.say, statement.agreement
    columns = [
        Column("area", say("column.area"), "text", 1.4),
        Column("period", say("column.year"), "year", 0.6),
        Column("definition", say("column.definition"), "text", 1.2),
        Column("crime_type", say("column.crime_type"), "text", 1.0),
        Column("count", say("column.count"), "count", 0.9),
        Column("per_1000", say("column.per_1000"), "rate", 1.0),
        Column("source_grade", say("column.source_grade"), "text", 0.8),
        Column("remark", say("column.remark"), "text", 2.6),
        Column("source", say("column.source"), "text", shown=False),
    ]
    crime, rows = statement.data.crime, []
    if crime is not None:
        areas = [*agreement.areas.evaluated.names, *agreement.areas.indicators]
        areas += [] if districts_only else [agreement.areas.whole]
        statbank = agreement.crime.statbank.table if agreement.crime.statbank else None
        chosen = crime[crime["area"].isin(areas) & (crime["definition"] != statbank)]
        if districts_only:
            chosen = chosen[chosen["crime_type"] == "total"]
        chosen = chosen.assign(rank=chosen["area"].map({a: i for i, a in enumerate(areas)}))
        chosen = chosen.sort_values(["rank", "definition", "crime_type", "period"])
        remarks = _jumps(records(chosen), words)
        for row, remark in zip(records(chosen), remarks, strict=True):
            rows.append(
                [
                    row["area"],
                    int(row["period"]) if str(row["period"]).isdigit() else None,
                    row["definition"],
                    agreement.crime.label(row["crime_type"], words.lang)
                    if row["crime_type"] != "total"
                    else say("table.total"),
                    row["count"],
                    row.get("per_1000"),
                    row.get("source_grade"),
                    remark,
                    row.get("source"),
                ]
            )
    return build_table(
        "crime_published", say("table.district_totals.title"), columns, rows,
        say("table.district_totals.note"),
    )  # fmt: skip


def _jumps(rows: list[dict[str, Any]], words: Wording) -> list[str]:
    """Remark on a published rate that changes by more than a quarter from one year to the next."""
    remarks = []
    last: dict[tuple[str, str, str], tuple[int, float]] = {}
    for row in rows:
        key = (row["area"], row["definition"], row["crime_type"])
        rate, year, remark = row.get("per_1000"), str(row["period"]), ""
        if rate is not None and year.isdigit():
            before = last.get(key)
            if (
                before is not None
                and int(year) - before[0] == 1
                and abs(rate / before[1] - 1) > 0.25
            ):
                remark = words.say(
                    "crime.jump",
                    before=number(before[1], 0, words.lang),
                    after=number(rate, 0, words.lang),
                    year=before[0],
                )
            last[key] = (int(year), rate)
        remarks.append(remark)
    return remarks
