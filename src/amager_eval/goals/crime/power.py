"""How easily reports rise above the baseline year by chance alone, nothing having changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement

__all__ = ["chance_of_holding", "chance_of_holding_with_total", "crime_power_rows"]

type Floats = NDArray[np.float64]


def chance_of_holding(means: Sequence[float], *, size: float, years: int = 1) -> float:
    """Probability that no series rises above its baseline year when nothing changes.

    The series are independent, `means` their expected reports a year, the same every year; `size`
    is of the negative binomial of a year's reports, infinite for Poisson; all `years` after the
    baseline must lie at or below it. The product over the series of `sum_x f(x) F(x)^years`: exact,
    without simulation.

    Examples
    --------
    >>> round(1 - chance_of_holding([65, 310, 90], size=100), 3)
    0.868
    """
    return float(np.prod([_holds(_pmf(m, size), years) for m in means]))


def chance_of_holding_with_total(means: Sequence[float], total: float, *, size: float) -> float:
    """Probability that in one year neither a type nor the total rises above the baseline.

    `means` are the expected reports a year of the types, which the `total` contains; what they
    leave is independent of them. Exact: the falls of the types are added up, and the remainder may
    rise by no more.
    """
    falls = np.ones(1)  # distribution of the summed falls of the types, none of which rises
    for mean in means:
        falls = np.convolve(falls, _falls(_pmf(mean, size)))
    rest = total - sum(means)
    if rest <= 0:
        return float(falls.sum())
    change = _difference(_pmf(rest, size))  # of the remainder, from the lowest to the highest
    middle = change.size // 2
    at_most = np.cumsum(change)
    allowed = np.minimum(middle + np.arange(falls.size), change.size - 1)
    return float(np.sum(falls * at_most[allowed]))


def crime_power_rows(facts: Facts, agreement: Agreement) -> list[tuple[object, ...]]:
    """Chance that the hold goals fail by chance, in the columns of the power frame.

    Questions `type_rises_in_a_year`, `type_rises_in_some_year` (through the target year) and, where
    the total's baseline is known, `series_rises_in_a_year` (a type or the total). `n` is the
    reports a year it is computed for: those of the baseline year, or for each assumed count of the
    agreement. Empty where the agreement has no crime goal on several types.
    """
    crime = agreement.crime
    goal = next((g for g in agreement.goal if g.kind == "crime" and len(g.crime_types) > 1), None)
    if goal is None or crime.power is None:
        return []
    area, size = facts.area, crime.power.size
    known = {
        t.id: figure.count
        for t in crime.type
        if (figure := facts.reports(area, t.id, crime.definition).get(crime.baseline_year))
        is not None
        and figure.count
    }
    total = next((t.id for t in crime.type if t.role == "total"), "")
    types = [k for k in goal.crime_types if k != total]
    years = crime.target_year - crime.baseline_year
    delivered = all(k in known for k in types)
    cases = [[float(known[k] or 0) for k in types]] if delivered else []
    cases = cases or [[float(m)] * len(types) for m in crime.power.reports]
    rows: list[tuple[object, ...]] = []
    for means in cases:
        chances = {
            "type_rises_in_a_year": 1 - chance_of_holding(means, size=size),
            "type_rises_in_some_year": 1 - chance_of_holding(means, size=size, years=years),
        }
        if delivered and total in known:
            whole = float(known[total] or 0)
            chances["series_rises_in_a_year"] = 1 - chance_of_holding_with_total(
                means, whole, size=size
            )
        rows += [
            (goal.id, area, None, question, sum(means), not delivered, None, p, "probability")
            for question, p in chances.items()
        ]
    return rows


def _pmf(mean: float, size: float) -> Floats:
    """Probabilities of 0, 1, ... reports, as far as they matter."""
    spread = np.sqrt(mean + mean**2 / size)
    x = np.arange(int(mean + 10 * spread + 20))
    if np.isinf(size):
        return np.asarray(stats.poisson.pmf(x, mean))
    return np.asarray(stats.nbinom.pmf(x, size, size / (size + mean)))


def _holds(pmf: Floats, years: int) -> float:
    return float(np.sum(pmf * np.minimum(np.cumsum(pmf), 1.0) ** years))


def _difference(pmf: Floats) -> Floats:
    """Distribution of a later year's reports minus the baseline's, lowest first."""
    return np.convolve(pmf, pmf[::-1])


def _falls(pmf: Floats) -> Floats:
    """Probabilities of falling by 0, 1, ... reports."""
    difference = _difference(pmf)
    return difference[: difference.size // 2 + 1][::-1]
