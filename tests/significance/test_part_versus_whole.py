import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "08_part_whole_published.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_r(case):
    c = sg.part_versus_whole(
        case["p_district"],
        case["n_district"],
        case["p_city"],
        case["n_city"],
        weight=case["W"],
        deff=case["deff"],
    )
    expected = [case["diff"], case["se"], case["z"], case["p"], *case["ci95"]]
    assert [c.estimate, c.se, c.z, c.p_value, c.low, c.high] == pytest.approx(expected, abs=1e-10)
    assert (c.n, c.level) == (case["n_city"], 0.95)
    # taking them for independent is too cautious
    assert c.se < case["se_naive"]


@settings(deadline=None)
@given(
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
    st.floats(0.01, 0.5),
    st.integers(20, 500),
    st.integers(600, 5000),
)
def test_it_is_the_contrast_with_the_rest(p_part, p_rest, weight, n_part, n_whole):
    p_whole = weight * p_part + (1 - weight) * p_rest
    c = sg.part_versus_whole(p_part, n_part, p_whole, n_whole, weight=weight)
    n_rest = n_whole - n_part
    error = np.sqrt(p_part * (1 - p_part) / n_part + p_rest * (1 - p_rest) / n_rest)
    assert c.z == pytest.approx((p_part - p_rest) / error, abs=1e-6)


def test_weight_and_shares_must_be_possible():
    with pytest.raises(InputError, match=r"weight must lie above 0 and below 1; found '1.2'"):
        sg.part_versus_whole(0.8, 300, 0.9, 4000, weight=1.2)
    with pytest.raises(InputError, match=r"p_part .* found '84'"):
        sg.part_versus_whole(84, 300, 0.9, 4000, weight=0.1)
    with pytest.raises(InputError, match="n_whole must exceed n_part"):
        sg.part_versus_whole(0.8, 300, 0.9, 300, weight=0.1)
    with pytest.raises(InputError, match="found 'n_whole 500, n_part 600'"):
        sg.part_versus_whole(0.8, [100, 600, 100], 0.9, [400, 500, 900], weight=0.1)
    with pytest.raises(InputError, match=r"found 'p_part 0.1, p_whole 0.9, weight 0.5, rest 1.7'"):
        sg.part_versus_whole([0.9, 0.1], 100, 0.9, 900, weight=0.5)
    with pytest.raises(InputError, match="rest would have a share outside 0 to 1"):
        sg.part_versus_whole(0.5, 300, 0.99, 4000, weight=0.2)


def test_extremes_arrays_and_missing():
    same = sg.part_versus_whole(1, 300, 1, 4000, weight=0.1)
    assert (same.z, same.p_value) == (0.0, 1.0)
    many = sg.part_versus_whole([0.84, np.nan], [310, 310], 0.88, 4000, weight=[0.095, 0.1])
    assert np.isnan(many.z).tolist() == [False, True]
    assert type(sg.part_versus_whole(0.84, 310, 0.88, 4000, weight=0.095).z) is float
