"""The pages after page one: safety, forecast, crime, goals, power, method, record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amager_eval.figures.crime_types import crime_area, picture_crime_types
from amager_eval.figures.drawing.labels import YEARS_BEFORE
from amager_eval.figures.part_whole import picture_part_whole
from amager_eval.figures.probabilities import picture_probabilities
from amager_eval.figures.safety_fan import picture_safety_fan
from amager_eval.figures.safety_history import picture_safety_history
from amager_eval.figures.sensitivity import picture_sensitivity
from amager_eval.goals.crime.context import crime_context
from amager_eval.goals.sensitivity import USED
from amager_eval.report.document import (
    Block,
    Bullets,
    Figure,
    Heading,
    Paragraph,
    Quote,
    TableBlock,
)
from amager_eval.report.parts.area_estimate import area_estimate_blocks
from amager_eval.report.parts.caveats import caveat_blocks
from amager_eval.report.parts.ledger import changed_documents, guard, ledger, ledger_numbers
from amager_eval.report.parts.plan import activity_blocks, plan_blocks
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.tables.area.answers_needed import answers_needed_table
from amager_eval.tables.area.known import area_known_table, side_of_whole
from amager_eval.tables.crime import crime_table, crime_years_table, district_totals_table
from amager_eval.tables.crime_power import crime_power_table
from amager_eval.tables.readings import (
    joined_readings_table,
    readings_table,
    side_by_side_table,
)
from amager_eval.tables.record import (
    diagnostics_table,
    inputs_table,
    replaced_table,
    sources_table,
    versions_table,
)
from amager_eval.tables.safety import (
    changes_table,
    comparisons_table,
    forecast_table,
    power_table,
    probabilities_table,
    published_table,
)
from amager_eval.tables.sensitivity import sensitivity_table
from amager_eval.tables.since_last import since_last_table
from amager_eval.tables.table import records
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.numbers import date, number
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from amager_eval.goals.statement import Statement
    from amager_eval.spec.agreement import Claim, Goal, Statbank
    from amager_eval.trends.fit import Forecast
    from amager_eval.wording.sentences import Wording

__all__ = ["annex", "committee", "sections", "shown_areas"]


def sections(statement: Statement, words: Wording) -> list[Block]:
    """Every block after page one: the committee's pages, then the method annex."""
    heading = Heading(words.say("section.annex"), new_page=True)
    blocks = [*committee(statement, words), heading]
    blocks.append(Paragraph(words.say("method.annex")))
    return [*blocks, *annex(statement, words)]


def committee(statement: Statement, words: Wording) -> list[Block]:
    """Blocks of the two or three pages after page one: what is known, in figures."""
    return [
        *_safety(statement, words),
        *_forecast(statement, words),
        *_crime(statement, words),
        *activity_blocks(statement, words),
        *_since_last(statement, words),
        *(ledger(statement, words) if statement.ledger.years else []),
    ]


def _since_last(statement: Statement, words: Wording) -> list[Block]:
    """Say what last year's status said otherwise; nothing in the first year."""
    if not len(statement.since_last):
        return []
    heading = Heading(words.say("section.since_last"))
    table = since_last_table(statement, words, short=True)
    if not len(table.frame):
        return [heading, Paragraph(words.say("since.all_same"))]
    return [heading, TableBlock(table, "print")]


def _beside_last(statement: Statement, words: Wording) -> list[Block]:
    """Everything of last year's status beside this one's, what is the same too."""
    table = since_last_table(statement, words)
    return [TableBlock(table)] if len(table.frame) else []


def annex(statement: Statement, words: Wording) -> list[Block]:
    """Blocks of the method annex: readings, priors, power, sensitivity, method, digests."""
    return [
        *_goals(statement, words),
        *_changes(statement, words),
        *_probabilities(statement, words),
        *area_estimate_blocks(statement, words),
        *_crime_numbers(statement, words),
        *plan_blocks(statement, words),
        *_power(statement, words),
        *_sensitivity(statement, words),
        *_method(statement, words),
        *_claims(statement, words),
        *(ledger_numbers(statement, words) if statement.ledger.years else ledger(statement, words)),
        *_beside_last(statement, words),
        *_record(statement, words),
    ]


