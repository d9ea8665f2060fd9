import json
from itertools import product
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "02_trend_multiplicity_power.json").read_text())["cases"]
TRENDS = CASES["cochran_armitage"]


@pytest.mark.parametrize("name", TRENDS)
def test_agrees_with_r(name):
    case = TRENDS[name]
    x, n, s = (case["input"][k] for k in "xns")
    t = sg.trend(x, n, s)
    assert [t.z, t.p_value] == pytest.approx([case["z"], case["p_two_sided"]], abs=1e-8)
    assert t.z**2 == pytest.approx(case["chi2_base_prop.trend.test"], abs=1e-8)
    spread = sg.trend(x, n, s, deff=1.5)
    assert [spread.z, spread.p_value] == pytest.approx(
        [case["z_with_deff_1.5"], case["p_with_deff_1.5"]], abs=1e-8
    )
    assert t.n == sum(n)
    # coin's form with N - 1, for whoever compares
    assert t.z * np.sqrt((t.n - 1) / t.n) == pytest.approx(case["z_coin_Nminus1"], abs=1e-8)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(300, 400)), min_size=2, max_size=8))
def test_symmetries(waves):
    x, n = (np.array(v) for v in zip(*waves, strict=True))
    t = sg.trend(x, n)
    assert sg.trend(n - x, n).z == pytest.approx(-t.z, abs=1e-9)
    assert sg.trend(x[::-1], n[::-1]).z == pytest.approx(-t.z, abs=1e-9)
    assert sg.trend(x, n, 2014 + 2 * np.arange(len(x))).z == pytest.approx(t.z, abs=1e-6)


def test_two_waves_are_the_difference():
    assert sg.trend([252, 273], [300, 350]).z == pytest.approx(
        sg.difference(273, 350, 252, 300).z, abs=1e-12
    )


def test_extremes_and_missing():
    assert sg.trend([0, 0, 0], [10, 20, 30]).p_value == 1.0
    assert sg.trend([10, 20, 30], [10, 20, 30]).z == 0.0
    assert np.isnan(sg.trend([1, np.nan, 2], [10, 10, 10]).z)


def test_impossible_input():
    with pytest.raises(InputError, match="counts must not exceed totals"):
        sg.trend([11, 2], [10, 10])
    with pytest.raises(InputError, match="two waves"):
        sg.trend([1], [10])
    with pytest.raises(InputError, match=r"different scores; found .2 waves, scores 3, 3"):
        sg.trend([1, 2], [10, 10], [3, 3])
    with pytest.raises(InputError, match="totals must be a sequence of 2"):
        sg.trend([1, 2], [10, 10, 10])


def converged_error(x, n, s):
    """Newton's method to the end, on centred scores."""
    design = np.column_stack([np.ones_like(s), s - s.mean()])
    beta = np.array([np.log(x.sum() / (n.sum() - x.sum())), 0.0])
    for _ in range(100):
        p = 1 / (1 + np.exp(-design @ beta))
        information = (design.T * (n * p * (1 - p))) @ design
        beta = beta + np.linalg.solve(information, design.T @ (x - n * p))
    return np.sqrt(np.linalg.inv(information)[1, 1])


@pytest.mark.parametrize("name", TRENDS)
def test_slopes_agree_with_r(name):
    case = TRENDS[name]
    x, n, s = (case["input"][k] for k in "xns")
    t = sg.logit_trend(x, n, s)
    assert t.estimate == pytest.approx(case["logit_slope"], abs=1e-8)
    # R's glm stops one step early: its standard errors are off in the sixth digit
    expected = [case["logit_slope_se"], case["logit_p"]]
    assert [t.se, t.p_value] == pytest.approx(expected, rel=1e-3)
    assert t.se == pytest.approx(
        converged_error(*(np.array(v, float) for v in (x, n, s))), rel=1e-9
    )
    assert sg.logit_trend(x, n, s, deff=4).se == pytest.approx(2 * t.se)


