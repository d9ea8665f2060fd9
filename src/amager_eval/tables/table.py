"""A table: raw values with typed columns, printed alike in the PDF, the page and the workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from amager_eval.wording.numbers import MISSING, decimals_of, number, percent, signed, unbroken
from amager_eval.wording.probability import say_probability
from amager_eval.wording.sentences import Wording

__all__ = ["Column", "Kind", "Table", "build_table", "file_stem", "print_cell", "records"]

#: What a cell holds, which decides how it is printed and which type it has in open data.
type Kind = Literal[
    "text",
    "mark",  # text with a symbol in print, raw word in data
    "year",
    "percent",  # 0 to 100, a published figure with the decimals it has
    "share",  # 0 to 1, whole percent
    "points",  # percentage points, signed
    "probability",  # 0 to 1, printed to the nearest 5 % with a word elsewhere
    "chance",  # 0 to 1, computed without sampling: one decimal
    "rate",  # per 1,000, one decimal
    "count",
    "figure",  # a number with the decimals it has, at most one
    "decimal",  # two decimals
    "rhat",  # three decimals
    "flag",
]

_WORDS: Final = frozenset({"text", "mark", "flag"})


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    key: str  #: Name in open data: lower case, no blanks, the same in every language
    label: str  #: Heading in print
    kind: Kind = "text"  #: What its cells hold
    width: float = 1.0  #: Relative width in print
    shown: bool = True  #: Whether it is printed
    #: Whether open data and workbook hold it; False where print composes it of other columns.
    data: bool = True

    @property
    def numeric(self) -> bool:
        """Whether its cells are numbers."""
        return self.kind not in _WORDS


@dataclass(frozen=True, eq=False)
class Table:
    """A table and its heading."""

    id: str  #: File name without ending
    title: str  #: What it shows, as a heading
    columns: tuple[Column, ...]  #: In order; the first shown one names the row
    frame: pd.DataFrame  #: Raw values, one column per `Column.key`
    note: str = ""  #: What a reader must know: n, what an interval means, source

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that are printed."""
        return tuple(c for c in self.columns if c.shown)

    @property
    def in_data(self) -> tuple[Column, ...]:
        """The columns that open data hold: one value a cell."""
        return tuple(c for c in self.columns if c.data)

    def rows(self, words: Wording) -> list[list[str]]:
        """Print the cells of the shown columns, row by row."""
        return [
            [print_cell(row[c.key], c.kind, words) for c in self.shown]
            for row in self.frame.to_dict(orient="records")
        ]


def build_table(
    identity: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any] | Mapping[str, Any]],
    note: str = "",
) -> Table:
    """Build a table from rows in the order of its columns, or by its keys."""
    keys = [c.key for c in columns]
    cells = [[r[k] for k in keys] if isinstance(r, Mapping) else list(r) for r in rows]
    frame = pd.DataFrame(cells, columns=keys, dtype=object)
    return Table(identity, title, tuple(columns), frame, note)


def print_cell(value: Any, kind: Kind, words: Wording) -> str:
    """Print one cell.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> da = load_wording("da")
    >>> print_cell(22.24, "rate", da), print_cell(None, "count", da), print_cell(-2.0, "points", da)
    ('22,2', '–', '−2')
    """
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return MISSING
    match kind:
        case "percent":
            return percent(float(value) / 100, decimals_of(value), words.lang)
        case "share":
            return percent(float(value), 0, words.lang)
        case "chance":
            return percent(float(value), 1, words.lang)
        case "points":
            return signed(float(value), decimals_of(value), words.lang)
        case "probability":
            return say_probability(float(value), words)
        case "rate":
            return number(float(value), 1, words.lang)
        case "count":
            return number(float(value), 0, words.lang)
        case "figure":
            return number(float(value), decimals_of(value), words.lang)
        case "decimal":
            return number(float(value), 2, words.lang)
        case "rhat":
            return number(float(value), 3, words.lang)
        case "year":
            return str(int(value))
        case "flag":
            return words.say("table.yes" if value else "table.no")
        case "mark":
            symbol = words.name("symbol", str(value))
            label = words.name("verdict", str(value))
            return f"{symbol} {label}" if symbol != str(value) else label
        case _:
            return unbroken(str(value))


#: A row of a frame by its columns; what is missing is None.
type Row = dict[str, Any]


def records(frame: pd.DataFrame) -> list[Row]:
    """Rows of a frame as dicts in which what is missing is None."""
    return [
        {
            str(k): None if v is pd.NA or (isinstance(v, float) and v != v) else v
            for k, v in row.items()
        }
        for row in frame.to_dict(orient="records")
    ]


def file_stem(text: str) -> str:
    """Make a file name of a name: lower case, Danish letters spelled out.

    Examples
    --------
    >>> file_stem("Amager Øst (2025)")
    'amager_oest_2025'
    """
    spelled = text.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    return "_".join(re.findall(r"[a-z0-9]+", spelled))
