"""A delivery of later years alone is judged against the frozen baseline, and says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from amager_eval.data.input import SourceFile
from amager_eval.data.period import parse_period, whole_years
from amager_eval.errors import Fault, InputError
from amager_eval.goals.results import evaluated_area
from amager_eval.provenance import sha256_of_file
from amager_eval.record.baseline import baseline_entries, load_baseline
from amager_eval.record.record import BASELINE_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from amager_eval.data.input import Input
    from amager_eval.record.baseline import BaselineEntry
    from amager_eval.spec.agreement import Agreement

__all__ = ["fill_baseline"]

_SERIES = ["area", "crime_type", "definition"]


def fill_baseline(data: Input, agreement: Agreement, folder: Path) -> Input:
    """Put the frozen baseline year into a delivery of later years alone.

    Parameters
    ----------
    data : Input
    agreement : Agreement
    folder : Path
        The evaluation's record folder.

    Returns
    -------
    Input
        With a row per type that was delivered without its baseline year; its `source` and
        `files` name the frozen baseline. Quarters or months of the goal's own series are summed
        to whole years then, for what was frozen is a year. Unchanged where nothing is frozen,
        nothing is lacking, or no reports of the agreement's area were delivered.

    Raises
    ------
    InputError
        What is frozen is about another area, version of it or series than the delivery.
    """
    frozen = load_baseline(folder, agreement)
    if frozen is None or data.crime is None:
        return data
    area, definition = evaluated_area(data, agreement), agreement.crime.definition
    own = data.crime[(data.crime["area"] == area) & (data.crime["definition"] == definition)]
    delivered = {e.crime_type for e in baseline_entries(data, agreement)}
    later = set(own["crime_type"]) - delivered
    lacking = [e for e in frozen if e.crime_type in later and e.count is not None]
    if not lacking:
        return data
    _same_series(lacking, area, agreement)
    path = folder / BASELINE_FILE
    on = json.loads(path.read_text("utf-8"))["frozen_on"]
    source = f"{BASELINE_FILE} ({on})"
    rows = [_row(entry, source, data.crime) for entry in lacking]
    crime = pd.concat([_by_year(data.crime, definition), pd.DataFrame(rows)], ignore_index=True)
    return replace(
        data,
        crime=crime,
        population=_with_population(data.population, lacking[0], source),
        files=(*data.files, SourceFile(BASELINE_FILE, sha256_of_file(path))),
    )


def _same_series(lacking: Sequence[BaselineEntry], area: str, agreement: Agreement) -> None:
    wanted = {
        "area": area,
        "area_version": agreement.areas.evaluated.id,
        "definition": agreement.crime.definition,
    }
    faults = [
        Fault(
            f"the input lacks {entry.crime_type} {entry.year}, and the frozen baseline is of "
            f"another {field}",
            found=f"{now} in the input, {was} frozen",
            remedy=f"Supply {entry.year} for {area}, and revise the baseline with a reason "
            "(amager-eval baseline --revise REASON).",
            file=BASELINE_FILE,
            column=field,
        )
        for entry in lacking
        for field, now in wanted.items()
        if (was := getattr(entry, field)) != now
    ]
    if faults:
        raise InputError(faults)


def _row(entry: BaselineEntry, source: str, crime: pd.DataFrame) -> dict[str, Any]:
    row = {
        "area": entry.area,
        "period": str(entry.year),
        "crime_type": entry.crime_type,
        "count": entry.count,
        "definition": entry.definition,
        "per_1000": entry.rate,
        "source": source,
    }
    return row | ({"area_version": entry.area_version} if "area_version" in crime else {})


def _by_year(crime: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Sum quarters or months of one definition to whole years; a year with one missing is none."""
    of_goal = crime["definition"] == definition
    periods = [parse_period(p) for p in crime.loc[of_goal, "period"]]
    if all(p.per_year == 1 for p in periods):
        return crime
    years = [
        rows.iloc[at[:1]].assign(period=str(year), count=rows.iloc[at]["count"].sum(skipna=False))
        for _, rows in crime[of_goal].groupby(list(_SERIES), sort=False)
        for year, at in whole_years(rows["period"].tolist()).items()
    ]
    return pd.concat([crime[~of_goal], *years], ignore_index=True)


def _with_population(
    population: pd.DataFrame | None, entry: BaselineEntry, source: str
) -> pd.DataFrame | None:
    """Add the frozen inhabitants at mid-year where the area's begin later."""
    if entry.population is None:
        return population
    middle = f"{entry.year}K3"  # inhabitants on its first day
    row = {"area": entry.area, "period": middle, "population": entry.population, "source": source}
    if population is None:
        return pd.DataFrame([row])
    dates = [
        parse_period(p).start for p in population.loc[population["area"] == entry.area, "period"]
    ]
    if dates and min(dates) <= parse_period(middle).start:
        return population
    return pd.concat([population, pd.DataFrame([row])], ignore_index=True)
