"""What a status owes to the years before it: the forecast ledger, changed documents, the guard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from amager_eval.figures.ledger import picture_ledger
from amager_eval.report.document import (
    Block,
    Bullets,
    Figure,
    Heading,
    Paragraph,
    TableBlock,
)
from amager_eval.tables.guard import guard_table
from amager_eval.tables.ledger import (
    ledger_crime_table,
    ledger_events_table,
    ledger_safety_table,
    scores_table,
)
from amager_eval.tables.record import changed_documents_table
from amager_eval.tables.table import Kind, print_cell, records
from amager_eval.wording.numbers import number

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["changed_documents", "guard", "ledger", "ledger_numbers"]

_UNITS: Final[Mapping[str, Kind]] = {"percent": "percent", "count": "count", "rate": "rate"}


def ledger(statement: Statement, words: Wording) -> list[Block]:
    """Earlier forecasts beside what came; in the first year that there are none."""
    kept = statement.ledger
    blocks: list[Block] = [Heading(words.say("section.ledger"))]
    if not kept.years:
        key = "first" if kept.recorded else "not_recorded"
        return [*blocks, Paragraph(words.say(f"ledger.{key}"))]
    years = words.listing([str(y) for y in kept.years])
    statuses = [*kept.quantities["status"], *kept.events["status"]]
    scores = scores_table(statement, words)
    key = "intro" if len(scores.frame) else "nothing_yet"
    blocks.append(Paragraph(words.say(f"ledger.{key}", years=years)))
    blocks += [
        Paragraph(words.say(f"ledger.{status}", count=statuses.count(status)), "warning")
        for status in ("area_changed", "no_figure")
        if status in statuses
    ]
    revised = _revised(statement, words)
    if revised:
        blocks.append(Paragraph(words.say("ledger.revised", items=words.listing(revised))))
    if len(scores.frame):
        blocks.append(Bullets(_beaten(statement, words)))
    return blocks


def ledger_numbers(statement: Statement, words: Wording) -> list[Block]:
    """Scores of earlier forecasts, and every forecast beside what came."""
    scores = scores_table(statement, words)
    blocks: list[Block] = [Heading(words.say("section.ledger_numbers"))]
    blocks += [TableBlock(scores)] if len(scores.frame) else []
    safety = ledger_safety_table(statement, words)
    picture = picture_ledger(statement, words)
    if picture is not None:
        blocks.append(Figure(picture, safety))
    elif len(safety.frame):
        blocks.append(TableBlock(safety, "page"))
    more = (ledger_crime_table(statement, words), ledger_events_table(statement, words))
    return [*blocks, *(TableBlock(t, "page") for t in more if len(t.frame))]


def _beaten(statement: Statement, words: Wording) -> tuple[str, ...]:
    """Say how far off the forecasts were, and how far repeating the last figure would have been."""
    said = []
    for row in records(statement.ledger.scores()):
        missed, repeated = row["crps"], row["error_of_last"]
        if missed is None or repeated is None:
            continue
        key = "better" if missed < repeated else "worse" if missed > repeated else "same"
        said.append(
            words.say(
                f"ledger.{key}",
                what=words.say(f"ledger_of.{row['of']}_{row['form']}"),
                missed=number(missed, 1, words.lang),
                repeated=number(repeated, 1, words.lang),
            )
        )
    return tuple(said)


def _revised(statement: Statement, words: Wording) -> list[str]:
    """Name every figure that was revised after it was first kept, once."""
    items: dict[str, None] = {}
    frame = statement.ledger.quantities
    for row in records(frame[frame["first_published"].notna()]):
        if row["setting"] is None:
            what = statement.agreement.crime.label(str(row["crime_type"]), words.lang)
        else:
            share = words.name("response_share", str(row["response"]))
            what = words.say("table.part_cell", name=share, cell=words.name(
                "setting_when", str(row["setting"])))  # fmt: skip
        unit = _UNITS[row["form"]]
        before, after = (print_cell(row[k], unit, words) for k in ("first_published", "observed"))
        if before == after:  # a rate that moved less than is printed; its count is named
            continue
        said = words.say(
            "ledger.revised_item",
            area=row["area"],
            what=what,
            year=row["year"],
            before=before,
            after=after,
        )
        items[said] = None
    return list(items)


def changed_documents(statement: Statement, words: Wording) -> list[Block]:
    """Name what has another version than last year, and why; or that nothing has."""
    years = statement.ledger.years
    if not years:
        return []
    if not statement.changed:
        return [Paragraph(words.say("record.unchanged", since=max(years)), "note")]
    return [
        Paragraph(words.say("record.changed", since=max(years)), "warning"),
        TableBlock(changed_documents_table(statement, words)),
    ]


def guard(statement: Statement, words: Wording) -> list[Block]:
    """Hold the 2024 goals against a baseline less noisy; nothing where there is no baseline."""
    frame = statement.guard
    if frame.empty or frame["baseline"].isna().all():
        return []
    return [
        TableBlock(guard_table(statement, words, short=True), "print"),
        TableBlock(guard_table(statement, words), "page"),
    ]
