"""What an area is called where space is short: the agreement's own area by a short name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement
    from amager_eval.wording.sentences import Wording

__all__ = ["area_label"]


def area_label(agreement: Agreement, area: str, words: Wording, *, within: bool = False) -> str:
    """Name an area on a figure, in a column heading or, `within`, inside a sentence.

    The agreement's own area gets the short name.

    Examples
    --------
    >>> from amager_eval.spec.agreement import load_agreement
    >>> from amager_eval.wording.sentences import load_wording
    >>> agreement, words = load_agreement(), load_wording("da")
    >>> [area_label(agreement, a, words) for a in ("Amager Partnerskab (2025)", "Amager Øst")]
    ['Partnerskabet', 'Amager Øst']
    """
    if area in agreement.areas.evaluated.names:
        return words.say("area.own_within" if within else "area.own")
    return words.name("area", area)
