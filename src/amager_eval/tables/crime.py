"""Crime in tables: level and forecast per type, and the published district totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amager_eval.tables.table import Column, Table, build_table, records
from amager_eval.wording.numbers import number

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["crime_quantities_table", "crime_table", "district_totals_table"]

#: Columns of the printed table, and the quantity each shows; the first found of several ids.
_PRINTED = (
    ("observed_baseline", "rate", ("observed_baseline", "observed_baseline_rate")),
    ("true_baseline", "rate", ("true_baseline", "true_baseline_rate")),
    ("true_target", "rate", ("true_target", "true_target_rate")),
    ("low", "rate", ("true_target_low_95", "true_target_rate_low_95")),
    ("high", "rate", ("true_target_high_95", "true_target_rate_high_95")),
    ("hold", "probability", ("probability_true_at_or_below", "probability_true_at_or_below_rate")),
    ("hold_prior", "probability", ("prior_probability_true_at_or_below",)),
    ("hold_105", "probability", ("probability_true_at_or_below_105",)),
    ("hold_observed", "probability", ("probability_observed_at_or_below",)),
)


def crime_table(statement: Statement, words: Wording) -> Table:
    """One row a type: the 2024 level, the forecast and the probability of holding it."""
    say, crime = words.say, statement.agreement.crime
    frame = statement.crime_quantities
    years = {"baseline": crime.baseline_year, "target": crime.target_year}
    known = set(frame["quantity"]) if len(frame) else set()
    chosen = [
        (name, kind, next(q for q in ids if q in known))
        for name, kind, ids in _PRINTED
        if known.intersection(ids)
    ]
    columns = [
        Column("area", say("column.area"), "text", 1.1, shown=False),
        Column("crime_type", say("column.crime_type"), "text", 1.8),
        *(Column(name, say(f"column.crime_{name}", **years), kind) for name, kind, _ in chosen),  # type: ignore[arg-type]
    ]
    rows: list[list[Any]] = []
    if chosen:
        for (area, crime_type), group in frame.groupby(["area", "crime_type"], sort=False):
            values = dict(zip(group["quantity"], group["value"], strict=True))
            label = crime.label(str(crime_type), words.lang)
            rows.append([area, label, *(values.get(quantity) for _, _, quantity in chosen)])
    return build_table(
        "crime_forecast", say("table.crime.title", **years), columns, rows, say("table.crime.note")
    )


def crime_quantities_table(statement: Statement, words: Wording) -> Table:
    """Every quantity of the crime model, for open data."""
    keys = ("area", "crime_type", "definition", "period_unit", "quantity", "value")
    columns = [
        Column(k, words.name("column", k), "decimal" if k == "value" else "text") for k in keys
    ]
    rows = [[r[k] for k in keys] for r in records(statement.crime_quantities)]
    return build_table("crime_quantities", words.say("table.crime_quantities.title"), columns, rows)


def district_totals_table(
    statement: Statement, words: Wording, *, districts_only: bool = False
) -> Table:
    """Published figures of the agreement's areas, each with its definition and a remark.

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
        Column("source_grade", say("column.source_grade"), "text", 0.7),
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
            if before is not None and int(year) - before[0] == 1 and abs(rate / before[1] - 1) > 0.25:
                remark = words.say(
                    "crime.jump",
                    before=number(before[1], 0, words.lang),
                    after=number(rate, 0, words.lang),
                    year=before[0],
                )
            last[key] = (int(year), rate)
        remarks.append(remark)
    return remarks
