"""Published safety figures over the years, with the uncertainty of each sample."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from amager_eval.figures.drawing.labels import (
    YEARS_BEFORE,
    EndLabel,
    label_ends,
    percent_axis,
    year_axis,
)
from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.respondents_shown import respondents_shown
from amager_eval.figures.drawing.rows import rows_of
from amager_eval.figures.drawing.style import axes_or_new, looks, style
from amager_eval.indicators.share import share
from amager_eval.wording.area import area_label
from amager_eval.wording.figure import marked
from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from amager_eval.goals.facts import Facts
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["HistoryView", "history_view", "picture_safety_history", "plot_safety_history"]


@dataclass(frozen=True, eq=False)
class HistoryView:
    """Published figures of one setting and answer."""

    title: str  #: Heading of the panel
    #: `area, wave, share, low, high, n, n_assumed, grade`; shares 0 to 1, limits NaN where no n is
    #: known.
    frame: pd.DataFrame
    areas: tuple[str, ...]  #: Every area of the picture, which fixes the looks
    whole: str | None  #: The area drawn black
    words: Wording  #: Language
    #: First wave of the latest data collector; no line leads to it from the one before.
    since: int = 0
    #: First and last year of the time axis; None those of the figures.
    axis: tuple[int, int] | None = None


def history_view(
    facts: Facts,
    areas: Sequence[str],
    setting: str,
    response: str,
    words: Wording,
    *,
    deff: float = 1.3,
    level: float = 0.95,
) -> HistoryView:
    """Collect the published figures of one setting and answer.

    Intervals are Wilson's on n / `deff`.
    """
    rows = []
    for area in areas:
        for wave, figure in facts.shares(area, setting, response).items():
            p, size = figure.percent / 100, facts.respondents(area, wave)
            low = high = n = np.nan
            if size is not None:
                interval = share(p * size.n, size.n, deff=deff, level=level)
                low, high, n = float(interval.low), float(interval.high), size.n
            rows.append((area, wave, p, low, high, n, size is None or size.assumed, figure.grade))
    columns = ["area", "wave", "share", "low", "high", "n", "n_assumed", "grade"]
    title = words.say(
        "figure.history.panel",
        response=words.name("response_people", response),
        setting=words.name("setting_when", setting),
    )
    frame = pd.DataFrame(rows, columns=columns)
    since = facts.collected_since(int(frame["wave"].max())) if len(frame) else 0
    return HistoryView(title, frame, tuple(areas), facts.whole, words, since)


def plot_safety_history(view: HistoryView, ax: Axes | None = None) -> Axes:
    """Draw published figures over the years: one line an area, hollow where not checked."""
    with style():
        ax = axes_or_new(ax)
        waves = view.frame["wave"]
        first, last = view.axis or (int(waves.min()), int(waves.max()))
        frame, look = view.frame[waves >= first], looks(view.areas, view.whole)
        ax.set_title(view.title)
        ends = []
        shift = {a: 0.18 * (i - (len(look) - 1) / 2) for i, a in enumerate(look)}
        for area, group in frame.groupby("area", sort=False):
            own, group = look[str(area)], group.sort_values("wave")
            x = group["wave"].to_numpy(float) + shift[str(area)]
            y = group["share"].to_numpy(float)
            later = group["wave"].to_numpy(int) >= view.since
            for piece in (later, ~later):
                ax.plot(x[piece], y[piece], color=own.colour, linestyle=own.line, linewidth=1.1)
            ax.vlines(x, group["low"], group["high"], color=own.colour, linewidth=0.9, alpha=0.75)
            fill = ["white" if g == "C" else own.colour for g in group["grade"]]
            for xi, yi, colour in zip(x, y, fill, strict=True):
                ax.plot(
                    xi, yi, marker=own.marker, color=own.colour, markerfacecolor=colour, zorder=4
                )
            at = int(group["wave"].iloc[-1])
            text = view.words.say(
                "figure.history.label", area=area, wave=at,
                share=_share(y[-1], group["grade"].iloc[-1], view.words),
            )  # fmt: skip
            ends.append(EndLabel(float(y[-1]), text, own.colour, bold=area != view.whole))
        year_axis(ax, first, last)
        percent_axis(ax, view.words)
        bottom = np.nanmin([frame["low"].min(), frame["share"].min()])
        top = np.nanmax([frame["high"].max(), frame["share"].max()])
        ax.set_ylim(max(0, bottom - 0.02), min(1, top + 0.02))
        label_ends(ax, last + 0.4, ends)
    return ax


def picture_safety_history(
    statement: Statement, areas: Sequence[str], words: Wording
) -> Picture | None:
    """Show the published figures of every setting and answer; None where nothing was supplied."""
    facts, agreement = statement.facts, statement.agreement
    if not facts.survey:
        return None
    areas = [a for a in areas if a in facts.surveyed]
    views = [
        history_view(
            facts, areas, setting, response, words,
            deff=agreement.verdicts.default_deff, level=agreement.verdicts.level,
        )
        for response in dict.fromkeys((agreement.response, "safe", "unsafe"))
        for setting in agreement.safety.settings
    ]  # fmt: skip
    names = {a: area_label(agreement, a, words) for a in areas}
    target = agreement.safety.target_wave
    axis = (target - YEARS_BEFORE, target)
    views = [
        replace(_renamed(v, names), axis=axis) for v in views if (v.frame["wave"] >= axis[0]).any()
    ]
    if not views:
        return None
    newest = _latest(views[0].frame)
    same = len(set(newest["wave"])) == 1
    latest = [
        words.say(
            "figure.history.end" if same else "figure.history.latest",
            area=row.area,
            share=_share(row.share, row.grade, words),
            wave=row.wave,
        )
        for row in rows_of(newest)
    ]
    alt = " ".join(
        words.say(
            "figure.history.alt",
            panel=view.title,
            values=". ".join(
                words.say(
                    "figure.history.alt_area",
                    area=area,
                    values="; ".join(
                        _alt_value(r, words) for r in rows_of(group.sort_values("wave"))
                    ),
                )
                for area, group in view.frame.groupby("area", sort=False)
            ),
        )
        for view in views
    )
    rows = -(-len(views) // 2)
    answers = respondents_shown(facts, areas, words, names)
    return Picture(
        id="safety_history",
        title=words.say(
            "figure.history.title_year" if same else "figure.history.title",
            panel=views[0].title,
            wave=int(newest["wave"].max()),
            values=words.listing(latest),
        ),
        alt=alt,
        caption=f"{_caption(statement, words)} {answers}".rstrip(),
        source=words.say("source.safety", survey=agreement.safety.survey),
        panels=tuple(partial(plot_safety_history, view) for view in views),
        columns=2,
        height=20 + 33 * rows,
        synthetic=statement.synthetic,
        message=(0,),
    )


def _share(share: float, grade: str, words: Wording) -> str:
    return marked(percent(share, 0, words.lang), grade, words)


def _alt_value(row: Any, words: Wording) -> str:
    """Say one published share, with its interval where one could be computed."""
    known = row.low == row.low
    return words.say(
        f"figure.history.alt_value{'' if known else '_alone'}",
        wave=row.wave,
        share=_share(row.share, row.grade, words),
        low=number(100 * row.low, 0, words.lang),
        high=percent(row.high, 0, words.lang),
    )


def _caption(statement: Statement, words: Wording) -> str:
    """Say what the intervals mean, and the change of data collector where there was one."""
    caption = words.say("figure.history.caption")
    collectors = statement.facts.collectors
    since = statement.facts.collected_since(statement.year)
    if not since:
        return caption
    before = next(name for wave, name in reversed(collectors) if wave < since)
    after = next(name for wave, name in collectors if wave == since)
    moved = words.say("figure.history.collector", before=before, after=after, wave=since)
    return f"{caption} {moved}"


def _renamed(view: HistoryView, names: Mapping[str, str]) -> HistoryView:
    """Call the areas by the names the page uses."""
    frame = view.frame.assign(area=view.frame["area"].map(names))
    return replace(view, frame=frame, areas=tuple(names[a] for a in view.areas))


def _latest(frame: pd.DataFrame) -> pd.DataFrame:
    """Last row of every area."""
    return frame.loc[frame.groupby("area", sort=False)["wave"].idxmax()]
