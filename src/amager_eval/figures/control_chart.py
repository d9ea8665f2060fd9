"""Reports period by period against the limits of ordinary variation: is the latest outside?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.figures.drawing.labels import EndLabel, label_ends, number_axis
from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.style import CITY, GOAL, axes_or_new, style
from amager_eval.wording.numbers import number
from amager_eval.wording.period import period_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from amager_eval.wording.sentences import Wording

__all__ = ["ChartView", "picture_control_charts", "plot_control_chart"]

_COLOUR: Final = "#0072B2"
#: The goal's orange, dark enough for letters.
_DARK: Final = "#8f3d00"
#: Periods shown, the latest last.
_SHOWN: Final = 12


@dataclass(frozen=True, eq=False)
class ChartView:
    """One series against its own past."""

    title: str  #: Heading of the panel
    frame: pd.DataFrame  #: `period, count, expected, low, high, signal`; reports a period, in order
    words: Wording  #: Language


def plot_control_chart(view: ChartView, ax: Axes | None = None) -> Axes:
    """Draw the reports of each period, what was expected, and the limits around it."""
    with style():
        ax = axes_or_new(ax)
        frame, words = view.frame.tail(_SHOWN), view.words
        ax.set_title(view.title)
        x = np.arange(len(frame), dtype=float)
        low, high, expected, count = (
            frame[c].to_numpy(float) for c in ("low", "high", "expected", "count")
        )
        ax.fill_between(x, low, high, color=_COLOUR, alpha=0.16, linewidth=0, step="mid")
        for edge in (low, high):
            ax.plot(x, edge, color=_COLOUR, linewidth=0.6, drawstyle="steps-mid")
        ax.plot(x, expected, color=_COLOUR, linewidth=1.2, linestyle="--", drawstyle="steps-mid")
        ax.plot(x, count, color=CITY.colour, linewidth=0.9)
        outside = frame["signal"].to_numpy(str) != ""
        ax.plot(x[~outside], count[~outside], CITY.marker, color=CITY.colour, markersize=4)
        ax.plot(x[outside], count[outside], "D", color=GOAL, markersize=6, zorder=5)
        top = float(np.nanmax([*high, *count]))
        ax.set_ylim(0, 1.1 * top)
        number_axis(ax, words)
        step = max(1, -(-len(x) // 3))
        at = list(range(len(x) - 1, -1, -step))[::-1]
        periods = frame["period"].astype(str).tolist()
        ax.set_xticks(at, [period_label(periods[i], words, short=True) for i in at])
        ax.set_xlim(-0.6, len(x) - 0.4)
        latest = frame.iloc[-1]
        say = partial(number, decimals=0, lang=words.lang)
        colour = _DARK if latest["signal"] else CITY.colour
        label_ends(
            ax, len(x) - 0.4,
            [
                EndLabel(float(latest["count"]), say(latest["count"]), colour, bold=True),
                EndLabel(
                    float(latest["expected"]),
                    words.say(
                        "figure.control.expected",
                        expected=say(latest["expected"]),
                        low=say(latest["low"]),
                        high=say(latest["high"]),
                    ),
                    _COLOUR,
                ),
            ],
            size=6.8,
        )  # fmt: skip
    return ax


def picture_control_charts(
    views: Sequence[ChartView], title: str, source: str, words: Wording, *, synthetic: bool
) -> Picture:
    """Draw every series of an area under one finding."""
    columns = min(2, len(views))
    return Picture(
        id="quarter",
        title=title,
        alt=" ".join(_alt(view) for view in views),
        caption=words.say("figure.control.caption"),
        source=source,
        panels=tuple(partial(plot_control_chart, view) for view in views),
        columns=columns,
        height=22 + 28 * -(-len(views) // columns),
        synthetic=synthetic,
    )


def _alt(view: ChartView) -> str:
    latest = view.frame.iloc[-1]
    say = partial(number, decimals=0, lang=view.words.lang)
    signal = str(latest["signal"]) or "inside"
    return view.words.say(
        "figure.control.alt",
        type=view.title,
        period=period_label(str(latest["period"]), view.words),
        count=say(latest["count"]),
        expected=say(latest["expected"]),
        low=say(latest["low"]),
        high=say(latest["high"]),
        signal=view.words.say(f"chart_signal.{signal.replace(' ', '_')}"),
    )
