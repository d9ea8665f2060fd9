import time
import zipfile

import pandas as pd
import pytest
import xlsxwriter

from amager_eval.data.check import check_input
from amager_eval.data.files.template import write_template, write_workbook
from amager_eval.data.read import read_input
from amager_eval.errors import InputError
from amager_eval.evidence.city.synthetic import synthetic_city, write_synthetic

HEADER = ["Område", "Bølge", "Tidspunkt", "Svar", "Procent", "Adspurgte"]
ROWS = [
    ["Amager Øst", 2023, "dagtimer", "tryg", 85, 300],
    ["Amager Øst", 2024, "dagtimer", "tryg", 84, 312],
]


def workbook(path, rows=ROWS, header=HEADER, name="Tryghed", edit=None):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(name)
        for i, row in enumerate([header, *rows]):
            for j, cell in enumerate(row):
                sheet.write(i, j, cell)
        if edit:
            edit(book, sheet)
    return path


def repack(path, change, *, add=None):
    """Rewrite the entries of a zip file by a function of name and bytes."""
    with zipfile.ZipFile(path) as archive:
        entries = {n: archive.read(n) for n in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, entry in {**entries, **(add or {})}.items():
            archive.writestr(name, change(name, entry))
    return path


def ods(path, rows, name="Tryghed"):
    def cell(value):
        if isinstance(value, str):
            return (
                f'<table:table-cell office:value-type="string"><text:p>{value}</text:p>'
                "</table:table-cell>"
            )
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )

    body = "".join(f"<table:table-row>{''.join(map(cell, r))}</table:table-row>" for r in rows)
    # spreadsheet programs end every sheet so
    body += (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{space}office:1.0" '
        f'xmlns:table="{space}table:1.0" xmlns:text="{space}text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="{name}">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def test_a_workbook_in_danish(tmp_path):
    data = read_input(workbook(tmp_path / "tal.xlsx"))
    assert data.safety["percent"].tolist() == [85, 84]
    assert data.safety["setting"].unique().tolist() == ["neighbourhood"]
    assert [f.name for f in data.files] == ["tal.xlsx"]


def test_an_open_document(tmp_path):
    path = ods(tmp_path / "tal.ods", [HEADER, *ROWS])
    assert read_input(path).safety["n"].tolist() == [300, 312]
    path = ods(tmp_path / "fejl.ods", [HEADER, ROWS[0], [*ROWS[1][:4], 840, 312]])
    (fault,) = check_input(path)
    assert (fault.sheet, fault.row, fault.column) == ("Tryghed", 3, "Procent")


def test_the_template_reads_as_unfilled_and_then_as_filled(tmp_path):
    path = write_template(tmp_path / "skabelon.xlsx")
    with pytest.raises(InputError, match="none of the sheets is filled in"):
        read_input(path)
    with pytest.raises(InputError, match="left alone"):
        write_template(path)
    for lang in ("da", "en"):
        city = synthetic_city(2).data
        filled = tmp_path / f"{lang}.xlsx"
        write_workbook(filled, {"safety": city.safety}, lang=lang)
        data = read_input(filled)
        pd.testing.assert_frame_equal(data.safety, city.safety)
        assert data.synthetic
        assert data.crime is None
        assert check_input(filled) == []


def test_the_same_tables_give_the_same_bytes(tmp_path):
    first, second = (write_template(tmp_path / f"{i}.xlsx") for i in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_a_synthetic_workbook_reads_back(tmp_path):
    path = write_synthetic(tmp_path / "by", seed=4, workbook=True)
    data = read_input(path)
    assert data.synthetic
    for name in ("safety", "survey_rounds", "crime", "population", "activities"):
        pd.testing.assert_frame_equal(getattr(data, name), getattr(synthetic_city(4).data, name))


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        (4, 187, "187"),
        (4, "mange", "mange"),
        (4, "#DIV/0!", "#DIV/0!"),
        (5, 0, "0"),
        (5, 1e308, "1e+308"),
        (3, "angst", "angst"),
        (2, "om tirsdagen", "om tirsdagen"),
        (1, "sidste år", "sidste år"),
    ],
)
def test_a_fault_names_sheet_row_and_column(tmp_path, column, value, found):
    row = [*ROWS[1]]
    row[column] = value
    faults = check_input(workbook(tmp_path / "tal.xlsx", [ROWS[0], row]), lang="da")
    errors = [f for f in faults if f.severity == "error"]
    assert [(f.file, f.sheet, f.row, f.column) for f in errors] == [
        ("tal.xlsx", "Tryghed", 3, HEADER[column])
    ]
    assert errors[0].found.startswith(found)


