import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "02_trend_multiplicity_power.json").read_text())["cases"][
    "p_adjust"
]
NAMES = {
    "bonferroni": "bonferroni",
    "holm": "holm",
    "hochberg": "hochberg",
    "hommel": "hommel",
    "BH": "bh",
    "BY": "by",
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("key", "method"), NAMES.items())
def test_agrees_with_r(name, key, method):
    case = CASES[name]
    assert sg.adjust(case["p"], method=method) == pytest.approx(case[key], abs=1e-8)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.sampled_from(list(NAMES.values())))
def test_properties(p, method):
    adjusted = sg.adjust(p, method=method)
    assert (adjusted >= np.array(p) - 1e-15).all()
    assert (adjusted <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= -1e-15).all()
    assert (sg.adjust(p, "bonferroni") >= sg.adjust(p, "holm") - 1e-15).all()
    assert (sg.adjust(p, "holm") >= sg.adjust(p, "hommel") - 1e-12).all()
    shuffled = np.random.default_rng(0).permutation(len(p))
    assert sg.adjust(np.array(p)[shuffled], method) == pytest.approx(adjusted[shuffled])


def test_a_missing_test_does_not_count():
    adjusted = sg.adjust([0.01, np.nan, 0.02])
    assert adjusted[[0, 2]] == pytest.approx([0.02, 0.02])
    assert np.isnan(adjusted[1])
    assert sg.adjust([]).size == 0


def test_impossible_input():
    with pytest.raises(InputError, match=r"p_values .* found '1.1 at position 1'"):
        sg.adjust([0.5, 1.1])
    with pytest.raises(InputError, match="method"):
        sg.adjust([0.5], method="sidak")