def test_missing_and_impossible():
    assert np.isnan(sg.logit_trend([1, np.nan, 3], [10, 10, 10], [1, 2, 3]).estimate)
    with pytest.raises(InputError, match="both answers"):
        sg.logit_trend([0, 0], [10, 10], [1, 2])


ORACLE = CASES["trend_known_variance"]


def test_ranks_agree_with_r():
    t = sg.rank_trend(ORACLE["input"]["p"], ORACLE["input"]["year"])
    expected = [ORACLE["kendall_tau_b"], ORACLE["kendall_p_asymptotic"], ORACLE["theil_sen_slope"]]
    assert [t.tau, t.p_value, t.slope] == pytest.approx(expected, abs=1e-8)
    assert t.n == 11


def test_constant_missing_and_impossible():
    constant = sg.rank_trend([5, 5, 5], [1, 2, 3])
    assert np.isnan(constant.tau)
    assert constant.slope == 0
    assert np.isnan(sg.rank_trend([5, np.nan, 5], [1, 2, 3]).slope)
    with pytest.raises(InputError, match="three waves"):
        sg.rank_trend([5, 6], [1, 2])
    with pytest.raises(InputError, match="different years; found '3 waves, years 1, 1, 1'"):
        sg.rank_trend([5, 6, 7], [1, 1, 1])


RATES = json.loads((REFERENCE / "04_poisson_rates.json").read_text())["cases"]["glm_trend"]
INPUT = RATES["input"]
ARGS = (INPUT["y"], INPUT["pop"], INPUT["year"])


@pytest.mark.parametrize(
    ("family", "key", "tolerance"),
    [
        ("poisson", "poisson", 1e-8),
        ("quasi-poisson", "quasi", 1e-8),
        ("negative-binomial", "negbin", 1e-4),
    ],
)
def test_rates_agree_with_r(family, key, tolerance):
    expected = RATES[key]
    t = sg.rate_trend(*ARGS, family=family)
    assert [t.log_rate_at_end, t.estimate] == pytest.approx(expected["coef"], abs=tolerance)
    assert [t.log_rate_se, t.se] == pytest.approx(expected["se"], abs=tolerance)
    assert t.p_value == pytest.approx(expected["p"][1], rel=max(tolerance, 1e-6))
    assert t.dispersion == pytest.approx(RATES["quasi"]["dispersion"], abs=1e-8)
    assert t.dispersion_p_value == pytest.approx(RATES["p_overdispersion_chi2"], rel=1e-6)
    assert t.df == RATES["df"]
    assert t.dispersion * t.df == pytest.approx(RATES["pearson_chi2"], abs=1e-7)
    if family == "negative-binomial":
        assert 1 / t.alpha == pytest.approx(expected["theta"], rel=1e-4)
    if family == "poisson":
        # R evaluates the rate of 2024 and the yearly change from the same line
        assert 100 * np.expm1(t.estimate) == pytest.approx(
            RATES["annual_pct_change_poisson"], abs=1e-7
        )


@pytest.mark.parametrize(
    ("family", "key", "tolerance"),
    [("poisson", "poisson_covid", 1e-8), ("negative-binomial", "negbin_covid", 1e-4)],
)
def test_covid_covariate_agrees_with_r(family, key, tolerance):
    t = sg.rate_trend(*ARGS, covariate=INPUT["covid"], family=family)
    expected = RATES[key]
    got = [t.log_rate_at_end, t.estimate, t.covariate]
    assert got == pytest.approx(expected["coef"], abs=tolerance)
    assert t.se == pytest.approx(expected["se"][1], abs=tolerance)


def test_observed_rate_of_the_last_year():
    assert sg.rate(INPUT["y"][-1], INPUT["pop"][-1]).estimate == pytest.approx(
        RATES["rate_2024"], abs=1e-8
    )


def test_rates_missing_and_impossible():
    assert np.isnan(sg.rate_trend([1, np.nan, 3], [9, 9, 9], [1, 2, 3]).estimate)
    with pytest.raises(InputError, match="too few years"):
        sg.rate_trend([1, 2], [9, 9], [1, 2])
    with pytest.raises(InputError, match="exposures"):
        sg.rate_trend([1, 2, 3], [9, 0, 9], [1, 2, 3])


