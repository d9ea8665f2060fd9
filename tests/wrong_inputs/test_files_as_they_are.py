"""Files as they are delivered: read right, or refused with what is wrong and where.

The inputs of `cases` are made up, each after a fault that another tool was reported to have.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import amager_eval
from amager_eval.data.annual_figures import annual_figures
from amager_eval.data.check import check_input
from amager_eval.data.delivered import delivered_lines
from amager_eval.data.read import read_everything, read_input
from amager_eval.data.statbank.formats import parse_csv, parse_px
from amager_eval.data.statbank.saved import input_of_saved
from amager_eval.errors import Fault, InputError
from amager_eval.wording.sentences import load_wording

CASES = Path(__file__).parent / "cases"


def told(path: Path) -> list[tuple[str, int | None, str]]:
    """Severity, row and message of every fault."""
    return [(f.severity, f.row, f.message) for f in check_input(path)]


def errors(path: Path) -> list[Fault]:
    return [f for f in check_input(path) if f.severity == "error"]


def by_year(path: Path, kind: str = "indbrud") -> dict[int, float | None]:
    found = annual_figures(read_input(path), "Amager Øst", kind, "borgervendt")
    return {year: figure.count for year, figure in found.items()}


def copied(tmp_path: Path, case: str, file: str, change) -> Path:
    """Copy a case and rewrite one of its files."""
    folder = shutil.copytree(CASES / case, tmp_path / Path(case).name)
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(change(text), encoding="utf-8")
    return folder


# ---------------------------------------------------------------- the register
def test_a_quotation_mark_that_is_never_closed_swallows_no_report():
    (fault,) = errors(CASES / "register/unclosed_quote")
    assert (fault.file, fault.row) == ("udtraek.csv", 38)
    assert "quotation mark" in fault.message


@pytest.mark.parametrize(
    "text",
    [
        'dato;tekst;kode;bydel\n2024-01-03;"a;1316;1009\n2024-01-04;"";1316;1009\n',
        'dato;kode;bydel;tekst\n2024-01-03;1316;1009;"a\n2024-01-04;1316;1009;b\n',
        'dato;kode;bydel;tekst\n2024-01-03;1316;1009;"a\n2024-01-04;1316;1009;b"\n',
    ],
)
def test_a_quotation_mark_is_told_at_the_row_that_opens_it(tmp_path, text):
    folder = copied(tmp_path, "register/unclosed_quote", "udtraek.csv", lambda _: text)
    (fault,) = errors(folder)
    assert fault.row == 2


def test_a_quoted_text_of_several_lines_is_one_report(tmp_path):
    text = 'dato;kode;bydel;tekst\n2024-01-03;1316;1009;"Kiosk;\n2. sal"\n2024-01-04;1316;1009;b\n'
    folder = copied(tmp_path, "register/unclosed_quote", "udtraek.csv", lambda _: text)
    assert by_year(folder)[2024] == 2


def test_a_period_that_the_extract_covers_in_part_is_left_out_and_told():
    folder = CASES / "register/until_october"
    assert by_year(folder) == {2024: 36}
    ((severity, _, message),) = told(folder)
    assert severity == "warning"
    assert "covers 2025 only in part" in message


@pytest.mark.parametrize(
    ("change", "years"),
    [
        (("from = 2024-01-01", "from = 2024-01-02"), set()),
        (("until = 2025-10-31", "until = 2025-12-30"), {2024}),
        (('period = "year"', 'period = "quarter"'), {2024}),
        (('period = "year"', 'period = "month"'), {2024}),
    ],
)
def test_only_whole_periods_count(tmp_path, change, years):
    folder = copied(
        tmp_path, "register/until_october", "register.toml", lambda t: t.replace(*change)
    )
    if years:
        assert set(by_year(folder)) == years
    else:
        assert "no whole period" in str(errors(folder)[0])


def test_an_extract_that_falls_silent_before_its_end_is_questioned(tmp_path):
    folder = copied(
        tmp_path,
        "register/until_october",
        "register.toml",
        lambda t: t.replace("2025-10-31", "2026-12-31"),
    )
    assert any("no report after" in message for _, _, message in told(folder))


@pytest.mark.parametrize(
    "date",
    [
        "2023-12-31T23:00:00Z",
        "2023-12-31 23:00:00+00:00",
        "2024-01-01T00:00:00+01:00",
        "31-12-2023 23:00 UTC",
    ],
)
def test_a_date_with_a_zone_is_refused(tmp_path, date):
    folder = copied(
        tmp_path,
        "register/utc_midnight",
        "udtraek.csv",
        lambda t: t.replace("2023-12-31T23:00:00Z", date),
    )
    (fault,) = errors(folder)
    assert fault.row == 2
    assert "time zone" in fault.message


@pytest.mark.parametrize("date", ["2024-05-011", "01-05-20245", "2024-05-01 i dag", "2024-02-30"])
def test_what_follows_a_date_is_a_time_or_a_fault(tmp_path, date):
    folder = copied(
        tmp_path,
        "register/utc_midnight",
        "udtraek.csv",
        lambda t: t.replace("2023-12-31T23:00:00Z", date),
    )
    (fault,) = errors(folder)
    assert fault.message == "this is no date"


def test_one_report_of_a_period_left_out_is_told_as_one(tmp_path):
    def until_the_first_of_2025(text):
        return text[: text.index("\n", text.index("2025-")) + 1]

    folder = copied(tmp_path, "register/until_october", "udtraek.csv", until_the_first_of_2025)
    assert [f.message for f in check_input(folder, lang="da") if "en del af 2025" in f.message] == [
        "udtrækket dækker kun en del af 2025, så perioden er udeladt med sin ene anmeldelse"
    ]


def test_a_status_counts_however_it_is_written(tmp_path):
    plain = by_year(CASES / "register/status_case")
    assert plain == {2024: 36, 2025: 35}
    folder = copied(
        tmp_path,
        "register/status_case",
        "udtraek.csv",
        lambda t: t.replace("Anmeldt", " ANMELDT ").replace("anmeldt", "henlagt", 1),
    )
    assert by_year(folder) == {2024: 35, 2025: 35}
    assert any("1 report has another status" in message for _, _, message in told(folder))


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    "other", ["2025-01-01;1316;1009;A", "2024-12-31;1320;1009;A", "2024-12-31;1316;1010;A"]
)
def test_a_report_known_twice_is_equal_or_a_fault(tmp_path, other, backwards):
    folder = copied(
        tmp_path,
        "register/until_october",
        "register.toml",
        lambda t: t.replace('area = "bydel"', 'area = "bydel"\nid = "id"'),
    )
    one = "2024-12-31;1316;1009;A"

    def write(*rows):
        kept = rows[::-1] if backwards else rows
        (folder / "udtraek.csv").write_text("\n".join(["dato;kode;bydel;id", *kept, ""]))

    write(
        one, " 31-12-2024 kl. 10.00 ;1316;1009 ;A", "2024-12-31;1316;1009;", "2024-12-31;1316;1009;"
    )
    assert by_year(folder) == {2024: 3}
    write(one, "2024-12-30;1316;1009;B", other)
    (fault,) = errors(folder)
    assert (fault.row, fault.column) == (4, "id")
    assert "another day, offence code or area" in fault.message


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\ndato;kode;bydel\n2024-05-01;1316;1009\n",
        '"sep=;"\r\ndato;kode;bydel\r\n2024-05-01;1316;1009\r\n',
        "sep=,\ndato,kode,bydel\n2024-05-01,1316,1009\n",
        "\n\n\ndato;kode;bydel\n2024-05-01;1316;1009\n",
        "dato;kode;bydel;\n2024-05-01;1316;1009;\n",
        "dato;kode;bydel\n2024-05-01;1316;1009;;\n",
        "Udtræk fra politiet\n\ndato;kode;bydel\n2024-05-01;1316;1009\n",
        "dato\tkode\tbydel\n2024-05-01\t1316\t1009\n",
    ],
)
def test_a_register_is_read_in_every_form_a_spreadsheet_saves(tmp_path, text):
    folder = copied(tmp_path, "register/sep_line", "udtraek.csv", lambda _: text)
    assert by_year(folder) == {2023: 0, 2024: 1}


def test_an_error_sign_in_an_extract_is_a_fault(tmp_path):
    for place in ("2024-05-01;#N/A;1009", "2024-05-01;1316;#I/T"):
        folder = copied(
            tmp_path,
            "register/sep_line",
            "udtraek.csv",
            lambda _, p=place: f"dato;kode;bydel\n{p}\n",
        )
        (fault,) = errors(folder)
        assert (fault.row, "formula" in fault.message) == (2, True)
        shutil.rmtree(folder)


# ---------------------------------------------------------------- periods
CRIME = "area,period,crime_type,count,definition\n"


def crime(tmp_path: Path, *rows: tuple[str, float | str]) -> Path:
    lines = [f"Amager Øst,{period},indbrud,{count},borgervendt\n" for period, count in rows]
    (tmp_path / "crime.csv").write_text(CRIME + "".join(lines), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("hidden", "whole", "right"),
    [
        ("<1", 80, True),
        ("<5", 88, True),
        ("<5", 89, False),
        ("0-5", 90, True),
        ("≤5", 91, False),
        ("<5", 79, False),
    ],
)
def test_hidden_quarters_add_no_more_to_the_year_than_they_may_hold(tmp_path, hidden, whole, right):
    quarters = [(f"2024K{k}", count) for k, count in enumerate((hidden, 40, 40, hidden), start=1)]
    folder = crime(tmp_path, ("2024", whole), *quarters)
    assert [f.row for f in errors(folder)] == ([] if right else [2])
    if right:
        assert by_year(folder) == {2024: whole}


@pytest.mark.parametrize("backwards", [False, True])
def test_a_year_so_far_beside_quarters_is_a_fault_in_any_order(tmp_path, backwards):
    rows = (CASES / "periods/year_to_date_and_quarters/crime.csv").read_text(encoding="utf-8")
    header, *lines = rows.splitlines(keepends=True)
    lines = lines[::-1] if backwards else lines
    (tmp_path / "crime.csv").write_text(header + "".join(lines), encoding="utf-8")
    (fault,) = errors(tmp_path)
    assert "2025, 2025K1, 2025K2, 2025K3" in fault.message


def test_a_month_among_quarters_makes_no_year():
    (fault,) = errors(CASES / "periods/month_among_quarters")
    assert "2025K1, 2025K2, 2025K3, 2025M10" in fault.message


def test_a_year_and_its_quarters_that_agree_are_the_year():
    folder = CASES / "periods/annual_and_quarters"
    assert told(folder) == []
    assert by_year(folder) == {2024: 120, 2025: 130}
    rows = [d for d in read_everything(folder).delivered if d.kind == "rows"]
    assert [(d.rows, d.state, d.reason) for d in rows if d.file == "crime.csv"] == [
        (2, "unused", "as_its_parts"),
        (8, "used", ""),
    ]


def test_a_year_and_its_quarters_that_disagree_are_a_fault(tmp_path):
    folder = copied(
        tmp_path, "periods/annual_and_quarters", "crime.csv", lambda t: t.replace("130", "131")
    )
    (fault,) = errors(folder)
    assert (fault.row, fault.column, fault.found) == (7, "count", "131")
    assert "add up to 130" in fault.message


QUARTERS = [(f"2025K{k}", 30) for k in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("rows", "years"),
    [
        ([("2024", 120), *QUARTERS], {2024: 120, 2025: 120}),
        ([*QUARTERS[:3], ("2025M10", 10), ("2025M11", 9), ("2025M12", 11)], {2025: 120}),
        ([*QUARTERS, ("2025M10", 10), ("2025M11", 9), ("2025M12", 11)], {2025: 120}),
        ([(f"2025M{m:02d}", 10) for m in range(1, 13)] + [("2025", 120)], {2025: 120}),
        ([("2024", 99), ("2025", 120), *QUARTERS], {2024: 99, 2025: 120}),
        ([("2025", 80), *QUARTERS[:3], ("2025K4", "<5")], None),
        ([("2025", 93), *QUARTERS[:3], ("2025K4", "<5")], {2025: 93}),
        ([("2024", 99), *QUARTERS[:3]], None),
        ([*QUARTERS, ("2025M10", 10)], None),
        ([*QUARTERS, ("2025M10", 10), ("2025M11", 9), ("2025M12", 12)], None),
        ([(f"2025M{m:02d}", 10) for m in range(1, 12)] + [("2025", 120)], None),
    ],
)
@pytest.mark.parametrize("turn", [1, -1])
def test_lengths_are_reconciled_or_a_fault(tmp_path, rows, years, turn):
    folder = crime(tmp_path, *rows[::turn])
    if years is None:
        assert errors(folder)
    else:
        assert by_year(folder) == years
        assert len({len(p) for p in read_input(folder).crime["period"]}) == 1


def test_an_unfinished_year_is_told(tmp_path):
    folder = crime(tmp_path, ("2024K1", 5), ("2024K2", 5), ("2024K3", 5), ("2024K4", 5),
                   ("2025K1", 5))  # fmt: skip
    assert by_year(folder) == {2024: 20}
    assert any("2025 is not whole" in message for _, _, message in told(folder))


# ---------------------------------------------------------------- workbooks
@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("error_in_partners.xlsx", ("Aktiviteter", 4, "Partnere", "#N/A")),
        ("error_in_comparator.xlsx", ("Tryghed", 2, "Tegn", "#N/A")),
    ],
)
def test_an_error_cell_is_a_fault_with_its_place(name, place):
    (fault,) = errors(CASES / "workbook" / name)
    assert (fault.sheet, fault.row, fault.column, fault.found) == place
    assert "formula that failed" in fault.message


def test_percent_cells_are_percentages():
    data = read_input(CASES / "workbook/percent_hundred.xlsx")
    assert 100 in data.safety["percent"].tolist()
    assert data.safety["percent"].min() > 1
    assert any("percentages" in m for _, _, m in told(CASES / "workbook/percent_hundred.xlsx"))
    rounds = read_input(CASES / "workbook/response_rate_formatted.xlsx").survey_rounds
    assert rounds["response_rate_percent"].tolist() == [45]


def test_a_hidden_row_is_told_in_every_kind_of_workbook():
    assert any("hidden" in m for _, _, m in told(CASES / "workbook/hidden_row.ods"))


def test_partners_by_comma_are_asked_about():
    found = told(CASES / "workbook/partners_by_comma.xlsx")
    asked = [(severity, row) for severity, row, message in found if "semicolons" in message]
    assert asked == [("warning", 2), ("warning", 3)]
    assert not any("semicolon" in m for _, _, m in told(CASES / "workbook/partners_plain.xlsx"))


# ---------------------------------------------------------------- text
def test_an_error_sign_is_no_area():
    (fault,) = errors(CASES / "text/error_sign_as_area")
    assert (fault.row, fault.column, fault.found) == (2, "area", "#N/A")


ERRORS = ["#N/A", "#I/T", "#REF!", "#REFERENCE!", "#DIV/0!", "#DIVISION/0!", "#VÆRDI!", "#VALUE!",
          "#NAVN?", "#NULL!", "Err:502", "Fejl:522", "#######"]  # fmt: skip
SAFETY = {"area": "Nord", "wave": "2024", "setting": "night", "response": "safe", "percent": "84",
          "n": "300", "deff": "1.2", "comparator": "=", "source": "x", "noter": "y"}  # fmt: skip


@pytest.mark.parametrize("sign", ERRORS)
@pytest.mark.parametrize("column", SAFETY)
def test_an_error_sign_is_a_fault_in_every_column(tmp_path, column, sign):
    pd.DataFrame([SAFETY | {column: sign}]).to_csv(tmp_path / "safety.csv", index=False)
    (fault,) = errors(tmp_path)
    assert (fault.row, fault.column) == (2, column)
    assert "formula that failed" in fault.message


def test_a_design_effect_is_never_in_thousands():
    assert read_input(CASES / "text/deff_three_decimals").safety["deff"].tolist() == [1.313, 1.287]


def test_inhabitants_never_have_decimals():
    people = read_input(CASES / "text/population_three_decimals").population
    assert people["population"].tolist() == [59500, 60000, 60500, 61250]


def test_respondents_with_two_readings_are_asked_about(tmp_path):
    pd.DataFrame([SAFETY | {"n": "1.313"}]).to_csv(tmp_path / "safety.csv", index=False)
    (fault,) = errors(tmp_path)
    assert fault.message == "this number can be read in two ways"
    pd.DataFrame([SAFETY | {"n": "1.313"}]).to_csv(tmp_path / "safety.csv", index=False, sep=";")
    (fault,) = errors(tmp_path)  # deff 1.2 says that the mark is a point


def test_implausible_numbers_are_told(tmp_path):
    assert any("more reports than" in m for _, _, m in told(CASES / "text/count_above_population"))
    pd.DataFrame([SAFETY | {"deff": "1313"}]).to_csv(tmp_path / "safety.csv", index=False)
    (tmp_path / "population.csv").write_text("area,period,population\nNord,2024,60000.5\n")
    (tmp_path / "crime.csv").write_text(
        "area,period,crime_type,per_1000,definition\nNord,2024,total,1000.5,x\n"
    )
    messages = " ".join(m for _, _, m in told(tmp_path))
    for words in ("design effect above 10", "inhabitants has decimals", "more reports than"):
        assert words in messages


def test_a_percent_sign_is_no_count(tmp_path):
    for column in ("n", "deff"):
        pd.DataFrame([SAFETY | {column: "45 %"}]).to_csv(tmp_path / "safety.csv", index=False)
        (fault,) = errors(tmp_path)
        assert "percentage stands where a number" in fault.message


# ---------------------------------------------------------------- microdata
def answers(path: Path) -> dict[tuple[str, str], tuple[float, float]]:
    rows = read_input(path).safety
    return {
        (r.area, r.response): (r.percent, r.n) for r in rows.itertuples() if r.response != "neither"
    }


def test_no_answer_is_no_answer():
    found = answers(CASES / "microdata/sysmiss_sav")
    assert found["København", "safe"] == (60, 7)
    found = answers(CASES / "microdata/sysmiss_csv")
    assert found["København", "safe"] == (60, 4)
    assert found["Amager Øst", "safe"] == (pytest.approx(100 / 3), 2)


@pytest.mark.parametrize("blank", ["", " ", ".", "NA", "NaN", ".a", ".z"])
def test_every_way_to_write_no_answer_in_text(tmp_path, blank):
    folder = copied(
        tmp_path, "microdata/sysmiss_csv", "t.csv", lambda t: t.replace("1,1,\n", f"1,1,{blank}\n")
    )
    assert answers(folder)["København", "safe"] == (60, 4)


ROWS = pd.DataFrame({
    "bydel": [1.0, 1, 1, 1, 2, 2, 2], "vaegt": 1.0, "q12b": [1.0, 4, 97, 98, 1, 1, 5]
})  # fmt: skip


@pytest.mark.parametrize(
    "missing", [{"missing_ranges": {"q12b": [{"lo": 90, "hi": 99}]}},
                {"missing_ranges": {"q12b": [97, 98]}}]
)  # fmt: skip
def test_values_declared_missing_in_spss_are_no_answers(tmp_path, missing):
    pyreadstat = pytest.importorskip("pyreadstat")
    folder = shutil.copytree(CASES / "microdata/sysmiss_sav", tmp_path / "in")
    labels = {"q12b": {97.0: "Ved ikke", 98.0: "Uoplyst"}}
    pyreadstat.write_sav(ROWS, str(folder / "t.sav"), variable_value_labels=labels, **missing)
    assert answers(folder)["København", "safe"] == (60, 5)


@pytest.mark.parametrize(
    ("missing", "text", "codes"),
    [
        ([2], False, "2"),
        ([{"lo": 3, "hi": 9}], False, "3, 4, 5"),
        ([{"lo": 6, "hi": 9}], False, ""),
        (["3"], True, "3"),
    ],
)
def test_a_code_that_file_and_mapping_disagree_about_is_told(tmp_path, missing, text, codes):
    pyreadstat = pytest.importorskip("pyreadstat")
    folder = shutil.copytree(CASES / "microdata/sysmiss_sav", tmp_path / "in")
    rows = ROWS.assign(q12b=list("1234512")) if text else ROWS
    pyreadstat.write_sav(rows, str(folder / "t.sav"), missing_ranges={"q12b": missing})
    found = [f.message.partition(": ")[2] for f in errors(folder) if "declares" in f.message]
    assert found == ([codes] if codes else [])


def test_tagged_missing_values_of_stata_are_no_answers(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    folder = copied(
        tmp_path, "microdata/sysmiss_sav", "microdata.toml", lambda t: t.replace("t.sav", "t.dta")
    )
    rows = ROWS.astype({"q12b": object})
    rows.loc[2:3, "q12b"] = ["a", "z"]
    pyreadstat.write_dta(rows, str(folder / "t.dta"), missing_user_values={"q12b": ["a", "z"]})
    assert answers(folder)["København", "safe"] == (60, 5)


def test_an_area_code_in_no_list_says_so():
    (fault,) = errors(CASES / "microdata/area_code_unlisted")
    assert (fault.column, "in no list" in fault.message) == ("bydel", True)


def test_nobody_answered_and_one_respondent_say_so(tmp_path):
    blank = copied(
        tmp_path,
        "microdata/sysmiss_csv",
        "t.csv",
        lambda t: "\n".join(line[:4] if line[0].isdigit() else line for line in t.splitlines()),
    )
    (fault,) = errors(blank)
    assert "nobody answered" in fault.message
    shutil.rmtree(blank)
    one = copied(tmp_path, "microdata/sysmiss_csv", "t.csv", lambda t: t[: t.index("2,1,2")])
    assert all("one respondent" in fault.message for fault in errors(one))
    assert errors(one)


@pytest.mark.parametrize(("place", "column"), [(0, "bydel"), (1, "vaegt"), (2, "q12b")])
def test_an_error_cell_among_the_answers_is_told_as_one(tmp_path, place, column):
    row = ["1", "1", "1"]
    row[place] = "#I/T"
    folder = copied(tmp_path, "microdata/sysmiss_csv", "t.csv", lambda t: t + ",".join(row) + "\n")
    (fault,) = errors(folder)
    assert (fault.row, fault.column, "formula" in fault.message) == (7, column, True)


@pytest.mark.parametrize("word", ["nan", "None", "-", ".."])
def test_an_area_that_is_no_value_is_told_with_its_place(tmp_path, word):
    folder = copied(tmp_path, "microdata/sysmiss_csv", "t.csv", lambda t: t + f"{word},1,1\n")
    mapping = (folder / "microdata.toml").read_text(encoding="utf-8")
    bare = mapping[: mapping.index("[areas]")] + mapping[mapping.index("[answers") :]
    (folder / "microdata.toml").write_text(bare, encoding="utf-8")
    (fault,) = errors(folder)
    assert (fault.file, fault.row, fault.column) == ("t.csv", 7, "bydel")


def test_a_respondent_without_a_stratum_is_told(tmp_path):
    lines = ["bydel,vaegt,q12b,st", *(f"{1 + i % 2},1,{1 + i % 5},{i % 2}" for i in range(20))]
    folder = copied(
        tmp_path,
        "microdata/sysmiss_csv",
        "microdata.toml",
        lambda t: t.replace('weight = "vaegt"', 'weight = "vaegt"\nstratum = "st"'),
    )
    (folder / "t.csv").write_text("\n".join([*lines[:-1], lines[-1][:-1]]), encoding="utf-8")
    (fault,) = errors(folder)
    assert (fault.row, fault.column) == (21, "st")
    # a column that nobody filled in is no strata
    bare = [line[: line.rindex(",") + 1] for line in lines[1:]]
    (folder / "t.csv").write_text("\n".join([lines[0], *bare]), encoding="utf-8")
    assert errors(folder) == []


def test_a_weight_is_never_in_thousands():
    # 0.951 of 0.951 + 1 + 1 who are unsafe in Valby
    found = answers(CASES / "microdata/weight_three_decimals")
    assert found["Valby", "unsafe"][0] == pytest.approx(100 * 0.951 / 2.951)
    assert found["Amager Øst", "safe"][0] == pytest.approx(100 * 1.873 / 3.077)


# ---------------------------------------------------------------- folders
def test_a_workbook_beside_csv_files_is_told():
    ((severity, _, message),) = told(CASES / "folder/workbook_beside_csv")
    assert severity == "warning"
    assert "was not read" in message
    assert told(CASES / "folder/small_rates") == []


def test_a_hidden_share_is_listed_as_hidden(tmp_path):
    hidden = SAFETY | {"percent": None, "count": "<5", "response": "unsafe"}
    pd.DataFrame([SAFETY, hidden]).to_csv(tmp_path / "safety.csv", index=False)
    said = delivered_lines(read_everything(tmp_path).delivered, "unused", "en")
    assert said == ["rows: safety (1 row) - the count is hidden"]


def test_every_reason_given_has_its_words():
    package = Path(amager_eval.__file__).parent
    calls = [
        node
        for file in package.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"deliver", "Delivered"}
    ]
    given = [k.value for c in calls for k in c.keywords if k.arg == "reason"]
    given += [c.args[-1] for c in calls if len(c.args) >= 4]
    reasons = {g.value for g in given if isinstance(g, ast.Constant) and g.value}
    assert {"hidden", "no_answer", "format"} <= reasons
    for lang in ("da", "en"):
        assert {r for r in reasons if not load_wording(lang).has(f"delivered.reason.{r}")} == set()


def test_every_file_delivered_is_accounted_for(tmp_path):
    shutil.copytree(CASES / "folder/workbook_beside_csv", tmp_path, dirs_exist_ok=True)
    for name in ("noter.pdf", "data.sav", "ukendt.csv", "crime.txt", "README.md"):
        (tmp_path / name).write_text("x")
    (tmp_path / "2024").mkdir()
    states = {
        (d.name, d.state, d.reason)
        for d in read_everything(tmp_path).delivered
        if d.kind == "file"
    }  # fmt: skip
    assert states == {
        ("safety.csv", "used", ""),
        ("noter.pdf", "unread", "beside"),
        ("README.md", "unread", "beside"),
        ("data.sav", "unread", "format"),
        ("crime.xlsx", "unread", "format"),
        ("crime.txt", "unread", "format"),
        ("ukendt.csv", "unread", "unknown_name"),
        ("2024", "unread", "folder"),
    }


def test_every_report_of_an_extract_is_accounted_for():
    for case, rows in (("until_october", 71), ("status_case", 71), ("sep_line", 1)):
        lines = (CASES / "register" / case / "udtraek.csv").read_text(encoding="utf-8").splitlines()
        found = [
            d for d in read_everything(CASES / "register" / case).delivered
            if d.file == "udtraek.csv" and d.name != "crime"
            and (d.kind == "rows" or (d.kind == "status" and d.state == "unused"))
        ]  # fmt: skip
        assert sum(d.rows or 0 for d in found) == rows
        assert len([line for line in lines if line.startswith("202")]) == rows


@pytest.mark.parametrize("lang", ["da", "en"])
def test_what_became_of_a_delivery_is_told_in_words(lang):
    for case in ("register/until_october", "folder/workbook_beside_csv", "microdata/sysmiss_csv"):
        delivered = read_everything(CASES / case).delivered
        for state in ("used", "unused", "unread"):
            lines = delivered_lines(delivered, state, lang)
            for entry in delivered:
                if entry.state == state and entry.kind in {"file", "status"}:
                    assert any(entry.name in line for line in lines)
            assert not any(line.endswith((":", "-")) for line in lines)


def test_refusals_are_input_errors():
    with pytest.raises(InputError):
        read_input(CASES / "periods/month_among_quarters")


# ---------------------------------------------------------------- the StatBank
STATBANK = CASES / "statbank"


def saved(tmp_path: Path, *files: Path) -> dict[str, dict[str, float]]:
    """Reports and inhabitants by type and period, of saved tables."""
    data = read_input(input_of_saved(tmp_path / "in", files))
    reports = {} if data.crime is None else data.crime
    found: dict[str, dict[str, float]] = {}
    if data.crime is not None:
        for row in reports.to_dict(orient="records"):
            found.setdefault(row["crime_type"], {})[row["period"]] = row["count"]
    return found


#: What the plain table gives: burglary is 1316 and 1320, the whole is TOT.
PLAIN = {"indbrud": {"2024K1": 50, "2024K2": 52}, "total": {"2024K1": 5000, "2024K2": 5001}}


def as_plain(found: dict[str, dict[str, float]], **changed: dict[str, float]) -> bool:
    return {k: found.get(k) for k in PLAIN} == PLAIN | changed


def test_a_table_downloaded_twice_over_counts_once(tmp_path):
    assert as_plain(saved(tmp_path, STATBANK / "overlap.csv"))


def test_a_cell_that_is_missing_is_not_made_up_by_another_that_stands_twice(tmp_path):
    found = saved(tmp_path, STATBANK / "dots_overlap.csv")
    assert as_plain(found, indbrud={"2024K2": 52})


def test_downloads_that_overlap_may_be_several_files_in_any_order(tmp_path):
    text = (STATBANK / "overlap.csv").read_text(encoding="utf-8-sig").splitlines()
    header, rows = text[0], text[1:17]
    for name, part in (("a", rows), ("b", rows[::-1][:9])):
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *part]), encoding="utf-8")
    files = [tmp_path / "b.csv", tmp_path / "a.csv"]
    assert as_plain(saved(tmp_path, *files))
    (tmp_path / "b.csv").write_text(f"{header}\n{rows[0]}0\n", encoding="utf-8")
    with pytest.raises(InputError, match="different figures"):
        input_of_saved(tmp_path / "other", files)


@pytest.mark.parametrize("figure", ["20", "..", "21"])
def test_an_area_by_code_and_by_name_is_one_area(tmp_path, figure):
    text = (STATBANK / "overlap.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "a.csv").write_text(text + f"København;1316;2024Q1;{figure}\n", encoding="utf-8")
    if figure == "20":
        assert as_plain(saved(tmp_path, tmp_path / "a.csv"))
    else:
        with pytest.raises(InputError, match="different figures"):
            input_of_saved(tmp_path / "in", [tmp_path / "a.csv"])


def test_women_are_not_the_population(tmp_path):
    with pytest.raises(InputError, match="KØN alone and not its total"):
        input_of_saved(tmp_path / "in", [STATBANK / "women_population.json"])
    document = json.loads((STATBANK / "women_population.json").read_text(encoding="utf-8"))
    for code, label in (("TOT", None), ("0", "I alt"), ("0", "Mænd og kvinder i alt")):
        category = {"index": {code: 0}} | ({} if label is None else {"label": {code: label}})
        document["dimension"]["KØN"]["category"] = category
        (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")
        out = input_of_saved(tmp_path / f"in{code}{label}", [tmp_path / "a.json"])
        assert read_input(out).population["population"].tolist() == [334000, 338000]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_saved_csv_file_is_read_with_each_separator_and_a_blank_is_missing(tmp_path, separator):
    text = (STATBANK / "dots_overlap.csv").read_text(encoding="utf-8-sig")
    text = text.replace(";..\n", ";\n").replace(";", separator)
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert as_plain(saved(tmp_path, tmp_path / "a.csv"), indbrud={"2024K2": 52})
    # a row cut off is no blank figure
    (tmp_path / "b.csv").write_text(text.replace(f"2024K1{separator}\n", "2024K1\n"))
    with pytest.raises(InputError, match="too few cells"):
        parse_csv((tmp_path / "b.csv").read_bytes())


@pytest.mark.parametrize(
    ("status", "said"),
    [({"3": "-"}, "different figures; found '21, -'"), ([".."], "should hold 16 values")],
)
def test_a_status_that_cannot_be_is_refused(tmp_path, status, said):
    document = json.loads((STATBANK / "status_zero.json").read_text(encoding="utf-8"))
    (tmp_path / "a.json").write_text(json.dumps(document | {"status": status}))
    with pytest.raises(InputError, match=said):
        input_of_saved(tmp_path / "in", [tmp_path / "a.json"])


def test_a_status_in_place_of_a_figure_is_missing(tmp_path):
    document = json.loads((STATBANK / "status_zero.json").read_text(encoding="utf-8"))
    for status, first in (
        (document["status"], {}),
        ([None, None, "...", *[None] * 13], {}),
        ({"2": "p"}, {"2024K1": 30}),
        ({"2": "-"}, {"2024K1": 30}),
    ):
        (tmp_path / "a.json").write_text(json.dumps(document | {"status": status}))
        shutil.rmtree(tmp_path / "in", ignore_errors=True)
        found = saved(tmp_path, tmp_path / "a.json")
        assert as_plain(found, indbrud=first | {"2024K2": 52})


def px(content: str) -> pd.DataFrame:
    return parse_px(content.encode("cp1252"))


def test_every_sign_means_the_same_in_every_format():
    for sign in ("..", "...", "....", ".....", "......", "."):
        frame = px(PX.replace("5000 5001", f'5000 "{sign}"'))
        assert frame["INDHOLD"].isna().tolist()[:2] == [False, True]
        assert parse_csv(f"TID;INDHOLD\n2024K1;{sign}\n".encode())["INDHOLD"].isna().all()
    # a dash is an exact zero
    assert px(PX.replace("5000 5001", '- "-"'))["INDHOLD"].tolist()[:2] == [0, 0]
    assert parse_csv(b"TID;INDHOLD\n2024K1;-\n")["INDHOLD"].tolist() == [0]


PX = (STATBANK / "comma_data.px").read_bytes().decode("cp1252").replace(",", " ").replace(
    '" "', '","'
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t,
        lambda t: re.sub(r"(\d) (\d)", r"\1,\2", t),
        lambda t: re.sub(r"(\d) (\d)", r"\1;\2", t),
        lambda t: re.sub(r"(\d) (\d)", "\\1\t\\2", t),
        lambda t: t.replace("\n", "\r"),
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace(";\n", ";").replace("DATA=", "\nDATA="),
        lambda t: t.replace("STUB", 'NOTE="Se METADATA=12 og DATA=x;\nogså; her";\nSTUB'),
        lambda t: t.replace("STUB", 'NOTE="Første "\n"anden";\nSTUB'),
        lambda t: t.replace("STUB", 'VALUES[en]("tid")="x","y";\nSTUB'),
        lambda t: t.replace("DATA=", 'CODEPAGE="iso-8859-1";\nDATA='),
    ],
)
def test_a_px_file_is_read_however_it_is_laid_out(change):
    assert px(change(PX)).equals(px(PX))
    assert px(PX)["INDHOLD"].tolist()[:4] == [5000, 5001, 20, 21]
    assert len(px(PX)) == 16


@pytest.mark.parametrize("glued", ['".."-4', '5"-4"', '-"4"'])
def test_figures_glued_together_are_no_figure(glued):
    with pytest.raises(InputError, match=r"figure|number"):
        px(PX.replace("5001", glued, 1))


def test_a_px_file_with_a_late_code_page():
    text = PX.replace("DATA=", f'NOTE="{"x" * 5000}";\nCODEPAGE="utf-8";\nDATA=')
    assert parse_px(text.encode("utf-8")).equals(px(PX))


def test_a_px_file_in_utf8_that_does_not_say_so():
    assert parse_px(PX.encode("utf-8")).equals(px(PX))
    with pytest.raises(InputError, match="code page"):  # a byte that neither code page has
        parse_px(PX.encode("cp1252").replace(b"TITLE", b"\x8f"))


def test_a_px_file_whose_rows_have_keys():
    head, data = PX.split("DATA=\n")
    codes = ["TOT", "1316", "1320", "1332", "1336", "12", "3410", "3210"]
    rows = [f'"København","{c}",{r}' for c, r in zip(codes, data.split("\n"), strict=False)]
    keys = 'KEYS("område")=VALUES;\nKEYS("overtrædelsens art")=VALUES;\n'
    keyed = px(f"{head}{keys}DATA=\n" + "\n".join(rows[::-1]).replace(";", "") + ";")
    assert keyed.equals(px(PX))
    # rows of zeros may be left out
    short = px(f"{head}{keys}DATA=\n" + "\n".join(rows[1:]) + ";")
    assert short["INDHOLD"].tolist()[:4] == [0, 0, 20, 21]


@pytest.mark.parametrize("name", ["note_data.px", "one_line.px", "comma_data.px"])
def test_the_px_files_of_the_cases_are_as_the_plain_one(tmp_path, name):
    assert as_plain(saved(tmp_path, STATBANK / name))


def test_five_dots_are_missing(tmp_path):
    assert as_plain(saved(tmp_path, STATBANK / "dots5.px"), indbrud={"2024K2": 42})


@pytest.mark.parametrize("text", ["5.001", "5.000", "5,000", "5 000", "1.005.000"])
def test_thousands_in_a_saved_table_are_not_taken_for_decimals(tmp_path, text):
    saved_rows = (STATBANK / "overlap.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "a.csv").write_text(saved_rows.replace(";5001", f";{text}"), encoding="utf-8")
    with pytest.raises(InputError, match="whole numbers"):
        input_of_saved(tmp_path / "in", [tmp_path / "a.csv"])


# ---------------------------------------------------------------- notations beside the cases
@pytest.mark.parametrize(
    "text", ["36 1", "3 6", "36 1)", "36*", "36¹", "1 2345", "\u200b36", "36-"]
)
def test_a_figure_with_a_note_is_no_other_figure(tmp_path, text):
    (fault,) = errors(crime(tmp_path, ("2024", text)))
    assert (fault.column, fault.message) == ("count", "this is no number")


@pytest.mark.parametrize("text", ["1 234", "1\u00a0234", "1\u202f234", "1.234", " 1234 ", "+1234"])
def test_thousands_are_read_however_they_are_grouped(tmp_path, text):
    assert by_year(crime(tmp_path, ("2024", text))) == {2024: 1234}


@pytest.mark.parametrize("deff", ["1 313", "1\u00a0313", "1.313,0", "1,313.0", "1.313.000"])
def test_a_factor_in_thousands_is_refused(tmp_path, deff):
    pd.DataFrame([SAFETY | {"deff": deff}]).to_csv(tmp_path / "safety.csv", index=False)
    (fault,) = errors(tmp_path)
    assert fault.column == "deff"


@pytest.mark.parametrize(("n", "questioned"), [("1234.5", True), ("4.5", True), ("1234.0", False)])
def test_persons_with_decimals_are_questioned(tmp_path, n, questioned):
    pd.DataFrame([SAFETY | {"n": n}]).to_csv(tmp_path / "safety.csv", index=False)
    assert errors(tmp_path) == []
    assert [f.column for f in check_input(tmp_path) if "decimals" in f.message] == (
        ["n"] if questioned else []
    )
    rounds = f"wave,invited,respondents\n2024,10000,{n}\n"
    (tmp_path / "survey_rounds.csv").write_text(rounds)
    assert ("respondents" in {f.column for f in check_input(tmp_path)}) is questioned


@pytest.mark.parametrize("again", ["lys i  gården", "LYS I GÅRDEN ", "Lys i\u00a0gården"])
def test_an_activity_given_twice_is_told_however_it_is_written(tmp_path, again):
    head = "activity;focus_area;partners\nLys i gården;Aktive byrum;HAB\n"
    text = head + f'{again};Aktive byrum;"HAB; SSP"\n'
    (tmp_path / "activities.csv").write_text(text, encoding="utf-8")
    (fault,) = errors(tmp_path)
    assert (fault.row, fault.column) == (3, "activity")


@pytest.mark.parametrize(("count", "questioned"), [(20_000, True), (15_000, False)])
def test_quarters_that_make_more_reports_than_inhabitants_are_questioned(
    tmp_path, count, questioned
):
    folder = crime(tmp_path, *[(f"2024K{k}", count) for k in (1, 2, 3, 4)])
    (folder / "population.csv").write_text("area,period,population\nAmager Øst,2024,60000\n")
    found = [(f.row, f.found) for f in check_input(folder) if "inhabitants" in f.message]
    assert found == ([(2, "80000")] if questioned else [])


@pytest.mark.parametrize("column", ["area", "definition", "crime_type"])
@pytest.mark.parametrize("word", ["-", "n/a", "NA", "NaN", "..", "–", "#REF", "#N/A N/A", "#DIV/0"])
def test_no_value_is_no_name(tmp_path, column, word):
    row = {"area": "Amager Øst", "period": "2024", "crime_type": "indbrud", "count": 3,
           "definition": "borgervendt"}  # fmt: skip
    pd.DataFrame([row | {column: word}]).to_csv(tmp_path / "crime.csv", index=False)
    assert {f.column for f in errors(tmp_path)} == {column}


@pytest.mark.parametrize("word", ["I alt", "total", "Ukendt", "uoplyst"])
def test_a_sum_among_areas_is_asked_about(tmp_path, word):
    rows = [SAFETY, SAFETY | {"area": word}]
    pd.DataFrame(rows).to_csv(tmp_path / "safety.csv", index=False)
    assert [row for _, row, m in told(tmp_path) if "total" in m] == [3]


def test_figures_of_the_year_to_date_are_asked_about(tmp_path):
    def asked(folder):
        return any("year to date" in m for _, _, m in told(folder))

    growing = [(f"{y}K{k}", 30 * k + y - 2024) for y in (2024, 2025) for k in (1, 2, 3, 4)]
    assert asked(crime(tmp_path, *growing))
    assert asked(crime(tmp_path, *[(f"2025M{m:02d}", 9 * m) for m in range(1, 13)]))
    steady = [(p, c if p != "2025K3" else 10) for p, c in growing]
    assert not asked(crime(tmp_path, *steady))
    assert not asked(crime(tmp_path, *[(f"2025K{k}", 30 + k) for k in (1, 2, 3, 4)]))


def test_a_count_that_was_hidden_is_told_as_not_used(tmp_path):
    folder = crime(tmp_path, ("2024", "<5"), ("2025", 9))
    rows = {
        (d.state, d.rows, d.reason) for d in read_everything(folder).delivered if d.kind == "rows"
    }
    assert rows == {("unused", 1, "hidden"), ("used", 1, "")}


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("HAB samt FSB", "HAB; FSB"),
        ("HAB | FSB", "HAB; FSB"),
        ("• HAB • FSB", "HAB; FSB"),
        ("HAB - FSB", "HAB; FSB"),
        ("Klubben - Øst", "Klubben - Øst"),
        ("HAB；FSB", "HAB; FSB"),
        ("HAB; -", "HAB"),
        ("ingen", None),
    ],
)
def test_partners_are_told_apart_however_they_are_written(tmp_path, cell, names):
    row = {"activity": "a", "focus_area": "Aktive byrum", "partners": cell}
    pd.DataFrame([row]).to_csv(tmp_path / "activities.csv", index=False)
    (found,) = read_input(tmp_path).activities["partners"].tolist()
    assert (None if pd.isna(found) else found) == names


def test_a_number_is_no_partner(tmp_path):
    row = {"activity": "a", "focus_area": "Aktive byrum", "partners": 3}
    pd.DataFrame([row]).to_csv(tmp_path / "activities.csv", index=False)
    assert any("no partner's name" in m for _, _, m in told(tmp_path))


@pytest.mark.parametrize("time", ["24:00", "12:75", "99:99"])
def test_a_time_that_no_clock_shows_is_a_fault(tmp_path, time):
    folder = copied(
        tmp_path,
        "register/utc_midnight",
        "udtraek.csv",
        lambda t: t.replace("2023-12-31T23:00:00Z", f"2024-12-31 {time}"),
    )
    assert errors(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: "\n\n" + t,
        lambda t: "Undersøgelsen 2026\n" + t,
        lambda t: "sep=,\n" + t,
        lambda t: t.replace("\n", "\n\n"),
        lambda t: t.replace("\n", ",\n"),
        lambda t: t.replace("\n1,", "\n1.0,").replace(",1\n", ",1.0\n"),
    ],
)
def test_respondents_are_read_in_every_form_a_program_saves(tmp_path, change):
    folder = copied(tmp_path, "microdata/sysmiss_csv", "t.csv", change)
    assert answers(folder) == answers(CASES / "microdata/sysmiss_csv")


def test_rows_of_respondents_are_numbered_as_they_stand(tmp_path):
    folder = copied(tmp_path, "microdata/sysmiss_csv", "t.csv", lambda t: f"Svar\n\n{t}\n9,1,1\n")
    (fault,) = errors(folder)
    lines = (folder / "t.csv").read_text(encoding="utf-8").splitlines()
    assert lines[fault.row - 1] == "9,1,1"


@pytest.mark.parametrize(
    ("count", "rate", "asked"),
    [(1, 36, True), (36, 0.6, False), (36, 1, False), (3600, 6, True), (3600, 62, False)],
)
def test_a_rate_that_is_not_the_count_s_is_asked_about(tmp_path, count, rate, asked):
    row = f"Amager Øst,2024,indbrud,{count},borgervendt,{rate}\n"
    (tmp_path / "crime.csv").write_text(CRIME.strip() + ",per_1000\n" + row, encoding="utf-8")
    (tmp_path / "population.csv").write_text("area,period,population\nAmager Øst,2024,60000\n")
    assert any("another rate" in m for _, _, m in told(tmp_path)) == asked
