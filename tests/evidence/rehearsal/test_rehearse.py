"""Rehearsed partnerships: kept, continued, counted; the sampler is replaced, or slow and real."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.evidence.city.synthetic import synthetic_city
from amager_eval.evidence.rehearsal import bench
from amager_eval.evidence.rehearsal import rehearse as module
from amager_eval.evidence.rehearsal.rehearse import Settings, main, rehearse, small_agreement

KEYS = ("goal", "reading", "setting", "response", "crime_type", "year")
VERDICTS = {"nået", "ikke nået", "kan ikke afgøres", "ikke opgjort"}


def test_partnerships_are_spread_over_the_scenarios():
    cities = list(
        Settings(partnerships=6, scenarios=("goals_met", "goals_missed"), seed=4).cities()
    )
    assert cities[:3] == [("goals_met", 4), ("goals_missed", 5), ("goals_met", 6)]
    assert len(cities) == 6


def test_partnerships_are_judged_against_their_truth_kept_and_printed(
    random_draws, tmp_path, capsys
):
    settings = Settings(partnerships=2, draws=10)
    found = rehearse(tmp_path, settings)
    # a crime model for both partnerships; two safety runs in each of two waves, of each
    # a first look, a second, and, as random draws pass no gate, two more of more points
    assert len(random_draws) == 1 + 2 * 2 * 2 * 4
    assert set(found["literal_verdict"]) | set(found["evidence_verdict"]) <= VERDICTS
    assert set(found["year"]) == {2025, 2027, 2028}
    assert set(found["goal"]) == {"1a", "1b", "2a", "2b"}
    assert not found["passed"].any()  # random draws have too few to be effective

    kept = json.loads((tmp_path / "goals_met-00002.json").read_text(encoding="utf-8"))
    city = synthetic_city(2, scenario="goals_met", agreement=small_agreement(), last_wave=2028)
    truth = {tuple(t[k] for k in KEYS): t["met"] for t in city.truth["goals"]}
    assert {tuple(r[k] for k in KEYS): r["met"] for r in kept["rows"]}.items() <= truth.items()
    assert len(kept["rows"]) == (found["seed"] == 2).sum()

    # a second run finds every partnership finished, and prints the tables
    random_draws.clear()
    main([str(tmp_path), "--partnerships", "2", "--draws", "10"])
    assert not random_draws
    shown = capsys.readouterr()
    assert "2 of 2" in shown.err
    assert "statement 2025: 0 of 2 partnerships judged" in shown.out
    parts = pd.read_csv(tmp_path / "parts.csv")
    assert parts["judged"].sum() == 0
    assert parts["not_judged"].sum() == len(found)
    assert parts["wrong_reached"].isna().all()
    assert {p.name for p in tmp_path.glob("*.csv")} == {"parts.csv", "goals.csv", "seconds.csv"}


def test_a_statement_is_judged_alone(random_draws, tmp_path, monkeypatch):
    # what the gates of 2028 say does not touch the statement of 2025
    real = bench._safety_gates

    def only_2025(fit, baseline, year):
        found = real(fit, baseline, year)
        return replace(found, problems=() if year == 2025 else ("too few draws",))

    monkeypatch.setattr(bench, "_safety_gates", only_2025)
    found = rehearse(tmp_path, Settings(partnerships=1, draws=10))
    assert found.groupby("statement")["passed"].agg(["all", "any"]).to_dict("index") == {
        2025: {"all": True, "any": True},
        2028: {"all": False, "any": False},
    }
    assert set(found.loc[found["year"] == 2027, "statement"]) == {2028}


def test_what_copenhagen_did_not_publish_is_left_out():
    agreement = small_agreement()
    city = synthetic_city(1, scenario="goals_met", agreement=agreement, last_wave=2028)
    safety = bench.as_judged(city.data, agreement).safety
    first = safety.groupby("response")["wave"].min().to_dict()
    assert first == {"safe": 2022, "unsafe": 2018}


def test_other_draws_are_judged_anew():
    assert module._identity(Settings(draws=10)) == module._identity(Settings(draws=10, seed=5))
    assert module._identity(Settings(draws=10)) != module._identity(Settings(draws=12))


def test_partnerships_are_judged_anew_under_other_assumptions(change_assumptions):
    before = module._identity(Settings())
    change_assumptions("tails = [0.02, 0.045]", "tails = [0.01, 0.045]")
    assert module._identity(Settings()) != before


def test_partnerships_are_judged_anew_under_other_samplers(monkeypatch):
    before = module._identity(Settings())
    monkeypatch.setattr(module, "sampler_versions", lambda: "others")
    assert module._identity(Settings()) != before


def test_no_code_a_verdict_rests_on_is_missing_from_the_identity(imported_from):
    begin = ("evidence.rehearsal.rehearse", "trends.crime.forecast", "trends.safety.forecast")
    # checks, words, files and evidence move no verdict; documents have digests of their own
    aside = {"errors", "provenance", "spec", "whole_file", "wording", "data"}
    aside |= {"evidence.document", "evidence.quote"}
    for name in imported_from(*begin):
        parts = name.split(".")
        parents = {".".join(parts[:i]) for i in range(1, len(parts) + 1)}
        assert parents & ({*module.VERDICT_CODE} | aside) or name == "evidence", name


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_two_partnerships_sampled_for_real(tmp_path):
    settings = Settings(partnerships=2, scenarios=("goals_met", "goals_missed"), draws=250)
    found = rehearse(tmp_path, settings)
    assert set(found["scenario"]) == {"goals_met", "goals_missed"}
    assert set(found["evidence_verdict"]) <= VERDICTS
    due = found[(found["year"] >= 2027) & found["probability_true"].notna()]
    assert due["probability_true"].between(0, 1).all()
    mean = due.groupby("scenario")["probability_true"].mean()
    assert mean["goals_met"] > mean["goals_missed"] + 0.3  # what happened shows in the draws
    early = found[(found["year"] == 2025) & (found["goal"] == "1a")]
    assert "nået" not in set(early["evidence_verdict"])  # never before the target wave
