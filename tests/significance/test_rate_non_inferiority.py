import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
HOLD = json.loads((REFERENCE / "05_equivalence_noninferiority.json").read_text())["cases"][
    "rate_hold"
]
RATIOS = json.loads((REFERENCE / "04_poisson_rates.json").read_text())["cases"]["rate_ratio"]


@pytest.mark.parametrize("case", [case for group in HOLD for case in group])
def test_hold_agrees_with_r(case):
    i = case["input"]
    t = sg.rate_non_inferiority(
        i["x_new"], i["pop_new"], i["x_base"], i["pop_base"], margin_ratio=i["margin_ratio"]
    )
    assert [t.p_value, t.worse_p_value] == pytest.approx(
        [case["p_noninferior_less"], case["p_worse_greater"]], abs=1e-7
    )


@pytest.mark.parametrize("case", RATIOS)
def test_one_sided_parts_of_the_rate_ratio(case):
    i = case["input"]
    args = (i["x_new"], i["pop_new"], i["x_base"], i["pop_base"])
    at_one = sg.rate_non_inferiority(*args)
    assert [at_one.p_value, at_one.worse_p_value] == pytest.approx(
        [case["p_less"], case["p_greater"]], abs=1e-8
    )
    assert at_one.high == pytest.approx(case["exact_upper95_one_sided"], abs=1e-8)
    margin = sg.rate_non_inferiority(*args, margin_ratio=1.10)
    assert margin.p_value == pytest.approx(case["noninferiority_margin_1.10_p"], abs=1e-8)


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500), st.floats(0.5, 2), st.floats(1, 4))
def test_non_inferior_exactly_when_the_limit_is_below_the_margin(x1, x0, margin, dispersion):
    t = sg.rate_non_inferiority(x1, 900, x0, 1000, margin_ratio=margin, dispersion=dispersion)
    if abs(t.p_value - 0.05) > 1e-9:
        assert t.non_inferior == (t.high < margin)


def test_missing_and_impossible():
    assert np.isnan(sg.rate_non_inferiority(np.nan, 10, 3, 10).p_value)
    with pytest.raises(InputError, match="margin_ratio"):
        sg.rate_non_inferiority(1, 10, 3, 10, margin_ratio=0)
