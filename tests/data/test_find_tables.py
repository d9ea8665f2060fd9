"""A folder with published figures, a survey firm's file and a police extract side by side."""

from pathlib import Path

import pandas as pd
import pytest

from amager_eval.data.check import check_input
from amager_eval.data.read import read_input
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parent / "reference"
MICRODATA = """
file = "svar.csv"
wave = 2026
[columns]
area = "district"
weight = "w"
stratum = "district"
[answers.night]
column = "safe_night"
safe = [1]
unsafe = [0]
"""
REGISTER = """
file = "udtraek.csv"
definition = "borgervendt"
period = "year"
area_name = "1"
from = 2024-01-01
until = 2025-12-31
[columns]
date = "dato"
offence = "kode"
[types]
"indbrud" = ["1316"]
"""
PUBLISHED = "area,wave,setting,response,percent,n\n1,2025,night,safe,74,300\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "safety.csv").write_text(PUBLISHED)
    (tmp_path / "microdata.toml").write_text(MICRODATA)
    sample = pd.read_csv(REFERENCE / "03_survey_microdata.csv")
    sample.to_csv(tmp_path / "svar.csv", index=False)
    (tmp_path / "register.toml").write_text(REGISTER)
    (tmp_path / "udtraek.csv").write_text("dato,kode\n2024-03-01,1316\n2025-03-01,1316\n")
    (tmp_path / "population.csv").write_text("area,period,population\n1,2024,900\n1,2025,910\n")
    return tmp_path


def test_computed_figures_join_the_published(folder):
    assert check_input(folder) == []
    data = read_input(folder)
    first = data.safety.query("area == '1' and response == 'safe'").sort_values("wave")
    assert first["wave"].tolist() == [2025, 2026]
    assert first["percent"].tolist() == pytest.approx([74, 73.6634428592707], abs=1e-6)
    assert data.crime["count"].tolist() == [1, 1]
    read = {f.name for f in data.files}
    assert read == {p.name for p in folder.iterdir()}


def test_a_figure_given_and_computed_is_a_duplicate(folder):
    (folder / "safety.csv").write_text(PUBLISHED.replace("2025", "2026"))
    (fault,) = [f for f in check_input(folder) if f.severity == "error"]
    assert "same figure" in fault.message


def test_faults_of_the_mapped_files_are_listed_with_the_others(folder):
    (folder / "udtraek.csv").write_text("dato,kode\nigår,1316\n")
    (folder / "svar.csv").write_text("district,w,safe_night\n1,0,1\n1,1,7\n")
    (folder / "safety.csv").write_text(PUBLISHED.replace("74", "740"))
    errors = {(f.file, f.row, f.column) for f in check_input(folder) if f.severity == "error"}
    assert errors == {
        ("udtraek.csv", 2, "dato"),
        ("svar.csv", 2, "w"),
        ("svar.csv", 3, "safe_night"),
        ("safety.csv", 2, "percent"),
    }
    # a mapped file at fault is not taken for a table with the wrong name
    told = [f.message for f in check_input(folder)]
    assert not any("none of the tables" in message for message in told)
    with pytest.raises(InputError):
        read_input(folder)


def test_mapped_files_alone_are_an_input(folder):
    for name in ("safety.csv", "population.csv"):
        (folder / name).unlink()
    data = read_input(folder)
    assert len(data.safety) == 39
    assert len(data.crime) == 2
    # without inhabitants there is no rate, which is told
    told = [(f.severity, f.file, f.found) for f in check_input(folder)]
    assert told == [("warning", "udtraek.csv", "1")]


def test_faults_of_a_mapping_in_danish(folder):
    wrong = REGISTER.replace('"year"', '"uge"').replace("until", "til")
    (folder / "register.toml").write_text(wrong)
    (folder / "microdata.toml").write_text(MICRODATA.replace("[0]", "[1]"))
    faults = [f for f in check_input(folder, lang="da") if f.file != "svar.csv"]
    told = {(f.file, f.column, f.message) for f in faults if f.severity == "error"}
    assert told == {
        ("register.toml", "period", "mappingen har en værdi, der ikke er en af "
         "'year', 'quarter', 'month'"),
        ("register.toml", "until", "mappingen mangler en nøgle"),
        ("register.toml", "til", "mappingen har en ukendt nøgle"),
        ("microdata.toml", "answers.night", "koden 1 betyder to svar"),
    }  # fmt: skip
    (folder / "register.toml").write_text(REGISTER + "\nfile = \n")
    (fault,) = [f for f in check_input(folder, lang="da") if f.file == "register.toml"]
    assert fault.row == REGISTER.count("\n") + 2
