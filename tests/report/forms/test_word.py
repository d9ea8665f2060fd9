"""The Word document: fields, ten lines, page one and the figures, for a case system."""

import zipfile
from datetime import date

import docx
import pytest

from amager_eval.report.document import pictures
from amager_eval.report.forms.word import summary_lines, write_word
from amager_eval.report.letterhead import Letterhead
from amager_eval.wording.sentences import load_wording


@pytest.fixture(scope="module")
def word(appendix):
    return docx.Document(str(appendix / "appendix.docx"))


def test_the_cover_note_has_a_field_for_everything_a_case_system_asks(word):
    fields = {row.cells[0].text: row.cells[1].text for row in word.tables[0].rows}
    assert fields["Afsender"] == "Sikker By, Økonomiforvaltningen, Københavns Kommune"
    assert fields["Sagsnummer"] == "[sagsnummer]"
    assert fields["Dato"] == "[dato]"
    assert fields["Kontakt"] == "[kontakt]"
    assert fields["Emne"].startswith("Amager Partnerskab: Status")


def test_every_page_is_marked(word):
    assert word.sections[0].header.paragraphs[0].text == "SYNTETISKE DATA · UDKAST"


def test_the_summary_has_at_most_ten_lines(word, make_statement):
    lines = summary_lines(make_statement(draft=True), load_wording("da"))
    assert 2 <= len(lines) <= 10
    texts = [p.text for p in word.paragraphs]
    assert set(lines) <= set(texts)
    assert texts.index("Resumé") < texts.index(lines[0])


def test_page_one_and_every_figure_with_its_alternative_text(word, document):
    titles = [p.text for p in word.paragraphs if p.style.name.startswith("Heading")]
    assert titles[0] == "Følgebrev (udkast)"
    assert titles[1] == "Resumé"
    assert titles[2] == document.title
    drawn = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    assert sorted(drawn) == sorted(p.alt for p in pictures(document))
    assert word.tables[1].rows[0].cells[0].text == "Mål"


def test_known_case_and_date_stand_in_the_note_and_the_same_content_is_the_same_file(
    make_statement, document, appendix, tmp_path
):
    figures = {p.id: appendix / "figures" / f"{p.id}.png" for p in pictures(document)}
    head = Letterhead("2026-0012", date(2026, 5, 12))
    paths = [tmp_path / "a.docx", tmp_path / "b.docx"]
    for path in paths:
        write_word(make_statement(draft=True), document, load_wording("en"), figures, head, path)
    fields = {r.cells[0].text: r.cells[1].text for r in docx.Document(str(paths[0])).tables[0].rows}
    assert fields["Case number"] == "2026-0012"
    assert fields["Date"] == "12 May 2026"
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert b'w:val="en-GB"' in archive.read("word/styles.xml")


def test_what_is_known_stands_on_the_page_and_in_the_pdf(appendix):
    page = (appendix / "appendix.html").read_text(encoding="utf-8")
    assert "Afsender: Sikker By, Økonomiforvaltningen, Københavns Kommune" in page
    assert "[sagsnummer]" not in page
