"""Each model as PyMC's own functions take it: sampled, drawn from, fixed and observed."""

import numpy as np
import pymc as pm
import pytest

import amager_eval as ae

pytestmark = pytest.mark.slow

#: An observed variable and a free one of each model.
ABOUT = {"safety": ("figures", "path_sd"), "crime": ("reports", "dispersion_common")}


@pytest.fixture(scope="module", params=sorted(ABOUT))
def model(request):
    if request.param == "safety":
        return ae.safety_model(ae.published()), *ABOUT["safety"]
    return ae.crime_model(ae.published(), definition="STRAF11"), *ABOUT["crime"]


@pytest.mark.filterwarnings("ignore")  # PyMC's and PyTensor's advice on few draws and slow modes
def test_it_is_sampled_and_drawn_from(model):
    made, seen, free = model
    with made:
        found = pm.sample(
            draws=6, tune=6, chains=1, cores=1, random_seed=1, progressbar=False,
            compute_convergence_checks=False,
        )  # fmt: skip
        again = pm.sample_posterior_predictive(found, random_seed=1, progressbar=False)
    assert found["posterior"][free].sizes["draw"] == 6
    replicated, observed = again["posterior_predictive"][seen], found["observed_data"][seen]
    assert replicated.dims == ("chain", "draw", *observed.dims)
    assert float(replicated.std("draw").min()) > 0


@pytest.mark.filterwarnings("ignore")
def test_it_is_fixed_and_observed(model):
    made, seen, free = model
    value = {free: np.full(made[free].type.shape, 0.3)}
    fixed = pm.do(made, value)
    assert free not in {v.name for v in fixed.free_RVs}
    assert {v.name for v in pm.observe(made, value).observed_RVs} == {seen, free}
    drawn = pm.draw(fixed[seen], 2, random_seed=1)
    assert np.isfinite(drawn).all()
