"""The appendix as blocks, in reading order; the PDF and the page are two renderings of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from amager_eval.figures.picture import Picture
    from amager_eval.tables.table import Table

__all__ = [
    "Block",
    "Bullets",
    "Document",
    "Figure",
    "Heading",
    "Paragraph",
    "TableBlock",
    "Where",
    "pictures",
    "tables",
]

#: Where a table is shown: everywhere, on the web page alone (long), or in print alone (cut).
type Where = Literal["everywhere", "page", "print"]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the document's title."""

    text: str
    level: int = 2
    new_page: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Running text; a `warning` is set apart."""

    text: str
    kind: Literal["body", "note", "warning"] = "body"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TableBlock:
    """A table and where it is printed."""

    table: Table
    where: Where = "everywhere"


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture and the table of its numbers, which the page opens under it."""

    picture: Picture
    numbers: Table | None = None


type Block = Heading | Paragraph | Bullets | TableBlock | Figure


@dataclass(frozen=True, eq=False)
class Document:
    """The appendix.

    Parameters
    ----------
    title, subtitle, description : str
        What it is.
    blocks : tuple of Block
        In reading order.
    lang : str
        Language of the text.
    year : int
        Survey wave.
    synthetic, draft : bool
        Marks on every page.
    """

    title: str
    subtitle: str
    description: str
    blocks: tuple[Block, ...]
    lang: str
    year: int
    synthetic: bool
    draft: bool


def pictures(document: Document) -> tuple[Picture, ...]:
    """Every picture of the document."""
    return tuple(b.picture for b in document.blocks if isinstance(b, Figure))


def tables(blocks: Sequence[Block]) -> tuple[Table, ...]:
    """Every table of the blocks, those behind figures too, each once."""
    found = [b.table for b in blocks if isinstance(b, TableBlock) and b.where != "print"]
    found += [b.numbers for b in blocks if isinstance(b, Figure) and b.numbers is not None]
    return tuple({t.id: t for t in found}.values())
