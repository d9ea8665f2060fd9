"""What a row of the results says: its part, the year of its figure, and the figure's mark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording


__all__ = ["observed_year", "part_name", "source_grade"]


def part_name(row: Mapping[str, Any], statement: Statement, words: Wording) -> str:
    """Name the part of a goal a row is about: a setting or a type; nothing where there is none."""
    if row["setting"] is not None:
        return words.name("setting", row["setting"])
    if row["crime_type"] is not None:
        return statement.agreement.crime.label(row["crime_type"], words.lang)
    return ""


def observed_year(row: Mapping[str, Any]) -> int | None:
    """Year the observed figure is from: the row's own unless it says another."""
    if row["observed"] is None:
        return None
    said = [str(n) for n in row["notes"] or [] if str(n).startswith("observed is ")]
    return int(said[0].rsplit(" ", 1)[-1]) if said else int(row["year"])


def source_grade(row: Mapping[str, Any]) -> str | None:
    """Mark C where the figure, or the whole's beside it, was not checked against the report."""
    return "C" if any(str(n).startswith("grade C") for n in row["notes"] or []) else None
