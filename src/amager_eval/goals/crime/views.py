"""What is shown of reported crime beside the goals: a frozen record of frames."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

__all__ = ["CrimeViews"]


@dataclass(frozen=True, eq=False)
class CrimeViews:
    """Frames of reported crime that decide no goal; each may be empty.

    Parameters
    ----------
    changes : DataFrame
        The level from year to year, see
        :func:`amager_eval.goals.crime.changes.yearly_changes`.
    contributions : DataFrame
        Each type's part in the total's change, see
        :func:`amager_eval.goals.crime.changes.type_contributions`.
    chart : DataFrame
        Monitored types against their own past, see
        :func:`amager_eval.goals.crime.chart.monitored_chart`.
    displacement : DataFrame
        Reports here and next door, see
        :func:`amager_eval.goals.crime.displacement.displacement`.
    definition : str
        Series that changes, contributions and displacement are of.
    reports : DataFrame
        Every count and rate that is published, see
        :func:`amager_eval.goals.crime.published_reports.published_reports`.

    Examples
    --------
    >>> CrimeViews().chart.empty
    True
    """

    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    contributions: pd.DataFrame = field(default_factory=pd.DataFrame)
    chart: pd.DataFrame = field(default_factory=pd.DataFrame)
    displacement: pd.DataFrame = field(default_factory=pd.DataFrame)
    definition: str = ""
    reports: pd.DataFrame = field(default_factory=pd.DataFrame)
