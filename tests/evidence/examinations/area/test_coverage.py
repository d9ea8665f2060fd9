"""Bands held against made-up truths; the stored example stands for a fit."""

import pytest

import amager_eval as ae
from amager_eval.evidence.examinations.area import coverage as module
from amager_eval.evidence.examinations.area.coverage import SHIFTS, area_coverage
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec


@pytest.fixture(scope="module")
def table():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW", 8.0)
        return area_coverage(ae.example_fit("safety"), ae.published(), load_agreement(),
                             cities=4, draws=90)  # fmt: skip


def test_every_truth_is_held_against_the_same_answer(table):
    shown = [a.id for a in load_area_spec().alternative if a.shown]
    assert list(dict.fromkeys(table["truth"])) == [*SHIFTS, *shown]
    by_figures = table[table["step"].isin(["0", "1"])]
    by = ["step", "setting", "year"]
    answers = by_figures.groupby(by)[["width_95", "reaches_said"]].nunique()
    assert (answers == 1).all(axis=None)
    (every,) = set(by_figures["cities"])
    assert every > 4


def test_the_sentence_is_evidence_in_the_cities_it_would_have_been_written_of(table):
    stated = table[table["step"] == "2"].set_index("truth")
    assert set(stated.loc["as_assumed", "cities"]) == {4}
    # nearly every area that lies lower than the city at the baseline, and hardly one above
    first = stated[stated["year"] == 2024]
    assert first["reaches_true"].max() < 0.5
    assert set(table["step"]) == {"0", "1", "2"}


def test_a_part_that_is_safer_than_assumed_is_missed_on_the_low_side(table):
    figures = table[table["step"] == "1"]
    bias = figures.pivot_table(index=["setting", "year"], columns="truth", values="bias")
    assert (bias["added_much_safer"] < bias["as_assumed"] - 1).all()
    assert (bias["added_much_less_safe"] > bias["as_assumed"] + 1).all()


def test_wider_bands_hold_more_and_most_truths_are_held_as_assumed(table):
    assert (table["inside_50"] <= table["inside_80"]).all()
    assert (table["inside_80"] <= table["inside_95"]).all()
    held = table[table["step"] == "1"].set_index("truth").loc["as_assumed", "inside_95"]
    assert held.mean() > 0.75
