import numpy as np
import pandas as pd
import pytest

from amager_eval.evidence.backtest.groups import group_table, own_by_group
from amager_eval.evidence.backtest.panels import make_panel

CRIME = make_panel(
    "made_up",
    "crime",
    pd.DataFrame({"area": ["a"], "crime_type": ["x"], "period": ["2015"], "count": [1]}),
    origins=["2018", "2021", "2022"],
    horizons=[1, 2],
)
BY = ["crime_type", "horizon"]


@pytest.fixture
def scores():
    """Two forecasters; the second is better in type y alone, and worse before the pandemic."""
    index = pd.MultiIndex.from_product(
        [["own", "peer"], ["a", "b", "c"], ["x", "y"], ["2018", "2021"], [1, 2]],
        names=["forecaster", "area", "crime_type", "origin", "horizon"],
    )
    frame = index.to_frame(index=False)
    frame["period"] = (frame["origin"].astype(int) + frame["horizon"]).astype(str)
    peer, y, old = (
        frame[c] == v for c, v in (("forecaster", "peer"), ("crime_type", "y"), ("origin", "2018"))
    )
    frame["crps"] = 5.0 + np.where(peer, np.where(y, -1.0, 1.0) + 3.0 * (old & y), 0.0)
    frame["log_score"] = 2.0 + 0.5 * peer
    frame["pit_low"] = np.where(peer, 0.0, np.where(frame["area"] == "a", 0.9, 0.4))
    frame["pit_high"] = frame["pit_low"] + 0.1
    return frame


def test_scores_ranks_and_coverage_of_every_group(scores):
    table = group_table(scores, CRIME, BY).set_index(["origins", *BY, "forecaster"])
    assert len(table) == 3 * 2 * 2 * 2
    assert table.loc[("all", "x", 1, "own"), "rank"] == 1
    assert table.loc[("since", "y", 2, "own"), "rank"] == 2
    assert table.loc[("before_covid", "y", 2, "own"), "rank"] == 1
    assert table.loc[("all", "y", 1, "peer"), "crps"] == pytest.approx((4 + 7) / 2)
    assert table.loc[("all", "y", 1, "own"), "log_score"] == 2.0
    assert table.loc[("all", "y", 1, "own"), "rank_log_score"] == 1
    # one of three areas lies above the 80 % interval, its PIT being over .9
    assert table.loc[("all", "x", 1, "own"), "coverage_80"] == pytest.approx(2 / 3)
    assert table.loc[("all", "x", 1, "peer"), "coverage_80"] == pytest.approx(0.0)
    assert (table["cells"] == np.where(table.index.get_level_values(0) == "all", 6, 3)).all()


def test_a_forecaster_without_a_log_score_has_no_rank_in_it(scores):
    scores.loc[scores["forecaster"] == "peer", "log_score"] = np.nan
    table = group_table(scores, CRIME, BY)
    peer = table[table["forecaster"] == "peer"]
    assert peer["log_score"].isna().all()
    assert peer["rank_log_score"].isna().all()
    assert own_by_group(table, "own")["rank_log_score"].eq(1).all()


def test_own_rows_stand_beside_the_best_other(scores):
    groups = group_table(scores, CRIME, BY)
    own = own_by_group(groups, "own").set_index(BY)
    assert own.loc[("x", 1), "best_other"] == "peer"
    assert own.loc[("x", 1), "ratio"] == pytest.approx(5 / 6)
    assert own.loc[("y", 1), ["rank", "best_other_log_score"]].tolist() == [1, 2.5]
    before = own_by_group(groups, "own", origins="before_covid").set_index(BY)
    assert before.loc[("y", 1), "ratio"] == pytest.approx(5 / 7)
    late = group_table(scores[scores["origin"] == "2021"], CRIME, BY)
    assert set(late["origins"]) == {"all"}
    assert own_by_group(late, "own", origins="before_covid").empty
