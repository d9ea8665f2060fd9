import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "04_poisson_rates.json").read_text())["cases"]
METHODS = ("central", "mid-p", "minlike", "score", "wald")
counts = st.integers(0, 2000)
exposures = st.floats(100, 1e6)


def arguments(case):
    i = case["input"]
    return i["x_new"], i["pop_new"], i["x_base"], i["pop_base"]


@pytest.mark.parametrize("case", CASES["rate_ratio"])
def test_agrees_with_r(case):
    args = arguments(case)
    central = sg.rate_ratio(*args)
    assert central.estimate == pytest.approx(case["rate_ratio"], abs=1e-8)
    assert [central.low, central.high] == pytest.approx(case["exact_cond_ci95"], abs=1e-8)
    assert central.p_value == pytest.approx(case["p_exact_central"], abs=1e-8)
    mid = sg.rate_ratio(*args, method="mid-p")
    assert [mid.low, mid.high] == pytest.approx(case["midp_ci95"], abs=1e-8)
    assert mid.p_value == pytest.approx(case["midp_p_two_sided"], abs=1e-8)
    minlike = sg.rate_ratio(*args, method="minlike")
    assert minlike.p_value == pytest.approx(case["p_exact_minlike"], abs=1e-8)
    assert sg.rate_ratio(*args, method="score").p_value == pytest.approx(case["p_score"], abs=1e-8)
    if case["wald_log_ci95"] is not None:
        wald = sg.rate_ratio(*args, method="wald")
        assert [wald.low, wald.high] == pytest.approx(case["wald_log_ci95"], abs=1e-8)
    assert central.n == args[0] + args[2]


@pytest.mark.parametrize("case", CASES["multi_year_baseline"])
def test_a_baseline_of_several_years(case):
    r = sg.rate_ratio(*case["new"], *case["base"], method="minlike")
    assert [r.low, r.high] == pytest.approx(case["exact_ci95"], abs=1e-8)
    assert r.p_value == pytest.approx(case["p_minlike"], abs=1e-8)


@settings(deadline=None, max_examples=150)
@given(
    counts,
    exposures,
    counts,
    exposures,
    st.sampled_from(METHODS),
    st.floats(1, 6),
    st.floats(0.5, 0.999),
)
def test_properties(x1, e1, x0, e0, method, dispersion, level):
    if method == "minlike":
        dispersion = 1.0
    r = sg.rate_ratio(x1, e1, x0, e0, dispersion=dispersion, level=level, method=method)
    assert 0 <= r.p_value <= 1
    assert 0 <= r.low <= r.high
    if x1 + x0:
        assert r.low <= r.estimate * (1 + 1e-9)
        assert r.estimate <= r.high * (1 + 1e-9)
    swapped = sg.rate_ratio(x0, e0, x1, e1, dispersion=dispersion, level=level, method=method)
    assert swapped.p_value == pytest.approx(r.p_value, abs=1e-7)
    if np.isfinite(r.high) and r.low > 0:
        assert [1 / swapped.high, 1 / swapped.low] == pytest.approx([r.low, r.high], rel=1e-6)
    if method != "minlike":  # its p is not that of the central interval
        distance = min(abs(r.low - 1), abs(r.high - 1), abs(r.p_value - (1 - level)))
        if distance > 1e-7:
            assert r.significant == (r.low > 1 or r.high < 1)
        more = sg.rate_ratio(x1, e1, x0, e0, dispersion=2 * dispersion, level=level, method=method)
        assert more.low <= r.low + 1e-9
        assert more.high >= r.high * (1 - 1e-9)


def test_dispersion_is_quasi_poisson():
    plain = sg.rate_ratio(55, 59000, 75, 58000, method="wald")
    spread = sg.rate_ratio(55, 59000, 75, 58000, method="wald", dispersion=4)
    assert np.log(spread.high / spread.estimate) == pytest.approx(
        2 * np.log(plain.high / plain.estimate)
    )
    assert sg.rate_ratio(550, 59000, 750, 58000, dispersion=10).low == pytest.approx(
        sg.rate_ratio(55, 59000, 75, 58000).low
    )


def test_zeros_missing_and_types():
    nothing = sg.rate_ratio(0, 10, 0, 10)
    assert np.isnan(nothing.estimate)
    assert (nothing.low, nothing.high, nothing.p_value) == (0.0, np.inf, 1.0)
    for method in METHODS:
        assert sg.rate_ratio(3, 10, 0, 10, method=method).high == np.inf
        assert sg.rate_ratio(0, 10, 3, 10, method=method).low == 0
        many = sg.rate_ratio([5, np.nan], 10, [4, 4], 10, method=method)
        assert np.isnan(many.p_value).tolist() == [False, True]
        assert np.isnan(many.low[1])
        assert np.isnan(many.high[1])
    assert type(sg.rate_ratio(5, 10, 4, 10).p_value) is float


@pytest.mark.parametrize(
    ("args", "kwargs", "named"),
    [
        ((-1, 10, 4, 10), {}, "count1"),
        ((1, 0, 4, 10), {}, "exposure1"),
        ((1, 10, 4, 10), {"dispersion": 0}, "dispersion"),
        ((1, 10, 4, 10), {"dispersion": 2, "method": "minlike"}, "minlike"),
        ((1.5, 10, 4, 10), {"method": "minlike"}, "whole counts .* found 'count1 1.5'"),
        ((1.5, 10, 2.5, 10), {"method": "minlike"}, "whole counts .* found 'count1 1.5'"),
        ((1, 10, 4, 10), {"method": "exact"}, "method"),
    ],
)
def test_impossible_input(args, kwargs, named):
    with pytest.raises(InputError, match=named):
        sg.rate_ratio(*args, **kwargs)


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
