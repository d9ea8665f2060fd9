"""Draws of a large model: some chains after the other, in blocks, and only what is needed kept."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.trends import sample
from amager_eval.trends.crime import fit as fitting
from amager_eval.trends.crime import gather as gathering
from amager_eval.trends.crime.fit import fit_crime


@pytest.fixture
def large(monkeypatch):
    """Whatever is fitted counts as large: a block is three draws of two chains."""
    for module in (fitting, gathering):
        monkeypatch.setattr(module, "IN_DOUBLE", 100)
    monkeypatch.setattr(gathering, "IN_BLOCK", 2 * 3 * 2 * 12)


def yearly():
    rows = [(a, y, "t", n + y % 7, 50 * n) for a, n in (("City", 400), ("D", 30))
            for y in range(2014, 2026)]  # fmt: skip
    return pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])


def test_blocks_give_what_all_draws_at_once_give(random_draws, large, monkeypatch):
    seeds, inner = [], sample.begin_posterior

    def begin(compiled, *, chains, seed, **how):
        seeds.append((chains, seed))
        return inner(compiled, chains=chains, seed=seed, **how)

    monkeypatch.setattr(sample, "begin_posterior", begin)
    monkeypatch.setattr(gathering, "LEAST_DRAWS", 1000)  # too few to leave any out
    told = []
    fit = fit_crime(
        yearly(), whole="City", draws=10, chains=4, seed=3,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert [chains for chains, _ in seeds] == [2, 2]
    assert len({seed for _, seed in seeds}) == 2
    design = fit.data["design"].to_dataset()
    pairs = [
        gathering.gather(random_draws[0].draw(2, 10, seed), design, np.random.default_rng(1), {})[0]
        for _, seed in seeds
    ]
    whole, found = xr.concat(pairs, "chain"), fit.data["posterior"].to_dataset()
    assert found["level"].dtype == np.float32
    assert set(found.data_vars) == set(whole.data_vars)
    for name in whole.data_vars:
        np.testing.assert_allclose(found[name], whole[name].values, rtol=1e-5, atol=1e-5)


def test_a_large_fit_is_judged_by_all_draws_and_keeps_what_a_forecast_takes(
    random_draws, large, monkeypatch
):
    judged, inner = [], fitting.diagnose

    def diagnose(stats, reported, gates):
        judged.append(reported[0].sizes["draw"])
        return inner(stats, reported, gates)

    monkeypatch.setattr(fitting, "diagnose", diagnose)
    monkeypatch.setattr(gathering, "LEAST_DRAWS", 16)
    fit = fit_crime(yearly(), whole="City", draws=20, chains=4)
    assert judged == [20]
    assert fit.data["posterior"].sizes["draw"] == 4  # 80 draws, every fifth
    assert fit.data["sample_stats"].sizes["draw"] == 4
    assert fit.data["posterior"]["level"].values.base is None  # a view would keep them all
