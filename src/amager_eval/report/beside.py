"""Say what stands beside an answer's figures: what a stated change takes, what more answers do."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from amager_eval.significance import earlier_percent_needed, respondents_needed
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.narrowing import expected_narrowing
from amager_eval.wording.numbers import decimals_of, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amager_eval.goals.facts import SurveyFigure
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["what_more_answers_do", "what_stated_changes_take"]


def what_stated_changes_take(statement: Statement, words: Wording) -> Iterator[str]:
    """Say from which earlier share a worsening to the baseline's is significant, and its like.

    One sentence per indicator district and setting with a published share; then one per pair of
    estates that the agreement compares by another survey, which does not say of how many.
    """
    agreement, facts = statement.agreement, statement.facts
    respondents = load_assumptions().questions.respondents
    falls = agreement.response == "safe"
    for area in agreement.areas.indicators:
        for setting in agreement.safety.settings:
            share = facts.shares(area, setting, agreement.response).get(
                agreement.safety.baseline_wave
            )
            if share is None:
                continue
            needed = earlier_percent_needed(
                share.percent, respondents, respondents, direction="fall" if falls else "rise",
                decimals=decimals_of(share.percent), deffs=agreement.verdicts.deffs,
            ).to_frame()  # fmt: skip
            possible, certain = (float(needed[k].iloc[0]) for k in ("possible", "certain"))
            if certain != certain:  # nothing on the scale would do
                continue
            yield words.say(
                "question.fall_takes" if falls else "question.rise_takes",
                area=area, setting=words.name("setting_when", setting), n=respondents,
                after=_printed(share.percent, words), possible=_printed(possible, words),
                certain=_printed(certain, words),
            )  # fmt: skip
    told = None if agreement.nested is None else agreement.nested.estate
    if told is None:
        return
    asked = (told.survey, told.wave, told.setting, "safe")
    estates = [
        f
        for f in facts.figures
        if f.area in told.area and (f.survey, f.wave, f.setting, f.response) == asked
    ]
    for one, other in combinations(estates, 2):
        if one.n is None and other.n is None:
            yield from _difference(one, other, agreement.verdicts.deffs, words)


def _difference(
    one: SurveyFigure, other: SurveyFigure, deffs: tuple[float, ...], words: Wording
) -> Iterator[str]:
    """Say with how many answers the two differ for certain, whatever they were rounded from."""
    if one.percent is None or other.percent is None or {one.comparator, other.comparator} != {"="}:
        return
    (low, low_of), (high, high_of) = sorted([(one.percent, one.area), (other.percent, other.area)])
    least, most = high - _half_unit(high), low + _half_unit(low)
    if least <= most:
        return
    needed = max(respondents_needed(least / 100, most / 100, deff=deff) for deff in deffs)
    yield words.say(
        "question.difference_takes",
        high=high_of, high_share=_printed(high, words), low=low_of,
        low_share=_printed(low, words), n=number(float(needed), 0, words.lang),
    )  # fmt: skip


def _half_unit(percent_: float) -> float:
    return 0.5 * 10.0 ** -decimals_of(percent_)


def what_more_answers_do(statement: Statement, words: Wording) -> Iterator[str]:
    """Say how wide the target's band would be had more people been asked next year.

    A heading, and a line per indicator district and setting; nothing once the target is here.
    """
    agreement, forecast = statement.agreement, statement.safety
    target = agreement.safety.target_wave
    if forecast is None or statement.year >= target:
        return
    spec = load_model_spec("safety_trend", draft=statement.draft)
    there = set(forecast.draws["area"].to_numpy())
    yield words.say("question.widths", target=target)
    for area in (a for a in agreement.areas.indicators if a in there):
        for setting in agreement.safety.settings:
            widths = {
                n: expected_narrowing(
                    spec, forecast, area=area, setting=setting, wave=statement.year + 1, n=n,
                    target=target, response=agreement.response,
                )
                for n in load_assumptions().questions.samples
            }  # fmt: skip
            now = next(iter(widths.values()))["width_now"]
            samples = ", ".join(
                f"n = {n}: {number(100 * w['width_expected'], 0, words.lang)}"
                for n, w in widths.items()
            )
            yield words.say(
                "question.width",
                area=area, setting=words.name("setting_when", setting),
                now=number(100 * now, 0, words.lang), samples=samples,
            )  # fmt: skip


def _printed(percent_: float, words: Wording) -> str:
    return percent(percent_ / 100, decimals_of(percent_), words.lang)
