"""Every target of the agreement for an area, as a level and with its probability."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

import amager_eval as ae
from amager_eval.errors import InputError
from amager_eval.trends.fit import Forecast


@pytest.fixture(scope="module")
def forecast():
    fit = ae.example_fit("safety")
    return replace(fit, spec=fit.spec.with_options(forecast_draws=600)).forecast(2028)


@pytest.fixture(scope="module")
def crime():
    return ae.example_fit("crime").forecast("2028K4")


@pytest.fixture(scope="module")
def targets(forecast):
    return forecast.targets("amager_2025_2028", area=["Amager Øst", "Valby"])


def test_an_area_has_every_declared_reading(forecast, targets):
    agreement = ae.load_agreement("amager_2025_2028")
    asked = {
        (g.id, r.id, s, r.response)
        for g in agreement.goal if g.kind == "safety" for r in g.reading for s in r.settings
    }  # fmt: skip
    of_area = targets[targets["area"] == "Amager Øst"]
    found = set(map(tuple, of_area[["goal", "reading", "setting", "response"]].to_numpy()))
    assert found == asked
    assert len(of_area) == len(asked)
    assert list(dict.fromkeys(targets["area"])) == ["Amager Øst", "Valby"]
    with pytest.raises(InputError, match="Did you mean 'Amager Øst'"):
        forecast.targets(area="Amager Ost")
    assert set(targets["by"]) == {2028}


def test_a_level_and_its_probability_are_those_of_the_draws(forecast, targets):
    cell = {"setting": "night", "response": "safe"}
    rows = targets[(targets["area"] == "Amager Øst") & (targets["setting"] == "night")]
    rows = rows[rows["response"] == "safe"].set_index("reading")
    true = forecast.draws["true"].sel(**cell)
    own, whole = true.sel(area="Amager Øst"), true.sel(area="København")
    reaches = rows.loc["reaches_whole"]
    assert reaches["target"] == pytest.approx(float(whole.sel(period=2028).median()))
    asked = forecast.probability(at_least="København", by=2028, area="Amager Øst", **cell)
    assert reaches["probability"] == pytest.approx(float(asked))
    assert reaches["target"] - rows.loc["within_2_points", "target"] == pytest.approx(0.02)
    assert rows.loc["above_baseline", "target"] == pytest.approx(
        float(own.sel(period=2024).median())
    )
    assert np.isnan(rows.loc["rises_every_year", "target"])
    halved = whole.sel(period=2028) - (whole - own).sel(period=2024).clip(0) / 2
    assert rows.loc["shortfall_halved", "target"] == pytest.approx(float(halved.median()))
    assert rows["expected"].nunique() == 1


def test_of_unsafe_less_is_asked(targets):
    rows = targets[(targets["area"] == "Amager Øst") & (targets["response"] == "unsafe")]
    reaches = rows.set_index("reading").loc["reaches_whole"]
    assert reaches["target"] < reaches["expected"]
    assert reaches["probability"] < 0.5


def test_they_are_drawn_where_they_are_levels(forecast, targets, crime):
    ax = forecast.plot("Amager Øst", setting="night", response="safe", targets=targets)
    said = {t.get_text() for t in ax.texts}
    assert {"reaches whole", "within 2 points", "shortfall halved"} <= said
    plt.close(ax.figure)
    with pytest.raises(InputError, match="parts of years"):
        crime.plot("København", crime_type="total", targets=crime.targets())


def test_of_crime_they_are_the_baselines_levels(crime, forecast):
    table = crime.targets()
    total = table[(table["crime_type"] == "total") & (table["form"] == "rate")].iloc[0]
    asked = crime.probability(
        at_most={"period": 2024}, by=2028, quantity="level", crime_type="total"
    )
    assert total["probability"] == pytest.approx(float(asked.squeeze()), abs=0.02)
    assert set(table["definition"]) == {"STRAF11"}
    with pytest.raises(InputError):
        Forecast("safety", forecast.draws.sel(period=slice(2026)), None, "0" * 64).targets()
