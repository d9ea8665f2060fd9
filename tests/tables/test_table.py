import pytest

from amager_eval.tables.table import Column, build_table, file_stem, print_cell
from amager_eval.wording.sentences import load_wording

DA, EN = load_wording("da"), load_wording("en")


@pytest.mark.parametrize(
    ("value", "kind", "da", "en"),
    [
        (87.0, "percent", "87\u00a0%", "87%"),
        (7.1, "percent", "7,1\u00a0%", "7.1%"),
        (0.8437, "share", "84\u00a0%", "84%"),
        (0.0017, "chance", "0,2\u00a0%", "0.2%"),
        (-2.5, "points", "−2,5", "−2.5"),
        (0.37, "probability", "35\u00a0%", "35%"),
        (1899.0, "count", "1.899", "1,899"),
        (1.0042, "rhat", "1,004", "1.004"),
        (2026, "year", "2026", "2026"),
        (True, "flag", "ja", "yes"),
        ("ikke nået", "mark", "■ ikke nået", "■ not reached"),
        (float("nan"), "rate", "–", "–"),
    ],
)
def test_print_cell(value, kind, da, en):
    assert print_cell(value, kind, DA) == da
    assert print_cell(value, kind, EN) == en


def test_rows_print_the_shown_columns_alone():
    columns = [Column("a", "A"), Column("b", "B", "count", shown=False), Column("c", "C", "rate")]
    table = build_table("t", "T", columns, [("x", 3, 1.25), ("y", None, None)])
    assert table.rows(DA) == [["x", "1,3"], ["y", "–"]]
    assert list(table.frame.columns) == ["a", "b", "c"]


def test_data_leave_out_what_print_composes():
    columns = [Column("a", "A"), Column("b", "B", data=False)]
    table = build_table("t", "T", columns, [("x", "x (1)")])
    assert table.rows(DA) == [["x", "x (1)"]]
    assert [c.key for c in table.in_data] == ["a"]


def test_file_stem_is_plain():
    assert file_stem("Brønshøj-Husum / 2025") == "broenshoej_husum_2025"
