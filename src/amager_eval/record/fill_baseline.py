"""A delivery of later years alone is judged against the frozen baseline, and says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.conventions import BASELINE_FILE
from amager_eval.data.input import SourceFile
from amager_eval.data.period import parse_period, whole_years
from amager_eval.errors import InputError
from amager_eval.goals.facts import evaluated_area
from amager_eval.provenance import sha256_of_file
from amager_eval.record.baseline import baseline_entries, load_baseline
from amager_eval.wording.faults import fault_of

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

    With the frozen inhabitants of their day, and with a row per type that was delivered without
    its baseline year; its `source` and `files` name the frozen baseline. Quarters or months of
    the goal's own series are summed to whole years then, for what was frozen is a year.
    Unchanged where nothing is frozen.

    Raises
    ------
    InputError
        What is frozen is about another area, version of it or series than the delivery.
    """
    frozen = load_baseline(folder, agreement)
    if frozen is None or data.crime is None:
        return data
    area, definition = evaluated_area(data, agreement), agreement.crime.definition
    delivered_crime = data.crime
    of_area = delivered_crime["area"] == area
    own = delivered_crime[of_area & (delivered_crime["definition"] == definition)]
    if own.empty:
        return data
    on = json.loads((folder / BASELINE_FILE).read_text("utf-8"))["frozen_on"]
    source = f"{BASELINE_FILE} ({on})"
    people = _with_population(data.population, frozen, source)
    if people is not data.population:
        data = replace(data, population=people)
    delivered = {e.crime_type for e in baseline_entries(data, agreement)}
    later = set(own["crime_type"]) - delivered
    lacking = [e for e in frozen if e.crime_type in later and e.count is not None]
    if not lacking:
        return data
    _same_series(lacking, area, agreement)
    reports = _by_year(delivered_crime, definition)
    rows = [_row(entry, source, delivered_crime) for entry in lacking]
    crime = pd.concat([reports, pd.DataFrame(rows)], ignore_index=True)
    return replace(
        data,
        crime=crime,
        files=(*data.files, SourceFile(BASELINE_FILE, sha256_of_file(folder / BASELINE_FILE))),
    )


def _same_series(lacking: Sequence[BaselineEntry], area: str, agreement: Agreement) -> None:
    wanted = {
        "area": area,
        "area_version": agreement.areas.evaluated.id,
        "definition": agreement.crime.definition,
    }
    faults = [
        fault_of(
            "baseline_of_another",
            file=BASELINE_FILE,
            column=field,
            type=agreement.crime.label(entry.crime_type),
            year=entry.year,
            now=now,
            was=was,
            area=area,
        )
        for entry in lacking
        for field, now in wanted.items()
        if (was := getattr(entry, field)) != now
    ]
    if faults:
        raise InputError(faults)


def _row(entry: BaselineEntry, source: str, crime: pd.DataFrame) -> dict[str, object]:
    row: dict[str, object] = {
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
    population: pd.DataFrame | None, frozen: Sequence[BaselineEntry], source: str
) -> pd.DataFrame | None:
    """Let the frozen inhabitants stand for their day, whatever was delivered of it since."""
    entry = next((e for e in frozen if e.population is not None), None)
    if entry is None:
        return population
    row: dict[str, object] = {
        "area": entry.area,
        "period": entry.day,
        "population": entry.population,
        "source": source,
    }
    if population is None:
        return pd.DataFrame([row])
    day = parse_period(entry.day).start
    on_day = population["period"].map(lambda p: parse_period(p).start == day)
    same = (population["area"] == entry.area) & on_day.astype(bool)
    if (population.loc[same, "population"] == entry.population).any():
        return population
    return pd.concat([population[~same], pd.DataFrame([row])], ignore_index=True)
