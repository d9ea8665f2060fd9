"""What marks a document on every page, and what it says of itself before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amager_eval.report.document import Document
    from amager_eval.wording.sentences import Wording

__all__ = ["marks", "notes"]


def marks(document: Document, words: Wording) -> list[str]:
    """Words that stand on every page; empty for a status that may be used."""
    return [words.say(f"document.{key}") for key in _flags(document)]


def notes(document: Document, words: Wording) -> list[str]:
    """Say why it is marked, a sentence or two each, under the title."""
    said = [words.say(f"document.{key}_note") for key in _flags(document)]
    if document.unregistered:
        said.append(
            words.say_count(
                "document.unregistered_note",
                len(document.unregistered),
                documents=words.listing(document.unregistered),
            )
        )
    return said


def _flags(document: Document) -> list[str]:
    flags = {"synthetic": document.synthetic, "draft": document.draft}
    return [key for key, on in flags.items() if on]
