"""What is estimated of an area nobody measured reads as an estimate in every place it stands."""

import json
from dataclasses import replace

import matplotlib.pyplot as plt
import pytest

import amager_eval as ae
from amager_eval.evaluation import area as module
from amager_eval.evaluation.area import answer_unmeasured
from amager_eval.evaluation.fit import Fits
from amager_eval.evaluation.judge import judge
from amager_eval.evaluation.prepare import prepare
from amager_eval.figures.area_estimate import picture_area_estimate
from amager_eval.figures.standings import picture_standings
from amager_eval.report.document import Paragraph, tables
from amager_eval.report.parts.area_estimate import area_estimate_blocks, area_estimate_sentences
from amager_eval.report.parts.sections import sections
from amager_eval.report.parts.summary import summary
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording

AGREEMENTS = ("amager_2025_2028", "folehaven")
WORD = {"da": "Skøn", "en": "Estimate"}


@pytest.fixture(scope="module")
def statements():
    example = ae.example_fit("safety")
    fit = replace(example, spec=example.spec.with_options(forecast_draws=300))
    spec = load_area_spec().model_copy(update={"sets": 4, "sets_max": 4, "effective_min": 5})
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "load_area_spec", lambda **_: spec)
        for name in AGREEMENTS:
            agreement = load_agreement(name)
            data = prepare(ae.published(), agreement, 2026)
            answer = answer_unmeasured(fit, data, agreement)
            made[name] = judge(data, agreement, 2026, Fits(safety=fit, area=answer))
    return made


def dicts(found):
    """Every object of a document, however deep."""
    if isinstance(found, dict):
        yield found
    for inner in found.values() if isinstance(found, dict) else found:
        if isinstance(inner, dict | list):
            yield from dicts(inner)


def test_open_rows_of_the_area_are_flagged_or_hold_no_number(statements):
    for statement in statements.values():
        told = json.loads(statement.to_json())
        areas = set(statement.agreement.areas.evaluated.names)
        for row in told["standings"]:
            if row["kind"] == "safety" and row["area"] in areas:
                assert row["latest"] is row["last"] is row["outlook"] is None
                assert row["probability"] is row["since_last"] is row["distance"] is None
                assert row["estimate"]["basis"] == "estimate"
                assert row["estimate"]["low"] < row["estimate"]["high"]
        for row in told["results"]:
            if row["area"] in areas and row["goal"].startswith("1"):
                assert row["probability_true"] is row["probability_published"] is None
                assert row["literal_verdict"] == "ikke opgjort"
                assert row["evidence_verdict"] == "kan ikke afgøres"
        for row in dicts(told["forecasts"]):
            if row.get("area") in areas and "median" in row:
                assert row["basis"] == "estimate"
        for name in ("bands", "probabilities", "samples"):
            rows = told["area_estimate"][name]
            assert rows
            assert {row["basis"] for row in rows} == {"estimate"}


@pytest.mark.parametrize("lang", ["da", "en"])
def test_every_cell_and_sentence_of_the_area_says_the_word(statements, lang):
    for statement in statements.values():
        words = bound_to(statement.agreement, load_wording(lang))
        blocks = summary(statement, load_wording(lang))
        (goals,) = (t for t in tables(blocks) if t.id == "goals")
        keys = [c.key for c in goals.shown]
        for row in goals.rows(words):
            cells = dict(zip(keys, row, strict=True))
            for key in ("latest_text", "outlook_text"):
                if cells["goal"].startswith("1"):
                    assert cells[key].startswith(f"{WORD[lang]}: ")
        own = area_estimate_sentences(statement, words)
        assert own.startswith(f"{WORD[lang]}, ")
        assert own in [b.text for b in blocks if isinstance(b, Paragraph) and b.kind == "warning"]
        for table in tables(area_estimate_blocks(statement, words)):
            assert table.title.startswith(WORD[lang])
            titles = [c.label for c in table.in_data if c.key not in ("label", "part")]
            assert len(set(titles)) == len(titles)
            assert set(table.frame["basis"]) == {"estimate"}


def test_an_indicator_nobody_measured_has_no_row_of_the_models_middle(statements):
    for statement in statements.values():
        for table in tables(sections(statement, load_wording("da"))):
            if table.id == "indicators":
                assert set(table.frame["basis"]) == {"measured"}
    (valby,) = (
        t for t in tables(summary(statements["folehaven"], load_wording("da")))
        if t.id == "indicators"
    )  # fmt: skip
    assert valby.frame["area"].tolist() == ["Valby"]  # by day alone; no figure is of the night


def test_what_is_assumed_is_told_of_an_area_put_together_and_of_no_other(statements):
    words = load_wording("da")
    for name, together in (("amager_2025_2028", True), ("folehaven", False)):
        statement = statements[name]
        bound = bound_to(statement.agreement, words)
        assert ("boligafdeling" in area_estimate_sentences(statement, bound)) is together
        assert (statement.area.probabilities["assumption"] != "").any() == together
        (steps,) = (
            t for t in tables(area_estimate_blocks(statement, bound))
            if t.id == "area_estimate_steps"
        )  # fmt: skip
        assert ("sammensætning" in steps.note) is together


def test_an_area_last_measured_before_its_goals_is_still_asked_for(statements):
    for statement in statements.values():
        assert "safety_area" in {m.what for m in statement.missing}


def test_the_picture_of_the_districts_names_the_answer_it_shows(statements):
    words = load_wording("da")
    for name, share in (("amager_2025_2028", "trygge"), ("folehaven", "utrygge")):
        statement = statements[name]
        picture = picture_standings(statement, bound_to(statement.agreement, words))
        titles = [panel.args[0].title for panel in picture.panels]
        assert f"Andel {share} i bydelene" in titles


def test_an_area_has_the_same_mark_in_every_panel(statements):
    statement = statements["amager_2025_2028"]
    picture = picture_area_estimate(statement, bound_to(statement.agreement, load_wording("da")))
    marks = {}
    for panel in picture.panels:
        fig, ax = plt.subplots()
        panel(ax=ax)
        for line in ax.lines:
            if not str(line.get_label()).startswith("_"):
                marks.setdefault(line.get_label(), set()).add((line.get_marker(), line.get_color()))
                assert line.get_linestyle() == "None"
        plt.close(fig)
    assert {"Amager Øst", "Amager Vest"} <= set(marks)
    assert all(len(looks) == 1 for looks in marks.values())
    assert len({look for looks in marks.values() for look in looks}) == len(marks)
