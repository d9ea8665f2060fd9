"""The appendix as PDF/UA-1 and PDF/A-3a: tagged, in one language, data attached, fonts inside."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pikepdf
import typst

from amager_eval.errors import AmagerEvalError
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

if TYPE_CHECKING:
    from amager_eval.report.document import Block
    from amager_eval.tables.table import Table
    from amager_eval.wording.sentences import Wording

__all__ = ["Attachment", "PdfError", "write_pdf"]

_STANDARDS: Final[list[Literal["ua-1", "a-3a"]]] = ["ua-1", "a-3a"]


class PdfError(AmagerEvalError):
    """The PDF could not be made as asked; a warning of the compiler counts as an error."""

    exit_code = 1


class Attachment:
    """A file attached to the PDF."""

    def __init__(self, path: Path, mime: str, description: str, relationship: str) -> None:
        self.path, self.mime = path, mime
        self.description, self.relationship = description, relationship


def write_pdf(
    document: Document,
    words: Wording,
    figures: Mapping[str, Path],
    attachments: Sequence[Attachment],
    fonts: Path,
    out: Path,
) -> None:
    """Write the document as one PDF.

    Byte-identical for the same document. Attachments travel inside the PDF; system fonts are not
    used. A `PdfError` where the compiler failed or warned.
    """
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        source = files("amager_eval.report.forms").joinpath("appendix.typ")
        (root / "appendix.typ").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        for path in figures.values():
            shutil.copy(path, root / path.name)
        for one in attachments:
            shutil.copy(one.path, root / one.path.name)
        data = _as_data(document, words, figures, attachments)
        (root / "document.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        pdf = _compile(root, fonts, document.year)
    out.write_bytes(pdf)
    mark_row_headers(out)


def _compile(root: Path, fonts: Path, year: int) -> bytes:
    """Compile; the timestamp is the statement's year, so the same statement gives the same file."""
    try:
        pdf, warnings = typst.compile_with_warnings(
            str(root / "appendix.typ"),
            root=str(root),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            pdf_standards=[*_STANDARDS],
            timestamp=int(dt.datetime(year, 1, 1, tzinfo=dt.UTC).timestamp()),
        )
    except typst.TypstError as error:
        raise PdfError(f"the PDF could not be made: {error}") from error
    if warnings:
        raise PdfError("the PDF compiler warned: " + "; ".join(str(w.message) for w in warnings))
    result: bytes = pdf
    return result


def _as_data(
    document: Document,
    words: Wording,
    figures: Mapping[str, Path],
    attachments: Sequence[Attachment],
) -> dict[str, object]:
    """Collect what the template reads."""
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "sent_by": document.sent_by,
        "description": document.description,
        "author": "amager_eval",
        "lang": words.say("language.code"),
        "region": words.say("language.region"),
        "marks": marks(document, words),
        "notes": notes(document, words),
        "page": words.say("document.page", page="{page}", pages="{pages}"),
        "attachments": [
            {
                "path": a.path.name,
                "mime": a.mime,
                "description": a.description,
                "relationship": a.relationship,
            }
            for a in attachments
        ],
        "blocks": [
            data for b in document.blocks if (data := _block(b, words, figures)) is not None
        ],
    }


def _block(block: Block, words: Wording, figures: Mapping[str, Path]) -> dict[str, object] | None:
    match block:
        case Heading(text, level, new_page):
            return {"type": "heading", "text": text, "level": level, "newpage": new_page}
        case Paragraph(text, kind, quotes):
            cut = [run._asdict() for run in runs(text, quotes, words.lang)]
            return {"type": "paragraph", "runs": cut, "kind": kind}
        case Bullets(items, quotes):
            lines = [[r._asdict() for r in runs(item, quotes, words.lang)] for item in items]
            return {"type": "bullets", "items": lines} if items else None
        case TableBlock(table, where):
            return _table(table, words) if where != "page" else None
        case Figure(picture, _):
            return {
                "type": "figure",
                "path": figures[picture.id].name,
                "alt": f"{picture.title}. {picture.alt}",
                "caption": picture.caption,
            }
    raise TypeError(f"a block of an unknown kind: {type(block).__name__}")


def _table(table: Table, words: Wording) -> dict[str, object]:
    return {
        "type": "table",
        "title": table.title,
        "note": table.note,
        "widths": [c.width for c in table.shown],
        "aligns": ["right" if c.numeric else "left" for c in table.shown],
        "header": [c.label for c in table.shown],
        "rows": table.rows(words),
    }


def mark_row_headers(path: Path) -> None:
    """Make the first cell of every body row its header; the typesetter knows column headers."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for row in _elements(pdf.Root.StructTreeRoot, "TR"):
            cells = _children(row)
            if cells and cells[0].get("/S") == "/TD":
                cells[0].S = pikepdf.Name("/TH")
                cells[0].A = pikepdf.Dictionary(
                    O=pikepdf.Name("/Table"), Scope=pikepdf.Name("/Row")
                )
        _end_streams_plainly(pdf)
        # streams as they are, and no object streams: their ends could not be looked at
        pdf.save(
            path,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            compress_streams=False,
        )


def _end_streams_plainly(pdf: pikepdf.Pdf) -> None:
    """Rewrite a stream that ends in a carriage return: readers take it for the line's end.

    The last byte of a compressed stream is one of its checksum's, whatever the compression: such
    a stream is written in hexadecimal, which ends in `>`.
    """
    both = pikepdf.Array([pikepdf.Name("/ASCIIHexDecode"), pikepdf.Name("/FlateDecode")])
    for one in pdf.objects:
        if isinstance(one, pikepdf.Stream) and one.read_raw_bytes().endswith(b"\r"):
            packed = zlib.compress(one.read_bytes(), 9)
            one.write(packed.hex().encode() + b">", filter=both)


def _elements(element: pikepdf.Object, kind: str) -> list[pikepdf.Object]:
    """Structure elements of a kind under an element, in reading order."""
    found, waiting = [], _children(element)
    while waiting:
        one = waiting.pop(0)
        if one.get("/S") == f"/{kind}":
            found.append(one)
        waiting = _children(one) + waiting
    return found


def _children(element: pikepdf.Object) -> list[pikepdf.Object]:
    kids = element.get("/K")
    if kids is None:
        return []
    every = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    return [k for k in every if isinstance(k, pikepdf.Dictionary) and "/S" in k]
