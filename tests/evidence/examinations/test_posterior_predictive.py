"""Series made by a fit against the real ones; the sampler is replaced."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.data.period import period_range
from amager_eval.evidence.document import read_evidence
from amager_eval.evidence.examinations.posterior_predictive import (
    crime_posterior_predictive,
    series_statistics,
)
from amager_eval.evidence.examinations.validate import validate
from amager_eval.evidence.studies.crime_simulate import simulate_crime
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.prior import prior_draws
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.fit import Fit

SPEC = load_model_spec("crime_trend")
QUARTERS = period_range("2015K1", "2024K4")


def made_fit(seed, change=None):
    """A fit whose draws all hold the truth its counts were drawn from, but for `change`."""
    frame = pd.DataFrame(
        [("By", str(p), k, 50.0, 40_000) for p in QUARTERS for k in ("indbrud", "vold/våben")],
        columns=["area", "period", "crime_type", "count", "population"],
    )
    made = simulate_crime(crime_design(frame, SPEC), seed)
    truth = made.truth if change is None else made.truth.assign(change(made.truth))
    many = truth.expand_dims(chain=2, draw=300)
    tree = xr.DataTree.from_dict({"posterior": many, "design": made.design})
    return Fit("crime", tree, SPEC, Diagnostics(0, 1.0, 600.0, ()), seed)


def test_statistics_of_a_series_worked_by_hand():
    count = np.array([3.0, 5, 7, 9, 6, 10, 14, 18, 0, 0, 0, 0])
    found = series_statistics(count, period_range("2021K1", "2023K4"))
    rise, fall = 100 * np.log(48.5 / 24.5), 100 * np.log(0.5 / 48.5)
    assert found["mean yearly change"] == pytest.approx((rise + fall) / 2)
    assert found["sd of yearly changes"] == pytest.approx((rise - fall) / 2)
    assert found["largest yearly change"] == pytest.approx(-fall)
    assert found["zeros, per cent"] == pytest.approx(100 / 3)


def test_an_incomplete_year_is_no_change_and_an_unknown_cell_no_zero():
    count = np.array([5.0, np.nan, 0.0, 10.0])
    found = series_statistics(count, period_range("2021", "2024"))
    assert found["zeros, per cent"] == pytest.approx(100 / 3)
    assert found["largest yearly change"] == pytest.approx(100 * np.log(10.5 / 0.5))
    short = series_statistics(count[:3], period_range("2021K1", "2021K3"))
    assert np.isnan([short[n] for n in short if "yearly" in n]).all()


def test_variation_of_poisson_counts_that_do_not_move_is_one():
    rng = np.random.default_rng(1)
    mean = np.array([30.0, 60, 90, 40])[[p.index - 1 for p in QUARTERS]]
    found = series_statistics(rng.poisson(mean, (4000, len(QUARTERS))), QUARTERS)
    assert found["variation"].mean() == pytest.approx(1 - 1 / 10, abs=0.03)  # of ten years
    wild = rng.negative_binomial(10, 10 / (10 + mean), (4000, len(QUARTERS)))
    assert series_statistics(wild, QUARTERS)["variation"].mean() > 3


def test_series_the_model_made_itself_lie_inside_about_as_often_as_they_should():
    tables = [crime_posterior_predictive(made_fit(seed)) for seed in range(12)]
    table = pd.concat(tables).query("statistic != 'zeros, per cent'")
    for way in ("same", "new"):
        assert table[f"outside_{way}"].mean() < 0.15
        assert table[f"above_{way}"].mean() == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("name", "factor", "way", "statistic"),
    [("innovation", 8, "new", "sd of yearly changes"), ("dispersion", 8, "same", "variation")],
)
def test_a_fit_that_says_too_much_movement_is_seen(name, factor, way, statistic):
    found = []
    for seed in range(8):
        fit = made_fit(seed, lambda truth: {name: truth[name] * factor + 0.001})
        table = crime_posterior_predictive(fit)
        found.append(table[table["statistic"] == statistic])
    found = pd.concat(found)
    assert found[f"outside_{way}"].mean() > 0.4


def test_cells_that_are_not_published_are_not_made_either():
    fit = made_fit(3)
    design = fit.data["design"].to_dataset()
    published = design["published"].values.copy()
    published[0, 0, :8] = np.nan
    design = design.assign(published=(design["published"].dims, published))
    tree = xr.DataTree.from_dict(
        {"posterior": fit.data["posterior"].to_dataset(), "design": design}
    )
    table = crime_posterior_predictive(replace(fit, data=tree))
    assert table.groupby("crime_type").size().to_dict() == {"indbrud": 5, "vold/våben": 5}
    assert np.isfinite(table.select_dtypes("number")).all(axis=None)


def test_it_is_kept_as_evidence(tmp_path, random_draws):
    validate("crime", only=["predictive"], draws=20, folder=tmp_path)
    evidence = read_evidence(SPEC, "posterior_predictive", folder=tmp_path)
    assert evidence.command == "amager-eval validate crime --only predictive"
    table = evidence.to_frame()
    assert set(table["crime_type"]) >= {"total", "indbrud"}
    assert evidence.settings["rows"] == len(table)
    assert evidence.settings["outside_new"] == table["outside_new"].sum()
    assert not evidence.settings["gates_passed"]  # random draws


def test_new_paths_move_as_paths_of_the_prior_do():
    design = made_fit(5).data["design"].to_dataset()
    rng = np.random.default_rng(2)
    state = prior_draws(design, 400, rng)
    moved = state["level"] - state["level_baseline"]
    assert abs(float((moved * design["baseline_weight"]).sum("period").max())) < 1e-9
