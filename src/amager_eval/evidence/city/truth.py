"""Which readings of the goals are true of the made-up city's partnership area, year by year.

From the true shares and levels alone, by the registry of readings; a test writes each reading out
once more and holds both against what is judged in print.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amager_eval.evidence.city.process import HORIZON
from amager_eval.spec.readings import SAFETY_READINGS, STAYS_REACHED, Drawn

if TYPE_CHECKING:
    from amager_eval.evidence.city.process import Places
    from amager_eval.spec.agreement import Agreement

__all__ = ["true_readings"]

#: Sums that are equal but for the last bits are equal: a level that stands still is held.
_EQUAL = 1e-9


def true_readings(
    agreement: Agreement, places: Places, shares: pd.DataFrame, rates: pd.DataFrame
) -> list[dict[str, object]]:
    """Say of every declared reading whether it is true, for every year after the baseline.

    Columns: `goal, reading, area, setting, response, crime_type, year, met`.
    """
    share = shares.set_index(["area", "setting", "response", "wave"])["share"].sort_index()
    annual = rates.assign(year=rates["period"].str[:4].astype(int))
    annual = annual.groupby(["area", "crime_type", "year"])[["per_1000", "expected"]].sum()
    rows: list[dict[str, object]] = []
    for goal in agreement.goal:
        for reading in goal.reading:
            head: dict[str, object] = {"goal": goal.id, "reading": reading.id, "area": places.area}
            head |= {"setting": None, "response": None, "crime_type": None}
            if goal.kind == "safety":
                for setting in reading.settings:
                    own, city = (
                        share.loc[(a, setting, str(reading.response))].to_dict()
                        for a in (places.area, places.whole)
                    )
                    about = {"setting": setting, "response": reading.response}
                    rows += [
                        head | about | {"year": wave, "met": met}
                        for wave, met in _safety(
                            reading.id,
                            1 if reading.response == "safe" else -1,
                            own,
                            city,
                            agreement.safety.baseline_wave,
                        )
                    ]
            elif goal.kind == "crime":
                form = "per_1000" if reading.id == "hold_rate" else "expected"
                for kind in goal.crime_types:
                    level = annual[form].loc[(places.area, kind)]
                    limit = level[agreement.crime.baseline_year] * (1 + _EQUAL)
                    rows += [
                        head | {"crime_type": kind, "year": y, "met": bool(level[y] <= limit)}
                        for y in range(agreement.crime.baseline_year + 1, HORIZON)
                    ]
    return rows


def _safety(
    reading: str, sign: int, own: dict[int, float], city: dict[int, float], baseline: int
) -> Iterator[tuple[int, bool]]:
    """Yield each wave after the baseline and whether the reading is true there."""
    asked = SAFETY_READINGS[reading]
    for wave in range(baseline + 1, HORIZON + 1):
        waves = range(baseline, wave + 1)
        level = sign * np.array([own[w] for w in waves])
        true = Drawn(level, level - sign * np.array([city[w] for w in waves]))
        # level with the city from the start: coming nearer is read as staying there every wave
        reached = asked.of_shortfall and true.short[0] <= _EQUAL
        rule = SAFETY_READINGS[STAYS_REACHED if reached else asked.quantity]
        yield wave, bool(rule.asks(true))
