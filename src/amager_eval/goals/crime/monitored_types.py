"""The control chart of the monitored types, of the agreement's areas: signals, no judgement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.data.annual_figures import annual_figures
from amager_eval.data.period import parse_period
from amager_eval.data.population import population_at
from amager_eval.disclosure.short_periods import short_periods_may_be_shown
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.count_chart import CHART_COLUMNS, chart_series
from amager_eval.trends.crime.effects import disturbed_years
from amager_eval.trends.crime.options import crime_options

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.disclosure.earlier import EarlierFigures, Key
    from amager_eval.spec.agreement import Agreement

__all__ = ["MONITORED_COLUMNS", "monitored_chart"]

MONITORED_COLUMNS: Final = (*CHART_COLUMNS[:2], "definition", *CHART_COLUMNS[2:])


def monitored_chart(
    data: Input,
    agreement: Agreement,
    earlier: Mapping[Key, EarlierFigures] | None = None,
    *,
    roles: Collection[str] = ("monitored",),
) -> pd.DataFrame:
    """Chart the types the agreement monitors without a goal, each series against its own past.

    `area, crime_type, definition` and the columns of
    :func:`amager_eval.trends.crime.count_chart.chart_series`, in reports a period, for every
    definition there is; `roles` may add the goals' own types, where a working group looks at a
    quarter. A type is charted by the quarters or months it was delivered in, and by calendar years
    where those would show a small count of an area (`earlier` years' publications may give quarters
    away), or where an area's series is of years first and quarters later. The reference ends with
    the baseline year; years of the declared pandemic and before a declared step of a type are no
    part of it. Series with too few complete years through the baseline, or without inhabitants, are
    left out.

    Examples
    --------
    >>> import amager_eval as ae
    >>> chart = monitored_chart(ae.published(), ae.load_agreement())
    >>> chart[["crime_type", "definition"]].drop_duplicates().values.tolist()
    [['narkotika', 'STRAF11']]
    """
    if data.crime is None or data.population is None:
        return pd.DataFrame(columns=list(MONITORED_COLUMNS))
    areas = [
        a
        for a in (
            agreement.areas.whole,
            *agreement.areas.evaluated.names,
            *agreement.areas.indicators,
        )
        if a in set(data.crime["area"]) and a in set(data.population["area"])
    ]
    options = crime_options(load_model_spec("crime_trend", draft=True))  # beside drafts too
    counted = data.crime[data.crime["count"].notna() & data.crime["area"].isin(areas)]
    before = earlier or {}
    frames = []
    for kind in (t.id for t in agreement.crime.type if t.role in roles):
        of_type = counted[counted["crime_type"] == kind]
        for definition in dict.fromkeys(of_type["definition"].astype(str)):
            short = short_periods_may_be_shown(data, agreement, areas, kind, definition, before)
            for area in areas:
                own = of_type[(of_type["definition"] == definition) & (of_type["area"] == area)]
                units = {parse_period(p).unit for p in own["period"]}
                counts = (
                    dict(zip(own["period"].astype(str), own["count"], strict=True))
                    if short and len(units) == 1
                    else _years(data, area, kind, definition)
                )
                years = {parse_period(p).year for p in counts}
                disturbed = disturbed_years(years, kind, definition, options)
                chart = _chart(data, agreement, area, counts, disturbed)
                heading = {"area": area, "crime_type": kind, "definition": definition}
                frames.append(chart.assign(**heading))
    frames = [f for f in frames if len(f)]
    if not frames:
        return pd.DataFrame(columns=list(MONITORED_COLUMNS))
    return pd.concat(frames, ignore_index=True)[list(MONITORED_COLUMNS)]


def _years(data: Input, area: str, kind: str, definition: str) -> dict[str, float]:
    figures = annual_figures(data, area, kind, definition)
    return {str(y): f.count for y, f in figures.items() if f.count is not None}


def _chart(
    data: Input,
    agreement: Agreement,
    area: str,
    counts: dict[str, float],
    disturbed: Collection[int],
) -> pd.DataFrame:
    assert data.population is not None
    periods: Sequence[str] = sorted(counts, key=parse_period)
    people = population_at(data.population, area, periods) if periods else np.empty(0)
    return chart_series(
        periods,
        [counts[p] for p in periods],
        people,
        through=agreement.crime.baseline_year,
        leave_out=disturbed,
    )
