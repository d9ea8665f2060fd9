"""The hold-2024 goals against one year, and against a baseline less noisy."""

import pandas as pd
import pytest

from amager_eval.data.input import Input
from amager_eval.goals.crime.results import crime_results
from amager_eval.goals.facts import gather_facts
from amager_eval.record.baseline_guard import baseline_guard, with_guard
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
AREA = AGREEMENT.areas.evaluated.names[0]


def facts_of(data):
    return gather_facts(data, AGREEMENT)


def delivery(counts: dict[int, float]) -> Input:
    crime = pd.DataFrame(
        {
            "area": AREA,
            "period": [str(y) for y in counts],
            "crime_type": "indbrud",
            "count": list(counts.values()),
            "definition": "borgervendt",
            "per_1000": float("nan"),
        }
    )
    population = pd.DataFrame({"area": AREA, "period": ["2022", "2027"], "population": 20_000.0})
    return Input(crime=crime, population=population)


def quantities(year: int = 2025) -> pd.DataFrame:
    values = {
        "true_baseline": 55.0,
        "probability_true_at_or_below": 0.4,
        "probability_true_at_or_below_mean_2022_24": 0.7,
    }
    return pd.DataFrame(
        [
            (AREA, "indbrud", "borgervendt", "year", year, "count", name, value, "")
            for name, value in values.items()
        ],
        columns=["area", "crime_type", "definition", "period_unit", "year", "form", "quantity",
                 "value", "reason"],
    )  # fmt: skip


LOW_2024 = delivery({2022: 60.0, 2023: 60.0, 2024: 42.0, 2025: 50.0})


def row(frame: pd.DataFrame, form: str = "count") -> pd.Series:
    return frame[(frame["crime_type"] == "indbrud") & (frame["form"] == form)].iloc[0]


def test_a_low_2024_is_missed_where_the_three_year_mean_is_held():
    found = row(baseline_guard(facts_of(LOW_2024), AGREEMENT, 2026, quantities(), "borgervendt"))
    assert (found["year"], found["observed"], found["baseline"]) == (2025, 50.0, 42.0)
    assert found["guard_mean"] == pytest.approx(54.0)
    assert (found["literal_baseline"], found["literal_guard_mean"]) == ("ikke nået", "nået")
    assert found["latent_baseline"] == 55.0
    assert (found["probability_baseline"], found["probability_guard_mean"]) == (0.4, 0.7)
    assert found["reason"] == ""


def test_the_caveat_attaches_itself_to_the_verdict_it_is_about():
    guard = baseline_guard(facts_of(LOW_2024), AGREEMENT, 2026, quantities(), "borgervendt")
    rows = crime_results(facts_of(LOW_2024), AGREEMENT, 2026, quantities().iloc[:0], None)
    rows = [r.row() for r in with_guard(rows, guard)]
    noted = [r for r in rows if any("noisy baseline" in str(n) for n in r["notes"])]
    assert {(r["crime_type"], r["area"]) for r in noted} == {("indbrud", AREA)}
    (note,) = [n for n in noted[0]["notes"] if "noisy" in str(n)]
    assert str(note).startswith("noisy baseline: ikke nået against")


def test_where_both_agree_there_is_no_caveat():
    data = delivery({2022: 40.0, 2023: 41.0, 2024: 42.0, 2025: 39.0})
    rows = crime_results(facts_of(data), AGREEMENT, 2026, quantities().iloc[:0], None)
    guard = baseline_guard(facts_of(data), AGREEMENT, 2026, quantities(), None)
    rows = [r.row() for r in with_guard(rows, guard)]
    assert not any("noisy" in str(n) for r in rows for n in r["notes"])


def test_what_is_missing_says_why_and_is_not_put_together_from_other_years():
    data = delivery({2023: 60.0, 2024: 42.0})
    found = row(baseline_guard(facts_of(data), AGREEMENT, 2026, quantities().iloc[:0], None))
    assert found["guard_mean"] is None
    assert found["literal_guard_mean"] == "ikke opgjort"
    assert "no published count for 2022" in found["reason"]
    assert "no published count after 2024" in found["reason"]
    assert "not modelled" in found["reason"]


def test_another_definition_gives_no_probability():
    found = row(baseline_guard(facts_of(LOW_2024), AGREEMENT, 2026, quantities(), "STRAF11"))
    assert pd.isna(found["probability_baseline"])
    assert "not modelled" in found["reason"]


def test_an_agreement_without_guard_years_says_so():
    crime = AGREEMENT.crime.model_copy(update={"guard_years": ()})
    bare = AGREEMENT.model_copy(update={"crime": crime})
    found = row(
        baseline_guard(gather_facts(LOW_2024, bare), bare, 2026, quantities(), "borgervendt")
    )
    assert found["literal_baseline"] == "ikke nået"
    assert pd.isna(found["guard_mean"])
    assert found["reason"] == "the agreement names no guard years"
