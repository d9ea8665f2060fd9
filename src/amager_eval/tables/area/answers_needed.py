"""How many answers to order so that a rise is seen, and what they cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from amager_eval.goals.power import ANSWERS_QUESTION
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.tables.table import Column, Table, build_table, records
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import decimals_of, number, percent

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["answers_needed_table"]


def answers_needed_table(statement: Statement, words: Wording) -> Table:
    """List the answers to order in each of two surveys, the number of today, and the price.

    `area, setting, n, needed, more, price`: answers a survey, and Danish kroner a survey for those
    needed, by the agreement's price of an answer; without one the column is not there.
    """
    say, agreement = words.say, statement.agreement
    price = None if agreement.funding is None else agreement.funding.dkk_per_answer
    columns = [
        Column("area", say("column.area"), "text", 1.5),
        Column("setting", say("column.setting"), "text", 1.2),
        Column("n", say("column.answers_now"), "count"),
        Column("needed", say("column.answers_needed"), "count"),
        Column("more", say("column.answers_more"), "count"),
        Column("price", say("column.answers_price"), "count", shown=price is not None),
    ]
    power = statement.power
    rows = []
    if len(power):
        asked = power[
            (power["question"] == ANSWERS_QUESTION)
            & (power["deff"] == agreement.verdicts.default_deff)
            & (power["area"] != agreement.areas.whole)
        ]
        for row in records(asked):
            needed, now = math.ceil(row["value"]), round(row["n"])
            cost = None if price is None else needed * price
            rows.append(
                [
                    area_label(agreement, str(row["area"]), words),
                    words.name("setting", str(row["setting"])),
                    now,
                    needed,
                    max(0, needed - now),
                    cost,
                ]
            )
    key = "table.answers_needed.note" + ("" if price is not None else "_no_price")
    declared = load_assumptions().power
    points = number(declared.points, decimals_of(declared.points), words.lang)
    note = say(
        key,
        points=points,
        power=percent(declared.power, 0, words.lang),
        price="" if price is None else number(price, 0, words.lang),
        deff=number(agreement.verdicts.default_deff, 1, words.lang),
    )
    return build_table(
        "answers_needed", say("table.answers_needed.title", points=points), columns, rows, note
    )
