"""A back-test in one picture: how much better or worse than every peer, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from amager_eval.figures.drawing.style import GOAL, INK, MUTED, axes_or_new, style

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

    from amager_eval.wording.sentences import Wording

__all__ = ["BacktestView", "plot_backtest", "save_backtest"]


@dataclass(frozen=True, eq=False)
class BacktestView:
    """Paired differences of a back-test."""

    #: `subset, versus, difference, low_crossed, high_crossed, ratio`, from
    #: :func:`~amager_eval.evidence.backtest.compare.compare`.
    differences: pd.DataFrame
    panel: str  #: Name of the panel
    words: Wording  #: Language


def plot_backtest(view: BacktestView, ax: Axes | None = None) -> Axes:
    """Draw the score of the model against each peer's, in percent; left of zero it is better."""
    table = view.differences
    everything = table[table["subset"] == "all"].sort_values("ratio", ascending=False)
    peers = list(everything["versus"])
    with style():
        ax = axes_or_new(ax)
        ax.axvline(0, color=MUTED, linewidth=0.6)
        for subset, colour, shift in (("all", INK, 0.12), ("small", GOAL, -0.12)):
            rows = table[(table["subset"] == subset) & table["versus"].isin(peers)]
            if rows.empty:
                continue
            rows = rows.set_index("versus").loc[peers]
            # in percent of the peer's own score: ratio - 1 = difference / peer's mean
            percent = 100 * (rows["ratio"] - 1)
            scale = percent / rows["difference"]
            low, high = scale * rows["low_crossed"], scale * rows["high_crossed"]
            at = np.arange(len(peers)) + shift
            ax.hlines(at, low, high, color=colour, linewidth=1.2)
            ax.plot(percent, at, "o" if subset == "all" else "s", color=colour,
                    label=view.words.say(f"figure.backtest.{subset}"))  # fmt: skip
        ax.set_yticks(np.arange(len(peers)), [p.replace("_", " ") for p in peers])
        ax.set_xlabel(view.words.say("figure.backtest.x"))
        ax.set_title(view.words.say("figure.backtest.title", panel=view.panel))
        ax.legend(frameon=False)
    return ax


def save_backtest(view: BacktestView, folder: Path) -> list[Path]:
    """Save the picture as PNG and SVG; return the paths."""
    with style():
        figure = Figure(figsize=(7.0, 3.6), layout="constrained")
        plot_backtest(view, figure.subplots())
        paths = [folder / f"{view.panel}_differences.{suffix}" for suffix in ("png", "svg")]
        for path in paths:
            figure.savefig(path, dpi=200)
    return paths
