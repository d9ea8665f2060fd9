"""From figures and probabilities to verdict words; a wrong `nået` is worse than a missing one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Verdicts

__all__ = ["Verdict", "combined", "evidence_verdict", "literal_verdict"]


class Verdict(StrEnum):
    """What may be said of a goal; the values are the record's words, whatever the language.

    `NOT_MEASURED` is a verdict of published figures alone, `UNDECIDED` one of the evidence.
    """

    REACHED = "nået"
    PARTLY = "delvist nået"
    NOT_REACHED = "ikke nået"
    NOT_MEASURED = "ikke opgjort"
    UNDECIDED = "kan ikke afgøres"


def literal_verdict(met: bool | None) -> Verdict:
    """Verdict from published figures alone, in the municipality's words.

    `met` is None where a figure is missing or not due yet.

    Examples
    --------
    >>> print(literal_verdict(None))
    ikke opgjort
    """
    if met is None:
        return Verdict.NOT_MEASURED
    return Verdict.REACHED if met else Verdict.NOT_REACHED


def evidence_verdict(
    probability: float | None, thresholds: Verdicts, *, due: bool, so_far: float | None = None
) -> Verdict:
    """Verdict from the probability that the true quantity meets the reading.

    The probability is None or NaN where nothing could be fitted. Before the wave or year the
    reading is about has been published (`due`) nothing is `nået`, and nothing is `ikke nået` unless
    it has failed already: where one failed year settles the reading (a rise in *every* year),
    `so_far` is the probability that it has held through the latest published wave.

    Examples
    --------
    >>> from amager_eval.spec.agreement import load_agreement
    >>> thresholds = load_agreement().verdicts
    >>> evidence_verdict(0.97, thresholds, due=True).name
    'REACHED'
    >>> evidence_verdict(0.97, thresholds, due=False).name
    'UNDECIDED'
    """
    if probability is None or probability != probability:
        return Verdict.UNDECIDED
    if probability >= thresholds.reached_from and due:
        return Verdict.REACHED
    if due and probability <= thresholds.not_reached_to:
        return Verdict.NOT_REACHED
    if so_far is not None and so_far <= thresholds.not_reached_to:
        return Verdict.NOT_REACHED
    return Verdict.UNDECIDED


def combined(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict for a goal of several parts (day and night; three types).

    Reached if all parts are; not reached if none is; partly if some are and every part is settled;
    else what the open parts are (not measured, undecided). The verdicts are all literal or all of
    the evidence.

    Examples
    --------
    >>> combined([Verdict.REACHED, Verdict.NOT_REACHED]).name
    'PARTLY'
    >>> combined([Verdict.REACHED, Verdict.NOT_MEASURED]).name
    'NOT_MEASURED'
    """
    if not verdicts:
        raise ValueError("a goal without parts has no verdict")
    for still_open in (Verdict.NOT_MEASURED, Verdict.UNDECIDED):
        if still_open in verdicts:
            return still_open
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return Verdict.PARTLY
