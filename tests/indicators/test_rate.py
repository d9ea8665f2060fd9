import json
from pathlib import Path

import numpy as np
import pytest

from amager_eval.errors import InputError
from amager_eval.indicators import rate

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "04_poisson_rates.json").read_text())["cases"]["single_rate"]


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_r(case):
    count, pop = case["count"], case["pop"]
    byar = rate(count, pop, method="byar")
    assert byar.estimate == pytest.approx(case["rate_per_1000"], abs=1e-12)
    assert [byar.low, byar.high] == pytest.approx(case["byar95_rate"], abs=1e-8)
    assert rate(count, pop, method="byar", level=0.998).high == pytest.approx(
        case["byar998_rate"][1], abs=1e-8
    )
    exact = rate(count, pop, method="exact")
    assert [exact.low, exact.high] == pytest.approx(case["exact95_rate"], abs=1e-8)
    in_counts = rate(count, 1, per=1, method="exact")
    assert [in_counts.low, in_counts.high] == pytest.approx(case["poisson.test95"], abs=1e-8)
    if count:  # for a count of 0 Daly's limit is one-sided, ours is two-sided
        assert [exact.low, exact.high] == pytest.approx(case["epitools_daly"], abs=1e-8)
    assert rate(count, pop, method="byar", level=0.998).low == pytest.approx(
        case["byar998_rate"][0], abs=1e-8
    )


def test_auto_is_exact_below_ten_and_byar_from_ten():
    assert rate(9, 1000).method == "exact"
    assert rate(10, 1000).method == "byar"
    both = rate([9, 10], 1000)
    assert both.low[0] == rate(9, 1000, method="exact").low
    assert both.high[1] == rate(10, 1000, method="byar").high


def test_zero_many_and_missing():
    assert rate(0, 1000).low == 0
    assert type(rate(65, 58000).estimate) is float
    assert rate(65, 58000).unit == "per 1000"
    assert np.isnan(rate([np.nan, 3], 1000).low).tolist() == [True, False]
    counts = np.arange(0, 3000)
    for method in ("auto", "byar", "exact"):
        r = rate(counts, 1000, method=method)
        assert (r.low <= r.estimate).all()
        assert (r.high >= r.estimate).all()
        assert (np.diff(r.high) > 0).all()
        assert (np.diff(r.low) >= 0).all()
    # the cube of Byar's lower limit must not turn negative
    assert rate(1, 1, method="byar", level=0.9999999, per=1).low == 0


@pytest.mark.parametrize(
    ("args", "named"), [((-1, 10), "count"), ((1, 0), "exposure"), ((1, -5), "exposure")]
)
def test_impossible_input(args, named):
    with pytest.raises(InputError, match=named):
        rate(*args)
