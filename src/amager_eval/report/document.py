"""The appendix as blocks, in reading order; the PDF and the page are two renderings of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from amager_eval.figures.drawing.picture import Picture
    from amager_eval.tables.table import Table

__all__ = [
    "Block",
    "Bullets",
    "Document",
    "Figure",
    "Heading",
    "Paragraph",
    "Quote",
    "Run",
    "TableBlock",
    "Where",
    "pictures",
    "runs",
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
class Quote:
    """Words of another text in a block's own, in their language, whatever the document's."""

    text: str
    lang: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; a `warning` is set apart, a `lead` is the answer in larger letters."""

    text: str
    kind: Literal["body", "lead", "note", "warning"] = "body"
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]
    quotes: tuple[Quote, ...] = ()


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


class Run(NamedTuple):
    """A stretch of text; `lang` is empty where it is the document's."""

    text: str
    lang: str


@dataclass(frozen=True, eq=False)
class Document:
    """The appendix."""

    #: What it is.
    title: str
    subtitle: str
    description: str
    blocks: tuple[Block, ...]  #: In reading order
    lang: str  #: Language of the text
    year: int  #: Survey wave
    #: Marks on every page.
    synthetic: bool
    draft: bool
    #: Documents of `models/` that a draft rests on though they are not registered as they stand.
    unregistered: tuple[str, ...] = ()
    #: Who sends it, under which case and when, as one line; empty where nothing is known.
    sent_by: str = ""


def pictures(document: Document) -> tuple[Picture, ...]:
    """Every picture of the document."""
    return tuple(b.picture for b in document.blocks if isinstance(b, Figure))


def runs(text: str, quotes: Sequence[Quote], lang: str) -> tuple[Run, ...]:
    """Cut a text where a quotation in another language than the document's begins and ends.

    Examples
    --------
    >>> [tuple(run) for run in runs("Goal: “flere trygge”.", [Quote("flere trygge", "da")], "en")]
    [('Goal: “', ''), ('flere trygge', 'da'), ('”.', '')]
    """
    for quote in quotes:
        before, found, after = text.partition(quote.text)
        if found and quote.lang != lang:
            own = Run(quote.text, quote.lang)
            every = (*runs(before, quotes, lang), own, *runs(after, quotes, lang))
            return tuple(run for run in every if run.text)
    return (Run(text, ""),)


def tables(blocks: Sequence[Block]) -> tuple[Table, ...]:
    """Every table of the blocks, those behind figures too, each once."""
    found = [b.table for b in blocks if isinstance(b, TableBlock) and b.where != "print"]
    found += [b.numbers for b in blocks if isinstance(b, Figure) and b.numbers is not None]
    return tuple({t.id: t for t in found}.values())
