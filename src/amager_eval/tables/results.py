"""Every goal and reading: one row a goal for page one, all readings side by side, open data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from amager_eval.goals.results import evaluated_area
from amager_eval.goals.statement import RESULT_COLUMNS
from amager_eval.tables.table import Column, Table, build_table, file_stem, print_cell, records
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import MISSING, NBSP
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.spec.agreement import Goal, Reading
    from amager_eval.wording.sentences import Wording

__all__ = [
    "goal_parts",
    "goal_parts_table",
    "goals_table",
    "indicators_table",
    "joined_readings_table",
    "readings_table",
    "results_table",
    "side_by_side_table",
]


_CHANCES: Final = (
    "probability_true",
    "prior_probability_true",
    "probability_published",
    "prior_probability_published",
)


def goals_table(statement: Statement, words: Wording) -> Table:
    """One row a goal: the primary reading for the agreement's own area.

    Returns
    -------
    Table
        `goal, title, part, observed, baseline, comparison, literal_verdict, evidence_verdict,
        probability_true`; a goal of several parts has a line for each in its cells.
    """
    say = words.say
    columns = [
        Column("goal", say("column.goal"), "text", 0.65),
        Column("title", say("column.title"), "text", 2.8),
        Column("part", say("column.part"), "text", 1.85),
        Column("observed", say("column.observed"), "text", 1.0),
        Column("baseline", str(statement.agreement.safety.baseline_wave), "text", 0.85),
        Column("comparison", say("column.comparison"), "text", 1.45),
        Column("literal_verdict", say("column.literal_verdict"), "mark", 1.3),
        Column("evidence_verdict", say("column.evidence_verdict"), "mark", 1.5),
        Column("probability_true", say("column.probability_true"), "text", 1.75),
    ]
    rows = []
    for goal in statement.agreement.goal:
        parts = goal_parts(statement, goal)
        head = _head(statement, goal, parts)
        rows.append(
            (
                goal.id,
                goal.title(words.lang),
                "\n".join(_part_names(parts, words)),
                *(
                    _joined(parts, key, goal, words)
                    for key in ("observed", "baseline", "comparison")
                ),
                head.get("literal_verdict"),
                head.get("evidence_verdict"),
                _joined(parts, "probability_true", goal, words),
            )
        )
    return build_table(
        "goals", say("table.goals.title"), columns, rows,
        say("table.goals.note", area=evaluated_area(statement.data, statement.agreement)),
    )  # fmt: skip


def goal_parts_table(statement: Statement, words: Wording) -> Table:
    """List the goals as open data: one row a part, one value a cell.

    Returns
    -------
    Table
        `goal, title, part, unit, observed, observed_year, source_grade, baseline, comparison`, the
        verdicts of the goal and of the part, and `probability_true` of the part.
    """
    say = words.say
    columns = [
        Column("goal", say("column.goal")),
        Column("title", say("column.title"), width=2.8),
        Column("part", say("column.part")),
        Column("unit", say("column.unit")),
        Column("observed", say("column.observed"), "figure"),
        Column("observed_year", say("column.year"), "year"),
        Column("source_grade", say("column.source_grade")),
        Column("baseline", str(statement.agreement.safety.baseline_wave), "figure"),
        Column("comparison", say("column.comparison"), "figure"),
        Column("literal_verdict", say("column.literal_verdict"), "mark"),
        Column("evidence_verdict", say("column.evidence_verdict"), "mark"),
        Column("part_literal_verdict", say("column.part_literal_verdict"), "mark"),
        Column("part_evidence_verdict", say("column.part_evidence_verdict"), "mark"),
        Column("probability_true", say("column.probability_true"), "probability"),
    ]
    rows = []
    for goal in statement.agreement.goal:
        parts = goal_parts(statement, goal)
        head = _head(statement, goal, parts)
        rows += [
            (
                goal.id,
                goal.title(words.lang),
                _part_name(part, statement, words),
                say(f"unit.{_unit(goal, part, 'observed')}"),
                part["observed"],
                _observed_year(part),
                _grade(part),
                part["baseline"],
                part["comparison"],
                head["literal_verdict"],
                head["evidence_verdict"],
                part["literal_verdict"],
                part["evidence_verdict"],
                part["probability_true"],
            )
            for part in parts
        ]
    return build_table("goals", say("table.goals.title"), columns, rows)


def goal_parts(statement: Statement, goal: Goal) -> list[dict[str, Any]]:
    """Rows of a goal's primary reading for its own area at the target: day and night, each type."""
    agreement = statement.agreement
    area = evaluated_area(statement.data, agreement)
    primary = next(r for r in goal.reading if r.primary)
    target = {"safety": agreement.safety.target_wave, "crime": agreement.crime.target_year}
    rows = [
        row
        for row in records(statement.results)
        if row["goal"] == goal.id
        and row["reading"] == primary.id
        and row["area"] in (area, None)
        and (goal.kind not in target or row["year"] == target[goal.kind])
        and (primary.response is None or row["response"] == primary.response)
    ]
    detailed = [r for r in rows if r["setting"] is not None or r["crime_type"] is not None]
    return detailed or rows


