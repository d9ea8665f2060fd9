"""Which priors of the crime model are scaled, and by which density; the sampler is replaced."""

import numpy as np
import pytest

from amager_eval.evidence.document import read_evidence
from amager_eval.evidence.examinations.crime_sensitivity import (
    _standardised,
    city_alone,
    crime_prior_sensitivity,
    made_up_area,
)
from amager_eval.evidence.examinations.prior_sensitivity import log_density
from amager_eval.evidence.examinations.validate import validate
from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.crime.model import build_model
from amager_eval.trends.crime.posterior import crime_posterior

SPEC = load_model_spec("crime_trend")
#: Of a fit of quarters of an area inside a whole, every prior but that of future inhabitants.
OF_AN_AREA = set(SPEC.priors) - {"population_growth"} | {"step_paragraph_276a"}
INSIDE_ONLY = {"passing"} | {name for name in SPEC.priors if name.endswith("_gap")}


@pytest.fixture
def area():
    return made_up_area(SPEC)


def drawn(design):
    compiled = sample.compile_model(build_model(design, refit=True))
    free = sample.sample_posterior(compiled, draws=30, tune=10, chains=2, seed=3)["posterior"]
    free = free.to_dataset()
    posterior = crime_posterior(free, design, np.random.default_rng(1))
    return free, posterior


def test_every_prior_of_a_fit_is_scaled(area, random_draws):
    assert set(_standardised(*drawn(area), area)) == OF_AN_AREA
    alone = city_alone(SPEC)
    assert set(_standardised(*drawn(alone), alone)) == OF_AN_AREA - INSIDE_ONLY


def test_densities_are_the_declared_ones_but_for_a_constant(area, random_draws):
    free, posterior = drawn(area)
    found = _standardised(free, posterior, area)
    inside = np.flatnonzero(area["is_gap"].values == 1)
    rest = int(np.flatnonzero(area["is_gap"].values == 0)[0])
    path = posterior["level_baseline"] + (posterior["passing"] * area["baseline_weight"]).sum(
        "period"
    )
    effect = posterior["effect_size"]
    seasons = [e for e in area["effect"].values if str(e).startswith("season")]
    expected = {
        "level_gap": path.isel(area=inside) - path.isel(area=rest, drop=True),
        "innovation_gap": posterior["innovation"].isel(path_class=1),
        "innovation": posterior["innovation"].isel(path_class=0),
        "drift_gap": posterior["drift"].isel(area=inside),
        "passing": posterior["passing_sd"],
        "season": effect.sel(effect=seasons),
        "covid": effect.sel(effect="covid"),
    }
    for name, values in expected.items():
        z = found[name]
        own = -0.5 * (z**2).sum([d for d in z.dims if d not in ("chain", "draw")])
        declared = log_density(SPEC.priors[name], values)
        difference = (declared - own).values
        assert np.ptp(difference) < 1e-6 * max(1.0, np.abs(own).max()), name


def test_an_area_is_asked_and_not_the_rest_of_its_city(area, random_draws):
    table, seen = crime_prior_sensitivity(area, SPEC, draws=30)
    assert {q.split(", ")[0] for q in table["quantity"]} == {"Amager Partnerskab (2025)"}
    assert set(table["prior"]) == OF_AN_AREA
    assert not seen.passed  # random draws
    assert table["probability"].between(0, 1).all()


def test_both_are_kept_and_the_made_up_one_says_so(tmp_path, random_draws):
    validate("crime", only=["prior_sensitivity"], draws=30, folder=tmp_path)
    alone = read_evidence(SPEC, "prior_sensitivity", folder=tmp_path)
    inside = read_evidence(SPEC, "prior_sensitivity_area", folder=tmp_path)
    assert (alone.settings["figures"], inside.settings["figures"]) == ("published", "SYNTHETIC")
    assert inside.settings["notable"] == inside.to_frame()["notable"].sum()
