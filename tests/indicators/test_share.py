import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval.errors import InputError
from amager_eval.indicators import share

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "01_two_proportions.json").read_text())["cases"]
SHARE75 = json.loads((REFERENCE / "05_equivalence_noninferiority.json").read_text())["cases"][
    "share75"
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("wilson", "wilson95_1"),
        ("clopper-pearson", "clopper_pearson95_1"),
        ("jeffreys", "jeffreys95_1"),
    ],
)
def test_agrees_with_r(case, method, key):
    s = share(case["input"]["x1"], case["input"]["n1"], method=method)
    assert [s.low, s.high] == pytest.approx(case[key], abs=1e-8)
    assert (s.method, s.level, s.n, s.unit) == (method, 0.95, case["input"]["n1"], "share")


@pytest.mark.parametrize("case", SHARE75)
def test_exact_interval_of_small_lists(case):
    s = share(case["x"], case["n"], method="clopper-pearson")
    assert [s.low, s.high] == pytest.approx(case["clopper_pearson95"], abs=1e-7)
    assert s.estimate == case["point"]


@settings(deadline=None)
@given(
    st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.5, 4),
    st.floats(0.5, 0.999),
    st.sampled_from(["wilson", "clopper-pearson", "jeffreys"]),
)
def test_interval_properties(xn, deff, level, method):
    x, n = xn
    s = share(x, n, deff=deff, level=level, method=method)
    assert 0 <= s.low <= s.high <= 1
    if method != "jeffreys":  # Jeffreys' equal tails leave out an observed 0 or n
        assert s.low <= s.estimate <= s.high
        assert (s.low == 0) == (x == 0) or method == "clopper-pearson"
        assert x > 0 or s.low == 0
        assert x < n or s.high == 1
    mirror = share(n - x, n, deff=deff, level=level, method=method)
    assert [1 - mirror.high, 1 - mirror.low] == pytest.approx([s.low, s.high], abs=1e-9)
    # more design effect or fewer respondents: no narrower
    wider = share(x, n, deff=2 * deff, level=level, method=method)
    assert wider.high - wider.low >= s.high - s.low - 1e-12
    doubled = share(2 * x, 2 * n, deff=deff, level=level, method=method)
    assert doubled.high - doubled.low <= s.high - s.low + 1e-12


def test_numbers_arrays_series_and_missing():
    s = share(84, 100)
    assert all(type(v) is float for v in (s.estimate, s.low, s.high, s.n))
    many = share(pd.Series([84, np.nan, 0]), pd.Series([100, 100, 10]))
    assert type(many.low) is np.ndarray
    assert np.isnan(many.low).tolist() == [False, True, False]
    assert many.low[0] == s.low
    exact = share([np.nan, 3], [10, np.nan], method="clopper-pearson")
    assert np.isnan([exact.low, exact.high]).all()
    assert list(many.to_frame()["method"]) == ["wilson"] * 3


@pytest.mark.parametrize(
    ("kwargs", "argument", "value"),
    [
        ({"x": 80, "n": 70}, "x", "80 of 70"),
        ({"x": 1, "n": 0}, "n", "0"),
        ({"x": -1, "n": 10}, "x", "-1"),
        ({"x": [1, 11], "n": 10}, "x", "11 of 10 at position 1"),
        ({"x": 1, "n": 10, "deff": 0}, "deff", "0"),
        ({"x": 1, "n": 10, "level": 95}, "level", "95"),
        ({"x": 1, "n": 10, "method": "wald"}, "method", "wald"),
        ({"x": "many", "n": 10}, "x", "many"),
        ({"x": 1, "n": float("inf")}, "n", "inf"),
        ({"x": [1, 2], "n": [1, 2, 3]}, "matching lengths", "x (2,), n (3,)"),
    ],
)
def test_impossible_input_names_argument_and_value(kwargs, argument, value):
    with pytest.raises(InputError) as error:
        share(**kwargs)
    assert argument in str(error.value)
    assert value in str(error.value)
