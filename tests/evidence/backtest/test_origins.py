"""Ranks and intervals per origin, on the stored scores and on made-up ones."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.evidence.backtest.origins import pit_by_origin, rank_by_origin
from amager_eval.evidence.backtest.panels import copenhagen
from amager_eval.scores.pit import pit_histogram

PANEL = copenhagen()
AREAS = tuple(PANEL.areas[:4])


def scores() -> pd.DataFrame:
    """Three methods: `own` is best from 2018 and second from 2019."""
    crps = {2018: {"own": 1.0, "naive": 2.0, "theta": 3.0}, 2019: {"own": 2.0, "naive": 1.5,
                                                                   "theta": 3.0}}  # fmt: skip
    return pd.DataFrame(
        {"forecaster": name, "area": area, "setting": "night", "response": "unsafe",
         "origin": origin, "period": origin + ahead, "crps": value,
         "pit_low": 0.1 * ahead, "pit_high": 0.1 * ahead + 0.05}
        for origin, of in crps.items()
        for name, value in of.items()
        for area in AREAS
        for ahead in (1, 2)
    )  # fmt: skip


def test_each_origin_has_its_rank_and_its_best_other():
    table = rank_by_origin(scores(), PANEL, "own", small=AREAS[:1])
    assert table["subset"].tolist() == ["all", "all", "small", "small"]
    every = table[table["subset"] == "all"].set_index("origin")
    assert every["rank"].to_dict() == {2018: 1, 2019: 2}
    assert every["best_other"].tolist() == ["naive", "naive"]
    assert every["difference"].tolist() == [-1.0, 0.5]
    assert (every["low"] == every["difference"]).all()  # the same in every cell
    assert table.loc[table["subset"] == "small", "cells"].tolist() == [2, 2]
    assert rank_by_origin(scores(), PANEL, "own")["subset"].unique().tolist() == ["all"]


def test_the_histogram_is_exact_over_the_randomisation():
    own = scores().query("forecaster == 'own'")
    table = pit_by_origin(own)
    assert table["origin"].unique().tolist() == ["all", 2018, 2019]
    every = table[table["origin"] == "all"].set_index("low")["share"]
    assert every[[0.1, 0.2]].tolist() == pytest.approx([0.5, 0.5])
    assert every.sum() == pytest.approx(1.0)
    rng = np.random.default_rng(1)
    low = rng.uniform(0, 0.9, 500)
    high = low + rng.uniform(0.001, 0.1, 500)
    drawn = low + rng.uniform(size=(4000, 500)) * (high - low)
    counted = np.histogram(drawn, bins=np.linspace(0, 1, 11))[0] / drawn.size
    assert pit_histogram(low, high) == pytest.approx(counted, abs=0.002)
