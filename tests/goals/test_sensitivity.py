"""The goals under other assumptions: each number is that of the draws it names."""

import json

import numpy as np
import pytest

from amager_eval.goals.sensitivity import SENSITIVITY_COLUMNS, USED, crime_rows_under

KEYS = ["goal", "area", "setting", "crime_type", "quantity"]


@pytest.fixture(scope="module")
def statement(make_statement):
    return make_statement(own_area=True)


def of(frame, **wanted):
    for key, value in wanted.items():
        frame = frame[frame[key] == value]
    return frame


def test_what_is_used_is_what_the_results_say(statement):
    frame, results = statement.sensitivity, statement.results
    assert tuple(frame.columns) == SENSITIVITY_COLUMNS
    safety = of(frame, alternative=USED)
    safety = safety[safety["setting"].notna()]
    assert len(safety) == 3 * 3 * 2  # areas, readings, settings
    for row in safety.to_dict(orient="records"):
        same = of(results, goal=row["goal"], reading=row["quantity"], area=row["area"],
                  setting=row["setting"], response="safe", year=2028)  # fmt: skip
        assert same["probability_true"].item() == row["probability"]


def test_the_drift_models_are_the_draws_made_under_them(statement):
    area = statement.agreement.areas.evaluated.names[0]
    draws = statement.safety.draws["true"].sel(setting="night", response="safe", period=2028)
    above = (draws.sel(area=area) >= draws.sel(area="København")).to_numpy()
    drift = statement.safety.draws["alternative"].to_numpy()
    for name in ("driftless", "drift", "damped"):
        row = of(statement.sensitivity, alternative=name, area=area, setting="night",
                 quantity="reaches_whole")  # fmt: skip
        assert row["probability"].item() == above[drift == name].mean()
    used = of(statement.sensitivity, alternative=USED, area=area, setting="night",
              quantity="reaches_whole")  # fmt: skip
    assert used["probability"].item() == pytest.approx(above.mean())


def test_a_margin_is_never_harder(statement):
    reached = of(statement.sensitivity, quantity="reaches_whole").pivot_table(
        index=["area", "setting"], columns="alternative", values="probability", aggfunc="first"
    )
    assert (reached["within_1_point"] >= reached[USED]).all()
    assert (reached["within_2_points"] >= reached["within_1_point"]).all()


def test_context_is_no_goal(statement):
    crime = statement.sensitivity[statement.sensitivity["crime_type"].notna()]
    assert set(crime["area"]) == {"København"}
    assert crime["goal"].isna().all()
    assert set(crime["alternative"]) == {USED, "near_baseline", "mean_of_years"}
    own = statement.crime_quantities.assign(
        area=statement.agreement.areas.evaluated.names[0],
        definition=statement.agreement.crime.definition,
    )
    rows = crime_rows_under(own, statement.agreement, "total", "total_itself")
    assert [r["goal"] for r in rows] == ["2a", "2b", "2b", "2b"]


def test_nothing_is_made_of_nothing(make_statement):
    bare = make_statement(safety=False, crime=False, activities=False)
    assert bare.sensitivity.empty
    assert json.loads(bare.to_json())["sensitivity"] == []


def test_it_stands_in_the_record(statement):
    rows = json.loads(statement.to_json())["sensitivity"]
    assert len(rows) == len(statement.sensitivity)
    assert set(rows[0]) == set(SENSITIVITY_COLUMNS)
    assert not any(isinstance(r["goal"], float) for r in rows)
    assert all(0 <= r["probability"] <= 1 for r in rows)
    assert np.isfinite([r["probability"] for r in rows]).all()
