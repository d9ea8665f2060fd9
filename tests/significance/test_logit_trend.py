import json
from pathlib import Path

import numpy as np
import pytest

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "02_trend_multiplicity_power.json").read_text())["cases"]
TRENDS = CASES["cochran_armitage"]


def converged_error(x, n, s):
    """Newton's method to the end, on centred scores."""
    design = np.column_stack([np.ones_like(s), s - s.mean()])
    beta = np.array([np.log(x.sum() / (n.sum() - x.sum())), 0.0])
    for _ in range(100):
        p = 1 / (1 + np.exp(-design @ beta))
        information = (design.T * (n * p * (1 - p))) @ design
        beta = beta + np.linalg.solve(information, design.T @ (x - n * p))
    return np.sqrt(np.linalg.inv(information)[1, 1])


@pytest.mark.parametrize("name", TRENDS)
def test_agrees_with_r(name):
    case = TRENDS[name]
    x, n, s = (case["input"][k] for k in "xns")
    t = sg.logit_trend(x, n, s)
    assert t.estimate == pytest.approx(case["logit_slope"], abs=1e-8)
    # R's glm stops one step early: its standard errors are off in the sixth digit
    expected = [case["logit_slope_se"], case["logit_p"]]
    assert [t.se, t.p_value] == pytest.approx(expected, rel=1e-3)
    assert t.se == pytest.approx(
        converged_error(*(np.array(v, float) for v in (x, n, s))), rel=1e-9
    )
    assert sg.logit_trend(x, n, s, deff=4).se == pytest.approx(2 * t.se)


def test_missing_and_impossible():
    assert np.isnan(sg.logit_trend([1, np.nan, 3], [10, 10, 10], [1, 2, 3]).estimate)
    with pytest.raises(InputError, match="both answers"):
        sg.logit_trend([0, 0], [10, 10], [1, 2])
