"""A spec's digest is of its content, and a changed copy says what it was."""

import copy
import pickle
import tomllib
from types import SimpleNamespace

import pymc as pm
import pytest

from amager_eval.errors import SpecError
from amager_eval.provenance import sha256_of_file
from amager_eval.spec.documents import models_folder
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.spec.prior import FAMILIES, POSITIVE_FAMILIES, Prior

CRIME, SAFETY = load_model_spec("crime_trend"), load_model_spec("safety_trend")


def leaves(value, at=()):
    """Every value of a document and its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*at, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, (*at, i))
    else:
        yield at, value


def other(at, value):
    """Another value a spec may have at a place."""
    if at[-1] == "distribution":  # only the family: its parameters stay what it takes
        return {"Normal": "Moyal", "LogNormal": "Normal", "HalfNormal": "LogNormal",
                "Gamma": "InverseGamma", "Beta": "Gamma", "LKJ": "LKJ"}[value]  # fmt: skip
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value * 1.001 + 1e-6 if isinstance(value, float) else value + 1
    return f"{value} x"


@pytest.mark.parametrize("spec", [CRIME, SAFETY], ids=lambda s: s.name)
def test_every_value_moves_the_digest(spec):
    plain = spec.model_dump(mode="json")
    digests, tried = {spec.digest}, 1
    for at, value in leaves(plain):
        changed = copy.deepcopy(plain)
        holder = changed
        for key in at[:-1]:
            holder = holder[key]
        holder[at[-1]] = other(at, value)
        if holder[at[-1]] == value:  # one family alone takes this parameter
            continue
        digests.add(ModelSpec.model_validate(changed).digest)
        tried += 1
    assert len(digests) == tried > 60


@pytest.mark.parametrize("field", sorted(ModelSpec.model_fields))
def test_a_copy_with_another_field_has_another_digest_and_says_what_it_was(field):
    values = {
        "priors": {**CRIME.priors, "level": Prior("Normal", mu=0, sigma=9, reason="Tried here.")},
        "options": {**CRIME.options, "baseline_year": 2020},
        "gates": CRIME.gates.model_copy(update={"ess_min": 1.0}),
        "sampling": CRIME.sampling.model_copy(update={"draws": 7}),
    }
    changed = CRIME.model_copy(update={field: values.get(field, "another")})
    assert changed.digest != CRIME.digest == changed.changed_from
    again = changed.model_copy(update={"question": "a further one"})
    assert again.digest not in {changed.digest, CRIME.digest}
    assert again.changed_from == CRIME.digest
    # and back again it is what it was
    back = changed.model_copy(update={field: getattr(CRIME, field)})
    assert (back.digest, back.changed_from) == (CRIME.digest, "")


def test_the_digest_is_of_the_content_whatever_way_the_spec_was_made():
    document = models_folder() / "crime_trend" / "spec.toml"
    read = tomllib.loads(document.read_text(encoding="utf-8"))
    ways = [
        ModelSpec.model_validate(read),
        ModelSpec.model_validate(CRIME.model_dump()),
        ModelSpec.model_validate_json(CRIME.model_dump_json()),
        CRIME.model_copy(), copy.deepcopy(CRIME), pickle.loads(pickle.dumps(CRIME)),
    ]  # fmt: skip
    assert {spec.digest for spec in ways} == {CRIME.digest} == {sha256_of_file(document)}
    assert {spec.changed_from for spec in ways} == {""}


def test_what_is_changed_in_place_does_not_keep_the_digest():
    spec = copy.deepcopy(CRIME)
    spec.options["baseline_year"] = 2019
    assert spec.digest != CRIME.digest == spec.changed_from


def test_with_prior_takes_a_family_of_pymc_with_its_reason_and_keeps_the_unit():
    changed = SAFETY.with_prior("path_sd", Prior("Gamma", alpha=2, beta=20), reason="More moves.")
    prior = changed.priors["path_sd"]
    assert (prior.distribution, prior.parameters) == ("Gamma", {"alpha": 2.0, "beta": 20.0})
    assert (prior.unit, prior.reason) == (SAFETY.priors["path_sd"].unit, "More moves.")
    assert changed.changed_from == SAFETY.digest


def test_with_prior_takes_one_of_pymc_extras():
    # the public face of pymc_extras.prior.Prior, which is not among the tests' packages
    theirs = SimpleNamespace(
        distribution="HalfNormal", parameters={"sigma": 0.3}, dims=(), transform=None
    )
    changed = CRIME.with_prior("innovation", theirs, reason="A city that changes fast.")
    assert changed.priors["innovation"]["sigma"] == 0.3
    nested = SimpleNamespace(
        distribution="HalfNormal", parameters={"sigma": theirs}, dims=(), transform=None
    )
    with pytest.raises(SpecError, match="plain numbers"):
        CRIME.with_prior("innovation", nested, reason="A city that changes fast.")


@pytest.mark.parametrize(
    ("name", "prior", "reason", "says"),
    [
        ("inovation", Prior("HalfNormal", sigma=1), "a long reason", "no prior 'inovation'"),
        ("innovation", Prior("HalfNormal", sigma=1), "short", "needs a reason"),
        ("innovation", 0.2, "a long reason", "a prior is amager_eval"),
    ],
)
def test_with_prior_refuses(name, prior, reason, says):
    with pytest.raises(SpecError, match=says):
        CRIME.with_prior(name, prior, reason=reason)


def test_steps_and_covariates_are_told_apart_by_name():
    of = {"sigma": 0.1, "reason": "Tried in a test."}
    step = SAFETY.with_step("asked", date="2021-06-01", **of)
    with pytest.raises(SpecError, match="has a step 'asked' already"):
        step.with_step("asked", date="2022-06-01", **of)
    both = step.with_covariate("asked", {"Nord": {"2024": 1.0}}, **of)
    with pytest.raises(SpecError, match="has a covariate 'asked' already"):
        both.with_covariate("asked", {"Syd": {"2024": 1.0}}, **of)


@pytest.mark.parametrize(
    ("family", "parameters", "says"),
    [
        ("HalfNrmal", {"sigma": 1}, "a prior is one of"),
        ("HalfNormal", {"sd": 1}, "has the parameters sigma, tau, not sd"),
        ("HalfNormal", {"sigma": -1}, "must be above zero; found -1"),
    ],
)
def test_a_prior_pymc_does_not_have_is_refused(family, parameters, says):
    with pytest.raises(ValueError, match=says):
        Prior(family, **parameters)


#: Every family by parameters it may have, to draw from.
SOME = {
    "AsymmetricLaplace": {"kappa": 1, "mu": 0, "b": 1}, "Beta": {"alpha": 2, "beta": 2},
    "Cauchy": {"alpha": 0, "beta": 1}, "ChiSquared": {"nu": 3},
    "ExGaussian": {"mu": 0, "sigma": 1, "nu": 1}, "Exponential": {"lam": 1},
    "Gamma": {"alpha": 2, "beta": 2}, "Gumbel": {"mu": 0, "beta": 1}, "HalfCauchy": {"beta": 1},
    "HalfNormal": {"sigma": 1}, "HalfStudentT": {"nu": 3, "sigma": 1},
    "InverseGamma": {"alpha": 3, "beta": 1}, "Kumaraswamy": {"a": 2, "b": 2},
    "Laplace": {"mu": 0, "b": 1}, "LogNormal": {"mu": 0, "sigma": 1},
    "Logistic": {"mu": 0, "s": 1}, "LogitNormal": {"mu": 0, "sigma": 1},
    "Moyal": {"mu": 0, "sigma": 1}, "Normal": {"mu": 0, "sigma": 1},
    "Pareto": {"alpha": 2, "m": 1}, "Rice": {"nu": 1, "sigma": 1},
    "SkewNormal": {"alpha": 1, "mu": 0, "sigma": 1},
    "SkewStudentT": {"a": 2, "b": 2, "mu": 0, "sigma": 1},
    "StudentT": {"nu": 3, "mu": 0, "sigma": 1}, "Triangular": {"lower": 0, "upper": 1, "c": 0.5},
    "TruncatedNormal": {"mu": 0, "sigma": 1, "lower": 0}, "Uniform": {"lower": 0, "upper": 1},
    "VonMises": {"mu": 0, "kappa": 1}, "Wald": {"mu": 1, "lam": 1},
    "Weibull": {"alpha": 2, "beta": 1},
}  # fmt: skip


def test_families_are_pymcs():
    assert set(SOME) | {"LKJ"} == set(FAMILIES)
    for family, parameters in SOME.items():
        Prior(family, **parameters)
        variable = getattr(pm, family).dist(**parameters)
        assert variable.ndim == 0, family
        # below zero its density is nothing exactly where the family is of positive numbers
        below = pm.logp(variable, -0.5).eval(mode="FAST_COMPILE")
        positive = family in POSITIVE_FAMILIES | {"Triangular", "TruncatedNormal", "Uniform"}
        assert (below == float("-inf")) == positive, family
