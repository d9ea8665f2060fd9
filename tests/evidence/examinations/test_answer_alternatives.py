"""Answers under other assumptions as evidence; the evaluation is replaced."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from amager_eval.evidence.examinations import answer_alternatives as module
from amager_eval.evidence.examinations.answer_alternatives import answer_alternatives
from amager_eval.evidence.examinations.job import Job
from amager_eval.goals.sensitivity import REFITS, USED
from amager_eval.spec.model import load_model_spec


@pytest.mark.parametrize("kind", ["safety", "crime"])
def test_every_alternative_is_held_against_the_one_used(kind, make_statement, monkeypatch):
    made = make_statement(safety=kind == "safety", crime=kind == "crime")
    name = REFITS[kind][0]
    used = made.sensitivity[made.sensitivity["alternative"] == USED]
    other = used.assign(alternative=name, probability=used["probability"].astype(float) / 2)
    missed = made.diagnostics.iloc[:1].assign(model=f"m, {name}", passed=False, problems="few")
    answered = replace(
        made,
        sensitivity=pd.concat([made.sensitivity, other]),
        diagnostics=pd.concat([made.diagnostics, missed]),
    )

    def evaluate(data, *, progress, **_):
        assert (data.safety is None) == (kind == "crime")
        assert (data.crime is None) == (kind == "safety")
        progress(f"{kind}_trend", 1, 2)
        progress("alternatives", 0, 1)
        return answered

    monkeypatch.setattr(module, "evaluate", evaluate)
    told = []
    spec = load_model_spec(f"{kind}_trend")
    job = Job(kind, spec, 0, 20, Path(), progress=lambda *at: told.append(at))
    (found,) = answer_alternatives(job).values()
    table, settings = found.table, found.settings
    assert (table.loc[table["alternative"] == USED, "difference"] == 0).all()
    one = table[table["alternative"] == name]
    assert len(one) == len(used)
    assert (one["difference"] == -one["probability"]).all()
    assert settings["alternatives"] == table["alternative"].nunique() - 1
    assert settings["largest_difference"] == table["difference"].abs().max()
    assert settings["missed_gates"] == f"m, {name}: few"
    assert told == [("alternatives", 0, 1)]
