"""The appendix as a Word document to edit: cover note, summary in ten lines, page one, figures."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import docx
from docx.enum.text import WD_BREAK
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from amager_eval.conventions import crime_year_of_wave
from amager_eval.report.document import Bullets, Figure, Heading, Paragraph, TableBlock, pictures
from amager_eval.report.parts.lead import lead
from amager_eval.report.parts.marks import marks, notes
from amager_eval.report.parts.summary import goal_sentences, reservations
from amager_eval.wording.about import bound_to

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

    from amager_eval.figures.drawing.picture import Picture
    from amager_eval.goals.statement import Statement
    from amager_eval.report.document import Block, Document
    from amager_eval.report.letterhead import Letterhead
    from amager_eval.tables.table import Table
    from amager_eval.wording.sentences import Wording

__all__ = ["summary_lines", "write_word", "written_alike"]

#: Lines of the summary.
_LINES: Final = 10
_WIDTH: Final = Cm(16)


def write_word(
    statement: Statement,
    document: Document,
    words: Wording,
    figures: Mapping[str, Path],
    letterhead: Letterhead,
    out: Path,
) -> None:
    """Write the document an officer edits and puts into the case system.

    Page one and the figures (PNGs by picture id) are the appendix's; a field of the letterhead
    without a value is a field in brackets. Byte-identical for the same content.
    """
    words = bound_to(statement.agreement, words)
    word = docx.Document()
    properties = word.core_properties
    properties.title, properties.author, properties.comments = document.title, "", ""
    properties.subject = document.subtitle
    properties.created = properties.modified = datetime(document.year, 1, 1, tzinfo=UTC)
    properties.language = {"da": "da-DK", "en": "en-GB"}[words.lang]
    _speak(word, properties.language)
    if marked := marks(document, words):
        word.sections[0].header.paragraphs[0].add_run(" · ".join(marked)).bold = True
    _cover_note(word, statement, document, letterhead, words)
    _page(word)
    word.add_heading(words.say("letter.summary"), level=1)
    for line in summary_lines(statement, words):
        word.add_paragraph(line, style="List Bullet")
    _page(word)
    word.add_heading(document.title, level=1)
    for block in _page_one(document.blocks):
        _block(word, block, words, figures)
    shown = {b.picture.id for b in _page_one(document.blocks) if isinstance(b, Figure)}
    _page(word)
    word.add_heading(words.say("document.figures"), level=1)
    for picture in pictures(document):
        if picture.id not in shown:
            _picture(word, picture, figures)
    buffer = io.BytesIO()
    word.save(buffer)
    out.write_bytes(written_alike(buffer.getvalue()))


def summary_lines(statement: Statement, words: Wording) -> tuple[str, ...]:
    """Say the year in at most ten lines: the lead, what is settled, what is reserved."""
    words = bound_to(statement.agreement, words)
    said = (*lead(statement, words), *goal_sentences(statement, words))
    return (*said, *reservations(statement, words))[:_LINES]


def written_alike(content: bytes) -> bytes:
    """Give a Word document's zip one date, so that the same content gives the same file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return buffer.getvalue()


def _cover_note(
    word: WordDocument,
    statement: Statement,
    document: Document,
    letterhead: Letterhead,
    words: Wording,
) -> None:
    say, agreement = words.say, statement.agreement
    word.add_heading(say("letter.title"), level=1)
    for note in notes(document, words):
        word.add_paragraph().add_run(note).bold = True
    fields = [(say("letter.to"), ""), *letterhead.fields(agreement, words)]
    table = word.add_table(rows=0, cols=2, style="Table Grid")
    for name, value in [*fields, (say("letter.subject"), document.title)]:
        row = table.add_row().cells
        row[0].paragraphs[0].add_run(name).bold = True
        row[1].text = value or say("letter.to_fill_in", name=name.lower())
    word.add_paragraph()
    about = {
        "agreement": agreement.title,
        "year": statement.year,
        "crime_year": crime_year_of_wave(statement.year),
    }
    for key in ("opening", "basis", "enclosed", "closing"):
        word.add_paragraph(say(f"letter.{key}", **about))


def _page_one(blocks: Iterable[Block]) -> list[Block]:
    """Return the blocks of page one: up to the second heading."""
    taken: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading) and any(isinstance(b, Heading) for b in taken):
            break
        taken.append(block)
    return taken


def _block(word: WordDocument, block: Block, words: Wording, figures: Mapping[str, Path]) -> None:
    match block:
        case Heading(text, level, _):
            word.add_heading(text, level=level)
        case Paragraph(text, kind, _):
            word.add_paragraph().add_run(text).bold = kind in {"lead", "warning"}
        case Bullets(items, _):
            for item in items:
                word.add_paragraph(item, style="List Bullet")
        case TableBlock(table, where):
            if where != "page":
                _table(word, table, words)
        case Figure(picture, _):
            _picture(word, picture, figures)


def _table(word: WordDocument, table: Table, words: Wording) -> None:
    word.add_paragraph().add_run(table.title).bold = True
    made = word.add_table(rows=0, cols=len(table.shown), style="Table Grid")
    head = [c.label.replace("\n", " ") for c in table.shown]
    for i, cells in enumerate([head, *table.rows(words)]):
        for cell, text in zip(made.add_row().cells, cells, strict=True):
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.bold = Pt(8), i == 0
    # a reader that speaks, and a table over two pages, name the columns again
    properties = made.rows[0]._tr.get_or_add_trPr()
    properties.append(properties.makeelement(qn("w:tblHeader"), {}))
    note = word.add_paragraph().add_run(table.note)
    note.font.size = Pt(8)


def _picture(word: WordDocument, picture: Picture, figures: Mapping[str, Path]) -> None:
    word.add_paragraph().add_run(picture.title).bold = True
    inline = word.add_picture(str(figures[picture.id]), width=_WIDTH)._inline
    inline.docPr.set("descr", picture.alt)
    word.add_paragraph().add_run(picture.caption).font.size = Pt(8)


def _page(word: WordDocument) -> None:
    word.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _speak(word: WordDocument, language: str) -> None:
    """Set the language that a spelling check and a reader that speaks go by."""
    for lang in word.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), language)
