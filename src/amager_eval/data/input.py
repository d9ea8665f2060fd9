"""What the package works on: five tidy frames, checked, with where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pandas as pd

from amager_eval.data.frame_kinds import as_pandas

__all__ = ["FRAMES", "Input", "Masked", "Replaced", "SourceFile"]

#: The frames of an input.
FRAMES: Final = ("safety", "survey_rounds", "crime", "population", "activities", "residents")


@dataclass(frozen=True)
class SourceFile:
    """A file an input was read from: its name (no folder) and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Masked:
    """A figure hidden because it is a small count, or because it would give one away."""

    table: str  #: `crime` or `safety`
    area: str  #: Which area
    period: int  #: Calendar year of reports; survey wave of an answer
    what: str  #: Crime type; `setting, response` of an answer
    definition: str = ""  #: Of the series of reports; empty for an answer


@dataclass(frozen=True)
class Replaced:
    """A published figure in whose place a delivered one stands."""

    table: str  #: `safety`, `survey_rounds`, `crime` or `population`
    #: The cell: area, wave or period, and what else tells it from its neighbours.
    what: tuple[str, ...]
    column: str  #: Which figure of it
    #: Published and delivered.
    old: float | None
    new: float | None
    #: Where each is from.
    old_source: str
    new_source: str
    #: Grade of each source; empty where none is given.
    old_grade: str = ""
    new_grade: str = ""


@dataclass(frozen=True, eq=False)
class Input:
    """Five tidy frames, checked; any may be None, which means: not supplied.

    Parameters
    ----------
    safety : DataFrame or None
        `area, wave, setting, response, percent, count, n, decimals, deff, comparator, source,
        source_grade`; one row per published figure. Percent 0 to 100; `count` and `n` in
        respondents; missing is NaN.
    survey_rounds : DataFrame or None
        `wave, invited, respondents, response_rate_percent, fieldwork_start, fieldwork_end,
        collector`.
    crime : DataFrame or None
        `area, period, crime_type, count, definition, per_1000, source, source_grade`; `period`
        is text: `2024`, `2024K3` or `2024M07`. `count` in reports, `per_1000` in reports per
        1,000 inhabitants where only the rate was published.
    population : DataFrame or None
        `area, period, population, source`; inhabitants on the first day of the period.
    activities : DataFrame or None
        `activity, focus_area, partners` (text, separated by `;`) and the optional columns.
    residents : DataFrame or None
        `area_half, department, residents`: inhabitants of the evaluated area by half, and by
        housing department or outside them.
    whole : str or None
        The area that contains the others (København), or None.
    parts : tuple of str
        The disjoint areas that together make up `whole`; other areas overlap with them.
    synthetic : bool
        Whether the figures were made up; shown wherever they are.
    name : str
        What to call this input in a report.
    files : tuple of SourceFile
        The files it was read from.
    other_frames : mapping of str to DataFrame
        Further frames that came along (figures of other surveys), never mixed with the five.
    masked : tuple of Masked
        What was hidden to protect small counts: by who delivered it, then by the package.
    replaced : tuple of Replaced
        Published figures in whose place a delivered one stands.
    inhabitants_on : {"mid_year", "year_start"}
        Which day's inhabitants a calendar year's reports are divided by: an agreement says it.
    latest : int or None
        Survey wave a delivery is the status of, where published figures of later waves stand
        beside it.

    Examples
    --------
    >>> Input(name="nothing yet").missing
    ('safety', 'survey_rounds', 'crime', 'population', 'activities')
    """

    safety: pd.DataFrame | None = None
    survey_rounds: pd.DataFrame | None = None
    crime: pd.DataFrame | None = None
    population: pd.DataFrame | None = None
    activities: pd.DataFrame | None = None
    residents: pd.DataFrame | None = None
    whole: str | None = None
    parts: tuple[str, ...] = ()
    synthetic: bool = False
    name: str = ""
    files: tuple[SourceFile, ...] = ()
    other_frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    masked: tuple[Masked, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    latest: int | None = None
    inhabitants_on: Literal["mid_year", "year_start"] = "mid_year"

    def __post_init__(self) -> None:
        for name in FRAMES:
            object.__setattr__(self, name, as_pandas(getattr(self, name)))

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the frames that were not supplied."""
        names = ("safety", "survey_rounds", "crime", "population", "activities")
        return tuple(n for n in names if getattr(self, n) is None)
