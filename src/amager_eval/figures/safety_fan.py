"""The fan: where an area's and the city's share are heading, with 50, 80 and 95 % bands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.conventions import LEVELS
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
from amager_eval.figures.drawing.style import CITY, axes_or_new, looks, style
from amager_eval.wording.area import area_label
from amager_eval.wording.figure import marked
from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from amager_eval.goals.facts import Facts
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["FanView", "fan_view", "picture_safety_fan", "plot_safety_fan"]


@dataclass(frozen=True, eq=False)
class FanView:
    """Bands of the true share of an area and of the whole, for one setting and answer."""

    title: str  #: Heading of the panel
    area: str  #: The area of interest
    whole: str  #: What it is held against
    #: `area, period, median, low_50, high_50, low_80, high_80, low_95, high_95`; shares 0 to 1.
    bands: pd.DataFrame
    points: pd.DataFrame  #: Published figures: `area, wave, share, grade`
    baseline: int  #: Wave the goal is measured from
    target: int  #: Wave the goal is about
    colour_rank: int  #: Which of the areas' looks to take
    words: Wording  #: Language
    response: str = "safe"  #: Answer: of `unsafe`, fewer is better
    setting: str = ""  #: Where or when it was asked for


def fan_view(
    summary: pd.DataFrame,
    facts: Facts,
    *,
    area: str,
    whole: str,
    setting: str,
    response: str = "safe",
    baseline: int,
    target: int,
    words: Wording,
    colour_rank: int = 0,
    name: str | None = None,
) -> FanView:
    """Pick the bands of one area and the whole.

    The summary is `Forecast.to_frame(LEVELS)`; `colour_rank` says which of the areas' looks to
    take, `name` what to call the area.
    """
    chosen = summary[
        (summary["quantity"] == "true")
        & (summary["setting"] == setting)
        & (summary["response"] == response)
        & summary["area"].isin([area, whole])
        & (summary["period"] >= target - YEARS_BEFORE)
        & (summary["period"] <= target)
    ]
    points = [
        (a, wave, figure.percent / 100, figure.grade)
        for a in (whole, area)
        for wave, figure in facts.shares(a, setting, response).items()
        if wave >= target - YEARS_BEFORE
    ]
    name = area if name is None else name
    named = {area: name}
    title = words.say("figure.fan.panel", area=name, setting=words.name("setting_when", setting))
    columns = ["area", "wave", "share", "grade"]
    return FanView(
        title, name, whole,
        chosen.assign(area=chosen["area"].replace(named)).reset_index(drop=True),
        pd.DataFrame(points, columns=columns).replace({"area": named}),
        baseline, target, colour_rank, words, response, setting,
    )  # fmt: skip


def plot_safety_fan(view: FanView, ax: Axes | None = None) -> Axes:
    """Draw the fan of an area beside the whole's, with the goal at the target wave."""
    with style():
        ax = axes_or_new(ax)
        ax.set_title(view.title)
        areas = ["", *[str(i) for i in range(view.colour_rank)], view.area]
        look = looks(areas[1:], view.whole)[view.area]
        own = view.bands[view.bands["area"] == view.area].sort_values("period")
        city = view.bands[view.bands["area"] == view.whole].sort_values("period")
        x = own["period"].to_numpy(float)
        for level, alpha in zip(reversed(LEVELS), (0.14, 0.16, 0.22), strict=True):
            low, high = f"low_{100 * level:g}", f"high_{100 * level:g}"
            ax.fill_between(x, own[low], own[high], color=look.colour, alpha=alpha, linewidth=0)
            for edge in (low, high):
                ax.plot(x, own[edge], color=look.colour, linewidth=0.5, alpha=0.8)
        ax.plot(x, own["median"], color=look.colour, linestyle="-", linewidth=1.8)
        ax.plot(
            city["period"], city["median"], color=CITY.colour, linestyle=CITY.line, linewidth=1.4
        )
        for area, one in ((view.whole, CITY), (view.area, look)):
            for row in rows_of(view.points[view.points["area"] == area]):
                ax.plot(
                    row.wave, row.share, marker=one.marker, color=one.colour, zorder=5,
                    markerfacecolor="white" if row.grade == "C" else one.colour,
                )  # fmt: skip
        year_axis(ax, view.target - YEARS_BEFORE, view.target)
        percent_axis(ax, view.words)
        goal = float(city.loc[city["period"] == view.target, "median"].iloc[0])
        end = own[own["period"] == view.target].iloc[0]
        label_ends(ax, view.target + 0.4, _ends(view, end, goal, look.colour))
    return ax


