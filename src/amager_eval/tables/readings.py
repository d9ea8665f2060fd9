"""Every reading of the goals: for one area, side by side, and joined for print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from amager_eval.tables.table import Column, Table, build_table, file_stem, print_cell
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import MISSING, NBSP
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from amager_eval.goals.result import Result
    from amager_eval.goals.statement import Statement
    from amager_eval.spec.agreement import Goal, Reading
    from amager_eval.wording.sentences import Wording


#: Letters set on half a letter's room, and those on one and a half.
_NARROW: Final = f"fijlrt,.:;() {NBSP}"
_BROAD: Final = "mw%●▲■○◇"

__all__ = ["find_reading", "joined_readings_table", "readings_table", "side_by_side_table"]

_CHANCES: Final = (
    "probability_true",
    "prior_probability_true",
    "probability_published",
    "prior_probability_published",
)
_JUDGED: Final = ("year", "literal_verdict", "evidence_verdict", *_CHANCES)


def readings_table(statement: Statement, area: str, words: Wording) -> Table:
    """All readings of the safety and crime goals for one area, side by side.

    One row per goal, reading, answer, setting or type and year.
    """
    say = words.say
    columns = [
        Column("goal", say("column.goal"), "text", 0.45),
        Column("reading", say("column.reading"), "text", 3.4),
        Column("part", say("column.part"), "text", 1.15),
        Column("year", say("column.year"), "year", 0.55),
        Column("literal_verdict", say("column.literal_verdict"), "mark", 1.35),
        Column("evidence_verdict", say("column.evidence_verdict"), "mark", 1.5),
        Column("probability_true", say("column.true"), "probability", 0.85),
        Column("prior_probability_true", say("column.prior"), "probability", 0.85),
        Column("probability_published", say("column.published"), "probability", 0.85),
        Column("prior_probability_published", say("column.prior"), "probability", 0.85),
    ]
    goals = {g.id: g for g in statement.agreement.goal}
    rows = []
    for one in statement.judged:
        if one.area != area or one.part is None:
            continue
        cells = one.row()
        rows.append(
            (
                one.goal,
                _reading_name(find_reading(goals[one.goal], one), words),
                _part_name(one, statement, words),
                *(cells[c] for c in _JUDGED),
            )
        )
    return build_table(
        f"readings_{file_stem(area)}", say("table.readings.title", area=area), columns, rows,
        say("table.readings.note"),
    )  # fmt: skip


def side_by_side_table(statement: Statement, areas: Sequence[str], words: Wording) -> Table:
    """Every reading at its target year, area after area; readings without a figure left out.

    `goal, reading, part, area`, both verdicts and both probabilities, each with its value without
    data in brackets.
    """
    say, agreement = words.say, statement.agreement
    columns = [
        Column("goal", say("column.goal"), "text", 0.7),
        Column("reading", say("column.reading"), "text", 6.6),
        Column("part", say("column.part"), "text", 2.0),
        Column("area", say("column.area"), "text", 1.4, shown=len(areas) > 1),
        Column("literal_verdict", say("column.literal_short"), "mark", 1.5),
        Column("evidence_verdict", say("column.evidence_short"), "mark", 1.7),
        Column("true", say("column.true"), "text", 1.7, data=False),
        Column("published", say("column.published"), "text", 1.7, data=False),
        *(Column(k, say(f"column.{k}"), "probability", shown=False) for k in _CHANCES),
    ]
    goals = {g.id: g for g in agreement.goal}
    found: dict[tuple[str | None, ...], list[Result]] = {}
    for one in _at_target(statement, areas):
        key = (one.goal, one.reading, one.response, one.setting, one.crime_type)
        found.setdefault(key, []).append(one)
    rows = [
        (
            one.goal,
            _reading_name(find_reading(goals[one.goal], one), words),
            _part_name(one, statement, words),
            area_label(agreement, str(one.area), words),
            one.literal,
            one.evidence,
            *_with_prior(one, words),
            *(cells[k] for k in _CHANCES),
        )
        for of_reading in found.values()
        for one in of_reading
        for cells in (one.row(),)
    ]
    return build_table(
        f"readings_{file_stem(areas[0])}_side_by_side"
        if len(areas) == 1
        else "readings_side_by_side",
        say(
            "table.side_by_side.title",
            areas=words.listing([area_label(agreement, a, words) for a in areas]),
        ),
        columns,
        rows,
        say("table.side_by_side.note"),
    )


def joined_readings_table(
    statement: Statement, areas: Sequence[str], words: Wording, *, primary: bool = False
) -> Table:
    """Every reading at its target year, one row a reading with a line for each area and part.

    `goal, reading`, and as lines of a cell `part`, both verdicts and the probabilities of the true
    share, without data, and of the published one. `primary` keeps each goal's primary reading.
    """
    say, agreement = words.say, statement.agreement
    wide = len(areas) > 1
    columns = [
        Column("goal", say("column.goal"), "text", 4.0),
        Column("reading", say("column.reading"), "text", 11.0 if wide else 18.0),
        Column("part", say("column.part")),
        Column("literal_verdict", say("column.literal_short"), "mark"),
        Column("evidence_verdict", say("column.evidence_short"), "mark"),
        Column("probability_true", say("column.true"), "probability"),
        Column("prior_probability_true", say("column.prior"), "probability"),
        Column("probability_published", say("column.published"), "probability"),
    ]
    goals = {g.id: g for g in agreement.goal}
    found: dict[tuple[str | None, ...], list[Result]] = {}
    for one in _at_target(statement, areas):
        if not primary or find_reading(goals[one.goal], one).primary:
            found.setdefault((one.goal, one.reading, one.response), []).append(one)
    rows = [
        (
            parts[0].goal,
            _reading_name(find_reading(goals[parts[0].goal], parts[0]), words),
            _lines(_line_name(p, statement, words, name_area=wide) for p in parts),
            *(_lines(_cell(p, c, words) for p in parts) for c in columns[3:]),
        )
        for parts in found.values()
    ]
    stem = "primary" if primary else "print"
    texts = "table.primary_readings" if primary else "table.side_by_side"
    # already printed, line by line; as wide as the lines are, for none may break
    lined = [replace(c, kind="mark", width=_widest(c, rows, i)) for i, c in enumerate(columns)]
    return build_table(
        f"readings_{stem}",
        say(
            f"{texts}.title", areas=words.listing([area_label(agreement, a, words) for a in areas])
        ),
        [*columns[:2], *lined[2:]],
        rows,
        say(f"table.{'primary' if primary else 'joined'}_readings.note"),
    )


def _widest(column: Column, rows: Sequence[Sequence[str]], at: int) -> float:
    """Count the letters of a column's longest line, or word of its heading."""
    lines = [line for row in rows for line in row[at].split("\n")]
    heading = max(map(_breadth, column.label.split()))
    return 2 + max(1.15 * heading, *map(_breadth, lines))  # headings are bold


