"""A table as a Danish Excel opens it."""

from amager_eval.report.compose import compose, open_data
from amager_eval.report.forms.excel_csv import write_excel_csv
from amager_eval.tables.table import Column, build_table
from amager_eval.wording.sentences import load_wording


def test_semicolon_decimal_comma_and_byte_order_mark(tmp_path):
    columns = [
        Column("area", "Område"), Column("year", "År", "year"),
        Column("rate", "Pr.\n1.000", "rate"),
        Column("verdict", "Aftalens\nordlyd", "mark"), Column("held", "Fastholdt", "flag"),
    ]  # fmt: skip
    rows = [
        ("Amager Øst; syd", 2025, 29.5761, "ikke nået", True),
        ("By", None, None, "nået", False),
    ]
    path = tmp_path / "t.csv"
    write_excel_csv(build_table("t", "T", columns, rows), path, load_wording("da"))
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8-sig").split("\r\n") == [
        "Område;År;Pr. 1.000;Aftalens ordlyd;Fastholdt",
        '"Amager Øst; syd";2025;29,5761;ikke nået;ja',
        "By;;;nået;nej",
        "",
    ]


def test_every_table_of_an_appendix_is_written(make_statement, tmp_path):
    words = load_wording("da")
    statement = make_statement(own_area=True)
    for table in open_data(statement, compose(statement, words), words):
        path = tmp_path / f"{table.id}.csv"
        write_excel_csv(table, path, words)
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        assert lines[0].count(";") == len(table.in_data) - 1