# ------------------------------------------------------------------ no maximum, no slope


YEARS = [2021, 2022, 2023, 2024]
PEOPLE = [1000] * 4


def multinomial_p(counts, exposures, years):
    """Twice the chance of a sum of years at least as high, over every order of the events."""
    e = np.array(exposures) / np.sum(exposures)
    total = sum(counts)
    observed = np.dot(counts, years)
    one_sided = 0.0
    for places in product(range(len(years)), repeat=total):
        if np.array(years)[list(places)].sum() >= observed:
            one_sided += np.prod(e[list(places)])
    return min(1.0, 2 * one_sided)


def test_all_events_in_one_year_are_answered_exactly():
    t = sg.rate_trend([0, 0, 0, 5], PEOPLE, YEARS)
    assert (t.estimate, t.high, t.se) == (np.inf, np.inf, np.inf)
    assert np.isnan(t.z)
    assert t.p_value == pytest.approx(0.001953125)
    assert t.p_value == pytest.approx(multinomial_p([0, 0, 0, 5], PEOPLE, YEARS))
    # at the finite limit the chance of all in the last year is 2.5 %
    share = np.exp(t.low * np.arange(4))
    assert (share[-1] / share.sum()) ** 5 == pytest.approx(0.025)
    assert t.log_rate_at_end == pytest.approx(np.log(5 / 1000))
    fall = sg.rate_trend([5, 0, 0, 0], PEOPLE, YEARS)
    assert (fall.estimate, fall.p_value) == (-np.inf, t.p_value)
    assert fall.high == pytest.approx(-t.low)
    for family in ("poisson", "quasi-poisson"):
        assert repr(sg.rate_trend([0, 0, 0, 5], PEOPLE, YEARS, family=family)) == repr(t)
    uneven = [1000, 2000, 500, 700]
    by_hand = multinomial_p([0, 0, 0, 3], uneven, YEARS)
    assert sg.rate_trend([0, 0, 0, 3], uneven, YEARS).p_value == pytest.approx(by_hand)
    assert sg.rate_trend([0, 0, 0, 1], PEOPLE, YEARS).p_value == 0.5
    twice = sg.rate_trend([0, 0, 2, 3], PEOPLE, [2021, 2022, 2023, 2023])
    assert twice.p_value == pytest.approx(2 * 0.5**5)


@pytest.mark.parametrize("counts", [[0, 5, 0, 0], [0, 0, 3, 5], [0, 0, 1, 90], [3, 0, 0, 0.5]])
def test_a_maximum_that_is_there_is_found(counts):
    t = sg.rate_trend(counts, PEOPLE, YEARS, family="poisson")
    assert np.isfinite([t.estimate, t.se, t.p_value]).all()
    # the score equations hold at a maximum
    since = np.array(YEARS) - 2024
    fitted = 1000 * np.exp(t.log_rate_at_end + t.estimate * since)
    assert fitted.sum() == pytest.approx(sum(counts), rel=1e-5)
    assert (fitted * since).sum() == pytest.approx(np.dot(counts, since), abs=1e-4)


@pytest.mark.parametrize("family", ["poisson", "quasi-poisson", "negative-binomial"])
@pytest.mark.parametrize(
    ("counts", "covariate"),
    [([3, 0, 0, 5], [0, 1, 1, 0]), ([3, 4, 5, 0], [0, 0, 0, 1]), ([3, 0, 0, 5], [0, 0, 0, 1])],
)
def test_a_covariate_that_separates_is_refused(counts, covariate, family):
    with pytest.raises(InputError, match="no finite trend"):
        sg.rate_trend(counts, PEOPLE, YEARS, covariate=covariate, family=family)


def test_few_events_beyond_poisson_are_refused():
    with pytest.raises(InputError, match="no finite trend; found 'events in 1 of 4 years'"):
        sg.rate_trend([0, 0, 0, 5], PEOPLE, YEARS, family="negative-binomial")
    with pytest.raises(InputError, match="no events"):
        sg.rate_trend([0, 0, 0, 0], PEOPLE, YEARS)


