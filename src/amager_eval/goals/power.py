"""What each goal can show at all, for the n at hand: chance of success without any change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.goals.crime.power import crime_power_rows
from amager_eval.significance import (
    probability_of_rising_every_year,
    respondents_for_power,
    smallest_detectable_change,
)
from amager_eval.spec.assumptions import load_assumptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement

__all__ = ["ANSWERS_QUESTION", "POWER_COLUMNS", "what_goals_can_show"]

POWER_COLUMNS = ("goal", "area", "setting", "question", "n", "n_assumed", "deff", "value", "unit")

_DECLARED: Final = load_assumptions().power
#: Answers in each of two surveys that show the declared change with the declared power.
ANSWERS_QUESTION: Final = f"answers_for_{_DECLARED.points:g}_points"


def what_goals_can_show(
    facts: Facts, agreement: Agreement, year: int, areas: Sequence[str]
) -> pd.DataFrame:
    """Chance of published success under declared true changes, and the smallest visible change.

    Columns :data:`POWER_COLUMNS`; the share and n of `year` are the starting point, and areas
    without a published share of the goals' answer or any n are left out. Questions
    `rises_every_year_<points>` (probability that published whole percentages rise strictly in every
    wave from baseline to target when the true share rises by so many points a year) and
    `smallest_detectable_rise` (percentage points between two waves, with the declared power); where
    the goals are on the unsafe share `falls_every_year_<points>` and `smallest_detectable_fall`;
    and :data:`ANSWERS_QUESTION`, answers of each survey. The chance of every year only where a goal
    is read so. The crime goals' questions follow, see :mod:`amager_eval.goals.crime.power`; their
    `setting` and `deff` are None.
    """
    rows = [*_safety_rows(facts, agreement, year, areas), *crime_power_rows(facts, agreement)]
    return pd.DataFrame(rows, columns=list(POWER_COLUMNS))


def _safety_rows(
    facts: Facts, agreement: Agreement, year: int, areas: Sequence[str]
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    goals = [g for g in agreement.goal if g.kind == "safety"]
    if not goals:
        return rows
    up = agreement.response == "safe"
    yearly = next(
        (
            g.id
            for g in goals
            for r in g.reading
            if r.id == "rises_every_year" and r.response == agreement.response
        ),
        None,
    )
    every_year, smallest = (
        ("rises_every_year", "smallest_detectable_rise")
        if up
        else ("falls_every_year", "smallest_detectable_fall")
    )
    baseline, target = agreement.safety.baseline_wave, agreement.safety.target_wave
    for area in areas:
        for setting in agreement.safety.settings:
            shares = facts.shares(area, setting, agreement.response)
            waves = [w for w in shares if w <= year]
            if not waves:
                continue
            start = shares[baseline if baseline in waves else max(waves)]
            size = facts.respondents(area, max(waves))
            if size is None:
                continue
            years = np.arange(target - baseline + 1)
            for deff in agreement.verdicts.deffs:
                common = (area, setting)
                for points in _DECLARED.yearly_points if yearly is not None else ():
                    # a fall of one answer is read as a rise of all the others
                    level = start.percent if up else 100 - start.percent
                    path = (level + points * years) / 100
                    if path[-1] >= 1:
                        continue
                    probability = probability_of_rising_every_year(
                        path, np.full(path.size, size.n), deff=deff, decimals=0
                    )
                    rows.append(
                        (
                            yearly,
                            *common,
                            f"{every_year}_{points:g}",
                            size.n,
                            size.assumed,
                            deff,
                            float(probability),
                            "probability",
                        )
                    )
                detectable = smallest_detectable_change(
                    start.percent / 100,
                    size.n,
                    size.n,
                    direction="up" if up else "down",
                    deff=deff,
                    power=_DECLARED.power,
                )
                rows.append(
                    (
                        yearly or goals[0].id,
                        *common,
                        smallest,
                        size.n,
                        size.assumed,
                        deff,
                        100 * float(detectable),
                        "percentage points",
                    )
                )
                changed = start.percent + (_DECLARED.points if up else -_DECLARED.points)
                if 0 < changed < 100:
                    needed = respondents_for_power(
                        start.percent / 100, changed / 100, deff=deff, power=_DECLARED.power
                    )
                    rows.append(
                        (
                            yearly or goals[0].id,
                            *common,
                            ANSWERS_QUESTION,
                            size.n,
                            size.assumed,
                            deff,
                            float(needed),
                            "answers",
                        )
                    )
    return rows
