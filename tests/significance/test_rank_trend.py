import json
from pathlib import Path

import numpy as np
import pytest

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "02_trend_multiplicity_power.json").read_text())["cases"]
ORACLE = CASES["trend_known_variance"]


def test_agrees_with_r():
    t = sg.rank_trend(ORACLE["input"]["p"], ORACLE["input"]["year"])
    expected = [ORACLE["kendall_tau_b"], ORACLE["kendall_p_asymptotic"], ORACLE["theil_sen_slope"]]
    assert [t.tau, t.p_value, t.slope] == pytest.approx(expected, abs=1e-8)
    assert t.n == 11


def test_constant_missing_and_impossible():
    constant = sg.rank_trend([5, 5, 5], [1, 2, 3])
    assert np.isnan(constant.tau)
    assert constant.slope == 0
    assert np.isnan(sg.rank_trend([5, np.nan, 5], [1, 2, 3]).slope)
    with pytest.raises(InputError, match="three waves"):
        sg.rank_trend([5, 6], [1, 2])
    with pytest.raises(InputError, match="different years; found '3 waves, years 1, 1, 1'"):
        sg.rank_trend([5, 6, 7], [1, 1, 1])
