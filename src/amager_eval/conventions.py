"""What is said once: interval levels, names of settings and responses, columns and dimensions."""

from __future__ import annotations

from typing import Final, Literal

__all__ = [
    "BASELINE_FILE",
    "COMPARATORS",
    "LEVEL",
    "LEVELS",
    "RESPONSES",
    "SETTINGS",
    "Response",
    "crime_year_of_wave",
]

#: The frozen baseline in a record folder; figures taken from it name it as their source.
BASELINE_FILE: Final = "baseline.json"

#: Level of a single reported interval; always equal-tailed unless the method says otherwise.
LEVEL: Final = 0.95
#: Levels of a fan, innermost first; equal-tailed.
LEVELS: Final = (0.5, 0.8, 0.95)

SETTINGS: Final[tuple[str, ...]] = ("neighbourhood", "night")

#: Answers to the safety question. Never converted by subtraction: there is a third answer.
Response = Literal["safe", "neither", "unsafe"]
RESPONSES: Final[tuple[str, ...]] = ("safe", "neither", "unsafe")

#: How a published figure relates to the value: equal, below, above.
COMPARATORS: Final = ("=", "<", ">")


def crime_year_of_wave(wave: int) -> int:
    """Calendar year of the crime chapter in a survey wave.

    Parameters
    ----------
    wave : int
        Survey wave, named by the year it is published in.

    Returns
    -------
    int
        The calendar year its crime figures cover: the year before.

    Examples
    --------
    >>> crime_year_of_wave(2025)
    2024
    """
    return wave - 1
