import json
import zlib
from dataclasses import replace

import page
import pikepdf
import pytest

from amager_eval.figures.drawing.style import font_folder
from amager_eval.report.compose import compose
from amager_eval.report.document import Bullets, Heading, pictures
from amager_eval.report.forms.pdf import PdfError, write_pdf
from amager_eval.wording.sentences import load_wording


@pytest.fixture(scope="module")
def pdf(appendix):
    with pikepdf.open(appendix / "appendix.pdf") as opened:
        yield opened


def elements(element, kind):
    found, waiting = [], [element]
    while waiting:
        one = waiting.pop(0)
        kids = one.get("/K", [])
        kids = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
        waiting = [k for k in kids if isinstance(k, pikepdf.Dictionary) and "/S" in k] + waiting
        if one.get("/S") == f"/{kind}":
            found.append(one)
    return found


def test_language_and_title(pdf):
    assert str(pdf.Root.Lang) == "da-DK"
    with pdf.open_metadata() as metadata:
        assert metadata["dc:title"] == "Amager Partnerskab: Status på tryghed og kriminalitet"
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["pdfaid:part"] == "3"
    assert pdf.Root.ViewerPreferences.DisplayDocTitle


def test_tagged_with_headings_and_header_cells(pdf):
    tree = pdf.Root.StructTreeRoot
    assert pdf.Root.MarkInfo.Marked
    assert len(elements(tree, "H1")) == 1
    assert len(elements(tree, "H2")) >= 8
    rows = elements(tree, "TR")
    assert rows
    for row in rows:
        assert row.K[0].S == "/TH"  # a header row, or a row headed by its first cell
    scopes = {str(a.Scope) for h in elements(tree, "TH") for a in attributes(h) if "/Scope" in a}
    assert scopes == {"/Row", "/Column"}


def attributes(element):
    found = element.get("/A", [])
    return list(found) if isinstance(found, pikepdf.Array) else [found]


def test_every_figure_says_its_numbers(pdf, document):
    alts = [str(f.Alt) for f in elements(pdf.Root.StructTreeRoot, "Figure") if "/Alt" in f]
    wanted = pictures(document)
    assert len(alts) == len(wanted)
    for alt, picture in zip(alts, wanted, strict=True):
        assert alt == f"{picture.title}. {picture.alt}"
        assert sum(c.isdigit() for c in alt) >= 10


@pytest.mark.parametrize("lang", ["da", "en"])
def test_a_quotation_says_its_language(make_statement, tmp_path, lang):
    words, statement = load_wording(lang), make_statement()
    document = compose(statement, words)
    text = tuple(b for b in document.blocks if isinstance(b, (Heading, Bullets)))
    write_pdf(replace(document, blocks=text), words, {}, [], font_folder(), tmp_path / "out.pdf")
    with pikepdf.open(tmp_path / "out.pdf") as opened:
        assert str(opened.Root.Lang) == {"da": "da-DK", "en": "en-GB"}[lang]
        marked = [
            one.operands[1]
            for leaf in opened.pages
            for one in pikepdf.parse_content_stream(leaf)
            if str(one.operator) == "BDC"
        ]
    said = [str(m.Lang) for m in marked if isinstance(m, pikepdf.Dictionary) and "/Lang" in m]
    assert set(said) <= {"da", "da-DK", "en-GB"}
    # every line of a quotation is marked; in Danish there is none in another language
    assert (said.count("da") >= len(statement.agreement.goal)) is (lang == "en")


def test_at_most_twelve_pages_the_annex_included(pdf):
    assert len(pdf.pages) <= 12


def test_attachments(pdf, appendix):
    names = set(pdf.attachments)
    assert "statement.json" in names
    assert {p.name for p in (appendix / "tables").glob("*.csv")} <= names
    data = pdf.attachments["statement.json"].get_file().read_bytes()
    assert json.loads(data) == json.loads((appendix / "statement.json").read_text())


def test_fonts_are_embedded_and_ours(pdf):
    fonts = [f for p in pdf.pages for f in p.Resources.get("/Font", {}).values()]
    assert fonts
    for font in fonts:
        descriptor = font.DescendantFonts[0].FontDescriptor
        assert "DejaVu" in str(descriptor.FontName)
        assert any(k in descriptor for k in ("/FontFile", "/FontFile2", "/FontFile3"))


@pytest.mark.parametrize("profile", ["PDF_UA_1", "PDF_A_3A"])
def test_validates(appendix, profile):
    report = page.validate_pdf(
        str(appendix / "appendix.pdf"), profile=getattr(page.ValidationProfile, profile)
    )
    assert report.is_compliant, report


def test_a_missing_font_is_an_error(make_statement, tmp_path):
    words = load_wording("da")
    document = compose(make_statement(safety=False, crime=False, activities=False), words)
    assert font_folder().is_dir()
    with pytest.raises(PdfError, match="font"):
        write_pdf(document, words, {}, [], tmp_path, tmp_path / "out.pdf")


def test_no_stream_ends_like_a_line(tmp_path):
    from amager_eval.report.forms.pdf import _end_streams_plainly

    with pikepdf.new() as pdf:
        content = b"\x0c"  # its checksum ends in 0x0d
        stream = pdf.make_indirect(pikepdf.Stream(pdf, b""))
        stream.write(zlib.compress(content), filter=pikepdf.Name("/FlateDecode"))
        assert stream.read_raw_bytes().endswith(b"\r")
        pdf.Root.Example = stream
        _end_streams_plainly(pdf)
        assert not stream.read_raw_bytes().endswith(b"\r")
        assert stream.read_bytes() == content
