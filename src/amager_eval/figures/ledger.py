"""The forecast ledger: what was forecast in earlier years beside what came."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amager_eval.figures.drawing.labels import percent_axis
from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.rows import rows_of
from amager_eval.figures.drawing.style import CITY, axes_or_new, style
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["LedgerView", "ledger_view", "picture_ledger", "plot_ledger"]


@dataclass(frozen=True, eq=False)
class LedgerView:
    """Forecasts of published shares and their outcomes."""

    #: `label, issued, median, low_80, high_80, low_95, high_95, observed`; shares 0 to 1,
    #: `observed` NaN while the wave has not come.
    frame: pd.DataFrame
    words: Wording  #: Language


def plot_ledger(view: LedgerView, ax: Axes | None = None) -> Axes:
    """Draw each forecast's 80 and 95 % interval, its median, and the figure that came."""
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
            view.words.say("figure.ledger.row", label=textwrap.fill(r.label, 24), issued=r.issued)
            for r in rows_of(frame)
        ]
        ax.set_xticks(x, names)
        ax.set_xlim(-0.6, len(frame) - 0.4)
        percent_axis(ax, view.words)
    return ax


def _plot_untitled(view: LedgerView, ax: Axes) -> Axes:
    plot_ledger(view, ax).set_title("")  # the picture's own title says it
    return ax


def ledger_view(statement: Statement, words: Wording) -> LedgerView:
    """Choose what the picture shows: the share the goals are about, forecast one wave ahead.

    Of the agreement's own area, or of its indicator districts where it has no forecasts; every
    forecast of every horizon stands in the tables.
    """
    agreement = statement.agreement
    frame = statement.ledger.quantities
    frame = frame[
        (frame["kind"] == "safety")
        & (frame["status"] == "scored")
        & (frame["response"] == agreement.response)
        & (frame["year"] == frame["issued"] + 1)
    ]
    own = [*agreement.areas.evaluated.names]
    chosen = own if frame["area"].isin(own).any() else [*agreement.areas.indicators]
    frame = frame[frame["area"].isin(chosen)].sort_values(["year", "area", "setting"])
    shown = frame[["issued", "year"]].reset_index(drop=True)
    values = ["median", "low_80", "high_80", "low_95", "high_95", "observed"]
    shown[values] = frame[values].astype(float).to_numpy() / 100
    shown["label"] = [
        words.say(
            "figure.ledger.label",
            area=area_label(agreement, r.area, words),
            setting=words.name("setting_short", r.setting),
            year=r.year,
        )
        for r in rows_of(frame)
    ]
    return LedgerView(shown, words)


def picture_ledger(statement: Statement, words: Wording) -> Picture | None:
    """Forecasts of the shares beside what came; None where nothing has been scored."""
    view = ledger_view(statement, words)
    if view.frame.empty:
        return None
    inside = view.frame["observed"].between(view.frame["low_95"], view.frame["high_95"])
    counted = {"hits": int(inside.sum()), "known": len(inside)}
    rows = "; ".join(
        words.say(
            "figure.ledger.alt_row",
            label=r.label,
            observed=percent(r.observed, 0, words.lang),
            low=percent(r.low_95, 0, words.lang),
            high=percent(r.high_95, 0, words.lang),
        )
        for r in rows_of(view.frame)
    )
    return Picture(
        id="forecast_ledger",
        title=words.say("figure.ledger.title", **counted),
        alt=words.say("figure.ledger.alt", rows=rows, **counted),
        caption=words.say("figure.ledger.caption"),
        source=words.say("source.safety_model", survey=statement.agreement.safety.survey),
        panels=(partial(_plot_untitled, view),),
        height=44,
        synthetic=statement.synthetic,
    )
