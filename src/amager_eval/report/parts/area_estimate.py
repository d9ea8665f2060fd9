"""The estimate of an unmeasured area in the appendix: words on page one, a section after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.figures.area_estimate import picture_area_estimate
from amager_eval.report.document import Block, Figure, Heading, Paragraph, TableBlock
from amager_eval.tables.area.estimate import (
    area_bands_table,
    area_samples_table,
    area_steps_table,
)
from amager_eval.trends.area.design import nested_of, unmeasured_blocks
from amager_eval.wording.figure import band_text
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["area_estimate_blocks", "area_estimate_sentences"]


def area_estimate_sentences(statement: Statement, words: Wording) -> str:
    """Say what is estimated, on what it rests and what it cannot show, or why it is withheld."""
    area, agreement = statement.area, statement.agreement
    if area is None:
        # too few draws read the area's own figures: nothing rests on them, and it is said
        own = statement.diagnostics[statement.diagnostics["model"] == "area_estimate"]
        if len(own) and not own["passed"].all() and not statement.draft:
            return words.say("area_estimate.own_withheld", area=statement.facts.area)
        return ""
    if not area.shown:
        return words.say("area_estimate.withheld", area=area.area)
    last = _last_measured(statement)
    response, target = agreement.response, agreement.safety.target_wave
    levels, reaches = [], []
    for setting in agreement.safety.settings:
        when = words.name("setting_when", setting)
        band, found = area.band(setting, response, target), area.probability(setting, response)
        if band is not None:
            levels.append(words.say("area_estimate.value", band=band_text(band, words), when=when))
        if found is not None:
            reaches.append(
                words.say(
                    "area_estimate.reaches",
                    probability=say_probability(found[0], words),
                    prior=say_probability(found[1], words),
                    when=when,
                )
            )
    said = [
        words.say("area_estimate.unmeasured", area=area.area)
        if last is None
        else words.say("area_estimate.unmeasured_since", area=area.area, last=last),
        words.say_of(
            response, "area_estimate.levels", rests=_rests(statement, words), target=target,
            levels=words.listing(levels),
        ),
    ]  # fmt: skip
    if reaches:
        said.append(words.say("area_estimate.reach", target=target, values=words.listing(reaches)))
    said.append(words.say("area_estimate.shows_nothing"))
    if area.delivered or nested_of(agreement).own_shares:
        makeup = "delivered" if area.delivered else "assumed"
        said.append(words.say(f"area_estimate.makeup_{makeup}"))
    return " ".join(said)


def _last_measured(statement: Statement) -> int | None:
    """Last wave with a figure of the area itself; None where there never was one."""
    names = statement.agreement.areas.evaluated.names
    return max((f.wave for f in statement.facts.survey if f.area in names), default=None)


def _rests(statement: Statement, words: Wording) -> str:
    """Say which evidence it rests on."""
    area = statement.area
    assert area is not None
    count = sum(area.evidence.values())
    if not count:
        return words.say("area_estimate.rests_alone")
    waves = [f.wave for f in statement.facts.survey if f.area in area.evidence]
    said = words.say("area_estimate.rests_figures", count=count, first=min(waves), last=max(waves))
    return words.say("area_estimate.rests_stated", figures=said) if area.stated else said


def area_estimate_blocks(statement: Statement, words: Wording) -> list[Block]:
    """Give the section: the figure, the bands, every step of evidence, what a sample is worth."""
    if statement.area is None or not statement.area.shown:
        return []
    blocks: list[Block] = [
        Heading(words.say("section.area_estimate")),
        Paragraph(words.say("area_estimate.intro"), "warning"),
    ]
    picture, bands = (
        picture_area_estimate(statement, words),
        area_bands_table(statement, words),
    )
    blocks.append(TableBlock(bands) if picture is None else Figure(picture, bands))
    if _partly_unmeasured(statement):
        blocks.append(Paragraph(words.say("area_estimate.alike"), "note"))
    blocks.append(TableBlock(area_steps_table(statement, words)))
    blocks.append(TableBlock(area_samples_table(statement, words)))
    said = [words.say("area_estimate.crime")]
    literal = nested_of(statement.agreement).crime_literal
    if literal:
        said.append(words.say("area_estimate.crime_literal", literal=literal))
    blocks.append(Paragraph(" ".join(said), "note"))
    return blocks


def _partly_unmeasured(statement: Statement) -> bool:
    """Whether a part of the area was never measured while others were: the bands rest on both."""
    area = statement.area
    assert area is not None
    nested = nested_of(statement.agreement)
    seen = [p.of for p in nested.published if set(p.area) & set(area.evidence)]
    return bool(seen) and bool(unmeasured_blocks(nested, seen))
