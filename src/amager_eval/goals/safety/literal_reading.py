"""Do published figures alone meet a reading of a safety goal?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from amager_eval.goals.safety.published_shares import PublishedShare
from amager_eval.spec.readings import SAFETY_READINGS, Printed, every_wave

__all__ = ["literally_met"]

#: Steps a percentage point is compared in; shares from counts have more digits than this.
_STEPS: Final = 1_000_000


def literally_met(
    reading: str,
    response: str,
    own: Mapping[int, PublishedShare],
    city: Mapping[int, PublishedShare],
    baseline: int,
    target: int,
) -> bool | None:
    """Whether published figures meet a reading at `target`.

    `safe` is read upwards, `unsafe` downwards; None while a figure is missing. A rise in every year
    that has failed in print is failed whatever comes. Where the area was at or above the whole at
    the baseline, approaching is read as staying there in every wave, by the draws (`stays_reached`)
    and here alike.

    Examples
    --------
    >>> own = {w: PublishedShare(w, p, 0, "A") for w, p in ((2024, 84), (2025, 85), (2026, 85))}
    >>> literally_met("rises_every_year", "safe", own, {}, 2024, 2028)
    False
    """
    sign = 1.0 if response == "safe" else -1.0
    # in whole steps of a digit nobody prints: in floats 85.3 - 80.9 is less than 85 - 80.6
    level = {w: round(sign * s.percent * _STEPS) for w, s in own.items()}
    whole = {w: round(sign * s.percent * _STEPS) for w, s in city.items()}
    printed = Printed(level, whole, baseline, target, _STEPS)
    rule = SAFETY_READINGS[reading]
    if rule.of_shortfall and printed.short(baseline) == 0:
        return every_wave(
            level[w] >= whole[w] if w in level and w in whole else None
            for w in range(baseline + 1, target + 1)
        )
    return None if rule.literal is None else rule.literal(printed)
