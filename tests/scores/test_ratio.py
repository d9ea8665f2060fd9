"""Ratios of mean scores, with intervals over sets."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.scores.ratio import score_ratios


def test_ratio_of_means_and_an_interval_over_whole_sets():
    rng = np.random.default_rng(1)
    sets = np.repeat(np.arange(400), 4)
    hard = np.exp(0.5 * rng.standard_normal(400))[sets]  # shared by both answers
    known = hard * rng.uniform(0.5, 1.5, len(sets))
    scores = pd.DataFrame(
        {"set": sets, "ahead": np.tile([1, 1, 2, 2], 400), "area": np.tile(["a", "b"], 800)}
    ).assign(known=known, model=1.04 * known)
    found = score_ratios(scores, by="area")
    assert found["ratio"].to_numpy() == pytest.approx(np.full(6, 1.04))
    assert found["low"].to_numpy() == pytest.approx(np.full(6, 1.04))
    assert found["ahead"].tolist() == [0, 1, 2, 0, 1, 2]
    assert found["sets"].tolist() == [400] * 6
    only = scores[(scores["area"] == "a") & (scores["ahead"] == 2)]
    assert found["known"].iloc[2] == pytest.approx(only["known"].mean())
    noisy = scores.assign(model=scores["known"] * rng.uniform(0.5, 1.6, len(scores)))
    wide = score_ratios(noisy, by="area").query("ahead == 0")
    assert ((wide["low"] < 1.05) & (wide["high"] > 1.05)).all()
    assert (wide["high"] - wide["low"]).between(0.01, 0.1).all()
