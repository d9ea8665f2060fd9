"""Say a probability: the number as it is printed, and the word chosen from that number."""

from __future__ import annotations

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from amager_eval.wording.numbers import MISSING, percent
from amager_eval.wording.sentences import Wording

__all__ = ["Printed", "printed", "probability_word", "say_probability"]

#: Lower limits of the printed percentage, and the key of the word from there up.
_WORDS: Final = (
    (99, "almost_certain"),
    (90, "very_likely"),
    (66, "likely"),
    (33, "even"),
    (10, "unlikely"),
    (1, "very_unlikely"),
    (0, "almost_excluded"),
)


#: Beyond these no number is printed but the limit.
_LOWEST: Final = 5
_HIGHEST: Final = 95
#: Printed numbers that are a limit of a word.
_OF_WORDS: Final = frozenset({10, 90})
#: So near a word's limit, in percent, a number is on no side of it: it prints as the limit.
_NO_SIDE: Final = Decimal("0.5")


class Printed(NamedTuple):
    """A probability as printed: the whole percentage, and on which side of it the number lies."""

    percentage: int
    side: str  # "under", "over" (beyond 5 and 95), "just_under", "just_over" (at a limit) or ""


def printed(probability: float, limits: Collection[float] = ()) -> Printed:
    """Round a probability for print: nearest 5 %, `under 5 %`, `over 95 %`.

    At a limit of the words or of a verdict the side is said, never another number: .93 is just
    under 95 %, for 95 % alone would read as enough for "reached".

    Examples
    --------
    >>> [tuple(printed(p)) for p in (0.03, 0.662, 0.88, 0.8995, 0.93, 0.98)]
    [(5, 'under'), (65, ''), (90, 'just_under'), (90, ''), (95, 'just_under'), (95, 'over')]
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"a probability lies in 0 to 1, found {probability}")
    exact = Decimal(repr(float(probability))) * 100
    if exact < _LOWEST:
        return Printed(_LOWEST, "under")
    if exact > _HIGHEST:
        return Printed(_HIGHEST, "over")
    nearest = 5 * int((exact / 5).quantize(Decimal(1), ROUND_HALF_UP))
    strict = {_LOWEST, _HIGHEST, *(round(100 * limit) for limit in limits)}
    if nearest not in strict | _OF_WORDS:
        return Printed(nearest, "")
    # a verdict is strict about its limit, a word follows the number: half a percent is no side
    off = exact - nearest
    if off == 0 or (nearest not in strict and abs(off) <= _NO_SIDE):
        return Printed(nearest, "")
    return Printed(nearest, "just_over" if off > 0 else "just_under")


def probability_word(probability: float, words: Wording, *, short: bool = False) -> str:
    """Choose the word from the printed number, so that the two never disagree.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> probability_word(0.65, load_wording("da"))
    'usikkert; det kan gå begge veje'
    """
    percentage, side = printed(probability, words.limits)
    key = f"probability.{_key(percentage - (side in {'under', 'just_under'}))}"
    return words.say(f"{key}_short" if short and words.has(f"{key}_short") else key)


def _key(percentage: int) -> str:
    return next(key for low, key in _WORDS if percentage >= low)


def say_probability(
    probability: float | None, words: Wording, *, about: bool = False, word: bool = False
) -> str:
    """Write a probability as it is printed, with its word if wanted.

    None and NaN give an en dash. `about` says that the number is about that: in running text, where
    no heading says it is rounded.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> say_probability(0.02, load_wording("en"), word=True)
    'under 5% (very unlikely)'
    """
    if probability is None or probability != probability:
        return MISSING
    percentage, side = printed(probability, words.limits)
    text = percent(percentage / 100, 0, words.lang)
    if side or about:
        text = words.say(f"probability.{side or 'about'}", number=text)
    return f"{text} ({probability_word(probability, words)})" if word else text
