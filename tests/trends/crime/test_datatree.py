"""A crime fit as ArviZ wants it; the log-likelihood is that of the PyMC model."""

from types import SimpleNamespace

import arviz_stats as azs
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import gamma, norm

from amager_eval.errors import SpecError
from amager_eval.spec.model import load_model_spec
from amager_eval.spec.prior import Prior
from amager_eval.trends.crime.arrays import unpack
from amager_eval.trends.crime.datatree import arviz_groups
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.trends.crime.model import build_model
from amager_eval.trends.crime.posterior import _Drawn, crime_posterior
from amager_eval.trends.crime.walk import crime_unknowns
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.fit import Fit

SPEC = load_model_spec("crime_trend")
TOGETHER = SPEC.with_options(shared_innovation={"share": 0.3, "reason": "for this test alone"})


def quarterly(late=2, types=("t",)):
    periods = [f"{2022 + i // 4}K{i % 4 + 1}" for i in range(12)]
    rows = [("City", p, 400 + 5 * i, 2e4) for i, p in enumerate(periods)]
    rows += [("D", p, 30 + i % 3, 2e3) for i, p in enumerate(periods) if i >= late]
    frame = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    return pd.concat([frame.assign(crime_type=k) for k in types], ignore_index=True)


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


@pytest.fixture(scope="module", params=[("t",), ("s", "t")], ids=["alone", "together"])
def at_a_point(request):
    """One point of the model's own variables, the model, and the tree of a fit of that one draw."""
    design = crime_design(quarterly(types=request.param), TOGETHER, whole="City")
    assert (design.attrs["shared_innovation"] > 0) == (len(request.param) > 1)
    model = build_model(design)
    rng = np.random.default_rng(5)
    raw = {v.name: np.asarray(0.3 * rng.normal(size=v.type.shape)) for v in model.free_RVs}
    # what passes is drawn apart: here nothing does
    raw["passing_signed"] = np.full(len(request.param), 1e-9)
    raw["dispersion_common"] = np.full(2, 0.7)
    point = {n: v for n, v in raw.items() if n != "dispersion_common"}
    point["dispersion_common_log__"] = np.log(raw["dispersion_common"])
    draws = xr.Dataset(
        {n: (("chain", "draw", *(f"{n}_{i}" for i in range(v.ndim))), v[None, None])
         for n, v in raw.items()}
    )  # fmt: skip
    posterior = crime_posterior(draws, design, np.random.default_rng(1))
    stats = xr.Dataset({"diverging": (("chain", "draw"), [[False]])})
    data = xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats, "design": design})
    fit = Fit("crime", data, TOGETHER, Diagnostics(0, 1.0, 1.0, ()), 1)
    return SimpleNamespace(
        model=model, raw=raw, point=point, design=design, groups=arviz_groups(fit)
    )


def log_probability(at, variables, **how):
    """PyMC's log-probability of each variable at the point."""
    function = at.model.compile_logp(vars=variables, sum=False, mode="FAST_COMPILE", **how)
    found = function(at.point)
    return dict(zip([v.name for v in variables], found, strict=True))


def test_the_log_likelihood_is_the_models(at_a_point):
    """At one point: PyMC's log-probability of every figure, and the tree's."""
    model = at_a_point.model
    of_model = log_probability(at_a_point, model.observed_RVs)
    told = at_a_point.groups["log_likelihood"].isel(chain=0, draw=0)
    by_name = dict(zip(model.coords["cell"], of_model["reports"], strict=True))
    ours = dict(zip(told["cell"].values, told["reports"].values, strict=True))
    assert set(by_name) == set(ours)
    for cell, value in ours.items():
        assert value == pytest.approx(by_name[cell], rel=1e-5, abs=1e-5), cell
    assert told["summed_reports"].values == pytest.approx(of_model["summed_reports"], rel=1e-5)


