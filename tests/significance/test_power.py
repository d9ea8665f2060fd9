import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "02_trend_multiplicity_power.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES["power_two_prop"])
def test_agrees_with_r(case):
    args = (case["p1"], case["p2"], case["n_per_group"])

    def power(**kwargs):
        return sg.power(*args, deff=case["deff"], **kwargs)

    assert power() == pytest.approx(case["power_base_strict_false"], abs=1e-8)
    assert power(both_tails=True) == pytest.approx(case["power_base_strict_true"], abs=1e-8)
    assert power(both_tails=True) == pytest.approx(case["power_Hmisc_bpower"], abs=1e-8)
    assert power(method="arcsine", both_tails=True) == pytest.approx(
        case["power_pwr_arcsine"], abs=1e-8
    )
    assert power(method="wald") == pytest.approx(case["power_unpooled_normal"], abs=1e-8)
    assert power(n2=case["n_per_group"]) == power()


@pytest.mark.parametrize("case", CASES["sample_size_80"])
def test_respondents_agree_with_r(case):
    assert sg.respondents_for_power(case["p1"], case["p2"]) == pytest.approx(
        case["n_per_group_base"], rel=1e-8
    )
    # pwr counts the wrong tail too, and stops its search at 1e-10
    assert sg.respondents_for_power(case["p1"], case["p2"], method="arcsine") == pytest.approx(
        case["n_pwr"], rel=1e-5
    )


@pytest.mark.parametrize("case", CASES["mdd_80"])
def test_smallest_detectable_change_agrees_with_r(case):
    change = sg.smallest_detectable_change(case["p1"], case["n"], case["n"])
    # power.prop.test stops its search at 1.2e-4; ours is the root, as the next line shows
    assert change == pytest.approx(case["mdd_up"], abs=1.3e-4)
    assert sg.power(case["p1"], case["p1"] + change, case["n"]) == pytest.approx(0.8, abs=1e-12)


@settings(deadline=None)
@given(
    # a share closer to 0 than this has no complement that a float can tell from 1
    st.floats(0, 1).map(lambda share: round(share, 9)),
    st.integers(20, 4000),
    st.integers(20, 4000),
    st.sampled_from(["up", "down"]),
    st.floats(1, 2),
    st.floats(0.5, 0.99),
)
def test_the_change_has_the_power_asked_for(share, n1, n2, direction, deff, wanted):
    kwargs = {"deff": deff, "power": wanted}
    change = sg.smallest_detectable_change(share, n1, n2, direction=direction, **kwargs)
    mirrored = sg.smallest_detectable_change(
        1 - share, n1, n2, direction="down" if direction == "up" else "up", **kwargs
    )
    assert mirrored == pytest.approx(change, abs=1e-6, nan_ok=True)
    sign = 1 if direction == "up" else -1
    if np.isnan(change):
        end = 1.0 if direction == "up" else 0.0
        assert share == end or sg.power(share, end, n1, n2, deff=deff) < wanted
    else:
        assert change > 0
        after = np.clip(share + sign * change, 0, 1)
        assert sg.power(share, after, n1, n2, deff=deff) == pytest.approx(wanted, abs=1e-6)


def test_more_respondents_see_more():
    n = np.array([50, 100, 300, 1000, 4000])
    assert (np.diff(sg.power(0.84, 0.88, n)) > 0).all()
    assert (np.diff(sg.smallest_detectable_change(0.84, n, n)) < 0).all()
    assert (np.diff(sg.smallest_detectable_change(0.84, 300, 300, deff=[1, 1.3, 1.6])) > 0).all()


def test_extremes_missing_and_impossible():
    assert sg.power(0, 1, 10) == 1.0
    assert sg.power(1, 1, 10) == 0.0
    assert sg.power(0.8, 0.8, 300, both_tails=True) == pytest.approx(0.05)
    assert sg.respondents_for_power(0.8, 0.8) == np.inf
    assert np.isnan(sg.power(np.nan, 0.8, 10))
    assert np.isnan(sg.smallest_detectable_change([np.nan, 0.5], 10, [100, np.nan])).all()
    assert type(sg.smallest_detectable_change(0.84, 300, 300)) is float
    with pytest.raises(InputError, match="share1"):
        sg.power(84, 0.88, 300)
    with pytest.raises(InputError, match=r"power must lie above 0\.05 and below 1"):
        sg.smallest_detectable_change(0.84, 300, 300, power=80)


EXACT = json.loads((REFERENCE / "02_trend_multiplicity_power.json").read_text())["cases"][
    "rise_every_year"
]
ROUNDED = json.loads((REFERENCE / "07_published_verdicts_kk.json").read_text())["cases"][
    "rounded_rise_simulation"
]


