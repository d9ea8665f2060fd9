"""The appendix as one self-contained web page: no outside request, readable on a phone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from amager_eval.figures.draw import NARROW
from amager_eval.report.document import (
    Bullets,
    Document,
    Figure,
    Heading,
    Paragraph,
    TableBlock,
    runs,
)
from amager_eval.report.parts.marks import marks, notes
from amager_eval.tables.table import file_stem

if TYPE_CHECKING:
    from amager_eval.report.document import Block
    from amager_eval.tables.table import Table
    from amager_eval.wording.sentences import Wording

__all__ = ["render_page"]


def render_page(
    document: Document,
    words: Wording,
    figures: Mapping[str, Path],
    downloads: Sequence[tuple[str, str]] = (),
) -> str:
    """Render the document as HTML.

    Figures are SVGs by file name without ending, put into the page; downloads are the address of a
    file beside the page, and what it is: `pdf`, `annex`, `word`, `workbook`, `tables` or `data`.
    One HTML document with its style inside.
    """
    folder = files("amager_eval.report.forms")
    template = folder.joinpath("appendix.html.jinja").read_text(encoding="utf-8")
    style = folder.joinpath("appendix.css").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    blocks = [b for block in document.blocks if (b := _block(block, words, figures)) is not None]
    return environment.from_string(template).render(
        document=document,
        style=Markup(style),
        blocks=blocks,
        contents=[b for b in blocks if b["type"] == "heading"],
        marks=marks(document, words),
        notes=notes(document, words),
        downloads=downloads,
        say=words.say,
    )


def _block(block: Block, words: Wording, figures: Mapping[str, Path]) -> dict[str, object] | None:
    match block:
        case Heading(text, level, _):
            return {"type": "heading", "text": text, "level": level, "id": file_stem(text)}
        case Paragraph(text, kind, quotes):
            return {"type": "paragraph", "runs": runs(text, quotes, words.lang), "kind": kind}
        case Bullets(items, quotes):
            cut = [runs(item, quotes, words.lang) for item in items]
            return {"type": "bullets", "items": cut} if items else None
        case TableBlock(table, where):
            return _table(table, words) if where != "print" else None
        case Figure(picture, numbers):
            return {
                "type": "figure",
                "id": picture.id,
                "drawings": {
                    "wide": _inline(figures[picture.id]),
                    "narrow": _inline(figures[picture.id + NARROW]),
                },
                "title": picture.title,
                "caption": picture.caption,
                "numbers": _table(numbers, words) if numbers is not None else None,
            }
    raise TypeError(f"a block of an unknown kind: {type(block).__name__}")


def _table(table: Table, words: Wording) -> dict[str, object]:
    return {
        "type": "table",
        "id": table.id,
        "title": table.title,
        "note": table.note,
        "columns": [
            {"label": c.label.replace("\n", " "), "numeric": c.numeric} for c in table.shown
        ],
        "rows": [[cell.split("\n") for cell in row] for row in table.rows(words)],
    }


def _inline(path: Path) -> Markup:
    """Return the SVG as an element whose ids are its own: a page holds several."""
    text, prefix = path.read_text(encoding="utf-8"), path.stem
    text = text[text.index("<svg") :]
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    own = {i for i in ids if not i.startswith(f"{prefix}-")}
    text = re.sub(
        r'\bid="([^"]+)"',
        lambda m: f'id="{prefix}-{m[1]}"' if m[1] in own else m[0],
        text,
    )
    text = re.sub(
        r'(url\(#|href="#)([^)"]+)',
        lambda m: f"{m[1]}{prefix}-{m[2]}" if m[2] in own else m[0],
        text,
    )
    # a reader's device may lack the font: without a name after it the letters would get serifs
    text = text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    start = text[: text.index(">") + 1]
    return Markup(re.sub(r' (width|height)="[^"]*"', "", start) + text[len(start) :])
