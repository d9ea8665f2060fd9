"""Fetch what the StatBank has for an agreement, as an input folder with provenance."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.data.statbank import Service, StatbankTable, TableInfo, fetch_table, table_info
from amager_eval.data.statbank_formats import VALUE
from amager_eval.errors import Fault, InputError
from amager_eval.spec.agreement import Agreement, load_agreement

__all__ = ["fetch_input"]

#: Inhabitants on the first day of the quarter.
_POPULATION_TABLE = "FOLK1A"
#: København's own bank and its table of inhabitants by district.
_DISTRICT_BANK = "s30"
_DISTRICT_TABLE = "KKBEF1"


def fetch_input(
    out: str | Path,
    *,
    since: int = 2016,
    agreement: Agreement | None = None,
    service: Service | None = None,
    districts: bool = True,
) -> Path:
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
    Path
        The folder: `crime.csv`, `population.csv`, `PROVENANCE.json`.

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
    if districts:
        table, frame = _fetch_districts(agreement, since, service)
        tables.append(table)
        population.append(frame)
    _write(
        out,
        {"crime": _crime(offences, agreement), "population": pd.concat(population)},
        tables,
    )
    return out


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


def _fetch_districts(
    agreement: Agreement, since: int, service: Service
) -> tuple[StatbankTable, pd.DataFrame]:
    """Fetch the districts' inhabitants; the area variable is the one that names the districts."""
    own = replace(service, bank=_DISTRICT_BANK)
    info = table_info(_DISTRICT_TABLE, own)
    variable, names = _district_variable(info, agreement.areas.parts)
    time = next((v for v in info.variables if v.time), None)
    if time is None:
        raise InputError(f"the table {info.id} has no time variable; report it.")
    wanted = [code for code in time.codes if parse_period(code).year >= since]
    table = fetch_table(_DISTRICT_TABLE, {variable: list(names), time.id: wanted}, own)
    cited = table.source.replace("Kilde: ", "Kilde: Københavns Kommune, ")
    table = replace(table, source=cited)
    frame = pd.DataFrame(
        {
            "area": table.frame[variable].map(names),
            "area_kind": "district",
            "period": [str(parse_period(t)) for t in table.frame[time.id]],
            "population": table.frame[VALUE],
            "source": table.source,
        }
    )
    return table, frame.dropna(subset="population")


def _district_variable(info: TableInfo, parts: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Find the variable whose values name every part; its code, and value code to part."""
    for variable in info.variables:
        names: dict[str, str] = {}
        for code, text in variable.values:
            # a value may carry its number: "1009 Amager Øst", "Bydel - Amager Øst"
            part = [p for p in parts if text == p or text.endswith(f" {p}")]
            if part and part[0] not in names.values():
                names[code] = max(part, key=len)
        if set(names.values()) == set(parts):
            return variable.id, names
    raise InputError(
        Fault(
            f"no variable of {info.id} names the {len(parts)} districts",
            found=", ".join(v.id for v in info.variables),
            remedy="Fetch without districts, and add their inhabitants by hand.",
        )
    )


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