def indicators_table(statement: Statement, words: Wording) -> Table:
    """Show the indicator districts on page one: latest, baseline, city, and two probabilities.

    Returns
    -------
    Table
        `area, setting, observed, observed_year, source_grade, baseline, comparison,
        probability_rises, probability_nearer, probability_reaches`.
    """
    say, agreement = words.say, statement.agreement
    target, response = agreement.safety.target_wave, agreement.response
    columns = [
        Column("area", say("column.area"), "text", 1.3),
        Column("setting", say("column.setting"), "text", 1.75),
        Column("setting_id", say("column.setting"), "text", shown=False, data=False),
        Column("latest", say("column.observed_wave", wave=statement.year), "text", 1.5, data=False),
        Column("observed", say("column.observed"), "percent", shown=False),
        Column("observed_year", say("column.year"), "year", shown=False),
        Column("source_grade", say("column.source_grade"), shown=False),
        Column("baseline", str(agreement.safety.baseline_wave), "percent", 0.7),
        Column("comparison", agreement.areas.whole, "percent", 1.1),
        *(
            Column(
                f"probability_{k}",
                words.say_of(response, f"column.probability_{k}", target=target),
                "probability",
                w,
            )
            for k, w in (("rises", 1.2), ("nearer", 1.4), ("reaches", 1.5))
        ),
    ]
    keyed = {
        (r["area"], r["setting"], r["reading"]): r
        for r in records(statement.results)
        if r["response"] == response and r["year"] == target and r["setting"] is not None
    }
    rows = []
    for area in agreement.areas.indicators:
        for setting in agreement.safety.settings:
            one = {
                reading: keyed.get((area, setting, reading), {})
                for reading in ("rises_every_year", "shortfall_smaller", "reaches_whole")
            }
            first = next((r for r in one.values() if r), {})
            if first.get("observed") is None:
                continue
            rows.append(
                (
                    area,
                    words.name("setting", setting),
                    setting,
                    _observed(first, statement.year, words),
                    first["observed"],
                    _observed_year(first),
                    _grade(first),
                    first["baseline"],
                    first["comparison"],
                    one["rises_every_year"].get("probability_true"),
                    one["shortfall_smaller"].get("probability_true"),
                    one["reaches_whole"].get("probability_true"),
                )
            )
    return build_table(
        "indicators",
        say("table.indicators.title", share=words.name("response_of", response)),
        columns,
        rows,
        words.say_of(response, "table.indicators.note"),
    )


