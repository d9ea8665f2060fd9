"""Steps and covariates of some areas: in the model, the forecast and the prior, with a reason."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest

from amager_eval.data.period import parse_period
from amager_eval.errors import SpecError
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.datatree import arviz_groups
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.trends.crime.model import build_model
from amager_eval.trends.crime.own_effects import own_effect_values

PLAIN = load_model_spec("crime_trend")
SPEC = PLAIN.with_step(
    "station", date="2023-01-01", sigma=0.2, areas=["D"], types=["t"], reason="A station closed."
).with_covariate("lamps", {"D": {"2023": 1, "2024": 2}}, sigma=0.1, reason="New street lamps.")


@pytest.fixture(scope="module")
def frame():
    rows = [
        (area, str(year), kind, count + year - 2020, people)
        for area, count, people in (("City", 900, 2e4), ("D", 60, 2e3))
        for kind in ("t", "u")
        for year in range(2020, 2026)
    ]
    return pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])


@pytest.fixture(scope="module")
def design(frame):
    return crime_design(frame, SPEC, whole="City")


def test_values_a_step_before_its_date_a_covariate_until_the_next(design):
    periods = [parse_period(str(y)) for y in range(2021, 2028)]
    value = own_effect_values(design, periods)
    inside = list(design["area"].values).index("D")
    assert value[0, inside].tolist() == [1, 1, 0, 0, 0, 0, 0]
    assert value[1, inside].tolist() == [0, 0, 1, 2, 2, 2, 2]
    assert not np.delete(value, inside, axis=1).any()
    # the covariate moves both types, the step the one it names
    assert design["own_effect_scale"].values.tolist() == [[0.2, 0.1], [0.0, 0.1]]


def test_the_cards_words_name_them_with_their_reasons():
    text = SPEC.to_markdown()
    assert f"changed from {PLAIN.digest[:12]}" in text
    assert "- Step station on 2023-01-01 of t of D: log rate, sd 0.2. A station closed." in text
    assert "- Covariate lamps of D: log rate per unit, sd 0.1. New street lamps." in text
    assert text.count("\n| ") == 1 + len(PLAIN.priors)
    assert "Straffelovens" in PLAIN.to_markdown()


def test_a_design_without_any_is_as_it_was(frame):
    assert "own_effect" not in crime_design(frame, PLAIN, whole="City").sizes


def test_reports_of_the_area_are_expected_so_much_higher(design):
    model = build_model(design)
    still = {v.name: np.zeros(v.type.shape) for v in model.free_RVs}
    still["dispersion_common"] += 0.1
    expected = {}
    for size in (0.0, 1.0):
        held = still | {"own_effect_standard": np.full((2, 2), size)}
        given = pm.do(model, held)
        drawn = pm.draw(given["expected"], mode="FAST_COMPILE")
        expected[size] = dict(zip(given.coords["cell"], drawn, strict=True))
    ratio = {c: np.log(v / expected[0.0][c]) for c, v in expected[1.0].items()}
    assert ratio["D | t | 2021"] == pytest.approx(0.2)  # before the date; no lamps yet
    assert ratio["D | u | 2021"] == pytest.approx(0)
    assert ratio["D | t | 2023"] == pytest.approx(0.1)
    assert ratio["D | u | 2025"] == pytest.approx(0.2)
    assert ratio["rest of City | t | 2021"] == pytest.approx(0)


def test_forecast_level_and_prior_know_it(random_draws, frame):
    fit = fit_crime(frame, whole="City", spec=SPEC, draws=40, chains=2, seed=3)
    assert list(fit.data["posterior"]["own_effect"].values) == ["step_station", "covariate_lamps"]
    posterior = fit.data["posterior"].to_dataset()
    forecast = fit.forecast(2027).draws.sel(area="D", crime_type="u")
    lamps = posterior["own_effect_size"].sel(own_effect="covariate_lamps", crime_type="u")
    # the level is at the reference: held at two lamps, what is expected lies so far off it
    gap = np.log(forecast["rate"] / forecast["level"]).sel(period=2027).values
    assert gap == pytest.approx(2 * lamps.values.ravel())
    groups = arviz_groups(fit)
    assert {"own_effect_size"} <= set(groups["log_prior"]) & set(groups["prior"])
    sd = float(groups["prior"]["own_effect_size"].sel(own_effect="step_station").std("draw")[0, 0])
    assert sd == pytest.approx(0.2, rel=0.1)
    reasons = [s["reason"] for s in fit.spec.options["steps"]]
    assert "A station closed." in reasons


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: PLAIN.with_step("x", date="2023-01-01", sigma=1, reason="why"), "needs a reason"),
        (lambda: PLAIN.with_covariate("x", {}, sigma=1, reason="why"), "needs a reason"),
    ],
)
def test_what_cannot_be_declared_is_refused(made, says):
    with pytest.raises(SpecError, match=says):
        made()


def test_a_step_of_all_areas_names_types_there_are(frame):
    spec = PLAIN.with_step("x", date="2023-01-01", sigma=0.1, types=["v"], reason="Made up here.")
    with pytest.raises(SpecError, match=r"step_x: there is no crime type v .*there are t, u"):
        crime_design(frame, spec, whole="City")


def test_an_area_or_type_that_is_not_modelled_is_named(frame):
    where = PLAIN.with_step(
        "x", date="2023-01-01", sigma=1, areas=["Havnen"], reason="A station closed."
    )
    with pytest.raises(SpecError, match=r"step_x: there is no area Havnen .*there are D, rest of"):
        crime_design(frame, where, whole="City")
    kind = PLAIN.with_covariate(
        "x", {"D": {"2023": 1}}, sigma=1, types=["v"], reason="New street lamps."
    )
    with pytest.raises(SpecError, match="covariate_x: there is no crime type v"):
        crime_design(frame, kind, whole="City")
