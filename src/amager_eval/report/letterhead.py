"""Who sends a status, under which case and when: what a case system asks of a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import TYPE_CHECKING

from amager_eval.errors import InputError
from amager_eval.wording.faults import fault_of
from amager_eval.wording.numbers import date as say_date

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement
    from amager_eval.wording.sentences import Wording

__all__ = ["Letterhead", "letterhead_of"]


@dataclass(frozen=True)
class Letterhead:
    """What a status is sent under; what is not known is left out in print and a field in Word."""

    case: str = ""  #: Case number
    date: Date | None = None  #: Of the letter

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


def letterhead_of(case: str, date: str) -> Letterhead:
    """Make a letterhead of what was typed.

    Empty where there is none yet; an `InputError` where the date is none.

    Examples
    --------
    >>> letterhead_of("2026-1", "2026-05-12").date
    datetime.date(2026, 5, 12)
    """
    try:
        return Letterhead(case.strip(), Date.fromisoformat(date.strip()) if date.strip() else None)
    except ValueError as error:
        raise InputError(fault_of("letter_date", date=date)) from error
