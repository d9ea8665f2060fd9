"""Counts of twelve months a year, sampled in earnest: shapes, and the level where it was put."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.period import period_range
from amager_eval.evidence.studies.crime_study import CrimeStudy
from amager_eval.scores.pit import covered
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design

pytestmark = pytest.mark.slow
SPEC = load_model_spec("crime_trend")
MONTHS = [str(p) for p in period_range("2020M01", "2024M12")]
#: Inhabitants, and reports a month that place the prior.
AREAS = {"By": (300_000, 400.0), "Kvarter": (30_000, 40.0)}
#: Truths drawn from the priors, each with its counts and its fit: seconds once compiled.
FITS = 20


def design():
    """A whole and a district of which two months are missing."""
    rows = [
        (area, month, "indbrud", count, people)
        for area, (people, count) in AREAS.items()
        for month in MONTHS
        if area == "By" or month not in {"2021M05", "2023M11"}
    ]
    frame = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])
    return crime_design(frame, SPEC, whole="By")


@pytest.fixture(scope="module")
def study():
    return CrimeStudy(design(), SPEC, ahead=12, draws=400, chains=2)


@pytest.fixture(scope="module")
def replicates(study):
    return [study.replicate(seed) for seed in range(1, FITS + 1)]


def test_months_have_the_shape_of_months_and_are_carried_to_the_year_s_end(study):
    months = design()
    fit = begin_design(months, SPEC, draws=100, chains=2)()
    posterior = fit.data["posterior"].to_dataset()
    assert posterior["level"].sizes == {
        "chain": 2, "draw": 100, "area": 2, "crime_type": 1, "period": 60
    }  # fmt: skip
    assert posterior.sizes["season_contrast"] == 11
    assert posterior["effect_size"].sizes["effect"] == 12  # seasons and the pandemic
    assert np.isfinite(posterior.to_array()).all()
    assert months.attrs["passing_correlation"] == pytest.approx(0.5 ** (1 / 6))
    draws = fit.forecast("2025M12").draws
    assert draws.attrs["period_unit"] == "month"
    assert draws.sizes["period"] == 72
    assert str(draws["period"].values[-1]) == "2025M12"


def test_levels_are_recovered_as_often_as_their_intervals_say(replicates):
    rank = np.array(
        [
            [(np.asarray(found.draws[name]) < truth).mean() for name, truth in found.truth.items()
             if name.startswith("level")]
            for found in replicates
        ]
    )  # fmt: skip
    assert rank.shape == (FITS, 4)  # of the baseline and of the last month, two areas
    # eighty of them, four to a fit and alike: far outside what chance makes of a right model
    assert (np.abs(rank - 0.5) < 0.475).mean() >= 0.85
    assert 0.3 <= (np.abs(rank - 0.5) < 0.25).mean() <= 0.7
    error = [
        float(np.mean(found.draws[name]) - truth)
        for found in replicates
        for name, truth in found.truth.items()
        if name.startswith("level_baseline")
    ]
    assert np.abs(error).mean() < 0.15  # of a prior whose sd is .5 for the district, 1 for the rest


def test_months_that_come_lie_in_their_intervals(replicates):
    low, high = (
        np.concatenate(bounds) for bounds in zip(*(f.pit for f in replicates), strict=True)
    )
    assert len(low) == FITS * 2 * 12
    assert covered(low, high, 0.95).mean() >= 0.85
    assert sum(f.diagnostics.divergences for f in replicates) <= 0.01 * FITS * 800
