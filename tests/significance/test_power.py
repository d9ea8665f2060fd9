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


@pytest.mark.parametrize("case", CASES["power_two_prop"])
def test_agrees_with_r(case):
    args = (case["p1"], case["p2"], case["n_per_group"])

    def power(**kwargs):
        return sg.power(*args, deff=case["deff"], **kwargs)

    assert power() == pytest.approx(case["power_base_strict_false"], abs=1e-8)
    assert power(both_tails=True) == pytest.approx(case["power_base_strict_true"], abs=1e-8)
    assert power(both_tails=True) == pytest.approx(case["power_Hmisc_bpower"], abs=1e-8)
    assert power(method="arcsine", both_tails=True) == pytest.approx(
        case["power_pwr_arcsine"], abs=1e-8
    )
    assert power(method="wald") == pytest.approx(case["power_unpooled_normal"], abs=1e-8)
    assert power(n2=case["n_per_group"]) == power()


@pytest.mark.parametrize("case", CASES["sample_size_80"])
def test_respondents_agree_with_r(case):
    assert sg.respondents_for_power(case["p1"], case["p2"]) == pytest.approx(
        case["n_per_group_base"], rel=1e-8
    )
    # pwr counts the wrong tail too, and stops its search at 1e-10
    assert sg.respondents_for_power(case["p1"], case["p2"], method="arcsine") == pytest.approx(
        case["n_pwr"], rel=1e-5
    )


@pytest.mark.parametrize("case", CASES["mdd_80"])
def test_smallest_detectable_change_agrees_with_r(case):
    change = sg.smallest_detectable_change(case["p1"], case["n"], case["n"])
    # power.prop.test stops its search at 1.2e-4; ours is the root, as the next line shows
    assert change == pytest.approx(case["mdd_up"], abs=1.3e-4)
    assert sg.power(case["p1"], case["p1"] + change, case["n"]) == pytest.approx(0.8, abs=1e-12)


@settings(deadline=None)
@given(
    # a share closer to 0 than this has no complement that a float can tell from 1
    st.floats(0, 1).map(lambda share: round(share, 9)),
    st.integers(20, 4000),
    st.integers(20, 4000),
    st.sampled_from(["up", "down"]),
    st.floats(1, 2),
    st.floats(0.5, 0.99),
)
def test_the_change_has_the_power_asked_for(share, n1, n2, direction, deff, wanted):
    kwargs = {"deff": deff, "power": wanted}
    change = sg.smallest_detectable_change(share, n1, n2, direction=direction, **kwargs)
    mirrored = sg.smallest_detectable_change(
        1 - share, n1, n2, direction="down" if direction == "up" else "up", **kwargs
    )
    assert mirrored == pytest.approx(change, abs=1e-6, nan_ok=True)
    sign = 1 if direction == "up" else -1
    if np.isnan(change):
        end = 1.0 if direction == "up" else 0.0
        assert share == end or sg.power(share, end, n1, n2, deff=deff) < wanted
    else:
        assert change > 0
        after = np.clip(share + sign * change, 0, 1)
        assert sg.power(share, after, n1, n2, deff=deff) == pytest.approx(wanted, abs=1e-6)


def test_more_respondents_see_more():
    n = np.array([50, 100, 300, 1000, 4000])
    assert (np.diff(sg.power(0.84, 0.88, n)) > 0).all()
    assert (np.diff(sg.smallest_detectable_change(0.84, n, n)) < 0).all()
    assert (np.diff(sg.smallest_detectable_change(0.84, 300, 300, deff=[1, 1.3, 1.6])) > 0).all()


def test_extremes_missing_and_impossible():
    assert sg.power(0, 1, 10) == 1.0
    assert sg.power(1, 1, 10) == 0.0
    assert sg.power(0.8, 0.8, 300, both_tails=True) == pytest.approx(0.05)
    assert sg.respondents_for_power(0.8, 0.8) == np.inf
    assert np.isnan(sg.power(np.nan, 0.8, 10))
    assert np.isnan(sg.smallest_detectable_change([np.nan, 0.5], 10, [100, np.nan])).all()
    assert type(sg.smallest_detectable_change(0.84, 300, 300)) is float
    with pytest.raises(InputError, match="share1"):
        sg.power(84, 0.88, 300)
    with pytest.raises(InputError, match=r"power must lie above 0\.05 and below 1"):
        sg.smallest_detectable_change(0.84, 300, 300, power=80)
