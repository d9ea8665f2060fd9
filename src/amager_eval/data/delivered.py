"""What was delivered and what became of it: used, read and not used, or not read, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from amager_eval.wording.sentences import Lang, load_wording

__all__ = ["Delivered", "Kind", "State", "delivered_line"]

Kind = Literal[
    "file", "sheet", "column", "rows", "status", "area", "crime_type", "definition", "setting"
]
#: `used`: read and used; `unused`: read and not used; `unread`: not read.
State = Literal["used", "unused", "unread"]


@dataclass(frozen=True)
class Delivered:
    """One thing of a delivery and what became of it.

    Parameters
    ----------
    kind : str
        A file, a sheet, a column, rows, a status, an area, a crime type, a definition, a setting.
    name : str
        Its name as it was delivered; of rows, the table they are of. Never a person's answer or a
        report.
    state : {"used", "unused", "unread"}
        Used, read and not used, or not read.
    rows : int or None
        How many rows (of a register: reports; of a survey: respondents) it is about.
    reason : str
        Why it was not used or not read, by its code in the catalogue.
    file, sheet : str or None
        Where it stands.

    Examples
    --------
    >>> print(delivered_line(Delivered("file", "noter.xlsx", "unread", reason="format"), "en"))
    not read: the file noter.xlsx (of a folder, CSV files and what a mapping names are read)
    """

    kind: Kind
    name: str
    state: State
    rows: int | None = None
    reason: str = ""
    file: str | None = None
    sheet: str | None = None


def delivered_line(entry: Delivered, lang: Lang = "en") -> str:
    """Write an entry as one line, in the language of the reader."""
    words = load_wording(lang)
    thing = words.say(f"delivered.kind.{entry.kind}", name=entry.name)
    if entry.file is not None and entry.file != entry.name and entry.kind != "file":
        place = entry.file if entry.sheet is None else f"{entry.file}, {entry.sheet}"
        thing = words.say("delivered.placed", thing=thing, place=place)
    if entry.rows is not None:
        rows = words.say_count("delivered.rows", entry.rows)
        thing = words.say("delivered.counted", thing=thing, rows=rows)
    if entry.reason:
        why = words.say(f"delivered.reason.{entry.reason}")
        thing = words.say("delivered.because", thing=thing, why=why)
    return words.say(f"delivered.state.{entry.state}", thing=thing)