def shown_areas(statement: Statement) -> tuple[str, ...]:
    """Name the agreement's own area, its indicator districts, and the whole, in that order."""
    agreement = statement.agreement
    return (statement.facts.area, *agreement.areas.indicators, agreement.areas.whole)


def _safety(statement: Statement, words: Wording) -> list[Block]:
    agreement, areas = statement.agreement, shown_areas(statement)
    blocks: list[Block] = [Heading(words.say("section.safety"), new_page=True)]
    picture = picture_safety_history(statement, areas, words)
    if picture is None:
        return [*blocks, Paragraph(words.say("safety.absent"), "warning")]
    own = areas[0]
    named = words.listing(list(agreement.areas.indicators))
    own_measured = own in statement.facts.surveyed
    key = "safety.caveat_present" if own_measured else "safety.caveat"
    blocks.append(Paragraph(words.say(key, area=own, areas=named), "warning"))
    blocks.append(Figure(picture, published_table(statement, areas, words)))
    known = area_known_table(statement, words, latest=True)
    if len(known.frame) and not own_measured:
        side = side_of_whole(statement)
        blocks += [Paragraph(words.say(f"safety.known_{side}"))] if side else []
        blocks.append(TableBlock(known))
    return blocks


def _changes(statement: Statement, words: Wording) -> list[Block]:
    """Test the published figures: every change, and every part against the whole."""
    if not statement.facts.figures:
        return []
    blocks: list[Block] = [Heading(words.say("section.changes"))]
    changes = changes_table(statement, words)
    if len(changes.frame):
        blocks.append(TableBlock(changes_table(statement, words, short=True), "print"))
        blocks.append(TableBlock(changes, "page"))
    else:
        blocks.append(Paragraph(words.say("safety.no_changes"), "warning"))
    part_whole = picture_part_whole(statement, words)
    if part_whole is None:
        blocks.append(Paragraph(words.say("safety.no_comparison"), "warning"))
    else:
        blocks.append(Figure(part_whole, comparisons_table(statement, words)))
    return blocks


def _claims(statement: Statement, words: Wording) -> list[Block]:
    """Put what the agreement claims beside the model's answer."""
    blocks: list[Block] = []
    for claim in statement.agreement.claim:
        blocks += _claim(statement, claim, words)
    return blocks


def _quotes(quoted: Sequence[Claim | Goal]) -> tuple[Quote, ...]:
    """Mark the words of the agreement itself: agreements are written in Danish."""
    return tuple(Quote(one.literal, "da") for one in quoted)


def _claim(statement: Statement, claim: Claim, words: Wording) -> list[Block]:
    """Put a worsening the agreement claims beside its probability, off and on as evidence."""
    about: dict[str, object] = {"area": claim.area, "response": claim.response}
    about |= {"before": claim.before, "after": claim.after}
    rows = [
        row
        for row in statement.stated.to_dict(orient="records")
        if all(row[key] == value for key, value in about.items())
    ]
    if not rows:
        return []

    def said(which: list[dict[Hashable, Any]], probability: str) -> str:
        return words.listing(
            [
                words.say(
                    "safety.claim_value",
                    probability=say_probability(row[probability], words, about=True, word=True),
                    setting=words.name("setting_when", row["setting"]),
                )
                for row in which
            ]
        )

    published = any(row["published_before"] for row in rows)
    text = words.say_of(
        claim.response,
        "safety.claim_published" if published else "safety.claim",
        literal=claim.literal, area=claim.area, before=claim.before, after=claim.after,
        values=said(rows, "probability"),
    )  # fmt: skip
    blocks: list[Block] = [Paragraph(text, quotes=_quotes([claim]))]
    fewest = load_assumptions().stated_claims.effective_draws
    known = [row for row in rows if row["effective_draws"] >= fewest]
    if known and claim.response == "safe":
        evidence = words.say(
            "safety.claim_as_evidence",
            before=claim.before, values=said(known, "probability_given_verdict"),
        )  # fmt: skip
        blocks.append(Paragraph(evidence))
    return blocks


