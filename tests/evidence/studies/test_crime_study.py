"""The declared city of the crime model's calibration, and one replicate with draws replaced."""

import numpy as np

from amager_eval.evidence.studies.crime_study import (
    CrimeStudy,
    late_years,
    months,
    nested_total,
    small_city,
)
from amager_eval.spec.model import load_model_spec

SPEC = load_model_spec("crime_trend")


def test_the_declared_city_has_every_part_of_the_model():
    city = small_city(SPEC)
    assert city["is_gap"].values.tolist() == [True, False]
    assert city.sizes["period"] == 32
    missing = np.isnan(city["count"].values[0])
    assert missing.sum(axis=1).tolist() == [5, 4]  # the first year, and one cell
    assert {"step_paragraph_276a", "covid"} <= {str(e) for e in city["effect"].values}
    assert city["season_contrast"].size == 3


def test_a_replicate_names_truths_and_draws_alike(random_draws):
    study = CrimeStudy(small_city(SPEC), SPEC, ahead=2, draws=30, chains=2)
    first, second = study.replicate(5), study.replicate(6)
    assert len(random_draws) == 1  # compiled once
    assert len(random_draws[0].given) == 1  # the other it was compiled for
    assert set(first.truth) == set(first.draws)
    assert "level_last Øst indbrud" in first.truth
    assert "passing_sd vold/våben" in first.truth
    assert all(d.shape == (2, 30) for d in first.draws.values())
    assert first.truth != second.truth
    low, high = first.pit
    assert low.shape == (2 * 2 * 2,)
    assert ((low >= 0) & (high <= 1) & (low < high)).all()


def test_the_further_kinds_are_what_they_are_called():
    late, nested, monthly = late_years(SPEC), nested_total(SPEC), months(SPEC)
    assert (late.attrs["per_year"], nested.attrs["per_year"], monthly.attrs["per_year"]) == (
        1,
        4,
        12,
    )
    district = np.isnan(late["published"].sel(published_area="Øst").values).sum(axis=1)
    assert district.tolist() == [6, 7]
    assert late.sizes["lump"] == 6  # the city's reports before the district's were counted
    assert nested.attrs["total_parts"] == "indbrud;vold/våben;remainder"
    assert nested.sizes["lump"] >= 4
    assert monthly.sizes["period"] == 60
    assert np.isnan(monthly["count"].values[0]).sum() == 2


def test_the_level_of_a_nested_total_is_the_sum_of_its_types(random_draws):
    found = CrimeStudy(nested_total(SPEC), SPEC, draws=20, chains=2).replicate(3)
    parts = [found.draws[f"level_last Øst {k}"] for k in ("indbrud", "vold/våben", "remainder")]
    np.testing.assert_allclose(
        found.draws["total_level_last Øst"], np.log(np.exp(parts).sum(axis=0))
    )
    assert found.times == 1
