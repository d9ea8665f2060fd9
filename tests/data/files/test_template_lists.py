"""Drop-downs and explanations of the template, and the sheet of residents."""

import zipfile

import pytest
from python_calamine import CalamineWorkbook

from amager_eval.data.check import check_input
from amager_eval.data.delivery import published_to_confirm
from amager_eval.data.files.template import write_template, write_workbook
from amager_eval.data.read import read_input
from amager_eval.data.tables.columns import TABLES
from amager_eval.spec.agreement import load_agreement
from amager_eval.wording.sentences import LANGUAGES, load_wording

AREA = "Amager Partnerskab (2025)"


def people(*rows):
    import pandas as pd

    columns = ["area_half", "department", "residents"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_heading_is_explained_in_one_line(lang):
    words = load_wording(lang)
    for table in TABLES.values():
        for column in table.columns:
            own = f"explain.{table.name}.{column.name}"
            line = words.say(own if words.has(own) else f"explain.{column.name}")
            assert 10 < len(line) < 100
            assert "\n" not in line


def test_the_drop_downs_offer_the_agreements_names(tmp_path):
    path = write_template(tmp_path / "skabelon.xlsx")
    book = CalamineWorkbook.from_path(str(path))
    lists = book.get_sheet_by_name("Lister").to_python()
    by_column = {row: {r[i] for r in lists[1:] if r[i]} for i, row in enumerate(lists[0])}
    agreement = load_agreement()
    assert by_column["Område"] >= {AREA, "København", *agreement.areas.parts}
    assert by_column["Gerningstype"] == {t.label("da") for t in agreement.crime.type}
    assert by_column["Indsatsområde"] == set(agreement.focus_areas)
    assert by_column["Partnere"] >= set(agreement.parties)
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(n).decode() for n in parts.namelist() if "/sheet" in n]
    assert sum(xml.count("Lister") for xml in sheets) >= 7
    # no sheet of it is at fault, but there is nothing to judge
    assert [f.message for f in check_input(path, lang="da")] == ["ingen af arkene er udfyldt"]


def test_a_spreadsheet_lets_a_hidden_count_be_typed_where_the_note_asks_for_it(tmp_path):
    path = write_template(tmp_path / "skabelon.xlsx")
    with zipfile.ZipFile(path) as parts:
        sheets = {n: parts.read(n).decode() for n in parts.namelist() if "/sheet" in n}
    rule = '<formula1>IF(ISNUMBER({0}2),{0}2&gt;=0,LEFT(TRIM({0}2),1)="&lt;")</formula1>'
    assert rule.format("F") in sheets["xl/worksheets/sheet2.xml"]  # Tryghed
    assert rule.format("D") in sheets["xl/worksheets/sheet4.xml"]  # Anmeldelser


def test_the_prefilled_workbook_writes_types_as_its_drop_down_offers_them(tmp_path):
    path = write_template(tmp_path / "a.xlsx", filled=published_to_confirm())
    head, _, *rows = (
        CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Anmeldelser").to_python()
    )
    written = {row[head.index("Gerningstype")] for row in rows}
    assert "Borgervendt kriminalitet i alt" in written
    assert "total" not in written


def test_residents_are_read_and_held_against_the_inhabitants(tmp_path):
    import pandas as pd

    population = pd.DataFrame({"area": [AREA], "period": ["2025"], "population": [20_760.0]})
    whole = people(
        ("Amager Vest", "Hørgården", 5_000.0), ("Amager Vest", "Uden for afdelingerne", 6_000.0),
        ("Amager Øst", "Støberigården", 4_000.0), ("Amager Øst", "uden for afdelingerne", 5_700.0),
    )  # fmt: skip
    path = tmp_path / "a.xlsx"
    write_workbook(path, {"population": population, "residents": whole})
    assert check_input(path, lang="da") == []
    assert read_input(path).residents["residents"].sum() == 20_700
    write_workbook(path, {"population": population, "residents": whole.iloc[:3]})
    told = [fault.message for fault in check_input(path, lang="da")]
    assert told == [
        "der står ikke, hvor mange der bor uden for boligafdelingerne i Amager Øst",
        f"beboerne giver tilsammen 15000, men {AREA} har 20760 indbyggere",
    ]
