"""Fetch what the StatBank has for an agreement, as an input folder with provenance."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from amager_eval.data.statbank import Service, StatbankTable, fetch_table
from amager_eval.data.statbank_districts import fetch_districts
from amager_eval.data.statbank_formats import VALUE
from amager_eval.errors import Fault, InputError
from amager_eval.spec.agreement import Agreement, load_agreement

__all__ = ["Fetched", "fetch_input"]

#: Inhabitants on the first day of the quarter.
_POPULATION_TABLE = "FOLK1A"


@dataclass(frozen=True)
class Fetched:
    """The folder that was written and what could not be had.

    Parameters
    ----------
    folder : Path
        Holds `crime.csv`, `population.csv`, `PROVENANCE.json`.
    without_population : tuple of str
        Districts København's bank has no figure for, where they were asked for.
    """

    folder: Path
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

    Parameters
    ----------
    out : str or Path
        Folder to make; one that exists is left alone.
    since : int
        First year.
    agreement : Agreement or None
        Which table, area and offence codes; default the Amager agreement.
    service : Service or None
        Where and how to ask; default Statistics Denmark.
    districts : bool
        Whether to ask København's own bank for the districts' inhabitants.

    Returns
    -------
    Fetched

    Raises
    ------
    InputError
        The service's errors, or the folder cannot be written.
    """
    out = Path(out)
    agreement = load_agreement() if agreement is None else agreement
    service = Service() if service is None else service
    if agreement.crime.statbank is None:
        raise InputError(f"the agreement {agreement.id} names no StatBank series.")
    if out.exists():
        raise InputError(
            Fault("the folder exists and is left alone", str(out), "Name a new folder.")
        )
    offences = _fetch_offences(agreement, since, service)
    people = fetch_table(
        _POPULATION_TABLE,
        {"OMRÅDE": [agreement.crime.statbank.area], "Tid": [f">={since}K1"]},
        service,
    )
    tables = [offences, people]
    population = [_city_population(people, agreement.areas.whole)]
    without: tuple[str, ...] = ()
    if districts:
        try:
            found = fetch_districts(agreement, since, service)
        except InputError as error:
            remedy = "Fetch with --no-districts, and add their inhabitants by hand."
            told = Fault("the districts' inhabitants could not be fetched", remedy=remedy)
            raise InputError([*error.faults, told]) from error
        tables.append(found.table)
        population.append(found.frame)
        without = found.without
    _write(
        out,
        {"crime": _crime(offences, agreement), "population": pd.concat(population)},
        tables,
    )
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


def _crime(offences: StatbankTable, agreement: Agreement) -> pd.DataFrame:
    """Sum offence codes to crime types; a missing figure stays missing."""
    statbank = agreement.crime.statbank
    assert statbank is not None  # checked by the caller, told to the type checker
    frames = []
    for crime_type, codes in statbank.types.items():
        rows = offences.frame[offences.frame["OVERTRÆD"].isin(codes)]
        sums = rows.groupby("Tid")[VALUE].sum(min_count=len(codes)).dropna()
        frames.append(pd.DataFrame({"period": sums.index, "count": sums.to_numpy()}))
        frames[-1]["crime_type"] = crime_type
    crime = pd.concat(frames, ignore_index=True)
    return crime.assign(
        area=agreement.areas.whole,
        area_kind="city",
        definition=statbank.table,
        source=offences.source,
    )


def _city_population(people: StatbankTable, whole: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": whole,
            "area_kind": "city",
            "period": people.frame["Tid"],
            "population": people.frame[VALUE],
            "source": people.source,
        }
    ).dropna(subset="population")


def _write(out: Path, frames: dict[str, pd.DataFrame], tables: list[StatbankTable]) -> None:
    """Write the folder in one move, so that no half of it is ever left."""
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
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
            half = Path(folder) / "input"
            half.mkdir()
            for name, frame in frames.items():
                frame.to_csv(half / f"{name}.csv", index=False, lineterminator="\n")
            text = json.dumps(provenance, ensure_ascii=False, indent=1)
            (half / "PROVENANCE.json").write_text(text + "\n", encoding="utf-8")
            half.rename(out)
    except OSError as error:
        raise InputError(
            Fault("the folder cannot be written", str(error.strerror), "Name another folder.")
        ) from error
