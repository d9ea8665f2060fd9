"""What every value of a document has in common: frozen, no unknown key, labels per language."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from amager_eval.wording.faults import Saying

__all__ = ["AtKey", "Frozen", "Labelled", "in_language"]


class AtKey(ValueError):
    """A document contradicts itself at a key: the path of the key, and what is wrong there.

    Parameters
    ----------
    location : tuple of str and int
        Keys and positions from the value that was checked down to the one that is wrong.
    key : str
        `contradiction.<key>` of the catalogue: what is wrong there and what would be right.
    **words : object
        Fields of the sentence; lists are written with commas.
    """

    def __init__(self, location: tuple[str | int, ...], key: str, **words: object) -> None:
        self.location, self._key, self._words = location, key, words
        self.says = Saying(f"contradiction.{key}", tuple(words.items()))
        super().__init__(self.says.said_in("en"))

    def under(self, *location: str | int) -> AtKey:
        """Return the same of a document this one is a value of."""
        return AtKey((*location, *self.location), self._key, **self._words)


def in_language(lang: str, danish: str, english: str) -> str:
    """Return what is written in `lang`, or in the other language where there is nothing.

    Examples
    --------
    >>> in_language("en", "indbrud", "burglary"), in_language("en", "indbrud", "")
    ('burglary', 'indbrud')
    """
    return (danish or english) if lang == "da" else (english or danish)


class Frozen(BaseModel):
    """A value that cannot change and knows every key it may have."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Labelled(Frozen):
    """A value with a label in Danish, in English, or in both; one stands in for the other."""

    #: What it is called; at least one is given.
    label_da: str = ""
    label_en: str = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not (self.label_da or self.label_en):
            raise AtKey(("label_en",), "label_needed")
        return self

    def label(self, lang: str = "da") -> str:
        """Return the label in `lang`, or in the other language where there is none."""
        return in_language(lang, self.label_da, self.label_en)
