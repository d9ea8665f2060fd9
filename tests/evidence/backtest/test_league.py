import numpy as np
import pandas as pd
import pytest

from amager_eval.conventions import LEVELS
from amager_eval.errors import InputError
from amager_eval.evidence.backtest.league import (
    common_cells,
    coverage_by_origin,
    event_table,
    gap_table,
    league_table,
    paired_differences,
)
from amager_eval.evidence.backtest.panels import make_panel

CRIME = make_panel(
    "made_up",
    "crime",
    pd.DataFrame({"area": ["a"], "crime_type": ["x"], "period": ["2015"], "count": [1]}),
    origins=["2018", "2021", "2022"],
    horizons=[1, 2],
)


@pytest.fixture
def scores():
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product(
        [["good", "poor"], [f"a{i:02d}" for i in range(30)], ["x", "y"], ["2018", "2021"], [1, 2]],
        names=["forecaster", "area", "crime_type", "origin", "horizon"],
    )
    frame = index.to_frame(index=False)
    frame["period"] = (frame["origin"].astype(int) + frame["horizon"]).astype(str)
    noise = rng.standard_normal(len(frame) // 2) ** 2  # the same cells are hard for both
    frame["crps"] = 5 + np.tile(noise, 2) + (frame["forecaster"] == "poor") * 0.3
    frame["log_score"] = frame["crps"] / 2
    frame["pit_low"] = np.where(frame["forecaster"] == "good", 0.4, 0.0)
    frame["pit_high"] = np.where(frame["forecaster"] == "good", 0.6, 0.01)
    return frame.assign(fallback=0)


def test_table_ranks_by_mean_crps(scores):
    table = league_table(scores, CRIME, small=["a00"]).set_index("forecaster")
    assert table["rank"].to_dict() == {"good": 1, "poor": 2}
    by_hand = scores.groupby("forecaster")["crps"].mean()
    np.testing.assert_allclose(table["crps"], by_hand.loc[table.index])
    before = scores[scores["origin"] == "2018"].groupby("forecaster")["crps"].mean()
    np.testing.assert_allclose(table["crps_before_covid"], before.loc[table.index])
    small = scores[scores["area"] == "a00"].groupby("forecaster")["crps"].mean()
    np.testing.assert_allclose(table["crps_small"], small.loc[table.index])
    assert table.loc["good", "coverage_50"] == pytest.approx(1.0)
    assert table.loc["poor", "coverage_95"] == pytest.approx(0.0)


def test_a_constant_paired_difference_has_no_width(scores):
    row = paired_differences(scores, CRIME, "good").iloc[0]
    assert row["difference"] == pytest.approx(-0.3)
    assert row["high"] - row["low"] == pytest.approx(0.0, abs=1e-9)
    assert row["areas"] == 30
    assert row["periods"] == 4
    assert row["ratio"] < 1
    assert row["mean_versus"] - row["mean"] == pytest.approx(0.3)


def test_only_cells_of_everyone_count(scores):
    gap = (scores["forecaster"] == "poor") & (scores["area"] == "a05")
    kept = common_cells(scores[~gap], CRIME)
    assert "a05" not in set(kept["area"])
    assert league_table(scores[~gap], CRIME)["cells"].tolist() == [232, 232]
    with pytest.raises(InputError, match="scored twice"):
        common_cells(pd.concat([scores, scores]), CRIME)
    with pytest.raises(InputError, match="no scores of 'mine'"):
        paired_differences(scores, CRIME, "mine")


def test_coverage_per_origin(scores):
    coverage = coverage_by_origin(scores)
    assert len(coverage) == 4 * len(LEVELS)
    assert (coverage.set_index("forecaster").loc["good", "coverage"] == 1.0).all()


def test_events_overall_and_where_the_area_was_short():
    panel = make_panel(
        "made_up",
        "safety",
        pd.DataFrame(
            {
                "area": ["a"],
                "wave": [2015],
                "setting": ["s"],
                "response": ["safe"],
                "percent": [1.0],
            }
        ),
        origins=[2018, 2019],
        horizons=[1],
        whole="City",
    )
    rng = np.random.default_rng(2)
    chance = rng.random(400)
    happened = rng.random(400) < chance
    parts = [
        pd.DataFrame(
            {
                "forecaster": name,
                "area": [f"a{i % 40}" for i in range(400)],
                "setting": "s",
                "response": "safe",
                "origin": 2018,
                "period": 2019 + np.arange(400) // 40,
                "reach_probability": said,
                "reached": happened.astype(float),
                "reached_at_origin": (chance > 0.5).astype(float),
            }
        )
        for name, said in (("knows", chance), ("says half", np.full(400, 0.5)))
    ]
    table = event_table(pd.concat(parts, ignore_index=True), panel, reference="knows")
    names = {"all", "short", "reached"}
    assert set(table["cells"]) == names | {f"{name}_complete" for name in names}
    overall = table[table["cells"] == "all"].set_index("forecaster")
    assert overall.loc["knows", "rank"] == 1
    assert overall.loc["says half", "brier"] == pytest.approx(0.25)
    assert overall.loc["says half", "high"] < 0
    assert overall.loc["knows", "difference"] == pytest.approx(0.0)


def test_an_outcome_counts_once_and_a_wave_with_few_areas_is_not_complete():
    panel = make_panel(
        "made_up", "safety",
        pd.DataFrame({"area": ["a"], "wave": [2015], "setting": ["s"], "response": ["safe"],
                      "percent": [1.0]}),
        origins=[2018, 2019], horizons=[1, 2], whole="City",
    )  # fmt: skip
    rows = [
        ("a", 2018, 2020, 0.9, 0.0), ("a", 2019, 2020, 0.5, 0.0), ("b", 2019, 2020, 0.1, 0.0),
        ("a", 2019, 2021, 0.8, 1.0),
    ]  # fmt: skip
    columns = ["area", "origin", "period", "reach_probability", "reached"]
    scores = pd.DataFrame(rows, columns=columns).assign(
        forecaster="one", setting="s", response="safe", reached_at_origin=0.0
    )
    found = event_table(scores, panel).set_index("cells")
    assert found.loc["all", ["forecasts", "outcomes", "areas"]].tolist() == [4, 3, 2]
    assert found.loc["all", "brier"] == pytest.approx((0.81 + 0.25 + 0.01 + 0.04) / 4)
    assert found.loc["all", "brier_once"] == pytest.approx(((0.81 + 0.25) / 2 + 0.01 + 0.04) / 3)
    # only area a was published in 2021
    assert found.loc["short_complete", ["forecasts", "outcomes"]].tolist() == [3, 2]


def test_the_gap_is_scored_where_it_was_forecast(scores):
    assert gap_table(scores, CRIME) is None
    half = scores["area"] < "a15"
    told = scores.assign(
        gap_crps=scores["crps"].where(half),
        gap_pit_low=scores["pit_low"], gap_pit_high=scores["pit_high"],
    )  # fmt: skip
    table = gap_table(told, CRIME).set_index("forecaster")
    assert table["cells"].tolist() == [half.sum() / 2] * 2
    by_hand = scores[half & (scores["forecaster"] == "good")]["crps"].mean()
    assert table.loc["good", "gap_crps"] == pytest.approx(by_hand)
    assert table.loc["good", "coverage_50"] == 1
    assert table.loc["poor", "coverage_95"] == 0
