import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from amager_eval import significance as sg
from amager_eval.errors import InputError

WAVES = np.arange(2012, 2025)


def test_a_fall_signals_and_ordinary_waves_do_not():
    rng = np.random.default_rng(1)
    shares = rng.binomial(300, 0.85, len(WAVES)) / 300
    chart = sg.share_chart(WAVES, shares, 300)
    assert chart["reference"].sum() == 8
    assert chart["wave"].iloc[0] == 2016  # the eight before the latest
    assert set(chart["signal"]) == {""}
    fallen = np.where(WAVES == 2024, 0.70, shares)
    assert sg.share_chart(WAVES, fallen, 300)["signal"].iloc[-1] == "below"
    risen = np.where(WAVES >= 2022, 0.97, shares)
    chart = sg.share_chart(WAVES, risen, 300, through=2021)
    assert chart.loc[chart["wave"] >= 2022, "signal"].tolist() == ["above"] * 3


@pytest.mark.parametrize(("share", "n"), [(0.84, 250), (0.6, 120), (0.95, 400)])
def test_limits_are_the_binomial_ones_of_a_large_reference(share, n):
    # the same share in every wave: no variation but the samples', and a reference of millions
    sizes = np.array([1e6] * 8 + [n])
    last = sg.share_chart(np.arange(2016, 2025), np.full(9, share), sizes).iloc[-1]
    assert last["expected"] == pytest.approx(share)
    law = binom(n, share)
    low, high = np.ceil(last["low"] * n), np.floor(last["high"] * n)
    # the chance of a count outside is .02 on each side, as near as whole counts come to it
    assert law.cdf(low - 1) - law.pmf(low - 1) < 0.02 < law.cdf(low) + law.pmf(low)
    assert law.sf(high) - law.pmf(high + 1) < 0.02 < law.sf(high - 1) + law.pmf(high)


def test_everybody_in_every_wave_is_no_certainty():
    few = sg.share_chart(np.arange(2016, 2025), np.ones(9), 30)
    assert few["low"].iloc[-1] < 0.97


def test_a_design_effect_and_restless_waves_widen_the_limits():
    args = np.arange(2016, 2025), np.array([0.84, 0.86, 0.85, 0.83, 0.85, 0.84, 0.86, 0.85, 0.8])
    one, two = (sg.share_chart(*args, 300, deff=deff).iloc[-1] for deff in (1, 2))
    assert two["low"] < one["low"] < one["high"] < two["high"]
    restless = args[1] + np.array([0.05, -0.05] * 4 + [0])
    wide = sg.share_chart(args[0], restless, 300).iloc[-1]
    assert wide["low"] < two["low"]


def test_few_ordinary_series_signal_in_a_wave():
    rng = np.random.default_rng(3)
    signals = 0
    for _ in range(400):
        shares = rng.binomial(200, 0.84, 9) / 200
        signals += sg.share_chart(np.arange(9), shares, 200)["signal"].iloc[-1] != ""
    assert 0.01 < signals / 400 < 0.06


def test_a_rebase_holds_the_series_against_itself_and_says_why():
    shares = np.where(WAVES < 2017, 0.90, 0.80) + 0.005 * (WAVES % 2)
    unbased = sg.share_chart(WAVES, shares, 400, through=2016)
    assert (unbased["signal"] != "").sum() == 8
    collector = sg.Rebase(2017, "Another collector from wave 2017")
    chart = sg.share_chart(WAVES, shares, 400, through=2016, rebases=[collector])
    assert set(chart["signal"]) == {""}
    assert chart.loc[chart["rebase"] != "", ["wave", "rebase"]].values.tolist() == [
        [2017.0, collector.reason]
    ]
    assert chart.loc[chart["wave"] > 2017, "expected"].iloc[0] == pytest.approx(0.80, abs=0.005)
    fallen = np.where(WAVES == 2024, 0.6, shares)
    chart = sg.share_chart(WAVES, fallen, 400, through=2016, rebases=[collector])
    assert chart["signal"].iloc[-1] == "below"


def test_a_new_base_of_few_waves_has_no_limits_and_loses_nothing():
    collector = sg.Rebase(2022, "Another collector")
    chart = sg.share_chart(WAVES, np.full(13, 0.8), 400, through=2020, rebases=[collector])
    late = chart[chart["wave"] >= 2022]
    assert late["wave"].tolist() == [2022, 2023, 2024]
    assert late["low"].isna().all()
    assert set(late["signal"]) == {""}
    few = sg.share_chart(WAVES[:4], np.full(4, 0.8), 400)
    assert len(few) == 4
    assert few["expected"].isna().all()


def test_missing_waves_and_what_cannot_be():
    shares = np.where(WAVES == 2020, np.nan, 0.8)
    chart = sg.share_chart(WAVES, shares, 400)
    assert 2020 not in chart["wave"].tolist()
    assert chart["reference"].sum() == 8
    assert sg.share_chart([2020], [np.nan], [300]).empty
    with pytest.raises(InputError, match="waves must ascend"):
        sg.share_chart([2021, 2020], [0.8, 0.8], 300)
    with pytest.raises(InputError, match="new base must start after the first"):
        sg.share_chart(WAVES, shares, 300, rebases=[sg.Rebase(2012, "x")])
    with pytest.raises(InputError, match="new base must start"):
        sg.share_chart(WAVES, shares, 300, rebases=[sg.Rebase(2030, "x")])
    years = pd.Series(shares, index=WAVES)
    with pytest.raises(InputError, match="different labels"):
        sg.share_chart(WAVES, years, years[::-1] * 300)
