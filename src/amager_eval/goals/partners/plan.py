"""The theory of change, link by link: activities, partners, money, indicators and their signal."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import pandas as pd

from amager_eval.goals.partners.signals import Signal, signal_of
from amager_eval.indicators.partners import partner_names

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement

__all__ = ["ExpectedChange", "FocusChain", "PlanChain", "plan_chain"]


@dataclass(frozen=True)
class ExpectedChange:
    """What is expected of a focus area, and the signal of each indicator that would show it."""

    term: Literal["short", "long"]  #: Result in the short term or effect in the long term
    #: What is expected.
    label_da: str
    label_en: str
    signals: tuple[Signal, ...]  #: One per linked indicator; empty where none is linked


@dataclass(frozen=True)
class FocusChain:
    """One focus area: what is done, by whom, for how much, and what it is expected to change."""

    #: Its name, and its name in English where it has another.
    focus_area: str
    label_en: str
    #: Named in the list; empty where no list was supplied.
    activities: tuple[str, ...]
    partners: tuple[str, ...]
    outside_partners: tuple[str, ...]
    budget_dkk: float | None  #: Sum of the amounts the list states; None where it states none
    without_budget: int  #: Activities without an amount
    expects: tuple[ExpectedChange, ...]  #: From the agreement


@dataclass(frozen=True)
class PlanChain:
    """The chain of every focus area, and the list of activities it hangs on."""

    list_version: str  #: Version the list states; empty where it states none
    list_date: date | None  #: Date the list states, its latest
    #: Keys of wording: `no_list`, `no_date`, `outdated`, `several_versions`, `unknown_focus_area`.
    warnings: tuple[str, ...]
    held_on: date  #: Day the list's age is counted on
    #: Amounts of the whole list, and what the agreement sets aside a year.
    budget_dkk: float | None
    allocated_dkk_per_year: float | None
    #: In the agreement's order; focus areas that only the list names last.
    focus: tuple[FocusChain, ...]

    def to_dict(self) -> dict[str, object]:
        """Return it as plain Python values, dates as ISO text."""
        plain = asdict(self)
        plain["list_date"] = self.list_date.isoformat() if self.list_date else None
        return plain | {"held_on": self.held_on.isoformat()}


def plan_chain(
    activities: pd.DataFrame | None, facts: Facts, agreement: Agreement, year: int
) -> PlanChain | None:
    """Draw the chain of a year; nothing in it says that one link caused another.

    None where the agreement names no focus area.
    """
    if not agreement.focus_areas:
        return None
    plan = agreement.plan
    held_on = date(year, plan.status_month, monthrange(year, plan.status_month)[1])
    listed = pd.DataFrame() if activities is None else activities
    version, dated, warnings = _list(listed, held_on, plan.renewed_within_months)
    named = list(dict.fromkeys(listed["focus_area"])) if len(listed) else []
    others = [str(a) for a in named if a not in agreement.focus_areas]
    if others:
        warnings.append("unknown_focus_area")
    theory = {t.focus_area: t for t in agreement.theory}
    focus = []
    for area in (*agreement.focus_areas, *others):
        own = listed[listed["focus_area"] == area] if len(listed) else listed
        outside = _names(own, "outside_partners")
        expects = theory[area].expects if area in theory else ()
        focus.append(
            FocusChain(
                area,
                theory[area].label_en if area in theory else "",
                tuple(str(a) for a in own["activity"]) if len(own) else (),
                tuple(n for k, n in _names(own, "partners").items() if k not in outside),
                tuple(outside.values()),
                *_money(own),
                tuple(
                    ExpectedChange(
                        e.term,
                        e.label_da,
                        e.label_en,
                        tuple(signal_of(i, facts, agreement, year) for i in e.indicators),
                    )
                    for e in expects
                ),
            )
        )
    funding = agreement.funding
    return PlanChain(
        version,
        dated,
        tuple(warnings),
        held_on,
        _money(listed)[0],
        float(funding.activities_dkk_per_year) if funding else None,
        tuple(focus),
    )


def _list(listed: pd.DataFrame, held_on: date, months: int) -> tuple[str, date | None, list[str]]:
    """Version and date of the list, and what is wrong with them."""
    if listed.empty:
        return "", None, ["no_list"]
    warnings = []
    versions = sorted({str(v) for v in _column(listed, "list_version").dropna()})
    if len(versions) > 1:
        warnings.append("several_versions")
    dates = [date.fromisoformat(_whole_date(str(d))) for d in _column(listed, "list_date").dropna()]
    dated = max(dates, default=None)
    if dated is None:
        warnings.append("no_date")
    elif _months_later(dated, months) < held_on:
        warnings.append("outdated")
    return ", ".join(versions), dated, warnings


def _whole_date(text: str) -> str:
    """Read a date that names a year or a month alone as its first day."""
    return (text + "-01-01"[len(text) - 4 :]) if len(text) < len("2025-01-01") else text


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series(dtype=object)


def _names(own: pd.DataFrame, column: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for cell in _column(own, column):
        names = partner_names(cell) | names
    return names


def _money(own: pd.DataFrame) -> tuple[float | None, int]:
    amounts = _column(own, "budget_dkk")
    known = amounts.dropna().astype(float)
    return (float(known.sum()) if len(known) else None), len(own) - len(known)
