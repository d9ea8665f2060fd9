import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
FALLS = json.loads((REFERENCE / "07_published_verdicts_kk.json").read_text())["cases"][
    "min_significant_fall"
]


@pytest.mark.parametrize("case", [case for group in FALLS for case in group])
def test_smallest_significant_fall_agrees_with_r(case):
    earlier = sg.earlier_share_needed(
        case["p2024"], case["n_each"], case["n_each"], deff=case["deff"]
    )
    # R's uniroot was stopped at its default tolerance of 1.2e-4; ours is the root itself
    assert earlier - case["p2024"] == pytest.approx(case["min_fall_pp_for_p05"] / 100, abs=1.3e-4)
    at_root = sg.difference(
        case["p2024"] * case["n_each"],
        case["n_each"],
        earlier * case["n_each"],
        case["n_each"],
        deff=case["deff"],
    )
    assert at_root.p_value == pytest.approx(0.05, abs=1e-12)


@settings(deadline=None)
@given(
    st.floats(0.02, 0.98),
    st.integers(30, 4000),
    st.integers(30, 4000),
    st.sampled_from(["fall", "rise"]),
    st.floats(1, 3),
)
def test_it_is_the_edge_of_significance(after, n_before, n_after, direction, deff):
    earlier = sg.earlier_share_needed(after, n_before, n_after, direction=direction, deff=deff)
    if np.isnan(earlier):
        end = 1.0 if direction == "fall" else 0.0
        d = sg.difference(after * n_after, n_after, end * n_before, n_before, deff=deff)
        assert d.p_value >= 0.05 - 1e-9
    else:
        assert (earlier > after) == (direction == "fall")
        d = sg.difference(after * n_after, n_after, earlier * n_before, n_before, deff=deff)
        assert d.p_value == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("direction", ["fall", "rise"])
def test_printed_percentages_are_the_first_with_their_verdict(direction):
    e = sg.earlier_percent_needed(84, [200, 300, 400], [200, 300, 400], direction=direction)
    away = 1 if direction == "fall" else -1
    for n, possible, certain in zip([200, 300, 400], e.possible, e.certain, strict=True):
        assert sg.published_change(possible, n, 84, n).verdict == "undecidable"
        assert sg.published_change(possible - away, n, 84, n).verdict == "not significant"
        assert sg.published_change(certain, n, 84, n).verdict == "significant"
        assert sg.published_change(certain - away, n, 84, n).verdict == "undecidable"
    assert len(e.to_frame()) == 3


def test_no_earlier_share_would_do():
    assert np.isnan(sg.earlier_share_needed(0.99, 30, 30))
    nothing = sg.earlier_percent_needed(100, 300, 300)
    assert np.isnan([nothing.possible, nothing.certain]).all()
    missing = sg.earlier_percent_needed(84, np.nan, 300)
    assert np.isnan([missing.possible, missing.certain]).all()
    assert type(sg.earlier_percent_needed(84, 300, 300).possible) is float


def test_the_two_estates():
    # 74 and 58 %: about 66 each at deff 1 and 105 at 1.6 with the unpooled variance
    assert np.ceil(sg.respondents_needed(0.74, 0.58, deff=[1, 1.6], method="wald")).tolist() == [
        66,
        105,
    ]
    assert np.ceil(sg.respondents_needed(0.74, 0.58, deff=[1, 1.6])).tolist() == [68, 108]


@settings(deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.2, 5), st.floats(1, 3))
def test_respondents_needed_is_the_edge(p1, p2, ratio, deff):
    if abs(p1 - p2) < 1e-3:
        return
    for method, test in (("score", "newcombe"), ("wald", "wald")):
        n = sg.respondents_needed(p1, p2, ratio=ratio, deff=deff, method=method)
        d = sg.difference(p1 * n, n, p2 * ratio * n, ratio * n, deff=deff, method=test)
        assert d.p_value == pytest.approx(0.05, abs=1e-9)


def test_equal_shares_and_impossible_input():
    assert sg.respondents_needed(0.7, 0.7) == np.inf
    with pytest.raises(InputError, match="share_after"):
        sg.earlier_share_needed(84, 300, 300)
    with pytest.raises(InputError, match=r"decimals must be a whole number; found '0.5'"):
        sg.earlier_percent_needed(84, 300, 300, decimals=0.5)
    with pytest.raises(InputError, match="direction"):
        sg.earlier_percent_needed(84, 300, 300, direction="up")
