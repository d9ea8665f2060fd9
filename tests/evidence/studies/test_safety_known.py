"""What knowing the scales is worth; the sampler is replaced, the rest is drawn in earnest."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.evidence.studies import safety_known
from amager_eval.evidence.studies.safety_known import draw_knowing, score_both
from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.evidence.studies.safety_study import small_city
from amager_eval.scores.ratio import score_sets
from amager_eval.spec.model import load_model_spec

SPEC = load_model_spec("safety_trend")
CITY = small_city(SPEC)
KNOWN = ("path_sd", "area_sd", "gap_sd", "setting_correlation", "response_gap", "log_deff")


def test_what_is_known_is_held_at_the_truth_and_the_rest_is_found():
    made = simulate_safety(CITY, SPEC, 4, ahead=4)
    design, found = draw_knowing(made, SPEC, draws=200, chains=2, seed=1)
    for name in KNOWN:
        assert found[name].to_numpy()[0, 0] == pytest.approx(made.truth[name].to_numpy()), name
        assert float(found[name].std(("chain", "draw")).max()) == pytest.approx(0, abs=1e-12)
    ratio = np.log(design["n"] / CITY["n"]).sel(setting="night", year=2020)
    assert ratio.to_numpy() == pytest.approx(made.truth["area_size"].to_numpy())
    eta, true = found["eta"], made.truth["eta"].sel(year=found["year"])
    z = (true - eta.mean(("chain", "draw"))) / eta.std(("chain", "draw"))
    assert float((z**2).mean()) == pytest.approx(1, abs=0.7)
    assert float(found["gap_slope"].std(("chain", "draw")).min()) > 0.01


def test_sets_are_scored_once_and_kept(random_draws, tmp_path, monkeypatch):
    said = []
    score, settings = score_both(CITY, SPEC, draws=20, chains=2), {"seed": 1, "folder": tmp_path}
    scores = score_sets(score, sets=10, progress=lambda *at: said.append(at), **settings)
    assert said[-1] == (10, 10)
    assert scores.groupby("set").size().tolist() == [2 * 4 * 2 * 2 * 4] * 10
    assert (scores[["model", "known"]] >= -0.01).all().all()  # fair: may fall below 0
    monkeypatch.setattr(safety_known, "simulate_safety", None)  # nothing is made anew
    pd.testing.assert_frame_equal(scores, score_sets(score, sets=10, **settings))
    with pytest.raises(InputError, match="found 3"):
        score_sets(score, sets=3, **settings)
