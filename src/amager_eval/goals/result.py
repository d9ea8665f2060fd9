"""One result: what a reading of a goal says of an area and a part, with all it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pandas as pd

from amager_eval.goals.records import RESULT_COLUMNS
from amager_eval.goals.verdict import Verdict

if TYPE_CHECKING:
    from amager_eval.goals.remarks import Remark
    from amager_eval.spec.agreement import Goal, Reading

__all__ = [
    "Interval",
    "Method",
    "Observed",
    "Probabilities",
    "Result",
    "open_result",
    "results_frame",
]


class Method(StrEnum):
    """How a result was come by; the values are the record's words, the same in every language."""

    ALL_PARTS = "all parts of the primary reading"
    CENSUS = "census of activities"
    CRIME_MODEL = "crime_trend model; literal comparison of reports"
    REPORTS = "literal comparison of reports; register counts have no sampling error"
    SAFETY_MODEL = "safety_trend model; literal from published figures"


@dataclass(frozen=True)
class Observed:
    """The figure a result is about: its own year, which may be earlier, and its source's grade."""

    value: float
    year: int
    grade: str = ""


@dataclass(frozen=True)
class Probabilities:
    """That the reading is met, 0 to 1: of the true and of the published figure.

    `prior_true` and `prior_published` are what one would say without the figures; None where
    that is not known.
    """

    true: float
    published: float | None
    prior_true: float | None
    prior_published: float | None

    @classmethod
    def read(
        cls,
        values: Mapping[Any, Any] | pd.Series[float],
        true: str = "probability_true",
        published: str = "probability_published",
    ) -> Probabilities | None:
        """Read them by the names of the two, the prior's with `prior_`; None where not asked."""
        names = (true, published, f"prior_{true}", f"prior_{published}")
        first, *others = (None if pd.isna(values[n]) else float(values[n]) for n in names)
        return None if first is None else cls(first, *others)


@dataclass(frozen=True)
class Interval:
    """Ends of the interval of the true figure, in its unit."""

    level: float
    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """What a reading says."""

    #: Ids in the agreement.
    goal: str
    reading: str
    area: str | None  #: Whose figures; None for the list of activities, which is nobody's
    year: int  #: Survey wave, or calendar year of reports, the reading is asked for
    method: Method
    #: Which part; None where it unites several, or has none.
    setting: str | None = None
    response: str | None = None
    crime_type: str | None = None
    #: The latest figure up to `year`: percent, reports, or reports per 1,000.
    observed: Observed | None = None
    #: The baseline year's figure, and what `observed` is held against, in the same unit.
    baseline: float | None = None
    comparison: float | None = None
    #: From published figures alone; from the probability that the true figure meets the reading.
    literal: Verdict = Verdict.NOT_MEASURED
    evidence: Verdict = Verdict.UNDECIDED
    probabilities: Probabilities | None = None  #: None where nothing was modelled
    interval: Interval | None = None  #: Of the true figure in `year`
    remarks: tuple[Remark, ...] = ()  #: What must be known of it

    @property
    def part(self) -> str | None:
        """Setting or type of crime; None where it unites several, or has none."""
        return self.setting if self.setting is not None else self.crime_type

    @property
    def known(self) -> bool:
        """Whether there is a baseline or a probability to go by."""
        return self.baseline is not None or self.probabilities is not None

    @property
    def probability(self) -> float | None:
        """That the true figure meets the reading; None where nothing was modelled."""
        return None if self.probabilities is None else self.probabilities.true

    @property
    def failed(self) -> bool:
        """Whether it has failed in print, whatever comes."""
        return (
            self.literal is Verdict.NOT_REACHED
            and self.probabilities is not None
            and self.probabilities.published == 0
        )

    def noting(self, *remarks: Remark) -> Result:
        """Return it with further remarks."""
        return replace(self, remarks=(*self.remarks, *remarks))

    def row(self) -> dict[str, object]:
        """Return it as the record has it, with the keys :data:`RESULT_COLUMNS`."""
        chances = self.probabilities
        row: dict[str, object] = {
            "goal": self.goal,
            "reading": self.reading,
            "area": self.area,
            "setting": self.setting,
            "response": self.response,
            "crime_type": self.crime_type,
            "year": self.year,
            "observed": None if self.observed is None else self.observed.value,
            "baseline": self.baseline,
            "comparison": self.comparison,
            "literal_verdict": self.literal.value,
            "evidence_verdict": self.evidence.value,
            "probability_true": None if chances is None else chances.true,
            "probability_published": None if chances is None else chances.published,
            "prior_probability_true": None if chances is None else chances.prior_true,
            "prior_probability_published": None if chances is None else chances.prior_published,
            "interval": None if self.interval is None else asdict(self.interval),
            "method": self.method.value,
            "notes": list(self.remarks),
        }
        assert tuple(row) == RESULT_COLUMNS
        return row


def open_result(
    goal: Goal, reading: Reading, area: str | None, year: int, method: Method
) -> Result:
    """Return a result in which nothing is decided yet."""
    return Result(goal.id, reading.id, area, year, method, response=reading.response)


def results_frame(results: Iterable[Result]) -> pd.DataFrame:
    """Put results into a frame, one row each, columns :data:`RESULT_COLUMNS`."""
    rows = [r.row() for r in results]
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS)).astype(object)
