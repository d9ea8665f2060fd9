"""Bind sentences to an agreement: its city, its years and its thresholds, said once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement
    from amager_eval.wording.sentences import Wording

__all__ = ["bound_to"]


def bound_to(agreement: Agreement, words: Wording) -> Wording:
    """Return the sentences with what every one of them may say of an agreement.

    Examples
    --------
    >>> from amager_eval.spec.agreement import load_agreement
    >>> from amager_eval.wording.sentences import load_wording
    >>> bound_to(load_agreement(), load_wording("en")).say("quantity.reaches_whole", year=2028)
    'At least as safe as København in 2028'
    """
    safety, crime, verdicts = agreement.safety, agreement.crime, agreement.verdicts
    bound = words.knowing(
        whole=agreement.areas.whole,
        from_wave=safety.baseline_wave,
        to_wave=safety.target_wave,
        other_wave=safety.alternative_target_wave,
        from_year=crime.baseline_year,
        to_year=crime.target_year,
        guard_from=min(crime.guard_years, default=crime.baseline_year),
        near=percent((crime.margin or 1) - 1, 0, words.lang),
        reached=percent(verdicts.reached_from, 0, words.lang),
        not_reached=percent(verdicts.not_reached_to, 0, words.lang),
        deff_low=number(min(verdicts.deffs), 1, words.lang),
        deff_high=number(max(verdicts.deffs), 1, words.lang),
        deffs=words.listing([number(d, 1, words.lang) for d in verdicts.deffs]),
    )
    return replace(bound, limits=frozenset({verdicts.not_reached_to, verdicts.reached_from}))
