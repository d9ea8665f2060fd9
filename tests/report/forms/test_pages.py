"""Page one, three pages for the committee, then the method annex: both languages, half an input."""

import pikepdf
import pytest

from amager_eval.report.write import write_appendix
from amager_eval.wording.sentences import load_wording

CASES = [
    ("da", {"own_area": True}),
    ("en", {"own_area": True, "draft": True}),
    ("en", {"activities": False, "draft": True}),
    ("en", {"own_area": True, "crime": False, "activities": False, "draft": True}),
]


@pytest.mark.parametrize(("lang", "parts"), CASES)
def test_page_one_ends_with_the_summary(make_statement, tmp_path, lang, parts):
    write_appendix(make_statement(**parts), tmp_path / "out", lang=lang)
    with pikepdf.open(tmp_path / "out" / "appendix.pdf") as pdf:
        assert len(pdf.pages) <= 10
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
    assert 2 <= committee <= 3
    with pikepdf.open(tmp_path / "out" / "method.pdf") as pdf:
        assert 2 <= len(pdf.pages) <= 5
