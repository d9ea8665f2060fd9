"""What is called by its address is the model's own density, for whatever data it is given."""

import numpy as np
import pymc as pm
import pytest

from amager_eval.trends import sample
from amager_eval.trends.by_address import addressable, compile_by_address


@pytest.fixture(scope="module")
def compiled():
    with pm.Model(coords={"k": ["a", "b"]}) as model:
        figures = pm.Data("figures", np.array([1.0, 2.0, 3.0]))
        sd = pm.HalfNormal("sd", 1.0, shape=2, dims="k")
        x = pm.Normal("x_told", figures[:2], sd, shape=2, dims="k")
        pm.Normal("y", x.sum(), 0.1, observed=figures[2])
    assert addressable(model)
    return model, compile_by_address(model)


def sampled(code, seed=1):
    tree = sample.sample_posterior(
        code, draws=1500, tune=500, chains=2, target_accept=0.95, seed=seed
    )
    return tree["posterior"].to_dataset()


def test_draws_are_of_the_model_and_of_new_data(compiled):
    """The sum is known to .1: y's value, moved little by the prior, before and after new data."""
    _, code = compiled
    draws = sampled(code)
    assert set(draws.data_vars) == {"sd", "x_told"}
    assert draws["x_told"].dims == ("chain", "draw", "k")
    assert float(draws["sd"].min()) > 0
    total = draws["x_told"].sum("k")
    assert float(total.mean()) == pytest.approx(3.0, abs=0.05)
    assert float(total.std()) == pytest.approx(0.1, rel=0.25)
    other = code.with_data(figures=np.array([1.0, 2.0, 7.0]))
    assert float(sampled(other)["x_told"].sum("k").mean()) == pytest.approx(7.0, abs=0.05)


def test_a_told_coordinate_starts_at_zero_and_chains_apart(compiled):
    _, code = compiled
    first, second = code.initial_point_func(1), code.initial_point_func(2)
    assert np.all(np.abs(first) <= 1 + 1e-9)  # nutpie's jitter around where it starts
    assert not np.array_equal(first, second)


def test_data_of_another_length_are_refused_not_read_beyond(compiled):
    _, code = compiled
    with pytest.raises(RuntimeError, match=r"(?i)logp|initial"):
        sampled(code.with_data(figures=np.array([1.0, 2.0])))


def test_several_arrays_are_left_to_nutpie():
    with pm.Model() as model:
        pm.Normal("x", pm.Data("a", 0.0), pm.Data("b", 1.0))
    assert not addressable(model)
