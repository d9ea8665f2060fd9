from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.errors import InputError
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime import forecast as crime_forecast
from amager_eval.trends.crime.design import REMAINDER, rest_name
from amager_eval.trends.crime.fit import fit_crime


def city(late=0, types=("total", "indbrud"), definition="STRAF11"):
    rows = []
    for area, size in (("City", 400), ("D", 30)):
        for i, year in enumerate(range(2018, 2026)):
            if area == "D" and i < late:
                continue
            for k in types:
                count = size * (10 if k == "total" else 1) + i
                rows.append((area, str(year), k, count, size * 50.0))
    columns = ["area", "period", "crime_type", "count", "population"]
    return pd.DataFrame(rows, columns=columns).assign(definition=definition)


@pytest.fixture
def forecast(random_draws):
    return fit_crime(city(), whole="City", draws=40, chains=2).forecast(2028)


def test_published_counts_are_themselves_and_parts_add_up(forecast):
    count = forecast.draws["count"]
    observed = forecast.draws["observed"]
    assert bool(observed.sel(period=slice(2018, 2025)).all())
    assert not bool(observed.sel(period=slice(2026, None)).any())
    assert float(count.sel(area="City", crime_type="total", period=2025).min()) == 4007
    assert float(count.sel(area="City", crime_type="total", period=2025).max()) == 4007
    for name in ("count", "expected"):
        draws = forecast.draws[name]
        parts = draws.sel(area="D") + draws.sel(area=rest_name("City"))
        assert np.allclose(draws.sel(area="City"), parts)
        kinds = draws.sel(crime_type="indbrud") + draws.sel(crime_type=REMAINDER)
        assert np.allclose(draws.sel(crime_type="total"), kinds)


def test_dims_and_period_are_as_promised(forecast):
    assert forecast.draws["rate"].dims == ("sample", "area", "crime_type", "period")
    assert forecast.draws["period"].values.tolist() == list(range(2018, 2029))
    assert forecast.draws["rate"].sizes["sample"] == 80
    assert set(forecast.to_frame()["quantity"]) == {"rate", "count", "level", "expected"}


def test_rate_carries_the_pandemic_and_level_does_not(forecast):
    ratio = forecast.draws["rate"] / forecast.draws["level"]
    assert np.allclose(ratio.sel(period=[2022, 2024, 2028]), 1)
    assert float(ratio.sel(period=2021).std()) > 0.01


def quarters():
    rows = [
        (area, f"{2022 + i // 4}K{i % 4 + 1}", size + i, size * 50.0)
        for area, size in (("City", 400), ("D", 30))
        for i in range(12)
    ]
    columns = ["area", "period", "count", "population"]
    return pd.DataFrame(rows, columns=columns).assign(crime_type="theft")


def test_what_passes_is_part_of_the_rate_and_no_part_of_the_level(random_draws):
    fit = fit_crime(quarters(), whole="City", draws=400, chains=2)
    draws = fit.forecast("2027K4").draws
    ratio = (draws["rate"] / draws["level"]).sel(crime_type="theft")
    # the level has the season but the rest has nothing that passes
    assert np.allclose(ratio.sel(area=rest_name("City")), 1)
    spread = np.log(ratio.sel(area="D"))
    assert float(spread.sel(period="2024K2").std()) > 0.01
    # in the end what passes is as wide as its standard deviation says, about its earlier mean
    end = spread.sel(period="2027K4").values
    sd = fit.data["posterior"]["passing_sd"].values.ravel()
    assert end.std() == pytest.approx(np.sqrt((sd**2).mean()), rel=0.25)


def test_nothing_passes_in_years(random_draws):
    fit = fit_crime(city(types=("theft",)), whole="City", draws=10, chains=1)
    assert "passing_sd" not in fit.data["posterior"]


def test_late_district_is_predicted_before_it_reports(random_draws):
    draws = fit_crime(city(late=3), whole="City", draws=40, chains=2).forecast(2026).draws
    observed = draws["observed"].sel(crime_type="total")
    assert observed.sel(period=2018, area=["City", "D", rest_name("City")]).values.tolist() == [
        True,
        False,
        False,
    ]
    early = draws["count"].sel(area="City", crime_type="total", period=2018)
    assert np.unique(early).tolist() == [4000]


def test_future_follows_drift_innovation_and_population(random_draws):
    fit = fit_crime(city(types=("theft",)), draws=400, chains=4)
    design, posterior = fit.data["design"].to_dataset(), fit.data["posterior"].to_dataset()
    draws = fit.forecast(2029).draws
    level = np.log(draws["level"]).sel(crime_type="theft")
    change = (level.sel(period=2029) - level.sel(period=2025)).values
    drift = posterior["drift"].values.reshape(-1, design.sizes["area"])
    sd = posterior["innovation"].values.ravel()
    standard = (change - 4 * drift) / (2 * sd[:, None])
    assert abs(standard.mean()) < 4 / np.sqrt(standard.size)
    assert standard.std() == pytest.approx(1, abs=0.05)
    people = (draws["expected"] / draws["level"]).sel(crime_type="theft", period=2029)
    growth = np.log(people.sel(area="D") / (30 * 50 / 1000)).values / 4
    assert growth.std() == pytest.approx(float(design["population_growth_sd"]), rel=0.1)


