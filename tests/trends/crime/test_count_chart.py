import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amager_eval.errors import InputError
from amager_eval.indicators.control import Rebase
from amager_eval.trends.crime import count_chart
from amager_eval.trends.crime.count_chart import CHART_COLUMNS, SIGNALS, chart_series, control_chart
from amager_eval.trends.crime.fit import fit_crime

QUARTERS = [f"{y}K{q}" for y in range(2019, 2027) for q in range(1, 5)]
MONTHS = [f"{y}M{m:02d}" for y in range(2019, 2027) for m in range(1, 13)]
SEASON = np.array([0.5, 1.0, 1.6, 0.9])


def chart(count, periods=QUARTERS, people=None, **options):
    people = np.full(len(count), 9.0) if people is None else people
    return chart_series(periods[: len(count)], count, people, **({"through": 2024} | options))


def signals(frame):
    return dict(zip(frame["period"], frame["signal"], strict=True))


def test_a_purely_seasonal_series_is_no_signal_and_a_jump_is():
    rng = np.random.default_rng(3)
    expected = 60 * np.tile(SEASON, 8)
    steady = rng.poisson(expected).astype(float)
    assert set(chart(steady)["signal"]) == {""}
    jumped = steady.copy()
    jumped[QUARTERS.index("2026K1")] *= 2.2  # an ordinary count for a summer, far off in winter
    assert jumped[QUARTERS.index("2026K1")] < steady[QUARTERS.index("2025K3")]
    assert {p for p, s in signals(chart(jumped)).items() if s} == {"2026K1"}
    assert signals(chart(jumped))["2026K1"] == "above"
    # a chart that knows no season takes it for ordinary variation and sees nothing
    years = [str(y) for y in range(1990, 2022)]
    assert set(chart(jumped, periods=years, through=2013)["signal"]) == {""}


def test_a_fall_and_a_long_run():
    steady = np.tile([80.0, 84, 82, 78, 84, 80, 78, 82], 4)
    fallen = steady.copy()
    fallen[-1] = 20
    assert chart(fallen)["signal"].iloc[-1] == "below"
    after = np.array([p > "2023K4" for p in QUARTERS])
    for change, said in ((6, "shift up"), (-6, "shift down")):
        got = signals(chart(np.where(after, steady + change, steady), through=2023))
        assert {p for p, s in got.items() if s == said} == {f"2026K{q}" for q in (1, 2, 3, 4)}


def test_only_what_follows_the_reference_signals():
    count = np.full(32, 50.0)
    count[QUARTERS.index("2023K2")] = 200
    got = chart(count)
    assert got["reference"].sum() == 12
    assert got["period"].iloc[0] == "2022K1"
    assert set(got.loc[got["reference"], "signal"]) == {""}


def test_limits_are_farringtons_around_successive_differences():
    count = np.array([40, 62, 75, 60, 55, 51, 90, 66, 44, 70, 81, 58, 60.0, 50, 80, 60])
    got = chart(count, periods=QUARTERS[12:]).iloc[-4]  # 2025K1
    seen = count[[0, 4, 8]].sum()
    mean = np.array([count[i:12:4].mean() for i in range(4)])
    residual = (count[:12] - np.tile(mean, 3)) / np.sqrt(np.tile(mean, 3))
    # four means of three years take a third of the variance away
    dispersion = (np.diff(residual) ** 2).mean() / 2 * 3 / 2
    free = 11 * (2 / 3) * (2 / 3)
    scale = max(3.0, stats.t.ppf(1 - 0.00135, free) * np.sqrt(dispersion))
    spread = scale * np.sqrt(seen / 3 + (seen / 3) ** 2 / seen)
    expected = seen / 3
    assert got["expected"] == pytest.approx(expected)
    assert got["high"] == pytest.approx(expected * (1 + 2 / 3 * spread / expected) ** 1.5)
    assert got["low"] == pytest.approx(expected * max(0, 1 - 2 / 3 * spread / expected) ** 1.5)


@pytest.mark.parametrize(("per_year", "years"), [(4, 3), (4, 8), (12, 3), (1, 5), (1, 8)])
def test_the_dispersion_and_its_degrees_of_freedom_are_those_of_ordinary_counts(per_year, years):
    """By simulation: mean of the estimate, and its variance, two over the degrees of freedom."""
    rng = np.random.default_rng(4)
    season = np.tile(np.arange(per_year), years)
    people = np.ones(len(season))
    found, free = np.array(
        [
            count_chart._dispersion(row, people, season, per_year, years)
            for row in rng.poisson(900, (4000, len(season))).astype(float)
        ]
    ).T
    assert found.mean() == pytest.approx(1, abs=0.04 if per_year > 1 else 0.06)
    assert 2 / found.var() * found.mean() ** 2 == pytest.approx(free[0], rel=0.15)