def readings_table(statement: Statement, area: str, words: Wording) -> Table:
    """All readings of the safety and crime goals for one area, side by side.

    Returns
    -------
    Table
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
    for row in records(statement.results):
        goal = goals[row["goal"]]
        if row["area"] != area or (row["setting"] is None and row["crime_type"] is None):
            continue
        reading = find_reading(goal, row)
        rows.append(
            (
                row["goal"],
                _reading_name(reading, words),
                _part_name(row, statement, words),
                *(row[c.key] for c in columns[3:]),
            )
        )
    return build_table(
        f"readings_{file_stem(area)}", say("table.readings.title", area=area), columns, rows,
        say("table.readings.note"),
    )  # fmt: skip


def side_by_side_table(statement: Statement, areas: Sequence[str], words: Wording) -> Table:
    """Every reading at its target year, area after area; readings without a figure left out.

    Returns
    -------
    Table
        `goal, reading, part, area`, both verdicts and both probabilities, each with its value
        without data in brackets.
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
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in _at_target(statement, areas):
        key = (row["goal"], row["reading"], row["response"], row["setting"], row["crime_type"])
        found.setdefault(key, []).append(row)
    rows = [
        (
            row["goal"],
            _reading_name(find_reading(goals[row["goal"]], row), words),
            _part_name(row, statement, words),
            area_label(agreement, row["area"], words),
            row["literal_verdict"],
            row["evidence_verdict"],
            *(_with_prior(row, kind, words) for kind in ("true", "published")),
            *(row[k] for k in _CHANCES),
        )
        for of_reading in found.values()
        for row in of_reading
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

    Parameters
    ----------
    statement : Statement
    areas : sequence of str
    words : Wording
    primary : bool
        Only each goal's primary reading.

    Returns
    -------
    Table
        `goal, reading`, and as lines of a cell `part`, both verdicts and the probabilities of the
        true share, without data, and of the published one.
    """
    say, agreement = words.say, statement.agreement
    wide = len(areas) > 1
    columns = [
        Column("goal", say("column.goal"), "text", 0.95),
        Column("reading", say("column.reading"), "text", 3.0 if wide else 4.2),
        Column("part", say("column.part"), "text", 4.5 if wide else 2.65),
        Column("literal_verdict", say("column.literal_short"), "mark", 2.75),
        Column("evidence_verdict", say("column.evidence_short"), "mark", 3.35),
        Column("probability_true", say("column.true"), "probability", 1.95),
        Column("prior_probability_true", say("column.prior"), "probability", 1.95),
        Column("probability_published", say("column.published"), "probability", 1.95),
    ]
    goals = {g.id: g for g in agreement.goal}
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in _at_target(statement, areas):
        if not primary or find_reading(goals[row["goal"]], row).primary:
            found.setdefault((row["goal"], row["reading"], row["response"]), []).append(row)
    rows = [
        (
            parts[0]["goal"],
            _reading_name(find_reading(goals[parts[0]["goal"]], parts[0]), words),
            _lines(_line_name(p, statement, words, name_area=wide) for p in parts),
            *(_lines(print_cell(p[c.key], c.kind, words) for p in parts) for c in columns[3:]),
        )
        for parts in found.values()
    ]
    stem = "primary" if primary else "print"
    texts = "table.primary_readings" if primary else "table.side_by_side"
    return build_table(
        f"readings_{stem}",
        say(
            f"{texts}.title", areas=words.listing([area_label(agreement, a, words) for a in areas])
        ),
        # already printed, line by line; a mark is not hyphenated
        [*columns[:2], *(replace(c, kind="mark") for c in columns[2:])],
        rows,
        say(f"table.{'primary' if primary else 'joined'}_readings.note"),
    )


def _lines(cells: Iterable[str]) -> str:
    """Join a line a part; no line may break, or those of one part would stand apart."""
    return "\n".join(cell.replace(" ", NBSP) for cell in cells)


def _line_name(
    row: Mapping[str, Any], statement: Statement, words: Wording, *, name_area: bool
) -> str:
    """Short name of a line: its part, and where several areas stand together its area."""
    part = str(row["setting"] or row["crime_type"])
    if part == "total":
        part = statement.agreement.crime.label(part, words.lang)
    name = words.name("setting_short", part)
    if not name_area:
        return "" if row["crime_type"] == "total" else name
    area = area_label(statement.agreement, row["area"], words)
    return words.say("table.area_part", area=area, part=name)


def _at_target(statement: Statement, areas: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the parts of the safety and crime readings at the target year, where known."""
    agreement = statement.agreement
    target = {"safety": agreement.safety.target_wave, "crime": agreement.crime.target_year}
    kinds = {g.id: g.kind for g in agreement.goal}
    return [
        row
        for row in records(statement.results)
        if row["area"] in areas
        and (row["setting"] is not None or row["crime_type"] is not None)
        and (row["baseline"] is not None or row["probability_true"] is not None)
        and row["year"] == target.get(kinds[row["goal"]])
    ]


def _reading_name(reading: Reading, words: Wording) -> str:
    label = reading.label(words.lang)
    return words.say("table.primary", reading=label) if reading.primary else label


def _with_prior(row: Mapping[str, Any], kind: str, words: Wording) -> str:
    """Print a probability and, in brackets, what it would be without the data."""
    value, prior = row[f"probability_{kind}"], row[f"prior_probability_{kind}"]
    if value is None:
        return MISSING
    return words.say(
        "table.with_prior",
        value=say_probability(value, words),
        prior=say_probability(prior, words),
    )


def results_table(statement: Statement, words: Wording) -> Table:
    """Every row of the statement, for open data; lists and intervals as plain columns."""
    kinds = {
        "year": "year",
        "observed": "decimal",
        "baseline": "decimal",
        "comparison": "decimal",
        "interval_low": "decimal",
        "interval_high": "decimal",
        "literal_verdict": "mark",
        "evidence_verdict": "mark",
    }
    keys: list[str] = []
    for key in RESULT_COLUMNS:
        keys += ["interval_low", "interval_high"] if key == "interval" else [key]
    columns = [
        Column(
            k,
            words.name("column", k),
            "probability" if "probability" in k else kinds.get(k, "text"),  # type: ignore[arg-type]
        )
        for k in keys
    ]
    rows = []
    for row in records(statement.results):
        interval = row["interval"] or {}
        flat = row | {
            "interval_low": interval.get("low"),
            "interval_high": interval.get("high"),
            "notes": "; ".join(row["notes"] or []),
        }
        rows.append([flat[k] for k in keys])
    return build_table("results", words.say("table.results.title"), columns, rows)


def find_reading(goal: Goal, row: Mapping[str, Any]) -> Reading:
    """Return the declared reading a row is about."""
    same = [r for r in goal.reading if r.id == row["reading"]]
    return next((r for r in same if r.response == row["response"]), same[0])


def _head(statement: Statement, goal: Goal, parts: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Find the overall row of a goal: the first of its rows, which unites the parts."""
    own = [r for r in records(statement.results) if r["goal"] == goal.id]
    overall = [r for r in own if r["setting"] is None and r["crime_type"] is None]
    return next(iter(overall or parts), {})


def _part_name(row: Mapping[str, Any], statement: Statement, words: Wording) -> str:
    if row["setting"] is not None:
        return words.name("setting", row["setting"])
    if row["crime_type"] is not None:
        return statement.agreement.crime.label(row["crime_type"], words.lang)
    return ""


def _unit(goal: Goal, row: Mapping[str, Any], key: str) -> Any:
    if key.startswith("probability"):
        return "probability"
    if goal.kind == "crime":
        return "rate" if row["reading"] == "hold_rate" else "count"
    return "percent"


def _joined(parts: list[dict[str, Any]], key: str, goal: Goal, words: Wording) -> str:
    """Cells of several parts in one, a line for each."""
    cells = [print_cell(p[key], _unit(goal, p, key), words) for p in parts]
    return MISSING if set(cells) <= {MISSING} else "\n".join(cells)


def _part_names(parts: list[dict[str, Any]], words: Wording) -> list[str]:
    """Short names of the parts of a goal; its unit where there is one part with a rate."""
    if len(parts) < 2:
        rate = bool(parts) and parts[0]["reading"] == "hold_rate"
        return [words.say("crime_form.rate")] if rate else []
    return [words.name("setting_short", str(p["setting"] or p["crime_type"])) for p in parts]


def _observed(row: Mapping[str, Any], year: int, words: Wording) -> str:
    """Print a published figure with the wave it is from where not the statement's, and mark C."""
    text, wave = print_cell(row["observed"], "percent", words), _observed_year(row)
    if wave != year:
        text = words.say("table.other_wave", cell=text, wave=wave)
    return words.say("table.grade_c", cell=text) if _grade(row) else text


def _observed_year(row: Mapping[str, Any]) -> int | None:
    """Year the observed figure is from: the row's own unless it says another."""
    if row["observed"] is None:
        return None
    said = [str(n) for n in row["notes"] or [] if str(n).startswith("observed is ")]
    return int(said[0].rsplit(" ", 1)[-1]) if said else int(row["year"])


def _grade(row: Mapping[str, Any]) -> str | None:
    """Mark C where the figure, or the whole's beside it, was not checked against the report."""
    return "C" if any(str(n).startswith("grade C") for n in row["notes"] or []) else None
