"""Wrong verdicts counted per goal and scenario, of what was judged."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.evidence.rehearsal.rehearse import small_agreement
from amager_eval.evidence.rehearsal.wrong_verdicts import summarise, with_whole_goals


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
                "passed": True,
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


def test_what_a_fit_outside_its_gates_says_is_no_verdict():
    found = rows(
        ("goals_missed", False, "nået", "nået"), ("goals_missed", False, "ikke nået", "ikke nået")
    )
    found.loc[0, "passed"] = False
    (row,) = summarise(found, small_agreement()).to_dict("records")
    assert (row["judged"], row["not_judged"], row["wrong_reached"]) == (1, 1, 0.0)
    (row,) = summarise(found.assign(passed=False), small_agreement()).to_dict("records")
    assert (row["judged"], row["not_judged"]) == (0, 2)
    assert np.isnan(row["wrong_reached"])


def test_a_goal_is_judged_where_every_part_is():
    parts = pd.concat(
        [
            rows(("goals_met", True, "nået", "nået")),
            rows(("goals_met", True, "nået", "nået")).assign(setting="neighbourhood", passed=False),
        ]
    )
    (whole,) = with_whole_goals(parts).to_dict("records")
    assert not whole["passed"]
