"""Published safety figures, and how many respondents each rests on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from amager_eval.spec.assumptions import load_assumptions

__all__ = ["PublishedShare", "Respondents", "assumed_respondents", "shares_by_cell"]

type Cell = tuple[str, str, str]  # area, setting, response


@dataclass(frozen=True)
class PublishedShare:
    """A published share."""

    wave: int  #: Survey wave
    percent: float  #: 0 to 100, as published
    decimals: int  #: Decimals it was published with
    grade: str  #: Source grade A, B or C; empty where none was given
    version: str = ""  #: Version of the area it was published of; empty where it is not marked


@dataclass(frozen=True)
class Respondents:
    """How many answered, and whether that was published or had to be assumed."""

    n: float  #: Respondents; the best guess where assumed
    #: Range within which the assumed n is taken to lie; equal to `n` where published.
    low: float
    high: float
    assumed: bool  #: Whether n was not published


def shares_by_cell(safety: pd.DataFrame) -> dict[Cell, dict[int, PublishedShare]]:
    """Return every exactly published share, by area, setting and response, then by wave.

    Bounds (`< 85`) are not shares and are left out; a count with its n becomes a percentage.
    """
    exact = safety[safety["comparator"].fillna("=") == "="]
    found: dict[Cell, dict[int, PublishedShare]] = {}
    for row in exact.sort_values("wave", kind="stable").to_dict(orient="records"):
        percent, decimals = row["percent"], row["decimals"]
        if pd.isna(percent):
            percent, decimals = 100 * row["count"] / row["n"], 6
        grade, version = (
            "" if (mark := row.get(name)) is None or pd.isna(mark) else str(mark)
            for name in ("source_grade", "area_version")
        )
        cell = (row["area"], row["setting"], row["response"])
        found.setdefault(cell, {})[int(row["wave"])] = PublishedShare(
            int(row["wave"]),
            float(percent),
            0 if pd.isna(decimals) else int(decimals),
            grade,
            version,
        )
    return found


def assumed_respondents(n: float) -> Respondents:
    """Take an n that was not published to lie within the declared factor either way."""
    factor = load_assumptions().respondents.factor
    return Respondents(n, n / factor, n * factor, assumed=True)
