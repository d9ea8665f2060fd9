"""The rules of a control chart: what is a signal, how much is ordinary, and a declared new base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from amager_eval.indicators.arguments import refused
from amager_eval.spec.assumptions import load_assumptions

__all__ = [
    "REFERENCE_YEARS",
    "RUN",
    "SIGNALS",
    "SPREAD_YEARS",
    "TAILS",
    "Rebase",
    "multiple_of_sd",
    "signals_of",
    "steps_as_variance",
]

type Floats = NDArray[np.float64]

#: What a period may signal, the strongest first; an empty text is none.
SIGNALS: Final = ("above", "below", "twice above", "twice below", "shift up", "shift down")
#: `models/assumptions.toml` gives the reason of each number below.
_DECLARED: Final = load_assumptions().control_chart
#: Periods a year a chart may have.
_A_YEAR: Final = (1, 4, 12)
#: Chances that an ordinary period lies above (and that it lies below) the limit, and the warning
#: line of which two of three periods are a signal, by periods a year. Of quarters three and two
#: standard deviations of a normal; of years wider and of months narrower, so that of ordinary
#: series about as many signal in a year: at most some five in a hundred.
TAILS: Final = {n: _DECLARED.of(n).tails for n in _A_YEAR}
#: So many periods in a row after the reference on one side of what was expected are a shift.
RUN: Final = _DECLARED.shift.run
#: Complete years that serve as reference: as many as wished, and the fewest, by periods a year.
REFERENCE_YEARS: Final = {n: _DECLARED.of(n).reference for n in _A_YEAR}
#: Complete years, as many as there are up to this, that tell how much ordinary periods vary.
SPREAD_YEARS: Final = _DECLARED.spread.years


@dataclass(frozen=True)
class Rebase:
    """A declared new base of a control chart: from a period on the series is held against itself.

    Parameters
    ----------
    period : object
        First period of the new base: a wave, a year, a quarter.
    reason : str
        What changed, so that what came before is no measure any more: a new way of counting, an
        area enlarged. It is required and stands beside the chart: a chart rebased because it
        signalled would signal nothing again.

    Raises
    ------
    InputError
        If no reason is given.

    Examples
    --------
    >>> Rebase("2025K1", "Area enlarged on 1 January 2025").period
    '2025K1'
    >>> Rebase("2025K1", " ")
    Traceback (most recent call last):
    ...
    amager_eval.errors.InputError: a chart is rebased for a reason only; found 'none'. Say what ...
    """

    period: object
    reason: str

    def __post_init__(self) -> None:
        if not isinstance(self.reason, str) or not self.reason.strip():
            raise refused(
                "a chart is rebased for a reason only",
                "none",
                "Say what changed in the way the series is made.",
            )


def multiple_of_sd(tail: float, dispersion: float, free: float) -> float:
    """So many standard deviations without dispersion an ordinary period exceeds with chance `tail`.

    Never fewer than a normal's: a dispersion below 1 is not believed.
    """
    estimated = float(stdtrit(free, 1.0 - tail) * np.sqrt(dispersion))
    return max(float(ndtri(1.0 - tail)), estimated)


def steps_as_variance(residuals: Floats) -> tuple[float, float]:
    """Half the mean square successive difference, and the degrees of freedom it is worth."""
    steps = np.diff(residuals)
    # a mean square successive difference is worth two thirds of as many independent squares
    return float((steps**2).mean()) / 2.0, 2.0 / 3.0 * len(steps)


def signals_of(
    outside: NDArray[np.int64],
    warned: NDArray[np.int64],
    side: Floats,
    place: NDArray[np.int64],
) -> NDArray[np.str_]:
    """Signal of every period, from the side (1, -1, none 0) of limits, warning lines, expected.

    `place` is the number of the period in its series: where one is left out a row ends.

    One of :data:`SIGNALS`, the strongest that holds, or empty.
    """
    run = np.ones(len(side), dtype=int)
    twice = np.zeros(len(side), dtype=int)
    for i in range(len(side)):
        if i and side[i] == side[i - 1] != 0 and place[i] == place[i - 1] + 1:
            run[i] = run[i - 1] + 1
        if warned[i]:
            window = (place[:i] >= place[i] - 2) & (warned[:i] == warned[i])
            twice[i] = warned[i] * window.any()
    shifted = (run >= RUN) * side
    conditions = [c == s for c in (outside, twice, shifted) for s in (1, -1)]
    return np.select(conditions, list(SIGNALS), default="")
