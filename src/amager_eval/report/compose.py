"""Compose the appendix: title, page one, the pages after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from amager_eval.conventions import crime_year_of_wave
from amager_eval.report.document import Document, TableBlock, tables
from amager_eval.report.letterhead import Letterhead
from amager_eval.report.parts.sections import annex, sections, shown_areas
from amager_eval.report.parts.summary import summary
from amager_eval.tables.area.known import area_known_table
from amager_eval.tables.crime import crime_quantities_table, crime_table
from amager_eval.tables.crime_views import (
    crime_changes_table,
    crime_chart_table,
    crime_contributions_table,
    crime_displacement_table,
)
from amager_eval.tables.goals import crime_context_table, goals_table, indicators_table
from amager_eval.tables.plan import plan_parts_table, plan_signals_table
from amager_eval.tables.record import missing_parts_table
from amager_eval.tables.results import results_table
from amager_eval.tables.safety import probabilities_table, published_table
from amager_eval.wording.about import bound_to

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.report.document import Block
    from amager_eval.tables.table import Table
    from amager_eval.wording.sentences import Wording

__all__ = ["compose", "compose_annex", "open_data"]

_BLANK: Final = Letterhead()


def compose(statement: Statement, words: Wording, letterhead: Letterhead = _BLANK) -> Document:
    """Make the document of a statement."""
    words = bound_to(statement.agreement, words)
    blocks = (*summary(statement, words), *sections(statement, words))
    title = words.say("document.title", name=_name(statement))
    sent_by = letterhead.line(statement.agreement, words)
    return replace(_document(statement, words, title, blocks), sent_by=sent_by)


def compose_annex(statement: Statement, words: Wording) -> Document:
    """Make the method annex as a document of its own."""
    words = bound_to(statement.agreement, words)
    title = words.say("document.annex_title", name=_name(statement))
    return _document(statement, words, title, tuple(annex(statement, words)))


def _name(statement: Statement) -> str:
    return statement.agreement.name


def _document(
    statement: Statement, words: Wording, title: str, blocks: tuple[Block, ...]
) -> Document:
    return Document(
        title=title,
        subtitle=words.say(
            "document.subtitle",
            wave=statement.year,
            crime_year=crime_year_of_wave(statement.year),
        ),
        description=words.say("document.description", agreement=statement.agreement.title),
        blocks=tuple(b for b in blocks if not (isinstance(b, TableBlock) and b.table.frame.empty)),
        lang=words.lang,
        year=statement.year,
        synthetic=statement.synthetic,
        draft=statement.draft,
        unregistered=statement.unregistered,
    )


def open_data(statement: Statement, document: Document, words: Wording) -> tuple[Table, ...]:
    """Every table that is written as open data: those of the document, and every result."""
    words = bound_to(statement.agreement, words)
    more = [
        goals_table(statement, words),
        area_known_table(statement, words),
        indicators_table(statement, words),
        crime_context_table(statement, words),
        results_table(statement, words),
        published_table(statement, shown_areas(statement), words),
        probabilities_table(statement, words),
        crime_table(statement, words),
        crime_quantities_table(statement, words),
        crime_changes_table(statement, words),
        crime_contributions_table(statement, words),
        crime_chart_table(statement, words),
        crime_displacement_table(statement, words),
        plan_parts_table(statement, words),
        plan_signals_table(statement, words),
        missing_parts_table(statement, words),
    ]
    every = {t.id: t for t in (*tables(document.blocks), *more)}
    return tuple(t for t in every.values() if len(t.frame))
