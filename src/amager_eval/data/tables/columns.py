"""The columns of the five tables and the words in their cells, in English and Danish."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from amager_eval.conventions import COMPARATORS, RESPONSES, SETTINGS
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.spec.synonyms import folded
from amager_eval.wording.sentences import Lang

__all__ = [
    "TABLES",
    "Column",
    "TableColumns",
    "canonical_word",
    "nearest_word",
    "simplify",
    "table_named",
    "word_in",
]


@dataclass(frozen=True)
class Column:
    """A column: its name, its Danish heading, other headings it may have, and its kind."""

    name: str  #: English name, as in the frames
    danish: str  #: Heading the template writes
    #: Kind of the frame's column; missing is NaN (so only a required column is int).
    kind: Literal["text", "float", "int"] = "text"
    required: bool = False  #: Whether a table in a file must have it
    also: tuple[str, ...] = ()  #: Other headings accepted

    def heading(self, lang: Lang) -> str:
        """Return the heading a reader of `lang` knows it by."""
        return self.danish if lang == "da" else self.name


@dataclass(frozen=True)
class TableColumns:
    """A table: its name, its Danish name and its columns in order."""

    name: str
    danish: str
    columns: tuple[Column, ...]
    also: tuple[str, ...] = ()

    def title(self, lang: Lang) -> str:
        """Return the name a reader of `lang` knows it by."""
        return self.danish.capitalize() if lang == "da" else self.name

    def find(self, heading: str) -> Column | None:
        """Return the column a heading means, or None."""
        wanted = simplify(heading)
        for column in self.columns:
            if wanted in {simplify(h) for h in (column.name, column.danish, *column.also)}:
                return column
        return None


_SAFETY = TableColumns(
    "safety",
    "tryghed",
    (
        Column("area", "Område", required=True, also=("bydel", "areal")),
        Column("wave", "Undersøgelsesår", "int", required=True, also=("bølge", "år", "year")),
        Column("setting", "Tidspunkt", required=True, also=("situation", "hvornår")),
        Column("response", "Svar", required=True, also=("answer", "besvarelse")),
        Column(
            "percent", "Procent", "float", also=("andel", "pct", "%", "share", "andel i procent")
        ),
        Column("count", "Antal", "float", also=("x", "antal med dette svar")),
        Column(
            "n",
            "Antal svar (uvægtet)",
            "float",
            also=("antal svar", "adspurgte", "antal adspurgte", "respondenter", "svarpersoner"),
        ),
        Column("decimals", "Decimaler", "float", also=("antal decimaler",)),
        Column("deff", "Designeffekt", "float", also=("design effect",)),
        Column("comparator", "Tegn (=, <, >)", also=("tegn", "sammenligning", "=, < eller >")),
        Column("source", "Kilde"),
        Column("source_grade", "Kildens sikkerhed (A, B, C)", also=("kildegrad", "kildekvalitet")),
        Column("area_kind", "Områdetype"),
        Column("area_version", "Områdeversion"),
    ),
    also=("tryghedsundersøgelsen",),
)
_SURVEY_ROUNDS = TableColumns(
    "survey_rounds",
    "undersøgelser",
    (
        Column("wave", "Undersøgelsesår", "int", required=True, also=("bølge", "år", "year")),
        Column("invited", "Inviterede", "float", also=("antal inviterede", "stikprøve")),
        Column(
            "respondents", "Antal svar", "float", also=("svar", "respondenter", "adspurgte", "n")
        ),
        Column("response_rate_percent", "Svarprocent", "float", also=("response rate",)),
        Column("fieldwork_start", "Feltperiode start", also=("start", "feltstart")),
        Column("fieldwork_end", "Feltperiode slut", also=("slut", "end", "feltslut")),
        Column("collector", "Indsamler", also=("dataindsamler",)),
        Column("source", "Kilde", also=("source_url",)),
    ),
    also=("undersøgelsesrunder", "runder"),
)
_CRIME = TableColumns(
    "crime",
    "anmeldelser",
    (
        Column("area", "Område", required=True, also=("bydel", "areal")),
        Column("period", "Periode", required=True, also=("år", "year", "tid", "kvartal", "måned")),
        Column(
            "crime_type",
            "Gerningstype",
            required=True,
            also=("type", "kriminalitetstype", "lovovertrædelse", "forbrydelse"),
        ),
        Column("count", "Antal", "float", also=("anmeldelser", "antal anmeldelser", "reports")),
        Column("definition", "Definition", required=True),
        Column("per_1000", "Pr. 1.000 indbyggere", "float", also=("pr. 1000", "per 1000", "rate")),
        Column("source", "Kilde"),
        Column("source_grade", "Kildens sikkerhed (A, B, C)", also=("kildegrad", "kildekvalitet")),
        Column("area_kind", "Områdetype"),
        Column("area_version", "Områdeversion"),
    ),
    also=("kriminalitet",),
)
_POPULATION = TableColumns(
    "population",
    "befolkning",
    (
        Column("area", "Område", required=True, also=("bydel", "areal")),
        Column("period", "Periode", required=True, also=("år", "year", "tid", "kvartal", "måned")),
        Column(
            "population",
            "Indbyggere",
            "float",
            required=True,
            also=("befolkning", "folketal", "indbyggertal", "inhabitants"),
        ),
        Column("source", "Kilde"),
        Column("area_kind", "Områdetype"),
        Column("area_version", "Områdeversion"),
    ),
    also=("indbyggere", "folketal"),
)
_ACTIVITIES = TableColumns(
    "activities",
    "aktiviteter",
    (
        Column("activity", "Aktivitet", required=True, also=("navn", "name")),
        Column("focus_area", "Indsatsområde", required=True, also=("fokusområde", "tema")),
        Column("partners", "Partnere", required=True, also=("samarbejdspartnere", "parter")),
        Column("outside_partners", "Partnere udefra", also=("partnere uden for området",)),
        Column("indicator", "Indikator"),
        Column("budget_dkk", "Budget (kr.)", "float", also=("budget", "budget dkk", "budget kr")),
        Column("start", "Start", also=("startdato",)),
        Column("end", "Slut", also=("slutdato",)),
        Column("note", "Bemærkning", also=("bemærkninger", "noter")),
        Column("list_version", "Listens version", also=("version",)),
        Column("list_date", "Listens dato", also=("opdateret", "updated")),
        Column("source", "Kilde"),
    ),
)

_RESIDENTS = TableColumns(
    "residents",
    "beboere",
    (
        Column("area_half", "Halvdel", required=True, also=("bydel", "half", "del af området")),
        Column("department", "Boligafdeling", required=True, also=("afdeling", "estate")),
        Column("residents", "Beboere", "float", required=True, also=("antal beboere",)),
        Column("source", "Kilde"),
    ),
)

#: The tables an input can hold, in reading order.
TABLES: Final[Mapping[str, TableColumns]] = {
    t.name: t for t in (_SAFETY, _SURVEY_ROUNDS, _CRIME, _POPULATION, _ACTIVITIES, _RESIDENTS)
}

_WORDS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "setting": {
        "neighbourhood": (
            "neighborhood", "day", "daytime", "dag", "dagen", "dagtimer", "dagtimerne",
            "i dagtimerne", "om dagen", "nabolag", "nabolaget", "i nabolaget", "i dit nabolag",
        ),
        "night": (
            "evening", "nat", "natten", "aften", "aften/nat", "aften og nat", "aften- og nat",
            "aften- og nattetimer", "aften- og nattetimerne", "i aften- og nattetimerne",
            "nattetimer", "om natten", "om aftenen og natten", "evening and night",
        ),
    },
    "response": {
        "safe": ("tryg", "trygge", "føler sig tryg", "andel trygge"),
        "neither": (
            "hverken", "hverken/eller", "hverken eller", "hverken tryg eller utryg",
            "neither nor", "neutral", "neither safe nor unsafe",
        ),
        "unsafe": ("utryg", "utrygge", "føler sig utryg", "andel utrygge"),
    },
    "comparator": {
        "=": ("lig med", "er"),
        "<": ("under", "mindre end", "færre end", "below"),
        ">": ("over", "mere end", "flere end", "above"),
    },
}  # fmt: skip
#: What the words are called where a Danish reader is told of them.
_DANISH: Final[Mapping[str, str]] = {
    "neighbourhood": "dagtimer",
    "night": "aften- og nattetimer",
    "safe": "tryg",
    "neither": "hverken/eller",
    "unsafe": "utryg",
}
_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "setting": SETTINGS,
    "response": RESPONSES,
    "comparator": COMPARATORS,
}


#: Kind to folded spelling to the package's word.
_MEANT: Final[dict[str, dict[str, str]]] = {
    kind: {folded(w): word for word in words for w in (word, *_WORDS[kind][word])}
    for kind, words in _KNOWN.items()
}


def simplify(text: str) -> str:
    """Fold case, underscores, brackets and spaces, so that headings compare.

    Examples
    --------
    >>> simplify("  Source_Grade ") == simplify("source grade")
    True
    """
    folded = unicodedata.normalize("NFC", text).casefold().replace("\ufeff", "")
    return re.sub(r"[\s_]+", " ", folded).strip(" .:*")


def canonical_word(kind: str, text: str) -> str | None:
    """Return the package's word for a setting, response or comparator; None if unknown.

    Examples
    --------
    >>> canonical_word("setting", "Aften- og nattetimer"), canonical_word("response", "Utryg")
    ('night', 'unsafe')
    >>> canonical_word("response", "afraid") is None
    True
    """
    return _MEANT[kind].get(folded(text))


def nearest_word(kind: str, text: str) -> str | None:
    """Return the known word that a text is nearly: a slip of the pen; None if it is another word.

    Examples
    --------
    >>> nearest_word("setting", "dayttime"), nearest_word("setting", "park")
    ('daytime', None)
    """
    declared = load_assumptions().checks.names
    every = (w for word in _KNOWN[kind] for w in (word, *_WORDS[kind][word]))
    words = [w for w in every if len(w) >= declared.least_around]
    known = {folded(w): w for w in reversed(words)}
    near = get_close_matches(folded(text), known, n=1, cutoff=declared.alike)
    return known[near[0]] if near else None


def word_in(lang: Lang, word: str) -> str:
    """Return a word of the package as a reader of `lang` knows it; others stay as they are.

    Examples
    --------
    >>> word_in("da", "night"), word_in("da", "="), word_in("en", "night")
    ('aften- og nattetimer', '=', 'night')
    """
    return _DANISH.get(word, word) if lang == "da" else word


def table_named(name: str) -> TableColumns | None:
    """Return the table a file or sheet name means, in English or Danish.

    Examples
    --------
    >>> table_named("Befolkning").name
    'population'
    """
    wanted = simplify(name)
    for table in TABLES.values():
        if wanted in {simplify(n) for n in (table.name, table.danish, *table.also)}:
            return table
    return None
