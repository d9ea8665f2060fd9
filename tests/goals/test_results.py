"""Rows of the safety and partner goals: literal readings, missing figures, indicators."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.data.input import Input
from amager_eval.goals.facts import evaluated_area, gather_facts
from amager_eval.goals.records import RESULT_COLUMNS
from amager_eval.goals.remarks import RemarkCode, remark
from amager_eval.goals.result import results_frame
from amager_eval.goals.results import partner_results, safety_results, with_overall
from amager_eval.goals.safety.literal_reading import literally_met
from amager_eval.goals.safety.published_shares import PublishedShare
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.fit import Forecast

AGREEMENT = load_agreement()
AREA = "Amager Partnerskab (2025)"


def facts_of(data):
    return gather_facts(data, AGREEMENT)


def rows_of(results):
    return [r.row() for r in results]


def shares(**percent: float) -> dict[int, PublishedShare]:
    return {int(w[1:]): PublishedShare(int(w[1:]), p, 0, "A") for w, p in percent.items()}


def safety_frame(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["area", "wave", "setting", "response", "percent"])
    return frame.assign(
        count=float("nan"),
        n=float("nan"),
        decimals=0,
        deff=float("nan"),
        comparator="=",
        source="test",
        source_grade="A",
    )


@pytest.mark.parametrize(
    ("reading", "own", "city", "met"),
    [
        ("rises_every_year", shares(w2024=80, w2025=81, w2026=82, w2027=83, w2028=84), {}, True),
        ("rises_every_year", shares(w2024=80, w2025=81, w2026=81), {}, False),  # failed for good
        ("rises_every_year", shares(w2024=80, w2025=81), {}, None),
        ("rises_every_year", shares(w2024=80, w2026=82, w2027=83, w2028=84), {}, None),  # gap
        ("above_baseline", shares(w2024=80, w2028=80), {}, False),
        ("above_baseline", shares(w2028=80), {}, None),
        ("reaches_whole", shares(w2028=88), shares(w2028=88), True),
        ("reaches_whole", shares(w2028=87), shares(w2028=88), False),
        ("reaches_whole", shares(w2028=87), {}, None),
        ("within_2_points", shares(w2028=86), shares(w2028=88), True),
        ("within_1_point", shares(w2028=86), shares(w2028=88), False),
        ("shortfall_smaller", shares(w2024=84, w2028=85), shares(w2024=88, w2028=88), True),
        # the city falling is not enough
        ("shortfall_smaller", shares(w2024=84, w2028=84), shares(w2024=88, w2028=86), False),
        ("shortfall_halved", shares(w2024=84, w2028=86), shares(w2024=88, w2028=88), True),
        # at or above the city from the start: stay there, in every wave
        (
            "shortfall_smaller",
            shares(w2024=91, w2025=90, w2026=88, w2027=89, w2028=88),
            shares(w2024=88, w2025=88, w2026=88, w2027=88, w2028=88),
            True,
        ),
        ("shortfall_smaller", shares(w2024=91, w2028=88), shares(w2024=88, w2028=88), None),
        ("shortfall_smaller", shares(w2024=91, w2028=87), shares(w2024=88, w2028=88), False),
        ("shortfall_halved", shares(w2024=91, w2025=87), shares(w2024=88, w2025=88), False),
    ],
)
def test_literal_readings_of_safe(reading, own, city, met):
    assert literally_met(reading, "safe", own, city, 2024, 2028) is met


def test_unsafe_is_read_downwards():
    own, city = shares(w2024=20, w2028=15), shares(w2024=14, w2028=15)
    assert literally_met("reaches_whole", "unsafe", own, city, 2024, 2028) is True
    assert literally_met("above_baseline", "unsafe", own, city, 2024, 2028) is True
    worse = shares(w2024=20, w2028=21)
    assert literally_met("reaches_whole", "unsafe", worse, city, 2024, 2028) is False


def test_without_a_figure_for_the_area_nothing_is_decided():
    data = Input(
        safety=safety_frame(
            [
                ("København", 2024, "night", "safe", 80),
                ("Amager Øst", 2024, "night", "safe", 70),
                ("København", 2026, "night", "safe", 81),
                ("Amager Øst", 2026, "night", "safe", 82),
            ]
        ),
        whole="København",
    )
    results = safety_results(facts_of(data), AGREEMENT, 2026, None, {})
    rows = rows_of(results)
    own = [r for r in rows if r["area"] == AREA]
    assert own
    assert {r["literal_verdict"] for r in own} == {"ikke opgjort"}
    assert {r["evidence_verdict"] for r in own} == {"kan ikke afgøres"}
    assert all(any(str(n).startswith("missing") for n in r["notes"]) for r in own)
    district = [r for r in rows if r["area"] == "Amager Øst"]
    assert all(remark(RemarkCode.INDICATOR) in r["notes"] for r in district)

    judged = [*results, *partner_results(facts_of(data), AGREEMENT, 2026)]
    frame = results_frame(with_overall(judged, AGREEMENT, facts_of(data)))
    assert tuple(frame.columns) == RESULT_COLUMNS
    overall = frame[frame["setting"].isna() & (frame["goal"] == "1a")]
    assert list(overall["literal_verdict"]) == ["ikke opgjort"]
    assert list(overall["area"]) == [AREA]


def test_the_area_is_found_under_each_of_its_names():
    for name in AGREEMENT.areas.evaluated.names:
        data = Input(safety=safety_frame([(name, 2025, "night", "safe", 80)]))
        assert evaluated_area(data, AGREEMENT) == name


def test_another_version_of_the_area_is_not_the_area():
    data = Input(safety=safety_frame([("Amager Partnerskab", 2020, "night", "unsafe", 29)]))
    assert evaluated_area(data, AGREEMENT) == AREA


def test_a_grade_c_figure_says_so():
    frame = safety_frame([("Amager Øst", 2024, "night", "safe", 70)]).assign(source_grade="C")
    rows = rows_of(safety_results(facts_of(Input(safety=frame)), AGREEMENT, 2024, None, {}))
    row = next(
        r for r in rows if r["area"] == "Amager Øst" and r["setting"] == "night" and r["observed"]
    )
    assert remark(RemarkCode.GRADE_C) in row["notes"]


@pytest.mark.parametrize(("met", "verdict"), [(3, "nået"), (2, "ikke nået")])
def test_partner_goal(met, verdict):
    activities = pd.DataFrame(
        {
            "activity": list("abcd"),
            "focus_area": "Aktive byrum",
            "partners": ["SSP;3B"] * met + ["SSP"] * (4 - met),
        }
    )
    (row,) = rows_of(partner_results(facts_of(Input(activities=activities)), AGREEMENT, 2026))
    assert (row["literal_verdict"], row["evidence_verdict"]) == (verdict, verdict)
    assert row["observed"] == 25 * met
    assert row["comparison"] == 75


def test_without_a_list_the_partner_goal_is_open():
    (row,) = rows_of(partner_results(facts_of(Input()), AGREEMENT, 2026))
    assert row["literal_verdict"] == "ikke opgjort"
    assert row["notes"] == [remark(RemarkCode.MISSING_ACTIVITIES)]


def quantities(**probability: float) -> pd.DataFrame:
    """One row per quantity for Amager Vest at night, safe."""
    frame = pd.DataFrame({"quantity": list(probability), "probability_true": probability.values()})
    columns = ["probability_published", "prior_probability_true", "prior_probability_published"]
    return frame.assign(
        area="Amager Vest",
        setting="night",
        response="safe",
        **dict.fromkeys(columns, frame["probability_true"]),
    )


@pytest.fixture
def forecast():
    """Two draws of a share in every period of one cell."""
    dims = ("sample", "area", "setting", "response", "period")
    true = np.broadcast_to([[[[[0.7] * 6]]], [[[[0.8] * 6]]]], (2, 1, 1, 1, 6))
    coords = {
        "area": ["Amager Vest"],
        "setting": ["night"],
        "response": ["safe"],
        "period": np.arange(2024, 2030),
    }
    return Forecast("safety", xr.Dataset({"true": (dims, true)}, coords=coords), None, "")


def vest(rows, reading, year):
    (row,) = [
        r
        for r in rows
        if (r["area"], r["setting"], r["response"], r["reading"], r["year"])
        == ("Amager Vest", "night", "safe", reading, year)
    ]
    return row


def test_probabilities_are_attached_with_the_reading_they_belong_to(forecast):
    safety = safety_frame(
        [("Amager Vest", 2024, "night", "safe", 82), ("Amager Vest", 2026, "night", "safe", 83)]
    )
    nan = float("nan")
    by_target = {
        2026: quantities(rises_every_year=0.04),
        2028: quantities(
            rises_every_year=0.01,
            reaches_whole=0.97,
            shortfall_smaller_and_rose=nan,
            shortfall_halved=0.3,
            stays_reached=0.9,
        ),
    }
    rows = rows_of(
        safety_results(facts_of(Input(safety=safety)), AGREEMENT, 2026, forecast, by_target)
    )
    # never reached before it is due, however probable
    assert vest(rows, "reaches_whole", 2028)["evidence_verdict"] == "kan ikke afgøres"
    assert vest(rows, "reaches_whole", 2028)["probability_true"] == 0.97
    assert vest(rows, "reaches_whole", 2028)["interval"] == {
        "level": 0.95,
        "low": pytest.approx(70.25),
        "high": pytest.approx(79.75),
    }
    # a rise that has failed already through 2026 fails 2028
    assert vest(rows, "rises_every_year", 2028)["evidence_verdict"] == "ikke nået"
    # no shortfall at the baseline: the reading is to stay there
    smaller = vest(rows, "shortfall_smaller", 2028)
    assert smaller["probability_true"] == 0.9
    assert remark(RemarkCode.AT_LEVEL) in smaller["notes"]
    assert vest(rows, "shortfall_halved", 2028)["probability_true"] == 0.3
    # one wave below the city settles it, as one year without a rise does
    assert smaller["evidence_verdict"] == "kan ikke afgøres"
    by_target[2026] = quantities(stays_reached=0.03)
    rows_then = rows_of(
        safety_results(facts_of(Input(safety=safety)), AGREEMENT, 2026, forecast, by_target)
    )
    assert vest(rows_then, "shortfall_smaller", 2028)["evidence_verdict"] == "ikke nået"
    assert remark(RemarkCode.NO_QUANTITY) in vest(rows, "above_baseline", 2028)["notes"]


def test_the_overall_row_of_a_safety_goal_is_joint_over_the_settings():
    both = [(AREA, 2026, setting, "safe", 82) for setting in ("neighbourhood", "night")]
    data = Input(safety=safety_frame(both))
    judged = safety_results(facts_of(data), AGREEMENT, 2026, None, {})
    joint = quantities(rises_every_year=0.3, shortfall_smaller_and_rose=float("nan"))
    by_target = {2028: joint.assign(area=AREA, setting="alle")}
    frame = results_frame(with_overall(judged, AGREEMENT, facts_of(data), by_target))
    overall = frame[frame["setting"].isna() & (frame["area"] == AREA)].set_index("goal")
    assert overall.loc["1a", "probability_true"] == 0.3
    assert pd.isna(overall.loc["1b", "probability_true"])  # none is made up


def test_no_joint_probability_where_a_part_is_not_judged():
    data = Input(safety=safety_frame([(AREA, 2026, "night", "safe", 82)]))
    judged = safety_results(facts_of(data), AGREEMENT, 2026, None, {})
    joint = quantities(rises_every_year=0.3).assign(area=AREA, setting="alle")
    frame = results_frame(with_overall(judged, AGREEMENT, facts_of(data), {2028: joint}))
    overall = frame[frame["setting"].isna() & (frame["area"] == AREA)].set_index("goal")
    assert pd.isna(overall.loc["1a", "probability_true"])


def test_a_model_alone_judges_nobody(forecast):
    """Amager Vest was last published before the baseline: however sure the model, no verdict."""
    safety = safety_frame([("Amager Vest", 2020, "night", "safe", 82)])
    by_target = {2028: quantities(reaches_whole=0.0, rises_every_year=0.0)}
    rows = rows_of(
        safety_results(facts_of(Input(safety=safety)), AGREEMENT, 2028, forecast, by_target)
    )
    row = vest(rows, "reaches_whole", 2028)
    assert (row["literal_verdict"], row["evidence_verdict"]) == ("ikke opgjort", "kan ikke afgøres")
    assert row["probability_true"] is None
    assert remark(RemarkCode.NOT_JUDGED) in row["notes"]


def test_one_answer_does_not_stand_in_for_the_other(forecast):
    """The safe share alone was published: the unsafe one follows from the assumed link only."""
    safety = safety_frame([("Amager Vest", 2028, "night", "safe", 82)])
    by_target = {2028: quantities(reaches_whole=1.0, rises_every_year=1.0)}
    rows = rows_of(
        safety_results(facts_of(Input(safety=safety)), AGREEMENT, 2028, forecast, by_target)
    )
    of_vest = [r for r in rows if r["area"] == "Amager Vest" and r["setting"] == "night"]
    assert {r["response"] for r in of_vest if r["probability_true"] is not None} == {"safe"}
    assert {r["evidence_verdict"] for r in of_vest if r["response"] == "unsafe"} == {
        "kan ikke afgøres"
    }
