"""No answer and no report reaches an output, a log, a cache, a temporary file or a message."""

import os
import re
import subprocess
import sys
import tempfile
import traceback
import zipfile
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from amager_eval import cli
from amager_eval.data.check import check_input
from amager_eval.data.read import read_input
from amager_eval.errors import InputError

#: Stands in every row that no one but the owner of the file may see.
MARK = "MARKVÆRDI7788"
NUMBER = "4417788"

MICRODATA = """
file = "svar.{suffix}"
wave = 2026
whole = "København"
[columns]
area = "bydel"
weight = "w"
[answers.night]
column = "q12"
safe = ["1", "2"]
unsafe = ["4"]
"""
REGISTER = """
file = "udtraek.csv"
definition = "borgervendt"
period = "year"
from = 2024-01-01
until = 2025-12-31
keep_status = ["anmeldt"]
[columns]
date = "dato"
offence = "kode"
area = "bydel"
id = "journalnr"
status = "status"
[areas]
"1009" = ["Amager Øst"]
[types]
"total" = ["*"]
"""


def answers(**changes):
    rows = {
        "bydel": ["Amager Øst", "Amager Øst", "Amager Vest", "Amager Vest"] * 3,
        "w": ["1.1", "0.9", "1.3", "0.7"] * 3,
        "q12": ["1", "4", "2", "1"] * 3,
        "navn": [MARK] * 12,
        "cpr": [NUMBER] * 12,
    }
    rows |= {column: [value, *rows[column][1:]] for column, value in changes.items()}
    return pd.DataFrame(rows)


def reports(**changes):
    rows = {
        "journalnr": [f"{NUMBER}-{i}" for i in range(6)],
        "dato": ["2024-03-01", "2025-03-01"] * 3,
        "kode": ["1316", "1320", "1252"] * 2,
        "bydel": ["1009"] * 5 + [f"{MARK} 7, 2. tv"],
        "status": ["anmeldt"] * 6,
        "adresse": [MARK] * 6,
    }
    rows |= {column: [value, *rows[column][1:]] for column, value in changes.items()}
    return pd.DataFrame(rows)


def delivery(folder, survey=None, police=None, suffix="csv"):
    folder.mkdir(exist_ok=True)
    survey = answers() if survey is None else survey
    police = reports() if police is None else police
    (folder / "microdata.toml").write_text(MICRODATA.format(suffix=suffix), encoding="utf-8")
    (folder / "register.toml").write_text(REGISTER, encoding="utf-8")
    if suffix == "csv":
        survey.to_csv(folder / "svar.csv", index=False)
    elif suffix == "sav":
        pyreadstat.write_sav(survey, str(folder / "svar.sav"))
    else:
        pyreadstat.write_dta(survey, str(folder / "svar.dta"))
    police.to_csv(folder / "udtraek.csv", index=False, sep=";")
    people = "area,period,population\nAmager Øst,2024,61000\nAmager Øst,2025,61400\n"
    (folder / "population.csv").write_text(people, encoding="utf-8")
    return folder


@pytest.fixture
def everything_said(monkeypatch, capsys):
    """Run the command; its messages and whatever it left behind anywhere."""

    def call(folder):
        places = {name: folder.parent / name for name in ("tmp", "home", "cache")}
        for variable, place in zip(
            ("TMPDIR", "HOME", "XDG_CACHE_HOME"), places.values(), strict=True
        ):
            place.mkdir(exist_ok=True)
            monkeypatch.setenv(variable, str(place))
        monkeypatch.setattr(tempfile, "tempdir", None)  # chosen anew
        monkeypatch.chdir(places["tmp"])
        for lang in ("da", "en"):
            monkeypatch.setattr(sys, "argv", ["amager-eval", "check", str(folder), "--lang", lang])
            with pytest.raises(SystemExit):
                cli.main()
        captured = capsys.readouterr()
        left = [p for place in places.values() for p in place.rglob("*") if p.is_file()]
        return captured.out + captured.err, left

    return call


