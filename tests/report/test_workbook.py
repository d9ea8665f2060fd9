import zipfile
from dataclasses import replace

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from amager_eval.report.compose import compose
from amager_eval.report.workbook import sheet_names, write_workbook
from amager_eval.tables.record import activities_table
from amager_eval.wording.sentences import load_wording


@pytest.fixture(scope="module")
def book(appendix):
    return CalamineWorkbook.from_path(appendix / "tables.xlsx")


def test_one_sheet_a_table_beside_contents_and_figures(book, appendix):
    assert len(book.sheet_names) == len(list((appendix / "tables").glob("*.csv"))) + 2
    assert book.sheet_names[0] == "Indhold"
    assert book.sheet_names[-1] == "Figurer"


def test_cells_are_typed(book, appendix):
    name = next(n for n in book.sheet_names if "resultater" in n)
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)[4:]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    raw = pd.read_csv(appendix / "tables" / "results.csv")
    assert len(frame) == len(raw)
    true = pd.to_numeric(frame["Sandsynlighed"], errors="coerce")
    pd.testing.assert_series_equal(true, raw["probability_true"], check_names=False)
    assert {type(v) for v in frame["År"]} <= {int, float}


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
    names = sheet_names(["x" * 60, "x" * 60, "a/b:c"])
    assert len(set(names)) == 3
    assert all(len(n) <= 31 for n in names)
