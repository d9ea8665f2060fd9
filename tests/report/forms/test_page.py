import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pandas as pd
import pytest

from amager_eval.report.compose import compose
from amager_eval.report.document import Figure, TableBlock, pictures
from amager_eval.report.forms.page import render_page
from amager_eval.tables.record import activities_table
from amager_eval.wording.sentences import load_wording


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, name):
        return [a for t, a in self.tags if t == name]


@pytest.fixture(scope="module")
def html(appendix):
    return (appendix / "appendix.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parsed(html):
    return Page(html)


def test_asks_for_nothing_outside_itself(html, parsed, appendix):
    beside = {"appendix.pdf", "method.pdf", "tables.xlsx", "tables/", "statement.json"}
    assert beside <= {a["href"] for a in parsed.all("a")}  # the files it is delivered with
    beside |= {"appendix.docx", "slides/"}
    linked = {a["href"] for a in parsed.all("a")} & beside
    assert all((appendix / name).exists() for name in linked)  # and to none that is not there
    for _tag, attrs in parsed.tags:
        if attrs.get("href") in beside:
            continue
        for key in ("src", "href", "xlink:href", "action", "srcset"):
            assert attrs.get(key, "#").startswith(("#", "data:")), attrs
    assert not re.search(r"url\((?!#)|@import", html)
    assert not parsed.all("script")


def test_language_title_and_one_main(parsed):
    assert parsed.all("html") == [{"lang": "da"}]
    assert len(parsed.all("h1")) == len(parsed.all("main")) == 1
    assert [a for a in parsed.all("title") if "id" not in a] == [{}]  # the others name figures


def test_ids_are_unique_and_references_resolve(parsed):
    ids = [a["id"] for _, a in parsed.tags if "id" in a]
    assert len(ids) == len(set(ids))
    wanted = {a["href"][1:] for a in parsed.all("a") if a["href"].startswith("#")}
    wanted |= {i for _, a in parsed.tags for i in a.get("aria-labelledby", "").split()}
    wanted |= {a["xlink:href"][1:] for a in parsed.all("use")}
    assert wanted <= set(ids)


def test_every_figure_is_described_and_its_numbers_open_under_it(html, document):
    every = pictures(document)
    figures = re.findall(r"<figure id=.*?</figure>", html, re.DOTALL)
    assert len(figures) == len(every)
    for figure, picture in zip(figures, every, strict=True):
        assert f'id="{picture.id}-desc"' in figure
        assert "<details>" in figure
        assert len(re.findall(r"<tr ", figure.split("<details>")[1])) >= 2


def test_a_quotation_says_its_language(make_statement):
    statement = make_statement(own_area=True)
    literals = [g.literal for g in statement.agreement.goal]
    for lang in ("da", "en"):
        words = load_wording(lang)
        document = compose(statement, words)
        blocks = tuple(b for b in document.blocks if not isinstance(b, Figure))
        page = unescape(render_page(replace(document, blocks=blocks), words, {}))
        for literal in literals:
            assert literal in page
            assert (f'<span lang="da">{literal}</span>' in page) is (lang == "en")


def test_letters_of_a_figure_have_a_fallback(html):
    named = re.findall(r"font-family: ([^;\"]+)", html.split("</style>", 1)[1])
    assert set(named) == {"'DejaVu Sans', Verdana, sans-serif"}


def test_tables_have_captions_and_headed_rows(parsed, html):
    assert len(parsed.all("caption")) == len(parsed.all("table"))
    scopes = [a.get("scope") for a in parsed.all("th")]
    assert set(scopes) == {"col", "row"}


def test_marks_are_on_the_page(html):
    assert "SYNTETISKE DATA · UDKAST" in html


def test_input_text_is_escaped(make_statement):
    statement = make_statement(safety=False, crime=False)
    row = ("<script>alert(1)</script>", 2, 1, 0.5)
    bad = pd.DataFrame([row, ("i alt", 2, 1, 0.5)], columns=list(statement.activities))
    statement = replace(statement, activities=bad)
    words = load_wording("da")
    document = compose(statement, words)
    blocks = tuple(b for b in document.blocks if not isinstance(b, Figure))
    blocks += (TableBlock(activities_table(statement, words)),)
    page = render_page(replace(document, blocks=blocks), words, {})
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_every_figure_is_also_drawn_for_a_phone(document, parsed):
    drawn = [a["aria-labelledby"].split()[0] for a in parsed.all("svg")]
    ids = [p.id for p in pictures(document)]
    assert drawn == [f"{i}{end}-title" for i in ids for end in ("", "-narrow")]
