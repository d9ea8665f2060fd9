"""Figures remade by a fitted safety model, held against the published ones."""

import numpy as np
import pytest

from amager_eval.data.published import published
from amager_eval.evidence.document import read_evidence
from amager_eval.evidence.examinations import safety_predictive as module
from amager_eval.evidence.examinations.posterior_predictive import held_against
from amager_eval.evidence.examinations.safety_predictive import (
    safety_posterior_predictive,
    wave_statistics,
)
from amager_eval.evidence.examinations.validate import validate
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.fit import fit_safety

SPEC = load_model_spec("safety_trend")


def test_jumps_are_between_figures_that_follow_one_another():
    share = np.array([[0.80, 0.82, np.nan, 0.75], [0.60, 0.61, 0.63, np.nan]])
    found = wave_statistics(share)
    assert found["largest jump"] == pytest.approx(7.0)  # 82 to 75, a wave apart
    # yearly differences 2, 1 and 2 about their mean
    assert found["sd of yearly differences"] == pytest.approx(np.std([2.0, 1.0, 2.0]))
    assert np.isnan(wave_statistics(np.full((1, 3), np.nan))["sd of yearly differences"])


@pytest.mark.parametrize(("shift", "outside"), [(0.0, False), (30.0, True)])
def test_a_number_outside_what_is_made_is_said_to_be(shift, outside):
    made = np.random.default_rng(1).normal(10.0, 1.0, 2000)
    found = held_against(10.0 + shift, {"new": made})
    assert found["observed"] == 10.0 + shift
    assert found["outside_new"] is outside
    assert found["low_new"] < 10.0 < found["high_new"]
    assert found["above_new"] == pytest.approx(0.0 if outside else 0.5, abs=0.05)


def test_every_group_with_enough_waves_is_examined(random_draws):
    fit = fit_safety(published(), draws=20)
    table = safety_posterior_predictive(fit)
    assert set(table["areas"]) <= {"whole", "parts"}
    assert set(table["statistic"]) == {"largest jump", "sd of yearly differences"}
    assert (table["differences"] >= module.FEWEST).all()
    assert (table["low_same"] <= table["high_same"]).all()
    assert (table["low_new"] <= table["high_new"]).all()
    # random draws of every parameter move wildly: new paths jump further than any city does
    assert table["above_new"].mean() > 0.5


def test_both_examinations_of_the_bundled_figures_share_a_fit(random_draws, tmp_path):
    validate("safety", only=["predictive", "link"], draws=20, folder=tmp_path)
    assert len(random_draws) == 4 * 3  # one fit: three runs, each looked at again as none passes
    made = read_evidence(SPEC, "posterior_predictive", folder=tmp_path)
    assert made.settings["rows"] == len(made.rows)
    assert made.settings["gates_passed"] is False  # twenty random draws
    link = read_evidence(SPEC, "link_check", folder=tmp_path)
    assert link.settings["cells"] == len(link.rows) > 0
    assert link.settings["outside_the_95"] == sum(r["outside"] for r in link.rows)
