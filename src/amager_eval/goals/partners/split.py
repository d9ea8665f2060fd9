"""The partner goal part by part: focus areas, inside and outside, one activity more or less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.goals.partners.count import PartnerCount
from amager_eval.indicators import partner_share
from amager_eval.indicators.partners import PLACES, partner_places

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Goal

__all__ = ["ONE_ACTIVITY", "PARTNER_COLUMNS", "partner_split"]

#: What one activity more or less is: change of those with enough partners, and of all.
ONE_ACTIVITY = {
    "one_more_with": (1, 1),
    "one_more_without": (0, 1),
    "one_fewer_with": (-1, -1),
    "one_fewer_without": (0, -1),
}
PARTNER_COLUMNS = (
    "focus_area", "activities", "met", "share", "reached", "margin", *PLACES, *ONE_ACTIVITY,
)  # fmt: skip


def partner_split(activities: pd.DataFrame, goal: Goal) -> pd.DataFrame:
    """Split the share of activities with enough partners, and say what one activity would change.

    Columns :data:`PARTNER_COLUMNS`, one row per focus area, `i alt` last. `share` and the columns
    of :data:`ONE_ACTIVITY` 0 to 1: the share if one activity with (or without) enough partners came
    to the list or left it; None where there is none to leave. `reached` and `margin` hold a focus
    area against the goal's threshold, which is agreed for the list as a whole.
    """
    assert goal.threshold is not None
    assert goal.partners_at_least is not None
    places = partner_places(activities, at_least=goal.partners_at_least)
    rows = []
    for row in partner_share(activities, at_least=goal.partners_at_least).to_dict("records"):
        met, total = int(row["with_two_or_more"]), int(row["activities"])
        count = PartnerCount(met, total, goal.threshold)
        cells = [row["focus_area"], total, met, count.share, count.reached, count.margin]
        cells += [int(places.loc[row["focus_area"], p]) for p in PLACES]
        for more_met, more in ONE_ACTIVITY.values():
            k, n = met + more_met, total + more
            cells.append(k / n if n > 0 and 0 <= k <= n else None)
        rows.append(cells)
    return pd.DataFrame(rows, columns=list(PARTNER_COLUMNS), dtype=object)
