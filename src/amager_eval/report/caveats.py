"""The caveats that apply, one sentence each, said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.report.document import Block, Paragraph
from amager_eval.wording.area import area_label

if TYPE_CHECKING:
    from amager_eval.goals.caveats import Caveat
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["caveat_blocks"]


def caveat_blocks(statement: Statement, words: Wording) -> list[Block]:
    """Say every caveat of the statement; areas and settings that read alike share a sentence."""
    said = dict.fromkeys(_sentence(c, statement, words) for c in statement.caveats)
    return [Paragraph(text, "note") for text in said]


def _sentence(caveat: Caveat, statement: Statement, words: Wording) -> str:
    agreement = statement.agreement
    named = [
        words.name("setting", part)
        if part in agreement.safety.settings
        else agreement.crime.label(part, words.lang)
        for part in caveat.parts
    ]
    several = caveat.kind == "boundary" and "versions" in caveat.values
    return words.say(
        f"caveat.{caveat.kind}{'_versions' if several else ''}",
        goals=words.listing(caveat.goals),
        area=area_label(agreement, caveat.area, words),
        parts=words.listing(named),
        **caveat.values,
    )
