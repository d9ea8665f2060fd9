"""What the names of an input mean: the agreement's own, its synonyms, or a near miss."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final, Literal

from amager_eval.conventions import RESPONSES
from amager_eval.spec.agreement import Agreement
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.spec.synonyms import folded

__all__ = ["Names", "names_of"]

type Kind = Literal[
    "area", "crime_type", "definition", "focus_area", "partner", "setting", "response"
]

#: Characters a name has at most; a cell with more is told of as such.
_LONGEST: Final = 2000
_DECLARED: Final = load_assumptions().checks.names
#: How alike two folded names must be for one to be a slip of the other.
_ALIKE: Final = _DECLARED.alike
#: Shorter names are too little to be recognised inside another, or another in them.
_LEAST_INSIDE: Final = _DECLARED.least_inside
_LEAST_AROUND: Final = _DECLARED.least_around


@dataclass(frozen=True)
class Names:
    """The names an agreement knows, by kind."""

    meant: Mapping[str, Mapping[str, str]]  #: Kind to folded spelling to name
    #: Folded word for the evaluated area that is also an earlier version's name, to that word's
    #: meaning as the evaluated area.
    ambiguous: Mapping[str, str] = field(default_factory=dict)
    #: Earlier version's name to the last wave it is reported in.
    own_waves: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def spelling(text: str) -> str:
        """Return how a text is compared."""
        return folded(text)

    def find(self, kind: Kind, text: str) -> str | None:
        """Return the name a text means, None where it is none of the agreement's.

        Examples
        --------
        >>> from amager_eval.spec.agreement import load_agreement
        >>> names = names_of(load_agreement("amager_2025_2028"))
        >>> names.find("crime_type", "Tyveri og røveri"), names.find("crime_type", "I ALT")
        ('tyveri/røveri', 'total')
        """
        return self.meant[kind].get(folded(text)) if len(text) <= _LONGEST else None

    def near(self, kind: Kind, text: str) -> str | None:
        """Return the name a text is nearly, None where it is another name altogether.

        A spelling slip is near in every kind; of types and focus areas also a name with words
        more or fewer. Names with other numbers in them are never near: a year makes another area.

        Examples
        --------
        >>> from amager_eval.spec.agreement import load_agreement
        >>> names = names_of(load_agreement("amager_2025_2028"))
        >>> names.near("area", "Amager Partnerskabb (2025)"), names.near("area", "Amager Nord")
        ('Amager Partnerskab (2025)', None)
        >>> names.near("crime_type", "Indbrud i beboelse")
        'indbrud'
        """
        if len(text) > _LONGEST:
            return None
        wanted = folded(text)
        best, name = 0.0, None
        for spelling, known in self.meant[kind].items():
            if re.findall(r"\d+", spelling) != re.findall(r"\d+", wanted):
                continue
            # what its length alone keeps from being alike is not compared letter by letter
            shorter, longer = sorted((len(wanted), len(spelling)))
            if 2 * shorter < _ALIKE * (shorter + longer):
                continue
            ratio = SequenceMatcher(None, wanted, spelling).ratio()
            if ratio > best:
                best, name = ratio, known
        if best >= _ALIKE:
            return name
        if kind in {"crime_type", "focus_area"}:
            within = [
                (len(spelling), known)
                for spelling, known in self.meant[kind].items()
                if _inside(spelling, wanted, _LEAST_INSIDE)
                or _inside(wanted, spelling, _LEAST_AROUND)
            ]
            return max(within)[1] if within else None
        return None


def _inside(one: str, other: str, least: int) -> bool:
    return len(one) >= least and one in other


def names_of(agreement: Agreement) -> Names:
    """Collect the names of an agreement, its words for them and its declared synonyms."""
    areas, crime, other = agreement.areas, agreement.crime, agreement.synonyms
    versions = [n for v in areas.version for n in v.names]
    own = {name: (name,) for name in (areas.whole, *areas.parts, *versions)}
    types = {t.id: (t.id, t.label("da"), t.label("en")) for t in crime.type}
    meant = {
        "area": _spellings(own, other.area),
        "crime_type": _spellings(types, other.crime_type),
        "definition": _spellings({crime.definition: (crime.definition,)}, other.definition),
        "focus_area": _spellings({f: (f,) for f in agreement.focus_areas}, other.focus_area),
        "partner": _spellings({p: (p,) for p in agreement.parties}, other.partner),
        "setting": _spellings({s: (s,) for s in agreement.safety.settings}, other.setting),
        "response": _spellings({r: (r,) for r in RESPONSES}, other.response),
    }
    earlier = {folded(n): n for v in areas.version if not v.evaluated for n in v.names}
    evaluated = areas.evaluated.names
    words = (w for name in evaluated for w in other.area.get(name, ()))
    last = {n: v.until_wave for v in areas.version for n in v.names if v.until_wave is not None}
    return Names(
        meant,
        {folded(w): evaluated[0] for w in words if folded(w) in earlier},
        {name: wave for name, wave in last.items() if folded(name) in earlier},
    )


def _spellings(
    own: Mapping[str, Iterable[str]], synonyms: Mapping[str, Iterable[str]]
) -> dict[str, str]:
    """Folded spelling to name; the agreement's own words come before a synonym."""
    found: dict[str, str] = {}
    for words in (own, synonyms):
        for name, spellings in words.items():
            for spelling in (name, *spellings):
                if spelling:
                    found.setdefault(folded(spelling), name)
    return found
