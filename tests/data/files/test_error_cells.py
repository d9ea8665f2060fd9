"""Cells whose formula failed, and cells shown as percentages, in .xlsx and .ods files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from amager_eval.data.check import check_input
from amager_eval.data.read import read_input

HEADER = ["Område", "Bølge", "Tidspunkt", "Svar", "Procent", "Adspurgte", "Kilde", "Noter"]
ROW = ["Nord", 2024, "nat", "tryg", 84, 300, "rapport", "x"]
_SPACE = "urn:oasis:names:tc:opendocument:xmlns:"


def xlsx(path: Path, column: str, value: object, form: str = "General") -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Tryghed")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ROW)
        at = HEADER.index(column)
        cell = book.add_format({"num_format": form})
        if isinstance(value, str):
            sheet.write_formula(1, at, "=1/0", cell, value)
        else:
            sheet.write_number(1, at, value, cell)
    return path


def ods(path: Path, column: str, cell: str, row: str = "", sheet: str = "") -> Path:
    def plain(value: object) -> str:
        kind = "string" if isinstance(value, str) else "float"
        held = "" if isinstance(value, str) else f' office:value="{value}"'
        return (f'<table:table-cell office:value-type="{kind}"{held}>'
                f"<text:p>{value}</text:p></table:table-cell>")  # fmt: skip

    cells = [plain(v) for v in ROW]
    cells[HEADER.index(column)] = cell
    names = " ".join(f'xmlns:{s}="{_SPACE}{s}:1.0"' for s in ("office", "table", "text", "style"))
    names += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    content = (
        f"<office:document-content {names}><office:automatic-styles>"
        '<style:style style:name="ta2" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
        "</office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="Tryghed"{sheet}>'
        f"<table:table-row>{''.join(map(plain, HEADER))}</table:table-row>"
        f"<table:table-row{row}>{''.join(cells)}</table:table-row>"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    path.write_bytes(buffer.getvalue())
    return path


@pytest.mark.parametrize("column", HEADER)
@pytest.mark.parametrize("sign", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!"])
def test_an_error_in_an_xlsx_file_is_told_with_its_place(tmp_path, column, sign):
    faults = check_input(xlsx(tmp_path / "a.xlsx", column, sign))
    (fault,) = [f for f in faults if f.severity == "error"]
    assert (fault.sheet, fault.row, fault.column, fault.found) == ("Tryghed", 2, column, sign)


ERRORS = [
    '<table:table-cell table:formula="of:=NA()" office:value-type="string" '
    'office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>',
    '<table:table-cell table:formula="of:=1/0" office:value-type="float" office:value="0" '
    'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>',
    '<table:table-cell office:value-type="float" office:value="0"><text:p>Err:502</text:p>'
    "</table:table-cell>",
    '<table:table-cell office:value-type="string"><text:p>#I/T</text:p></table:table-cell>',
    '<table:table-cell calcext:value-type="error"/>',
]


@pytest.mark.parametrize("column", ["Procent", "Kilde", "Noter"])
@pytest.mark.parametrize("cell", ERRORS)
def test_an_error_in_an_ods_file_is_told_with_its_place(tmp_path, column, cell):
    faults = check_input(ods(tmp_path / "a.ods", column, cell))
    (fault,) = [f for f in faults if f.severity == "error"]
    assert (fault.sheet, fault.row, fault.column) == ("Tryghed", 2, column)
    assert "formula that failed" in fault.message


@pytest.mark.parametrize("form", ["0%", "0.00%", '0.0" "%;[Red]-0.0%'])
def test_a_number_shown_as_a_percentage_is_one(tmp_path, form):
    path = xlsx(tmp_path / "a.xlsx", "Procent", 0.845, form)
    assert read_input(path).safety["percent"].tolist() == [84.5]
    cell = ('<table:table-cell office:value-type="percentage" office:value="0.845">'
            "<text:p>84,5%</text:p></table:table-cell>")  # fmt: skip
    data = read_input(ods(tmp_path / "a.ods", "Procent", cell))
    assert data.safety["percent"].tolist() == [84.5]


def test_a_percent_sign_that_is_only_shown_is_none(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", "Procent", 84.5, '0.0" %"')
    assert read_input(path).safety["percent"].tolist() == [84.5]


def test_respondents_shown_as_a_percentage_are_a_fault(tmp_path):
    (fault,) = [
        f for f in check_input(xlsx(tmp_path / "a.xlsx", "Adspurgte", 0.45, "0%"))
        if f.severity == "error"
    ]  # fmt: skip
    assert (fault.row, fault.column, fault.found) == (2, "Adspurgte", "45 %")


@pytest.mark.parametrize(
    "hidden",
    [
        {"row": ' table:visibility="collapse"'},
        {"row": ' table:visibility="filter"'},
        {"sheet": ' table:style-name="ta2"'},
    ],
)
def test_what_an_ods_file_hides_is_told(tmp_path, hidden):
    cell = '<table:table-cell office:value-type="float" office:value="84"/>'
    told = check_input(ods(tmp_path / "a.ods", "Procent", cell, **hidden))
    assert any("hidden" in f.message for f in told)
    plain = check_input(ods(tmp_path / "b.ods", "Procent", cell))
    assert not any("hidden" in f.message for f in plain)
