"""The safety plan on the page: partners and one activity, then the chain per focus area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.figures.partner_activities import picture_activities
from amager_eval.report.document import Block, Figure, Heading, Paragraph, TableBlock
from amager_eval.tables.plan import partners_table, plan_indicators_table, plan_table
from amager_eval.tables.record import activities_table
from amager_eval.wording.numbers import date, number, percent

if TYPE_CHECKING:
    from amager_eval.goals.partners.plan import PlanChain
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["activity_blocks", "plan_blocks"]


def activity_blocks(statement: Statement, words: Wording) -> list[Block]:
    """Share of activities with enough partners, split, and what one activity would change."""
    goal = next((g for g in statement.agreement.goal if g.kind == "partners"), None)
    if goal is None:
        return []
    picture = picture_activities(statement, words)
    heading = Heading(words.say("section.activities"))
    if picture is None:
        return [heading, Paragraph(words.say("activities.absent"), "warning")]
    blocks: list[Block] = [heading, Figure(picture, activities_table(statement, words))]
    return blocks


def plan_blocks(statement: Statement, words: Wording) -> list[Block]:
    """Draw the theory of change: the list's age, the money, and the chain of every focus area."""
    chain = statement.plan
    if chain is None:
        return []
    say = words.say
    months = statement.agreement.plan.renewed_within_months
    dated = date(chain.list_date, words.lang) if chain.list_date else ""
    blocks: list[Block] = [Heading(say("section.plan")), Paragraph(say("plan.intro"))]
    if chain.list_date:
        key = "plan.list" if chain.list_version else "plan.list_dated"
        blocks.append(Paragraph(say(key, version=chain.list_version, date=dated)))
    blocks += [
        Paragraph(
            say(
                f"plan.{warning}",
                date=dated,
                months=months,
                version=chain.list_version,
                held_on=date(chain.held_on, words.lang),
            ),
            "warning",
        )
        for warning in chain.warnings
    ]
    money = _money(chain, words)
    if money:
        blocks.append(Paragraph(money))
    if len(statement.partners):
        blocks.append(TableBlock(partners_table(statement, words)))
    blocks.append(TableBlock(plan_table(statement, words, short=True), "print"))
    blocks.append(TableBlock(plan_table(statement, words), "page"))
    indicators = plan_indicators_table(statement, words)
    # where nothing of the area was measured, there is nothing to list
    signals = [s for f in chain.focus for e in f.expects for s in e.signals]
    measured = any(s.signal != "not_measured" for s in signals)
    return [*blocks, TableBlock(indicators)] if measured else blocks


def _money(chain: PlanChain, words: Wording) -> str:
    """Hold the amounts of the list against what the agreement sets aside a year."""
    budget, allocated = chain.budget_dkk, chain.allocated_dkk_per_year
    said = {
        "budget": number(budget, 0, words.lang),
        "allocated": number(allocated, 0, words.lang),
    }
    if budget is not None and allocated:
        share = percent(budget / allocated, 0, words.lang)
        return words.say("plan.money", share=share, **said)
    if budget is not None:
        return words.say("plan.money_alone", **said)
    if not allocated:
        return ""
    listed = "no_list" not in chain.warnings
    return words.say("plan.money_unknown" if listed else "plan.money_no_list", **said)
