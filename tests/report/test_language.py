"""One language a document: nothing of the other language's catalogue or agreement is left in it."""

import re
from dataclasses import replace

import pytest

from amager_eval.report.compose import compose, open_data
from amager_eval.report.document import Bullets, Figure, Heading, Paragraph, TableBlock
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording

OTHER = {"da": "en", "en": "da"}


def texts(document, words):
    """Everything a reader sees or hears: text, figures' words, tables' cells."""
    yield from (document.title, document.subtitle, document.description)
    for block in document.blocks:
        match block:
            case Heading(text) | Paragraph(text):
                yield text
            case Bullets(items):
                yield from items
            case TableBlock(table):
                yield from _table(table, words)
            case Figure(picture, numbers):
                yield from (picture.title, picture.alt, picture.caption, picture.source)
                if numbers is not None:
                    yield from _table(numbers, words)


def _table(table, words):
    yield from (table.title, table.note, *(c.label for c in table.columns))
    for row in table.rows(words):
        # a source is named as it names itself
        yield from (x for c, x in zip(table.shown, row, strict=True) if c.key != "source")


def pieces(lang):
    """Fixed stretches of the catalogue's sentences that only this language has."""
    own, other = (
        {p for s in load_wording(x).sentences.values() for p in _fixed(s)}
        for x in (lang, OTHER[lang])
    )
    return own - other


def _fixed(sentence):
    for piece in re.split(r"\{[^}]*\}|\n", sentence):
        trimmed = piece.strip(" .,:;()»«“”")
        # single words such as "interval" may be the same in both
        if " " in trimmed and len(re.findall(r"[^\W\d_]", trimmed)) >= 8:
            yield trimmed


def of_agreement(agreement, lang):
    """Titles, readings and labels of the agreement in a language."""
    named = [g.title(lang) for g in agreement.goal]
    named += [r.label(lang) for g in agreement.goal for r in g.reading]
    named += [t.label(lang) for t in agreement.crime.type]
    return set(named)


@pytest.fixture(
    scope="module",
    params=[{"own_area": True}, {"draft": True}, {"safety": False, "crime": False}],
    ids=["everything", "published", "half"],
)
def statement(request, make_statement):
    made = make_statement(**request.param)
    failed = made.diagnostics.assign(
        passed=False,
        problems="R-hat 1.200 of level exceeds 1.01; effective sample size 9 of level is below 400",
    )
    return replace(made, diagnostics=failed)


@pytest.mark.parametrize("lang", ["da", "en"])
def test_nothing_of_the_other_language_is_left(statement, lang):
    agreement = statement.agreement
    words = load_wording(lang)
    document = compose(statement, words)
    # the agreement is quoted in its own words, in either language
    quoted = [q.literal for q in (*agreement.goal, *agreement.claim)]
    foreign = pieces(OTHER[lang]) | (
        of_agreement(agreement, OTHER[lang]) - of_agreement(agreement, lang)
    )
    found = set()
    for text in texts(document, bound_to(agreement, words)):
        for literal in quoted:
            text = text.replace(literal, "")
        found |= {
            (piece, text)
            for piece in foreign
            if piece in text and re.search(rf"\b{re.escape(piece)}\b", text)
        }
    assert found == set()


def test_the_search_finds_a_leftover():
    assert any("Kan ikke afgøres" in piece for piece in pieces("da"))
    assert not any("Kan ikke afgøres" in piece for piece in pieces("en"))


def test_open_data_have_the_same_columns_in_both_languages(make_statement):
    statement = make_statement(own_area=True)
    columns = [
        {
            t.id: [c.key for c in t.columns]
            for t in open_data(statement, compose(statement, load_wording(x)), load_wording(x))
        }
        for x in ("da", "en")
    ]
    assert columns[0] == columns[1]
