"""What moves reports without moving the level: season, pandemic, declared steps, what passes.

What passes are deviations of an area from its path that die away within a year or so: a stationary
first-order autoregression, measured from its mean over the observed periods. In periods longer
than its half-life (years, as declared) it could not be told from the dispersion and is left to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from amager_eval.data.period import Period
from amager_eval.spec.model import ModelSpec
from amager_eval.trends.crime.options import CrimeOptions, TypeScales

__all__ = [
    "correlation",
    "day_share",
    "disturbed_years",
    "effect_matrix",
    "first_day",
    "passing_ahead",
    "season_basis",
    "share_basis",
]

type Floats = NDArray[np.float64]


def season_basis(per_year: int) -> Floats:
    """Orthonormal contrasts of a season that sums to zero over the year.

    Parameters
    ----------
    per_year : int
        Periods in a year: 1, 4 or 12.

    Returns
    -------
    ndarray
        Dims `season of the year, contrast`; no contrasts for yearly data.

    Examples
    --------
    >>> season_basis(4).shape, bool(abs(season_basis(4).sum(axis=0)).max() < 1e-12)
    ((4, 3), True)
    """
    basis = np.zeros((per_year, per_year - 1))
    for j in range(per_year - 1):
        basis[: j + 1, j] = 1.0
        basis[j + 1, j] = -(j + 1.0)
    return basis / np.linalg.norm(basis, axis=0) if per_year > 1 else basis


def day_share(period: Period, start: date, end: date) -> float:
    """Share of a period's days that lie from `start` through `end`, both included.

    Examples
    --------
    >>> round(day_share(Period(2020, "K", 1), date(2020, 3, 12), date(2021, 12, 31)), 3)
    0.22
    """
    first, after = first_day(period), first_day(period.shift(1))
    days = min(after, end.toordinal() + 1) - max(first, start.toordinal())
    return max(0, days) / (after - first)


def disturbed_years(
    years: Iterable[int], crime_type: str, definition: str, options: CrimeOptions
) -> set[int]:
    """Find the calendar years that a declared window or an earlier way of recording touches.

    Parameters
    ----------
    years : iterable of int
        To choose from.
    crime_type, definition : str
        The series.
    options : CrimeOptions
        Declared window and steps.

    Examples
    --------
    >>> from amager_eval.spec.model import load_model_spec
    >>> from amager_eval.trends.crime.options import crime_options
    >>> options = crime_options(load_model_spec("crime_trend"))
    >>> sorted(disturbed_years(range(2017, 2025), "indbrud", "STRAF11", options))
    [2017, 2020, 2021]
    """
    chosen = set(years)
    window = range(options.covid.start.year, options.covid.end.year + 1)
    found = chosen & set(window)
    for step in options.steps:
        of_definition = not step.definitions or definition in step.definitions
        touched = not step.types or crime_type in step.types
        # where no year reaches the step's date, all are recorded in one way
        if of_definition and touched and any(step.date <= date(y, 12, 31) for y in chosen):
            found |= {y for y in chosen if date(y, 1, 1) < step.date}
    return found


def first_day(period: Period) -> int:
    """Proleptic ordinal of a period's first day, as of :meth:`datetime.date.toordinal`.

    Examples
    --------
    >>> date.fromordinal(first_day(Period(2021, "K", 2))).isoformat()
    '2021-04-01'
    """
    month = (period.index - 1) * (12 // period.per_year) + 1
    return date(period.year, month, 1).toordinal()


def _own_scale(own: TypeScales | None, prior: str, spec: ModelSpec) -> float:
    """Scale of a prior for a type: its own where one is declared."""
    declared = None if own is None else getattr(own, prior)
    return float(spec.priors[prior]["sigma"] if declared is None else declared)


def _pandemic(periods: Sequence[Period], options: CrimeOptions) -> Floats:
    """Share of each period's days in the window, once enough counts follow it."""
    window = options.covid
    after = first_day(periods[-1].shift(1)) - window.end.toordinal() - 1
    if after < round(365 * window.least_years_after):
        return np.zeros(len(periods))
    return np.array([day_share(p, window.start, window.end) for p in periods])


