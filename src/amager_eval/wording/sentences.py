"""The catalogue of sentences of a language: looked up by key, filled in, never concatenated."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

from amager_eval.errors import Fault, InputError

__all__ = ["LANGUAGES", "Lang", "Wording", "known_language", "load_wording"]

Lang = Literal["da", "en"]
LANGUAGES: Final[tuple[Lang, ...]] = get_args(Lang)


@dataclass(frozen=True, eq=False)
class Wording:
    """All sentences of a language."""

    lang: Lang
    sentences: Mapping[str, str]  #: Sentence with named fields by dotted key
    #: Fields every sentence may use without being given them.
    about: Mapping[str, object] = field(default_factory=dict)
    #: Probabilities that decide a verdict: none is printed as if it lay beyond one.
    limits: frozenset[float] = frozenset()

    def say(self, key: str, /, **values: object) -> str:
        """Return the sentence of `key` with its fields filled in.

        A `KeyError` where there is no such sentence, or a field has no value: a fault of the
        package.
        """
        return self.sentences[key].format(**{**self.about, **values})

    def say_of(self, response: str, key: str, /, **values: object) -> str:
        """Say a sentence about a share: the one for this answer where there is one of its own."""
        own = f"{key}_{response}"
        return self.say(own if self.has(own) else key, **values)

    def say_count(self, key: str, count: int, /, **values: object) -> str:
        """Say a sentence about so many: one has a sentence of its own."""
        return self.say(f"{key}_one" if count == 1 else key, count=count, **values)

    def has(self, key: str) -> bool:
        """Whether there is a sentence of that key."""
        return key in self.sentences

    def name(self, kind: str, key: str) -> str:
        """Return the name of a setting, response or the like; one not in the catalogue is kept."""
        return self.say(f"{kind}.{key}") if self.has(f"{kind}.{key}") else key

    def knowing(self, **about: object) -> Wording:
        """Return the same sentences with further fields that every one of them may use."""
        return replace(self, about={**self.about, **about})

    def listing(self, items: Sequence[str]) -> str:
        """Join items as the language does: a, b and c."""
        if len(items) < 2:
            return "".join(items)
        return self.say("list.last", head=", ".join(items[:-1]), last=items[-1])


def known_language(lang: str) -> Lang:
    """Return `lang` if there is a catalogue for it; an error if not.

    Examples
    --------
    >>> known_language("da")
    'da'
    """
    for known in LANGUAGES:
        if lang == known:
            return known
    told = Fault("the language must be da or en", lang, "Write --lang da or --lang en.")
    raise InputError(replace(told, key="language", words=(("lang", lang),)))


@cache
def load_wording(lang: str = "da") -> Wording:
    """Load the catalogue of a language.

    Examples
    --------
    >>> load_wording("da").say("document.draft")
    'UDKAST'
    """
    known = known_language(lang)
    catalogue = files("amager_eval.wording").joinpath(f"{known}.toml")
    text = catalogue.read_text(encoding="utf-8")
    if lang == "da":  # a line never ends between a number and its sign
        text = text.replace(" %", "\N{NO-BREAK SPACE}%")
    sentences = dict(_flat(tomllib.loads(text)))
    about = {k.removeprefix("about."): v for k, v in sentences.items() if k.startswith("about.")}
    return Wording(known, sentences, about)


def fields(sentence: str) -> set[str]:
    """Names of the fields of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def _flat(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Dotted key and sentence of every leaf."""
    pairs: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{prefix}{key}.")
        else:
            pairs.append((prefix + key, str(value).strip()))
    return pairs
