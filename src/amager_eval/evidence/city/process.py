"""What the made-up city is drawn from: its true parameters, its places and its random walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amager_eval.spec.agreement import Agreement

__all__ = [
    "BASELINE",
    "HORIZON",
    "SCENARIOS",
    "Array",
    "Places",
    "Scenario",
    "Truth",
    "logistic",
    "random_walks",
]

type Array = NDArray[np.float64]

#: Year at which every path is anchored, as in the models.
BASELINE: Final = 2024
#: Last wave that is drawn, whatever is shown of it: the same seed is the same city every year.
HORIZON: Final = 2029
#: In a scenario with a known answer nothing moves by itself from this year on.
_STILL_FROM: Final = 2022


@dataclass(frozen=True)
class Scenario:
    """What happens to the partnership area, in a city that else stands still from 2022 on."""

    #: Change of the area's logit share of safe answers a wave, after the baseline.
    safety_step: float = 0.0
    #: Change of the area's log rates a calendar year, after the baseline.
    crime_step: float = 0.0
    #: By how much the baseline's published figures alone are off by bad luck, on the same scales;
    #: the truth does not move.
    safety_once: float = 0.0
    crime_once: float = 0.0


SCENARIOS: Final = {
    "nothing_changes": Scenario(),
    "goals_met": Scenario(safety_step=0.2, crime_step=-0.08),
    "goals_missed": Scenario(safety_step=-0.1, crime_step=0.08),
    "low_baseline": Scenario(safety_once=-0.25, crime_once=-0.2),
}


@dataclass(frozen=True)
class Truth:
    """The parameters the city is drawn with; rates and shares follow from them."""

    #: City's logit share of safe answers in wave 2024, per setting.
    level: dict[str, float]
    #: Distance between the safe and the unsafe threshold, logit, per setting.
    gap_response: dict[str, float]
    #: City's reports per 1,000 inhabitants a quarter in 2024, per crime type.
    rate: dict[str, float]
    #: Share of a type's reports that the total contains; 1 where not named.
    counted_in_total: dict[str, float]
    #: Innovations per square root of a year of the city's path and of an area's gap, logit.
    city_sd: float = 0.05
    gap_sd: float = 0.05
    #: Spread of area levels, logit.
    level_sd: float = 0.35
    #: Design effect of the survey.
    deff: float = 1.3
    #: Error shared by all areas of a wave, logit.
    wave_sd: float = 0.03
    #: Innovations of log rates per square root of a year, city and areas.
    crime_sd: float = 0.06
    crime_gap_sd: float = 0.05
    #: Spread of the areas' log rates.
    crime_level_sd: float = 0.3
    #: `1 / sqrt(alpha)` of a quarter's negative binomial.
    dispersion: float = 0.08
    #: Amplitude of the yearly wave of log rates, highest in the third quarter.
    season: float = 0.06
    #: Effect on log rates of a quarter wholly inside 12 March 2020 to the end of 2021.
    covid: float = -0.2
    #: What happens to the partnership area; None lets every path wander as drawn.
    scenario: Scenario | None = None
    #: Distance of the partnership area's logit level from the city's; None draws it.
    area_gap: float | None = None

    @property
    def still_from(self) -> int | None:
        """Year from which no path moves by itself; None where all wander on."""
        return None if self.scenario is None else _STILL_FROM


@dataclass(frozen=True)
class Places:
    """Names of the made-up city's areas."""

    #: The city.
    whole: str
    #: Its disjoint districts.
    parts: tuple[str, ...]
    #: The partnership area.
    area: str
    #: Districts the partnership area lies in.
    inside: tuple[str, ...]

    @classmethod
    def of(cls, agreement: Agreement) -> Places:
        """Take the names from an agreement."""
        version = agreement.areas.evaluated
        return cls(
            agreement.areas.whole, agreement.areas.parts, version.names[0], version.districts
        )

    def kind(self, name: str) -> str:
        """Return the area kind written to the tables."""
        return {self.whole: "city", self.area: "partnership"}.get(name, "district")


def random_walks(
    rng: np.random.Generator, times: Array, sd: float, size: int, *, still_from: int | None = None
) -> Array:
    """Draw random walks that are 0 at the baseline.

    `sd` is the innovation per square root of a year; from `still_from` on the walks stay at 0.

    Dims `size, time`.
    """
    steps = rng.normal(size=(size, len(times) - 1)) * sd * np.sqrt(np.diff(times))
    walks = np.hstack([np.zeros((size, 1)), np.cumsum(steps, axis=1)])
    anchor = BASELINE if still_from is None else still_from
    at_anchor = np.array([np.interp(anchor, times, walk) for walk in walks])
    anchored = np.asarray(walks - at_anchor[:, None])
    return anchored if still_from is None else np.where(times >= still_from, 0.0, anchored)


def logistic(x: Array) -> Array:
    """Return `1 / (1 + exp(-x))`."""
    return np.asarray(1 / (1 + np.exp(-x)))
