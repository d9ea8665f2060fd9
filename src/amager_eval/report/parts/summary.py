"""Page one: the answer, how every goal part stands, one picture, what is missing and from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.figures.standings import picture_standings
from amager_eval.goals.standing import Standing
from amager_eval.indicators.partners import TOTAL
from amager_eval.report.document import Block, Bullets, Figure, Heading, Paragraph, TableBlock
from amager_eval.report.parts.area_estimate import area_estimate_sentences
from amager_eval.report.parts.lead import lead
from amager_eval.tables.goals import (
    crime_context_table,
    goals_table,
    indicators_table,
    standings_table,
)
from amager_eval.tables.record import missing_table
from amager_eval.tables.table import print_cell
from amager_eval.wording.about import bound_to
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import number
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from amager_eval.data.input import Masked
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["goal_sentences", "reservations", "summary"]


def summary(statement: Statement, words: Wording) -> list[Block]:
    """Blocks of page one."""
    words = bound_to(statement.agreement, words)
    blocks: list[Block] = [
        Heading(words.say("section.summary")),
        Paragraph(" ".join(lead(statement, words)), "lead"),
        TableBlock(goals_table(statement, words)),
    ]
    estimated = area_estimate_sentences(statement, words)
    if estimated:
        blocks.append(Paragraph(estimated, "warning"))
    standings = statement.standings
    sentences = goal_sentences(statement, words)
    if sentences:
        blocks.append(Bullets(sentences))
    picture = picture_standings(statement, words)
    if picture is not None:
        blocks.append(Figure(picture, standings_table(statement, words)))
    if any(s.kind == "crime" for s in standings) and not _measured(standings, "crime"):
        context = crime_context_table(statement, words)
        blocks += [TableBlock(context)] if len(context.frame) else []
    missing = missing_table(statement, words)
    if len(missing.frame):
        blocks.append(TableBlock(missing))
    elif all(s.known for s in standings):
        blocks.append(Paragraph(words.say("missing_text.nothing")))
    if any(s.kind == "safety" for s in standings) and not _measured(standings, "safety"):
        districts = indicators_table(statement, words)
        blocks += [TableBlock(districts)] if len(districts.frame) else []
    said = reservations(statement, words)
    return [*blocks, Bullets(said)] if said else blocks


def _measured(standings: tuple[Standing, ...], kind: str) -> bool:
    """Whether any part of the kind has a published figure of the area itself to go by."""
    own = [s for s in standings if s.kind == kind and s.known]
    return any(kind == "safety" or s.since_baseline is not None for s in own)


def goal_sentences(statement: Statement, words: Wording) -> tuple[str, ...]:
    """Say what a table cannot: what is settled for good, how the list stands, what is ahead."""
    standings = statement.standings
    said = [_settled(s, words) for s in standings if s.settled]
    said += [_partners(statement, s, words) for s in standings if s.kind == "partners" and s.known]
    said += _ahead(statement, words)
    return tuple(said)


def _settled(s: Standing, words: Wording) -> str:
    """Say that a goal's wording cannot be met any more in a part, and this year's figures."""
    key = f"summary.settled_{s.reading}"
    key = key if words.has(key) else "summary.settled"
    before, after = s.last, s.latest
    fell = before is not None and after is not None and after.value < before.value
    return words.say(
        f"{key}_fell" if fell and words.has(f"{key}_fell") else key,
        goal=s.goal,
        when=words.name("setting_when", str(s.part)),
        before="" if before is None else number(before.value, 0, words.lang),
        after="" if after is None else print_cell(after.value, "percent", words),
    )


def _partners(statement: Statement, s: Standing, words: Wording) -> str:
    goal = next(g for g in statement.agreement.goal if g.id == s.goal)
    rows = [r for r in statement.partners.to_dict(orient="records") if r["focus_area"] == TOTAL]
    found = rows[0] if rows else {}
    assert s.latest is not None
    return words.say(
        "summary.partners",
        goal=s.goal,
        verdict=words.say(f"verdict.{s.verdict}"),
        met=found.get("met", ""),
        total=found.get("activities", ""),
        share=print_cell(float(round(s.latest.value)), "percent", words),
        partners=words.name("number_word", str(goal.partners_at_least)),
        needed=print_cell(s.threshold, "percent", words),
    )


def _ahead(statement: Statement, words: Wording) -> list[str]:
    """Say how likely the area is to be as safe as the whole at the target; else its districts."""
    agreement, target = statement.agreement, statement.agreement.safety.target_wave
    if statement.year >= target:
        return []
    chances = {
        (r.area, r.setting): r.probability
        for r in statement.judged
        if (r.reading, r.year, r.response) == ("reaches_whole", target, agreement.response)
    }
    values = [
        words.say(
            "summary.ahead_value",
            probability=say_probability(p, words, about=True),
            when=words.name("setting_when", setting),
        )
        for setting in agreement.safety.settings
        if (p := chances.get((statement.facts.area, setting))) is not None
    ]
    if not values:  # the districts' stand in their own table
        return []
    listed = words.listing(values)
    return [words.say_of(agreement.response, "summary.ahead", values=listed, target=target)]


def reservations(statement: Statement, words: Wording) -> tuple[str, ...]:
    """Say what could not be done with what was delivered, and what is hidden."""
    agreement, facts, said = statement.agreement, statement.facts, []
    compared = set(statement.comparisons["area"]) if len(statement.comparisons) else set()
    own = dict.fromkeys((facts.area, *agreement.areas.indicators))
    left_out = [area_label(agreement, a, words) for a in own if a in facts.surveyed - compared]
    if left_out:
        said.append(words.say("summary.not_compared", areas=words.listing(left_out)))
    if facts.masked:
        said.append(
            words.say_count(
                "summary.masked",
                len(facts.masked),
                number=words.name("number_word", str(len(facts.masked))).capitalize(),
                listed="; ".join(_hidden(statement, words)),
            )
        )
    return tuple(said)


def _hidden(statement: Statement, words: Wording) -> list[str]:
    """Name what is hidden: area, years and what; figures of one kind share a line."""
    alike: dict[tuple[str, str], list[Masked]] = {}
    for one in statement.facts.masked:
        alike.setdefault((one.area, _what_is_hidden(one, statement, words)), []).append(one)
    return [
        words.say(
            "summary.hidden",
            area=area_label(statement.agreement, area, words),
            years=words.listing([str(y) for y in sorted({m.period for m in hidden})]),
            what=what,
        )
        for (area, what), hidden in alike.items()
    ]


def _what_is_hidden(one: Masked, statement: Statement, words: Wording) -> str:
    if one.table == "crime":
        return statement.agreement.crime.label(one.what, words.lang)
    setting, _, response = one.what.partition(", ")
    return words.say(
        "summary.hidden_answer",
        response=words.name("response", response),
        setting=words.name("setting_short", setting),
    )
