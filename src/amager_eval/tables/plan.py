"""The safety plan in tables: the chain per focus area, its indicators, its partners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amager_eval.goals.partners.split import ONE_ACTIVITY
from amager_eval.indicators.partners import TOTAL
from amager_eval.spec.theory import indicator_parts
from amager_eval.tables.table import Column, Kind, Table, build_table, print_cell, records
from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from amager_eval.goals.partners.plan import ExpectedChange, FocusChain
    from amager_eval.goals.partners.signals import Signal
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = [
    "partners_table",
    "plan_indicators_table",
    "plan_parts_table",
    "plan_signals_table",
    "plan_table",
]

_PLACES = ("inside", "both", "outside")
_COUNTS = ("activity_count", "partner_count", "outside_partner_count")


def plan_table(statement: Statement, words: Wording, *, short: bool = False) -> Table:
    """One row a focus area: activities, partners, money, and what its indicators show.

    `focus_area, activities, partners, budget_dkk, expects`; in open data how many activities and
    partners there are, :func:`plan_parts_table` and :func:`plan_signals_table` name them. `short`
    counts the activities without naming them, and leaves what the indicators show to the table of
    indicators: the length of the list then does not matter.
    """
    say = words.say
    columns = [
        Column("focus_area", say("column.focus_area"), "text", 2.2 if short else 1.5),
        Column("activities", say("column.chain_activities"), "text", 1.0 if short else 2.2,
               data=False),
        Column("partners", say("column.partners"), "text", 2.9 if short else 1.7, data=False),
        *(Column(k, say(f"column.{k}"), "count", shown=False) for k in _COUNTS),
        Column("budget_dkk", say("column.budget_dkk"), "count", 0.9),
        Column(
            "expects",
            say("column.expected" if short else "column.expects"),
            "text",
            2.7 if short else 4.2,
            data=False,
        ),
    ]  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    listed = statement.plan is not None and "no_list" not in statement.plan.warnings
    for focus in statement.plan.focus if statement.plan is not None else ():
        count = number(len(focus.activities), 0, words.lang)
        named = words.listing(focus.activities)
        activities = count if short else say("plan.activities", count=count, names=named)
        partners = list(focus.partners)
        if focus.outside_partners:
            partners.append(say("plan.outside", names=words.listing(focus.outside_partners)))
        expects = [
            line
            for e in focus.expects
            for line in _expected(e, statement, words)[: 1 if short else None]
        ]
        rows.append(
            (
                focus_name(focus, words),
                activities if focus.activities else None,
                ", ".join(partners) or None,
                *(len(named) if listed else None for _, named in _parts(focus)),
                focus.budget_dkk,
                "\n".join(expects) or say("plan.expected_none"),
            )
        )
    note = say("table.plan.note_short" if short else "table.plan.note")
    return build_table("plan", say("table.plan.title"), columns, rows, note)


def plan_parts_table(statement: Statement, words: Wording) -> Table:
    """Name every activity and partner of a focus area, one a row, for open data."""
    columns = [Column(k, words.say(f"column.{k}")) for k in ("focus_area", "part", "name")]
    rows = [
        (focus_name(focus, words), words.say(f"plan.part_{part}"), name)
        for focus in (statement.plan.focus if statement.plan is not None else ())
        for part, names in _parts(focus)
        for name in names
    ]
    return build_table("plan_parts", words.say("table.plan_parts.title"), columns, rows)


def _parts(focus: FocusChain) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Take apart what the list names in a focus area, kind by kind."""
    return (
        ("activity", focus.activities),
        ("partner", focus.partners),
        ("outside_partner", focus.outside_partners),
    )


def plan_indicators_table(statement: Statement, words: Wording) -> Table:
    """List every indicator the theory of change names, once, with the figures behind its signal."""
    columns = [
        Column("indicator", words.say("column.indicator"), "text", 2.4),
        Column("change", words.say("column.change_since"), "text", 2.2, data=False),
        Column("signal", words.say("column.signal"), "text", 2.4),
    ]
    signals = {
        s.indicator: s
        for focus in (statement.plan.focus if statement.plan is not None else ())
        for expected in focus.expects
        for s in expected.signals
    }
    rows = [
        (_indicator(s.indicator, statement, words), _change(s, words), _signal(s, words))
        for s in signals.values()
    ]
    title, note = words.say("table.plan_indicators.title"), words.say("table.plan_indicators.note")
    return build_table("plan_indicators", title, columns, rows, note)


