import json

import numpy as np
import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.evidence.city.process import SCENARIOS
from amager_eval.evidence.city.synthetic import synthetic_city, write_synthetic
from amager_eval.goals.safety.literal_reading import literally_met
from amager_eval.goals.safety.published_shares import PublishedShare
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.documents import models_folder


@pytest.fixture(scope="module")
def city():
    return synthetic_city(1)


def test_the_same_seed_draws_the_same_city(city):
    again = synthetic_city(1)
    pd.testing.assert_frame_equal(again.data.crime, city.data.crime)
    assert again.truth == city.truth
    assert synthetic_city(2).data.crime["count"].tolist() != city.data.crime["count"].tolist()


@pytest.mark.parametrize("name", ["amager_2025_2028", "template", "folehaven", "tingbjerg_husum"])
def test_any_agreement_has_its_city(name):
    agreement = load_agreement(name)
    made = synthetic_city(1, agreement=agreement)
    crime = made.data.crime
    assert {t.id for t in agreement.crime.type} <= set(crime["crime_type"])
    if agreement.crime.definition:
        assert set(crime["definition"]) == {agreement.crime.definition}
    judged = {(g["goal"], g["reading"]) for g in made.truth["goals"]}
    asked = {(g.id, r.id) for g in agreement.goal for r in g.reading if g.kind != "partners"}
    assert judged == asked


def test_a_crime_type_of_ones_own_is_drawn():
    agreement = load_agreement()
    own = agreement.crime.type[1].model_copy(update={"id": "cykeltyveri"})
    crime = agreement.crime.model_copy(update={"type": (*agreement.crime.type, own)})
    made = synthetic_city(1, agreement=agreement.model_copy(update={"crime": crime}))
    assert made.data.crime.query("crime_type == 'cykeltyveri'")["count"].gt(0).any()


def test_every_row_is_marked(city):
    for name in ("safety", "survey_rounds", "crime", "population", "activities"):
        assert getattr(city.data, name)["source"].str.startswith("SYNTETISK").all()


def test_published_shares_scatter_around_the_truth_as_declared(city):
    true = pd.DataFrame(city.truth["safety"])
    both = city.data.safety.merge(true, on=["area", "setting", "response", "wave"])
    assert len(both) == len(city.data.safety)
    parts = both[both["area"].isin(city.data.parts)]
    p = parts["share"]
    deff = city.truth["parameters"]["deff"]
    # sampling, rounding and the wave's shared error on the share's own scale
    variance = deff * p * (1 - p) / parts["n"] + 0.01**2 / 12
    variance += (city.truth["parameters"]["wave_sd"] * p * (1 - p)) ** 2
    z = (parts["percent"] / 100 - p) / np.sqrt(variance)
    assert z.std() == pytest.approx(1, abs=0.1)
    assert abs(z.mean()) < 0.25


def test_counts_scatter_around_the_true_rates(city):
    true = pd.DataFrame(city.truth["crime"]).rename(columns={"per_1000": "rate"})
    both = city.data.crime.merge(true, on=["area", "crime_type", "period"])
    whole = both[(both["area"] == city.data.whole) & (both["crime_type"] == "total")]
    assert len(whole) == 40
    people = city.data.population.query("area == 'København' and period == '2024'")
    in_2024 = whole[whole["period"].str.startswith("2024")]
    expected = in_2024["rate"].sum() * people["population"].item() / 1000
    assert in_2024["count"].sum() == pytest.approx(expected, rel=0.05)


def test_the_tables_sums_are_true(city):
    crime = city.data.crime
    keys = ["period", "crime_type"]
    parts = crime[crime["area"].isin(city.data.parts)].groupby(keys)["count"].sum()
    whole = crime[crime["area"] == city.data.whole].set_index(keys)["count"]
    assert (parts == whole.reindex(parts.index)).all()