def said_by_a_process(folder):
    """Run the command as a user does; its messages and whatever it left behind anywhere."""
    places = {name: folder.parent / name for name in ("tmp", "home", "cache")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    env = os.environ | {
        "TMPDIR": str(places["tmp"]),
        "HOME": str(places["home"]),
        "XDG_CACHE_HOME": str(places["cache"]),
    }
    command = [sys.executable, "-m", "amager_eval", "check", str(folder)]
    done = subprocess.run(
        command, env=env, cwd=places["tmp"], capture_output=True, timeout=120, check=False
    )
    said = (done.stdout + done.stderr).decode()
    left = [p for place in places.values() for p in place.rglob("*") if p.is_file()]
    # a library draws, and keeps the names of this machine's fonts
    left = [p for p in left if p.parent.name != "matplotlib"]
    return said, left


def assert_silent(text):
    assert MARK not in text
    assert NUMBER not in text


SPOILT = {
    "an answer that is not coded": ({"q12": MARK}, {}),
    "a weight that is none": ({"w": MARK}, {}),
    "a negative weight": ({"w": f"-{NUMBER}"}, {}),
    "an area that is a formula": ({"bydel": f"={MARK}"}, {}),
    "an area with a control character": ({"bydel": f"{MARK}\x07"}, {}),
    "a date that is none": ({}, {"dato": MARK}),
    "a code that is a name": ({}, {"kode": MARK}),
    "a code that is a number of a person": ({}, {"kode": NUMBER}),
    "an unknown status": ({}, {"status": MARK}),
    "a cell that opens a quotation": ({}, {"adresse": f'"{MARK}'}),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_row_is_told_without_its_content(tmp_path, case):
    survey, police = SPOILT[case]
    folder = delivery(tmp_path / "in", answers(**survey), reports(**police))
    for lang in ("da", "en"):
        assert_silent("\n".join(str(fault) for fault in check_input(folder, lang=lang)))
    try:
        data = read_input(folder)
    except InputError as error:
        assert_silent("".join(traceback.format_exception(error)))
    else:
        assert_silent(repr(vars(data)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("svar.csv", f"{MARK};1;1;{NUMBER}\nNord;1;2;x\n"),
        ("svar.csv", f"bydel;w;q12\nNord;1;1;{MARK}\n"),
        ("svar.csv", f'bydel;w;q12\nNord;1;"{MARK}\n'),
        ("udtraek.csv", f"{NUMBER};2024-01-01;1316;{MARK}\n"),
        ("udtraek.csv", f"journalnr;dato;kode;bydel;status\n1;2024-01-01;1;1009;anmeldt;{MARK}\n"),
        ("udtraek.csv", f'journalnr;dato;kode;bydel;status\n1;2024-01-01;1316;1009;"{MARK}\n'),
        ("safety.csv", f"{MARK};2026;tryg;{NUMBER}\nNord;2026;utryg;1\n"),
        ("safety.csv", f"area;wave;night;weight\nNord;2026;tryg;1;{MARK}\n"),
        ("safety.csv", f"area;wave;night;weight\nNord;2026;{MARK};1\nNord;2026;tryg;{MARK}\n"),
        ("safety.csv", f"area;wave;night;weight\n={MARK};{MARK};tryg;1\n"),
    ],
)  # fmt: skip
def test_a_file_of_the_wrong_shape_is_told_without_its_content(tmp_path, name, content):
    folder = delivery(tmp_path / "in")
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_input(folder)
    assert_silent("".join(traceback.format_exception(caught.value)))
    faults = check_input(folder, lang="da")
    assert name in {fault.file for fault in faults}
    assert_silent("\n".join(map(str, faults)))


@pytest.mark.parametrize("suffix", ["csv", "sav", "dta"])
def test_the_command_says_and_leaves_nothing(tmp_path, suffix, everything_said):
    survey = answers()
    if suffix != "csv":
        survey = survey.astype({"w": float, "q12": float})
    said, left = everything_said(delivery(tmp_path / "in", survey, suffix=suffix))
    assert "0 fejl" in said
    assert "0 errors" in said
    assert_silent(said)
    assert left == []
    (tmp_path / "in" / f"svar.{suffix}").write_bytes(f"$FL2@(#) {MARK} {NUMBER}".encode() * 20)
    said, left = everything_said(tmp_path / "in")
    assert f"svar.{suffix}" in said
    assert_silent(said)
    assert left == []


def test_the_command_in_a_process_of_its_own_leaves_nothing(tmp_path):
    said, left = said_by_a_process(delivery(tmp_path / "in"))
    assert "0 fejl" in said
    assert_silent(said)
    assert left == []


def test_nothing_of_a_row_is_in_the_appendix(tmp_path, make_statement):
    from amager_eval.report.write import write_appendix

    data = read_input(delivery(tmp_path / "in"))
    assert data.safety is not None
    assert data.crime is not None
    out = tmp_path / "out"
    write_appendix(make_statement(data=data, safety=True, crime=True), out, lang="da")
    files = [p for p in out.rglob("*") if p.is_file()]
    assert {"appendix.pdf", "statement.json", "tables.xlsx"} <= {p.name for p in files}
    for path in files:
        for name, content in contents(path):
            for mark in (MARK, NUMBER):
                for encoding in ("utf-8", "cp1252", "utf-16-le", "utf-16-be"):
                    assert mark.encode(encoding) not in content, f"{path.name}: {name}"


def contents(path: Path):
    """Bytes of a file, and of what is packed in it."""
    yield path.name, path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
    if path.suffix == ".pdf":
        text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True).stdout
        assert re.search(rb"Amager", text)
        yield "text", text
