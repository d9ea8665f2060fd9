"""Did crime fall here, and not next door? The weighted displacement difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import Array, check_level, vector
from amager_eval.significance.contrast import Contrast, normal_contrast

__all__ = ["DisplacementDifference", "weighted_displacement_difference"]


@dataclass(frozen=True)
class DisplacementDifference:
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
    counts = {name: vector(name, list(v), length=2, at_least=0) for name, v in given.items()}
    sizes = vector("areas", list(areas), length=4, above=0)
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