def test_formulas_are_their_stored_results(tmp_path):
    def stored(book, sheet):
        sheet.write_formula("E3", "=80+4", value=84)

    assert (
        read_input(workbook(tmp_path / "a.xlsx", edit=stored)).safety["percent"].tolist()[1] == 84
    )

    path = repack(
        workbook(tmp_path / "b.xlsx", edit=stored),
        lambda name, entry: entry.replace(b"<f>80+4</f><v>84</v>", b"<f>80+4</f>"),
    )
    faults = check_input(path)
    assert ("E", 3) in {(f.column, f.row) for f in faults if "never stored" in f.message}


def test_merged_cells_hidden_rows_and_other_sheets(tmp_path):
    def merge(book, sheet):
        sheet.merge_range("A3:A4", "Amager Øst")

    rows = [*ROWS, ["", 2025, "dagtimer", "tryg", 85, 300]]
    faults = check_input(workbook(tmp_path / "a.xlsx", rows, edit=merge))
    assert 3 in {f.row for f in faults if "merged" in f.message}

    def hide(book, sheet):
        sheet.set_row(1, None, None, {"hidden": True})
        book.add_worksheet("Noter").write(0, 0, "private")

    faults = check_input(workbook(tmp_path / "b.xlsx", edit=hide))
    assert {(f.sheet, f.severity) for f in faults} == {("Tryghed", "warning"), ("Noter", "warning")}
    # hidden rows count like the others
    assert len(read_input(tmp_path / "b.xlsx").safety) == 2


