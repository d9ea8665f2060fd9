"""What was delivered and what became of it: used, read and not used, or not read, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from amager_eval.data.tables.columns import TABLES
from amager_eval.wording.sentences import Lang, load_wording

__all__ = ["Delivered", "Kind", "State", "delivered_lines"]

Kind = Literal[
    "file", "sheet", "column", "rows", "status", "area", "crime_type", "definition", "setting"
]
#: `used`: read and used; `unused`: read and not used; `unread`: not read.
State = Literal["used", "unused", "unread"]
#: Kinds whose name says nothing without the file or sheet it is of.
_PLACED: Final = frozenset({"column", "status"})


@dataclass(frozen=True)
class Delivered:
    """One thing of a delivery and what became of it.

    Examples
    --------
    >>> note = Delivered("file", "noter.xlsx", "unread", reason="format")
    >>> print(*delivered_lines([note], "unread", "en"))
    files: noter.xlsx - of a folder, CSV files and what a mapping names are read
    """

    #: A file, a sheet, a column, rows, a status, an area, a crime type, a definition, a setting.
    kind: Kind
    #: Its name as it was delivered; of rows, the table they are of. Never a person's answer or a
    #: report.
    name: str
    state: State  #: Used, read and not used, or not read
    #: How many rows (of a register: reports; of a survey: respondents) it is about.
    rows: int | None = None
    reason: str = ""  #: Why it was not used or not read, by its code in the catalogue
    #: Where it stands.
    file: str | None = None
    sheet: str | None = None


def delivered_lines(entries: Iterable[Delivered], state: State, lang: Lang = "en") -> list[str]:
    """Write what has a state as lines: what is of one kind and has one reason stands together.

    In the order of the kinds; every name is told, with its rows where they were counted.
    """
    words = load_wording(lang)
    together: dict[tuple[Kind, str], dict[str, int | None]] = {}
    for entry in entries:
        if entry.state != state:
            continue
        name = TABLES[entry.name].title(lang) if entry.name in TABLES else entry.name
        place = entry.sheet or entry.file
        if entry.kind in _PLACED and place is not None:
            name = words.say("delivered.placed", thing=name, place=place)
        named = together.setdefault((entry.kind, entry.reason), {})
        before = named.get(name)
        named[name] = entry.rows if before is None else before + (entry.rows or 0)
    lines = []
    for kind, reason in sorted(together, key=lambda key: get_args(Kind).index(key[0])):
        names = ", ".join(
            name
            if rows is None
            else words.say(
                "delivered.counted", thing=name, rows=words.say_count("delivered.rows", rows)
            )
            for name, rows in together[kind, reason].items()
        )
        line = words.say(f"delivered.kind.{kind}", names=names)
        if reason:
            why = words.say(f"delivered.reason.{reason}")
            line = words.say("delivered.because", thing=line, why=why)
        lines.append(line)
    return lines
