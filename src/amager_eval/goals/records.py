"""Frozen values that a statement is made of and that several of its makers name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["RESULT_COLUMNS", "ChangedDocument", "Missing"]

#: Columns of `Statement.results` and keys of each row of `statement.json`.
RESULT_COLUMNS: Final = (
    "goal", "reading", "area", "setting", "response", "crime_type", "year", "observed", "baseline",
    "comparison", "literal_verdict", "evidence_verdict", "probability_true",
    "probability_published", "prior_probability_true", "prior_probability_published", "interval",
    "method", "notes",
)  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """A delivery that is not there: what, which goal it leaves open, what would decide it."""

    what: str  #: Key of wording
    goals: tuple[str, ...]  #: Ids of the goals it leaves open
    #: What the sentence `missing_delivery.<what>` names: `area`, `source`, `first` and `last` year,
    #: `types` (ids).
    delivery: Mapping[str, Any]


@dataclass(frozen=True)
class ChangedDocument:
    """A model or agreement that has another version than in the statement before."""

    document: str  #: Path below `models/`
    since: int  #: Year of the statement it is held against
    #: Registered versions; the digest's first twelve characters for what is not registered.
    before: str
    now: str
    reason: str  #: From the register, every version in between; empty where none is registered