def test_a_projection_moves_the_middle_and_leaves_the_uncertainty(random_draws):
    table = city(types=("theft",))
    known = table[["area", "period", "population"]].astype({"period": int})
    later = known[known["period"] == 2025]
    ahead = [later.assign(period=y, population=later["population"] * 1.1) for y in (2029, 2030)]
    spread = {}
    for name, people in (("known", known), ("projected", pd.concat([known, *ahead]))):
        fit = fit_crime(table.drop(columns="population"), population=people, draws=400, chains=4)
        draws = fit.forecast(2028).draws
        people_then = (draws["expected"] / draws["level"]).sel(crime_type="theft", area="D")
        spread[name] = np.log(people_then.sel(period=2028))
    assert float(spread["known"].std()) > 0
    assert float(spread["projected"].std() / spread["known"].std()) == pytest.approx(1, abs=0.1)
    assert float((spread["projected"] - spread["known"]).mean()) == pytest.approx(
        np.log(1.1) * 3.5 / 4, abs=0.01
    )


@pytest.mark.parametrize(("until", "n"), [("2028K4", None), (2010, None), (2028, 300)])
def test_wrong_calls_are_explained(random_draws, until, n):
    fit = fit_crime(city(), draws=5, chains=1)
    with pytest.raises(InputError):
        fit.forecast(until, n=n)


def test_a_cut_before_the_last_count_is_possible(random_draws):
    draws = fit_crime(city(), draws=5, chains=1).forecast(2020).draws
    assert draws["period"].values.tolist() == [2018, 2019, 2020]


@pytest.mark.parametrize("year", [2010, 2028])
def test_a_step_outside_the_counts_moves_nothing(random_draws, year):
    step = {"name": "app", "date": date(year, 1, 1), "sigma": 1.0, "reason": "r"}
    plain = load_model_spec("crime_trend").with_options(steps=[])
    spec = plain.with_options(steps=[step])
    forecast = fit_crime(city(), whole="City", spec=spec, draws=40, chains=2).forecast(2029)
    for draws in (forecast.draws, forecast.prior_only):
        ratio = np.log(draws["rate"] / draws["level"])
        # neither before its date nor from the first forecast period on
        assert np.allclose(ratio.sel(period=[2018, 2019, 2023, 2025, 2026, 2027, 2028, 2029]), 0)


def test_blocks_of_draws_answer_as_all_at_once(random_draws, monkeypatch):
    """Observed figures and coordinates are the same; what is drawn has the same distribution."""
    frame = pd.DataFrame(
        [("D", year, "t", 40 + year % 7, 5e3) for year in range(2014, 2026)],
        columns=["area", "period", "crime_type", "count", "population"],
    )
    fit = fit_crime(frame, draws=500, chains=2, seed=1)
    whole = fit.forecast(2028).draws
    monkeypatch.setattr(crime_forecast, "AT_ONCE", 15 * 130)
    monkeypatch.setattr(crime_forecast, "IN_BLOCK", 15 * 130)  # draws a block, the last shorter
    blocks = fit.forecast(2028).draws
    assert blocks["count"].dtype == np.float32
    assert whole["count"].dtype == np.float64
    xr.testing.assert_identical(whole["observed"], blocks["observed"])
    assert blocks.attrs == whole.attrs
    seen = whole["observed"].values
    assert np.array_equal(whole["count"].values[:, seen], blocks["count"].values[:, seen])
    # levels of observed periods are the posterior's own, draw for draw
    past = {"period": slice(2014, 2025)}
    assert np.allclose(whole["level"].sel(past), blocks["level"].sel(past), rtol=1e-5)
    one, other = (np.log(d["level"].sel(period=2028)).mean() for d in (whole, blocks))
    spread = float(np.log(whole["level"].sel(period=2028)).std())
    assert abs(float(one - other)) < 4 * spread / np.sqrt(500)
    # of a large forecast fewer draws are kept, evenly spread
    monkeypatch.setattr(crime_forecast, "KEPT", 0)
    monkeypatch.setattr(crime_forecast, "LEAST_DRAWS", 250)
    fewer = fit.forecast(2028).draws
    assert fewer.sizes["sample"] == 250
    every_fourth = whole["level"].sel(past).values[::4]
    assert np.allclose(fewer["level"].sel(past), every_fourth, rtol=1e-5)
