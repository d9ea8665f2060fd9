"""How many activities involve two or more partners: a census, counted and not estimated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amager_eval.errors import InputError
from amager_eval.indicators import partner_share
from amager_eval.wording.faults import fault_of

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.spec.agreement import Goal

__all__ = ["PartnerCount", "count_partners"]


@dataclass(frozen=True)
class PartnerCount:
    """Activities with enough partners, of all."""

    #: Activities with at least the required number of partners; all activities.
    met: int
    total: int
    threshold: float  #: The goal's share, 0 to 1

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
    """Count the activities with enough partners."""
    if goal.threshold is None or goal.partners_at_least is None:
        raise ValueError(f"goal {goal.id} has no partner threshold")
    table = partner_share(activities, at_least=goal.partners_at_least)
    if table.empty:
        raise InputError(fault_of("activities_empty", file="activities"))
    total = table.iloc[-1]
    return PartnerCount(int(total["with_two_or_more"]), int(total["activities"]), goal.threshold)
