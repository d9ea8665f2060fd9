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
