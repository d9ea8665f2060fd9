"""Calibration by simulation: where the truths rank among the draws, against an even spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure

from amager_eval.figures.drawing.style import GOAL, MUTED, axes_or_new, style

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from amager_eval.wording.sentences import Wording

__all__ = ["CalibrationView", "plot_calibration", "save_calibration"]


@dataclass(frozen=True, eq=False)
class CalibrationView:
    """Rank distributions of a calibration."""

    #: `quantity, point, difference, low, high`, from
    #: :func:`~amager_eval.evidence.examinations.calibration.calibrate.rank_curves`.
    frame: pd.DataFrame
    fits: int  #: Truths simulated and fitted
    words: Wording  #: Language


def plot_calibration(view: CalibrationView, ax: Axes | None = None) -> Axes:
    """Draw each quantity's ranks less the diagonal; name those outside the band."""
    with style():
        ax = axes_or_new(ax)
        for k, (quantity, curve) in enumerate(view.frame.groupby("quantity", sort=False)):
            if k == 0:
                ax.fill_between(
                    curve["point"], curve["low"], curve["high"], color="#d9d9d9", linewidth=0
                )
            outside = ~curve["difference"].between(curve["low"], curve["high"])
            colour = GOAL if outside.any() else MUTED
            ax.plot(curve["point"], curve["difference"], color=colour, linewidth=0.9)
            if outside.any():
                at = int(curve["difference"].abs().to_numpy().argmax())
                ax.annotate(
                    str(quantity), (curve["point"].iloc[at], curve["difference"].iloc[at]),
                    textcoords="offset points", xytext=(3, 3), color=GOAL,
                )  # fmt: skip
        quantities = view.frame["quantity"].nunique()
        ax.axhline(0, color=MUTED, linewidth=0.6)
        ax.set_xlim(0, 1)
        ax.set_xlabel(view.words.say("figure.calibration.x"))
        ax.set_ylabel(view.words.say("figure.calibration.y"))
        ax.set_title(
            view.words.say("figure.calibration.title", quantities=quantities, fits=view.fits)
        )
    return ax


def save_calibration(view: CalibrationView, path: Path) -> Path:
    """Save the figure as SVG, the same bytes for the same ranks; return the path."""
    with style():
        figure = Figure(figsize=(7.0, 3.6), layout="constrained")
        plot_calibration(view, figure.subplots())
        figure.savefig(path, metadata={"Date": None})
    return path
