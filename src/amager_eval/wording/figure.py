"""Print a figure in its unit, with what it is where it is no checked measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from amager_eval.wording.numbers import decimals_of, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amager_eval.spec.agreement import Agreement
    from amager_eval.wording.sentences import Wording

__all__ = ["Told", "band_text", "figure_text", "graded_text", "marked", "part_label", "value_text"]


class Told(Protocol):
    """What is told of a figure."""

    @property
    def value(self) -> float:
        """In the unit it is printed in; percent 0 to 100."""

    @property
    def grade(self) -> str:
        """Source grade; C is an unofficial copy."""

    @property
    def basis(self) -> str:
        """`measured` or `estimate`."""


def value_text(value: float, unit: str, words: Wording) -> str:
    """Print a value: percent with at most one decimal, a rate with one, a count with none.

    Examples
    --------
    >>> from amager_eval.wording.sentences import load_wording
    >>> value_text(42.43, "rate", load_wording("da")), value_text(1313, "count", load_wording("da"))
    ('42,4', '1.313')
    """
    if unit == "percent":
        return percent(value / 100, decimals_of(value), words.lang)
    return number(value, int(unit == "rate"), words.lang)


def figure_text(figure: Told | None, unit: str, words: Wording) -> str:
    """Print a figure, marked where it is C; nothing where there is none."""
    if figure is None:
        return ""
    return graded_text(value_text(figure.value, unit, words), figure, words)


def band_text(band: Mapping[str, float], words: Wording) -> str:
    """Print a 95 % band: its ends, and never a number between them."""
    low = number(band["low_95"], 0, words.lang)
    high = percent(band["high_95"] / 100, 0, words.lang)
    return words.say("area_estimate.band", low=low, high=high)


def graded_text(text: str, figure: Told | None, words: Wording) -> str:
    """Mark a text that rests on an unofficial copy."""
    return marked(text, "" if figure is None else figure.grade, words)


def marked(text: str, grade: str, words: Wording) -> str:
    """Mark the text of a source grade: C is an unofficial copy."""
    return words.say("table.grade_c", cell=text) if grade == "C" else text


def part_label(kind: str, part: str | None, agreement: Agreement, words: Wording) -> str:
    """Name a part of a goal: where or when safety is asked for, a type of crime, the activities."""
    if kind == "safety":
        return words.name("setting_short", str(part))
    if kind == "crime":
        return agreement.crime.label(str(part), words.lang)
    return words.say("standing.partners")
