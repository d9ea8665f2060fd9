"""Faults whose sentences stand in both catalogues: made once, said in the reader's language."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace

from amager_eval.errors import Fault
from amager_eval.wording.numbers import as_typed
from amager_eval.wording.sentences import Lang, load_wording

__all__ = ["Saying", "fault_of", "said_in", "said_why"]


@dataclass(frozen=True)
class Saying:
    """A sentence within a fault's: an entry of the catalogue and its fields."""

    key: str  #: Of the catalogue
    words: tuple[tuple[str, object], ...] = ()  #: Fields; a list is written with commas

    def said_in(self, lang: Lang) -> str:
        """Say it in a language."""
        return load_wording(lang).say(self.key, **{n: _listed(v, lang) for n, v in self.words})


def _listed(value: object, lang: Lang) -> object:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(as_typed(v, lang)) for v in value)
    return as_typed(value, lang)


def fault_of(
    key: str, *, file: str | None = None, column: str | None = None, **words: object
) -> Fault:
    """Make the fault of a key, in English until :func:`said_in` says it in another language.

    `error.<key>.problem`, `.remedy` and, where something was found, `.found` of the catalogue.

    Examples
    --------
    >>> fault = fault_of("wave_absent", year=1999, first=2009, last=2026)
    >>> print(fault)
    wave 1999 is not in the input; found 'waves 2009 to 2026'. Give a --year that is among the \
    waves, or supply that wave.
    >>> said_in(fault, "da").message
    'undersøgelsesåret 1999 er ikke i indberetningen'
    """
    made = Fault("", file=file, column=column, key=key, words=tuple(words.items()))
    return said_in(made, "en")


def said_in(fault: Fault, lang: Lang) -> Fault:
    """Say a fault in a language; one that stands in one language alone is left as it is."""
    if not fault.key:
        return fault
    catalogue, key = load_wording(lang), f"error.{fault.key}"
    words = {
        name: value.said_in(lang) if isinstance(value, Saying) else as_typed(value, lang)
        for name, value in fault.words
    }
    found = fault.found  # a value of the input is the same in every language
    if catalogue.has(f"{key}.found"):
        found = catalogue.say(f"{key}.found", **words)
    return replace(
        fault,
        message=catalogue.say(f"{key}.problem", **words),
        found=found,
        remedy=catalogue.say(f"{key}.remedy", **words),
    )


def said_why(error: OSError, lang: Lang) -> str:
    """Say why the system refused, in a language; a reason without a sentence is the system's own.

    Examples
    --------
    >>> said_why(PermissionError(13, "Permission denied"), "da")
    'der er ikke adgang til at skrive der'
    """
    catalogue = load_wording(lang)
    key = f"why_not_written.{errno.errorcode.get(error.errno or 0, '')}"
    return catalogue.say(key) if catalogue.has(key) else str(error.strerror or error)
