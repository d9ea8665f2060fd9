import json
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.missing import missing_deliveries
from amager_eval.report import write
from amager_eval.report.compose import compose
from amager_eval.report.document import Paragraph, TableBlock, pictures
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
    statement = make_statement(synthetic=False, safety=False, crime=False)
    assert not compose(statement, load_wording("da")).synthetic
    write_appendix(statement, tmp_path / "out")
    paths = [p for p in (tmp_path / "out").rglob("*") if p.suffix in {".svg", ".html", ".json"}]
    assert any(p.suffix == ".svg" for p in paths)
    for path in paths:
        assert "SYNTETISKE" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("lang", ["da", "en"])
def test_what_is_missing_is_said(make_statement, tmp_path, lang):
    statement = make_statement(safety=False, crime=False, activities=False)
    write_appendix(statement, tmp_path / "out", lang=lang)
    words = load_wording(lang)
    said = {b.text for b in compose(statement, words).blocks if isinstance(b, Paragraph)}
    for key in ("safety.absent", "forecast.absent", "crimetext.absent", "activities.absent"):
        assert words.say(key) in said


@pytest.mark.parametrize("lang", ["da", "en"])
def test_reports_without_the_baseline_year_are_said_to_lack_it(make_statement, lang):
    statement, words = make_statement(crime=False), load_wording(lang)
    crime = statement.agreement.crime
    without = words.say("crimetext.no_baseline", baseline=crime.baseline_year)
    area = statement.agreement.areas.evaluated.names[0]
    for definition, sentence in (
        (crime.definition, without),
        ("STRAF11", words.say("crimetext.absent")),
    ):
        later = pd.DataFrame(
            {"area": area, "period": ["2025"], "crime_type": "total", "count": 480.0}
        ).assign(definition=definition)
        data = replace(statement.data, crime=later)
        missing = missing_deliveries(data, statement.agreement, area)
        document = compose(
            replace(statement, facts=gather_facts(data, statement.agreement), missing=missing),
            words,
        )
        said = {b.text for b in document.blocks if isinstance(b, Paragraph)}
        assert {without, words.say("crimetext.absent")} & said == {sentence}


@pytest.mark.parametrize("lang", ["da", "en"])
def test_reports_the_model_could_not_use_are_named(make_statement, lang):
    statement, words = make_statement(), load_wording(lang)
    said = words.say("crimetext.left_out")
    assert said not in {
        b.text for b in compose(statement, words).blocks if isinstance(b, Paragraph)
    }
    draws = statement.crime.draws.assign_attrs(
        counts_left_out=json.dumps([["Amager Vest", "total", p] for p in ("2018", "2021")])
    )
    blocks = compose(replace(statement, crime=replace(statement.crime, draws=draws)), words).blocks
    (at,) = [i for i, b in enumerate(blocks) if isinstance(b, Paragraph) and b.text == said]
    (item,) = blocks[at + 1].items
    assert item.startswith("Amager Vest, ")
    assert item.endswith(words.listing(["2018", "2021"]))


def test_half_of_it(make_statement):
    words = load_wording("en")
    for left_out, key in (("safety", "safety.absent"), ("crime", "crimetext.absent")):
        document = compose(make_statement(**{left_out: False}), words)
        said = {b.text for b in document.blocks if isinstance(b, Paragraph)}
        assert words.say(key) in said
        assert len(pictures(document)) >= 2


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


def test_with_figures_for_the_area_itself(make_statement):
    words = load_wording("da")
    document = compose(make_statement(own_area=True), words)
    goals = next(b.table for b in document.blocks if isinstance(b, TableBlock)).frame
    latest = goals["latest_text"].str.replace("\u00a0", " ")
    assert latest.iloc[:2].tolist() == ["84 % (2026)", "73 % (2026)"]
    # reports of 2025 over the inhabitants of its first day
    assert latest[goals["goal"] == "2a"].tolist() == ["42,4 (2025)"]
    fan = next(p for p in pictures(document) if p.id == "safety_fan")
    assert "i nabolaget Partnerskabet" in fan.title
    said = {b.text for b in document.blocks if isinstance(b, Paragraph)}
    assert not any("intet offentliggjort tal for området selv" in text for text in said)
