import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "02_trend_multiplicity_power.json").read_text())["cases"]
ORACLE = CASES["trend_known_variance"]
YEARS, P, V = (np.array(ORACLE["input"][k], float) for k in ("year", "p", "v"))


def test_agrees_with_metafor():
    fixed = sg.random_effects_trend(P, V, YEARS, effects="none")
    expected = ORACLE["fixed"]
    assert [fixed.estimate, fixed.se, fixed.z, fixed.p_value] == pytest.approx(
        [expected["slope"], expected["se_slope"], expected["z"], expected["p"]], abs=1e-8
    )
    assert fixed.level_at_end == pytest.approx(expected["intercept2024"], abs=1e-8)
    assert [fixed.q, fixed.q_p_value] == pytest.approx([expected["QE"], expected["QEp"]], abs=1e-8)
    reml = sg.random_effects_trend(P, V, YEARS)
    expected = ORACLE["reml"]
    assert [reml.estimate, reml.se, reml.p_value, reml.tau2] == pytest.approx(
        [expected["slope"], expected["se"], expected["p"], expected["tau2"]], abs=1e-8
    )


@pytest.mark.parametrize("effects", ["independent", "walk"])
def test_tau2_maximises_the_restricted_likelihood(effects):
    rng = np.random.default_rng(5)
    moves = rng.normal(0, 0.05, len(P))
    y = np.clip(P + (np.cumsum(moves) if effects == "walk" else moves), 0, 1)
    t = sg.random_effects_trend(y, V, YEARS, effects=effects)
    assert t.tau2 > 0
    since = YEARS - YEARS.min()
    shape = np.minimum(since[:, None], since) if effects == "walk" else np.eye(len(y))
    design = np.column_stack([np.ones_like(y), YEARS - YEARS.max()])

    def loss(tau2):
        sigma = np.diag(V) + tau2 * shape
        inverse = np.linalg.inv(sigma)
        cross = design.T @ inverse @ design
        beta = np.linalg.solve(cross, design.T @ inverse @ y)
        r = y - design @ beta
        return np.linalg.slogdet(sigma)[1] + np.linalg.slogdet(cross)[1] + r @ inverse @ r

    best = minimize_scalar(loss, bounds=(0, 0.05), method="bounded", options={"xatol": 1e-12})
    assert t.tau2 == pytest.approx(best.x, rel=1e-4)


def test_a_step_takes_the_break_out_of_the_slope():
    flat = np.where(YEARS >= 2017, 0.86, 0.92)
    without = sg.random_effects_trend(flat, V, YEARS, effects="none")
    with_step = sg.random_effects_trend(flat, V, YEARS, effects="none", step_from=2017)
    assert without.p_value < 0.05
    assert with_step.estimate == pytest.approx(0, abs=1e-12)
    assert with_step.step == pytest.approx(-0.06, abs=1e-12)
    assert np.isnan(without.step)


def test_missing_and_impossible():
    gone = np.where(np.arange(len(P)) == 3, np.nan, P)
    assert np.isnan(sg.random_effects_trend(gone, V, YEARS).estimate)
    with pytest.raises(InputError, match="variances must lie above 0"):
        sg.random_effects_trend(P, 0 * V, YEARS)
    with pytest.raises(InputError, match="one side of step_from"):
        sg.random_effects_trend(P, V, YEARS, step_from=2000)
    with pytest.raises(InputError, match="too few waves"):
        sg.random_effects_trend(P[:2], V[:2], YEARS[:2])
