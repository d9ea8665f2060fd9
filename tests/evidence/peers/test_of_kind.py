"""Peers on series whose right forecast is known; those of other packages where installed."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.evidence.backtest.panel import split
from amager_eval.evidence.backtest.panels import make_panel
from amager_eval.evidence.backtest.score import score_unit
from amager_eval.evidence.peers.gap import LastGap
from amager_eval.evidence.peers.of_kind import peers_of
from amager_eval.evidence.peers.packages import _from_quantiles, prophet, statsforecast
from amager_eval.evidence.peers.series import Past, SeriesPeer, Unforecastable, last_value
from amager_eval.evidence.peers.statistical import linear_trend, negbin_glm, structural


def crime_unit(count, periods, origin, horizons=(1, 2, 3, 4)):
    frame = pd.DataFrame({"area": "Nord", "crime_type": "theft", "period": periods, "count": count})
    panel = make_panel("made_up", "crime", frame, origins=[origin], horizons=horizons)
    (unit,) = split(panel, origins=[origin])
    return unit


QUARTERS = [f"{y}K{k}" for y in range(2010, 2022) for k in range(1, 5)]


def seasonal_counts(seed, level=200.0, dispersion=0.0):
    rng = np.random.default_rng(seed)
    mean = level * np.tile([0.7, 1.0, 1.3, 1.0], 12)
    if dispersion:
        mean = mean * rng.gamma(1 / dispersion, dispersion, 48)
    return rng.poisson(mean)


def test_last_value_repeats_the_season_and_widens_with_the_cycles():
    past = Past(
        values=np.tile([1.0, 2.0, 3.0, 4.0], 5) + np.repeat([0, 0.1, 0.0, 0.1, 0.0], 4),
        per_year=4,
        first_year=2015,
        first_index=1,
        horizon=8,
        pooled_step=9.0,
    )
    drawn = last_value(past, 20_000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(axis=0), [1, 2, 3, 4, 1, 2, 3, 4], atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0)[[0, 4]], 0.1 * np.sqrt([1, 2]), rtol=0.03)


def test_last_value_bridges_gaps_and_trusts_the_pool_when_short():
    gappy = Past(np.array([5.0, np.nan, np.nan]), 1, 2015, 1, 2, pooled_step=0.5)
    drawn = last_value(gappy, 40_000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(axis=0), 5.0, atol=0.02)
    np.testing.assert_allclose(drawn.std(axis=0), 0.5 * np.sqrt([3, 4]), rtol=0.03)


def test_linear_trend_has_the_textbook_band():
    values = np.array([0.1, 0.9, 2.2, 2.8, 4.1, 5.0])
    past = Past(values, 1, 2015, 1, 1, pooled_step=1.0)
    drawn = linear_trend("counts").predict(past, 200_000, np.random.default_rng(1))[:, 0]
    x = np.arange(6.0)
    slope, intercept = np.polyfit(x, values, 1)
    s2 = ((values - intercept - slope * x) ** 2).sum() / 4
    sd = np.sqrt(s2 * (1 + 1 / 6 + (6 - 2.5) ** 2 / 17.5))
    # quantile .975 of Student t with 4 degrees of freedom: 2.776
    assert np.quantile(drawn, 0.975) == pytest.approx(intercept + slope * 6 + 2.776 * sd, rel=0.01)


def test_negbin_glm_finds_season_trend_and_dispersion():
    unit = crime_unit(seasonal_counts(1, dispersion=0.02), QUARTERS, "2020K4")
    predicted = negbin_glm()(unit.task)
    mean = predicted.draws.mean(axis=0)
    np.testing.assert_allclose(mean, 200 * np.array([0.7, 1.0, 1.3, 1.0]), rtol=0.12)
    # variance mu + .02 mu^2 and what is not known of the coefficients
    assert predicted.draws.std(axis=0)[1] == pytest.approx(np.sqrt(200 + 0.02 * 200**2), rel=0.3)
    assert not predicted.fallback.any()


def test_negbin_glm_without_overdispersion_is_poisson():
    unit = crime_unit(np.tile([5, 6, 7, 4, 6, 5, 4, 7], 6), QUARTERS, "2020K4")
    draws = negbin_glm()(unit.task).draws
    assert draws.var(axis=0).mean() == pytest.approx(5.5, rel=0.25)


@pytest.mark.parametrize("peer", [negbin_glm(), structural("ucm", "local level", "sqrt")])
def test_statistical_peers_beat_noise_and_cover(peer):
    scores = pd.concat(
        [score_unit(crime_unit(seasonal_counts(s), QUARTERS, "2020K4"), peer) for s in range(15)]
    )
    naive = pd.concat(
        [
            score_unit(
                crime_unit(seasonal_counts(s), QUARTERS, "2020K4"),
                SeriesPeer("naive", last_value, "sqrt", ""),
            )
            for s in range(15)
        ]
    )
    assert scores["crps"].mean() < naive["crps"].mean()
    middle = (scores["pit_low"] + scores["pit_high"]) / 2
    assert 0.6 < middle.between(0.1, 0.9).mean() < 0.97


def test_structural_trend_follows_a_line_and_a_level_does_not():
    frame = pd.DataFrame(
        {
            "area": "Nord",
            "wave": range(2010, 2022),
            "setting": "night",
            "response": "safe",
            "percent": 60 + 2.0 * np.arange(12) + np.tile([0.2, -0.2], 6),
        }
    )
    panel = make_panel("made_up", "safety", frame, origins=[2019], horizons=[2])
    (unit,) = split(panel, origins=[2019])
    trend = structural("trend", "local linear trend", "logit")(unit.task).draws.mean()
    level = structural("level", "local level", "logit")(unit.task).draws.mean()
    assert trend == pytest.approx(0.82, abs=0.02)
    assert level < 0.80


def test_what_cannot_be_forecast_is_marked_and_explained():
    def never(past, size, rng):
        raise Unforecastable("no estimate")

    peer = SeriesPeer("never", never, "sqrt", "cannot")
    unit = crime_unit(seasonal_counts(2), QUARTERS, "2020K4")
    predicted = peer(unit.task)
    assert predicted.fallback.all()
    assert predicted.problems == "1 series: no estimate"
    naive = SeriesPeer("naive", last_value, "sqrt", "")(unit.task)
    np.testing.assert_array_equal(predicted.draws, naive.draws)


def test_all_zero_counts_do_not_break_a_peer():
    unit = crime_unit(np.zeros(48, dtype=int), QUARTERS, "2020K4")
    for peer in (negbin_glm(), SeriesPeer("naive", last_value, "sqrt", "")):
        draws = peer(unit.task).draws
        assert (draws == 0).all()


def test_last_gap_moves_areas_with_the_whole():
    rng = np.random.default_rng(3)
    city = 70 + np.cumsum(rng.normal(0, 3, 14))
    frame = pd.concat(
        [
            pd.DataFrame({"area": a, "wave": range(2008, 2022), "percent": city + gap})
            for a, gap in (("City", 0.0), ("Nord", 4.0), ("Syd", -4.0))
        ]
    ).assign(setting="day", response="safe")
    panel = make_panel("made_up", "safety", frame, origins=[2018], horizons=[1, 2, 3], whole="City")
    (unit,) = split(panel, origins=[2018])
    scores = score_unit(unit, LastGap()).set_index(["area", "horizon"])
    # gaps hardly move: the area above stays above, the one below stays below
    assert scores.loc["Nord", "reach_probability"].min() > 0.95
    assert scores.loc["Syd", "reach_probability"].max() < 0.05
    independent = score_unit(unit, SeriesPeer("last", last_value, "logit", "")).set_index(
        ["area", "horizon"]
    )
    assert independent.loc["Nord", "reach_probability"].max() < 0.95


def test_quantiles_of_a_normal_give_normal_draws_with_tails():
    levels = np.array([0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995])
    z = np.array([-2.575829, -1.644854, -0.67449, 0.0, 0.67449, 1.644854, 2.575829])
    drawn = _from_quantiles((3 + 2 * z)[:, None], levels, 200_000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(3.0, abs=0.02)
    assert drawn.std() == pytest.approx(2.0, rel=0.01)
    assert np.quantile(drawn, 0.9995) == pytest.approx(3 + 2 * 3.29, rel=0.03)


def test_shares_stay_shares_and_counts_whole():
    for peer in peers_of("crime"):
        if isinstance(peer, SeriesPeer) and "statsmodels" in peer.packages:
            draws = peer(crime_unit(seasonal_counts(4, level=2.0), QUARTERS, "2020K4").task).draws
            assert (draws >= 0).all()
            np.testing.assert_array_equal(draws, np.rint(draws))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("model", ["AutoETS", "AutoARIMA", "AutoTheta"])
def test_statsforecast_peers_follow_the_season(model):
    pytest.importorskip("statsforecast")
    unit = crime_unit(seasonal_counts(5), QUARTERS, "2020K4")
    predicted = statsforecast(model, model, "sqrt")(unit.task)
    assert not predicted.fallback.any()
    expected = 200 * np.array([0.7, 1.0, 1.3, 1.0])
    np.testing.assert_allclose(predicted.draws.mean(axis=0), expected, rtol=0.15)
    # Poisson noise alone has sd sqrt(mean)
    assert (predicted.draws.std(axis=0) > 0.6 * np.sqrt(expected)).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_prophet_follows_the_season_and_repeats_with_its_seed():
    pytest.importorskip("prophet")
    unit = crime_unit(seasonal_counts(5), QUARTERS, "2020K4")
    first, second = (prophet("sqrt", size=200)(unit.task) for _ in range(2))
    np.testing.assert_array_equal(first.draws, second.draws)
    expected = 200 * np.array([0.7, 1.0, 1.3, 1.0])
    np.testing.assert_allclose(first.draws.mean(axis=0), expected, rtol=0.2)
