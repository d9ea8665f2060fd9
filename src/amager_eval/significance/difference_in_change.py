"""Did it change more than the rest? Shares on the logit scale, counts with displacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import (
    Array,
    broadcast,
    check_level,
    check_successes,
    real,
    same_labels,
    vector,
)
from amager_eval.indicators.estimate import Shown
from amager_eval.significance.contrast import Contrast, normal_contrast

__all__ = [
    "DisplacementDifference",
    "difference_in_change",
    "weighted_displacement_difference",
]


def difference_in_change(
    x_before: ArrayLike,
    n_before: ArrayLike,
    x_after: ArrayLike,
    n_after: ArrayLike,
    x_rest_before: ArrayLike,
    n_rest_before: ArrayLike,
    x_rest_after: ArrayLike,
    n_rest_after: ArrayLike,
    *,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
) -> Contrast:
    """Compare the change of an area with the change of the rest, as a contrast of four logits.

    Parameters
    ----------
    x_before, n_before, x_after, n_after : float or array_like
        The area: respondents who gave the answer, and respondents, before and after.
    x_rest_before, n_rest_before, x_rest_after, n_rest_after : float or array_like
        The rest, without the area's respondents: four independent samples.
    deff : float or array_like
        Design effect of all four.
    level : float
        Confidence level, two-sided and equal-tailed.

    Returns
    -------
    Contrast
        Log of the ratio of odds ratios; positive where the area rose more. `exp` of it is by
        what factor the odds of the answer moved more in the area.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    [logit p_after - logit p_before] minus the same in the rest; variance
    sum of deff / (n p (1 - p)). On the logit scale a city-wide shift that moves 60 and 90 per
    cent alike in odds is no difference, although it moves 60 by more points. Where any of the
    four shares is 0 or 1, half a success and half a failure are added to all four (Haldane 1956,
    Anscombe 1956). It describes; it does not say why.
    Source: Woolf (1955) Annals of Human Genetics 19:251, the variance of a log odds ratio.

    Examples
    --------
    >>> c = difference_in_change(252, 300, 261, 300, 3168, 3600, 3168, 3600)
    >>> round(c.estimate, 3), round(c.z, 2)
    (0.243, 0.99)
    """
    given = {
        "before": (x_before, n_before),
        "after": (x_after, n_after),
        "rest_before": (x_rest_before, n_rest_before),
        "rest_after": (x_rest_after, n_rest_after),
    }
    same_labels(
        **{f"{k}_{name}": v for name, xn in given.items() for k, v in zip("xn", xn, strict=True)},
        deff=deff,
    )
    effect = real("deff", deff, above=0)
    level = check_level(level)
    cells: dict[str, tuple[Array, Array]] = {
        name: check_successes(f"x_{name}", x, f"n_{name}", n) for name, (x, n) in given.items()
    }
    named = {f"x_{name}": x for name, (x, _) in cells.items()}
    named |= {f"n_{name}": n for name, (_, n) in cells.items()}
    broadcast(named | {"deff": effect})
    at_edge = np.any(np.broadcast_arrays(*((x == 0) | (x == n) for x, n in cells.values())), axis=0)
    extra = np.where(at_edge, 0.5, 0.0)
    estimate, variance = np.zeros((2, *extra.shape))
    for (x, n), sign in zip(cells.values(), (-1, 1, 1, -1), strict=True):
        yes, no = x / effect + extra, (n - x) / effect + extra
        estimate = estimate + sign * (np.log(yes) - np.log(no))
        variance = variance + 1 / yes + 1 / no
    respondents = sum((n for _, n in cells.values()), start=np.zeros(()))
    method = "logit contrast of four shares, normal"
    return normal_contrast(
        estimate, np.sqrt(variance), respondents, level, method, unit="log ratio of odds ratios"
    )


@dataclass(frozen=True)
class DisplacementDifference(Shown):
    """Change of counts against control areas, here, next door and both.

    Parameters
    ----------
    local : Contrast
        Change in the area minus change in its control, events (per unit of area if areas are
        given).
    displacement : Contrast
        The same for the neighbouring area and its control: negative is a benefit that spread,
        positive is crime that moved.
    total : Contrast
        The sum of both: what is left after displacement.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> w = sg.weighted_displacement_difference([207, 110], [308, 318], [178, 157], [150, 140])
    >>> round(w.local.estimate, 1), round(w.total.z, 2)
    (-107.0, -2.98)
    """

    local: Contrast
    displacement: Contrast
    total: Contrast

    def to_frame(self) -> pd.DataFrame:
        """Return three rows with the columns of a contrast and `part`."""
        parts = {"local": self.local, "displacement": self.displacement, "total": self.total}
        return pd.concat(
            [record.to_frame().assign(part=name) for name, record in parts.items()],
            ignore_index=True,
        )


def weighted_displacement_difference(
    treated: Sequence[float],
    control: Sequence[float],
    displacement_treated: Sequence[float] = (0, 0),
    displacement_control: Sequence[float] = (0, 0),
    *,
    areas: Sequence[float] = (1, 1, 1, 1),
    level: float = LEVEL,
) -> DisplacementDifference:
    """Compare the change of counts in an area with a control, allowing for displacement.

    Parameters
    ----------
    treated, control : sequence of 2 float
        Counts before and after, in the area and in a comparable one.
    displacement_treated, displacement_control : sequence of 2 float
        Counts before and after in the area next door and in its comparable one.
    areas : sequence of 4 float
        Size of the four areas in the order of the arguments (or inhabitants, or years before
        and after being equal); counts are divided by it. All 1: plain counts.
    level : float
        Confidence level.

    Returns
    -------
    DisplacementDifference
        `.local .displacement .total`, each a :class:`Contrast` of reports.

    Raises
    ------
    InputError
        If a count is negative or an area not above 0.

    Notes
    -----
    local = (T1 - T0)/a_T - (C1 - C0)/a_C with Poisson variance (T0 + T1)/a_T^2 +
    (C0 + C1)/a_C^2; total is the sum of local and displacement. Source: Wheeler & Ratcliffe
    (2018) Crime Science 7:11. It assumes that control and area would have changed alike.

    Examples
    --------
    >>> w = weighted_displacement_difference([207, 110], [308, 318], [178, 157], [150, 140],
    ...                                      areas=[1.2, 0.9, 1.5, 1.6])
    >>> round(w.local.estimate, 1), round(w.local.se, 1), round(w.total.z, 2)
    (-91.9, 31.5, -2.81)
    """
    given = {
        "treated": treated,
        "control": control,
        "displacement_treated": displacement_treated,
        "displacement_control": displacement_control,
    }
    same_labels(**given)
    counts = {name: vector(name, v, length=2, at_least=0) for name, v in given.items()}
    sizes = vector("areas", areas, length=4, above=0)
    level = check_level(level)
    change = np.array([after - before for before, after in counts.values()]) / sizes
    variance = np.array([before + after for before, after in counts.values()]) / sizes**2
    events = np.array([before + after for before, after in counts.values()])
    local = np.array([1.0, -1.0, 0.0, 0.0])
    beside = np.array([0.0, 0.0, 1.0, -1.0])

    def contrast(signs: Array) -> Contrast:
        used = signs != 0
        return normal_contrast(
            np.asarray((signs[used] * change[used]).sum()),
            np.sqrt(np.asarray(variance[used].sum())),
            np.asarray(events[used].sum()),
            level,
            "weighted displacement difference, Poisson",
            unit="events",
        )

    return DisplacementDifference(contrast(local), contrast(beside), contrast(local + beside))
