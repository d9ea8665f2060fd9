"""Is a prior one a model can take? Its family, its parameters, and a mean that would be ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from amager_eval.spec.prior import POSITIVE_FAMILIES

if TYPE_CHECKING:
    from amager_eval.spec.prior import Prior

__all__ = ["problem_of_prior"]

#: Parameters by which a family is declared where a model reads them itself.
_READ: Final[Mapping[str, frozenset[str]]] = {
    "Beta": frozenset({"alpha", "beta"}),
    "HalfNormal": frozenset({"sigma"}),
    "LKJ": frozenset({"eta"}),
    "LogNormal": frozenset({"mu", "sigma"}),
    "Normal": frozenset({"mu", "sigma"}),
}


def problem_of_prior(
    name: str, prior: Prior | None, family: str | None, *, centred: bool = False
) -> str:
    """Say why a model cannot take a prior.

    Parameters
    ----------
    name : str
        The prior's name in the spec.
    prior : Prior or None
        None where the spec has none.
    family : str or None
        The family the model is written for; None where any family of positive numbers will do.
    centred : bool
        Whether the model centres the quantity elsewhere: a mean other than zero would be ignored.

    Returns
    -------
    str
        Empty where the model can take it.

    Examples
    --------
    >>> from amager_eval.spec.prior import Prior
    >>> problem_of_prior("drift", Prior("Normal", mu=1, sigma=1), "Normal", centred=True)
    'prior drift must have mu = 0: the model centres it elsewhere'
    """
    if prior is None:
        return f"the prior '{name}' is missing"
    if family is None:
        if prior.distribution in POSITIVE_FAMILIES:
            return ""
        return (
            f"prior {name} must be of a family of positive numbers "
            f"({', '.join(sorted(POSITIVE_FAMILIES))}); found {prior.distribution}"
        )
    if prior.distribution != family:
        return f"prior {name} must be declared as {family}; found {prior.distribution}"
    if set(prior.parameters) != _READ[family]:
        return f"prior {name} must be declared by {' and '.join(sorted(_READ[family]))}"
    if centred and prior["mu"] != 0:
        return f"prior {name} must have mu = 0: the model centres it elsewhere"
    return ""
