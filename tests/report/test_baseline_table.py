"""The agreement's table of the baseline, filled in, as an officer pastes it."""

import docx
import pytest
from python_calamine import CalamineWorkbook

from amager_eval.record.baseline import BaselineEntry
from amager_eval.report.baseline_table import baseline_rows, write_baseline_table
from amager_eval.spec.agreement import load_agreement
from amager_eval.wording.sentences import load_wording

AGREEMENT = load_agreement()
AREA = "Amager Partnerskab (2025)"


def entry(kind, count, rate, people=20_600.0, day="2024"):
    return BaselineEntry(
        kind, 2024, count, rate, people, AREA, "2025", "borgervendt", "register", day
    )


ENTRIES = (entry("total", 605.0, 29.368932), entry("indbrud", 69.0, 3.349515))


def test_the_rate_is_what_a_reader_gets_from_the_printed_count_and_inhabitants():
    rows = baseline_rows(ENTRIES, AGREEMENT, load_wording("da"))
    assert rows[0] == ("Gerningstype", "Mål", "Baseline 2024")
    assert rows[1] == (
        "Antal anmeldelser af borgervendt kriminalitet i alt",
        "Minimum fastholdelse",
        "605 (29,4 pr. 1.000 indbyggere; 20.600 indbyggere 1. januar 2024)",
    )
    assert round(1000 * 605 / 20_600, 1) == 29.4
    # the selected types are goals about counts
    assert rows[2] == ("Indbrud", "Minimum fastholdelse", "69")
    assert [row[2] for row in rows[3:]] == ["ikke leveret", "ikke leveret"]


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_document_and_the_workbook_hold_the_table(tmp_path, lang):
    document, workbook = write_baseline_table(ENTRIES, AGREEMENT, tmp_path / "ud", lang=lang)
    rows = baseline_rows(ENTRIES, AGREEMENT, load_wording(lang))
    (table,) = docx.Document(str(document)).tables
    assert [tuple(cell.text for cell in row.cells) for row in table.rows] == rows
    sheet = CalamineWorkbook.from_path(str(workbook)).get_sheet_by_index(0).to_python()
    assert [tuple(row) for row in sheet[2 : 2 + len(rows)]] == rows
    again = write_baseline_table(ENTRIES, AGREEMENT, tmp_path / "igen", lang=lang)
    assert again[1].read_bytes() == workbook.read_bytes()


def test_a_hidden_count_is_not_told():
    hidden = (entry("indbrud", None, None),)
    assert baseline_rows(hidden, AGREEMENT, load_wording("da"))[2][2] == "vises ikke (under 5)"
