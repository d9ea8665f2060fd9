"""How many activities involve two or more partners: a census, counted and not estimated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Goal

__all__ = ["PartnerCount", "count_partners", "partners_by_focus_area"]


@dataclass(frozen=True)
class PartnerCount:
    """Activities with enough partners, of all.

    Parameters
    ----------
    met, total : int
        Activities with at least the required number of partners; all activities.
    threshold : float
        The goal's share, 0 to 1.
    """

    met: int
    total: int
    threshold: float

    @property
    def share(self) -> float:
        """Share of activities with enough partners, 0 to 1."""
        return self.met / self.total

    @property
    def reached(self) -> bool:
        """Whether the share is at least the threshold (compared in whole activities)."""
        return self.met >= self.needed

    @property
    def needed(self) -> int:
        """Activities with enough partners that the threshold asks for, of `total`."""
        return math.ceil(round(self.threshold * self.total, 9))

    @property
    def margin(self) -> int:
        """Activities to spare (positive) or lacking (negative)."""
        return self.met - self.needed


def count_partners(activities: pd.DataFrame, goal: Goal) -> PartnerCount:
    """Count the activities with enough partners.

    Parameters
    ----------
    activities : DataFrame
        One row per activity; `partners` is text separated by `;`.
    goal : Goal
        With `threshold` and `partners_at_least`.

    Returns
    -------
    PartnerCount
    """
    if goal.threshold is None or goal.partners_at_least is None:
        raise ValueError(f"goal {goal.id} has no partner threshold")
    enough = _partners(activities["partners"]) >= goal.partners_at_least
    return PartnerCount(int(enough.sum()), len(activities), goal.threshold)


def partners_by_focus_area(activities: pd.DataFrame, goal: Goal) -> pd.DataFrame:
    """Count per focus area and in all.

    Returns
    -------
    DataFrame
        `focus_area, activities, with_two_or_more, share`; `i alt` last.
    """
    rows = []
    groups = [*activities.groupby("focus_area", sort=False), ("i alt", activities)]
    for focus_area, group in groups:
        count = count_partners(group, goal)
        rows.append((focus_area, count.total, count.met, count.share))
    return pd.DataFrame(rows, columns=["focus_area", "activities", "with_two_or_more", "share"])


def _partners(column: pd.Series) -> pd.Series:
    """Distinct partners named in each cell."""
    return (
        column.fillna("")
        .astype(str)
        .map(lambda cell: len({p.strip().casefold() for p in cell.split(";")} - {""}))
    )
