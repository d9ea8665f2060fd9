"""Compute what is shown of reported crime beside the goals, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.goals.crime.changes import type_contributions, yearly_changes
from amager_eval.goals.crime.displacement import displacement, places_of_agreement
from amager_eval.goals.crime.monitored_types import monitored_chart
from amager_eval.goals.crime.published_reports import published_reports
from amager_eval.goals.crime.views import CrimeViews

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amager_eval.data.input import Input
    from amager_eval.disclosure.earlier import EarlierFigures, Key
    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.fit import Forecast

__all__ = ["view_crime"]


def view_crime(
    data: Input,
    facts: Facts,
    agreement: Agreement,
    forecast: Forecast | None,
    earlier: Mapping[Key, EarlierFigures] | None = None,
) -> CrimeViews:
    """Compute every view of reported crime.

    Facts and forecast (None where nothing could be fitted) are of the same input, with small counts
    hidden; `earlier` is what the yearly record hides or has published.

    Examples
    --------
    >>> import amager_eval as ae
    >>> from amager_eval.goals.facts import gather_facts
    >>> data, agreement = ae.published(), ae.load_agreement()
    >>> views = view_crime(data, gather_facts(data, agreement), agreement, None)
    >>> len(views.changes), sorted(views.chart.columns)[:3]
    (0, ['area', 'count', 'crime_type'])
    """
    chart = monitored_chart(data, agreement, earlier)
    reports = published_reports(facts, chart)
    if forecast is None:
        return CrimeViews(chart=chart, reports=reports)
    crime = agreement.crime
    places = places_of_agreement(agreement, list(forecast.draws["area"].values))
    return CrimeViews(
        changes=yearly_changes(forecast),
        contributions=type_contributions(
            forecast, baseline=crime.baseline_year, target=crime.target_year
        ),
        chart=chart,
        displacement=pd.DataFrame()
        if places is None
        else displacement(forecast, places, baseline=crime.baseline_year),
        definition=str(forecast.draws.attrs["definition"]),
        reports=reports,
    )
