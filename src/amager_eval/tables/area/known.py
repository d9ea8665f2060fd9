"""What was published of the area itself: its earlier boundaries, its estates, its siblings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from amager_eval.tables.table import Column, Table, build_table, records

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["area_known_table", "side_of_whole"]

#: Kinds of area that are neither the whole nor a district.
_KINDS = ("partnership", "estate")


def area_known_table(statement: Statement, words: Wording, *, latest: bool = False) -> Table:
    """List published shares of the area's earlier versions, its estates and other partnerships.

    Parameters
    ----------
    statement : Statement
    words : Wording
    latest : bool
        Keep the latest figure of every area, setting and answer alone.

    Returns
    -------
    Table
        `area, year, setting, response, percent, whole, survey, source_grade`; `whole` is the
        city's share of the same year, answer and survey, where it was published.
    """
    say = words.say
    columns = [
        Column("area", say("column.area"), "text", 2.4),
        Column("year", say("column.year"), "year", 0.6),
        Column("setting", say("column.setting"), "text", 1.2),
        Column("response", say("column.response"), "text", 0.8),
        Column("percent", say("column.percent"), "percent", 0.8),
        Column("whole", statement.agreement.areas.whole, "percent", 1.0),
        Column("survey", say("column.survey"), "text", 2.3),
        Column("source_grade", say("column.source_grade"), "text", 0.9),
    ]
    rows = [
        [
            row["area"],
            row["wave"],
            words.name("setting_short", row["setting"]),
            words.name("response", row["response"]),
            row["percent"],
            row["whole"],
            words.say(f"survey.{'own' if row['own'] else 'other'}", name=row["survey"]),
            row["source_grade"],
        ]
        for row in _known(statement, latest=latest)
    ]
    note = say("table.area_known.note")
    return build_table("area_known", say("table.area_known.title"), columns, rows, note)


def side_of_whole(statement: Statement) -> str:
    """Say on which side of the whole the area's earlier versions lay: `less`, `more` or `mixed`.

    Returns
    -------
    str
        `less` safe in every figure that can be held against the whole's of the same year and
        answer, `more` safe in every one, `mixed`; empty where none can be.
    """
    names = {n for v in statement.agreement.areas.version if not v.evaluated for n in v.names}
    signs = set()
    for row in _known(statement):
        if row["area"] not in names or row["whole"] is None:
            continue
        gap = float(row["percent"]) - float(row["whole"])
        signs.add(0 if gap == 0 else 1 if (gap > 0) == (row["response"] == "safe") else -1)
    if not signs:
        return ""
    return {frozenset({-1}): "less", frozenset({1}): "more"}.get(frozenset(signs), "mixed")


def _known(statement: Statement, *, latest: bool = False) -> list[dict[str, Any]]:
    """Rows of the survey's and of other surveys' figures, latest of every area and cell."""
    agreement, data = statement.agreement, statement.data
    versions = {n for v in agreement.areas.version if not v.evaluated for n in v.names}
    frames = []
    if data.safety is not None and "area_kind" in data.safety:
        frames.append(data.safety.assign(survey=agreement.safety.survey, own=True))
    other = data.other_frames.get("other_surveys")
    if other is not None and "area_kind" in other:
        frames.append(other.assign(own=False))
    if not frames:
        return []
    every = pd.concat(frames, ignore_index=True)
    every = every[every["comparator"].fillna("=") == "="]
    kind = every["area_kind"].isin(_KINDS) | every["area"].isin(versions)
    # an area that is estimated has figures too old to be its status: they stand here
    own = every["area"].isin(agreement.areas.evaluated.names)
    chosen = every[kind & ~own | own & (statement.area is not None)]
    order = {"own": False, "area": True, "wave": True, "setting": True}
    if latest:
        cell = ["survey", "area", "setting", "response"]
        chosen = chosen.sort_values("wave").drop_duplicates(cell, keep="last")
    found = []
    for row in records(chosen.sort_values(list(order), ascending=list(order.values()))):
        same = every[
            (every["area"] == agreement.areas.whole)
            & (every["survey"] == row["survey"])
            & (every["wave"] == row["wave"])
            & (every["setting"] == row["setting"])
            & (every["response"] == row["response"])
        ]
        whole = None if same.empty else float(same["percent"].iloc[0])
        found.append(row | {"whole": whole})
    return found
