"""Weighted draws of a fitted proposal, held against posteriors known in closed form."""

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from amager_eval.trends.independence import (
    effective_draws,
    resample,
    sample_independently,
)


def _weighted(scales, name):
    weight = np.exp(scales.sample_stats["log_weight"] - scales.sample_stats["log_weight"].max())
    values = scales.proposed[name]
    mean = float((values * weight).sum() / weight.sum())
    return mean, float(np.sqrt(((values - mean) ** 2 * weight).sum() / weight.sum()))


def test_a_conjugate_posterior_is_found():
    observed = np.array([3, 5, 4, 6])
    with pm.Model() as model:
        rate = pm.Gamma("rate", 2.0, 1.0)
        pm.Poisson("count", rate, observed=observed)
    scales = sample_independently(model, draws=500, tune=400, chains=4, seed=1)
    exact = stats.gamma(2 + observed.sum(), scale=1 / (1 + len(observed)))
    mean, sd = _weighted(scales, "rate")
    assert mean == pytest.approx(exact.mean(), abs=3 * exact.std() / np.sqrt(1000))
    assert sd == pytest.approx(exact.std(), rel=0.1)
    assert effective_draws(scales.sample_stats["log_weight"].to_numpy()) > 1000


def test_a_variable_between_bounds_comes_back_between_them():
    with pm.Model() as model:
        share = pm.Beta("share", 2.0, 3.0)
        pm.Binomial("count", 20, share, observed=19)
    scales = sample_independently(model, draws=500, tune=400, chains=2, seed=2)
    values = scales.proposed["share"].to_numpy()
    assert ((values > 0) & (values < 1)).all()
    assert _weighted(scales, "share")[0] == pytest.approx(21 / 25, abs=0.01)


def test_points_come_again_by_weight():
    weight = np.repeat([1.0, 2.0, 4.0], 100)
    taken = resample(np.log(weight)[None], 1)
    assert np.bincount(taken[0] // 100) == pytest.approx(300 * np.array([1, 2, 4]) / 7, abs=1)


def test_the_seed_decides():
    with pm.Model() as model:
        pm.Normal("x", 0.0, 1.0)
    one, same, other = (
        sample_independently(model, draws=20, tune=40, chains=1, seed=s) for s in (1, 1, 2)
    )
    assert one.proposed.identical(same.proposed)
    assert not one.proposed.equals(other.proposed)


def test_points_are_as_many_as_they_take_and_all_of_one_proposal():
    with pm.Model() as model:
        pm.Normal("x", 0.0, 1.0, shape=3)
    settings = {"draws": 2000, "tune": 400, "chains": 4, "seed": 1}
    enough = sample_independently(model, **settings, wanted=600)
    weight = enough.sample_stats["log_weight"].to_numpy()
    assert effective_draws(weight) >= 600
    assert weight.size < 2000  # of 8,000 there could have been
    assert weight.shape[0] == 4
    exact = stats.norm.logpdf(enough.points).sum(axis=1) - enough.proposal.log_density(
        enough.points
    )
    assert weight.ravel() == pytest.approx(exact)
    more = sample_independently(model, **settings, wanted=1200, begun=enough)
    assert effective_draws(more.sample_stats["log_weight"].to_numpy()) >= 1200
    assert (more.points[: len(enough.points)] == enough.points).all()
    assert len(np.unique(more.points[:, 0])) == len(more.points)
    few = sample_independently(model, **settings | {"draws": 150}, wanted=600)
    assert few.sample_stats["lp"].size == 600  # no more than asked for, and their worth is told


def test_a_neighbours_proposal_is_shaped_to_the_other_posterior():
    def model(observed, *, both):
        with pm.Model() as made:
            mean = pm.Normal("mean", 0.0, 1.0)
            sd = pm.HalfNormal("sd", 1.0) if both else 1.0
            pm.Normal("seen", mean, sd, observed=observed)
        return made

    def again(observed, *, wanted=0.0):
        return sample_independently(
            model(observed, both=False), draws=500, tune=0, chains=4, seed=2,
            proposal=scales.proposal, wanted=wanted,
        )  # fmt: skip

    scales = sample_independently(
        model([0.2, 0.9, 1.4], both=True), draws=500, tune=400, chains=4, seed=1
    )
    assert scales.proposal.labels == ("mean", "sd")
    near = again([0.2, 0.9])
    mean, sd = _weighted(near, "mean")
    assert mean == pytest.approx(1.1 / 3, abs=0.04)
    assert sd == pytest.approx(np.sqrt(1 / 3), rel=0.1)
    assert "sd" not in near.proposed
    # worth little where the posterior lies elsewhere; proposed anew they are worth enough
    few = again(far := [2.9, 3.3, 3.1, 3.0, 3.2])
    assert effective_draws(few.sample_stats["log_weight"].to_numpy()) < 400
    more = again(far, wanted=400)
    assert effective_draws(more.sample_stats["log_weight"].to_numpy()) >= 400
    mean, sd = _weighted(more, "mean")
    assert mean == pytest.approx(15.5 / 6, abs=0.06)
    assert sd == pytest.approx(np.sqrt(1 / 6), rel=0.15)
    # the other way round a scale is missing, and the mode is looked for
    assert near.proposal.margin(scales.proposal.labels) is None
    back = sample_independently(
        model([0.2, 0.9, 1.4], both=True), draws=500, tune=400, chains=4, seed=3,
        proposal=near.proposal,
    )  # fmt: skip
    assert _weighted(back, "sd")[0] == pytest.approx(_weighted(scales, "sd")[0], rel=0.1)
