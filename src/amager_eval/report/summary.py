"""Page one: one row a goal, one sentence a goal, what is missing and what would decide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from amager_eval.conventions import crime_year_of_wave
from amager_eval.goals.crime.results import annual_figures
from amager_eval.goals.results import evaluated_area
from amager_eval.goals.safety.published_shares import published_shares
from amager_eval.report.document import Block, Bullets, Heading, Paragraph, TableBlock
from amager_eval.tables.goals import goal_parts, goals_table
from amager_eval.tables.indicators import indicators_table
from amager_eval.tables.record import missing_table
from amager_eval.tables.table import print_cell, records
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import MISSING
from amager_eval.wording.probability import probability_word, say_probability

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.spec.agreement import Goal
    from amager_eval.tables.table import Kind
    from amager_eval.wording.sentences import Wording

__all__ = ["goal_sentences", "indicator_sentences", "reservations", "summary"]


def summary(statement: Statement, words: Wording) -> list[Block]:
    """Blocks of page one."""
    goals = goals_table(statement, words)
    indicators = indicators_table(statement, words)
    missing = missing_table(statement, words)
    heads = records(goals.frame)
    is_open = [r for r in heads if r["literal_verdict"] == "ikke opgjort"]
    missed = [r for r in is_open if MISSING in (r["observed"], r["baseline"])]
    no_own_safety = goals.frame["observed"].iloc[0] == MISSING
    lead = (
        [] if is_open else [words.say_count("summary.lead_none_open", len(heads), goals=len(heads))]
    )
    if missed:
        lead.append(_lead("open", len(missed), len(heads), words))
        if no_own_safety and len(indicators.frame):
            areas = words.listing(list(statement.agreement.areas.indicators))
            lead.append(words.say("summary.lead_districts", areas=areas))
    kinds = {g.id: g.kind for g in statement.agreement.goal}
    gaps = [r for r in is_open if r not in missed and _is_past(statement, kinds[r["goal"]])]
    if gaps:
        lead.append(_lead("gap", len(gaps), len(heads), words))
    due = len(is_open) - len(missed) - len(gaps)
    if due:
        target = statement.agreement.safety.target_wave
        lead.append(_lead("due", due, len(heads), words, target=target))
    blocks: list[Block] = [
        Paragraph(" ".join(lead)),
        TableBlock(goals),
        Bullets(goal_sentences(statement, words)),
    ]
    if len(indicators.frame):
        blocks.append(TableBlock(indicators))
        if no_own_safety:
            blocks.append(Bullets(tuple(indicator_sentences(statement, words))))
    if len(missing.frame):
        blocks.append(TableBlock(missing))
    else:
        blocks.append(Paragraph(words.say("missing_text.nothing")))
    blocks.append(Bullets(reservations(statement, words)))
    return [Heading(words.say("section.summary")), *blocks]


def _lead(what: str, some: int, goals: int, words: Wording, **values: object) -> str:
    """Say how many of the goals are so; the only one, all and one have sentences of their own."""
    which = "_only" if goals == 1 else "_all" if some == goals else "_one" if some == 1 else ""
    return words.say(f"summary.lead_{what}{which}", open=some, goals=goals, **values)


def reservations(statement: Statement, words: Wording) -> tuple[str, ...]:
    """Say what could not be done with what was delivered, and what is hidden."""
    agreement, data, said = statement.agreement, statement.data, []
    if data.safety is not None:
        compared = set(statement.comparisons["area"]) if len(statement.comparisons) else set()
        known = set(data.safety["area"])
        own = dict.fromkeys((evaluated_area(data, agreement), *agreement.areas.indicators))
        left_out = [area_label(agreement, a, words) for a in own if a in known - compared]
        if left_out:
            said.append(words.say("summary.not_compared", areas=words.listing(left_out)))
    if data.masked:
        said.append(
            words.say(
                "summary.masked", count=len(data.masked), threshold=agreement.disclosure.threshold
            )
        )
    return tuple(said)


def _is_past(statement: Statement, kind: str) -> bool:
    """Whether the year a goal is about has come: what is open then is open for want of a figure."""
    agreement = statement.agreement
    if kind == "safety":
        return statement.year >= agreement.safety.target_wave
    return crime_year_of_wave(statement.year) >= agreement.crime.target_year


def goal_sentences(statement: Statement, words: Wording) -> tuple[str, ...]:
    """Say how the goals stand, in whole sentences; goals that stand alike share them."""
    heads = {str(r["goal"]): r for r in records(goals_table(statement, words).frame)}
    alike: dict[tuple[str, ...], list[Goal]] = {}
    for goal in statement.agreement.goal:
        alone = _sentences(statement, [goal], heads[goal.id], words, named="")
        alike.setdefault(alone, []).append(goal)
    return tuple(
        " ".join(
            _sentences(
                statement, goals, heads[goals[0].id], words,
                named=words.listing([g.id for g in goals]),
            )
        )
        for goals in alike.values()
    )  # fmt: skip


def _sentences(
    statement: Statement, goals: Sequence[Goal], head: dict[str, Any], words: Wording, *, named: str
) -> tuple[str, ...]:
    """Say how goals that stand alike do: their verdicts, latest figures, and what is ahead."""
    goal, agreement, many = goals[0], statement.agreement, len(goals)
    parts = goal_parts(statement, goal)
    values = _values(parts, goal, words, statement)
    latest = [words.say("summary.latest", values=values)] if values else []
    literal, evidence = head["literal_verdict"], head["evidence_verdict"]
    if literal != "ikke opgjort":
        return (
            words.say_count(f"summary.literal.{literal}", many, goals=named),
            words.say_count(f"summary.evidence.{evidence}", many),
            *latest,
        )
    area = evaluated_area(statement.data, agreement)
    if head["observed"] == MISSING or goal.kind == "partners":
        hidden = any(str(n).startswith("masked") for p in parts for n in p["notes"] or [])
        key = "masked_goal" if goal.kind == "crime" and hidden else f"absent_{goal.kind}"
        return (words.say_count(f"summary.{key}", many, goals=named, area=area),)
    target = {"safety": agreement.safety.target_wave, "crime": agreement.crime.target_year}
    year = target[goal.kind]
    probability = _probabilities(parts, words)
    likely = [words.say("summary.probability", probability=probability)]
    if _is_past(statement, goal.kind):
        gap = words.say_count("summary.gap", many, goals=named, area=area, target=year)
        none = [words.say("summary.no_probability")]
        return (gap, *latest, *(none if probability == MISSING else likely))
    lost = [
        words.name("setting_short", str(p["setting"] or p["crime_type"]))
        for p in parts
        if p["literal_verdict"] == "ikke nået"
    ]
    # one year that fails settles "every year", while the goal's other part is still open
    more = [words.say("summary.already_failed", parts=words.listing(lost))] if lost else []
    return (
        words.say_count("summary.open", many, goals=named),
        *latest,
        words.say_count(f"summary.decided_{goal.kind}", many, target=year),
        *([words.say("summary.no_probability_yet")] if probability == MISSING else likely),
        *more,
    )


def _values(parts: list[dict[str, Any]], goal: Goal, words: Wording, statement: Statement) -> str:
    """Latest figures against the year before and the baseline, part by part."""
    values = []
    for part in parts:
        if part["observed"] is None:
            continue
        unit: Kind = "percent"
        if goal.kind == "crime":
            unit = "rate" if part["reading"] == "hold_rate" else "count"
        key = "summary.value_rate" if len(parts) == 1 and unit == "rate" else "summary.value"
        key = "summary.value_partners" if goal.kind == "partners" else key
        shown = {k: print_cell(part[k], unit, words) for k in ("observed", "comparison")}
        text = words.say(key, earlier=_earlier(statement, part, unit, words), **shown)
        values.append(_named(part, text, len(parts), words))
    return "; ".join(values)  # each is itself a list of years


def _earlier(statement: Statement, part: Mapping[str, Any], unit: Kind, words: Wording) -> str:
    """Say the figure of the year before the latest, and the baseline's."""
    data, agreement, crime_type = statement.data, statement.agreement, part.get("crime_type")
    known: dict[int, float | None] = {}
    if crime_type is not None:
        since, latest = agreement.crime.baseline_year, crime_year_of_wave(statement.year)
        of_years = annual_figures(data, part["area"], crime_type, agreement.crime.definition)
        known = {y: f.rate if unit == "rate" else f.count for y, f in of_years.items()}
    else:
        since, latest = agreement.safety.baseline_wave, statement.year
        if data.safety is not None and part.get("setting") is not None:
            of_waves = published_shares(
                data.safety, part["area"], part["setting"], part["response"]
            )
            known = {w: f.percent for w, f in of_waves.items()}
    years = sorted(y for y, value in known.items() if y <= latest and value is not None)
    told = [(y, known[y]) for y in years[-2:-1] if y != since]
    told.append((since, part["baseline"]))
    return words.listing(
        [
            words.say("summary.earlier", value=print_cell(value, unit, words), year=year)
            for year, value in told
        ]
    )


