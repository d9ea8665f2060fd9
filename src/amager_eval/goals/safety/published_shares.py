"""Look up published safety figures, and how many respondents each rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.spec.assumptions import load_assumptions

if TYPE_CHECKING:
    from amager_eval.data.input import Input

__all__ = ["PublishedShare", "Respondents", "published_shares", "respondents"]


@dataclass(frozen=True)
class PublishedShare:
    """A published share.

    Parameters
    ----------
    wave : int
        Survey wave.
    percent : float
        0 to 100, as published.
    decimals : int
        Decimals it was published with.
    grade : str
        Source grade A, B or C; empty where none was given.
    """

    wave: int
    percent: float
    decimals: int
    grade: str


@dataclass(frozen=True)
class Respondents:
    """How many answered, and whether that was published or had to be assumed.

    Parameters
    ----------
    n : float
        Respondents; the best guess where assumed.
    low, high : float
        Range within which the assumed n is taken to lie; equal to `n` where published.
    assumed : bool
        Whether n was not published.
    """

    n: float
    low: float
    high: float
    assumed: bool


def published_shares(
    safety: pd.DataFrame, area: str, setting: str, response: str
) -> dict[int, PublishedShare]:
    """Return every exactly published share of an area, setting and response, by wave.

    Bounds (`< 85`) are not shares and are left out; a count with its n becomes a percentage.
    """
    chosen = safety[
        (safety["area"] == area)
        & (safety["setting"] == setting)
        & (safety["response"] == response)
        & (safety["comparator"].fillna("=") == "=")
    ]
    shares = {}
    for row in chosen.sort_values("wave").to_dict(orient="records"):
        percent, decimals = row["percent"], row["decimals"]
        if pd.isna(percent):
            percent, decimals = 100 * row["count"] / row["n"], 6
        grade = row.get("source_grade")
        shares[int(row["wave"])] = PublishedShare(
            int(row["wave"]),
            float(percent),
            0 if pd.isna(decimals) else int(decimals),
            "" if grade is None or pd.isna(grade) else str(grade),
        )
    return shares


def respondents(data: Input, area: str, wave: int) -> Respondents | None:
    """How many respondents an area's figures of a wave rest on.

    Published n first (the figure's own, then the survey round's for the whole). Else the whole's
    n of the nearest wave with one, split evenly over the parts for an area that is not the whole,
    and marked as assumed. None where no n is known at all.

    Parameters
    ----------
    data : Input
        With `safety`, and `survey_rounds` where known.
    area : str
        The whole or any other area.
    wave : int
        Survey wave.
    """
    own = _published_n(data, area)
    if wave in own:
        return Respondents(own[wave], own[wave], own[wave], assumed=False)
    if own:
        nearest = own[min(own, key=lambda w: (abs(w - wave), w))]
        return _assumed(nearest)
    if data.whole is None or not data.parts:
        return None
    whole = respondents(data, data.whole, wave) if area != data.whole else None
    return _assumed(whole.n / len(data.parts)) if whole else None


def _assumed(n: float) -> Respondents:
    factor = load_assumptions().respondents.factor
    return Respondents(n, n / factor, n * factor, assumed=True)


def _published_n(data: Input, area: str) -> dict[int, float]:
    known: dict[int, float] = {}
    if area == data.whole and data.survey_rounds is not None:
        rounds = data.survey_rounds.dropna(subset=["respondents"])
        known |= {
            int(w): float(n) for w, n in zip(rounds["wave"], rounds["respondents"], strict=True)
        }
    if data.safety is not None:
        rows = data.safety[(data.safety["area"] == area) & data.safety["n"].notna()]
        known |= {int(w): float(n) for w, n in zip(rows["wave"], rows["n"], strict=True)}
    return known
