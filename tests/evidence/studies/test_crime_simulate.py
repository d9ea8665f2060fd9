"""Counts the model makes of its own priors; the sampler is replaced."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.evidence.studies.crime_simulate import simulate_crime
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design, rest_name
from amager_eval.trends.crime.forecast import simulate_cells
from amager_eval.trends.crime.prior import prior_draws

SPEC = load_model_spec("crime_trend")


def design(late=0):
    rows = []
    for i in range(12):
        period = f"{2022 + i // 4}K{i % 4 + 1}"
        rows += [("City", period, k, n, 6e5) for k, n in (("a", 4000), ("b", 900))]
        if i >= late:
            rows += [("D", period, k, n, 2e4) for k, n in (("a", 150), ("b", 20))]
    columns = ["area", "period", "crime_type", "count", "population"]
    return crime_design(pd.DataFrame(rows, columns=columns), SPEC, whole="City")


def test_simulated_counts_stand_where_the_counts_stood_and_add_up():
    built = design(late=4)
    made = simulate_crime(built, 1, ahead=3)
    assert made.future.shape == (2, 2, 3)
    again = simulate_crime(built, 1, ahead=3)
    xr.testing.assert_identical(made.design, again.design)
    assert not np.array_equal(made.design["count"], simulate_crime(built, 2).design["count"])
    old, new = built["count"].values, made.design["count"].values
    assert np.array_equal(np.isnan(old), np.isnan(new))
    city = list(built["published_area"].values).index("City")
    rest = list(built["area"].values).index(rest_name("City"))
    inside = 1 - rest
    seen = ~np.isnan(new[inside])
    total = made.design["published"].values[city]
    assert np.allclose(total[seen], (new[inside] + new[rest])[seen])
    # before the district reports, the city's counts are the sums the model is told
    assert np.allclose(np.sort(made.design["lump_count"]), np.sort(total[:, :4].ravel()))
    assert made.design["level_mean"].identical(built["level_mean"])


def test_counts_have_the_mean_and_variance_of_their_truth():
    built = design()
    rng = np.random.default_rng(0)
    blank = built.assign(count=xr.full_like(built["count"], np.nan))
    truth = prior_draws(blank, 1, rng)
    many = truth.isel(sample=np.zeros(20_000, dtype=int))
    _, mean, count, _ = simulate_cells(many, built, built.sizes["period"], rng)
    assert np.ptp(mean, axis=0).max() == pytest.approx(0, abs=1e-9)
    squared = truth["dispersion"].values[0] ** 2  # path_class, crime_type
    for area, path_class in ((0, int(built["is_gap"][0])), (1, int(built["is_gap"][1]))):
        mu = mean[0, area]
        expected = mu + squared[path_class][:, None] * mu**2
        assert count[:, area].mean(axis=0) == pytest.approx(mu, rel=0.05)
        assert count[:, area].var(axis=0) == pytest.approx(expected, rel=0.08)