def effect_matrix(
    periods: Sequence[Period],
    types: Sequence[str],
    options: CrimeOptions,
    spec: ModelSpec,
    definition: str,
) -> tuple[list[str], Floats, Floats]:
    """Regressors of the observation side and the prior scale of each per type.

    Parameters
    ----------
    periods : sequence of Period
        The periods observed.
    types : sequence of str
        Modelled crime types.
    options, spec : CrimeOptions, ModelSpec
        Declared windows, steps and prior scales.
    definition : str
        Definition of the counts, which steps may be limited to.

    Returns
    -------
    names : list of str
        `season_1`, ..., `covid`, then the steps.
    value : ndarray
        Dims `effect, period`. Pandemic: share of the period's days in the window, zero while
        too few counts follow it. A step: share of the days before its date, so that the present
        is the reference.
    scale : ndarray
        Prior standard deviations, dims `crime_type, effect`; zero where an effect is not
        declared for a type.
    """
    n = periods[0].per_year
    basis = season_basis(n)[[p.index - 1 for p in periods]]
    names = [f"season_{j + 1}" for j in range(n - 1)]
    rows = list(basis.T)
    own = [options.types.get(k) for k in types]
    season = [_own_scale(o, "season", spec) for o in own]
    columns = [np.array(season)] * (n - 1)
    names.append("covid")
    rows.append(_pandemic(periods, options))
    columns.append(np.array([_own_scale(o, "covid", spec) for o in own]))
    for step in options.steps:
        if step.areas or (step.definitions and definition not in step.definitions):
            continue  # of some areas alone: amager_eval.trends.crime.own_effects
        names.append(f"step_{step.name}")
        before = date.fromordinal(step.date.toordinal() - 1)
        rows.append(np.array([day_share(p, date.min, before) for p in periods]))
        columns.append(np.array([step.sigma * (not step.types or k in step.types) for k in types]))
    return names, np.array(rows), np.stack(columns, axis=1)


def correlation(half_life_years: float, per_year: int) -> float:
    """Correlation from one period to the next.

    Examples
    --------
    >>> correlation(0.5, 4) ** 2  # half of it is left after half a year
    0.5...
    """
    return float(0.5 ** (1.0 / (half_life_years * per_year)))


def _centred(rho: float, observed: int, ahead: int) -> Floats:
    """Covariance of all periods, at unit variance, less the mean over the observed ones."""
    n = observed + ahead
    covariance = rho ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    centre = np.eye(n)
    centre[:, :observed] -= 1.0 / observed
    result: Floats = centre @ covariance @ centre.T
    return result


def share_basis(walk: Floats, rho: float) -> tuple[Floats, Floats]:
    """Rotate a walk's basis so that walk and passing part are both independent in it.

    Parameters
    ----------
    walk : ndarray
        Basis of a random walk about its mean over time, dims `period, component`; coefficients
        are independent with the walk's standard deviation.
    rho : float
        Correlation of the passing part from one period to the next.

    Returns
    -------
    walk : ndarray
        The rotated basis; a random walk has independent coefficients in it too.
    variance : ndarray
        Variance of each coefficient of the passing part at unit variance, dims `component`.
    """
    inverse = np.linalg.pinv(walk)
    covariance = inverse @ _centred(rho, len(walk), 0) @ inverse.T
    variance, rotation = np.linalg.eigh((covariance + covariance.T) / 2)
    return walk @ rotation, variance


def passing_ahead(rho: float, observed: int, ahead: int) -> tuple[Floats, Floats]:
    """Regression of the future passing part on the past one, and what it leaves open.

    Parameters
    ----------
    rho : float
        Correlation from one period to the next.
    observed, ahead : int
        Numbers of periods.

    Returns
    -------
    weight : ndarray
        Dims `future, period`.
    factor : ndarray
        Triangular factor of the remaining covariance at unit variance, dims `future, future`.
    """
    covariance = _centred(rho, observed, ahead)
    past = np.linalg.pinv(covariance[:observed, :observed], hermitian=True)
    weight: Floats = covariance[observed:, :observed] @ past
    left = covariance[observed:, observed:] - weight @ covariance[:observed, observed:]
    return weight, np.linalg.cholesky(left + 1e-12 * np.eye(ahead))
