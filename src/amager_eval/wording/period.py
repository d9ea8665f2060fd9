"""Name a period of reports: a year, a quarter or a month."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amager_eval.wording.sentences import Wording

__all__ = ["period_label"]


def period_label(period: str, words: Wording, *, short: bool = False) -> str:
    """Name a period in the language.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> period_label("2026K3", load_wording("da")), period_label("2026", load_wording("da"))
    ('3. kvartal 2026', '2026')
    """
    found = re.fullmatch(r"(\d{4})(?:([KM])(\d+))?", period)
    if found is None or found[2] is None:
        return period
    kind = {"K": "quarter", "M": "month"}[found[2]]
    key = f"period.{kind}{'_short' if short else ''}"
    return words.say(key, year=found[1], number=int(found[3]))
