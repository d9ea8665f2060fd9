import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "02_trend_multiplicity_power.json").read_text())["cases"]
TRENDS = CASES["cochran_armitage"]


@pytest.mark.parametrize("name", TRENDS)
def test_agrees_with_r(name):
    case = TRENDS[name]
    x, n, s = (case["input"][k] for k in "xns")
    t = sg.trend(x, n, s)
    assert [t.z, t.p_value] == pytest.approx([case["z"], case["p_two_sided"]], abs=1e-8)
    assert t.z**2 == pytest.approx(case["chi2_base_prop.trend.test"], abs=1e-8)
    spread = sg.trend(x, n, s, deff=1.5)
    assert [spread.z, spread.p_value] == pytest.approx(
        [case["z_with_deff_1.5"], case["p_with_deff_1.5"]], abs=1e-8
    )
    assert t.n == sum(n)
    # coin's form with N - 1, for whoever compares
    assert t.z * np.sqrt((t.n - 1) / t.n) == pytest.approx(case["z_coin_Nminus1"], abs=1e-8)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(300, 400)), min_size=2, max_size=8))
def test_symmetries(waves):
    x, n = (np.array(v) for v in zip(*waves, strict=True))
    t = sg.trend(x, n)
    assert sg.trend(n - x, n).z == pytest.approx(-t.z, abs=1e-9)
    assert sg.trend(x[::-1], n[::-1]).z == pytest.approx(-t.z, abs=1e-9)
    assert sg.trend(x, n, 2014 + 2 * np.arange(len(x))).z == pytest.approx(t.z, abs=1e-6)


def test_two_waves_are_the_difference():
    assert sg.trend([252, 273], [300, 350]).z == pytest.approx(
        sg.difference(273, 350, 252, 300).z, abs=1e-12
    )


def test_extremes_and_missing():
    assert sg.trend([0, 0, 0], [10, 20, 30]).p_value == 1.0
    assert sg.trend([10, 20, 30], [10, 20, 30]).z == 0.0
    assert np.isnan(sg.trend([1, np.nan, 2], [10, 10, 10]).z)


def test_impossible_input():
    with pytest.raises(InputError, match="counts must not exceed totals"):
        sg.trend([11, 2], [10, 10])
    with pytest.raises(InputError, match="two waves"):
        sg.trend([1], [10])
    with pytest.raises(InputError, match=r"different scores; found .2 waves, scores 3, 3"):
        sg.trend([1, 2], [10, 10], [3, 3])
    with pytest.raises(InputError, match="totals must be a sequence of 2"):
        sg.trend([1, 2], [10, 10, 10])
