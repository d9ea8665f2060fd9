"""The partners of an activity's cell: by semicolon or line break, else by a split that is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from amager_eval.data.tables.number_text import is_no_value

__all__ = ["PartnerList", "split_partners"]

_DECLARED: Final = re.compile(r"[;\uff1b\r\n\u2028\u2029]+")
_BETWEEN_WORDS: Final = re.compile(r"\s+[-–—]\s+|\s+")
#: What stands before or after a name in a list and is no part of it.
_AROUND: Final = ",/+&|•· \t"
#: What is written where there is nobody.
_NOBODY: Final = frozenset({"ingen", "none", "?"})
#: Comma, slash, plus, ampersand, bar, bullet and "og", outside brackets; not the "og" of
#: "Kultur- og Fritidsforvaltningen", which joins two halves of one name.
_GUESSED: Final = re.compile(
    r"(?P<mark>\s*[,/+&|•·]\s*|(?<!-)(?<!- )\s+(?:og|samt|and)\s+)(?![^()]*\))",
    re.IGNORECASE,
)


class PartnerList(NamedTuple):
    """Names in the order they stand, and whether they were told apart by a guess."""

    names: tuple[str, ...]
    guessed: bool


def split_partners(cell: str, known: Callable[[str], str | None]) -> PartnerList:
    """Tell the partners of a cell apart.

    Where it holds a semicolon or a line break these separate, and within them what tells known
    names apart alone; a semicolon at the end says that what stands before it is one name. `known`
    gives the name a text means, None where it means none: a known name is never split. A name that
    occurs twice stands once.

    Examples
    --------
    >>> split_partners("3B, SSP og HAB", lambda text: None)
    PartnerList(names=('3B', 'SSP', 'HAB'), guessed=True)
    >>> split_partners("Kultur- og Fritidsforvaltningen; SSP", lambda text: None)
    PartnerList(names=('Kultur- og Fritidsforvaltningen', 'SSP'), guessed=False)
    """
    declared = [part.strip() for part in _DECLARED.split(cell.strip())]
    found, guessed = [], False
    for part in declared:
        bare = part.strip(_AROUND)
        if _is_nobody(bare):
            continue
        split = [bare]
        if known(bare) is None and (len(declared) == 1 or any(map(_is_name, declared[1:]))):
            split = _tell_apart(bare, known, sure=len(declared) > 1)
        guessed |= len(split) > 1
        found += split
    names: dict[str, str] = {}
    for part in found:
        name = known(part) or part
        names.setdefault(name.casefold(), name)
    return PartnerList(tuple(names.values()), guessed)


def _is_nobody(part: str) -> bool:
    return is_no_value(part) or part.casefold() in _NOBODY


def _is_name(part: str) -> bool:
    return not _is_nobody(part.strip(_AROUND))


def _tell_apart(text: str, known: Callable[[str], str | None], *, sure: bool) -> list[str]:
    """Split what is no known name, between bare words into known names only; `sure`: always so."""
    found: list[str] = []
    for part in _split_around_known(text, known, _GUESSED):
        words = _split_around_known(part, known, _BETWEEN_WORDS)
        found += words if all(map(known, words)) else [part]
    return found if not sure or all(map(known, found)) else [text]


def _split_around_known(
    text: str, known: Callable[[str], str | None], mark: re.Pattern[str]
) -> list[str]:
    """Split at every mark that is not inside a known name, the longest known name first."""
    marks = list(mark.finditer(text))
    starts = [0, *(m.end() for m in marks)]
    ends = [*(m.start() for m in marks), len(text)]
    parts, first = [], 0
    while first < len(starts):
        last = next(
            (k for k in range(len(ends) - 1, first, -1) if known(text[starts[first] : ends[k]])),
            first,
        )
        part = text[starts[first] : ends[last]].strip()
        if part:
            parts.append(part)
        first = last + 1
    return parts
