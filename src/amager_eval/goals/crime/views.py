"""What is shown of reported crime beside the goals: a frozen record of frames."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

__all__ = ["CrimeViews"]


@dataclass(frozen=True, eq=False)
class CrimeViews:
    """Frames of reported crime that decide no goal; each may be empty.

    Examples
    --------
    >>> CrimeViews().chart.empty
    True
    """

    #: The level from year to year, see :func:`amager_eval.goals.crime.changes.yearly_changes`.
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    #: Each type's part in the total's change, see
    #: :func:`amager_eval.goals.crime.changes.type_contributions`.
    contributions: pd.DataFrame = field(default_factory=pd.DataFrame)
    #: Monitored types against their own past, see
    #: :func:`amager_eval.goals.crime.monitored_types.monitored_chart`.
    chart: pd.DataFrame = field(default_factory=pd.DataFrame)
    #: Reports here and next door, see :func:`amager_eval.goals.crime.displacement.displacement`.
    displacement: pd.DataFrame = field(default_factory=pd.DataFrame)
    definition: str = ""  #: Series that changes, contributions and displacement are of
    #: Every count and rate that is published, see
    #: :func:`amager_eval.goals.crime.published_reports.published_reports`.
    reports: pd.DataFrame = field(default_factory=pd.DataFrame)
