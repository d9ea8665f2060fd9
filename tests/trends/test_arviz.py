"""Every function of arviz-stats and arviz-plots that applies runs on the tree of a stored fit."""

from collections.abc import Callable
from contextlib import nullcontext

import arviz_plots as azp
import arviz_stats as azs
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import amager_eval as ae

#: A parameter, priors, an observed variable and whose log-likelihood there is.
ABOUT = {
    "crime": (["innovation"], ["innovation", "drift", "dispersion"], "reports", "reports"),
    "safety": (["path_sd"], ["path_sd", "gap_sd", "path_slope"], "figures", "cells"),
}
#: The safety model's scales are proposed independently: there is no energy. Its likelihood is of
#: cells, of one or two figures each, and a figure of two has no distribution left out alone.
NOT_OF_SAFETY = {"energy", "loo_pit"}
PLOTS: dict[str, Callable] = {
    "trace": lambda t, names, _p, _o: azp.plot_trace(t, var_names=names, backend="matplotlib"),
    "rank": lambda t, names, _p, _o: azp.plot_rank(t, var_names=names, backend="matplotlib"),
    "forest": lambda t, names, _p, _o: azp.plot_forest(t, var_names=names, backend="matplotlib"),
    "energy": lambda t, *_: azp.plot_energy(t, backend="matplotlib"),
    "ppc_dist": lambda t, _n, _p, o: azp.plot_ppc_dist(t, var_names=o, backend="matplotlib"),
    "ppc_pit": lambda t, _n, _p, o: azp.plot_ppc_pit(t, var_names=o, backend="matplotlib"),
    "loo_pit": lambda t, _n, _p, o: azp.plot_loo_pit(t, var_names=o, backend="matplotlib"),
    "prior_posterior": lambda t, names, _p, _o: azp.plot_prior_posterior(
        t, var_names=names, backend="matplotlib"
    ),
}


@pytest.fixture(scope="module", params=sorted(ABOUT))
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def fit(kind):
    return ae.example_fit(kind)


@pytest.fixture(scope="module", params=["fit", "tree"])
def told(kind, fit, request):
    """The fit itself, and its tree: both are read."""
    return fit if request.param == "fit" else fit.to_datatree(), *ABOUT[kind]


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_a_plot_is_drawn(kind, told, name):
    if kind == "safety" and name in NOT_OF_SAFETY:
        assert "energy" not in told[0]["sample_stats"]
        assert set(told[0]["log_likelihood"].data_vars) == {"cells"}
        return
    counts = (kind, name) == ("crime", "ppc_dist")
    with pytest.warns(UserWarning, match="look discrete") if counts else nullcontext():
        drawn = PLOTS[name](*told[:4])
    figure = drawn.viz["figure"].item()
    assert sum(len(a.lines) + len(a.collections) + len(a.patches) for a in figure.axes) > 0
    plt.close("all")


def test_leaving_one_out_says_how_far_it_can_be_trusted(told):
    tree, _, _, _, of_likelihood = told
    # a walk has a coefficient for every figure: leaving one out moves its posterior far
    with pytest.warns(UserWarning, match="Pareto"):
        found = azs.loo(tree, var_name=of_likelihood, pointwise=True)
    assert found.n_data_points == tree["log_likelihood"][of_likelihood][0, 0].size
    assert np.isfinite(found.elpd)


def test_prior_sensitivity_and_summary(told):
    tree, names, priors, *_ = told
    table = azs.psense_summary(tree, var_names=names, prior_var_names=priors)
    assert (table[["prior", "likelihood"]] >= 0).all(axis=None)
    assert {"r_hat", "ess_bulk"} <= set(azs.summary(tree, var_names=names))


def test_diagnose_sees_divergences_energy_and_mixing(kind, told, capsys):
    tree, names, *_ = told
    azs.diagnose(tree, var_names=names)
    said = capsys.readouterr().out
    for wanted in ("No divergent transitions", "ESS", "R-hat"):
        assert wanted in said
    assert ("E-BFMI satisfactory" in said) == (kind == "crime")


def test_the_tree_says_which_spec_it_is_of(kind, told):
    about = told[0]["posterior"].attrs
    assert about["model_digest"] == ae.load_model_spec(f"{kind}_trend").digest
    # safety's scales are points of this package's own, weighted: no sampler of nutpie's
    assert about["inference_library"] == {"crime": "nutpie", "safety": "amager-eval"}[kind]
    assert about["inference_library_version"]


def test_counts_are_counts_to_arviz():
    fit = ae.example_fit("crime")
    for group in ("observed_data", "posterior_predictive", "prior_predictive"):
        assert fit[group]["reports"].dtype.kind == "i"
    some = {"cell": fit["observed_data"]["cell"].values[:20]}
    drawn = azp.plot_ppc_rootogram(fit, var_names="reports", coords=some, backend="matplotlib")
    assert drawn.viz["figure"].item().axes
    plt.close("all")


def test_an_example_is_small_registered_and_marked(kind, fit):
    from amager_eval.trends.example import EXAMPLES

    assert (EXAMPLES / f"{kind}.nc").stat().st_size < 1_000_000
    # a new version of the model needs a new example: docs/make_example_fits.py
    assert fit.spec.digest == ae.load_model_spec(f"{kind}_trend").digest
    assert fit.diagnostics.passed
    assert "not to report from" in fit._repr_html_()
    table = fit.summary()
    assert {"mean", "eti95_lb", "r_hat"} <= set(table)
    assert not [row for row in table.index if row.startswith(("level[", "eta["))]


def test_draws_and_chains_are_numbered_in_the_fit_itself(kind, fit):
    for group in ("posterior", "sample_stats"):
        found = fit.data[group]
        assert found["chain"].to_numpy().tolist() == [0, 1, 2, 3]
        assert found["draw"].size == found.sizes["draw"]
    azp.plot_trace(fit.data, var_names=ABOUT[kind][0], backend="matplotlib")
    plt.close("all")


def test_a_fit_reads_as_its_tree(kind, fit):
    assert isinstance(fit, xr.DataTree)
    assert list(fit) == list(fit.to_datatree())
    assert len(fit) == len(list(fit))
    assert "prior" in fit
    assert "weather" not in fit
    assert fit.prior.equals(fit["prior"])
    with pytest.raises(AttributeError, match="no attribute 'weather'"):
        fit.weather  # noqa: B018
    alone = xr.Dataset({n: fit["posterior"][n] for n in ABOUT[kind][0]})
    assert azs.summary(fit, var_names=ABOUT[kind][0]).equals(azs.summary(alone))


def test_there_is_no_other_example():
    with pytest.raises(ae.InputError, match="there are crime, safety"):
        ae.example_fit("weather")


def test_arviz_reads_a_saved_fit(kind, fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    table = azs.summary(str(tmp_path / "fit.nc"), var_names=ABOUT[kind][0])
    assert {"r_hat", "ess_bulk"} <= set(table)
