"""What was published earlier of one series' year: it is known, whatever is hidden now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["EarlierFigures", "Key"]

type Key = tuple[str, str, str, int]  # definition, area, crime type, calendar year

#: Half a unit of the last decimal a rate is kept with.
_RATE_TOLERANCE: Final = 0.51e-4


@dataclass
class EarlierFigures:
    """What was published of one series' year."""

    hidden: bool = False  #: Whether it was hidden in any statement
    #: Every count and rate it was published with.
    counts: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    #: Quarters or months: every count they were published with.
    periods: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def knows(self, count: float, rate: float | None) -> bool:
        """Whether the count of now was published before, as itself or by its rate."""
        return any(abs(count - c) < 1e-6 for c in self.counts) or (
            rate is not None and any(abs(rate - r) <= _RATE_TOLERANCE for r in self.rates)
        )

    def part_known(self, counts: Mapping[str, float]) -> float | None:
        """Sum those of the year's periods that were published before with the count of now.

        None where that is none of them or all. The year less this sum is what the others count: a
        small one that was revised would follow.
        """
        known = [
            count
            for period, count in counts.items()
            if any(abs(count - c) < 1e-6 for c in self.periods.get(period, []))
        ]
        return sum(known) if 0 < len(known) < len(counts) else None
