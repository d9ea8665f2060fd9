"""Page one, three pages for the committee, then the method annex: both languages, half an input."""

import pikepdf
import pytest
from matplotlib.figure import Figure

from amager_eval.figures.draw import WIDTH_MM
from amager_eval.figures.drawing.style import font_folder
from amager_eval.report.compose import compose, compose_annex
from amager_eval.report.document import pictures
from amager_eval.report.forms.pdf import write_pdf
from amager_eval.wording.sentences import load_wording

CASES = [
    ("da", {"own_area": True}),
    ("en", {"own_area": True, "draft": True}),
    ("en", {"activities": False, "draft": True}),
    ("en", {"own_area": True, "crime": False, "activities": False, "draft": True}),
]


def write_pdfs(statement, lang, folder):
    """Write the two PDFs alone, as an appendix has them, with figures as large but empty."""
    words = load_wording(lang)
    document, drawn = compose(statement, words), {}
    for picture in pictures(document):
        drawn[picture.id] = folder / f"{picture.id}.svg"
        Figure(figsize=(WIDTH_MM / 25.4, picture.height / 25.4)).savefig(drawn[picture.id])
    write_pdf(document, words, drawn, (), font_folder(), folder / "appendix.pdf")
    annex = compose_annex(statement, words)
    write_pdf(annex, words, drawn, (), font_folder(), folder / "method.pdf")


@pytest.mark.parametrize(("lang", "parts"), CASES)
def test_page_one_ends_with_the_summary(make_statement, tmp_path, lang, parts):
    write_pdfs(make_statement(**parts), lang, tmp_path)
    with pikepdf.open(tmp_path / "appendix.pdf") as pdf:
        assert len(pdf.pages) <= 11
        numbers = {p.objgen: i for i, p in enumerate(pdf.pages, start=1)}
        with pdf.open_outline() as outline:
            at = {
                str(item.title): numbers[item.destination[0].objgen]
                for top in outline.root
                for item in (top, *top.children)
            }
    words = load_wording(lang)
    assert at[words.say("section.summary")] == 1
    assert at[words.say("section.safety")] - 1 <= 2  # districts of an area without figures go over
    committee = at[words.say("section.annex")] - at[words.say("section.safety")]
    assert 1 <= committee <= 3
    with pikepdf.open(tmp_path / "method.pdf") as pdf:
        assert 2 <= len(pdf.pages) <= 8  # tests, plan and scores stand here
