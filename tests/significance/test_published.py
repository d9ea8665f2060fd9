import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError
from amager_eval.significance.published import rounding_box

REFERENCE = Path(__file__).parents[1] / "reference"
VERDICTS = json.loads((REFERENCE / "07_published_verdicts_kk.json").read_text())["cases"][
    "verdicts"
]
PARTS = json.loads((REFERENCE / "08_part_whole_published.json").read_text())["cases"]


@pytest.mark.parametrize("case", VERDICTS)
def test_the_municipality_s_own_verdicts(case):
    args = (case["p1"], case["n1"], case["p2"], case["n2"])
    one = sg.published_change(*args, deffs=[1.0])
    assert [one.z_low, one.z_high] == pytest.approx(case["z_range_over_rounding_deff1"], abs=1e-8)
    assert one.z == pytest.approx(case["z_at_rounded"], abs=1e-8)
    assert one.critical_deff == pytest.approx(
        case["deff_at_which_rounded_point_is_exactly_1.96"], abs=1e-8
    )
    more = sg.published_change(*args, deffs=[1.5])
    assert [more.z_low, more.z_high] == pytest.approx(
        case["z_range_over_rounding_deff1.5"], abs=1e-8
    )
    assert (one.verdict != "undecidable") == case["verdict_robust_to_rounding_deff1"]
    # never the opposite of what the municipality, which has the data, published
    verdict = sg.published_change(*args).verdict
    assert verdict in {case["published"], "undecidable"}
    if case["verdict_robust_to_rounding_deff1"]:
        assert verdict == case["published"]
    difference = sg.difference(
        case["p2"] / 100 * case["n2"], case["n2"], case["p1"] / 100 * case["n1"], case["n1"]
    )
    assert [difference.z, difference.p_value] == pytest.approx(
        [case["z_at_rounded"], case["p_at_rounded"]], abs=1e-8
    )


@pytest.mark.parametrize("case", PARTS)
def test_part_against_whole_over_the_box(case):
    v = sg.published_part_versus_whole(
        100 * case["p_district"],
        case["n_district"],
        100 * case["p_city"],
        case["n_city"],
        weight=case["W"],
        deffs=[case["deff"]],
    )
    expected = [case["z"], case["z_min_over_rounding"], case["z_max_over_rounding"]]
    assert [v.z, v.z_low, v.z_high] == pytest.approx(expected, abs=1e-10)
    assert (v.verdict != "undecidable") == case["verdict_robust"]


percents = st.integers(0, 100)
sizes = st.integers(30, 5000)


@settings(deadline=None, max_examples=100)
@given(percents, sizes, percents, sizes, st.floats(0, 1), st.floats(0, 1), st.floats(1, 1.6))
def test_no_value_of_the_box_contradicts_a_verdict(a, na, b, nb, u, v, deff):
    judged = sg.published_change(a, na, b, nb)
    low_a, high_a = rounding_box(np.float64(a / 100), 0)
    low_b, high_b = rounding_box(np.float64(b / 100), 0)
    p, q = low_a + u * (high_a - low_a), low_b + v * (high_b - low_b)
    d = sg.difference(q * nb, nb, p * na, na, deff=deff)
    assert judged.z_low - 1e-9 <= d.z <= judged.z_high + 1e-9
    if judged.verdict == "significant":
        assert d.p_value < 0.05 + 1e-9
    if judged.verdict == "not significant":
        assert d.p_value >= 0.05 - 1e-9


@settings(deadline=None, max_examples=100)
@given(
    st.integers(60, 95),
    st.integers(70, 90),
    st.floats(0.02, 0.15),
    st.integers(50, 400),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_part_whole_extremes_lie_at_the_corners(part, whole, weight, n, u, v):
    judged = sg.published_part_versus_whole(part, n, whole, 4000, weight=weight, deffs=[1])
    p, q = (part - 0.5 + u) / 100, (whole - 0.5 + v) / 100
    z = sg.part_versus_whole(p, n, q, 4000, weight=weight).z
    assert judged.z_low - 1e-9 <= z <= judged.z_high + 1e-9


def test_arrays_decimals_missing_and_extremes():
    v = sg.published_change([9, 16, 9], [3041, 4922, np.nan], [12, 17, 12], [3863, 3596, 3863])
    assert v.verdict.tolist() == ["significant", "undecidable", "undecidable"]
    assert np.isnan(v.z_low).tolist() == [False, False, True]
    assert v.to_frame()["verdict"].tolist() == v.verdict.tolist()
    wide = sg.published_change(6.6, 3000, 6.4, 3000, decimals=0)
    narrow = sg.published_change(6.6, 3000, 6.4, 3000, decimals=1)
    assert wide.z_low < narrow.z_low < narrow.z_high < wide.z_high
    assert type(narrow.verdict) is str
    assert sg.published_change(0, 100, 0, 100).verdict == "not significant"
    assert sg.published_change(100, 100, 0, 100).verdict == "significant"


def test_impossible_input():
    with pytest.raises(InputError, match="percent_after must lie between 0 and 100; found '187'"):
        sg.published_change(9, 3041, 187, 3863)
    with pytest.raises(InputError, match="n_before must lie above 0"):
        sg.published_change(9, 0, 12, 3863)
    with pytest.raises(InputError, match="deffs must lie above 0"):
        sg.published_change(9, 300, 12, 3863, deffs=[0])
    with pytest.raises(InputError, match="deffs must hold"):
        sg.published_change(9, 300, 12, 3863, deffs=[])
    with pytest.raises(InputError, match=r"decimals \(3,\)"):
        sg.published_change([9, 10], 300, 12, 3863, decimals=[0, 0, 1])


def test_one_design_effect_and_fields_of_one_shape():
    one = sg.published_change(9, 3041, 12, 3863, deffs=1.3)
    assert one == sg.published_change(9, 3041, 12, 3863, deffs=[1.3])
    many = sg.published_change(9, [3041, 300], 12, 3863, decimals=0)
    for name in ("verdict", "z_low", "z_high", "z", "critical_deff", "estimate"):
        assert getattr(many, name).shape == (2,)
