"""The forecast ledger: what was forecast in earlier years beside what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amager_eval.figures.labels import percent_axis
from amager_eval.figures.rows import rows_of
from amager_eval.figures.style import CITY, axes_or_new, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from amager_eval.wording.sentences import Wording

__all__ = ["LedgerView", "plot_ledger"]


@dataclass(frozen=True, eq=False)
class LedgerView:
    """Forecasts of published shares and their outcomes.

    Parameters
    ----------
    frame : DataFrame
        `label, issued, median, low_80, high_80, low_95, high_95, observed`; shares 0 to 1,
        `observed` NaN while the wave has not come.
    words : Wording
        Language.
    """

    frame: pd.DataFrame
    words: Wording


def plot_ledger(view: LedgerView, ax: Axes | None = None) -> Axes:
    """Draw each forecast's 80 and 95 % interval, its median, and the figure that came.

    Parameters
    ----------
    view : LedgerView
        Forecasts, in the order they are to stand.
    ax : Axes or None
        Where to draw; a new figure where None.

    Returns
    -------
    Axes
    """
    with style():
        ax = axes_or_new(ax)
        frame = view.frame.reset_index(drop=True)
        x = np.arange(len(frame), dtype=float)
        ax.vlines(x, frame["low_95"], frame["high_95"], color="#0072B2", linewidth=1.2)
        ax.vlines(x, frame["low_80"], frame["high_80"], color="#0072B2", linewidth=4.5, alpha=0.55)
        ax.plot(x, frame["median"], linestyle="none", marker="_", markersize=12, color="#0072B2")
        inside = frame["observed"].between(frame["low_95"], frame["high_95"])
        for xi, value, hit in zip(x, frame["observed"], inside, strict=True):
            if not np.isnan(value):
                ax.plot(xi, value, marker=CITY.marker, color=CITY.colour, markersize=6, zorder=5,
                        markerfacecolor=CITY.colour if hit else "white")  # fmt: skip
        known = frame["observed"].notna()
        ax.set_title(
            view.words.say(
                "figure.ledger.title", hits=int((inside & known).sum()), known=int(known.sum())
            )
        )
        names = [
            view.words.say("figure.ledger.row", label=r.label, issued=r.issued)
            for r in rows_of(frame)
        ]
        ax.set_xticks(x, names)
        ax.set_xlim(-0.6, len(frame) - 0.4)
        percent_axis(ax, view.words)
    return ax
