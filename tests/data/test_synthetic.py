import json

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.synthetic import synthetic_city, write_synthetic
from amager_eval.errors import InputError


@pytest.fixture(scope="module")
def city():
    return synthetic_city(1)


def test_the_same_seed_draws_the_same_city(city):
    again = synthetic_city(1)
    pd.testing.assert_frame_equal(again.data.crime, city.data.crime)
    assert again.truth == city.truth
    assert synthetic_city(2).data.crime["count"].tolist() != city.data.crime["count"].tolist()


def test_every_row_is_marked(city):
    for name in ("safety", "survey_rounds", "crime", "population", "activities"):
        assert getattr(city.data, name)["source"].str.startswith("SYNTETISK").all()


def test_published_shares_scatter_around_the_truth_as_declared(city):
    true = pd.DataFrame(city.truth["safety"])
    both = city.data.safety.merge(true, on=["area", "setting", "response", "wave"])
    assert len(both) == len(city.data.safety)
    parts = both[both["area"].isin(city.data.parts)]
    p = parts["share"]
    deff = city.truth["parameters"]["deff"]
    # sampling, rounding and the wave's shared error on the share's own scale
    variance = deff * p * (1 - p) / parts["n"] + 0.01**2 / 12
    variance += (city.truth["parameters"]["wave_sd"] * p * (1 - p)) ** 2
    z = (parts["percent"] / 100 - p) / np.sqrt(variance)
    assert z.std() == pytest.approx(1, abs=0.1)
    assert abs(z.mean()) < 0.25


def test_counts_scatter_around_the_true_rates(city):
    true = pd.DataFrame(city.truth["crime"]).rename(columns={"per_1000": "rate"})
    both = city.data.crime.merge(true, on=["area", "crime_type", "period"])
    whole = both[(both["area"] == city.data.whole) & (both["crime_type"] == "total")]
    assert len(whole) == 40
    people = city.data.population.query("area == 'København' and period == '2024'")
    in_2024 = whole[whole["period"].str.startswith("2024")]
    expected = in_2024["rate"].sum() * people["population"].item() / 1000
    assert in_2024["count"].sum() == pytest.approx(expected, rel=0.05)


def test_the_tables_sums_are_true(city):
    crime = city.data.crime
    keys = ["period", "crime_type"]
    parts = crime[crime["area"].isin(city.data.parts)].groupby(keys)["count"].sum()
    whole = crime[crime["area"] == city.data.whole].set_index(keys)["count"]
    assert (parts == whole.reindex(parts.index)).all()


def test_writing_never_replaces_other_files(tmp_path):
    out = tmp_path / "city"
    assert write_synthetic(out, seed=1) == out
    assert json.loads((out / "truth.json").read_text(encoding="utf-8"))["synthetic"] is True
    write_synthetic(out, seed=2)
    assert json.loads((out / "truth.json").read_text(encoding="utf-8"))["seed"] == 2
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.docx").write_text("x")
    with pytest.raises(InputError, match="other files"):
        write_synthetic(other)
    assert [p.name for p in other.iterdir()] == ["thesis.docx"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["city", "other"]
