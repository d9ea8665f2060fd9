"""Directly standardised rates against published values and against a rate by itself."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from amager_eval.errors import InputError
from amager_eval.indicators import rate, standardised_rate

#: Down's syndrome per mother's age (columns) and birth order (rows: first to fifth and more),
#: Michigan 1950 to 1964: Stark & Mantel (1966), as in Fleiss (1981) table 14.4.
CASES = np.array(
    [
        [107, 141, 60, 40, 39, 25],
        [25, 150, 110, 84, 82, 39],
        [3, 71, 114, 103, 108, 75],
        [1, 26, 64, 89, 137, 96],
        [0, 8, 63, 112, 262, 295],
    ]
)
BIRTHS = np.array(
    [
        [230061, 329449, 114920, 39487, 14208, 3052],
        [72202, 326701, 208667, 83228, 28466, 5375],
        [15050, 175702, 207081, 117300, 45026, 8660],
        [2293, 68800, 132424, 98301, 46075, 9834],
        [327, 30666, 123419, 149919, 104088, 34392],
    ]
)
STANDARD = BIRTHS.sum(axis=0)


def test_published_value_of_the_gamma_interval():
    # R's dsrTest 1.0.0, example of its vignette, birth order five and more
    r = standardised_rate(CASES[4], BIRTHS[4], STANDARD, per=1e5, method="gamma")
    assert [r.estimate, r.low, r.high] == pytest.approx([75.52901, 67.70212, 188.30017], abs=5e-6)
    assert (r.n, r.unit, r.method) == (740.0, "per 100000", "gamma")


def test_rows_are_areas():
    r = standardised_rate(CASES, BIRTHS, STANDARD, per=1e5)
    for k in range(5):
        one = standardised_rate(CASES[k], BIRTHS[k], STANDARD, per=1e5)
        many = [r.estimate[k], r.low[k], r.high[k]]
        assert [one.estimate, one.low, one.high] == pytest.approx(many)
    groups = pd.Series([9.0, 9], index=["ung", "gammel"])
    with pytest.raises(InputError, match="exposures and standard have different labels"):
        standardised_rate([1, 2], groups, groups[::-1])


def test_dobson_is_the_formula_with_exact_limits_below_ten_events():
    x, e, w = np.array([2, 1, 3]), np.array([900.0, 400, 700]), np.array([0.2, 0.5, 0.3])
    r = standardised_rate(x, e, w, per=1)
    variance, total = (w**2 * x / e**2).sum(), x.sum()
    low, high = chi2.ppf(0.025, 2 * total) / 2, chi2.ppf(0.975, 2 * total + 2) / 2
    expected = r.estimate + np.sqrt(variance / total) * (np.array([low, high]) - total)
    assert [r.low, r.high] == pytest.approx(expected)


@pytest.mark.parametrize("method", ["dobson", "gamma"])
@pytest.mark.parametrize("count", [0, 3, 65])
def test_one_group_is_the_rate_by_itself(count, method):
    alone = rate(count, 58000, method="auto" if method == "dobson" else "exact")
    r = standardised_rate([count], [58000], [1.0], method=method)
    assert [r.estimate, r.low, r.high] == pytest.approx([alone.estimate, alone.low, alone.high])


@pytest.mark.parametrize("method", ["dobson", "gamma"])
def test_composition_does_not_matter_and_no_events_are_no_certainty(method):
    rates = np.array([0.02, 0.005])
    people = np.array([[1000.0, 9000], [8000, 2000]])
    r = standardised_rate(rates * people, people, [1, 1], method=method)
    assert r.estimate == pytest.approx([12.5, 12.5])
    none = standardised_rate([[0, 0], [5, 0]], people, [1, 1], method=method)
    assert none.estimate[0] == none.low[0] == 0
    assert (none.high > 0).all()
    scaled = standardised_rate(rates * people, people, [300, 300], method=method)
    assert scaled.high == pytest.approx(r.high)


@pytest.mark.parametrize("method", ["dobson", "gamma"])
def test_the_interval_covers(method):
    rng = np.random.default_rng(4)
    people, true = np.array([900.0, 4000, 2500]), np.array([0.02, 0.004, 0.009])
    standard = np.array([1.0, 2, 3])
    value = 1000 * (standard * true).sum() / standard.sum()
    r = standardised_rate(rng.poisson(true * people, (4000, 3)), people, standard, method=method)
    assert 0.94 < ((r.low <= value) & (value <= r.high)).mean() < 0.98


def test_missing_and_impossible():
    r = standardised_rate([[3, np.nan], [3, 4]], [[100, 200], [100, 200]], [1, 1])
    assert np.isnan(r.estimate).tolist() == [True, False]
    assert np.isnan([r.low[0], r.high[0]]).all()
    with pytest.raises(InputError, match="standard must hold"):
        standardised_rate([1, 2], [9, 9], [0, 0])
    with pytest.raises(InputError, match="matching lengths"):
        standardised_rate([1, 2], [9, 9], [1, 1, 1])
    with pytest.raises(InputError, match="exposures must lie above 0"):
        standardised_rate([1, 2], [9, 0], [1, 1])
