"""Activities with two or more partners, per focus area, against the goal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.rows import rows_of
from amager_eval.figures.drawing.style import GOAL, INK, axes_or_new, style
from amager_eval.indicators.partners import TOTAL
from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["ActivitiesView", "activities_view", "picture_activities", "plot_activities"]


@dataclass(frozen=True, eq=False)
class ActivitiesView:
    """Shares per focus area."""

    #: `focus_area, activities, with_two_or_more, share`; the total last; share 0 to 1.
    frame: pd.DataFrame
    threshold: float  #: The goal's share
    words: Wording  #: Language


def activities_view(activities: pd.DataFrame, threshold: float, words: Wording) -> ActivitiesView:
    """Take `Statement.activities` with the total named in the language."""
    frame = activities.assign(
        focus_area=activities["focus_area"].replace({TOTAL: words.say("table.total")})
    )
    return ActivitiesView(frame.reset_index(drop=True), threshold, words)


def plot_activities(view: ActivitiesView, ax: Axes | None = None) -> Axes:
    """Draw a bar per focus area and one for all, with the goal as a line."""
    with style():
        ax = axes_or_new(ax)
        lang = view.words.lang
        rows = np.arange(len(view.frame))[::-1].astype(float)
        shares = view.frame["share"].to_numpy(float)
        faces = ["#cfe3f1"] * (len(rows) - 1) + ["#7fb4d6"]  # light: the label stands on them
        ax.barh(rows, shares, 0.62, color=faces, edgecolor="#0072B2", linewidth=0.8)
        for y, row in zip(rows, rows_of(view.frame), strict=True):
            text = view.words.say(
                "figure.activities.value",
                met=number(row.with_two_or_more, 0, lang),
                total=number(row.activities, 0, lang),
                share=percent(row.share, 0, lang),
            )
            ax.annotate(text, (0, y), xytext=(4, 0), textcoords="offset points", va="center",
                        size=7.5, color=INK)  # fmt: skip
        ax.axvline(view.threshold, color=GOAL, linestyle="-.", linewidth=1.6)
        ax.annotate(
            view.words.say("figure.activities.goal", share=percent(view.threshold, 0, lang)),
            (view.threshold, len(rows) - 0.45), xytext=(3, 0), textcoords="offset points",
            size=7.5, color="#8f3d00", va="bottom", annotation_clip=False,
        )  # fmt: skip
        ax.set_yticks(rows, view.frame["focus_area"])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v, 0, lang)))
        ax.tick_params(axis="y", length=0)
    return ax


def picture_activities(statement: Statement, words: Wording) -> Picture | None:
    """Activities against the goal; None where no list was supplied."""
    goal = next((g for g in statement.agreement.goal if g.kind == "partners"), None)
    if statement.activities.empty or goal is None or goal.threshold is None:
        return None
    english = {t.focus_area: t.label_en for t in statement.agreement.theory if t.label_en}
    names = english if words.lang == "en" else {}
    activities = statement.activities.replace({"focus_area": names})
    view = activities_view(activities, goal.threshold, words)
    total = view.frame.iloc[-1]
    values = {
        "met": number(total["with_two_or_more"], 0, words.lang),
        "total": number(total["activities"], 0, words.lang),
        "share": percent(total["share"], 0, words.lang),
        "goal": percent(goal.threshold, 0, words.lang),
        "partners": goal.partners_at_least,
    }
    rows = "; ".join(
        words.say(
            "figure.activities.alt_row", focus_area=r.focus_area,
            met=number(r.with_two_or_more, 0, words.lang),
            total=number(r.activities, 0, words.lang),
        )
        for r in rows_of(view.frame)
    )  # fmt: skip
    return Picture(
        id="partner_activities",
        title=words.say("figure.activities.title", **values),
        alt=words.say("figure.activities.alt", rows=rows, **values),
        caption=words.say("figure.activities.caption"),
        source=words.say("source.activities"),
        panels=(partial(plot_activities, view),),
        height=20 + 5.6 * len(view.frame),
        synthetic=statement.synthetic,
    )