def quantities(at, **moved):
    """What the told coordinates tell: drifts, walks and baselines of both groups of areas."""
    drawn = _Drawn({**at.raw, **moved})
    found = crime_unknowns(drawn, unpack(None, at.design), np.matmul)
    return {
        f"{name}{of}_told": value
        for of, walk in zip(("", "_gap"), found.walks, strict=True)
        for name, value in (("drift", walk.drift), ("walk", walk.coefficient),
                            ("centre", walk.path_baseline))
    }  # fmt: skip


def test_the_log_prior_is_the_models_in_the_quantities_own_terms(at_a_point):
    """PyMC's density of its coordinates, less what each moves its quantity by, is the tree's."""
    raw, design = at_a_point.raw, at_a_point.design
    of_model = log_probability(at_a_point, at_a_point.model.free_RVs, jacobian=False)
    log = sum(float(np.sum(v)) for v in of_model.values())
    log += sum(v.size for n, v in raw.items() if n.endswith("_signed")) * np.log(2)
    scale = design["effect_scale"].values
    log -= np.log(scale[scale > 0]).sum() + norm.logpdf(raw["effect_standard"][scale == 0]).sum()
    contrasts = raw["season_gap_standard"].size / raw["season_gap_signed"].size
    log -= contrasts * np.log(abs(raw["season_gap_signed"])).sum()
    before, step = quantities(at_a_point), 1e-6
    for name, value in before.items():
        after = quantities(at_a_point, **{name: raw[name] + step})[name]
        log -= np.log(abs(after - value) / step).sum()
    ours = at_a_point.groups["log_prior"]
    assert float(sum(v.sum() for v in ours.data_vars.values())) == pytest.approx(log, rel=1e-5)
    posterior = at_a_point.groups["posterior"]
    told_elsewhere = {"passing", "innovation"}  # of the path with what passes; by its own name
    assert set(ours.data_vars) >= set(posterior.data_vars) - told_elsewhere


def test_a_prior_of_another_family_is_sampled_drawn_and_told(random_draws):
    own = Prior("Gamma", alpha=4, beta=40)
    spec = SPEC
    for name in ("innovation", "innovation_gap", "passing", "season_gap", "drift_spread"):
        spec = spec.with_prior(name, own, reason="Tried in a test.")
    model = build_model(crime_design(quarterly(), spec, whole="City"))
    free = {v.name for v in model.free_RVs}
    wanted = {"innovation", "innovation_gap", "passing_sd", "season_gap_sd", "drift_spread"}
    assert wanted <= free
    assert not [name for name in free if name.endswith("_signed")]
    fit = fit_crime(quarterly(), whole="City", spec=spec, draws=60, chains=2, seed=3)
    groups = arviz_groups(fit)
    expected = gamma(4, scale=1 / 40).logpdf(groups["posterior"]["innovation"])
    assert groups["log_prior"]["innovation"].values == pytest.approx(expected, abs=1e-5)
    for name in ("innovation", "passing_sd", "season_gap_sd", "drift_spread"):
        drawn = groups["prior"][name].values
        assert drawn.mean() == pytest.approx(0.1, rel=0.1), name
        assert drawn.std() == pytest.approx(0.05, rel=0.15), name
    assert fit.forecast("2026K4").prior_only is not None


@pytest.mark.parametrize(
    ("name", "prior", "says"),
    [
        ("level", Prior("StudentT", nu=4, mu=0, sigma=1), "prior level must be declared as Normal"),
        ("innovation", Prior("Laplace", mu=0, b=1), "positive numbers .*found Laplace"),
        ("drift_gap", Prior("Normal", mu=0.1, sigma=1), "drift_gap must have mu = 0"),
        ("season", Prior("Normal", mu=0, tau=1), "declared by mu and sigma"),
    ],
)
def test_a_prior_the_model_cannot_take_is_refused(name, prior, says):
    spec = SPEC.with_prior(name, prior, reason="Tried in a test.")
    with pytest.raises(SpecError, match=says):
        crime_design(quarterly(), spec, whole="City")
