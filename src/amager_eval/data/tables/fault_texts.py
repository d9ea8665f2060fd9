"""Every fault an input can have: what is wrong and what to do, by its code in the catalogue."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from amager_eval.data.tables.columns import TABLES
from amager_eval.errors import AmagerEvalError, Fault, GateError, InputError, SpecError
from amager_eval.wording.faults import said_in, said_why
from amager_eval.wording.gates import say_gate
from amager_eval.wording.numbers import as_typed
from amager_eval.wording.sentences import Lang, load_wording

__all__ = ["FaultText", "error_lines", "fault_text", "file_fault", "format_fault", "is_fault"]

#: Faults that are told and do not stop the reading.
_WARNINGS: Final = frozenset({
    "area_is_a_number", "area_is_a_total", "area_means_evaluated", "area_unmatched",
    "area_version", "area_version_changes", "bounds_alone", "column_unknown",
    "count_above_population", "crime_rate_differs", "crime_type_unknown", "decimals_differ",
    "deff_large", "definition_mixed", "file_unread", "focus_area_unknown", "fraction",
    "gap_in_periods", "gap_in_waves", "hidden_rows", "n_above_whole", "n_is_whole",
    "name_near_kept", "offence_only_in_total", "offence_unknown", "partners_number",
    "partners_split", "percent_differs", "percent_mixed", "periods_cumulative",
    "periods_summed", "persons_fractional", "population_far", "population_fractional",
    "population_jumps", "population_unknown", "rate_above_all", "rate_differs",
    "register_dates_outside", "register_duplicates", "register_incomplete", "register_quiet",
    "register_status", "residents_outside", "residents_sum", "total_below_parts",
    "total_below_types", "unknown_table", "wave_without_n", "year_unfinished",
})  # fmt: skip


class FaultText(NamedTuple):
    """What is wrong, what to do, and whether it stops the reading."""

    problem: str
    remedy: str
    severity: Literal["error", "warning"]


def is_fault(code: str) -> bool:
    """Whether there is a fault of that code.

    Examples
    --------
    >>> is_fault("not_number"), is_fault("string_type")
    (True, False)
    """
    return load_wording("en").has(f"fault.{code}.problem")


def fault_text(code: str, lang: Lang, **words: object) -> FaultText:
    """Tell a fault in a language.

    `words` are what the check found; a `count` of 1 has a sentence of its own where it must.

    Examples
    --------
    >>> fault_text("register_duplicates", "en", count=1).problem
    '1 report repeats an id and was counted once'
    """
    catalogue = load_wording(lang)
    words = {name: as_typed(value, lang) for name, value in words.items()}
    one = f"fault.{code}.problem_one"
    key = one if words.get("count") == 1 and catalogue.has(one) else f"fault.{code}.problem"
    return FaultText(
        catalogue.say(key, **words),
        catalogue.say(f"fault.{code}.remedy", **words),
        "warning" if code in _WARNINGS else "error",
    )


def file_fault(
    code: str, file: str, lang: Lang, found: str = "", *, why: str = "", **words: object
) -> InputError:
    """Make the error for a fault of a whole file; `why` is what was found, by its key.

    Examples
    --------
    >>> print(file_fault("bomb", "a.xlsx", "da", why="entries", count=12).faults[0].found)
    12 dele
    """
    text = fault_text(code, lang, **words)
    found = load_wording(lang).say(f"why.{why}", **words) if why else found
    return InputError(Fault(text.problem, found, text.remedy, file=file))


def _headings(lang: Lang) -> dict[str, str]:
    """Heading of every column as the workbook has it."""
    return {c.name: c.heading(lang) for table in TABLES.values() for c in table.columns}


def format_fault(fault: Fault, lang: Lang = "en") -> str:
    """Write a fault as one line, its place in words of `lang`.

    The message keeps the language it was made in where it stands in that one alone; see `lang` of
    :func:`amager_eval.data.check.check_input`.

    Examples
    --------
    >>> fault = Fault("dette er ikke et tal", found="x", remedy="Skriv et tal.", row=7)
    >>> format_fault(fault, "da")
    "række 7: dette er ikke et tal; fundet 'x'. Skriv et tal."
    """
    fault, say = said_in(fault, lang), load_wording(lang).say
    column = fault.column
    if fault.key:  # of no file's own heading
        column = _headings(lang).get(column or "", column)
    place = [
        fault.file,
        say("place.sheet", sheet=fault.sheet) if fault.sheet else None,
        say("place.row", row=fault.row) if fault.row is not None else None,
        say("place.column", column=column) if column else None,
    ]
    where = ", ".join(p for p in place if p)
    text = say("place.at", place=where, problem=fault.message) if where else fault.message
    if fault.found:
        text = say("place.found", problem=text, found=fault.found)
    text = text if text.endswith("?") else f"{text}."
    return f"{text} {fault.remedy}".rstrip()


def error_lines(error: AmagerEvalError | OSError, lang: Lang) -> list[str]:
    """Say every fault of an error as a line, and what it means for the output.

    Examples
    --------
    >>> error_lines(PermissionError(13, "Permission denied", "tal.xlsx"), "en")
    ['the output cannot be written: there is no right to write there (tal.xlsx)']
    """
    words = load_wording(lang)
    say = words.say
    if isinstance(error, OSError):
        why, where = said_why(error, lang), error.filename
        return [say("ending.no_output", why=f"{why} ({where})" if where else why)]
    lines = str(error).splitlines()
    if isinstance(error, GateError):
        failed = "; ".join(say_gate(problem, words) for problem in error.problems)
        lines = [say("ending.gates", problems=failed)]
    if isinstance(error, InputError):
        lines = [format_fault(fault, lang) for fault in error.faults]
    if isinstance(error, SpecError):
        lines = [
            format_fault(problem, lang) if isinstance(problem, Fault) else problem
            for problem in error.problems
        ]
    code = "nothing_written" if error.exit_code == 2 else "nothing_published"
    return [*lines, say(f"ending.{code}")]
