import json
import subprocess
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.report import write
from amager_eval.report.compose import compose
from amager_eval.report.document import Paragraph
from amager_eval.report.write import write_appendix
from amager_eval.wording.sentences import load_wording


def text_of(pdf):
    return subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True, text=True
    ).stdout


def test_writes_everything_that_is_promised(appendix):
    names = {str(p.relative_to(appendix)) for p in appendix.rglob("*") if p.is_file()}
    assert {"appendix.pdf", "statement.json"} <= names
    for figure in ("safety_history", "safety_fan", "probabilities", "crime_types", "part_whole"):
        assert {f"figures/{figure}.svg", f"figures/{figure}.png"} <= names
    assert {"tables/results.csv", "tables/goals.csv"} <= names


def test_statement_json(appendix):
    record = json.loads((appendix / "statement.json").read_text(encoding="utf-8"))
    assert record["synthetic"] is True
    assert record["draft"] is True
    results = pd.read_csv(appendix / "tables" / "results.csv")
    assert len(results) == len(record["results"])


def test_marks_on_every_figure(appendix):
    for path in (appendix / "figures").glob("*.svg"):
        root = ET.parse(path).getroot()
        text = "".join(root.itertext())
        assert "SYNTETISKE DATA" in text, path.name
        assert root.get("role") == "img"
        ids = root.get("aria-labelledby").split()
        named = {e.get("id"): e for e in root.iter() if e.get("id") in ids}
        assert set(named) == set(ids)
        assert all(e.text for e in named.values())
        assert "Kilde: " in text


def test_real_figures_carry_no_mark(make_statement, tmp_path):
    write_appendix(make_statement(synthetic=False), tmp_path / "out")
    for path in (tmp_path / "out" / "figures").glob("*.svg"):
        assert "SYNTETISKE" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "left_out",
    [
        {"safety": False},
        {"crime": False},
        {"activities": False},
        {"safety": False, "crime": False, "activities": False},
    ],
)
@pytest.mark.parametrize("lang", ["da", "en"])
def test_what_is_missing_is_said(make_statement, tmp_path, left_out, lang):
    statement = make_statement(**left_out)
    write_appendix(statement, tmp_path / "out", lang=lang)
    words = load_wording(lang)
    said = {b.text for b in compose(statement, words).blocks if isinstance(b, Paragraph)}
    expected = {
        "safety": "safety.absent",
        "crime": "crimetext.absent",
        "activities": "activities.absent",
    }
    for name in left_out:
        assert words.say(expected[name]) in said


def test_an_existing_folder_is_replaced_as_a_whole(make_statement, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").write_text("old")
    write_appendix(make_statement(safety=False, crime=False, activities=False), out)
    assert not (out / "old.txt").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_nothing_is_touched_when_writing_fails(make_statement, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").write_text("old")

    def fail(*_args, **_kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr(write, "write_pdf", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        write_appendix(make_statement(safety=False, crime=False, activities=False), out)
    assert [p.name for p in out.iterdir()] == ["old.txt"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_file_in_the_way(make_statement, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="must be a folder"):
        write_appendix(make_statement(safety=False, crime=False), tmp_path / "out")
