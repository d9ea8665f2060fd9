"""Say a probability: the number as it is printed, and the word chosen from that number."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from amager_eval.wording.numbers import MISSING, percent
from amager_eval.wording.sentences import Wording

__all__ = ["Printed", "is_likely", "printed", "probability_word", "say_probability"]

#: Lower limit of the printed percentage that is called likely.
_LIKELY: Final = 66
#: Lower limits of the printed percentage, and the key of the word from there up.
_WORDS: Final = (
    (99, "almost_certain"),
    (90, "very_likely"),
    (_LIKELY, "likely"),
    (33, "even"),
    (10, "unlikely"),
    (1, "very_unlikely"),
    (0, "almost_excluded"),
)


class Printed(NamedTuple):
    """A probability as printed: the whole percentage, and whether it is a bound."""

    percentage: int
    bound: str  # "under", "over" or ""


def printed(probability: float) -> Printed:
    """Round a probability for print: nearest 5 %, `under 5 %`, `over 95 %`.

    Parameters
    ----------
    probability : float
        0 to 1.

    Returns
    -------
    Printed

    Examples
    --------
    >>> [tuple(printed(p)) for p in (0.03, 0.644, 0.98)]
    [(5, 'under'), (65, ''), (95, 'over')]
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"a probability lies in 0 to 1, found {probability}")
    if probability < 0.05:
        return Printed(5, "under")
    if probability > 0.95:
        return Printed(95, "over")
    twentieths = (Decimal(repr(float(probability))) * 20).quantize(Decimal(1), ROUND_HALF_UP)
    return Printed(5 * int(twentieths), "")


def is_likely(probability: float) -> bool:
    """Whether the word is "likely" or stronger, judged by the number as it is printed."""
    return printed(probability).percentage >= _LIKELY


def probability_word(probability: float, words: Wording) -> str:
    """Choose the word from the printed number, so that the two never disagree.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> probability_word(0.66, load_wording("da"))
    'omtrent lige så sandsynligt som ikke'
    """
    percentage = printed(probability).percentage
    return words.say(f"probability.{next(key for low, key in _WORDS if percentage >= low)}")


def say_probability(probability: float | None, words: Wording, *, word: bool = False) -> str:
    """Write a probability as it is printed, with its word if wanted.

    Parameters
    ----------
    probability : float or None
        0 to 1; None and NaN give an en dash.
    words : Wording
        Language.
    word : bool
        Append the word in brackets.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> say_probability(0.02, load_wording("en"), word=True)
    'under 5% (very unlikely)'
    """
    if probability is None or probability != probability:
        return MISSING
    percentage, bound = printed(probability)
    text = percent(percentage / 100, 0, words.lang)
    if bound:
        text = words.say(f"probability.{bound}", number=text)
    return f"{text} ({probability_word(probability, words)})" if word else text
