"""A rehearsal's table is kept with the models whose verdicts it counts."""

import shutil

import pandas as pd

from amager_eval.evidence.document import read_evidence
from amager_eval.evidence.rehearsal.keep_rehearsal import keep_rehearsal
from amager_eval.evidence.rehearsal.rehearse import small_agreement
from amager_eval.spec.documents import models_folder
from amager_eval.spec.model import load_model_spec


def _rows():
    """Four partnerships, one of whose fits missed its gates; one verdict of nået is wrong."""
    rows = []
    truth = [(True, True), (False, True), (False, True), (True, False)]
    for seed, (met, passed) in enumerate(truth):
        for goal, reading, response, kind, year in (
            ("1a", "rises_every_year", "safe", None, 2025),
            ("1b", "reaches_whole", "safe", None, 2028),
            ("2a", "hold_rate", None, "total", 2024),
            ("2a", "hold_rate", None, "total", 2027),
        ):
            rows.append({
                "scenario": "goals_met", "seed": seed, "goal": goal, "reading": reading,
                "setting": None, "response": response, "crime_type": kind, "year": year,
                "statement": year, "met": met, "passed": passed, "divergences": seed == 3,
                "literal_verdict": "nået", "seconds": {"all": 2.0, "all_cores": 1.5},
                "evidence_verdict": "nået" if seed == 1 else "kan ikke afgøres",
            })  # fmt: skip
    return pd.DataFrame(rows)


def test_each_model_keeps_its_own_goals_and_its_card_quotes_them(tmp_path):
    for name in ("safety_trend", "crime_trend"):
        (tmp_path / name).mkdir()
        shutil.copy(models_folder() / name / "EVIDENCE.md", tmp_path / name)
    paths = keep_rehearsal(_rows(), small_agreement(), draws=10, seed=0, folder=tmp_path)
    assert [p.parent.parent.name for p in paths] == ["safety_trend", "crime_trend"]
    for name, goals in (("safety_trend", ["1a", "1b"]), ("crime_trend", ["2a", "2a"])):
        kept = read_evidence(load_model_spec(name), "wrong_verdicts", folder=tmp_path)
        row = kept.rows[-1]
        assert [r["goal"] for r in kept.rows] == goals
        assert (row["judged"], row["not_judged"]) == (3, 1)
        assert row["wrong_reached"] == round(1 / 3, 5)
        assert row["literal_misleads"] == round(2 / 3, 5)
        assert kept.seconds == 8.0
        assert kept.settings["core_seconds"] == 6
        assert kept.settings["divergences"] == 1
        assert (
            kept.settings["statements_not_judged_for_their_gates"] == 4
        )  # every year of one partnership
        assert "--partnerships 4 --keep" in kept.command
        card = (tmp_path / name / "EVIDENCE.md").read_text(encoding="utf-8")
        quoted = card.split("<!-- evidence wrong_verdicts ")[1].split("<!-- end -->")[0]
        assert f"| {kept.rows[-1]['reading']} |" in quoted
