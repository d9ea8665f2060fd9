"""Rehearsed partnerships: kept, continued, counted; the sampler is replaced, or slow and real."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.synthetic import synthetic_city
from amager_eval.evidence import rehearse as module
from amager_eval.evidence.rehearse import (
    Settings,
    main,
    rehearse,
    small_agreement,
    summarise,
    with_whole_goals,
)

KEYS = ("goal", "reading", "setting", "response", "crime_type", "year")
VERDICTS = {"nået", "ikke nået", "kan ikke afgøres", "ikke opgjort"}


def rows(*verdicts, goal="1a", reading="rises_every_year", response="safe"):
    """One judged part per (scenario, met, literal verdict, evidence verdict)."""
    return pd.DataFrame(
        [
            {
                "scenario": scenario,
                "seed": seed,
                "goal": goal,
                "reading": reading,
                "response": response,
                "setting": "night",
                "crime_type": None,
                "year": 2028,
                "met": met,
                "literal_verdict": literal,
                "evidence_verdict": evidence,
            }
            for seed, (scenario, met, literal, evidence) in enumerate(verdicts)
        ]
    )


def test_wrong_verdicts_are_shares_of_the_parts_judged():
    table = summarise(
        rows(
            ("goals_missed", False, "nået", "nået"),
            ("goals_missed", False, "nået", "kan ikke afgøres"),
            ("goals_missed", True, "ikke nået", "ikke nået"),
            ("goals_missed", True, "ikke opgjort", "nået"),
        ),
        small_agreement(),
    )
    (row,) = table.to_dict("records")
    assert (row["judged"], row["met"], row["primary"]) == (4, 0.5, True)
    assert (row["wrong_reached"], row["wrong_not_reached"], row["undecided"]) == (0.25,) * 3
    assert row["wrong_reached_se"] == pytest.approx(np.sqrt(0.25 * 0.75 / 4))
    assert (row["literal_wrong_reached"], row["literal_wrong_not_reached"]) == (0.5, 0.25)
    assert (row["literal_misleads"], row["literal_open"]) == (0.75, 0.25)


def test_scenarios_are_counted_apart_and_a_milder_reading_is_not_primary():
    table = summarise(
        rows(("goals_met", True, "nået", "nået"), ("low_baseline", False, "nået", "nået"),
             reading="above_baseline"),
        small_agreement(),
    )  # fmt: skip
    found = table.set_index("scenario")["wrong_reached"].to_dict()
    assert found == {"goals_met": 0.0, "low_baseline": 1.0}
    assert not table["primary"].any()


def test_a_goal_is_met_where_every_part_is():
    parts = pd.concat(
        [
            rows(("goals_met", True, "nået", "nået")),
            rows(("goals_met", False, "ikke nået", "kan ikke afgøres")).assign(
                setting="neighbourhood"
            ),
        ]
    )
    (whole,) = with_whole_goals(parts).to_dict("records")
    assert not whole["met"]
    assert whole["evidence_verdict"] != "nået"


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
    assert len(random_draws) == 2  # a safety and a crime model for both partnerships
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
    assert "2 partnerships; every fit within its gates in 0" in shown.out
    assert pd.read_csv(tmp_path / "parts.csv")["judged"].sum() == len(found)
    assert {p.name for p in tmp_path.glob("*.csv")} == {"parts.csv", "goals.csv", "seconds.csv"}


def test_other_draws_are_judged_anew():
    assert module._identity(Settings(draws=10)) == module._identity(Settings(draws=10, seed=5))
    assert module._identity(Settings(draws=10)) != module._identity(Settings(draws=12))


def test_a_city_of_another_shape_is_refused(random_draws):
    agreement = small_agreement()
    city = synthetic_city(1, scenario="goals_met", agreement=agreement, last_wave=2028)
    bench = module._Bench.compiled(city, agreement)
    data = module._as_judged(city.data, agreement)
    fewer = data.safety.assign(n=data.safety["n"] * 2)
    with pytest.raises(AssertionError, match="n_base differs between cities"):
        module._refit(bench.safety, replace(data, safety=fewer))


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
