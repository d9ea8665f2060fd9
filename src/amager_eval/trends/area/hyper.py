"""Hyperparameters of the blocks: drawn from their priors, then from where the figures put them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from amager_eval.errors import SpecError
from amager_eval.trends.independence import Proposal, normalised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.nested import Nested
    from amager_eval.spec.prior import Prior

    type Floats = NDArray[np.float64]

__all__ = [
    "SHARE",
    "SIZE",
    "Hyper",
    "draw_prior",
    "log_prior",
    "log_proposed",
    "prior_named",
    "proposal_to",
]

#: How the hyperparameters of mixtures and samples are named, before their own names.
SHARE: Final = "share"
SIZE: Final = "size"
#: Share of later points that still comes from the priors, so that no weight can explode.
_FROM_PRIOR: Final = 0.25
#: Added to the spread of a proposal: weighted points are few.
_RIDGE: Final = 0.02
#: Probability under its prior beyond which no value is computed with; its weight is nothing.
_EVER: Final = 1e-9


def draw_prior(prior: Prior, rng: np.random.Generator, size: Any) -> Floats:
    """Draw from a prior of a document.

    Examples
    --------
    >>> from amager_eval.spec.prior import Prior
    >>> given = {"alpha": 1, "beta": 1}
    >>> prior = Prior(distribution="Beta", parameters=given, reason="anything goes")
    >>> draw_prior(prior, np.random.default_rng(1), 2).shape
    (2,)
    """
    family, parameters = _family(prior)
    return np.asarray(family.rvs(**parameters, size=size, random_state=rng), dtype=float)


def log_prior(prior: Prior, values: Floats) -> Floats:
    """Log density of a prior at values on their own scale.

    Examples
    --------
    >>> from amager_eval.spec.prior import Prior
    >>> given = {"alpha": 1, "beta": 1}
    >>> prior = Prior(distribution="Beta", parameters=given, reason="anything goes")
    >>> log_prior(prior, np.array([0.3])).tolist()
    [0.0]
    """
    family, parameters = _family(prior)
    return np.asarray(family.logpdf(values, **parameters), dtype=float)


def prior_named(name: str, nested: Nested) -> str:
    """Name the document's prior of a hyperparameter."""
    kind, _, own = name.partition(" ")
    if kind == SHARE:
        return next(m.share for m in nested.mixture if m.id == own)
    return "sample_size" if kind == SIZE else name


def _family(prior: Prior) -> tuple[Any, dict[str, float]]:
    """Give SciPy's, not frozen: freezing a family takes a hundred times as long as its density."""
    p = prior.parameters
    match prior.distribution:
        case "Normal":
            return stats.norm, {"loc": p["mu"], "scale": p["sigma"]}
        case "HalfNormal":
            return stats.halfnorm, {"scale": p["sigma"]}
        case "LogNormal":
            return stats.lognorm, {"s": p["sigma"], "scale": float(np.exp(p["mu"]))}
        case "Beta":
            return stats.beta, {"a": p["alpha"], "b": p["beta"]}
        case "Gamma":
            return stats.gamma, {"a": p["alpha"], "scale": 1 / p["beta"]}
    raise SpecError(f"prior of {prior.distribution}: not a family the area's model knows")


@dataclass(frozen=True, eq=False)
class Hyper:
    """Which hyperparameters a model has, each by its own name, and the prior of each.

    Parameters
    ----------
    priors : dict of str to Prior
        In the order of the columns of unconstrained points.
    """

    priors: Mapping[str, Prior]

    def draw(self, rng: np.random.Generator, count: int) -> dict[str, Floats]:
        """Draw each from its prior, (draw,)."""
        return {k: draw_prior(p, rng, count) for k, p in self.priors.items()}

    def free(self, values: Mapping[str, Floats]) -> Floats:
        """Unconstrained points, (draw, hyperparameter): logit of a share, log of a size."""
        made = []
        for name, prior in self.priors.items():
            if prior.distribution == "Beta":
                made.append(logit(np.clip(values[name], 1e-12, 1 - 1e-12)))
            else:
                made.append(np.log(np.maximum(values[name], 1e-300)))
        return np.stack(made, axis=1)

    def bound(self, points: Floats) -> dict[str, Floats]:
        """Values of unconstrained points, none of them beyond what its prior could ever give."""
        found = {}
        for i, (name, prior) in enumerate(self.priors.items()):
            x = points[:, i]
            value = expit(x) if prior.distribution == "Beta" else np.exp(np.clip(x, -300, 300))
            family, parameters = _family(prior)
            found[name] = np.clip(value, *family.ppf([_EVER, 1 - _EVER], **parameters))
        return found

    def log_density(self, points: Floats) -> Floats:
        """Log density of the priors on the unconstrained scale, (draw,)."""
        found = np.zeros(len(points))
        for i, prior in enumerate(self.priors.values()):
            x = points[:, i]
            if prior.distribution == "Beta":  # of the logit: both tails at once, exactly
                a, b = prior.parameters["alpha"], prior.parameters["beta"]
                at_half = log_prior(prior, np.array(0.5)) + (a + b - 2) * np.log(2)
                found += at_half - a * np.logaddexp(0, -x) - b * np.logaddexp(0, x)
            elif prior.distribution == "LogNormal":
                off = (x - prior["mu"]) / prior["sigma"]
                found += -0.5 * off**2 - np.log(np.sqrt(2 * np.pi) * prior["sigma"])
            else:
                found += log_prior(prior, np.exp(x)) + x
        return found

    def draw_near(self, near: Proposal, rng: np.random.Generator, count: int) -> Floats:
        """Draw unconstrained points from a proposal and some from the priors."""
        points = near.draw(rng, count)
        prior = rng.uniform(size=count) < _FROM_PRIOR
        points[prior] = self.free(self.draw(rng, int(prior.sum())))
        return points


def proposal_to(points: Floats, log_weight: Floats) -> Proposal:
    """Shape a proposal to weighted points."""
    weight = normalised(log_weight)
    centre = weight @ points
    off = points - centre
    spread = (weight[:, None] * off).T @ off
    return Proposal(centre, spread + _RIDGE * np.eye(points.shape[1]))


def log_proposed(
    hyper: Hyper, points: Floats, near: Sequence[tuple[Proposal | None, int]]
) -> Floats:
    """Log density of all that proposed points, each in proportion to how many it proposed.

    Parameters
    ----------
    hyper : Hyper
    points : ndarray
        Unconstrained, (draw, hyperparameter).
    near : sequence of tuple
        A proposal, None for the priors alone, and how many points came of it.
    """
    prior = hyper.log_density(points)
    total = sum(count for _, count in near)
    parts = []
    for proposal, count in near:
        log = prior
        if proposal is not None:
            log = np.logaddexp(
                np.log(_FROM_PRIOR) + prior,
                np.log1p(-_FROM_PRIOR) + proposal.log_density(points),
            )
        parts.append(np.log(count / total) + log)
    found: Floats = np.logaddexp.reduce(parts, axis=0)
    return found