def picture_safety_fan(
    statement: Statement, areas: Sequence[str], words: Wording
) -> Picture | None:
    """Fans of every area and setting; None where no model could be fitted."""
    forecast, agreement = statement.safety, statement.agreement
    if forecast is None or not statement.facts.survey:
        return None
    whole = agreement.areas.whole
    known = {str(a) for a in forecast.draws["area"].values}
    modelled = [a for a in areas if a in known and a != whole]
    if not modelled or whole not in known:
        return None
    response = agreement.response
    if response not in forecast.draws["response"].values:
        return None
    only = forecast.draws[["true"]].sel(area=[*modelled, whole], response=[response])
    summary = replace(forecast, draws=only).to_frame(LEVELS)
    settings = [s for s in agreement.safety.settings if s in set(summary["setting"])]
    names = {a: area_label(agreement, a, words) for a in modelled}
    target = agreement.safety.target_wave
    views = [
        fan_view(
            summary, statement.facts, area=area, whole=whole, setting=setting,
            response=response, baseline=agreement.safety.baseline_wave,
            target=target, words=words, colour_rank=rank, name=names[area],
        )
        for rank, area in enumerate(modelled)
        for setting in settings
    ]  # fmt: skip
    caption = words.say_of(response, "figure.fan.caption", target=target)
    answers = respondents_shown(
        statement.facts, [*modelled, whole], words, names, since=target - YEARS_BEFORE
    )
    return Picture(
        id="safety_fan",
        title=_finding(views),
        alt=" ".join(_alt(view) for view in views),
        caption=f"{caption} {answers}".rstrip(),
        source=words.say("source.safety_model", survey=agreement.safety.survey),
        panels=tuple(partial(plot_safety_fan, view) for view in views),
        columns=len(settings),
        height=20 + 40 * len(modelled),
        synthetic=statement.synthetic,
    )


def _ends(view: FanView, end: pd.Series, goal: float, colour: str) -> list[EndLabel]:
    """Labels at the target wave: the whole, the area, and the widest band under the area's."""
    lang = view.words.lang
    low, high = (float(end[f"{side}_{100 * LEVELS[-1]:g}"]) for side in ("low", "high"))
    band = view.words.say(
        "figure.fan.band",
        level=percent(LEVELS[-1], 0, lang),
        low=number(100 * low, 0, lang),
        high=percent(high, 0, lang),
    )

    def ending(area: str, share: float) -> str:
        share_text = percent(share, 0, lang)
        return view.words.say("figure.fan.end", area=area, year=view.target, share=share_text)

    own = float(end["median"])
    return [
        EndLabel(goal, ending(view.whole, goal), CITY.colour),
        EndLabel(own, ending(view.area, own), colour, bold=True),
        EndLabel(own - 1e-6, band, colour),
    ]


def _numbers(view: FanView) -> dict[str, str]:
    """Print the numbers of the target wave."""
    lang = view.words.lang
    at = view.bands[view.bands["period"] == view.target]
    own, city = (
        next(r._asdict() for r in rows_of(at) if r.area == a) for a in (view.area, view.whole)
    )
    digits = number(100 * own["low_95"], 0, lang)
    return {
        "area": view.area,
        "whole": view.whole,
        "target": str(view.target),
        "median": percent(own["median"], 0, lang),
        "low": digits,
        "high": percent(own["high_95"], 0, lang),
        "city": percent(city["median"], 0, lang),
    }


def _finding(views: Sequence[FanView]) -> str:
    """Say every panel's estimate beside the whole's."""
    words = views[0].words
    values = []
    for setting in dict.fromkeys(view.setting for view in views):
        found = [_numbers(view) for view in views if view.setting == setting]
        own = [words.say("figure.fan.title_area", **n) for n in found]
        values.append(
            words.say(
                "figure.fan.title_value",
                setting=words.name("setting_when", setting),
                areas=words.listing(own),
                city=found[0]["city"],
                whole=found[0]["whole"],
            )
        )
    return words.say_of(
        views[0].response, "figure.fan.title", target=views[0].target, values="; ".join(values)
    )


def _alt(view: FanView) -> str:
    points = ", ".join(
        f"{row.wave}: {marked(percent(row.share, 0, view.words.lang), row.grade, view.words)}"
        for row in rows_of(view.points[view.points["area"] == view.area])
    )
    return view.words.say_of(
        view.response, "figure.fan.alt", panel=view.title, points=points, **_numbers(view)
    )