def test_a_sheet_whose_header_is_lost_is_told_and_not_passed_over(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in (
            ("Tryghed", [HEADER, *ROWS]),
            ("Befolkning", [["Nord", 2024, 4000]] * 2),
        ):
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    (fault,) = check_input(path)
    assert (fault.sheet, fault.row, fault.severity) == ("Befolkning", 1, "error")
    # a sheet that holds its header alone was left empty on purpose
    with xlsxwriter.Workbook(path) as book:
        header = ["Område", "Periode", "Indbyggere"]
        for name, rows in (("Tryghed", [HEADER, *ROWS]), ("Befolkning", [header])):
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    assert check_input(path) == []


def test_an_encoding_nobody_knows(tmp_path):
    path = repack(
        workbook(tmp_path / "a.xlsx"),
        lambda n, e: e.replace(b"UTF-8", b"UTF--1", 1) if n.endswith("sheet1.xml") else e,
    )
    assert "cannot be read" in refused(path)


def test_a_merged_title_above_the_table_is_no_fault(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("safety")
        sheet.merge_range("A1:F1", "Tryghed på Amager")
        for i, row in enumerate([HEADER, *ROWS], start=2):
            sheet.write_row(i, 0, row)
    assert check_input(tmp_path / "a.xlsx") == []


def test_dates_where_a_period_belongs(tmp_path):
    def date(book, sheet):
        sheet.write("B2", 45292, book.add_format({"num_format": "yyyy-mm-dd"}))

    header = ["area", "period", "crime_type", "count", "definition"]
    rows = [["Nord", 2024, "total", 5, "borgervendt"]]
    path = workbook(tmp_path / "a.xlsx", rows, header, "crime", date)
    errors = [f for f in check_input(path) if f.severity == "error"]
    assert [(f.row, f.column) for f in errors] == [(2, "period")]


def refused(path):
    started = time.perf_counter()
    with pytest.raises(InputError) as caught:
        read_input(path)
    assert time.perf_counter() - started < 10
    assert path.name in str(caught.value)
    return str(caught.value)


def test_macros_passwords_and_other_formats_are_refused(tmp_path):
    path = repack(workbook(tmp_path / "a.xlsx"), lambda n, e: e, add={"xl/vbaProject.bin": b"x"})
    assert "macros" in refused(path)
    macro = tmp_path / "b.xlsm"
    macro.write_bytes(path.read_bytes())
    assert "macros" in refused(macro)
    old = tmp_path / "c.xlsx"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "password" in refused(old)
    text = tmp_path / "d.xlsx"
    text.write_text("area,wave\n")
    assert "cannot be read" in refused(text)
    empty = tmp_path / "e.xlsx"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert "no workbook inside" in refused(empty)


def test_a_zip_bomb_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook(path)
    bomb = b"<x>" + b"0" * (200 * 1024 * 1024) + b"</x>"
    repack(path, lambda n, e: e, add={"xl/sharedStrings2.xml": bomb})
    assert path.stat().st_size < 2_000_000
    assert "unpacks to far more" in refused(path)


def test_a_directory_that_lies_about_sizes_is_refused(tmp_path):
    path = repack(workbook(tmp_path / "a.xlsx"), lambda n, e: e)
    content = bytearray(path.read_bytes())
    # the directory's entry of the first sheet claims ten bytes
    at = content.rfind(b"xl/worksheets/sheet1.xml") - 46
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    refused(path)


def test_a_cell_far_away_does_not_make_a_sheet_of_billions(tmp_path):
    def far(book, sheet):
        sheet.write(1_048_000, 16_000, 1)

    assert "1048001 x 16001" in refused(workbook(tmp_path / "a.xlsx", edit=far))
    repeated = ods(tmp_path / "b.ods", [HEADER, *ROWS])
    repack(
        repeated,
        lambda n, e: e.replace(
            b'<table:table-cell office:value-type="float" office:value="84">',
            b'<table:table-cell office:value-type="float" office:value="84" '
            b'table:number-columns-repeated="90000000">',
        ),
    )
    assert "90000005" in refused(repeated)


def test_entities_are_refused(tmp_path):
    lol = b'<!DOCTYPE a [<!ENTITY l "lol">]>'
    path = repack(
        workbook(tmp_path / "a.xlsx"),
        lambda n, e: e.replace(b"?>", b"?>" + lol, 1) if n.endswith("sheet1.xml") else e,
    )
    assert "entities" in refused(path)


def test_external_links_and_path_tricks_are_not_followed(tmp_path):
    add = {
        "xl/externalLinks/externalLink1.xml": b"not even xml",
        "../../evil.xml": b"not even xml",
        "/etc/evil.xml": b"not even xml",
    }
    path = repack(workbook(tmp_path / "a.xlsx"), lambda n, e: e, add=add)
    assert len(read_input(path).safety) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx"]


def test_a_text_cell_of_megabytes_is_a_located_fault(tmp_path):
    path = repack(
        workbook(tmp_path / "a.xlsx"),
        lambda n, e: e.replace(b"Amager \xc3\x98st", b"A" * 30_000_000),
    )
    message = refused(path)
    assert "row 2, column Område" in message
    assert len(message) < 2000


def test_broken_workbooks_never_end_in_a_traceback(tmp_path):
    whole = workbook(tmp_path / "whole.xlsx").read_bytes()
    for cut in range(0, len(whole), 400):
        path = tmp_path / "cut.xlsx"
        path.write_bytes(whole[:cut])
        refused(path)


def test_a_sheet_cut_off_at_its_first_tag_is_no_empty_sheet(tmp_path):
    path = repack(
        workbook(tmp_path / "a.xlsx"), lambda n, e: b"<" if n.endswith("sheet1.xml") else e
    )
    assert "cannot be read" in refused(path)


def test_a_file_that_aborts_the_native_reader_is_refused(tmp_path):
    """A declared count of 399,999,999,999 strings makes the reader ask for 960 GB and abort."""

    def count(name, entry):
        if not name.endswith("sharedStrings.xml"):
            return entry
        return entry.replace(b'uniqueCount="', b'uniqueCount="39999999999', 1)

    path = repack(workbook(tmp_path / "a.xlsx"), count)
    assert "cannot be read" in refused(path)


def test_a_reader_that_does_not_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("amager_eval.data.files.workbook.TIMEOUT", 0.001)
    assert "not read in" in refused(workbook(tmp_path / "a.xlsx"))
