"""The estimate of an unmeasured area: bands alone, the published figures in their own places."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.figures.drawing.labels import percent_axis, year_axis
from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.rows import rows_of
from amager_eval.figures.drawing.style import CITY, INK, MUTED, axes_or_new, is_narrow, looks, style
from amager_eval.wording.area import area_label
from amager_eval.wording.figure import band_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["AreaEstimateView", "picture_area_estimate", "plot_area_estimate"]

#: Marks of the published figures of other areas, each its own, never joined.
_MARKS = ("D", "^", "v", "P", "X", "*")


@dataclass(frozen=True, eq=False)
class AreaEstimateView:
    """One question."""

    title: str  #: The question and the answer
    bands: pd.DataFrame  #: `year, low_95 to high_95`: the area's estimate, shares 0 to 1
    #: `area, wave, share, role` of published figures; role `whole`, `district` or `other`.
    points: pd.DataFrame
    words: Wording  #: Language
    band_label: str  #: What the bands are called
    #: Every district of the appendix in its order, which fixes the looks.
    districts: tuple[str, ...]
    others: tuple[str, ...]  #: The other areas of all panels: each has the same mark in every one


def plot_area_estimate(view: AreaEstimateView, ax: Axes | None = None) -> Axes:
    """Draw hatched bands without a line in the middle, and published points beside them."""
    with style():
        ax = axes_or_new(ax)
        ax.set_title(view.title)
        x = view.bands["year"].to_numpy(float)
        for level, alpha in (("95", 0.10), ("80", 0.12), ("50", 0.16)):
            low, high = view.bands[f"low_{level}"], view.bands[f"high_{level}"]
            ax.fill_between(
                x, low, high, facecolor=looks(["a"], None)["a"].colour, alpha=alpha, linewidth=0
            )
        ax.fill_between(
            x, view.bands["low_95"], view.bands["high_95"], facecolor="none", hatch="////",
            edgecolor=MUTED, linewidth=0.4, label=view.band_label,
        )  # fmt: skip
        points = view.points
        chosen = looks(view.districts, None)
        for area in dict.fromkeys(points["area"]):
            own = points[points["area"] == area].sort_values("wave")
            role = own["role"].iloc[0]
            if role == "other":
                mark = _MARKS[view.others.index(area) % len(_MARKS)]
                ax.plot(own["wave"], own["share"], mark, color=INK, markerfacecolor="white",
                        linestyle="none", label=area)  # fmt: skip
                continue
            look = CITY if role == "whole" else chosen[area]
            ax.plot(own["wave"], own["share"], look.marker, color=look.colour, linestyle="none",
                    markersize=3.2, label=area)  # fmt: skip
        first = min(float(points["wave"].min()), float(x.min())) if len(points) else float(x.min())
        year_axis(ax, int(first), int(x.max()))
        percent_axis(ax, view.words)
        ax.legend(
            fontsize=6, frameon=False, loc="upper left", bbox_to_anchor=(-0.12, -0.12),
            ncols=1 if view.others or is_narrow(ax) else 2,  # names of other areas are long
            labelspacing=0.25, handletextpad=0.4, columnspacing=0.8,
        )  # fmt: skip
    return ax


def picture_area_estimate(statement: Statement, words: Wording) -> Picture | None:
    """Bands of the area and every published figure they rest on; None without an estimate.

    The first row is of the goals' own answer. Where the earlier figures of the areas are of
    another, a second row is of that one: a share is never turned into another to fit a scale.
    """
    area, agreement, facts = statement.area, statement.agreement, statement.facts
    if area is None or not area.shown or not facts.survey:
        return None
    counted = Counter(f.response for f in facts.survey if f.area in area.evidence)
    asked = dict.fromkeys((agreement.response, *(r for r, _ in counted.most_common(1))))
    settings = agreement.safety.settings
    views, said = [], []
    for response in asked:
        for setting in settings:
            view, told = _view(statement, words, setting, response)
            views.append(view)
            said += told
    shares = words.listing([words.name("response_of", r) for r in asked])
    return Picture(
        id="area_estimate",
        title=words.say("figure.area_estimate.title", area=area.area, share=shares),
        alt=" ".join(said),
        caption=words.say("figure.area_estimate.caption", share=shares),
        source=words.say("source.safety_model", survey=agreement.safety.survey),
        panels=tuple(partial(plot_area_estimate, view) for view in views),
        columns=len(settings),
        height=88 if len(asked) == 1 else 150,
        synthetic=statement.synthetic,
        message=tuple(range(len(settings))),
    )


def _view(
    statement: Statement, words: Wording, setting: str, response: str
) -> tuple[AreaEstimateView, list[str]]:
    """Take one question and answer, and say its bands in words."""
    area, agreement, facts = statement.area, statement.agreement, statement.facts
    assert area is not None
    first, target = agreement.safety.baseline_wave, agreement.safety.target_wave
    roles = {agreement.areas.whole: "whole"}
    roles |= dict.fromkeys(agreement.areas.evaluated.districts, "district")
    roles |= dict.fromkeys(area.evidence, "other")
    waves = [f.wave for f in facts.survey if f.area in area.evidence]
    since = min(waves, default=first - 8)
    b = area.bands
    own = b[
        (b["step"] == area.step)
        & (b["assumption"] == "")
        & (b["setting"] == setting)
        & (b["response"] == response)
        & b["year"].between(first, target)
    ]
    ends = [c for c in own.columns if c.startswith(("low_", "high_"))]
    points = pd.DataFrame(
        [
            (area_label(agreement, name, words), wave, share.percent / 100, role)
            for name, role in roles.items()
            for wave, share in facts.shares(name, setting, response).items()
            if since <= wave <= statement.year
        ],
        columns=["area", "wave", "share", "role"],
    )
    title = words.say(
        "figure.area_estimate.part",
        part=words.name("setting", setting), share=words.name("response", response),
    )  # fmt: skip
    told = [
        words.say("figure.area_estimate.alt", part=title, year=row.year,
                  band=band_text(row._asdict(), words))
        for row in rows_of(own) if row.year in (first, statement.year, target)
    ]  # fmt: skip
    shares = own.assign(**{c: own[c] / 100 for c in ends})
    label = words.say("area_estimate.legend")
    named = dict.fromkeys((*agreement.areas.indicators, *agreement.areas.evaluated.districts))
    districts = tuple(area_label(agreement, a, words) for a in named)
    others = tuple(area_label(agreement, a, words) for a, r in roles.items() if r == "other")
    return AreaEstimateView(title, shares, points, words, label, districts, others), told
