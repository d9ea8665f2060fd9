"""The Normal whose covariance is linear in variances: value, gradient, draws."""

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal

from amager_eval.trends.linear_normal import Covariance, LinearNormal, observe_normal

PLAIN = Mode(linker="py", optimizer="fast_compile")


@pytest.fixture
def covariance():
    rng = np.random.default_rng(1)
    roots = rng.normal(size=(2, 5, 3))
    return Covariance(0.3 * np.eye(5), roots @ roots.swapaxes(1, 2))


def _compiled(covariance, *, slopes=False):
    residual, variances = pt.dvector(), pt.dvector()
    value = LinearNormal(covariance)(residual, variances)
    out = pytensor.grad(value, [residual, variances]) if slopes else value
    return pytensor.function([residual, variances], out, mode=PLAIN)


def test_the_density_is_the_multivariate_normals(covariance):
    r, v = np.arange(5.0), np.array([0.5, 2.0])
    expected = multivariate_normal(np.zeros(5), covariance.at(v)).logpdf(r)
    assert float(_compiled(covariance)(r, v)) == pytest.approx(expected, abs=1e-10)


def test_the_gradient_is_that_of_finite_differences(covariance):
    r, v = np.linspace(-1, 2, 5), np.array([0.5, 2.0])
    value = _compiled(covariance)
    by_residual, by_variance = _compiled(covariance, slopes=True)(r, v)
    assert by_residual == pytest.approx(approx_fprime(r, lambda x: float(value(x, v))), abs=1e-5)
    assert by_variance == pytest.approx(approx_fprime(v, lambda x: float(value(r, x))), abs=1e-5)


def test_an_operation_is_named_without_its_matrices(covariance):
    assert repr(covariance) == "Covariance of 5 figures"
    assert str(LinearNormal(covariance)) == "LinearNormal{covariance=Covariance of 5 figures}"


def test_impossible_variances_have_no_density(covariance):
    assert float(_compiled(covariance)(np.zeros(5), np.array([-9.0, -9.0]))) == -np.inf


def test_figures_are_drawn_as_they_are_believed(covariance):
    with pm.Model(coords={"figure": range(5)}) as model:
        scale = pm.HalfNormal("scale")
        observe_normal(
            "figures", mean=pt.zeros(5), variances=pt.stack([scale, scale]),
            covariance=covariance, observed=np.zeros(5), dims="figure",
        )  # fmt: skip
    drawn = pm.draw(pm.do(model, {"scale": 2.0})["figures"], 4000, random_seed=1, mode=PLAIN)
    assert drawn.shape == (4000, 5)
    expected = covariance.at(np.array([2.0, 2.0]))
    assert np.cov(drawn.T) == pytest.approx(expected, abs=0.12 * expected.max())
