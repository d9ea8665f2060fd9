"""How probable each reading of the safety goals is: true against published, and before the data."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from amager_eval.figures.picture import Picture
from amager_eval.figures.respondents_shown import respondents_shown
from amager_eval.figures.rows import rows_of
from amager_eval.figures.style import GOAL, INK, MUTED, axes_or_new, is_narrow, style
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import percent
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["ProbabilityView", "picture_probabilities", "plot_probabilities", "probability_view"]

#: Readings shown, mildest first.
_READINGS = (
    "above_baseline",
    "shortfall_smaller_and_rose",
    "reaches_whole",
    "rises_every_year",
)


#: Characters of a heading before it is broken: panels stand side by side.
_TITLE = 34
_NARROW_TITLE = 28
_NARROW_LABEL = 18


@dataclass(frozen=True, eq=False)
class ProbabilityView:
    """Probabilities of one reading.

    Parameters
    ----------
    quantity, title : str
        The reading: its id, and in words.
    frame : DataFrame
        `label, probability_true, probability_published, prior_probability_true`; 0 to 1.
    words : Wording
        Language.
    response : str
        Answer: of `unsafe`, a fall is an improvement.
    """

    quantity: str
    title: str
    frame: pd.DataFrame
    words: Wording
    response: str = "safe"


def probability_view(
    probabilities: pd.DataFrame,
    quantity: str,
    areas: Sequence[str],
    settings: Sequence[str],
    words: Wording,
    *,
    year: int,
    response: str = "safe",
    names: Mapping[str, str] | None = None,
) -> ProbabilityView:
    """Pick the probabilities of one reading.

    Parameters
    ----------
    probabilities : DataFrame
        `Statement.probabilities`.
    quantity : str
        The reading.
    areas, settings : sequence of str
        Rows to show.
    words : Wording
        Language.
    year : int
        Target wave.
    response : str
        Answer.
    names : mapping of str to str or None
        What to call the areas; None as they are.

    Returns
    -------
    ProbabilityView
    """
    chosen = probabilities[
        (probabilities["quantity"] == quantity)
        & (probabilities["response"] == response)
        & probabilities["area"].isin(areas)
        & probabilities["setting"].isin(settings)
    ]
    if "year" in chosen:
        chosen = chosen[chosen["year"] == year]
    order = {(a, s): i for i, (a, s) in enumerate((a, s) for a in areas for s in settings)}
    chosen = chosen.assign(
        label=[
            f"{(names or {}).get(a, a)}, {words.name('setting', s)}"
            for a, s in zip(chosen["area"], chosen["setting"], strict=True)
        ],
        rank=[order[a, s] for a, s in zip(chosen["area"], chosen["setting"], strict=True)],
    ).sort_values("rank")
    columns = ["label", "probability_true", "probability_published", "prior_probability_true"]
    title = words.say_of(response, f"quantity_short.{quantity}", year=year)
    return ProbabilityView(quantity, title, chosen[columns].reset_index(drop=True), words, response)


def plot_probabilities(view: ProbabilityView, ax: Axes | None = None) -> Axes:
    """Draw a bar for the true share, a hatched bar for the published one, a mark for the prior.

    Parameters
    ----------
    view : ProbabilityView
        From :func:`probability_view`.
    ax : Axes or None
        Where to draw; a new figure where None. A panel to its left names the rows for both.

    Returns
    -------
    Axes
    """
    with style():
        ax = axes_or_new(ax)
        slim = is_narrow(ax)
        ax.set_title(textwrap.fill(view.title, _NARROW_TITLE if slim else _TITLE))
        rows = np.arange(len(view.frame))[::-1].astype(float)
        for column, shift, face, hatch in (
            ("probability_true", 0.2, "#0072B2", ""),
            ("probability_published", -0.2, "white", "////"),
        ):
            values = view.frame[column].to_numpy(float)
            ax.barh(
                rows + shift, np.nan_to_num(values), 0.36, color=face, edgecolor="#0072B2",
                hatch=hatch, linewidth=0.8,
            )  # fmt: skip
            for y, value in zip(rows + shift, values, strict=True):
                if np.isnan(value):  # the reading does not apply to this area
                    text = (
                        view.words.say_of(view.response, "figure.probability.not_applicable")
                        if shift > 0
                        else ""
                    )
                    ax.annotate(text, (0, y - 0.2), xytext=(3, 0), textcoords="offset points",
                                va="center", size=6.8, color=MUTED)  # fmt: skip
                    continue
                text = view.words.say(
                    f"figure.probability.{column}", value=say_probability(value, view.words)
                )
                ax.annotate(
                    text, (1, y), xytext=(5, 0), textcoords="offset points", va="center",
                    size=6.8, color=INK, annotation_clip=False,
                )  # fmt: skip
        prior = view.frame["prior_probability_true"].to_numpy(float)
        ax.plot(prior, rows + 0.2, linestyle="none", marker="d", markersize=6,
                color="white", markeredgecolor=GOAL, markeredgewidth=1.6, zorder=6)  # fmt: skip
        place = ax.get_subplotspec()
        first = place is None or place.is_first_col()
        labels = [textwrap.fill(t, _NARROW_LABEL) if slim else t for t in view.frame["label"]]
        ax.set_yticks(rows, labels if first else [""] * len(rows))
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlim(0, 1)
        ax.set_xticks([0, 0.5, 1])
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v, 0, view.words.lang)))
        ax.grid(axis="x", color="#d9d9d9", linewidth=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_color(MUTED)
    return ax


def picture_probabilities(
    statement: Statement, areas: Sequence[str], words: Wording
) -> Picture | None:
    """Bars of every reading; None where no model could be fitted."""
    agreement, frame = statement.agreement, statement.probabilities
    if frame.empty:
        return None
    parts = [a for a in areas if a != agreement.areas.whole]
    names = {a: area_label(agreement, a, words) for a in parts}
    views = [
        probability_view(
            frame, quantity, parts, agreement.safety.settings, words,
            year=agreement.safety.target_wave, response=agreement.response,
            names=names,
        )
        for quantity in _READINGS
    ]  # fmt: skip
    views = [v for v in views if len(v.frame)]
    if not views:
        return None
    reach = next((v for v in views if v.quantity == "reaches_whole"), views[0])
    alt = " ".join(
        words.say(
            "figure.probability.alt",
            reading=view.title,
            values="; ".join(
                words.say(
                    "figure.probability.alt_row",
                    label=row.label,
                    true=say_probability(row.probability_true, words),
                    published=say_probability(row.probability_published, words),
                    prior=say_probability(row.prior_probability_true, words),
                )
                for row in rows_of(view.frame)
            ),
        )
        for view in views
    )
    values = [
        words.say(
            "figure.probability.value",
            label=row.label,
            probability=say_probability(row.probability_true, words),
        )
        for row in rows_of(reach.frame)
    ]
    caption = words.say_of(agreement.response, "figure.probability.caption")
    answers = respondents_shown(statement.data, [*parts, agreement.areas.whole], words, names)
    return Picture(
        id="probabilities",
        title=words.say("figure.probability.title", reading=reach.title, values="; ".join(values)),
        alt=alt,
        caption=f"{caption} {answers}".rstrip(),
        source=words.say("source.safety_model", survey=agreement.safety.survey),
        panels=tuple(partial(plot_probabilities, view) for view in views),
        columns=2,
        height=20 + (12 + 6 * len(views[0].frame)) * -(-len(views) // 2),
        narrow_height=25 + (14 + 8 * len(views[0].frame)) * len(views),
        synthetic=statement.synthetic,
    )
