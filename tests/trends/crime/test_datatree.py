"""A crime fit as ArviZ wants it; the log-likelihood is that of the PyMC model."""

import arviz_stats as azs
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.datatree import arviz_groups
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.trends.crime.model import build_model
from amager_eval.trends.crime.posterior import crime_posterior
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.fit import Fit

SPEC = load_model_spec("crime_trend")


def quarterly(late=2):
    periods = [f"{2022 + i // 4}K{i % 4 + 1}" for i in range(12)]
    rows = [("City", p, 400 + 5 * i, 2e4) for i, p in enumerate(periods)]
    rows += [("D", p, 30 + i % 3, 2e3) for i, p in enumerate(periods) if i >= late]
    frame = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    return frame.assign(crime_type="t")


@pytest.fixture
def tree(random_draws):
    return fit_crime(quarterly(), whole="City", draws=60, chains=2, seed=3).to_datatree()


def test_every_group_is_there_with_named_dims_and_coordinates(tree):
    assert set(tree.children) == {
        "posterior", "sample_stats", "log_prior", "posterior_predictive", "log_likelihood",
        "observed_data", "constant_data", "prior", "prior_predictive",
    }  # fmt: skip
    for name in ("posterior", "posterior_predictive", "log_likelihood", "prior", "log_prior"):
        assert {"chain", "draw"} <= set(tree[name].coords), name
    assert tree["posterior"].attrs["model_digest"] == SPEC.digest
    assert tree["observed_data"]["reports"].sizes == {"cell": 20}
    assert tree["observed_data"]["summed_reports"].sizes == {"lump": 2}
    assert tree["observed_data"]["cell"].values[0] == "D | t | 2022K3"
    assert tree["posterior_predictive"]["summed_reports"].sizes["lump"] == 2


def test_replications_are_no_copies_of_what_was_observed(tree):
    drawn = tree["posterior_predictive"]["reports"]
    assert (drawn.std(("chain", "draw")) > 0).all()
    assert (tree["prior_predictive"]["reports"].std(("chain", "draw")) > 0).all()


def test_arviz_reads_it(tree):
    assert np.isfinite(azs.ess(tree["posterior"].to_dataset())["drift"]).all()
    with pytest.warns(UserWarning, match="Pareto"):  # random draws are no posterior
        found = azs.loo(tree, var_name="reports")
    assert found.n_data_points == 20


def test_the_log_likelihood_is_the_models(monkeypatch):
    """At one point: PyMC's log-probability of every figure, and the tree's."""
    design = crime_design(quarterly(), SPEC, whole="City")
    model = build_model(design)
    rng = np.random.default_rng(5)
    raw = {v.name: 0.3 * rng.normal(size=v.type.shape) for v in model.free_RVs}
    raw["passing_signed"] = np.full(1, 1e-9)  # what passes is drawn apart: here nothing does
    raw["dispersion_common"] = np.full(2, 0.7)
    point = {n: v for n, v in raw.items() if n != "dispersion_common"}
    point["dispersion_common_log__"] = np.log(raw["dispersion_common"])
    observed = model.observed_RVs
    logp = model.compile_logp(vars=observed, sum=False, mode="FAST_COMPILE")(point)
    of_model = dict(zip([v.name for v in observed], logp, strict=True))
    draws = xr.Dataset(
        {n: (("chain", "draw", *(f"{n}_{i}" for i in range(v.ndim))), v[None, None])
         for n, v in {n: np.asarray(v) for n, v in raw.items()}.items()}
    )  # fmt: skip
    posterior = crime_posterior(draws, design, np.random.default_rng(1))
    stats = xr.Dataset({"diverging": (("chain", "draw"), [[False]])})
    data = xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats, "design": design})
    fit = Fit("crime", data, SPEC, Diagnostics(0, 1.0, 1.0, ()), 1)
    told = arviz_groups(fit)["log_likelihood"].isel(chain=0, draw=0)
    by_name = dict(zip(model.coords["cell"], of_model["reports"], strict=True))
    ours = dict(zip(told["cell"].values, told["reports"].values, strict=True))
    assert set(by_name) == set(ours)
    for cell, value in ours.items():
        assert value == pytest.approx(by_name[cell], rel=1e-5, abs=1e-5), cell
    assert told["summed_reports"].values == pytest.approx(of_model["summed_reports"], rel=1e-5)
