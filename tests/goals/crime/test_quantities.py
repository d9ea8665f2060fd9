from functools import partial

import numpy as np
import pytest
import xarray as xr

from amager_eval.errors import InputError
from amager_eval.goals.crime.changes import type_contributions, yearly_changes
from amager_eval.goals.crime.quantities import (
    QUANTITY_COLUMNS,
    annual_levels,
    crime_quantities,
)
from amager_eval.trends.fit import Forecast

crime_quantities = partial(crime_quantities, baseline=2024, target=2028)
type_contributions = partial(type_contributions, baseline=2024, target=2028)

PERIODS = [f"{y}K{q}" for y in range(2022, 2029) for q in range(1, 5)]
SEASON = np.tile([0.8, 1.2, 1.1, 0.9], 7)


def draws(levels, observed_through="2025K4", baseline_seen=True, areas=("City",)):
    """Draws whose yearly level (per 1,000 per quarter, before season) is given: sample, year."""
    level = np.repeat(np.asarray(levels, float), 4, axis=1) * SEASON
    cells = np.broadcast_to(level[:, None, None], (len(level), len(areas), 1, len(PERIODS)))
    people = 1000.0 * 1.01 ** (np.arange(len(PERIODS)) // 4)
    expected = cells * people
    seen = np.array([p <= observed_through for p in PERIODS])
    if not baseline_seen:
        seen &= np.array([not p.startswith("2024") for p in PERIODS])
    count = np.where(seen, np.round(np.median(expected, axis=0)), np.round(expected))
    dims = ("sample", "area", "crime_type", "period")
    return xr.Dataset(
        {
            "rate": (dims, cells.copy()),
            "level": (dims, cells.copy()),
            "expected": (dims, expected),
            "count": (dims, count),
        },
        coords={
            "area": list(areas),
            "crime_type": ["theft"],
            "period": PERIODS,
            "observed": (dims[1:], np.broadcast_to(seen, (len(areas), 1, len(PERIODS))).copy()),
        },
        attrs={
            "definition": "x",
            "period_unit": "quarter",
            "whole": "",
            "total_parts": "",
            "total": "total",
        },
    )


def value(frame, quantity, form="rate", year=2028):
    rows = frame[
        (frame["quantity"] == quantity) & (frame["form"] == form) & (frame["year"] == year)
    ]
    assert len(rows) == 1
    return float(rows["value"].iloc[0])


FOUR = [
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.98],
    [2.0, 2.0, 2.0, 2.0, 2.2, 2.0, 1.9],
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.05],
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.4],
]


def test_probabilities_are_shares_of_draws():
    frame = crime_quantities(Forecast("crime", draws(FOUR), None, ""), margin=1.05)
    assert tuple(frame.columns) == QUANTITY_COLUMNS
    assert value(frame, "probability_true_at_or_below") == 0.5
    assert value(frame, "probability_true_at_or_below_105") == 0.75
    assert value(frame, "probability_true_every_year") == 0.25
    # four years of 1 % more inhabitants: only 1.9 / 2.0 is fewer reports
    assert value(frame, "probability_true_at_or_below", form="count") == 0.25


def test_the_margin_is_the_agreements_and_names_what_it_asks():
    without = crime_quantities(Forecast("crime", draws(FOUR), None, ""))
    assert not [q for q in without["quantity"] if q.removeprefix("prior_").endswith("_105")]
    wide = crime_quantities(Forecast("crime", draws(FOUR), None, ""), margin=1.25)
    assert value(wide, "probability_true_at_or_below_125") == 1.0


def test_quarters_sum_to_years_per_1000():
    levels = annual_levels(draws(FOUR))
    assert levels["year"].values.tolist() == list(range(2022, 2029))
    assert levels["rate"].sel(year=2024).values.ravel() == pytest.approx(8.0)
    assert levels["count"].sel(year=2022).values.ravel() == pytest.approx(8000.0)


def test_an_incomplete_year_is_no_year():
    short = draws(FOUR).isel(period=slice(1, None))
    assert annual_levels(short)["year"].values[0] == 2023


def test_published_figures_and_their_comparison():
    frame = crime_quantities(Forecast("crime", draws(FOUR), None, ""))
    assert value(frame, "observed_baseline", "count") == pytest.approx(8160.8, abs=2)
    assert value(frame, "observed_latest_year", "count") == 2025
    latest = value(frame, "observed_latest", "count")
    held = latest <= value(frame, "observed_baseline", "count")
    assert value(frame, "literal_at_or_below_baseline", "count") == held
    # a year already published is certain
    assert value(frame, "probability_observed_at_or_below", "count", year=2025) == float(held)


def test_without_a_published_baseline_nothing_is_put_in_its_place():
    frame = crime_quantities(Forecast("crime", draws(FOUR, baseline_seen=False), None, ""))
    chances = frame[frame["quantity"].str.startswith("probability_")]
    assert chances["value"].isna().all()
    assert np.isnan(value(frame, "observed_baseline"))
    assert np.isnan(value(frame, "literal_at_or_below_baseline"))
    assert set(chances["reason"]) == {"no published reports for 2024"}


def test_nearer_the_rest_needs_a_published_baseline_and_says_so():
    both = draws(FOUR, areas=("D", "rest of City"), baseline_seen=False)
    both.attrs["whole"] = "City"
    frame = crime_quantities(Forecast("crime", both, None, ""))
    closer = frame[frame["quantity"] == "probability_closer_to_rest"]
    assert len(closer)
    assert closer["value"].isna().all()
    assert set(closer["reason"]) == {"no published reports for 2024"}