def _forecast(statement: Statement, words: Wording) -> list[Block]:
    safety = statement.agreement.safety
    areas = shown_areas(statement)
    blocks: list[Block] = [Heading(words.say("section.forecast", target=safety.target_wave))]
    own, whole = areas[0], areas[-1]
    if statement.safety is not None and own in statement.safety.draws["area"].values:
        areas = (own, whole)  # the goal is about it; its districts stay in the tables
    fan, forecast = picture_safety_fan(statement, areas, words), statement.safety
    if fan is None or forecast is None:
        return [*blocks, Paragraph(words.say("forecast.absent"), "warning")]
    first, last = safety.target_wave - YEARS_BEFORE, safety.alternative_target_wave
    numbers = forecast_table(statement, areas, words, periods=range(first, last + 1))
    intro = words.say("forecast.intro", first=int(forecast.draws["period"].min()))
    return [*blocks, Paragraph(intro), Figure(fan, numbers)]


def _probabilities(statement: Statement, words: Wording) -> list[Block]:
    """Every reading's probability, and the estimates of the target year."""
    safety, areas = statement.agreement.safety, shown_areas(statement)
    own, whole = areas[0], areas[-1]
    if statement.safety is None:
        return []
    if own in statement.safety.draws["area"].values:
        areas = (own, whole)
    bars = picture_probabilities(statement, areas, words)
    if bars is None:
        return []
    printed = forecast_table(statement, areas, words, periods=(safety.target_wave,))
    numbers = probabilities_table(statement, words, areas=areas, year=safety.target_wave)
    return [
        Heading(words.say("section.probabilities")),
        Paragraph(words.say("forecast.prior", baseline=safety.baseline_wave)),
        Figure(bars, numbers),
        TableBlock(printed, "print"),
    ]


def _crime(statement: Statement, words: Wording) -> list[Block]:
    crime = statement.agreement.crime
    if not crime.type:
        return []
    blocks: list[Block] = [Heading(words.say("section.crime"))]
    picture = picture_crime_types(statement, words)
    if statement.crime is None or picture is None:
        undelivered = {"crime_baseline", "crime_types"} & {m.what for m in statement.missing}
        if statement.crime is None and undelivered and crime.definition in statement.facts.counted:
            text = words.say("crimetext.no_baseline", baseline=crime.baseline_year)
        else:
            text = words.say("crimetext.absent")
        blocks.append(Paragraph(text, "warning"))
    else:
        definition = str(statement.crime.draws.attrs.get("definition", ""))
        if crime.statbank is not None and definition == crime.statbank.table:
            text = words.say(
                "crimetext.context", definition=definition, goal_definition=crime.definition,
                note=_statbank_note(crime.statbank, words),
            )  # fmt: skip
        else:
            text = words.say("crimetext.own", definition=definition, area=shown_areas(statement)[0])
        shown = crime_area(statement, statement.crime)
        blocks += [
            Paragraph(text, "warning"),
            Figure(picture, crime_years_table(statement, words, area=shown)),
            Paragraph(words.say("crimetext.caveat"), "note"),
            *_definitions(statement, definition, words),
        ]
    return blocks


def _definitions(statement: Statement, drawn: str, words: Wording) -> list[Block]:
    """Say why the city's total by one count is another than page one's by another."""
    for r in crime_context(statement):
        total = r.area == statement.agreement.areas.whole and r.definition != drawn
        if not total or r.rate is None:
            continue
        reports = statement.facts.reports(r.area, r.crime_type, drawn).get(r.rate.year)
        if reports is not None and reports.rate is not None:
            said = words.say(
                "crimetext.definitions",
                year=r.rate.year, drawn=number(reports.rate, 1, words.lang),
                definition=words.name("series", r.definition),
                rate=number(r.rate.value, 1, words.lang),
            )  # fmt: skip
            return [Paragraph(said, "note")]
    return []