def test_a_dispersion_below_one_is_not_believed_unless_asked_for():
    t = sg.rate_trend([89, 88, 87, 86], PEOPLE, YEARS)
    poisson = sg.rate_trend([89, 88, 87, 86], PEOPLE, YEARS, family="poisson")
    assert t.dispersion == 1.0
    assert round(t.p_value, 2) == 0.81
    assert [t.se, t.p_value, t.low] == [poisson.se, poisson.p_value, poisson.low]
    asked = sg.rate_trend([89, 88, 87, 86], PEOPLE, YEARS, underdispersion=True)
    assert asked.dispersion == pytest.approx(7e-7, rel=0.1)
    assert asked.p_value < 1e-4
    # what it passes on is no false certainty either
    ratio = sg.rate_ratio(86, 1000, 89, 1000, dispersion=t.dispersion)
    assert not ratio.significant
    on_a_line = sg.rate_trend([10, 20, 40], [1000] * 3, YEARS[:3])
    assert (
        on_a_line.p_value
        == sg.rate_trend([10, 20, 40], [1000] * 3, YEARS[:3], family="poisson").p_value
    )


@pytest.mark.parametrize(
    ("counts", "totals", "scores", "direction"),
    [
        ([0, 10], [10, 10], [0, 1], 1),
        ([10, 0], [10, 10], [0, 1], -1),
        ([0, 3], [10, 3], [2023, 2024], 1),
        ([0, 0, 4, 9], [8, 8, 8, 9], [1, 2, 3, 4], 1),
        ([0, 0, 0, 5], [10] * 4, [1, 2, 3, 4], 1),
        ([6, 0, 0], [6, 9, 9], [1, 2, 2], -1),
        ([9, 0, 0, 5], [9, 8, 8, 8], [4, 2, 1, 3], 1),
    ],
)
def test_separated_answers_have_an_infinite_slope_and_an_exact_p(counts, totals, scores, direction):
    t = sg.logit_trend(counts, totals, scores)
    assert t.estimate == direction * np.inf
    assert np.isnan(t.z)
    assert (t.low, t.high) == (-np.inf, np.inf)
    # every way in which so many of all respondents can have answered so
    yes, total = sum(counts), sum(totals)
    ways = np.prod([comb(n, x) for n, x in zip(totals, counts, strict=True)])
    one_sided = ways / comb(total, yes)
    if len(set(scores)) == 2:
        s = np.array(scores)
        low = s == s.min()
        x, n = np.array(counts), np.array(totals)
        sums = [[v[low].sum(), v[~low].sum()] for v in (x, n - x)]
        assert t.p_value == pytest.approx(fisher_exact(sums).pvalue)
    else:
        assert t.p_value == pytest.approx(min(1, 2 * one_sided))
    softer = sg.logit_trend(counts, totals, scores, deff=2.0)
    assert t.p_value < softer.p_value <= 1


def test_the_case_as_it_was_found():
    t = sg.logit_trend([0, 10], [10, 10], [0, 1])
    assert t.p_value == pytest.approx(1.0825e-5, rel=1e-3)
    assert t.significant


@pytest.mark.parametrize(
    ("counts", "totals", "scores"),
    [
        ([0, 5, 0], [10] * 3, [0, 1, 2]),
        ([0, 10, 0], [10] * 3, [0, 1, 2]),
        ([0, 0, 5, 9], [10] * 4, [0, 1, 2, 3]),
        ([3, 7], [10, 10], [0, 1]),
        ([1, 999], [1000, 1000], [0, 1]),
        ([0, 10, 5, 8], [10] * 4, [1, 1, 2, 3]),
    ],
)
def test_answers_that_are_not_separated_have_a_slope(counts, totals, scores):
    t = sg.logit_trend(counts, totals, scores)
    assert np.isfinite(t.estimate)
    assert 0 <= t.p_value <= 1
    assert t.low < t.estimate < t.high
