"""A delivery laid on top of what is published: its own cells replace, and every one is listed."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from amager_eval.data.input import Input, Replaced
from amager_eval.data.period import PER_YEAR, parse_period
from amager_eval.data.published import published
from amager_eval.data.read import read_input
from amager_eval.spec.agreement import Agreement, load_agreement
from amager_eval.wording.sentences import Lang

__all__ = ["lay_on_published", "published_to_confirm", "read_delivery"]

#: Where in a report a figure stands: what makes a confirmation of it.
_PAGE: Final = re.compile(r"\b(?:s|side|p|pp|page)\.?\s*\d+", re.IGNORECASE)
#: What tells a figure from the others of its table.
_CELL: Final = {
    "safety": ("area", "wave", "setting", "response"),
    "survey_rounds": ("wave",),
    "crime": ("area", "period", "crime_type", "definition"),
    "population": ("area", "period"),
}
#: What a delivered figure replaces, and which column it is.
_FIGURE: Final = {
    "safety": "percent",
    "survey_rounds": "respondents",
    "crime": "count",
    "population": "population",
}


def read_delivery(
    path: str | Path,
    *,
    agreement: Agreement | None = None,
    only: bool = False,
    lang: Lang = "en",
) -> Input:
    """Read a delivery and lay it on the published figures of the agreement's city.

    `only` takes the delivery alone: another city's, or one that holds all that shall count. The
    input's `replaced` lists every published cell the delivery holds too. Errors as of
    :func:`amager_eval.read_input`.
    """
    agreement = agreement or load_agreement()
    delivered = read_input(path, agreement=agreement, lang=lang)
    return delivered if only else lay_on_published(delivered, agreement)


def lay_on_published(delivered: Input, agreement: Agreement) -> Input:
    """Add the published figures that a delivery does not hold itself.

    It stays alone where it is made up (a true figure is never mixed with a made-up one), where
    nothing is published of the agreement's city, or where no area of the agreement is in it. A
    published figure of grade C that is delivered with the same value keeps its grade until the
    source names a page of the report; then its grade is A, and so is that of a figure corrected in
    a prefilled workbook.
    """
    if delivered.synthetic or not _shares_areas(delivered, agreement):
        return delivered
    known = published(agreement)
    if known.safety is None or agreement.areas.whole not in set(known.safety["area"]):
        return delivered
    replaced: list[Replaced] = []
    frames: dict[str, Any] = {}
    for table in _FIGURE:
        own, bundled = getattr(delivered, table), getattr(known, table)
        if own is None or bundled is None:
            frames[table] = bundled if own is None else own
            continue
        frames[table] = _layered(table, own, bundled, replaced)
    return replace(
        delivered,
        **frames,
        whole=known.whole,
        parts=known.parts,
        files=(*delivered.files, *known.files),
        other_frames={**known.other_frames, **delivered.other_frames},
        replaced=tuple(replaced),
        latest=_latest(delivered),
    )


def published_to_confirm(agreement: Agreement | None = None) -> dict[str, pd.DataFrame]:
    """Return the published figures an officer can hold against their reports, by table.

    Of reported crime the goal's own definition: a table holds one, and Statistics Denmark's
    series nobody has to confirm.

    Examples
    --------
    >>> sorted(published_to_confirm())
    ['crime', 'safety', 'survey_rounds']
    """
    agreement = agreement or load_agreement()
    known = published(agreement)
    frames = {"safety": known.safety, "survey_rounds": known.survey_rounds}
    if known.crime is not None:
        frames["crime"] = known.crime[known.crime["definition"] == agreement.crime.definition]
    return {name: frame for name, frame in frames.items() if frame is not None}


def _shares_areas(delivered: Input, agreement: Agreement) -> bool:
    """Whether a delivery is about the agreement's areas; a list of activities names none."""
    known = {agreement.areas.whole, *agreement.areas.parts}
    known |= {n for v in agreement.areas.version for n in v.names}
    frames = [f for f in (delivered.safety, delivered.crime, delivered.population) if f is not None]
    return not frames or any(bool(f["area"].isin(known).any()) for f in frames)


def _latest(delivered: Input) -> int | None:
    """Survey wave the delivery is the status of; None where it holds neither survey nor reports."""
    if delivered.safety is not None and len(delivered.safety):
        return int(delivered.safety["wave"].max())
    if delivered.crime is not None and len(delivered.crime):
        return max(parse_period(p).year for p in delivered.crime["period"]) + 1
    return None


def _layered(
    table: str, own: pd.DataFrame, bundled: pd.DataFrame, replaced: list[Replaced]
) -> pd.DataFrame:
    """Join two frames of a table; a cell that both hold is the delivery's."""
    own = own.reset_index(drop=True).copy()
    places: dict[Hashable, int] = {}
    for i, row in enumerate(own.to_dict("records")):
        places.setdefault(_cell(table, row), i)
        if table == "crime":
            places.setdefault((*_year_of_series(row), parse_period(row["period"]).unit), i)
    kept = []
    for i, row in enumerate(bundled.to_dict("records")):
        at = places.get(_cell(table, row))
        if at is None and table == "crime":
            at = _in_another_unit(row, places)
        if at is None:
            kept.append(i)
            continue
        if table == "safety":
            _confirm(own, at, row)
        replaced.append(_replaced(table, own.iloc[at].to_dict(), row))
    rest = bundled.iloc[kept]
    return pd.concat([own, rest], ignore_index=True) if len(rest) else own


def _year_of_series(row: Mapping[Hashable, Any]) -> tuple[str, str, str, int]:
    year = parse_period(row["period"]).year
    return row["area"], row["crime_type"], row["definition"], year


def _in_another_unit(row: Mapping[Hashable, Any], places: dict[Hashable, int]) -> int | None:
    """Find what the delivery holds of the same year in quarters, months or as a whole."""
    units = [u for u in PER_YEAR if u != parse_period(row["period"]).unit]
    found = (places.get((*_year_of_series(row), unit)) for unit in units)
    return next((at for at in found if at is not None), None)


def _cell(table: str, row: Mapping[Hashable, Any]) -> Hashable:
    """Tell a cell from the others; inhabitants are of a day: January begins with the year."""
    if table == "population":
        return row["area"], parse_period(row["period"]).start
    return tuple(int(row[name]) if name == "wave" else row[name] for name in _CELL[table])


def _confirm(own: pd.DataFrame, at: int, row: Mapping[Hashable, Any]) -> None:
    """Carry over what a repeated figure does not say, and grade a confirmation or a correction."""
    same = own.loc[at, "percent"] == row["percent"]
    for column in ("n", "decimals"):
        if same and own[column].isna().iloc[at]:
            own.loc[at, column] = row[column]
    # beside another figure the C is the published one's, left standing in a prefilled workbook
    if row["source_grade"] != "C" or not (same or own.loc[at, "source_grade"] == "C"):
        return
    source = own.loc[at, "source"]
    page = isinstance(source, str) and _PAGE.search(source) and source != row["source"]
    own.loc[at, "source_grade"] = "A" if page else "C"


def _replaced(table: str, own: Mapping[Hashable, Any], row: Mapping[Hashable, Any]) -> Replaced:
    column = _FIGURE[table]
    if pd.isna(own[column]) and table == "crime":
        column = "per_1000"
    return Replaced(
        table,
        tuple(str(row[name]) for name in _CELL[table]),
        column,
        _number(row[column]),
        _number(own[column]),
        _text(row.get("source")),
        _text(own.get("source")),
        _text(row.get("source_grade")),
        _text(own.get("source_grade")),
    )


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
