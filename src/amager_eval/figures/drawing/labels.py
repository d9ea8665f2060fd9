"""Direct labels instead of legends, moved apart where they would overlap; axes in the language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from amager_eval.wording.sentences import Wording

__all__ = [
    "YEARS_BEFORE",
    "EndLabel",
    "label_ends",
    "number_axis",
    "percent_axis",
    "spread",
    "within",
    "year_axis",
]

#: Years shown before the target: every picture of the appendix has the same time axis.
YEARS_BEFORE: Final = 12
#: Years between the labels of a long axis, counted back from its last.
_STEP: Final = 4


@dataclass(frozen=True)
class EndLabel:
    """A label beside the end of a line."""

    y: float
    text: str
    colour: str
    bold: bool = False


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move positions apart until neighbours are at least `gap` from each other.

    In the order given; each cluster stays centred on its wanted positions.

    Examples
    --------
    >>> spread([1.0, 1.0, 5.0], 1.0)
    [0.5, 1.5, 5.0]
    """
    order = np.argsort(positions, kind="stable")
    clusters: list[tuple[list[int], float]] = []  # members, centre
    for index in order:
        members, centre = [int(index)], float(positions[index])
        while clusters:
            before, before_centre = clusters[-1]
            reach = gap * (len(before) + len(members)) / 2
            if centre - before_centre >= reach:
                break
            clusters.pop()
            weight = len(before) + len(members)
            centre = (before_centre * len(before) + centre * len(members)) / weight
            members = before + members
        clusters.append((members, centre))
    moved = [0.0] * len(positions)
    for members, centre in clusters:
        for rank, index in enumerate(members):
            moved[index] = centre + gap * (rank - (len(members) - 1) / 2)
    return moved


def within(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Push positions that lie beyond the limits back, and their neighbours with them.

    Examples
    --------
    >>> within([4.5, 5.5, 2.0], 1.0, 0.0, 5.0)
    [4.0, 5.0, 2.0]
    """
    order = np.argsort(positions, kind="stable")
    moved, limit = list(positions), high
    for index in order[::-1]:
        moved[index] = min(moved[index], limit)
        limit = moved[index] - gap
    limit = low
    for index in order:
        moved[index] = max(moved[index], limit)
        limit = moved[index] + gap
    return moved


def label_ends(ax: Axes, x: float, labels: Sequence[EndLabel], *, size: float = 7.5) -> None:
    """Write labels to the right of `x`, moved apart; call when the limits of `ax` are final."""
    low, high = ax.get_ylim()
    height = ax.get_window_extent().height / ax.figure.dpi * 72  # points
    lines = max((lb.text.count("\n") + 1 for lb in labels), default=1)
    gap = (high - low) * size * 1.25 * lines / max(height, 1)
    places = within(spread([lb.y for lb in labels], gap), gap, low, high)
    for label, y in zip(labels, places, strict=True):
        ax.annotate(
            label.text,
            xy=(x, y),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            ha="left",
            linespacing=1.0,
            color=label.colour,
            fontsize=size,
            fontweight="bold" if label.bold else "normal",
            annotation_clip=False,
        )


def percent_axis(ax: Axes, words: Wording) -> None:
    """Print the y ticks as whole percentages; values are shares 0 to 1."""
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(round(v, 4), 0, words.lang)))
    ax.grid(axis="y", color="#d9d9d9", linewidth=0.6)
    ax.set_axisbelow(True)


def number_axis(ax: Axes, words: Wording) -> None:
    """Print the y ticks with the language's separators, from zero up: a rate axis is never cut."""
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))

    def tick(value: float, _position: int) -> str:
        for decimals in (0, 1, 2):
            if abs(value - round(value, decimals)) < 1e-9:
                return number(value, decimals, words.lang)
        return number(value, 3, words.lang)

    ax.yaxis.set_major_formatter(FuncFormatter(tick))
    ax.grid(axis="y", color="#d9d9d9", linewidth=0.6)
    ax.set_axisbelow(True)


def year_axis(ax: Axes, first: int, last: int) -> None:
    """Label the x axis with whole years, the last always: every fourth where there are many."""
    step = 1 if last - first <= _STEP else _STEP
    ticks = list(range(last, first - 1, -step))[::-1]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.set_xlim(first - 0.4, last + 0.4)
