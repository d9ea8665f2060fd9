"""The readings of a safety goal that an agreement may declare: each one entry, with both its rules.

An entry says what is asked of the draws, the rule by the letter, and what one failed year means.
Its sentences stand in the catalogues of `wording/`, under `quantity` and `reading`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

__all__ = ["SAFETY_READINGS", "STAYS_REACHED", "Drawn", "Printed", "SafetyReading", "every_wave"]

#: What readings of a shortfall ask where there was none: to stay at the whole's level.
STAYS_REACHED: Final = "stays_reached"
#: Published percentages are compared as such: differences below this are rounding of binary.
_EQUAL: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Drawn:
    """Joint draws from the baseline to the target, signed so that more is better."""

    own: Any  #: Shares 0 to 1, last dim `period`
    gap: Any  #: The same less the whole's; None where there is no whole

    @property
    def rose(self) -> Any:
        """Whether the share lies above its baseline at the target."""
        return self.own[..., -1] - self.own[..., 0] > _EQUAL

    @property
    def short(self) -> tuple[Any, Any]:
        """How far it lies below the whole: at the baseline, at the target."""
        short = np.maximum(-self.gap, 0)
        return short[..., 0], short[..., -1]

    @property
    def nearer(self) -> Any:
        """Whether the shortfall is smaller at the target."""
        first, last = self.short
        return last < first - _EQUAL

    def short_by_at_most(self, points: float) -> Any:
        """Whether the target's shortfall is at most so many percentage points."""
        return self.gap[..., -1] >= -points / 100 - _EQUAL


@dataclass(frozen=True)
class Printed:
    """Published figures by wave, in whole steps of a digit nobody prints; more is better."""

    #: Of the area and of the whole.
    own: Mapping[int, int]
    whole: Mapping[int, int]
    #: Waves.
    baseline: int
    target: int
    steps: int  #: Steps a percentage point is compared in

    def short(self, wave: int) -> int | None:
        """How far the area lies below the whole in a wave; None where a figure is missing."""
        if wave not in self.own or wave not in self.whole:
            return None
        return max(0, self.whole[wave] - self.own[wave])

    def short_by_at_most(self, points: int) -> bool | None:
        """Whether the target's shortfall is at most so many percentage points."""
        short = self.short(self.target)
        return None if short is None else short <= points * self.steps


@dataclass(frozen=True, eq=False)
class SafetyReading:
    """A reading."""

    id: str  #: Its name in agreements, and of its quantity
    asks: Callable[[Drawn], Any]  #: Whether it holds of draws (:class:`Drawn`)
    #: Whether it holds in print (:class:`Printed`), None while a figure is missing; no agreement
    #: may declare an entry without it.
    literal: Callable[[Printed], bool | None] | None = None
    answered_by: str = ""  #: Quantity that answers it, if another than its own
    #: Whether it compares with the whole. Then it is asked at the second target wave too.
    of_the_whole: bool = True
    #: Whether it asks for a shortfall to close: without one at the baseline it asks to stay at the
    #: whole's level in every wave.
    of_shortfall: bool = False
    settled_by_one_year: bool = False  #: Whether one failed year settles it for good

    @property
    def quantity(self) -> str:
        """Name of the quantity that answers it."""
        return self.answered_by or self.id


def every_wave(steps: Iterable[bool | None]) -> bool | None:
    """Whether every wave holds: one that failed settles it, one that is missing leaves it open."""
    found = list(steps)
    if False in found:
        return False
    return None if None in found else True


def _rises_in_print(printed: Printed) -> bool | None:
    own = printed.own
    return every_wave(
        own[w] > own[w - 1] if w in own and w - 1 in own else None
        for w in range(printed.baseline + 1, printed.target + 1)
    )


def _rose_in_print(printed: Printed) -> bool | None:
    own = printed.own
    if printed.target not in own or printed.baseline not in own:
        return None
    return own[printed.target] > own[printed.baseline]


def _nearer_in_print(printed: Printed) -> bool | None:
    before, now = printed.short(printed.baseline), printed.short(printed.target)
    return None if before is None or now is None else now < before and bool(_rose_in_print(printed))


def _halved_in_print(printed: Printed) -> bool | None:
    before, now = printed.short(printed.baseline), printed.short(printed.target)
    return None if before is None or now is None else 2 * now <= before


def _halved(drawn: Drawn) -> Any:
    first, last = drawn.short
    return drawn.nearer & (last <= first / 2 + _EQUAL)


#: In the order of the tables.
SAFETY_READINGS: Final[Mapping[str, SafetyReading]] = {
    reading.id: reading
    for reading in (
        SafetyReading("reaches_whole", lambda d: d.short_by_at_most(0),
                      lambda p: p.short_by_at_most(0)),
        SafetyReading("within_1_point", lambda d: d.short_by_at_most(1),
                      lambda p: p.short_by_at_most(1)),
        SafetyReading("within_2_points", lambda d: d.short_by_at_most(2),
                      lambda p: p.short_by_at_most(2)),
        # "approach" wants the area itself to rise: no area comes nearer by the whole's fall
        SafetyReading("shortfall_smaller", lambda d: d.nearer, _nearer_in_print,
                      answered_by="shortfall_smaller_and_rose", of_shortfall=True),
        SafetyReading("shortfall_smaller_and_rose", lambda d: d.nearer & d.rose,
                      of_shortfall=True),
        SafetyReading("shortfall_halved", _halved, _halved_in_print, of_shortfall=True),
        SafetyReading("above_baseline", lambda d: d.rose, _rose_in_print, of_the_whole=False),
        SafetyReading("rises_every_year",
                      lambda d: (np.diff(d.own, axis=-1) > _EQUAL).all(axis=-1), _rises_in_print,
                      of_the_whole=False, settled_by_one_year=True),
        SafetyReading(STAYS_REACHED, lambda d: (d.gap[..., 1:] >= -_EQUAL).all(axis=-1),
                      settled_by_one_year=True),
    )
}  # fmt: skip
