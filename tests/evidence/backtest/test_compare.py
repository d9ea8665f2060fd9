from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.evidence.backtest.trial import restrict

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.compare import compare
from amager_eval.evidence.backtest.panels import crime_quarterly, envipe, small_areas
from amager_eval.evidence.backtest.run import run_backtest
from amager_eval.evidence.peers.gap import LastGap
from amager_eval.evidence.peers.series import SeriesPeer, last_value


def naive(scale, name="seasonal_naive"):
    return SeriesPeer(name, last_value, scale, "last value of the season", least=1, size=300)


def test_crime_tables_agree_with_one_another_and_are_written(tmp_path):
    whole = crime_quarterly()
    panel = restrict(whole, whole.areas[:5])  # Dragør has fewer than 30,000 inhabitants
    own = run_backtest(panel, naive("sqrt", "own"), cache=tmp_path)
    peers = pd.concat(
        run_backtest(panel, p, origins=panel.origins, cache=tmp_path).scores
        for p in (naive("sqrt"), naive("log", "naive_log"))
    )
    found = compare(panel, own, peers)
    assert found.origins == panel.development
    assert set(found.league["forecaster"]) == {"own", "seasonal_naive", "naive_log"}
    assert set(found.differences["subset"]) == {"all", "small", "before_covid", "since"}
    mean = found.league.set_index("forecaster")["crps"]
    row = found.differences.query("subset == 'all' and versus == 'naive_log'").iloc[0]
    assert row["difference"] == pytest.approx(mean["own"] - mean["naive_log"])
    assert row["low"] <= row["difference"] <= row["high"]
    assert found.groups.groupby("origins").size().to_dict() == dict.fromkeys(
        ("all", "before_covid", "since"), 3 * 7 * 8
    )
    assert found.events is None
    paths = found.write(tmp_path / "tables")
    assert {p.name for p in paths} == {
        f"crime_quarterly_{t}.csv"
        for t in (
            "league",
            "differences",
            "groups",
            "coverage",
            "origin_ranks",
            "pit",
            "units",
        )
    }
    back = pd.read_csv(tmp_path / "tables" / "crime_quarterly_league.csv")
    np.testing.assert_allclose(back["crps"], found.league["crps"], rtol=1e-5)


def test_figures_of_held_back_origins_alone_and_fits_past_their_gates_stand_apart(tmp_path):
    whole = crime_quarterly()
    panel = restrict(whole, whole.areas[:5])
    own = run_backtest(panel, naive("sqrt", "own"), origins=panel.origins, cache=tmp_path)
    peers = run_backtest(panel, naive("sqrt"), origins=panel.origins, cache=tmp_path).scores
    missed = (own.scores["area"] == panel.areas[0]) & (own.scores["origin"] == "2018K4")
    scores = own.scores.assign(passed=(~missed).astype(int))
    rows = compare(panel, replace(own, scores=scores), peers).differences.set_index("subset")
    second_year = scores["period"].str.startswith("2025")  # forecast from 2023K4 alone
    assert set(scores.loc[second_year, "origin"]) == set(panel.final) == {"2023K4"}
    assert rows.loc["untouched", "cells"] == second_year.sum() == 5 * 7 * 4
    assert rows.loc["untouched", "mean"] == pytest.approx(scores.loc[second_year, "crps"].mean())
    few = set(small_areas(panel))
    assert 0 < len(few) < 5
    assert rows.loc["untouched_small", "cells"] == len(few) * 7 * 4
    assert rows.loc["past_gates", "cells"] == len(scores) - 7 * 8
    by_hand = scores.loc[~missed, "crps"].mean()
    assert rows.loc["past_gates", "mean"] == pytest.approx(by_hand)


def test_events_stand_where_there_is_a_whole(tmp_path):
    panel = envipe()
    own = run_backtest(panel, LastGap(), origins=[2019, 2020], cache=tmp_path)
    peers = run_backtest(panel, naive("logit"), origins=[2019, 2020], cache=tmp_path).scores
    found = compare(panel, own, peers)
    overall = found.events.query("cells == 'all'").set_index("forecaster")
    assert overall.loc["last_gap", "difference"] == pytest.approx(0.0)
    assert overall.loc["last_gap", "forecasts"] == 32 * (4 + 4)
    scores = own.scores.dropna(subset=["reach_probability"])
    by_hand = ((scores["reach_probability"] - scores["reached"]) ** 2).mean()
    assert overall.loc["last_gap", "brier"] == pytest.approx(by_hand)
    with pytest.raises(InputError, match="scores of envipe, the panel is crime_quarterly"):
        compare(crime_quarterly(), own, peers)
