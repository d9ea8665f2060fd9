"""Questions of a forecast, asked of draws whose answers are counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from amager_eval.errors import InputError
from amager_eval.trends.area.estimate import AreaEstimate
from amager_eval.trends.fit import Forecast


@pytest.fixture(scope="module")
def safety():
    # ten draws; Nord rises by .01 a draw, the city stands at .85; Syd is the reverse of Nord
    share = np.empty((10, 3, 2, 1, 2))
    nord = 0.80 + 0.01 * np.arange(10)
    share[:, 0], share[:, 1] = nord[:, None, None, None], nord[::-1, None, None, None]
    share[:, 2] = 0.85
    share[..., 1] += 0.02  # the later wave
    dims = ("sample", "area", "setting", "response", "period")
    coords = {"area": ["Nord", "Syd", "Byen"], "setting": ["day", "night"], "response": ["safe"],
              "period": [2027, 2028]}  # fmt: skip
    draws = xr.Dataset({"true": (dims, share), "published": (dims, share)}, coords=coords)
    observed = xr.zeros_like(draws["true"].isel(sample=0, drop=True), dtype=bool)
    return Forecast("safety", draws.assign_coords(observed=observed), draws + 0.1, "0" * 64)


@pytest.fixture(scope="module")
def crime():
    periods = [f"{y}K{q}" for y in (2027, 2028) for q in (1, 2, 3, 4)]
    count = np.arange(5)[:, None, None, None] + np.ones((5, 1, 2, 8))
    count[..., 4:] += 1
    draws = xr.Dataset(
        {"count": (("sample", "area", "crime_type", "period"), count)},
        coords={"area": ["Nord"], "crime_type": ["a", "b"], "period": periods},
    )
    return Forecast("crime", draws.assign(rate=draws["count"] / 10), None, "0" * 64)


def ask(forecast, **question):
    found = forecast.probability(**question)
    return found.values.item() if found.ndim == 0 else found.values.tolist()


def test_against_a_number_and_against_an_area(safety):
    one = {"area": "Nord", "setting": "day", "response": "safe"}
    assert ask(safety, at_least=0.855, by=2027, **one) == pytest.approx(0.4)
    assert ask(safety, at_most=0.855, by=2027, **one) == pytest.approx(0.6)
    assert ask(safety, at_least=0.815, at_most=0.855, by=2027, **one) == pytest.approx(0.4)
    # both moved by the same: the same draws reach it
    assert ask(safety, at_least="Byen", by=2028, **one) == pytest.approx(
        ask(safety, at_least="Byen", by=2027, **one)
    )
    assert ask(safety, at_least={"period": 2027}, by=2028, **one) == 1
    against = {"area": "Byen", "period": 2027}
    assert ask(safety, at_least=against, by=2028, **one) == pytest.approx(0.7, abs=0.11)


def test_what_was_asked_about_in_number_is_a_dim_and_an_area_is_not_held_against_itself(safety):
    found = safety.probability(at_least="Byen", by=[2027, 2028], setting="day", response="safe")
    assert found.dims == ("period", "area")
    assert found["area"].values.tolist() == ["Nord", "Syd"]
    assert found.attrs == {"quantity": "true", "draws": 10}


def test_joint_counts_draws_in_which_all_hold(safety):
    how = {"at_least": 0.835, "by": 2027, "area": ["Nord", "Syd"], "response": "safe"}
    # Nord and Syd reach it in six draws each, both in the two of the middle
    assert ask(safety, setting="day", **how) == pytest.approx([0.6, 0.6])
    assert ask(safety, setting="day", joint="area", **how) == pytest.approx(0.2)
    assert ask(safety, joint=True, **how) == pytest.approx(0.2)
    assert safety.probability(joint="area", **how).dims == ("setting",)


@pytest.mark.parametrize("at_most", [False, True])
@pytest.mark.parametrize("asked", [0.05, 0.3, 0.5, 0.9, 0.99])
def test_a_level_is_the_best_that_has_the_probability(safety, asked, at_most):
    one = {"area": "Nord", "setting": "night", "response": "safe", "by": 2028}
    level = float(safety.level(asked, at_most=at_most, **one))
    side = "at_most" if at_most else "at_least"
    assert ask(safety, **{side: level}, **one) >= asked - 1e-12
    better = level - 0.0101 if at_most else level + 0.0101
    assert ask(safety, **{side: better}, **one) < asked
    both = {**one, "area": ["Nord", "Syd"]}
    joint = float(safety.level(asked, at_most=at_most, joint="area", **both))
    assert ask(safety, **{side: joint}, joint="area", **both) >= asked - 1e-12


def test_without_the_series(safety):
    one = {"area": "Nord", "setting": "day", "response": "safe", "by": 2027, "at_least": 0.9}
    assert ask(safety, **one) == 0
    assert ask(safety, prior=True, **one) == 1


def test_a_year_of_quarters_is_their_sum_and_the_default_the_last_period(crime):
    assert ask(crime, at_most=16, by=2028, quantity="count", crime_type="a", area="Nord") == 0.6
    assert ask(crime, at_most=0.3, crime_type="a", area="Nord") == pytest.approx(0.4)
    per_year = crime.probability(at_most={"period": 2027}, by=2028, quantity="count")
    assert per_year.values.tolist() == [[0.0, 0.0]]
    table = crime.summary(2028, quantity="count")
    assert table["median"].tolist() == [16.0, 16.0]
    assert list(table.columns[:3]) == ["area", "crime_type", "median"]


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({}, "say at_least or at_most"),
        ({"at_least": 85}, "Write 85 % as 0.85"),
        ({"at_least": "Vest"}, "there is no area 'Vest'; there are Nord, Syd, Byen"),
        ({"at_least": 0.8, "by": 2031}, "runs from 2027 to 2028"),
        ({"at_least": 0.8, "crime_type": "a"}, "crime_type means nothing in a forecast of safety"),
        ({"at_least": 0.8, "quantity": "rate"}, "no quantity 'rate'; there are true, published"),
        ({"at_least": {"wave": 2027}}, "a cell is named by"),
        ({"at_least": "byn"}, "there is no area 'byn'. Did you mean 'Byen'\\? There are Nord, Syd"),
        ({"at_least": 0.8, "setting": "nihgt"}, "Did you mean 'night'"),
        ({"at_least": True}, "a number or the name of an area; found True"),
        ({"at_least": [0.8, 0.9]}, r"found \[0.8, 0.9\]. Ask for several levels one by one"),
        ({"at_least": 0.8, "by": 2027.5}, "a period is written 2028 or 2028K4; found 2027.5"),
        ({"at_least": 0.8, "area": "Nord", "joint": "area"}, "joint names area"),
    ],
)
def test_what_the_forecast_does_not_have_is_named(safety, question, says):
    with pytest.raises(InputError, match=says):
        safety.probability(**question)


def test_an_area_alone_is_held_against_another_period_not_against_itself(crime):
    with pytest.raises(InputError, match=r'no area to hold against Nord; give a number.*"period"'):
        crime.probability(at_most="Nord", by=2028)


def test_a_probability_that_is_none_and_a_missing_prior_are_refused(safety, crime):
    with pytest.raises(InputError, match=r"between 0 and 1; found 1\.5"):
        safety.level(1.5)
    with pytest.raises(InputError, match="without the series"):
        crime.probability(at_most=1, prior=True)


def test_the_draws_convert_and_say_which_are_observations(safety):
    tree = safety.to_datatree()
    assert set(tree.children) == {"posterior_predictive", "prior_predictive", "constant_data"}
    assert tree["posterior_predictive"]["true"].dims[:2] == ("chain", "draw")
    assert not tree["constant_data"]["observed"].any()


def test_a_notebook_and_a_plot_show_it(safety):
    text = safety._repr_html_()
    assert "Forecast of safety to 2028" in text
    assert "Nord" in text
    axes = safety.plot("Syd", setting="night")
    assert axes.get_title("left") == "Syd, night, safe"
    with pytest.raises(InputError, match="say which area: Nord, Syd, Byen"):
        safety.plot()
    with pytest.raises(InputError, match="has no crime_type"):
        safety.plot("Syd", crime_type="a")


def test_a_year_out_of_a_table_is_a_year(safety):
    one = {"area": "Nord", "setting": "day", "response": "safe", "at_least": 0.835}
    assert ask(safety, by=2027.0, **one) == ask(safety, by=np.int64(2027), **one)


def test_an_estimated_area_is_called_so_wherever_it_is_shown(safety):
    basis = ("area", ["measured", "estimate", "measured"])
    one = replace(safety, draws=safety.draws.assign_coords(basis=basis))
    for table in (one.summary(), one.to_frame()):
        assert dict(zip(table["area"], table["basis"], strict=True))["Syd"] == "estimate"
        assert set(table.loc[table["area"] != "Syd", "basis"]) == {"measured"}
    assert "estimate" in one._repr_html_()
    assert one.plot("Syd").get_title("left") == "Syd, day, safe, estimate"
    assert one.plot("Nord").get_title("left") == "Nord, day, safe"


def test_an_area_estimate_says_in_a_notebook_what_it_is_and_nothing_where_it_is_withheld(safety):
    basis = ("area", ["measured", "estimate", "measured"])
    forecast = replace(safety, draws=safety.draws.assign_coords(basis=basis))
    shown = AreaEstimate("Syd", {"few": forecast}, "few", {"few": 90.0}, 50.0, None, {}, None)
    assert (
        repr(shown) == "Estimate, no measurement, of Syd under step few of few: 90 effective draws"
    )
    text = shown._repr_html_()
    assert text.count("<td>Syd</td>") == 2
    assert "Nord" not in text
    withheld = replace(shown, wanted=100.0)._repr_html_()
    assert "below 100" in withheld
    assert "<td>" not in withheld
