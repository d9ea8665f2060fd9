import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
GROUPS = json.loads((REFERENCE / "05_equivalence_noninferiority.json").read_text())["cases"]["tost"]
CASES = [case for group in GROUPS for case in group]
NAMES = {"FM": "farrington-manning", "MN": "miettinen-nurminen", "wald": "wald"}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("key", "method"), NAMES.items())
def test_agrees_with_r(case, key, method):
    e = sg.equivalence(**case["input"], method=method)
    expected = case[key]
    got = {
        "z_lower": e.z_lower,
        "z_upper": e.z_upper,
        "p_lower": e.p_lower,
        "p_upper": e.p_upper,
        "p_tost": e.p_value,
    }
    for name, value in got.items():
        assert value == pytest.approx(expected[name], abs=1e-7, rel=1e-7), name
    assert e.equivalent == (expected["p_tost"] < 0.05)
    t = sg.non_inferiority(**case["input"], method=method)
    assert t.p_value == pytest.approx(expected["p_lower"], abs=1e-7)
    if key == "MN":
        assert t.p_value == pytest.approx(case["noninferiority_p_MN"], abs=1e-7)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.01, 0.5),
    st.sampled_from(["farrington-manning", "miettinen-nurminen"]),
)
def test_duality_and_symmetry(first, second, margin, method):
    e = sg.equivalence(*first, *second, margin=margin, method=method)
    edge = min(abs(e.low + margin), abs(e.high - margin), abs(e.p_value - 0.05))
    if edge > 1e-9:
        assert e.equivalent == (-margin < e.low and e.high < margin)
    swapped = sg.equivalence(*second, *first, margin=margin, method=method)
    assert swapped.p_value == pytest.approx(e.p_value, abs=1e-9)
    up = sg.non_inferiority(*first, *second, margin=margin, method=method)
    # group 1 not lower by more than the margin is group 2 not higher by more than it
    down = sg.non_inferiority(*second, *first, margin=margin, method=method, higher_is_better=False)
    assert down.p_value == pytest.approx(up.p_value, abs=1e-9)
    wider = sg.equivalence(*first, *second, margin=min(margin * 1.5, 0.9), method=method)
    assert wider.p_value <= e.p_value + 1e-9


def test_not_significant_is_not_equivalent():
    assert not sg.difference(8, 10, 7, 10).significant
    assert not sg.equivalence(8, 10, 7, 10, margin=0.05).equivalent


def test_arrays_missing_and_design_effect():
    e = sg.equivalence([264, np.nan], 300, 3432, 3900, margin=0.05)
    assert e.equivalent.tolist() == [True, False]
    assert np.isnan(e.p_value).tolist() == [False, True]
    spread = sg.equivalence(528, 600, 6864, 7800, margin=0.05, deff=2)
    assert spread.p_value == pytest.approx(e.p_value[0], abs=1e-12)
    assert spread.n == 8400
    assert type(spread.equivalent) is bool


def test_impossible_input():
    with pytest.raises(InputError, match="margin must lie above 0 and below 1"):
        sg.equivalence(264, 300, 3432, 3900, margin=5)
    with pytest.raises(InputError, match="level"):
        sg.equivalence(264, 300, 3432, 3900, margin=0.05, level=0.4)
    with pytest.raises(InputError, match="method"):
        sg.equivalence(264, 300, 3432, 3900, margin=0.05, method="newcombe")
