import json
from pathlib import Path

import numpy as np
import pytest

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "05_equivalence_noninferiority.json").read_text())["cases"][
    "share75"
]


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_r(case):
    t = sg.exact_share_test(case["x"], case["n"], 0.75)
    expected = [case["p_less_exact"], case["p_greater_exact"], case["jeffreys_prob_ge_75"]]
    assert [t.p_less, t.p_greater, t.probability_at_least] == pytest.approx(expected, abs=1e-7)
    assert t.estimate == case["point"]


def test_extremes_and_missing():
    none = sg.exact_share_test(0, 4, 0.5)
    assert (none.p_greater, none.p_less) == (1.0, 0.0625)
    assert none.p_value == 0.125
    assert sg.exact_share_test(4, 4, 0.5).p_less == 1.0
    many = sg.exact_share_test([1, np.nan], [4, 4], 0.5)
    assert np.isnan([many.p_less, many.p_greater, many.p_value]).tolist() == [[False, True]] * 3
    with pytest.raises(InputError, match="share must lie above 0 and below 1"):
        sg.exact_share_test(1, 4, 75)


TABLES = json.loads((REFERENCE / "01_two_proportions.json").read_text())["cases"]


@pytest.mark.parametrize("case", TABLES)
def test_tables_agree_with_r(case):
    assert sg.independence_test(**case["input"]).p_value == pytest.approx(
        case["fisher_p"], abs=1e-8
    )
    pearson = sg.independence_test(**case["input"], method="pearson")
    yates = sg.independence_test(**case["input"], method="yates")
    if case["chi2"] is None:
        assert (pearson.statistic, pearson.p_value) == (0.0, 1.0)
        assert (yates.statistic, yates.p_value) == (0.0, 1.0)
    else:
        assert [pearson.statistic, pearson.p_value] == pytest.approx(
            [case["chi2"], case["p_chi2"]], abs=1e-8
        )
        assert [yates.statistic, yates.p_value] == pytest.approx(
            [case["chi2_yates"], case["p_yates"]], abs=1e-8
        )


def test_arrays_missing_and_fractions():
    many = sg.independence_test([6, np.nan], 7, 2, 7)
    assert np.isnan(many.p_value).tolist() == [False, True]
    with pytest.raises(InputError, match="whole counts"):
        sg.independence_test(6.5, 7, 2, 7)
    with pytest.raises(InputError, match="x1 must not exceed n1"):
        sg.independence_test(8, 7, 2, 7)