def _breadth(text: str) -> float:
    """Estimate how broad a text is set, in letters: an i is half of one, a sign one and a half."""
    narrow, broad = (sum(text.count(c) for c in of) for of in (_NARROW, _BROAD))
    return len(text) - 0.45 * narrow + 0.5 * broad


def _lines(cells: Iterable[str]) -> str:
    """Join a line a part; no line may break, or those of one part would stand apart."""
    return "\n".join(cell.replace(" ", NBSP) for cell in cells)


def _part_name(one: Result, statement: Statement, words: Wording) -> str:
    """Name the part a result is about: a setting or a type; nothing where there is none."""
    if one.setting is not None:
        return words.name("setting", one.setting)
    if one.crime_type is not None:
        return statement.agreement.crime.label(one.crime_type, words.lang)
    return ""


def _line_name(one: Result, statement: Statement, words: Wording, *, name_area: bool) -> str:
    """Short name of a line: its part, and where several areas stand together its area."""
    part = str(one.part)
    if part == "total":
        part = statement.agreement.crime.label(part, words.lang)
    name = words.name("setting_short", part)
    if not name_area:
        return "" if one.crime_type == "total" else name
    area = area_label(statement.agreement, str(one.area), words)
    return words.say("table.area_part", area=area, part=name)


def _at_target(statement: Statement, areas: Sequence[str]) -> list[Result]:
    """Results of the parts of the safety and crime readings at the target year, where known."""
    agreement = statement.agreement
    target = {"safety": agreement.safety.target_wave, "crime": agreement.crime.target_year}
    kinds = {g.id: g.kind for g in agreement.goal}
    return [
        one
        for one in statement.judged
        if one.area in areas
        and one.part is not None
        and one.known
        and one.year == target.get(kinds[one.goal])
    ]


def _reading_name(reading: Reading, words: Wording) -> str:
    label = reading.label(words.lang)
    return words.say("table.primary", reading=label) if reading.primary else label


def _cell(one: Result, column: Column, words: Wording) -> str:
    if column.key == "probability_published" and one.failed:
        return words.say("standing.failed")
    return print_cell(one.row()[column.key], column.kind, words)


def _with_prior(one: Result, words: Wording) -> tuple[str, str]:
    """Print both probabilities and, in brackets, what each would be without the data."""
    chances = one.probabilities
    if chances is None:
        return MISSING, MISSING

    def said(value: float | None, prior: float | None) -> str:
        return words.say(
            "table.with_prior",
            value=say_probability(value, words),
            prior=say_probability(prior, words),
        )

    published = said(chances.published, chances.prior_published)
    return (
        said(chances.true, chances.prior_true),
        words.say("standing.failed") if one.failed else published,
    )


def find_reading(goal: Goal, one: Result) -> Reading:
    """Return the declared reading a result is about."""
    same = [r for r in goal.reading if r.id == one.reading]
    return next((r for r in same if r.response == one.response), same[0])
