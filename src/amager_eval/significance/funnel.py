"""Which areas stand out? Each against the target, with limits that widen as areas get smaller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amager_eval.indicators.arguments import (
    COUNT,
    SHARE,
    Array,
    check_choice,
    real_scalar,
    refused,
    same_labels,
    vector,
)
from amager_eval.indicators.estimate import Shown

__all__ = ["Funnel", "funnel"]

#: Levels of the inner and the outer limits: about two and three standard deviations.
LEVELS = (0.95, 0.998)
#: Share of the areas at each end whose z is drawn in when the overdispersion is estimated.
_WINSORISED = 0.1


@dataclass(frozen=True, eq=False)
class Funnel(Shown):
    """Areas around a target.

    Parameters
    ----------
    estimate : ndarray, dims area
        Share (0 to 1) or rate (in `unit`) of each area.
    exposure : ndarray, dims area
        Respondents, or inhabitants: what the limits narrow with.
    target : float
        What the areas are held against.
    inner_low, inner_high, outer_low, outer_high : ndarray, dims area
        Limits at `levels`, in the unit of the estimate.
    z : ndarray, dims area
        Distance from the target in standard errors at the target, overdispersion allowed for.
    position : ndarray of str, dims area
        `inside`, `above inner`, `below inner`, `above outer` or `below outer`; a signal, and no
        judgement. Empty where the area has no figure.
    dispersion : float
        Variance of z over 1: what the limits were widened by, as its root.
    levels : tuple of float
        Levels of the inner and the outer limits.
    unit : str
        `share`, or `per 1000`.
    method : str
        Name of the limits.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> f = sg.funnel([252, 262, 80], [300, 300, 120], kind="share")
    >>> f.position.tolist()
    ['inside', 'above inner', 'below outer']
    """

    estimate: Array
    exposure: Array
    target: float
    inner_low: Array
    inner_high: Array
    outer_low: Array
    outer_high: Array
    z: Array
    position: NDArray[np.str_]
    dispersion: float
    levels: tuple[float, float]
    unit: str
    method: str


def funnel(
    counts: ArrayLike,
    exposures: ArrayLike,
    *,
    kind: Literal["share", "rate"] = "rate",
    target: float | None = None,
    deff: float = 1.0,
    overdispersion: bool = False,
    per: float = 1000,
) -> Funnel:
    """Hold areas against a target with the exact limits of a funnel plot.

    Parameters
    ----------
    counts, exposures : array_like, dims area
        Respondents who gave the answer among respondents (`share`), or reports among inhabitants
        (`rate`).
    kind : {"rate", "share"}
        Poisson or binomial limits.
    target : float or None
        A share, or a rate in the unit `per`; None is that of all areas together.
    deff : float
        Design effect of shares: counts and respondents enter divided by it.
    overdispersion : bool
        Widen the limits by the root of the areas' own overdispersion, estimated from z with a
        tenth of the areas drawn in at each end; below 1 it is 1.
    per : float
        Unit of a rate.

    Returns
    -------
    Funnel
        `.estimate .inner_low ... .position`, one element per area; NaN where an area is.

    Raises
    ------
    InputError
        If a count exceeds its respondents, an exposure is not above 0, or the target cannot be.

    Notes
    -----
    Limits are binomial or Poisson quantiles at the target, made continuous by interpolating
    between the two counts about the probability wanted, so that the probability outside is the
    level's. z is the score statistic at the target. A funnel plot ranks nobody: small areas lie
    far out by chance. Source: Spiegelhalter (2005) Statistics in Medicine 24:1185; its section 4.2
    for the winsorised overdispersion.

    Examples
    --------
    >>> f = funnel([65, 60, 300], [58000, 20000, 250000])
    >>> f.position.tolist(), round(f.target, 3)
    (['inside', 'above outer', 'inside'], 1.296)
    """
    same_labels(counts=counts, exposures=exposures)
    x = vector("counts", counts, at_least=0)
    n = vector("exposures", exposures, length=len(x), above=0)
    check_choice("kind", kind, ("rate", "share"))
    effect = real_scalar("deff", deff, above=0)
    unit = 1.0 if kind == "share" else real_scalar("per", per, above=0)
    known = ~np.isnan(x + n)
    if not known.any():
        raise refused("counts holds no area", "0", "Pass an area.")
    if kind == "share" and (x > n).any():
        first = int(np.argmax(x > n))
        raise refused(
            "counts must not exceed exposures, the respondents",
            f"{x[first]:g} of {n[first]:g} at position {first}",
            "Correct counts, or use kind='rate'.",
        )
    centre = float(x[known].sum() / n[known].sum())
    if target is not None:
        centre = real_scalar("target", target, **(SHARE if kind == "share" else COUNT)) / unit
    if centre == 0 or (kind == "share" and centre == 1):
        raise refused(
            "the target is at the end of the scale, where there is no chance variation",
            f"{centre * unit:g}",
            "Pass a target between, such as that of a larger whole.",
        )
    spread = centre * (1 - centre) if kind == "share" else centre
    z = (x / n - centre) / np.sqrt(spread * effect / n)
    dispersion = _overdispersion(z[known]) if overdispersion else 1.0
    limits = {
        name: _limit(kind, centre, n / effect, probability, dispersion)
        for name, probability in {
            "outer_low": (1 - LEVELS[1]) / 2,
            "inner_low": (1 - LEVELS[0]) / 2,
            "inner_high": (1 + LEVELS[0]) / 2,
            "outer_high": (1 + LEVELS[1]) / 2,
        }.items()
    }
    share = x / n
    tests = [
        (share > limits["outer_high"], "above outer"),
        (share < limits["outer_low"], "below outer"),
        (share > limits["inner_high"], "above inner"),
        (share < limits["inner_low"], "below inner"),
        (known, "inside"),
    ]
    return Funnel(
        estimate=share * unit,
        exposure=n,
        target=centre * unit,
        **{name: limit * unit for name, limit in limits.items()},
        z=z / np.sqrt(dispersion),
        position=np.select([t for t, _ in tests], [name for _, name in tests], default=""),
        dispersion=dispersion,
        levels=LEVELS,
        unit="share" if kind == "share" else f"per {per:g}",
        method=f"{'binomial' if kind == 'share' else 'poisson'} limits, interpolated",
    )


def _overdispersion(z: Array) -> float:
    """Mean square of z with the outermost areas drawn in; at least 1."""
    low, high = np.quantile(z, [_WINSORISED, 1 - _WINSORISED])
    return max(1.0, float((np.clip(z, low, high) ** 2).mean()))


def _limit(kind: str, centre: float, n: Array, probability: float, dispersion: float) -> Array:
    """Interpolated quantile at the target, a share of n, widened by the overdispersion."""
    # SciPy's distributions take a while to import and are needed here only
    from scipy.stats import binom, poisson

    size = np.maximum(np.rint(n), 1) if kind == "share" else n
    law = binom(size, centre) if kind == "share" else poisson(size * centre)
    count = law.ppf(probability)
    mass = law.pmf(count)
    over = (law.cdf(count) - probability) / np.where(mass > 0, mass, 1.0)
    limit = np.maximum(count - over, 0) / size
    most = 1.0 if kind == "share" else np.inf
    widened = np.clip(centre + (limit - centre) * np.sqrt(dispersion), 0, most)
    return np.where(np.isnan(n), np.nan, widened)
