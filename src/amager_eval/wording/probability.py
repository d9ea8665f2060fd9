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

    Never over a limit: .93 as 95 % would read as enough for "reached", .88 as 90 % would get a
    word too strong. What the nearest 5 % would carry over the limit of a word or of a verdict
    (.05 and .95) stays on its side, as the next step or, between 5 and 10 and between 90 and 95,
    as a bound.

    Parameters
    ----------
    probability : float
        0 to 1.

    Returns
    -------
    Printed

    Examples
    --------
    >>> [tuple(printed(p)) for p in (0.03, 0.644, 0.88, 0.93, 0.98)]
    [(5, 'under'), (65, ''), (85, ''), (90, 'over'), (95, 'over')]
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"a probability lies in 0 to 1, found {probability}")
    exact = Decimal(repr(float(probability))) * 100
    if exact in (5, 90, 95):
        return Printed(int(exact), "")
    for limit in (5, 10):
        if exact < limit:
            return Printed(limit, "under")
    for limit in (95, 90):
        if exact > limit:
            return Printed(limit, "over")
    nearest = 5 * int((exact / 5).quantize(Decimal(1), ROUND_HALF_UP))
    if _key(nearest) != _key(exact):
        nearest += 5 if nearest < exact else -5
    return Printed(nearest, "")


def is_likely(probability: float) -> bool:
    """Whether the word is "likely" or stronger, judged by the number as it is printed."""
    return printed(probability).percentage >= _LIKELY


def probability_word(probability: float, words: Wording) -> str:
    """Choose the word from the printed number, so that the two never disagree.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> probability_word(0.65, load_wording("da"))
    'omtrent lige så sandsynligt som ikke'
    """
    percentage, bound = printed(probability)
    return words.say(f"probability.{_key(percentage - (bound == 'under'))}")


def _key(percentage: Decimal | int) -> str:
    return next(key for low, key in _WORDS if percentage >= low)


def say_probability(
    probability: float | None, words: Wording, *, about: bool = False, word: bool = False
) -> str:
    """Write a probability as it is printed, with its word if wanted.

    Parameters
    ----------
    probability : float or None
        0 to 1; None and NaN give an en dash.
    words : Wording
        Language.
    about : bool
        Say that the number is about that: in running text, where no heading says it is rounded.
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
    if bound or about:
        text = words.say(f"probability.{bound or 'about'}", number=text)
    return f"{text} ({probability_word(probability, words)})" if word else text
