"""A preview as lines for a reader, in the language it was made in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, get_args

from amager_eval.data.delivered import State, delivered_lines
from amager_eval.data.tables.columns import TABLES
from amager_eval.data.tables.fault_texts import format_fault
from amager_eval.evaluation.preview import FoundTable, GoalPart, Preview
from amager_eval.wording.numbers import number, percent
from amager_eval.wording.sentences import Wording, load_wording

__all__ = ["preview_lines", "preview_sections"]

#: The list that ends it: what became of everything that was delivered.
_STATES: Final[tuple[State, ...]] = get_args(State)
#: Names told of several that have the same reason.
_MOST: Final = 8


def preview_lines(preview: Preview) -> list[str]:
    """Write a preview as lines: what is wrong first, then what was found and what it decides."""
    words = load_wording(preview.lang)
    lines: list[str] = []
    for heading, body in preview_sections(preview):
        if body:
            lines += [heading, *(f"  {line}" for line in body), ""]
    counted = words.say(
        "check.counted",
        errors=words.say_count("check.errors", preview.errors),
        warnings=words.say_count("check.warnings", preview.warnings),
    )
    return [*lines, counted]


def preview_sections(preview: Preview) -> list[tuple[str, list[str]]]:
    """Return every heading with its lines; a section without a line has nothing to tell."""
    words = load_wording(preview.lang)

    def section(key: str, lines: Iterator[str]) -> tuple[str, list[str]]:
        about = {"year": preview.year, "crime_year": preview.crime_year, "name": preview.name}
        return words.say(f"preview.{key}", **about), list(lines)

    faults = (
        words.say(f"check.{fault.severity}", fault=format_fault(fault, preview.lang))
        for fault in preview.faults
    )
    sections = [section("faults", faults), section("found", _found(preview, words))]
    sections.append(section("renamed", _renamed(preview, words)))
    if preview.year is not None:
        sections += [
            section("replaced", _replaced(preview, words)),
            section("decided", _goals(preview, words, decided=True)),
            section("open", _goals(preview, words, decided=False)),
            section("missing", _missing(preview, words)),
        ]
    return [*sections, *(section(state, _became(preview, state, words)) for state in _STATES)]


def _title(table: str, words: Wording) -> str:
    return TABLES[table].title(words.lang)


def _found(preview: Preview, words: Wording) -> Iterator[str]:
    for found in preview.found:
        yield words.say(
            f"preview.table{_extent(found)}",
            table=_title(found.table, words),
            rows=_rows(found.rows, words),
            areas=_some(found.areas, words),
            years=found.first if found.first == found.last else f"{found.first}-{found.last}",
        )
    if preview.found and preview.year is not None:
        yield words.say("preview.on_published" if preview.on_published else "preview.alone")


def _rows(count: int, words: Wording) -> str:
    return words.say_count("preview.rows", count)


def _extent(found: FoundTable) -> str:
    if found.areas:
        return "_areas"
    return "" if found.first is None else "_years"


def _renamed(preview: Preview, words: Wording) -> Iterator[str]:
    crime = preview.agreement.crime
    for word in preview.renamed:
        columns = {c.name: c for c in TABLES[word.table].columns}
        name = crime.label(word.name, words.lang) if word.column == "crime_type" else word.name
        if name != word.found:  # the agreement's label for its own id is no other word
            yield words.say(
                "preview.read_as",
                table=_title(word.table, words),
                column=columns[word.column].heading(words.lang),
                found=word.found,
                name=words.name(word.column, name),
                rows=_rows(len(word.rows), words),
            )


def _replaced(preview: Preview, words: Wording) -> Iterator[str]:
    equal = [r for r in preview.replaced if r.old == r.new]
    if equal:
        yield words.say_count("preview.replaced_equal", len(equal))
        confirmed = sum(r.old_grade == "C" and r.new_grade == "A" for r in equal)
        if confirmed:
            yield words.say_count("preview.confirmed", confirmed)
        unconfirmed = sum(r.new_grade == "C" for r in equal)
        if unconfirmed:
            yield words.say_count("preview.unconfirmed", unconfirmed)
    for cell in preview.replaced:
        if cell.old != cell.new:
            yield words.say(
                "preview.replaced_cell",
                table=_title(cell.table, words),
                what=", ".join(words.name(_kind(w), w) for w in cell.what),
                old=_figure(cell.old, words),
                new=_figure(cell.new, words),
                old_source=cell.old_source or "-",
                new_source=cell.new_source or "-",
            )


def _kind(word: str) -> str:
    return "setting" if word in {"neighbourhood", "night"} else "response"


def _figure(value: float | None, words: Wording) -> str:
    return "-" if value is None else number(value, 0 if value == value // 1 else 1, words.lang)


def _goals(preview: Preview, words: Wording, *, decided: bool) -> Iterator[str]:
    for goal in preview.goals:
        if goal.decided == decided:
            parts = "; ".join(_part(part, preview, words) for part in goal.parts)
            title = goal.title(words.lang)
            yield words.say("preview.goal", goal=goal.goal, title=title, parts=parts)


def _part(part: GoalPart, preview: Preview, words: Wording) -> str:
    crime = preview.agreement.crime
    setting = words.has(f"setting_when.{part.what}")
    name = words.name("setting_when", part.what) if setting else crime.label(part.what, words.lang)
    if part.why:
        said = words.say(f"preview.lacks_{part.why}", **dict(part.lacks))
    else:
        start = "start" if part.compared is None else "judged"
        said = words.say(
            f"preview.{start}_{part.form}",
            verdict=words.name("verdict", part.verdict),
            observed=_shown(part, part.observed, words),
            compared=_shown(part, part.compared, words),
            year=part.year,
            before=part.compared_year,
        )
    return words.say("preview.part", name=name, said=said) if name else said


def _shown(part: GoalPart, value: float | None, words: Wording) -> str:
    if value is None:
        return "-"
    if part.form in {"share", "partners"}:
        return percent(value / 100, 0, words.lang)
    return number(value, 1 if part.form == "rate" else 0, words.lang)


def _missing(preview: Preview, words: Wording) -> Iterator[str]:
    for missing in preview.missing:
        about = dict(missing.delivery)
        types = about.get("types", ())
        labels = [preview.agreement.crime.label(t, words.lang) for t in types]
        if setting := about.get("setting"):
            about["setting"] = words.name("setting_when", setting)
        delivery = words.say(
            f"missing_delivery.{missing.what}", **(about | {"types": ", ".join(labels)})
        )
        key = "preview.lacks" if missing.goals else "preview.lacks_no_goal"
        yield words.say(key, delivery=delivery, goals=", ".join(missing.goals))


def _not_used(preview: Preview, words: Wording) -> Iterator[str]:
    for rows in preview.not_used:
        yield words.say(
            f"preview.unused_{rows.why}",
            table=_title(rows.table, words),
            rows=_rows(rows.rows, words),
            what=_some(rows.what, words),
            year=preview.year,
            crime_year=preview.crime_year,
        )


def _became(preview: Preview, state: State, words: Wording) -> Iterator[str]:
    crime = preview.agreement.crime
    yield from delivered_lines(
        (
            replace(e, name=crime.label(e.name, words.lang)) if e.kind == "crime_type" else e
            for e in preview.delivered
        ),
        state,
        preview.lang,
    )
    if state == "unused":
        yield from _not_used(preview, words)


def _some(names: tuple[str, ...], words: Wording) -> str:
    if len(names) <= _MOST:
        return words.listing(names)
    more = len(names) - _MOST
    return words.say("preview.and_more", names=", ".join(names[:_MOST]), count=more)
