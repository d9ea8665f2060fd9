"""Gates over seeds and simulated cities; the sampler is replaced."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.safety_density import write_density
from amager_eval.trends.safety_fit import Prepared
from amager_eval.trends.safety_gates import judge_seeds, judge_simulated
from amager_eval.trends.safety_study import small_city

SPEC = load_model_spec("safety_trend")
CITY = small_city(SPEC)


@pytest.fixture
def prepared(random_draws):
    return Prepared(CITY, SPEC, sample.compile_density(write_density(CITY, SPEC)))


def test_every_seed_and_every_set_is_judged(prepared, random_draws):
    said = []
    table = judge_seeds(prepared, seeds=[4, 9], draws=20, progress=lambda *at: said.append(at))
    assert table["seed"].tolist() == [4, 9]
    assert said == [(1, 2), (2, 2)]
    assert not table["passed"].any()  # twenty draws are too few
    assert (table["min_ess"] < SPEC.gates.ess_min).all()
    before = len(random_draws[0].given)
    table = judge_simulated(prepared, sets=3, draws=20)
    assert table["seed"].tolist() == [1, 2, 3]
    figures = [given["low"] for given in random_draws[0].given[before:]]
    assert len({f.tobytes() for f in figures}) > 3  # other figures in every set


def test_runs_sampled_again_are_counted(prepared, monkeypatch):
    quick, tries = sample.sample_posterior, []
    few = SPEC.sampling.model_copy(update={"draws": 20})
    brief = replace(prepared, spec=SPEC.model_copy(update={"sampling": few}))

    def diverging(compiled, *, progress, draws, tune, chains, target_accept, seed):
        progress(1, 10)
        progress(10, 10)
        tree = quick(compiled, draws=draws, tune=tune, chains=chains, seed=seed)
        tries.append(target_accept)
        if len(tries) == 1:
            stats = tree["sample_stats"].to_dataset()
            tree["sample_stats"] = xr.DataTree(stats.assign(diverging=stats["diverging"] | True))
        return tree

    monkeypatch.setattr(sample, "sample_posterior", diverging)
    table = judge_seeds(brief, seeds=[1], chains=2)
    assert table["again"].tolist() == [1]
    assert len(tries) == 3 + 1
    assert table["divergences"].tolist() == [0]
    assert np.isfinite(table["max_rhat"]).all()
