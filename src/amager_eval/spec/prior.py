"""A prior as a value: a family PyMC has, its parameters, its unit, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Self

from pydantic import field_validator, model_validator

from amager_eval.errors import SpecError
from amager_eval.spec.values import Frozen

__all__ = ["FAMILIES", "LEAST_REASON", "POSITIVE_FAMILIES", "Prior", "as_prior"]

#: Families a prior may have, with the parameters PyMC takes; those no number can be drawn from
#: (`Flat`, `HalfFlat`) are no prior a forecast before data could rest on.
FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "AsymmetricLaplace": ("kappa", "mu", "b", "q"),
    "Beta": ("alpha", "beta", "mu", "sigma", "nu"),
    "Cauchy": ("alpha", "beta"),
    "ChiSquared": ("nu",),
    "ExGaussian": ("mu", "sigma", "nu"),
    "Exponential": ("lam", "scale"),
    "Gamma": ("alpha", "beta", "mu", "sigma"),
    "Gumbel": ("mu", "beta"),
    "HalfCauchy": ("beta",),
    "HalfNormal": ("sigma", "tau"),
    "HalfStudentT": ("nu", "sigma", "lam"),
    "InverseGamma": ("alpha", "beta", "mu", "sigma"),
    "Kumaraswamy": ("a", "b"),
    "LKJ": ("eta",),
    "Laplace": ("mu", "b"),
    "LogNormal": ("mu", "sigma", "tau"),
    "Logistic": ("mu", "s"),
    "LogitNormal": ("mu", "sigma", "tau"),
    "Moyal": ("mu", "sigma"),
    "Normal": ("mu", "sigma", "tau"),
    "Pareto": ("alpha", "m"),
    "Rice": ("nu", "sigma", "b"),
    "SkewNormal": ("alpha", "mu", "sigma", "tau"),
    "SkewStudentT": ("a", "b", "mu", "sigma", "lam"),
    "StudentT": ("nu", "mu", "sigma", "lam"),
    "Triangular": ("lower", "upper", "c"),
    "TruncatedNormal": ("mu", "sigma", "tau", "lower", "upper"),
    "Uniform": ("lower", "upper"),
    "VonMises": ("mu", "kappa"),
    "Wald": ("mu", "lam", "phi", "alpha"),
    "Weibull": ("alpha", "beta"),
}
#: Families of numbers above zero: what the prior of a standard deviation must be.
POSITIVE_FAMILIES: Final = frozenset(
    {"Beta", "ChiSquared", "Exponential", "Gamma", "HalfCauchy", "HalfNormal", "HalfStudentT",
     "InverseGamma", "Kumaraswamy", "LogNormal", "LogitNormal", "Pareto", "Rice", "Wald", "Weibull"}
)  # fmt: skip
#: Parameters that are scales, rates or shapes wherever they stand.
_ABOVE_ZERO: Final = frozenset({"sigma", "tau", "nu", "lam", "beta", "eta", "b", "s", "scale"})
#: Characters of a reason; a shorter one says nothing.
LEAST_REASON: Final = 10


class Prior(Frozen):
    """A prior: a distribution's name as PyMC calls it, its parameters, and why.

    Parameters
    ----------
    distribution : str
        A family of PyMC, see :data:`FAMILIES`; in Python it may come first, without its name.
    parameters : dict of str to float
        Parameters by PyMC's names; in Python they may be given directly, `sigma=.2`.
    unit : str
        Scale the quantity lives on (`logit`, `logit per year`, `log rate`).
    reason : str
        Why this prior; a document or :meth:`ModelSpec.with_prior` accepts none without.

    Raises
    ------
    pydantic.ValidationError
        A family or a parameter PyMC does not have, or a scale that is not above zero.

    Examples
    --------
    >>> Prior("HalfNormal", sigma=0.2)["sigma"]
    0.2
    """

    distribution: str
    parameters: dict[str, float]
    unit: str = ""
    reason: str = ""

    def __init__(self, distribution: str | None = None, /, **values: Any) -> None:
        if distribution is not None:
            fields: dict[str, Any] = {
                k: values.pop(k) for k in ("parameters", "unit", "reason") if k in values
            }
            fields["parameters"] = {**fields.get("parameters", {}), **values}
            values = {"distribution": distribution, **fields}
        super().__init__(**values)

    @field_validator("distribution")
    @classmethod
    def _known(cls, distribution: str) -> str:
        if distribution not in FAMILIES:
            raise ValueError(f"a prior is one of {', '.join(FAMILIES)}")
        return distribution

    @model_validator(mode="after")
    def _parameters_of_family(self) -> Self:
        takes = FAMILIES[self.distribution]
        for name, value in self.parameters.items():
            if name not in takes:
                raise ValueError(
                    f"{self.distribution} has the parameters {', '.join(takes)}, not {name}"
                )
            if name in _ABOVE_ZERO and not (value > 0 and math.isfinite(value)):
                raise ValueError(
                    f"{name} of {self.distribution} must be above zero; found {value:g}"
                )
        return self

    def __getitem__(self, parameter: str) -> float:
        """Value of one parameter."""
        return self.parameters[parameter]


def as_prior(prior: Any, *, unit: str, reason: str) -> Prior:
    """Take a prior of this package or of `pymc_extras.prior` over, with unit and reason.

    It has a family and plain numbers; a hierarchical one is another model. The unit is used where
    the prior says none. A `SpecError` where it is no prior, or no plain one, or the reason
    is missing.
    """
    if len(reason.strip()) < LEAST_REASON:
        raise SpecError(
            f"a prior needs a reason of at least {LEAST_REASON} characters; found {reason!r}. "
            "Say what it rests on."
        )
    if isinstance(prior, Prior):
        return prior.model_copy(update={"unit": prior.unit or unit, "reason": reason})
    family, parameters = getattr(prior, "distribution", None), getattr(prior, "parameters", None)
    if not isinstance(family, str) or not isinstance(parameters, Mapping):
        raise SpecError(
            f"a prior is amager_eval.Prior or pymc_extras.prior.Prior; found {prior!r}. Write "
            'Prior("HalfNormal", sigma=0.2).'
        )
    nested = [k for k, v in parameters.items() if not isinstance(v, (int, float))]
    if nested or getattr(prior, "dims", None) or getattr(prior, "transform", None):
        raise SpecError(
            f"a prior taken over has plain numbers for parameters, no dims and no transform; "
            f"found {prior!r}. Give the numbers: the model has its own dims."
        )
    values = {name: float(value) for name, value in parameters.items()}
    try:
        return Prior(distribution=family, parameters=values, unit=unit, reason=reason)
    except ValueError as error:
        raise SpecError(f"{prior!r} cannot be taken over: {error}") from error
