"""A prior a model would misread or ignore is refused before anything is computed."""

import pytest

from amager_eval.errors import SpecError
from amager_eval.spec.model import load_model_spec
from amager_eval.spec.prior import Prior
from amager_eval.trends.crime.options import crime_options
from amager_eval.trends.safety.fit import _document

SAFETY, CRIME = load_model_spec("safety_trend"), load_model_spec("crime_trend")


@pytest.mark.parametrize(
    ("name", "prior", "says"),
    [
        ("path_drift", Prior("Normal", mu=0.1, sigma=0.04), "path_drift must have mu = 0"),
        ("wave_error", Prior("Normal", mu=0.1, sigma=0.04), "wave_error must have mu = 0"),
        ("level", Prior("Normal", mu=1, tau=1), "level must be declared by mu and sigma"),
        ("level", Prior("StudentT", nu=3, mu=1, sigma=1), "declared as Normal; found StudentT"),
        ("path_sd", Prior("Normal", mu=0, sigma=1), "positive numbers .*found Normal"),
        ("setting_correlation", Prior("Beta", alpha=1, beta=1), "declared as LKJ; found Beta"),
    ],
)
def test_safety_refuses(name, prior, says):
    with pytest.raises(SpecError, match=says):
        _document(SAFETY.with_prior(name, prior, reason="Tried in a test."))


@pytest.mark.parametrize("name", ["path_sd", "area_sd", "gap_sd", "design_effect", "response_gap"])
def test_safety_takes_any_family_of_positive_numbers_for_a_scale(name):
    spec = SAFETY.with_prior(name, Prior("Weibull", alpha=2, beta=1), reason="Tried in a test.")
    assert _document(spec) is spec


def test_crime_takes_any_family_of_positive_numbers_for_a_spread():
    prior = Prior("HalfStudentT", nu=4, sigma=0.1)
    assert crime_options(CRIME.with_prior("passing", prior, reason="Tried in a test."))
    with pytest.raises(SpecError, match="the prior 'season' is missing"):
        crime_options(CRIME.model_copy(update={"priors": {"level": CRIME.priors["level"]}}))
