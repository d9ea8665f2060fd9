import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError
from amager_eval.significance.taylor import sample_of


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=50))
def test_kish_is_one_plus_the_squared_variation(weights):
    w = np.array(weights)
    assert sg.kish_design_effect(w) == pytest.approx(1 + w.var() / w.mean() ** 2)
    assert sg.kish_design_effect(w) >= 1 - 1e-12


def test_no_weights_have_no_design_effect():
    with pytest.raises(InputError, match="weights is empty"):
        sg.kish_design_effect([])


def test_covariance_by_resampling():
    """Linearised covariance against the spread over repeated stratified samples."""
    rng = np.random.default_rng(2)
    estimates, linearised = [], []
    strata = np.repeat([0, 1], [150, 250])
    for _ in range(1500):
        y = rng.binomial(1, np.where(strata == 0, 0.6, 0.85)).astype(float)
        w = rng.uniform(0.5, 2, 400) * np.where(strata == 0, 1, 3)
        sample = sample_of(y, w, strata)
        part, u = sample.mean(strata == 0)
        whole, v = sample.mean(np.ones(400, dtype=bool))
        estimates.append((part, whole))
        linearised.append(sample.covariance(u, v))
    observed = np.cov(np.array(estimates).T)
    assert np.mean(linearised, axis=0) == pytest.approx(observed, rel=0.15)
