"""Last year's status beside this one's: figures, verdicts, definitions and documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.tables.table import Column, Kind, Row, Table, build_table, print_cell, records
from amager_eval.wording.area import area_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["since_last_table"]

_KINDS: Mapping[str, Kind] = {"percent": "percent", "rate": "rate", "count": "count"}


def since_last_table(statement: Statement, words: Wording, *, short: bool = False) -> Table:
    """List what both statuses say, side by side, and whether it is the same.

    `what, about, before, after, same`; in the data `goal, area, part, year_before, year_after` too.
    Empty where no earlier status was kept. `short` shows what is not the same of the agreement's
    own area alone, as page space asks; the note says how much else there is.
    """
    say = words.say
    frame = statement.since_last
    years = sorted({int(y) for y in frame["year_before"].dropna()}) if len(frame) else []
    columns = [
        Column("what", say("column.since_what"), "text", 1.3),
        Column("about", say("column.since_about"), "text", 3.0),
        Column("before", say("column.since_before"), "text", 1.8),
        Column("after", say("column.since_after"), "text", 1.8),
        Column("same", say("column.since_same"), "flag", 0.8, shown=not short),
        Column("goal", say("column.goal"), "text", shown=False),
        Column("area", say("column.area"), "text", shown=False),
        Column("part", say("column.part"), "text", shown=False),
        Column("year_before", say("column.year_before"), "year", shown=False),
        Column("year_after", say("column.year_after"), "year", shown=False),
    ]
    rows = []
    listed = [
        r
        for r in records(frame)
        if not short
        or (not _same(r) and r["area"] not in _others(statement) and r["form"] != "rate")
    ]
    for row in listed:
        said = {side: _text(row, side, words) for side in ("before", "after")}
        named = {"what": say(f"since.{row['what']}"), "about": _about(row, statement, words)}
        rows.append(row | said | named | {"same": _same(row)})
    title = say("table.since_last.title", year=max(statement.ledger.years, default="") or (
        years[-1] if years else ""))  # fmt: skip
    note = say(
        "table.since_last.note_short" if short else "table.since_last.note",
        listed=len(rows), left=len(frame) - len(rows),
    )  # fmt: skip
    return build_table("since_last_status", title, columns, rows, note)


def _others(statement: Statement) -> tuple[str, ...]:
    """Areas beside the agreement's own."""
    return statement.agreement.areas.indicators


def _same(row: Row) -> bool:
    return bool(row["before"] == row["after"])


def _about(row: Row, statement: Statement, words: Wording) -> str:
    """Name what a row is about: the goal, the area and the part."""
    agreement, part = statement.agreement, row["part"]
    if row["what"] == "document":
        return str(part)
    known = [t.id for t in agreement.crime.type]
    name = "" if not part else (
        agreement.crime.label(part, words.lang) if part in known
        else words.name("setting_short", part)
    )  # fmt: skip
    area = area_label(agreement, row["area"], words) if row["area"] else ""
    where = words.say("table.area_part", area=area, part=name) if area and name else area or name
    if row["what"] == "figure":
        return words.say("since.figure_about", about=where, unit=words.say(f"unit.{row['form']}"))
    if row["goal"] and not where:
        return words.say("since.goal_alone", goal=row["goal"])
    return words.say("since.goal_about", goal=row["goal"], about=where) if row["goal"] else where


def _text(row: Row, side: str, words: Wording) -> str:
    value, year = row[side], row[f"year_{side}"]
    if value is None:
        judged = row["what"] in {"verdict", "assessment"}
        return print_cell("ikke opgjort", "mark", words) if judged else words.say("since.nothing")
    if row["what"] == "figure":
        cell = print_cell(value, _KINDS[row["form"]], words)
        return words.say("table.other_wave", cell=cell, wave=year)
    if row["what"] in {"verdict", "assessment"}:
        return print_cell(value, "mark", words)
    return str(value)
