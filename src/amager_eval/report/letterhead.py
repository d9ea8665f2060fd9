"""Who sends a status, under which case and when: what a case system asks of a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import TYPE_CHECKING

from amager_eval.wording.numbers import date as say_date

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement
    from amager_eval.wording.sentences import Wording

__all__ = ["Letterhead"]


@dataclass(frozen=True)
class Letterhead:
    """What a status is sent under; what is not known is left out in print and a field in Word.

    Parameters
    ----------
    case : str
        Case number.
    date : date or None
        Of the letter.
    """

    case: str = ""
    date: Date | None = None

    def fields(self, agreement: Agreement, words: Wording) -> list[tuple[str, str]]:
        """Return every field with its value, empty where it is not known.

        Examples
        --------
        >>> from amager_eval.spec.agreement import load_agreement
        >>> from amager_eval.wording.sentences import load_wording
        >>> Letterhead("2026-1").fields(load_agreement(), load_wording("da"))[2:]
        [('Sagsnummer', '2026-1'), ('Dato', '')]
        """
        sender = agreement.sender
        return [
            (words.say("letter.sender"), sender.office if sender else ""),
            (words.say("letter.contact"), sender.contact if sender else ""),
            (words.say("letter.case"), self.case),
            (words.say("letter.date"), say_date(self.date, words.lang) if self.date else ""),
        ]

    def line(self, agreement: Agreement, words: Wording) -> str:
        """Return what is known as one line."""
        known = [(name, value) for name, value in self.fields(agreement, words) if value]
        return " · ".join(words.say("letter.field", name=n, value=v) for n, v in known)