def _crime_numbers(statement: Statement, words: Wording) -> list[Block]:
    """Tables behind the crime pages: every type's probabilities, and what was published."""
    if not statement.agreement.crime.type:
        return []
    blocks: list[Block] = [Heading(words.say("section.crime_numbers"))]
    forecast = statement.crime
    if forecast is not None:
        numbers = crime_table(statement, words, area=crime_area(statement, forecast))
        blocks += [
            TableBlock(numbers),
            Paragraph(_total_answer(statement, forecast, words), "note"),
            *_counts_left_out(statement, forecast, words),
        ]
    totals = district_totals_table(statement, words)
    if len(totals.frame):
        blocks.append(TableBlock(totals, "page"))
        own = shown_areas(statement)[0]
        if forecast is None or own not in forecast.draws["area"].values:
            # where the area's own reports are drawn, print does not repeat the districts' beside
            blocks.append(TableBlock(district_totals_table(statement, words, short=True), "print"))
    else:
        blocks.append(Paragraph(words.say("crimetext.no_published")))
    return [*blocks, *guard(statement, words)]


def _counts_left_out(statement: Statement, forecast: Forecast, words: Wording) -> list[Block]:
    """Name the reports the model could not use; nothing where it used them all."""
    attrs = forecast.draws.attrs
    series: dict[tuple[str, str], list[str]] = {}
    for area, kind, period in json.loads(attrs.get("counts_left_out", "[]")):
        series.setdefault((area, kind), []).append(period)
    if not series:
        return []
    crime, definition = statement.agreement.crime, str(attrs.get("definition", ""))
    named = [
        words.say(
            "crimetext.left_out_series",
            area=area,
            type=type_label(crime, kind, definition, words),
            periods=words.listing(periods),
        )
        for (area, kind), periods in series.items()
    ]
    return [Paragraph(words.say("crimetext.left_out"), "note"), Bullets(tuple(named))]


def _total_answer(statement: Statement, forecast: Forecast, words: Wording) -> str:
    """Say how the total is computed, and the other answer where the statement has it."""
    if not forecast.draws.attrs.get("total_parts"):
        return words.say("crimetext.total_itself")
    rows = [r for r in records(statement.sensitivity) if r["crime_type"] == "total"]
    answers = {r["alternative"]: float(r["probability"]) for r in rows}
    if "total_itself" not in answers:
        return words.say("crimetext.total_of_parts")
    return words.say(
        "crimetext.total_both",
        of_parts=say_probability(answers[USED], words, about=True),
        itself=say_probability(answers["total_itself"], words, about=True),
    )


def _statbank_note(statbank: Statbank, words: Wording) -> str:
    """Say what the series holds, in the reader's language where the catalogue knows the table."""
    key = f"statbank_note.{statbank.table}"
    return words.say(key) if words.has(key) else statbank.note


def _goals(statement: Statement, words: Wording) -> list[Block]:
    goals = statement.agreement.goal
    blocks: list[Block] = [
        Heading(words.say("section.goals")),
        Bullets(
            tuple(words.say("goals.literal", goal=g.id, literal=g.literal) for g in goals),
            _quotes(goals),
        ),
        *(
            Paragraph(words.say("goals.left_out", what=left.label(words.lang)), "note")
            for left in statement.agreement.left_out
        ),
        *caveat_blocks(statement, words),
    ]
    own, *others = shown_areas(statement)[:-1]
    known = [r for r in statement.judged if r.known]
    areas = [a for a in (own, *others) if any(r.area == a for r in known)]
    if own not in areas:
        blocks.append(Paragraph(words.say("goals.area_absent", area=own), "warning"))
    crime = [g.id for g in goals if g.kind == "crime"]
    if crime and not any(r.goal in crime for r in known):
        text = words.say(
            "goals.crime_absent", goals=words.listing(crime),
            baseline=statement.agreement.crime.baseline_year,
        )  # fmt: skip
        blocks.append(Paragraph(text, "warning"))
    districts = [a for a in areas if a != own]
    if own in areas:
        blocks.append(TableBlock(joined_readings_table(statement, [own], words), "print"))
        blocks.append(TableBlock(side_by_side_table(statement, [own], words), "page"))
    if districts:  # the goals are not theirs: print has the primary readings, and that only where
        # the area itself is not known
        blocks.append(TableBlock(side_by_side_table(statement, districts, words), "page"))
        if own not in areas:
            primary = joined_readings_table(statement, districts, words, primary=True)
            blocks.append(TableBlock(primary, "print"))
    for area in areas:
        blocks.append(TableBlock(readings_table(statement, area, words), "page"))
    return blocks


