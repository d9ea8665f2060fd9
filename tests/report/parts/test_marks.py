"""A draft says why it is one: unmet gates, and each document that is not the registered one."""

import subprocess
from dataclasses import replace

import pytest

from amager_eval.figures.drawing.style import font_folder
from amager_eval.report.compose import compose
from amager_eval.report.document import Heading, Paragraph
from amager_eval.report.forms.page import render_page
from amager_eval.report.forms.pdf import write_pdf
from amager_eval.report.parts.marks import marks, notes
from amager_eval.wording.sentences import load_wording

ONE = ("crime_trend/spec.toml",)
TWO = (*ONE, "agreements/amager_2025_2028.toml")
SAYS = {
    ("da", ONE): "bygger på dokumentet crime_trend/spec.toml, som ikke er registreret i sin nu",
    (
        "da",
        TWO,
    ): "crime_trend/spec.toml og agreements/amager_2025_2028.toml, som ikke er registreret i",
    (
        "en",
        ONE,
    ): "rests on the document crime_trend/spec.toml, which is not registered as it stands",
    (
        "en",
        TWO,
    ): "crime_trend/spec.toml and agreements/amager_2025_2028.toml, which are not registered",
}
NOT_REGISTERED = {"da": "ikke er registreret", "en": "not registered"}


@pytest.fixture(scope="module")
def draft(make_statement):
    return make_statement(safety=False, crime=False, draft=True, synthetic=False)


def printed(document, words, path):
    write_pdf(document, words, {}, [], font_folder(), path)
    command = ["pdftotext", "-layout", str(path), "-"]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return " ".join(text.split())


@pytest.mark.parametrize(("lang", "unregistered"), SAYS)
def test_a_draft_names_what_is_not_registered_on_page_and_in_print(
    draft, tmp_path, lang, unregistered
):
    words = load_wording(lang)
    document = compose(replace(draft, unregistered=unregistered), words)
    document = replace(
        document, blocks=tuple(b for b in document.blocks if isinstance(b, (Heading, Paragraph)))
    )
    says = SAYS[lang, unregistered]
    assert marks(document, words) == [words.say("document.draft")]
    assert notes(document, words)[0] == words.say("document.draft_note")
    assert says in notes(document, words)[1]
    assert says in render_page(document, words, {})
    assert says in printed(document, words, tmp_path / "out.pdf")


@pytest.mark.parametrize("lang", ["da", "en"])
def test_a_draft_of_registered_documents_says_nothing_of_them(draft, lang):
    words = load_wording(lang)
    document = compose(draft, words)
    document = replace(
        document, blocks=tuple(b for b in document.blocks if isinstance(b, (Heading, Paragraph)))
    )
    assert notes(document, words) == [words.say("document.draft_note")]
    assert NOT_REGISTERED[lang] not in render_page(document, words, {})


def test_a_status_that_may_be_used_is_not_marked(draft):
    words = load_wording("da")
    document = compose(replace(draft, draft=False), words)
    assert (marks(document, words), notes(document, words)) == ([], [])
