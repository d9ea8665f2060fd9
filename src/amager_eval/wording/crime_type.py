"""What a type of crime is called: the goal's name only where the series is the goal's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Crime
    from amager_eval.wording.sentences import Wording

__all__ = ["type_label"]


def type_label(crime: Crime, crime_type: str, definition: str, words: Wording) -> str:
    """Name a type of crime.

    The total of another series than the goal's is not called by the goal's name.

    Examples
    --------
    >>> from amager_eval.spec.agreement import load_agreement
    >>> from amager_eval.wording.sentences import load_wording
    >>> type_label(load_agreement().crime, "total", "STRAF11", load_wording("da"))
    'Anmeldelser i alt'
    """
    if crime_type == "remainder":  # the crime model's name of total less the types in it
        return words.say("crime.remainder")
    roles = {t.id: t.role for t in crime.type}
    if roles.get(crime_type) == "total" and definition != crime.definition:
        return words.say("crime.other_total")
    return crime.label(crime_type, words.lang)
