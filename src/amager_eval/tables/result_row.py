"""What part of a goal a row of the results is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording


__all__ = ["part_name"]


def part_name(row: Mapping[str, Any], statement: Statement, words: Wording) -> str:
    """Name the part of a goal a row is about: a setting or a type; nothing where there is none."""
    if row["setting"] is not None:
        return words.name("setting", row["setting"])
    if row["crime_type"] is not None:
        return statement.agreement.crime.label(row["crime_type"], words.lang)
    return ""
