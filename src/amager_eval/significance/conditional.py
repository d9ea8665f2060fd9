"""Two Poisson counts given their sum: the binomial tails behind every exact rate ratio.

Given m events in all, those of period 1 are binomial with probability
theta e1 / (theta e1 + e0), where theta is the rate ratio and e the exposures. Tails are
incomplete Beta functions, which also take the fractional counts left by an overdispersion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc

from amager_eval.indicators.arguments import Array, broadcast, missing, real

__all__ = ["TwoCounts", "binomial_at_least", "check_counts"]


@dataclass(frozen=True)
class TwoCounts:
    """Checked counts and exposures of two periods; counts are divided by the dispersion."""

    count1: Array
    exposure1: Array
    count0: Array
    exposure0: Array
    dispersion: Array

    @property
    def missing(self) -> Array:
        """NaN where anything is, else 0, in the common shape."""
        return missing(self.count1, self.exposure1, self.count0, self.exposure0, self.dispersion)

    def probability(self, ratio: ArrayLike) -> Array:
        """Probability that an event is one of period 1, if the rate ratio is `ratio`."""
        weighted = np.asarray(ratio) * self.exposure1
        return np.asarray(weighted / (weighted + self.exposure0))

    def ratio(self, probability: Array) -> Array:
        """Rate ratio that belongs to a probability; infinite at 1."""
        with np.errstate(divide="ignore"):
            return probability / (1 - probability) * self.exposure0 / self.exposure1

    def at_least(self, probability: Array) -> Array:
        """Probability of `count1` events or more in period 1."""
        return binomial_at_least(self.count1, self.count0, probability)

    def at_most(self, probability: Array) -> Array:
        """Probability of `count1` events or fewer in period 1."""
        return binomial_at_least(self.count0, self.count1, 1 - probability)


def binomial_at_least(x: Array, rest: Array, probability: Array) -> Array:
    """P(X >= x) for X binomial on x + rest trials; fractional x by the incomplete Beta.

    Examples
    --------
    >>> round(float(binomial_at_least(np.float64(3), np.float64(2), np.float64(0.5))), 4)
    0.5
    """
    tail = betainc(np.where(x == 0, 1.0, x), rest + 1, probability)
    return np.where(x == 0, 1.0, tail) + 0 * rest


def check_counts(
    count1: ArrayLike,
    exposure1: ArrayLike,
    count0: ArrayLike,
    exposure0: ArrayLike,
    dispersion: ArrayLike,
) -> TwoCounts:
    """Check the arguments of a comparison of two rates."""
    one = real("count1", count1, at_least=0)
    base1 = real("exposure1", exposure1, above=0)
    zero = real("count0", count0, at_least=0)
    base0 = real("exposure0", exposure0, above=0)
    phi = real("dispersion", dispersion, above=0)
    broadcast(
        {
            "count1": one,
            "exposure1": base1,
            "count0": zero,
            "exposure0": base0,
            "dispersion": phi,
        }
    )
    return TwoCounts(one / phi, base1, zero / phi, base0, phi)