def test_writing_never_replaces_other_files(tmp_path):
    out = tmp_path / "city"
    assert write_synthetic(out, seed=1) == out
    assert json.loads((out / "truth.json").read_text(encoding="utf-8"))["synthetic"] is True
    write_synthetic(out, seed=2)
    assert json.loads((out / "truth.json").read_text(encoding="utf-8"))["seed"] == 2
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.docx").write_text("x")
    with pytest.raises(InputError, match="other files"):
        write_synthetic(other)
    assert [p.name for p in other.iterdir()] == ["thesis.docx"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["city", "other"]


AREA = "Amager Partnerskab (2025)"


def annual(data, area, kind):
    crime = data.crime[(data.crime["area"] == area) & (data.crime["crime_type"] == kind)]
    return crime.groupby(crime["period"].str[:4].astype(int))["count"].sum()


def met(city, year, **about):
    goals = pd.DataFrame(city.truth["goals"])
    for key, value in (about | {"year": year}).items():
        goals = goals[goals[key] == value]
    assert len(goals)
    return set(goals["met"])


def test_the_same_seed_is_the_same_city_seen_in_another_year():
    early, late = (synthetic_city(5, scenario="goals_met", last_wave=w) for w in (2025, 2029))
    seen = late.data.safety[late.data.safety["wave"] <= 2025].reset_index(drop=True)
    pd.testing.assert_frame_equal(early.data.safety, seen)
    crime = late.data.crime[late.data.crime["period"].str[:4].astype(int) <= 2024]
    pd.testing.assert_frame_equal(early.data.crime, crime.reset_index(drop=True))
    assert early.truth == late.truth
    assert early.data.population["period"].astype(int).max() == 2025


def test_where_nothing_changes_no_rise_is_true_and_every_level_is_held():
    for name in ("nothing_changes", "low_baseline"):
        city = synthetic_city(5, scenario=name)
        assert met(city, 2028, goal="1a") == {False}
        assert met(city, 2028, goal="1b", reading="shortfall_smaller") == {False}
        assert met(city, 2028, goal="2a") == {True}
        assert met(city, 2028, goal="2b") == {True}


def test_goals_are_met_and_missed_where_the_scenario_says_so():
    reached, missed = (synthetic_city(5, scenario=s) for s in ("goals_met", "goals_missed"))
    for goal in ("1a", "1b", "2a", "2b"):
        assert met(reached, 2028, goal=goal) == {True}
        assert met(missed, 2028, goal=goal) == {False}
    assert met(reached, 2025, goal="1b", reading="reaches_whole") == {False}


def test_an_unlucky_baseline_is_low_in_print_and_level_in_truth():
    lucky, unlucky = (
        pd.Series(
            [
                annual(city.data, AREA, "total")[2024]
                for city in (synthetic_city(k, scenario=name) for k in range(3))
            ]
        )
        for name in ("nothing_changes", "low_baseline")
    )
    assert (unlucky / lucky).mean() == pytest.approx(np.exp(-0.2), abs=0.06)
    truth = pd.DataFrame(synthetic_city(0, scenario="low_baseline").truth["crime"])
    own = truth[(truth["area"] == AREA) & (truth["crime_type"] == "total")]
    levels = own.groupby(own["period"].str[:4])["expected"].sum()
    assert levels["2024"] == pytest.approx(levels["2023"])
    assert levels["2024"] == pytest.approx(levels["2028"])


def written_out(reading, sign, own, whole, year):
    """Each reading in words of its own, apart from the registry, of true shares by wave."""
    level = {w: sign * s.percent for w, s in own.items() if 2024 <= w <= year}
    short = {w: max(0.0, sign * whole[w].percent - s) for w, s in level.items()}
    waves, same = range(2025, year + 1), 1e-7
    rose = level[year] > level[2024] + same
    stayed = all(short[w] <= same for w in waves)
    reached = short[2024] <= same
    return {
        "rises_every_year": all(level[w] > level[w - 1] + same for w in waves),
        "above_baseline": rose,
        "reaches_whole": short[year] <= same,
        "within_1_point": short[year] <= 1 + same,
        "within_2_points": short[year] <= 2 + same,
        "shortfall_smaller": stayed if reached else rose and short[year] < short[2024] - same,
        "shortfall_halved": stayed if reached else short[year] <= short[2024] / 2 + same,
    }[reading]


def test_the_truth_of_the_readings_agrees_with_the_rooms_that_judge_figures():
    """True shares, printed without noise or rounding, meet exactly the readings that are true."""
    for name in ("drawn", *SCENARIOS):
        city = synthetic_city(8, scenario=name)
        truth = pd.DataFrame(city.truth["safety"])
        for row in city.truth["goals"]:
            if row["setting"] is None:
                continue
            own, whole = (
                {
                    w: PublishedShare(w, round(100 * s, 9), 9, "")
                    for w, s in truth[
                        (truth["area"] == area)
                        & (truth["setting"] == row["setting"])
                        & (truth["response"] == row["response"])
                    ][["wave", "share"]].itertuples(index=False)
                }
                for area in (AREA, city.data.whole)
            )
            said = literally_met(row["reading"], row["response"], own, whole, 2024, row["year"])
            assert said is row["met"], row
            sign = 1 if row["response"] == "safe" else -1
            assert row["met"] is written_out(row["reading"], sign, own, whole, row["year"]), row


@pytest.mark.parametrize(
    "wrong", [{"scenario": "miracle"}, {"last_wave": 2031}, {"last_wave": 2024}]
)
def test_an_unknown_scenario_or_wave_is_refused(wrong, tmp_path):
    with pytest.raises(InputError, match=r"no scenario|is drawn for waves"):
        write_synthetic(tmp_path / "city", **wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_city_is_written_for_an_agreement_of_ones_own(tmp_path):
    document = tmp_path / "mine.toml"
    document.write_bytes((models_folder() / "agreements" / "template.toml").read_bytes())
    written = write_synthetic(tmp_path / "city", agreement=document)
    safety = pd.read_csv(written / "safety.csv")
    assert {"Port City", "Harbour Partnership area", "Harbour"} <= set(safety["area"])
    assert set(pd.read_csv(written / "crime.csv")["definition"]) == {"recorded offences"}
    truth = json.loads((written / "truth.json").read_text(encoding="utf-8"))
    assert {row["area"] for row in truth["goals"]} == {"Harbour Partnership area"}


def test_a_scenario_is_refused_for_an_agreement_that_measures_from_another_year(tmp_path):
    with pytest.raises(InputError, match="the agreement folehaven measures from 2020"):
        write_synthetic(tmp_path / "city", agreement="folehaven", scenario="goals_met")
    assert list(tmp_path.iterdir()) == []
