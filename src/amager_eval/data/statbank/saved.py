"""An input folder from tables somebody saved by hand on statistikbanken.dk; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.data.statbank.formats import VALUE, read_statbank_file
from amager_eval.data.statbank.input_folder import (
    city_population,
    crime_of_offences,
    refuse_existing,
    write_folder,
)
from amager_eval.errors import Fault, InputError
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

    Parameters
    ----------
    out : str or Path
        Folder to make; one that exists is left alone.
    files : sequence of str or Path
        `.px`, `.json` (JSON-stat) or `.csv` by code. A table with a variable of offences gives
        reports, one without gives inhabitants.
    agreement : Agreement or None
        Which area and offence codes; default the Amager agreement.

    Returns
    -------
    Path
        The folder: `crime.csv` and `population.csv`, as far as they were saved, and
        `PROVENANCE.json`.

    Raises
    ------
    InputError
        A file cannot be read, lacks the area or an offence code, or splits its figures by a
        further variable.
    """
    out = refuse_existing(out)
    agreement = load_agreement() if agreement is None else agreement
    if agreement.crime.statbank is None:
        raise InputError(f"the agreement {agreement.id} names no StatBank series.")
    frames: dict[str, pd.DataFrame] = {}
    kept = []
    for file in map(Path, files):
        table = _city_rows(file, agreement, agreement.crime.statbank)
        source = f"Kilde: Danmarks Statistik, statistikbanken.dk, gemt fil {file.name}"
        if "OVERTRÆD" in table:
            name, frame = "crime", crime_of_offences(table, source, agreement)
        else:
            name, frame = "population", city_population(table, source, agreement)
        if name in frames:
            raise InputError(Fault(f"two files give the table {name}", file=file.name))
        frames[name] = frame
        kept.append({"file": file.name, "sha256": sha256_of_file(file), "source": source})
    write_folder(out, frames, kept)
    return out


def _city_rows(file: Path, agreement: Agreement, statbank: Statbank) -> pd.DataFrame:
    """Rows of the whole under the names of the variables' codes."""
    frame = read_statbank_file(file)
    named = {c: n for c in frame.columns for n, begin in _HEADINGS.items() if _begins(c, begin)}
    frame = frame.rename(columns=named)
    for column in ("Tid", "OMRÅDE"):
        if list(frame.columns).count(column) != 1:
            raise _fault(file, f"the table needs one variable {column}", list(named))
    for column in frame.columns.difference([*_HEADINGS, VALUE]):
        if len(frame[column].unique()) > 1:
            raise _fault(
                file,
                f"the figures are split by {column}",
                frame[column].unique().tolist(),
                "Choose its total alone and save the table again.",
            )
    wanted = frame["OMRÅDE"].isin([statbank.area, agreement.areas.whole])
    if not wanted.any():
        raise _fault(
            file,
            f"the table has no row of {agreement.areas.whole}",
            frame["OMRÅDE"].unique().tolist(),
        )
    rows = frame[wanted]
    if "OVERTRÆD" in rows:
        needed = {code for several in statbank.types.values() for code in several}
        missing = sorted(needed - set(rows["OVERTRÆD"]))
        if missing:
            raise _fault(
                file,
                f"the table lacks the offence codes {', '.join(missing)}",
                rows["OVERTRÆD"].unique().tolist(),
                "Save the table with these offences, by code.",
            )
    return rows.assign(Tid=[str(parse_period(t)) for t in rows["Tid"]])


def _begins(heading: str, begin: tuple[str, ...]) -> bool:
    return heading.casefold().startswith(begin)


def _fault(file: Path, message: str, found: Sequence[object], remedy: str = "") -> InputError:
    shown = ", ".join(map(str, found[:5]))[:80]
    return InputError(Fault(message, shown, remedy or "Save the table again.", file=file.name))
