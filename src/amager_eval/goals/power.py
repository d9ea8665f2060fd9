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
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

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
) -> Iterator[tuple[object, ...]]:
    goals = [g for g in agreement.goal if g.kind == "safety"]
    if not goals:
        return
    response, safety = agreement.response, agreement.safety
    read = [(g.id, r.id, r.response) for g in goals for r in g.reading]
    yearly = [goal for goal, *asked in read if asked == ["rises_every_year", response]]
    goal = next(iter(yearly), goals[0].id)
    steps = np.arange(safety.target_wave - safety.baseline_wave + 1)
    points = _DECLARED.yearly_points if yearly else ()
    for area in areas:
        for setting in safety.settings:
            shares = facts.shares(area, setting, response)
            waves = [w for w in shares if w <= year]
            size = facts.respondents(area, max(waves)) if waves else None
            if size is None:
                continue
            start = shares[safety.baseline_wave if safety.baseline_wave in waves else max(waves)]
            for deff in agreement.verdicts.deffs:
                for question, value, unit in _answers(
                    start.percent, size.n, deff, steps, points, up=response == "safe"
                ):
                    rest = (size.n, size.assumed, deff, value, unit)
                    yield goal, area, setting, question, *rest


def _answers(
    percent: float,
    n: float,
    deff: float,
    steps: NDArray[np.int_],
    yearly: Sequence[float],
    *,
    up: bool,
) -> Iterator[tuple[str, float, str]]:
    """Answer what figures that begin at `percent` of `n` can show: question, value and unit.

    `yearly` are the points a year of which the chance of every wave is asked.
    """
    every_year, smallest = (
        ("rises_every_year", "smallest_detectable_rise")
        if up
        else ("falls_every_year", "smallest_detectable_fall")
    )
    for points in yearly:
        # a fall of one answer is read as a rise of all the others
        path = ((percent if up else 100 - percent) + points * steps) / 100
        if path[-1] < 1:
            chance = probability_of_rising_every_year(
                path, np.full(path.size, n), deff=deff, decimals=0
            )
            yield f"{every_year}_{points:g}", float(chance), "probability"
    share, power = percent / 100, _DECLARED.power
    detectable = smallest_detectable_change(
        share, n, n, direction="up" if up else "down", deff=deff, power=power
    )
    yield smallest, 100 * float(detectable), "percentage points"
    changed = percent + (_DECLARED.points if up else -_DECLARED.points)
    if 0 < changed < 100:
        needed = respondents_for_power(share, changed / 100, deff=deff, power=power)
        yield ANSWERS_QUESTION, float(needed), "answers"
