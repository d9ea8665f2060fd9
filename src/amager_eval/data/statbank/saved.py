"""An input folder from tables somebody saved by hand on statistikbanken.dk; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.data.statbank.faults import statbank_fault
from amager_eval.data.statbank.formats import VALUE, known_once, read_statbank_file
from amager_eval.data.statbank.input_folder import (
    city_population,
    crime_of_offences,
    refuse_existing,
    write_folder,
)
from amager_eval.errors import InputError
from amager_eval.provenance import sha256_of_file
from amager_eval.spec.agreement import Agreement, Statbank, load_agreement

__all__ = ["input_of_saved"]

#: How the headings of the three variables begin, by code and in words.
_HEADINGS: Final = {
    "Tid": ("tid", "time"),
    "OMRÅDE": ("område", "region"),
    "OVERTRÆD": ("overtræd", "type of offence", "offence"),
}


def input_of_saved(
    out: str | Path, files: Sequence[str | Path], *, agreement: Agreement | None = None
) -> Path:
    """Write an input folder from saved tables of reported offences and of inhabitants.

    `.px`, `.json` (JSON-stat) or `.csv` by code: a table with a variable of offences gives reports,
    one without gives inhabitants. A folder that exists is left alone; in it come `crime.csv` and
    `population.csv`, as far as they were saved, and `PROVENANCE.json`. An `InputError` where
    a file cannot be read, lacks the area or an offence code, or splits its figures by a further
    variable.
    """
    out = refuse_existing(out)
    agreement = load_agreement() if agreement is None else agreement
    if agreement.crime.statbank is None:
        raise statbank_fault("no_series", agreement=agreement.id)
    tables: dict[str, list[pd.DataFrame]] = {}
    sources: dict[str, list[str]] = {}
    kept = []
    for file in map(Path, files):
        table = _city_rows(file, agreement, agreement.crime.statbank)
        name = "crime" if "OVERTRÆD" in table else "population"
        tables.setdefault(name, []).append(table)
        sources.setdefault(name, []).append(file.name)
        kept.append(
            {"file": file.name, "sha256": sha256_of_file(file), "source": _source([file.name])}
        )
    frames = {}
    for name, parts in tables.items():
        # downloads may overlap: what they both hold must be the same
        table = known_once(pd.concat(parts, ignore_index=True), ", ".join(sources[name]))
        if name == "crime":
            _has_every_code(table, agreement.crime.statbank, Path(sources[name][-1]))
            frames[name] = crime_of_offences(table, _source(sources[name]), agreement)
        else:
            frames[name] = city_population(table, _source(sources[name]), agreement)
    write_folder(out, frames, kept)
    return out


def _source(files: Sequence[str]) -> str:
    return f"Danmarks Statistik, statistikbanken.dk, gemt fil {', '.join(files)}"


def _city_rows(file: Path, agreement: Agreement, statbank: Statbank) -> pd.DataFrame:
    """Rows of the whole under the names of the variables' codes, every cell once."""
    frame = read_statbank_file(file)
    labels = frame.attrs.get("labels", {})
    named = {c: n for c in frame.columns for n, begin in _HEADINGS.items() if _begins(c, begin)}
    for column in ("Tid", "OMRÅDE"):
        if list(named.values()).count(column) != 1:
            raise _fault(file, "one_variable", list(named), variable=column)
    for column in frame.columns.difference([*named, VALUE]):
        values = frame[column].unique().tolist()
        if len(values) > 1:
            raise _fault(file, "split", values, variable=column)
        shown = labels.get(column, {}).get(values[0], values[0])
        if not (_is_total(column, values[0]) or _is_total(column, shown)):
            raise _fault(file, "not_total", [shown], variable=column)
    frame = frame.rename(columns=named)
    wanted = frame["OMRÅDE"].isin([statbank.area, agreement.areas.whole])
    if not wanted.any():
        areas = frame["OMRÅDE"].unique().tolist()
        raise _fault(file, "no_area", areas, area=agreement.areas.whole)
    kept = [c for c in (*_HEADINGS, VALUE) if c in frame.columns]
    rows = frame.loc[wanted, kept]
    if parts := [f"{v:g}" for v in rows[VALUE].dropna() if v != v // 1 or v < 0]:
        raise _fault(file, "not_whole", parts)  # 5.001 may be five thousand
    # an area by its code and by its name is one area
    rows = rows.assign(
        OMRÅDE=agreement.areas.whole, Tid=[str(parse_period(t)) for t in rows["Tid"]]
    )
    return known_once(rows, file.name)


def _has_every_code(rows: pd.DataFrame, statbank: Statbank, file: Path) -> None:
    needed = {code for several in statbank.types.values() for code in several}
    missing = sorted(needed - set(rows["OVERTRÆD"]))
    if missing:
        codes = rows["OVERTRÆD"].unique().tolist()
        raise _fault(file, "no_codes", codes, codes=", ".join(missing))


#: What a total is called, by code and in words, after the variable's own name or alone.
_TOTALS: Final = frozenset(
    {"tot", "ialt", "i alt", "total", "in total", "begge køn", "both sexes", "men and women"}
    | {"mænd og kvinder", "mænd og kvinder i alt", "men and women, total", "men and women total"}
)


def _is_total(variable: str, value: str) -> bool:
    """Whether a value is the total of its variable: `I alt`, `TOT`, `Alder i alt`."""
    bare = " ".join(str(value).casefold().split())
    return bare in _TOTALS or bare.removeprefix(variable.casefold()).strip(" ,:-") in _TOTALS


def _begins(heading: str, begin: tuple[str, ...]) -> bool:
    return heading.casefold().startswith(begin)


def _fault(file: Path, key: str, found: Sequence[object], **words: object) -> InputError:
    return statbank_fault(key, ", ".join(map(str, found[:5])), file=file.name, **words)