def plan_signals_table(statement: Statement, words: Wording) -> Table:
    """Every indicator of the theory of change with its signal, for open data."""
    kinds: dict[str, Kind] = {
        "better": "flag",
        "before": "decimal",
        "after": "decimal",
        "year_before": "year",
        "year_after": "year",
    }
    keys = ("focus_area", "term", "expected", "indicator", "signal", "direction", *kinds)
    columns = [Column(k, words.say(f"column.{k}"), kinds.get(k, "text")) for k in keys]
    rows = []
    for focus in statement.plan.focus if statement.plan is not None else ():
        for expected in focus.expects:
            for s in expected.signals:
                direction = words.name("direction", s.direction) if s.direction else None
                rows.append(
                    (
                        focus_name(focus, words),
                        words.say(f"plan.term_{expected.term}"),
                        _label(expected, words),
                        _indicator(s.indicator, statement, words),
                        words.name("signal", s.signal),
                        direction,
                        *(getattr(s, k) for k in kinds),
                    )
                )
    return build_table("plan_signals", words.say("table.plan_signals.title"), columns, rows)


def partners_table(statement: Statement, words: Wording) -> Table:
    """Activities with enough partners per focus area, where the partners are, one more or less.

    `focus_area, activities, met, share, inside, both, outside` and the shares of
    :data:`~amager_eval.goals.partners.split.ONE_ACTIVITY`.
    """
    goal = next(g for g in statement.agreement.goal if g.kind == "partners")
    say = words.say
    found = records(statement.partners)
    unplaced = any(r["unstated"] for r in found)
    columns = [
        Column("focus_area", say("column.focus_area"), "text", 2.6),
        Column("activities", say("column.activities"), "count", 1.1),
        Column("met", say("column.met"), "count", 0.9),
        Column("share", say("column.share"), "share", 0.8),
        *(Column(k, say(f"column.{k}"), "count", 0.8, shown=not unplaced) for k in _PLACES),
        *(Column(k, say(f"column.{k}"), "share", 0.9) for k in ONE_ACTIVITY),
    ]
    names = {f.focus_area: f for f in (statement.plan.focus if statement.plan else ())}
    rows = []
    for row in found:
        area = row["focus_area"]
        named = focus_name(names[area], words) if area in names else area
        cells = {**row, "focus_area": say("table.total") if area == TOTAL else named}
        cells |= dict.fromkeys(_PLACES) if unplaced else {}
        rows.append(cells)
    goal_share = percent(goal.threshold, 0, words.lang)
    places = say("table.partners.unplaced" if unplaced else "table.partners.placed")
    note = [places, say("table.partners.note", goal=goal_share)]
    title = say("table.partners.title", partners=goal.partners_at_least)
    return build_table("partners", title, columns, rows, " ".join(note))


def focus_name(focus: FocusChain, words: Wording) -> str:
    """Name a focus area in the language."""
    return (focus.label_en or focus.focus_area) if words.lang == "en" else focus.focus_area


def _label(expected: ExpectedChange, words: Wording) -> str:
    first, second = expected.label_da, expected.label_en
    return (first or second) if words.lang == "da" else (second or first)


def _expected(expected: ExpectedChange, statement: Statement, words: Wording) -> list[str]:
    """Lines of a cell: what is expected, then the indicators that say alike."""
    lines = [words.say(f"plan.expected_{expected.term}", what=_label(expected, words))]
    alike: dict[str, list[str]] = {}
    for s in expected.signals:
        alike.setdefault(_signal(s, words), []).append(_indicator(s.indicator, statement, words))
    lines += [
        words.say("plan.signal", indicators="; ".join(named), signal=signal)
        for signal, named in alike.items()
    ]
    return lines


def _indicator(indicator: str, statement: Statement, words: Wording) -> str:
    kind, *which = indicator_parts(indicator)
    if kind == "safety":
        return words.say(
            "plan.indicator_safety",
            response=words.name("response_of", which[1]),
            setting=words.name("setting", which[0]),
        )
    return statement.agreement.crime.label(which[0], words.lang) if kind == "crime" else which[0]


def _signal(signal: Signal, words: Wording) -> str:
    key: str = signal.signal
    if key == "moved":
        key = "moved_better" if signal.better else "moved_worse"
    return words.say(f"plan.{key}")


def _change(signal: Signal, words: Wording) -> str | None:
    """Print the figures behind a signal."""
    if signal.before is None or signal.after is None:
        return None
    safety = indicator_parts(signal.indicator)[0] == "safety"
    kind: Kind = "percent" if safety else "count"
    return words.say(
        "plan.change",
        before=print_cell(signal.before, kind, words),
        after=print_cell(signal.after, kind, words),
        year_before=signal.year_before,
        year_after=signal.year_after,
    )