def test_a_fall_inside_the_reference_does_not_hide_that_it_goes_on():
    falling = np.round(400 * np.tile(SEASON, 8) * 0.8 ** (np.arange(32) // 4))
    later = [s for p, s in signals(chart(falling)).items() if p > "2025"]
    assert "below" in later
    assert set(later) <= {"", "below", "twice below"}
    # the same counts in another order of years' quarters are ordinary variation: wide limits
    order = np.random.default_rng(1).permuted(np.arange(24).reshape(6, 4), axis=0).ravel()
    mixed = chart(np.concatenate([falling[order], falling[24:]])).iloc[-1]
    sorted_ = chart(falling).iloc[-1]
    assert mixed["high"] / mixed["expected"] > 1.3 * sorted_["high"] / sorted_["expected"]


def test_two_of_three_beyond_the_warning_line():
    steady = np.tile([80.0, 84, 82, 78, 84, 80, 78, 82], 4)
    at = [QUARTERS.index(p) for p in ("2025K1", "2025K3", "2026K3", "2026K4")]

    def lifted(*places, by=28):  # between the warning line and the limit
        return np.where(np.isin(np.arange(32), places), steady + by, steady)

    once = chart(lifted(at[0])).set_index("period").loc["2025K1"]
    assert once["signal"] == ""
    assert once["count"] < once["high"]
    assert {p: s for p, s in signals(chart(lifted(at[0], at[1]))).items() if s} == {
        "2025K3": "twice above"
    }
    assert {p: s for p, s in signals(chart(lifted(at[2], at[3], by=-25))).items() if s} == {
        "2026K4": "twice below"
    }
    assert set(chart(lifted(at[0], at[2]))["signal"]) == {""}  # too far apart
    sides = lifted(at[2]) - np.where(np.arange(32) == at[3], 25, 0)
    assert set(chart(sides)["signal"]) == {""}  # one above, one below
    lacking = lifted(at[0], at[1])
    lacking[at[0] + 1] = np.nan  # two of three all the same
    assert signals(chart(lacking))["2025K3"] == "twice above"


@pytest.mark.parametrize(("mean", "size"), [(6, 1e9), (80, 100), (2000, 100)])
@pytest.mark.parametrize("periods", [QUARTERS, MONTHS], ids=["quarters", "months"])
def test_ordinary_counts_seldom_lie_outside(mean, size, periods):
    rng = np.random.default_rng(8)
    outside = judged = 0
    for _ in range(150):
        count = rng.poisson(rng.gamma(size, mean / size, len(periods))).astype(float)
        later = chart(count, periods=periods).query("not reference")
        outside += later["signal"].isin(SIGNALS[:2]).sum()
        judged += len(later)
    assert outside / judged < 0.012  # .0027 by design


def test_more_inhabitants_are_no_signal():
    people = 1000 * 1.02 ** np.arange(32)
    got = chart(np.round(0.06 * people), people=people)
    assert set(got["signal"]) == {""}
    assert got["expected"].iloc[-1] == pytest.approx(0.06 * people[-1], rel=0.01)


def test_years_need_five_and_a_season_without_reports_is_possible():
    years = [str(y) for y in range(2016, 2027)]
    assert chart(np.full(11, 30.0), periods=years)["reference"].sum() == 8
    assert chart(np.full(11, 30.0), periods=years, through=2020)["reference"].sum() == 5
    assert chart(np.full(11, 30.0), periods=years, through=2019).empty
    assert chart(np.full(8, np.nan)).empty
    with pytest.raises(InputError, match="at least 2"):
        chart(np.full(32, 50.0), years=1)
    nothing = np.tile([0.0, 30, 30, 30], 8)
    nothing[-4] = 1
    assert signals(chart(nothing))["2026K1"] == ""


def test_a_year_with_a_quarter_missing_is_no_reference():
    count = np.full(32, 50.0)
    count[QUARTERS.index("2023K3")] = np.nan
    got = chart(count)
    assert set(got.loc[got["reference"], "period"].str[:4]) == {"2021", "2022", "2024"}
    assert "2023K3" not in set(got["period"])


def test_a_year_within_the_reference_that_is_not_complete_signals_nothing():
    count = np.full(32, 50.0)
    count[QUARTERS.index("2023K3")] = np.nan
    count[QUARTERS.index("2023K4")] = 500  # neither reference nor later
    assert signals(chart(count))["2023K4"] == ""
    count[QUARTERS.index("2025K1")] = 500
    assert [p for p, s in signals(chart(count)).items() if s] == ["2025K1"]


def test_years_left_out_are_no_reference_and_signal_nothing():
    years = [str(y) for y in range(2012, 2027)]
    count = np.full(15, 300.0)
    count[[8, 9]] = 200  # the pandemic
    count[-1] = 370
    plain, without = chart(count, periods=years), chart(
        count, periods=years, leave_out={2020, 2021}
    )  # fmt: skip
    assert signals(plain)["2026"] == ""  # its two low years pass for ordinary variation
    assert {p: s for p, s in signals(without).items() if s} == {"2026": "above"}
    assert set(without.loc[without["reference"], "period"]) == {
        str(y) for y in (*range(2015, 2020), 2022, 2023, 2024)
    }


def test_the_declared_pandemic_and_steps_are_no_reference_of_a_fit(random_draws):
    years = [str(y) for y in range(2008, 2026)]
    frame = pd.concat(
        pd.DataFrame({"period": years, "count": 50, "area": "N", "crime_type": kind})
        for kind in ("indbrud", "narkotika")
    )
    fit = fit_crime(frame.assign(population=9000.0, definition="STRAF11"), draws=10, chains=1)
    got = control_chart(fit).query("reference").groupby("crime_type")["period"].agg(set)
    assert got["indbrud"] == {"2018", "2019", "2022", "2023", "2024"}
    assert got["narkotika"] == {str(y) for y in (*range(2015, 2020), 2022, 2023, 2024)}


def test_a_row_starts_after_the_reference_and_ends_where_a_period_is_not_known():
    steady = np.tile([80.0, 84, 82, 78, 84, 80, 78, 82], 4)
    # high at the reference's end and for eight quarters after it: no nine after it are
    rising = steady + np.where(np.array([p >= "2024K1" for p in QUARTERS]), 6, 0)
    shifts = [p for p, s in signals(chart(rising)).items() if s.startswith("shift")]
    assert shifts == []
    after = np.where(np.array([p > "2023K4" for p in QUARTERS]), steady + 6, steady)
    assert signals(chart(after, through=2023))["2026K4"] == "shift up"
    gap = QUARTERS.index("2025K3")
    lacking = np.where(np.arange(32) == gap, np.nan, after)
    assert signals(chart(lacking, through=2023))["2026K4"] == ""
    left_out = [i for i in range(32) if i != gap]  # the caller may not list it at all
    periods, people = [QUARTERS[i] for i in left_out], np.full(31, 9.0)
    assert chart_series(periods, after[left_out], people, through=2023)["signal"].iloc[-1] == ""


def test_years_and_quarters_together_are_refused():
    with pytest.raises(InputError, match="periods of one length"):
        chart(np.full(4, 50.0), periods=["2018", "2019", "2020K1", "2020K2"])


def test_chart_of_a_fit(random_draws):
    frame = pd.concat(
        pd.DataFrame({"period": QUARTERS, "count": 50, "area": "N", "crime_type": kind})
        for kind in ("t", "u")
    )
    fit = fit_crime(frame.assign(population=9000.0), draws=10, chains=1)
    got = control_chart(fit)
    assert tuple(got.columns) == CHART_COLUMNS
    assert len(got) == 2 * 20
    assert set(control_chart(fit, crime_types=["u"])["crime_type"]) == {"u"}
    assert control_chart(fit, years=9).empty


def test_a_rebase_holds_the_series_against_its_own_first_years():
    enlarged = Rebase("2025K1", "Area enlarged on 1 January 2025")
    periods = [f"{y}K{q}" for y in range(2019, 2030) for q in range(1, 5)]
    rng = np.random.default_rng(6)
    expected = 60 * np.tile(SEASON, 11) * np.where(np.array(periods) >= "2025K1", 1.8, 1.0)
    count = rng.poisson(expected).astype(float)
    assert (chart(count, periods=periods)["signal"] != "").sum() > 8
    based = chart(count, periods=periods, rebases=[enlarged])
    assert list(based.columns) == [*CHART_COLUMNS[2:], "rebase"]
    assert based.loc[based["rebase"] != "", "period"].tolist() == ["2025K1"]
    assert based["period"].tolist()[-20:] == periods[-20:]
    after = based[based["period"] >= "2025K1"]
    assert (
        after.loc[after["reference"], "period"].tolist() == periods[24:36]
    )  # its first three years
    assert (based["signal"] != "").sum() <= 1
    fallen = count.copy()
    fallen[-2] *= 0.3
    assert chart(fallen, periods=periods, rebases=[enlarged])["signal"].iloc[-2] == "below"


def test_a_new_base_without_years_enough_has_no_limits_and_loses_nothing():
    late = Rebase("2026K1", "Counted by another register")
    based = chart(np.full(32, 50.0), rebases=[late])
    rows = based[based["period"] >= "2026K1"]
    assert rows["period"].tolist() == QUARTERS[28:]
    assert rows["low"].isna().all()
    assert rows["rebase"].tolist() == [late.reason, "", "", ""]
    with pytest.raises(InputError, match="new base must start"):
        chart(np.full(32, 50.0), rebases=[Rebase("2019K1", "the first period")])
