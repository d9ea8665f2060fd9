"""From figures and probabilities to verdict words; a wrong `nået` is worse than a missing one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Verdicts

__all__ = ["EVIDENCE_WORDS", "LITERAL_WORDS", "combined", "evidence_verdict", "literal_verdict"]

type Literally = Literal["nået", "delvist nået", "ikke nået", "ikke opgjort"]
type Evidently = Literal["nået", "delvist nået", "ikke nået", "kan ikke afgøres"]

LITERAL_WORDS: Final = ("nået", "delvist nået", "ikke nået", "ikke opgjort")
EVIDENCE_WORDS: Final = ("nået", "delvist nået", "ikke nået", "kan ikke afgøres")


def literal_verdict(met: bool | None) -> Literally:
    """Verdict from published figures alone, in the municipality's words.

    Parameters
    ----------
    met : bool or None
        Whether the published figures meet the reading; None where a figure is missing or not
        due yet.

    Returns
    -------
    str
        `nået`, `ikke nået` or `ikke opgjort`.

    Examples
    --------
    >>> literal_verdict(None)
    'ikke opgjort'
    """
    if met is None:
        return "ikke opgjort"
    return "nået" if met else "ikke nået"


def evidence_verdict(
    probability: float | None, thresholds: Verdicts, *, due: bool, so_far: float | None = None
) -> Evidently:
    """Verdict from the probability that the true quantity meets the reading.

    Parameters
    ----------
    probability : float or None
        Probability 0 to 1; None or NaN where nothing could be fitted.
    thresholds : Verdicts
        Declared in the agreement.
    due : bool
        Whether the wave or year the reading is about has been published. Before that nothing
        is `nået`, and nothing is `ikke nået` unless it has failed already.
    so_far : float or None
        Where one failed year settles the reading (a rise in *every* year): the probability that
        it has held through the latest published wave.

    Returns
    -------
    str
        `nået`, `ikke nået` or `kan ikke afgøres`.

    Examples
    --------
    >>> from amager_eval.spec.agreement import load_agreement
    >>> thresholds = load_agreement().verdicts
    >>> evidence_verdict(0.97, thresholds, due=True), evidence_verdict(0.97, thresholds, due=False)
    ('nået', 'kan ikke afgøres')
    """
    if probability is None or probability != probability:
        return "kan ikke afgøres"
    if probability >= thresholds.reached_from and due:
        return "nået"
    if due and probability <= thresholds.not_reached_to:
        return "ikke nået"
    if so_far is not None and so_far <= thresholds.not_reached_to:
        return "ikke nået"
    return "kan ikke afgøres"


def combined(verdicts: Sequence[str]) -> str:
    """One verdict for a goal of several parts (day and night; three types).

    Parameters
    ----------
    verdicts : sequence of str
        Verdicts of the parts, all literal or all evidence words.

    Returns
    -------
    str
        `nået` if all parts are; `ikke nået` if none is; `delvist nået` if some are and every
        part is settled; else the open word of the parts (`ikke opgjort`, `kan ikke afgøres`).

    Examples
    --------
    >>> combined(["nået", "ikke nået"]), combined(["nået", "ikke opgjort"])
    ('delvist nået', 'ikke opgjort')
    """
    if not verdicts:
        raise ValueError("a goal without parts has no verdict")
    for open_word in ("ikke opgjort", "kan ikke afgøres"):
        if open_word in verdicts:
            return open_word
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return "delvist nået"
