"""Write the answer to one of the four questions: its figures and tables, and its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amager_eval.errors import Fault, InputError
from amager_eval.figures.draw import NARROW, save
from amager_eval.report.beside import what_more_answers_do, what_stated_changes_take
from amager_eval.report.compose import compose, open_data
from amager_eval.report.document import pictures
from amager_eval.report.forms.datapackage import write_csv
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["QUESTIONS", "Answer", "write_question"]

#: The figures and the tables of the appendix that answer each question.
QUESTIONS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "safety_change": (
        ("safety_history", "part_whole"),
        ("safety_published", "safety_changes", "safety_part_whole", "power"),
    ),
    "crime_trends": (
        ("crime_types",),
        ("crime_context", "crime_forecast", "crime_published", "crime_quantities", "crime_years",
         "crime_changes", "crime_contributions", "crime_chart", "crime_displacement",
         "crime_power"),
    ),
    "copenhagen_level": (
        ("safety_fan*", "probabilities", "area_*"),
        ("readings_*", "safety_forecast", "safety_probabilities", "sensitivity", "area_*"),
    ),
    "partners": (
        ("partner_activities",),
        ("activities", "partners", "plan", "plan_parts", "plan_signals"),
    ),
}  # fmt: skip
#: What else two of them ask, which no figure shows.
_BESIDE: Final[Mapping[str, Callable[[Statement, Wording], Iterable[str]]]] = {
    "safety_change": what_stated_changes_take,
    "copenhagen_level": what_more_answers_do,
}


@dataclass(frozen=True)
class Answer:
    """What was written, and what the figures say."""

    sentence: str  #: The findings, as the figures' titles say them
    paths: tuple[Path, ...]  #: SVG and PNG of each figure, CSV of each table
    #: What else the question asks: what a stated change takes, what more answers would do.
    beside: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Every file on a line, then what stands beside, the sentence last."""
        beside = ["", *self.beside] if self.beside else []
        return "\n".join([*map(str, self.paths), *beside, "", self.sentence])


def write_question(
    statement: Statement, question: str, out: str | Path, *, lang: str = "da"
) -> Answer:
    """Write the figures and tables of a statement that answer one question.

    Parameters
    ----------
    statement : Statement
        What they are views of.
    question : {"safety_change", "crime_trends", "copenhagen_level", "partners"}
        Whether safety changed, how reported crime moves, whether København's level is reached, and
        whether activities have partners enough.
    out : str or Path
        Folder; made where it is not there. Files of the same name are replaced.
    lang : {"da", "en"}
        Language.

    Returns
    -------
    Answer
        The sentence and every file written.

    Raises
    ------
    InputError
        There is no such question, or no wording for `lang`.

    Examples
    --------
    >>> import amager_eval as ae
    >>> statement = ae.evaluate(ae.published())  # doctest: +SKIP
    >>> print(ae.write_question(statement, "safety_change", "build/q1"))  # doctest: +SKIP
    """
    if question not in QUESTIONS:
        raise InputError(
            Fault("there is no such question", found=question,
                  remedy=f"Name one of {', '.join(QUESTIONS)}.")
        )  # fmt: skip
    words, folder = load_wording(lang), Path(out)
    document = compose(statement, words)
    folder.mkdir(parents=True, exist_ok=True)
    drawn, listed = QUESTIONS[question]
    shown = [p for p in pictures(document) if _is_one_of(p.id, drawn)]
    paths = [
        path
        for picture in shown
        for path in save(picture, words, folder)
        if not path.stem.endswith(NARROW)
    ]
    for table in open_data(statement, document, words):
        if _is_one_of(table.id, listed):
            paths.append(folder / f"{table.id}.csv")
            write_csv(table, paths[-1])
    mark = [words.say("document.synthetic")] if statement.synthetic else []
    found = [p.title for p in shown] or [words.say("question.nothing")]
    sentence = " ".join([*mark, *(_ended(t) for t in found)])
    asked = _BESIDE.get(question)
    beside = asked(statement, bound_to(statement.agreement, words)) if asked else ()
    return Answer(sentence, tuple(paths), tuple(beside))


def _is_one_of(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _ended(text: str) -> str:
    """End a title as a sentence."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