def _probabilities(parts: list[dict[str, Any]], words: Wording) -> str:
    texts = [
        _named(
            p,
            say_probability(p["probability_true"], words, about=True, word=True),
            len(parts),
            words,
        )
        for p in parts
        if p["probability_true"] is not None
    ]
    return words.listing(texts) or MISSING


def _named(part: dict[str, Any], text: str, of: int, words: Wording) -> str:
    if of == 1:
        return text
    name = words.name("setting_short", str(part["setting"] or part["crime_type"]))
    return words.say("table.part_cell", name=name, cell=text)


def indicator_sentences(statement: Statement, words: Wording) -> list[str]:
    """One sentence per indicator district and setting: where it stands, and 2028."""
    agreement, target = statement.agreement, statement.agreement.safety.target_wave
    sentences = []
    for row in records(indicators_table(statement, words).frame):
        probability = row["probability_reaches"]
        if probability is None or probability != probability:
            continue
        sentences.append(
            words.say_of(
                agreement.response,
                "summary.indicator",
                area=row["area"],
                setting=words.name("setting_when", row["setting_id"]),
                observed=row["latest"],
                earlier=_earlier(
                    statement,
                    row | {"setting": row["setting_id"], "response": agreement.response},
                    "percent",
                    words,
                ),
                comparison=print_cell(row["comparison"], "percent", words),
                target=target,
                word=probability_word(probability, words),
                probability=say_probability(probability, words, about=True),
            )
        )
    return sentences