def test_guard_years_outside_the_series_are_a_reason():
    frame = crime_quantities(Forecast("crime", draws(FOUR), None, ""), guard=(2019, 2024))
    for name in ("probability_true_at_or_below", "observed", "literal_at_or_below"):
        found = frame[frame["quantity"] == f"{name}_mean_2019_24"]
        assert len(found)
        assert found["value"].isna().all()
        assert set(found["reason"]) == {"the series does not hold every guard year"}
    assert set(frame.loc[frame["value"].notna(), "reason"]) == {""}


def test_the_guard_years_mean_stands_beside_the_baseline_by_the_letter():
    low = draws(FOUR)
    year = xr.DataArray([int(p[:4]) for p in PERIODS], dims="period")
    low["count"] = xr.where(year == 2024, low["count"] * 0.5, low["count"])  # a lucky baseline
    frame = crime_quantities(Forecast("crime", low, None, ""))
    mean = np.mean([8000, 8080, 4080.4])
    assert value(frame, "observed_mean_2022_24", "count") == pytest.approx(mean, abs=2)
    assert value(frame, "literal_at_or_below_baseline", "count") == 0.0
    assert value(frame, "literal_at_or_below_mean_2022_24", "count") == 0.0
    high = xr.where(year == 2023, low["count"] * 2, low["count"])
    frame = crime_quantities(Forecast("crime", low.assign(count=high), None, ""))
    assert value(frame, "literal_at_or_below_baseline", "count") == 0.0
    assert value(frame, "literal_at_or_below_mean_2022_24", "count") == 1.0
    early = crime_quantities(Forecast("crime", draws(FOUR, observed_through="2024K4"), None, ""))
    row = early[early["quantity"] == "literal_at_or_below_mean_2022_24"].iloc[0]
    assert np.isnan(row["value"])
    assert row["reason"] == "no complete year after 2024 is published"


def test_prior_answers_stand_beside():
    doubled = draws(np.asarray(FOUR) * [1, 1, 2, 2, 2, 2, 2])
    frame = crime_quantities(Forecast("crime", draws(FOUR), doubled, ""))
    assert value(frame, "prior_true_baseline") == pytest.approx(16.0)
    assert value(frame, "prior_probability_true_at_or_below") == 0.5


def test_rate_against_the_rest_of_the_whole():
    both = draws(FOUR, areas=("D", "rest of City"))
    both["level"].loc[{"area": "D"}] *= 2.0
    both["expected"].loc[{"area": "D"}] *= 2.0
    both["level"].loc[{"area": "D", "period": PERIODS[-4:]}] *= 0.75
    both.attrs["whole"] = "City"
    frame = crime_quantities(Forecast("crime", both, None, ""))
    assert value(frame, "rate_ratio_to_rest_baseline") == pytest.approx(2.0)
    assert value(frame, "rate_ratio_to_rest") == pytest.approx(1.5)
    assert value(frame, "probability_closer_to_rest") == 1.0


def test_years_outside_the_forecast_are_refused():
    with pytest.raises(InputError, match="2022 to 2028"):
        crime_quantities(Forecast("crime", draws(FOUR), None, ""), target=2030)
    with pytest.raises(InputError, match="complete calendar year"):
        annual_levels(draws(FOUR).isel(period=[1, 2]))


def test_yearly_change_is_a_ratio_of_successive_years():
    frame = yearly_changes(Forecast("crime", draws(FOUR), None, ""))
    row = frame[(frame["year"] == 2028) & (frame["form"] == "rate")].iloc[0]
    assert row["median"] == pytest.approx(np.median([-0.01, -0.05, 0.025, 0.2]))
    assert row["probability_fall"] == 0.5
    counts = frame[(frame["year"] == 2023) & (frame["form"] == "count")].iloc[0]
    assert counts["median"] == pytest.approx(0.01)


def test_contributions_add_up_to_the_total():
    one = draws(FOUR)
    other = 3 * one.assign_coords(crime_type=["remainder"])
    total = (one.drop_vars("crime_type") + other.drop_vars("crime_type")).assign_coords(
        crime_type=["total"], observed=one["observed"].drop_vars("crime_type")
    )
    whole = xr.concat([one, other, total], "crime_type").assign_attrs(
        one.attrs | {"total_parts": "theft;remainder"}
    )
    whole["level"], whole["expected"] = whole["level"] + 0, whole["expected"] + 0
    years = type_contributions(Forecast("crime", whole, None, ""))
    assert set(years["year"]) == {2025, 2026, 2027, 2028}
    frame = years[years["year"] == 2028].set_index("crime_type")
    assert frame.loc["remainder", "median"] == pytest.approx(3 * frame.loc["theft", "median"])
    assert frame.loc["total", "median"] == pytest.approx(4 * frame.loc["theft", "median"])
    assert type_contributions(Forecast("crime", one, None, "")).empty


def test_exact_rate_ratio_stands_beside():
    frame = crime_quantities(Forecast("crime", draws(FOUR), None, ""))
    latest, baseline = (value(frame, f"observed_{n}") for n in ("latest", "baseline"))
    assert value(frame, "rate_ratio_exact") == pytest.approx(latest / baseline)
    assert value(frame, "rate_ratio_exact_low_95") < 1 < value(frame, "rate_ratio_exact_high_95")
