"""What was published of the area itself: its earlier boundaries, its estates, its siblings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.tables.table import Column, Table, build_table

if TYPE_CHECKING:
    from amager_eval.goals.facts import SurveyFigure
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["area_known_table", "side_of_whole"]

#: Kinds of area that are neither the whole nor a district.
_KINDS = ("partnership", "estate")


def area_known_table(statement: Statement, words: Wording, *, latest: bool = False) -> Table:
    """List published shares of the area's earlier versions, its estates and other partnerships.

    `area, year, setting, response, percent, whole, survey, source_grade`; `whole` is the city's
    share of the same year, answer and survey, where it was published. `latest` keeps the latest
    figure of every area, setting and answer alone.
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
    own = statement.agreement.safety.survey
    rows = [
        [
            f.area,
            f.wave,
            words.name("setting_short", f.setting),
            words.name("response", f.response),
            f.percent,
            whole,
            words.say(f"survey.{'other' if f.survey else 'own'}", name=f.survey or own),
            f.grade,
        ]
        for f, whole in _known(statement, latest=latest)
    ]
    note = say("table.area_known.note")
    return build_table("area_known", say("table.area_known.title"), columns, rows, note)


def side_of_whole(statement: Statement) -> str:
    """Say on which side of the whole the area's earlier versions lay: `less`, `more` or `mixed`.

    `less` safe in every figure that can be held against the whole's of the same year and answer,
    `more` safe in every one, `mixed`; empty where none can be.
    """
    names = {n for v in statement.agreement.areas.version if not v.evaluated for n in v.names}
    signs = set()
    for figure, whole in _known(statement):
        if figure.area not in names or whole is None or figure.percent is None:
            continue
        gap = figure.percent - whole
        signs.add(0 if gap == 0 else 1 if (gap > 0) == (figure.response == "safe") else -1)
    if not signs:
        return ""
    return {frozenset({-1}): "less", frozenset({1}): "more"}.get(frozenset(signs), "mixed")


def _known(
    statement: Statement, *, latest: bool = False
) -> list[tuple[SurveyFigure, float | None]]:
    """Figures of the survey and of others, latest of every area and cell, each with the whole's."""
    areas = statement.agreement.areas
    versions = {n for v in areas.version if not v.evaluated for n in v.names}
    exact = [f for f in statement.facts.figures if f.comparator == "="]
    # an area that is estimated has figures too old to be its status: they stand here
    chosen = [
        f
        for f in exact
        if (
            statement.area is not None
            if f.area in areas.evaluated.names
            else f.area_kind in _KINDS or f.area in versions
        )
    ]
    if latest:
        last = sorted(chosen, key=lambda f: f.wave)
        chosen = list({(f.survey, f.area, f.setting, f.response): f for f in last}.values())
    whole = {
        (f.survey, f.wave, f.setting, f.response): f.percent
        for f in reversed(exact)
        if f.area == areas.whole
    }
    chosen.sort(key=lambda f: (bool(f.survey), f.area, f.wave, f.setting))
    return [(f, whole.get((f.survey, f.wave, f.setting, f.response))) for f in chosen]
