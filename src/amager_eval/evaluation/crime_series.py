"""Which counts the crime model is fitted to: known without a model, so that a check can tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from amager_eval.data.period import parse_period
from amager_eval.errors import InputError
from amager_eval.wording.faults import fault_of

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["crime_definition_to_fit", "series_to_fit"]


def series_to_fit(data: Input, agreement: Agreement, definition: str) -> Input:
    """Leave out reports nothing is asked of, and areas with a single count: no series to follow.

    Asked of are the agreement's own area, the districts it lies in, its indicators and the whole.
    The other parts of the whole are inside its rest already: each of its own would cost a fit as
    much again, and answer nothing. Where the whole has no counts every part is kept.

    Raises
    ------
    InputError
        Inhabitants of some of the areas are known and of others not: a fault for each of these.
    """
    assert data.crime is not None
    areas, mine = agreement.areas, data.crime["definition"] == definition
    counted = data.crime[mine & data.crime["count"].notna()]
    periods = counted.groupby("area")["period"].nunique()
    single = set(periods.index[periods < 2])
    # a first year has nothing to prefer to it
    unused = single if len(single) < len(periods) else set()
    if areas.whole in periods.index and areas.whole not in unused:
        asked = {areas.whole, *areas.indicators, *areas.evaluated.names, *areas.evaluated.districts}
        unused |= set(data.parts) - asked
    series = replace(data, crime=data.crime[~(mine & data.crime["area"].isin(unused))])
    _hold_inhabitants(series, definition)
    return series


def _hold_inhabitants(series: Input, definition: str) -> None:
    """Refuse counts of an area whose inhabitants are not known while those of others are."""
    if series.crime is None or series.population is None:
        return
    mine = (series.crime["definition"] == definition) & series.crime["count"].notna()
    counted = dict.fromkeys(series.crime.loc[mine, "area"])
    known = set(series.population["area"])
    faults = [fault_of("no_inhabitants", area=area) for area in counted if area not in known]
    if faults:
        raise InputError(faults)


def crime_definition_to_fit(data: Input, agreement: Agreement) -> str | None:
    """Which one series definition the crime model is fitted to; None where there is none.

    The goal's own definition where the agreement's area has counts over several periods; else
    the declared context series of Statistics Denmark. Definitions are never joined. A series
    without a complete baseline year is not fitted: nothing in it can be held against that year.
    """
    if data.crime is None:
        return None
    baseline = agreement.crime.baseline_year
    counted = data.crime[data.crime["count"].notna()]
    own = counted[
        (counted["definition"] == agreement.crime.definition)
        & counted["area"].isin(agreement.areas.evaluated.names)
    ]
    if own["period"].nunique() >= 2 and _holds_year(counted, agreement.crime.definition, baseline):
        return agreement.crime.definition
    statbank = agreement.crime.statbank
    if statbank is not None and _holds_year(counted, statbank.table, baseline):
        return statbank.table
    return None


def _holds_year(counted: pd.DataFrame, definition: str, year: int) -> bool:
    """Whether a series of the definition has every period of a year, or the year is yet to come."""
    rows = counted[counted["definition"] == definition]
    periods = [parse_period(p) for p in rows["period"]]
    if not periods:
        return False
    if max(p.year for p in periods) < year:
        return True
    whole = [
        (area, kind, p.unit, p.per_year)
        for area, kind, p in zip(rows["area"], rows["crime_type"], periods, strict=True)
        if p.year == year
    ]
    return any(n == series[-1] for series, n in Counter(whole).items())
