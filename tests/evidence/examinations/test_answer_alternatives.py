"""Answers under other assumptions as evidence; the samplers are replaced."""

import pytest

from amager_eval.evidence.examinations.answer_alternatives import answer_alternatives
from amager_eval.goals.sensitivity import REFITS, USED


@pytest.mark.parametrize("kind", ["safety", "crime"])
def test_every_alternative_is_held_against_the_one_used(kind, random_draws):
    told = []
    table, settings = answer_alternatives(kind, draws=20, progress=lambda *at: told.append(at))
    assert set(REFITS[kind]) <= set(table["alternative"])
    assert not set(REFITS["crime" if kind == "safety" else "safety"]) & set(table["alternative"])
    assert (table.loc[table["alternative"] == USED, "difference"] == 0).all()
    part = "setting" if kind == "safety" else "crime_type"
    answer = ["goal", "area", part, "quantity"]
    one = table[table["alternative"] == REFITS[kind][0]].iloc[0]
    used = table[(table["alternative"] == USED) & (table[answer] == one[answer]).all(axis=1)]
    assert one["difference"] == one["probability"] - used["probability"].item()
    assert settings["alternatives"] == table["alternative"].nunique() - 1
    assert settings["largest_difference"] == table["difference"].abs().max()
    # twenty random draws pass no gate: it is said, and by which fit
    assert REFITS[kind][0] in settings["missed_gates"]
    assert told == [(k, 1 + len(REFITS[kind])) for k in range(1 + len(REFITS[kind]))]