def _power(statement: Statement, words: Wording) -> list[Block]:
    table, crime = power_table(statement, words), crime_power_table(statement, words)
    blocks: list[Block] = [Heading(words.say("section.power"))]
    if len(table.frame):
        intro = words.say_of(statement.agreement.response, "power_text.intro")
        short = power_table(statement, words, short=True)
        blocks += [Paragraph(intro), TableBlock(short, "print"), TableBlock(table, "page")]
    else:
        blocks.append(Paragraph(words.say("power_text.absent")))
    answers = answers_needed_table(statement, words)
    if len(answers.frame):
        blocks.append(TableBlock(answers))
    if len(crime.frame):
        blocks += [Paragraph(words.say("power_text.crime")), TableBlock(crime)]
    return blocks


def _sensitivity(statement: Statement, words: Wording) -> list[Block]:
    picture = picture_sensitivity(statement, words)
    if picture is None:
        return []
    heading = Heading(words.say("section.sensitivity"))
    return [heading, Figure(picture, sensitivity_table(statement, words))]


def _method(statement: Statement, words: Wording) -> list[Block]:
    agreement = statement.agreement
    text = words.say("method.items", survey=agreement.safety.survey)
    period = agreement.period
    blocks: list[Block] = [
        Heading(words.say("section.method")),
        Bullets(tuple(text.splitlines())),
        Paragraph(words.say("method.categories"), "note"),
    ]
    drawn = None if statement.safety is None else statement.safety.draws.attrs.get("of_blocks")
    if drawn is not None:
        blocks.append(Paragraph(words.say("method.of_blocks", area=drawn), "note"))
    if period is None:
        return blocks
    start, end = date(period.start, words.lang), date(period.end, words.lang)
    return [*blocks, Paragraph(words.say("method.period", start=start, end=end), "note")]


def _record(statement: Statement, words: Wording) -> list[Block]:
    blocks: list[Block] = [Heading(words.say("section.record"))]
    diagnostics = diagnostics_table(statement, words)
    if len(diagnostics.frame):
        blocks += [Paragraph(words.say("record.diagnostics")), TableBlock(diagnostics)]
    else:
        blocks.append(Paragraph(words.say("record.no_diagnostics")))
    inputs = inputs_table(statement, words)
    key = "record.files" if len(inputs.frame) else "record.no_inputs"
    said = [words.say(key, seed=statement.seed)]
    said.append(words.say("document.attachments"))
    blocks.append(Paragraph(" ".join(said)))
    if len(inputs.frame):
        blocks.append(TableBlock(inputs, "page"))
    sources = sources_table(statement, words)
    if len(sources.frame):
        blocks.append(TableBlock(sources, "page"))
    replaced = replaced_table(statement, words)
    if len(replaced.frame):
        blocks.append(TableBlock(replaced))
    versions = {k: v for k, v in statement.versions.items() if len(v) <= 20}
    listed = ", ".join(f"{k} {v}" for k, v in versions.items())
    blocks.append(Paragraph(words.say("record.versions", versions=listed), "note"))
    if len(versions) < len(statement.versions):
        blocks.append(TableBlock(versions_table(statement, words), "page"))
    return [*blocks, *changed_documents(statement, words)]
