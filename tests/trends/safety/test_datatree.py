"""A safety fit as ArviZ wants it, one tree an alternative; draws are random."""

from functools import cache

import arviz_stats as azs
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amager_eval.errors import InputError
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.fit import fit_safety

SPEC = load_model_spec("safety_trend")
ROWS = [
    ("Nord", 2022, "night", "safe", 80.0, 400, "="),
    ("Nord", 2022, "night", "unsafe", 8.0, 400, "="),
    ("Nord", 2024, "night", "safe", 83.0, 400, "="),
    ("Syd", 2022, "night", "safe", 60.0, 400, ">"),
    ("Syd", 2024, "neighbourhood", "safe", 91.0, 400, "="),
    ("Syd", 2024, "night", "safe", 71.0, 400, "="),
    ("Byen", 2024, "night", "safe", 77.0, 800, "="),
]
COLUMNS = ["area", "wave", "setting", "response", "percent", "n", "comparator"]
PEOPLE = pd.DataFrame(
    [("Nord", "2024", 500), ("Syd", "2024", 500), ("Byen", "2024", 1000)],
    columns=["area", "period", "population"],
)
GROUPS = {
    "posterior", "sample_stats", "log_prior", "posterior_predictive", "log_likelihood",
    "observed_data", "constant_data", "prior", "prior_predictive",
}  # fmt: skip


@pytest.fixture
def fit(random_draws):
    return _made()[0]


@pytest.fixture
def tree(random_draws):
    return _made()[1]


@cache  # the stand-in sampler is a test's own, its draws are every test's
def _made():
    frame = pd.DataFrame(ROWS, columns=COLUMNS)
    made = fit_safety(frame, population=PEOPLE, whole="Byen", draws=60, chains=2, seed=3)
    return made, made.to_datatree()


def test_every_group_is_there_with_named_dims_and_coordinates(fit, tree):
    assert set(tree.children) == GROUPS
    for name in GROUPS - {"observed_data", "constant_data"}:
        assert {"chain", "draw"} <= set(tree[name].coords), name
    assert tree["posterior"].attrs["model_digest"] == SPEC.digest
    assert tree["posterior"]["eta"].dims == ("chain", "draw", "latent", "setting", "year")
    assert tree["observed_data"].sizes == {"figure": 7}
    assert "Nord | night | unsafe | 2022" in tree["observed_data"]["figure"].to_numpy()
    bound = tree["observed_data"].sel(figure="Syd | night | safe | 2022")
    assert np.isnan(float(bound["figures"]))
    assert float(tree["constant_data"]["low"].sel(figure=bound["figure"])) == 0.605
    # two answers of a cell are one cell
    assert tree["log_likelihood"].sizes["cell"] == 6
    assert tree["log_likelihood"]["cell_area"].to_numpy().tolist().count("Nord") == 2


def test_one_tree_an_alternative(fit, tree):
    other = fit.to_datatree("driftless")
    assert (other["posterior"]["path_slope"] == 0).all()
    assert "path_slope" not in other["log_prior"]
    assert (tree["posterior"]["path_slope"] != 0).any()
    with pytest.raises(InputError, match="driftless and drift; found 'damped'"):
        fit.to_datatree("damped")


def test_replications_are_true_ones(tree):
    drawn = tree["posterior_predictive"]["figures"]
    assert (drawn.std(("chain", "draw")) > 0).all()
    assert (np.abs(100 * drawn - (100 * drawn).round()) < 1e-9).all()  # published as whole percent
    # the whole is the mean of its parts' samples, rounded
    night = drawn.sel(figure=["Nord | night | safe | 2024", "Syd | night | safe | 2024"])
    assert (
        float(abs(night.mean("figure") - drawn.sel(figure="Byen | night | safe | 2024")).max())
        <= 0.0101
    )
    assert (tree["prior_predictive"]["figures"].std(("chain", "draw")) > 0.01).all()


def test_the_log_likelihood_is_the_probability_of_the_published_figure(tree):
    one = tree["posterior"].to_dataset().isel(chain=1, draw=5)
    one = one.sel(latent="Syd", setting="neighbourhood", year=2024)
    safe = 1 / (1 + np.exp(-float(one["eta"] + one["wave_error"])))
    sd = np.sqrt(np.exp(float(one["log_deff"])) * safe * (1 - safe) / 400)
    exact = np.log(np.diff(stats.norm(safe, sd).cdf([0.905, 0.915])))[0]
    told = tree["log_likelihood"]["cells"].isel(chain=1, draw=5)
    assert float(told.sel(cell="Syd | neighbourhood | 2024")) == pytest.approx(exact, rel=1e-4)


def test_the_priors_draws_have_the_priors_density(tree):
    before = tree["prior"].to_dataset().isel(chain=0)
    for name, sd in (("path_sd", 0.1), ("gap_sd", 0.08), ("area_sd", 0.5)):
        values = before[name].isel(latent=0) if name == "gap_sd" else before[name]
        assert stats.kstest(values, stats.halfnorm(scale=sd).cdf).pvalue > 1e-3, name
    level = before["eta"].sel(year=2024).mean("latent").isel(setting=0)
    assert stats.kstest(level, stats.norm(1.7, 1.0).cdf).pvalue > 1e-3
    logs = tree["log_prior"]
    sd = tree["posterior"]["path_sd"]
    expected = stats.halfnorm(scale=0.1).logpdf(sd.to_numpy())
    np.testing.assert_allclose(logs["path_sd"].to_numpy(), expected)
    assert {"setting_correlation", "log_deff", "gap_slope", "wave_error"} <= set(logs.data_vars)
    assert np.isfinite(logs.to_dataset().to_array()).all()


def test_arviz_reads_it(tree):
    assert "path_sd" in azs.summary(tree, var_names=["path_sd", "response_gap"]).index[0]
    with pytest.warns(UserWarning, match="Pareto"):  # random draws are no posterior
        found = azs.loo(tree, var_name="cells")
    assert found.n_data_points == 6