@pytest.mark.parametrize("name", [n for n, c in EXACT.items() if "se" in c])
def test_agrees_with_mvtnorm(name):
    case = EXACT[name]
    p = sg.probability_of_rising_every_year(case["true"], case["n"], deff=case["deff"])
    assert p == pytest.approx(case["p_observed_rise_each_year"], abs=1e-6)


@pytest.mark.parametrize("rises", [1, 2, 3, 4, 6])
def test_no_change_gives_one_over_a_factorial(rises):
    p = sg.probability_of_rising_every_year([0.84] * (rises + 1), 300)
    assert p == pytest.approx(1 / math.factorial(rises + 1), abs=1e-12)
    name = f"flat_{rises}diff_exact_1_over_{math.factorial(rises + 1)}"
    if name in EXACT:
        assert p == pytest.approx(EXACT[name]["exact"], abs=1e-12)


@pytest.mark.parametrize("name", ROUNDED)
@pytest.mark.parametrize(
    ("strict", "key"),
    [(True, "P_published_strict_rise_each_year"), (False, "P_published_never_falls")],
)
def test_agrees_with_a_simulation_of_rounded_figures(name, strict, key):
    case = ROUNDED[name]
    p = sg.probability_of_rising_every_year(
        case["true"], case["n"], deff=case["deff"], decimals=0, strict=strict
    )
    monte_carlo_error = np.sqrt(p * (1 - p) / case["mc_draws"])
    assert p == pytest.approx(case[key], abs=4 * monte_carlo_error + 1e-9)


def test_printed_shares_by_brute_force():
    shares, n = [0.4, 0.5, 0.7], 8
    total = 0.0
    for x in product(range(n + 1), repeat=3):
        printed = [math.floor(100 * k / n + 0.5) for k in x]  # half up: 12.5 is printed 13
        if printed[0] < printed[1] < printed[2]:
            total += float(np.prod([binom.pmf(k, n, p) for k, p in zip(x, shares, strict=True)]))
    assert sg.probability_of_rising_every_year(shares, n, decimals=0) == pytest.approx(
        total, abs=1e-12
    )


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.floats(0.02, 0.98), min_size=2, max_size=5),
    st.integers(20, 3000),
    st.sampled_from([None, 0, 1]),
)
def test_properties(shares, n, decimals):
    p = sg.probability_of_rising_every_year(shares, n, decimals=decimals)
    assert 0 <= p <= 1
    mirrored = sg.probability_of_rising_every_year([1 - s for s in shares[::-1]], n, decimals=None)
    if decimals is None:
        assert mirrored == pytest.approx(p, abs=1e-9)
    else:
        loose = sg.probability_of_rising_every_year(shares, n, decimals=decimals, strict=False)
        assert loose >= p - 1e-12
    fewer = sg.probability_of_rising_every_year(shares[:-1] or shares, n) if len(shares) > 2 else 1
    if decimals is None:
        assert p <= fewer + 1e-9


def test_two_waves_are_one_normal_probability():
    from scipy.special import ndtr

    for n in ([50, 50], [30, 1_000_000]):
        variance = 0.84 * 0.16 / n[0] + 0.9 * 0.1 / n[1]
        assert sg.probability_of_rising_every_year([0.84, 0.9], n) == pytest.approx(
            float(ndtr(0.06 / np.sqrt(variance))), abs=1e-10
        )


def test_certain_shares_and_missing():
    f = sg.probability_of_rising_every_year
    assert f([0, 1], 10) == 1.0
    assert f([1, 0], 10) == 0.0
    assert f([1, 1], 10) == 0.0
    assert f([0, 0.5, 1], 1000) == pytest.approx(1.0)
    assert f([0, 0, 1], 10, decimals=0) == 0.0
    assert f([0, 0, 1], 10, decimals=0, strict=False) == 1.0
    assert np.isnan(f([0.5, np.nan], 10))


def test_impossible_input():
    with pytest.raises(InputError, match="at least two waves"):
        sg.probability_of_rising_every_year([0.5], 10)
    with pytest.raises(InputError, match="shares must lie between 0 and 1"):
        sg.probability_of_rising_every_year([84, 85], 10)
    with pytest.raises(InputError, match="decimals"):
        sg.probability_of_rising_every_year([0.5, 0.6], 10, decimals=-1)
    with pytest.raises(InputError, match=r"decimals must be a whole number; found '1.5'"):
        sg.probability_of_rising_every_year([0.5, 0.6], 10, decimals=1.5)
    with pytest.raises(InputError, match="ns must be a sequence of 2"):
        sg.probability_of_rising_every_year([0.5, 0.6], [10, 10, 10])
