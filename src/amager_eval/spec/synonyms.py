"""Other words an input may use for the agreement's names, by the name they stand for."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Self

from pydantic import Field, model_validator

from amager_eval.spec.values import AtKey, Frozen

__all__ = ["Synonyms", "folded"]

#: Words that join two names and belong to neither.
_JOINING: Final = frozenset({"og", "and"})


def folded(name: str) -> str:
    """Fold case, spaces, punctuation and the word "og", so that spellings of a name compare.

    Examples
    --------
    >>> folded("Tyveri og røveri") == folded("tyveri/RØVERI")
    True
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", name).casefold())
    return "".join(w for w in words if w not in _JOINING) or name.strip().casefold()


class Synonyms(Frozen):
    """Words by the name they stand for; compared as :func:`folded` folds them."""

    #: Name (of a type: its id) to the other words for it. A word for the evaluated area that is
    #: also the name of an earlier version means that version in that version's own waves.
    area: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    crime_type: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    definition: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    focus_area: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    partner: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    setting: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    response: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        for kind in type(self).model_fields:
            meant: dict[str, str] = {}
            for name, words in getattr(self, kind).items():
                for word in words:
                    other = meant.setdefault(folded(word), name)
                    if other != name:
                        raise AtKey((kind, name), "word_of_two", word=word, other=other)
        return self
