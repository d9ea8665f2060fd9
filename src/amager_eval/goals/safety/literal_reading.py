"""Do published figures alone meet a reading of a safety goal?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from amager_eval.goals.safety.published_shares import PublishedShare

__all__ = ["OF_SHORTFALL", "literally_met"]

#: Readings of a shortfall; without one at the baseline they ask to stay at the whole's level in
#: every wave: the quantity `stays_reached`.
OF_SHORTFALL: Final = frozenset({"shortfall_smaller", "shortfall_halved"})

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

    Parameters
    ----------
    reading : str
        Id of a safety reading.
    response : str
        `safe` is read upwards, `unsafe` downwards.
    own, city : mapping of int to PublishedShare
        Published shares by wave, of the area and of the whole.
    baseline, target : int
        Waves.

    Returns
    -------
    bool or None
        None while a figure is missing. A rise in every year that has failed in print is failed
        whatever comes. Where the area was at or above the whole at the baseline, approaching is
        read as staying there in every wave, by the draws (`stays_reached`) and here alike.

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
    if reading == "rises_every_year":
        return _every(
            level[w] > level[w - 1] if w in level and w - 1 in level else None
            for w in range(baseline + 1, target + 1)
        )
    if (
        reading in OF_SHORTFALL
        and baseline in level
        and baseline in whole
        and level[baseline] >= whole[baseline]
    ):
        return _every(
            level[w] >= whole[w] if w in level and w in whole else None
            for w in range(baseline + 1, target + 1)
        )
    if target not in level:
        return None
    if reading == "above_baseline":
        return level[target] > level[baseline] if baseline in level else None
    if target not in whole:
        return None
    shortfall = max(0, whole[target] - level[target])
    if reading == "reaches_whole":
        return shortfall <= 0
    if reading in {"within_1_point", "within_2_points"}:
        return shortfall <= (1 if reading == "within_1_point" else 2) * _STEPS
    if baseline not in level or baseline not in whole:
        return None
    before = max(0, whole[baseline] - level[baseline])
    if reading == "shortfall_halved":
        return 2 * shortfall <= before
    return shortfall < before and level[target] > level[baseline]


def _every(steps: Iterable[bool | None]) -> bool | None:
    """Whether every wave holds: one that failed settles it, one that is missing leaves it open."""
    found = list(steps)
    if False in found:
        return False
    return None if None in found else True
