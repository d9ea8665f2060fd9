import re
import zipfile
from dataclasses import replace

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from amager_eval.report.compose import compose
from amager_eval.report.forms.workbook import sheet_names, write_workbook
from amager_eval.tables.record import activities_table
from amager_eval.tables.table import Column, build_table
from amager_eval.wording.sentences import load_wording


@pytest.fixture(scope="module")
def book(appendix):
    return CalamineWorkbook.from_path(appendix / "tables.xlsx")


def test_at_most_ten_sheets_with_whole_names(book):
    names = book.sheet_names
    assert len(names) <= 10
    assert (names[0], names[1], names[-1]) == ("Indhold", "Målene", "Figurer")
    whole = {v for k, v in load_wording("da").sentences.items() if k.startswith("sheet.")}
    assert set(names[1:-1]) <= whole
    assert "Offentliggjorte andele" in names


def test_no_code_of_the_machine_stands_in_a_sheet(book):
    for name in book.sheet_names[:-1]:
        for row in book.get_sheet_by_name(name).to_python():
            texts = [cell for cell in row if isinstance(cell, str)]
            assert not {t for t in texts if re.fullmatch(r"[a-z]+(_[a-z]+)+", t)}, name
            assert not {"safe", "unsafe", "night", "undecidable", "shown", "yes"} & set(texts), name


def test_cells_are_typed(book, appendix):
    rows = book.get_sheet_by_name("Målene").to_python(skip_empty_area=False)[4:]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    raw = pd.read_csv(appendix / "tables" / "goals.csv")
    assert len(frame) == len(raw)
    for label, key in (("Sandsynlighed", "probability_true"), ("Krav", "threshold")):
        shown = pd.to_numeric(frame[label], errors="coerce")
        pd.testing.assert_series_equal(shown, raw[key], check_names=False)


def test_a_probability_shows_as_it_is_printed_and_stays_whole(make_statement, tmp_path):
    words = load_wording("da")
    columns = [Column("p", "Sandsynlighed", "probability")]
    values = [0.8995, 0.662, 0.88, 0.02]
    table = build_table("chances", "Sandsynligheder", columns, [(v,) for v in values])
    document = replace(compose(make_statement(draft=True), words), blocks=())
    out = tmp_path / "tables.xlsx"
    write_workbook(document, [table], words, {}, out)
    with zipfile.ZipFile(out) as archive:
        styles = archive.read("xl/styles.xml").decode("utf-8").replace("&quot;", '"')
    for text in ("90\u00a0%", "65\u00a0%", "knap 90\u00a0%", "under 5\u00a0%"):
        assert f'formatCode=""{text}""' in styles
    sheet = CalamineWorkbook.from_path(out).get_sheet_by_index(1).to_python(skip_empty_area=False)
    assert [row[0] for row in sheet[5:9]] == values


def test_synthetic_mark_on_every_sheet(book):
    for name in book.sheet_names[1:-1]:
        head = [row[0] for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)[:4]]
        assert "SYNTETISKE DATA · UDKAST" in head


def test_no_formula_whatever_the_input_says(make_statement, tmp_path):
    words = load_wording("da")
    statement = make_statement(safety=False, crime=False)
    rows = [("=1+1", 2, 1, 0.5), ("@SUM(A1)", 1, 1, 1.0), ("+cmd|' /C calc'!A0", 1, 1, 1.0)]
    statement = replace(
        statement, activities=pd.DataFrame(rows, columns=list(statement.activities))
    )
    table = activities_table(statement, words)
    out = tmp_path / "tables.xlsx"
    document = replace(compose(statement, words), blocks=())
    write_workbook(document, [table], words, {}, out)
    with zipfile.ZipFile(out) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                assert b"<f>" not in archive.read(name)
        assert b"=1+1" in archive.read("xl/sharedStrings.xml")


def test_pictures_have_alternative_text(appendix):
    with zipfile.ZipFile(appendix / "tables.xlsx") as archive:
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
    assert drawing.count("<xdr:pic>") == len(list((appendix / "figures").glob("*.png")))
    assert drawing.count('descr="') == drawing.count("<xdr:pic>")


def test_sheet_names_fit_excel():
    names = sheet_names(["x" * 60, "X" * 60, "a/b:c"])
    assert len({n.casefold() for n in names}) == 3
    assert all(len(n) <= 31 for n in names)
