"""Blocks against one fit: the same cells, paired."""

import dataclasses

import pandas as pd
import pytest

from amager_eval.evidence.backtest.panels import crime_quarterly
from amager_eval.evidence.backtest.run import Backtest
from amager_eval.evidence.examinations.compare_blocks import compare_blocks

PANEL = crime_quarterly()


def scores(origins=("2018K4", "2021K4")) -> pd.DataFrame:
    """Two areas, one type, two periods; CRPS 10 and log score 3 in every cell."""
    cells = [
        {"area": a, "crime_type": "indbrud", "period": p, "origin": o, "crps": 10.0,
         "log_score": 3.0}
        for o in origins
        for a in ("101", "147")
        for p in (f"{int(o[:4]) + 1}K1", f"{int(o[:4]) + 1}K2")
    ]  # fmt: skip
    return pd.DataFrame(cells)


def joint(made: pd.DataFrame) -> Backtest:
    origins = made["origin"].unique()
    units = pd.DataFrame(
        {
            "unit": [f"{o}_98_000" for o in origins],
            "seconds": [100.0 * (i + 1) for i in range(len(origins))],
            "passed": ["True"] * len(origins),
            "problems": [None, "R-hat 1.010 of drift exceeds 1.01"][: len(origins)],
        }
    )
    return Backtest(PANEL.name, "amager_eval", made, units)


def test_the_difference_is_that_of_the_joint_fit_less_the_blocks():
    better = scores().assign(crps=9.0, log_score=3.5)
    table = compare_blocks(PANEL, scores(), joint(better)).set_index("origin")
    assert list(table.index) == ["2018K4", "2021K4", "all"]
    assert table["cells"].tolist() == [4, 4, 8]
    assert (table[["difference", "low", "high"]] == -1.0).all(axis=None)
    assert (table[["difference_log_score", "low_log_score", "high_log_score"]] == 0.5).all(
        axis=None
    )
    assert table["seconds"].tolist() == [100.0, 200.0, 300.0]
    assert table["problems"].tolist() == ["", *["R-hat 1.010 of drift exceeds 1.01"] * 2]


def test_cells_are_paired_by_name_not_by_order():
    uneven = scores().assign(crps=range(8))
    shuffled = uneven.sample(frac=1, random_state=1)
    table = compare_blocks(PANEL, uneven, joint(shuffled))
    assert (table["difference"] == 0).all()


def test_further_origins_of_the_blocks_are_left_aside_and_missing_cells_are_refused():
    one = joint(scores(("2018K4",)))
    assert compare_blocks(PANEL, scores(), one)["cells"].tolist() == [4, 4]
    with pytest.raises(ValueError, match="8 cells of one fit, 4 of them"):
        compare_blocks(PANEL, scores(("2018K4",)), joint(scores()))
    twice = dataclasses.replace(one, scores=pd.concat([one.scores, one.scores]))
    with pytest.raises(pd.errors.MergeError):
        compare_blocks(PANEL, scores(), twice)
