"""Fetch what the StatBank has for an agreement, as an input folder with provenance."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from amager_eval.data.statbank.districts import fetch_districts
from amager_eval.data.statbank.faults import statbank_fault
from amager_eval.data.statbank.fetch import StatbankTable, fetch_table
from amager_eval.data.statbank.formats import VALUE, known_once
from amager_eval.data.statbank.service import Service
from amager_eval.errors import InputError
from amager_eval.spec.agreement import Agreement, load_agreement

__all__ = [
    "Fetched",
    "city_population",
    "crime_of_offences",
    "fetch_input",
    "refuse_existing",
    "write_folder",
]

#: Inhabitants on the first day of the quarter.
_POPULATION_TABLE = "FOLK1A"


@dataclass(frozen=True)
class Fetched:
    """The folder that was written and what could not be had."""

    folder: Path  #: Holds `crime.csv`, `population.csv`, `PROVENANCE.json`
    #: Districts København's bank has no figure for, where they were asked for.
    without_population: tuple[str, ...] = ()


def fetch_input(
    out: str | Path,
    *,
    since: int = 2016,
    agreement: Agreement | None = None,
    service: Service | None = None,
    districts: bool = True,
) -> Fetched:
    """Fetch reported offences and inhabitants and write them as an input folder.

    A folder that exists is left alone. The agreement, by default the Amager agreement, says which
    table, area and offence codes; `districts` asks København's own bank for the districts'
    inhabitants too.
    """
    out = refuse_existing(out)
    agreement = load_agreement() if agreement is None else agreement
    service = Service() if service is None else service
    if agreement.crime.statbank is None:
        raise statbank_fault("no_series", agreement=agreement.id)
    offences = _fetch_offences(agreement, since, service)
    people = fetch_table(
        _POPULATION_TABLE,
        {"OMRÅDE": [agreement.crime.statbank.area], "Tid": [f">={since}K1"]},
        service,
    )
    tables = [offences, people]
    population = [city_population(people.frame, people.source, agreement)]
    without: tuple[str, ...] = ()
    if districts:
        try:
            found = fetch_districts(agreement, since, service)
        except InputError as error:
            told = statbank_fault("districts")
            raise InputError([*error.faults, *told.faults]) from error
        tables.append(found.table)
        population.append(found.frame)
        without = found.without
    crime = crime_of_offences(offences.frame, offences.source, agreement)
    provenance = [
        {
            "table": table.info.id,
            "title": table.info.text,
            "updated": table.info.updated,
            "source": table.source,
            "replies": list(table.replies),
        }
        for table in tables
    ]
    write_folder(out, {"crime": crime, "population": pd.concat(population)}, provenance)
    return Fetched(out, without)


def _fetch_offences(agreement: Agreement, since: int, service: Service) -> StatbankTable:
    statbank = agreement.crime.statbank
    assert statbank is not None  # checked by the caller, told to the type checker
    codes = sorted({code for several in statbank.types.values() for code in several})
    return fetch_table(
        statbank.table,
        {"OMRÅDE": [statbank.area], "OVERTRÆD": codes, "Tid": [f">={since}K1"]},
        service,
    )


def refuse_existing(out: str | Path) -> Path:
    """Return the folder to make; one that exists is an error."""
    out = Path(out)
    if out.exists():
        raise statbank_fault("folder_exists", out)
    return out


def crime_of_offences(offences: pd.DataFrame, source: str, agreement: Agreement) -> pd.DataFrame:
    """Sum offence codes to crime types; a missing figure stays missing."""
    statbank = agreement.crime.statbank
    assert statbank is not None  # checked by the caller, told to the type checker
    frames = []
    for crime_type, codes in statbank.types.items():
        rows = known_once(offences[offences["OVERTRÆD"].isin(codes)][["OVERTRÆD", "Tid", VALUE]])
        cells = rows.pivot_table(index="Tid", columns="OVERTRÆD", values=VALUE, dropna=False)
        # every code of the type must be known: a sum of some is a smaller type
        sums = cells.reindex(columns=list(codes)).sum(axis="columns", skipna=False).dropna()
        frames.append(pd.DataFrame({"period": sums.index, "count": sums.to_numpy()}))
        frames[-1]["crime_type"] = crime_type
    crime = pd.concat(frames, ignore_index=True)
    return crime.assign(
        area=agreement.areas.whole, area_kind="city", definition=statbank.table, source=source
    )


def city_population(people: pd.DataFrame, source: str, agreement: Agreement) -> pd.DataFrame:
    """Return the inhabitants of the whole as the table `population`."""
    return pd.DataFrame(
        {
            "area": agreement.areas.whole,
            "area_kind": "city",
            "period": people["Tid"],
            "population": people[VALUE],
            "source": source,
        }
    ).dropna(subset="population")


def write_folder(
    out: Path, frames: Mapping[str, pd.DataFrame], provenance: Sequence[Mapping[str, object]]
) -> None:
    """Write the folder in one move, so that no half of it is ever left."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
            half = Path(folder) / "input"
            half.mkdir()
            for name, frame in frames.items():
                frame.to_csv(half / f"{name}.csv", index=False, lineterminator="\n")
            text = json.dumps(list(provenance), ensure_ascii=False, indent=1)
            (half / "PROVENANCE.json").write_text(text + "\n", encoding="utf-8")
            half.rename(out)
    except OSError as error:
        raise statbank_fault("folder_unwritable", error.strerror) from error
