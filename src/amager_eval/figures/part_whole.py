"""Is the area below or above the city? The difference with its interval, wave by wave."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.respondents_shown import respondents_shown
from amager_eval.figures.drawing.rows import rows_of
from amager_eval.figures.drawing.style import CITY, axes_or_new, is_narrow, looks, style
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import number, signed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["PartWholeView", "part_whole_view", "picture_part_whole", "plot_part_whole"]


@dataclass(frozen=True, eq=False)
class PartWholeView:
    """Differences part minus whole, newest first."""

    title: str  #: Heading
    frame: pd.DataFrame  #: `area, label, grade, estimate, low, high`; percentage points
    areas: tuple[str, ...]  #: Every area of the page, which fixes the looks
    words: Wording  #: Language
    response: str = "safe"  #: Answer: of `unsafe`, below the whole is better


def part_whole_view(
    comparisons: pd.DataFrame,
    words: Wording,
    *,
    deff: float,
    areas: Sequence[str],
    response: str = "safe",
    names: Mapping[str, str] | None = None,
) -> PartWholeView:
    """Pick the latest wave of every area and setting.

    `areas` is every area of the page, which fixes the looks; `deff` the design effect whose
    intervals are shown.
    """
    chosen = comparisons[(comparisons["response"] == response) & (comparisons["deff"] == deff)]
    latest = chosen.loc[chosen.groupby(["area", "setting"], sort=False)["wave"].idxmax()]
    called = names or {}
    frame = pd.DataFrame(
        {
            "area": latest["area"],
            "label": [
                words.say(
                    "figure.part_whole.row_c" if r.grade == "C" else "figure.part_whole.row",
                    area=called.get(r.area, r.area), wave=r.wave,
                    setting=words.name("setting", r.setting),
                )
                for r in rows_of(latest)
            ],
            "grade": latest["grade"],
            "estimate": 100 * latest["estimate"],
            "low": 100 * latest["low"],
            "high": 100 * latest["high"],
        }
    ).reset_index(drop=True)  # fmt: skip
    return PartWholeView("", frame, tuple(areas), words, response)


def plot_part_whole(view: PartWholeView, ax: Axes | None = None) -> Axes:
    """Draw each difference as a dot with its interval, zero being the city's own level."""
    with style():
        ax = axes_or_new(ax)
        slim = is_narrow(ax)
        if view.title:
            ax.set_title(view.title)
        look = looks(view.areas, None)
        rows = np.arange(len(view.frame))[::-1].astype(float)
        ax.axvline(0, color=CITY.colour, linestyle=CITY.line, linewidth=1.2)
        for y, row in zip(rows, rows_of(view.frame), strict=True):
            one = look[str(row.area)]
            ax.hlines(y, row.low, row.high, color=one.colour, linewidth=2)
            ax.plot(row.estimate, y, marker=one.marker, color=one.colour, markersize=6)
            text = view.words.say(
                "figure.part_whole.value",
                estimate=signed(row.estimate, 0, view.words.lang),
                low=number(row.low, 0, view.words.lang),
                high=number(row.high, 0, view.words.lang),
            )
            if slim:  # words above the row: beside it they would leave the axis no room
                text = view.words.say("figure.probability.row", label=row.label, said=text)
                ax.annotate(text, (0, y), xycoords=ax.get_yaxis_transform(), xytext=(2, 5),
                            textcoords="offset points", size=6.8,
                            color=one.colour).set_in_layout(False)  # fmt: skip
                continue
            ax.annotate(text, (row.high, y), xytext=(5, 0), textcoords="offset points",
                        va="center", size=7, color=one.colour)  # fmt: skip
        ax.set_yticks(rows, ["" if slim else str(t) for t in view.frame["label"]])
        ax.set_ylim(-0.7, len(rows) - 0.3)
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v, 0, view.words.lang)))
        ax.set_xlabel(view.words.say_of(view.response, "figure.part_whole.axis"))
        ax.grid(axis="x", color="#d9d9d9", linewidth=0.6)
        ax.set_axisbelow(True)
    return ax


def picture_part_whole(statement: Statement, words: Wording) -> Picture | None:
    """Differences at the latest wave; None where nothing could be compared."""
    agreement = statement.agreement
    if statement.comparisons.empty:
        return None
    own = (*agreement.areas.evaluated.names, *agreement.areas.indicators)
    present = statement.facts.surveyed
    view = part_whole_view(
        statement.comparisons, words, deff=agreement.verdicts.default_deff,
        areas=[a for a in own if a in present], response=agreement.response,
        names={a: area_label(agreement, a, words) for a in own},
    )  # fmt: skip
    if view.frame.empty:
        return None
    below = [r.label for r in rows_of(view.frame) if r.high < 0]
    above = [r.label for r in rows_of(view.frame) if r.low > 0]
    parts = [
        words.say_of(view.response, f"figure.part_whole.{key}", labels=words.listing(labels))
        for key, labels in (("below", below), ("above", above))
        if labels
    ]
    if len(below) + len(above) == 1 and len(view.frame) > 1:
        key = "only_below" if below else "only_above"
        said = words.say_of(view.response, f"figure.part_whole.{key}", labels=(below + above)[0])
        parts = [said]
    title = " ".join(parts).removesuffix(".") or words.say("figure.part_whole.none")
    alt = " ".join(
        words.say(
            "figure.part_whole.alt", label=r.label,
            estimate=signed(r.estimate, 1, words.lang), low=number(r.low, 1, words.lang),
            high=number(r.high, 1, words.lang),
        )
        for r in rows_of(view.frame)
    )  # fmt: skip
    caption = words.say_of(
        view.response, "figure.part_whole.caption", whole=agreement.areas.whole,
        deff=number(agreement.verdicts.default_deff, 1, words.lang),
    )  # fmt: skip
    compared = [a for a in own if a in set(statement.comparisons["area"])]
    last = int(statement.comparisons["wave"].min())
    answers = respondents_shown(
        statement.facts, [*compared, agreement.areas.whole], words,
        {a: area_label(agreement, a, words) for a in own}, since=last,
    )  # fmt: skip
    return Picture(
        id="part_whole",
        title=title,
        alt=alt,
        caption=f"{caption} {answers}".rstrip(),
        source=words.say("source.safety", survey=agreement.safety.survey),
        panels=(partial(plot_part_whole, view),),
        height=22 + 6.2 * len(view.frame),
        narrow_height=30 + 9 * len(view.frame),
        synthetic=statement.synthetic,
    )  # fmt: skip
