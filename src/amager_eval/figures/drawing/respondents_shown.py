"""Say under a figure how many answers its shares rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.wording.numbers import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amager_eval.goals.facts import Facts
    from amager_eval.wording.sentences import Wording

__all__ = ["respondents_shown"]


def respondents_shown(
    facts: Facts,
    areas: Sequence[str],
    words: Wording,
    names: Mapping[str, str],
    *,
    since: int = 0,
) -> str:
    """Say how many answers a wave's figures rest on, area by area; "" where none is known.

    One sentence; an n that is assumed is said to be one.
    """
    said = []
    for area in areas:
        waves = {
            wave
            for (name, _, _), shares in facts.cells.items()
            if name == area
            for wave in shares
            if wave >= since
        }
        sizes = [s for s in (facts.respondents(area, wave) for wave in sorted(waves)) if s]
        if not sizes:
            continue
        low, high = (number(x, 0, words.lang) for x in (f(s.n for s in sizes) for f in (min, max)))
        n = low if low == high else words.say("table.range", low=low, high=high)
        key = "assumed" if any(s.assumed for s in sizes) else "known"
        said.append(words.say(f"figure.respondents.{key}", area=names.get(area, area), n=n))
    return words.say("figure.respondents.all", areas="; ".join(said)) if said else ""
