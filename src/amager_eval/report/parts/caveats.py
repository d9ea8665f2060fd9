"""The caveats that apply, one sentence each, said once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from amager_eval.report.document import Block, Paragraph
from amager_eval.wording.area import area_label

if TYPE_CHECKING:
    from amager_eval.goals.caveats import Caveat
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["caveat_blocks"]


def caveat_blocks(statement: Statement, words: Wording) -> list[Block]:
    """Say every caveat of the statement; goals, areas and settings that read alike share one."""
    said: dict[str, list[Caveat]] = {}
    for caveat in statement.caveats:
        said.setdefault(_sentence(caveat, [], [], statement, words), []).append(caveat)
    texts = [
        _sentence(
            alike[0],
            list(dict.fromkeys(g for c in alike for g in c.goals)),
            list(dict.fromkeys(c.area for c in alike)),
            statement,
            words,
        )
        for alike in said.values()
    ]
    return [Paragraph(text, "note") for text in texts]


def _sentence(
    caveat: Caveat, goals: Sequence[str], areas: Sequence[str], statement: Statement, words: Wording
) -> str:
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
        goals=words.listing(goals),
        area=words.listing([area_label(agreement, a, words) for a in areas]),
        parts=words.listing(named),
        **caveat.values,
    )
