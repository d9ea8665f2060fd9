"""How probable each reading of the safety goals is: true against published, and before the data."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.respondents_shown import respondents_shown
from amager_eval.figures.drawing.rows import rows_of
from amager_eval.figures.drawing.style import GOAL, INK, MUTED, axes_or_new, is_narrow, style
from amager_eval.wording.area import area_label
from amager_eval.wording.numbers import percent
from amager_eval.wording.probability import probability_word, say_probability

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

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


_COLOUR = "#0072B2"
#: Characters of a heading before a phone breaks it.
_NARROW_TITLE = 46


@dataclass(frozen=True, eq=False)
class ProbabilityView:
    """Probabilities of one reading."""

    #: The reading: its id, and in words.
    quantity: str
    title: str
    #: `label, probability_true, probability_published, prior_probability_true`, 0 to 1, and
    #: `failed`: whether the reading has failed in print.
    frame: pd.DataFrame
    words: Wording  #: Language
    response: str = "safe"  #: Answer: of `unsafe`, a fall is an improvement
    #: Probabilities to which a reading is "not reached", and from which it is "reached".
    limits: tuple[float, float] = (0.05, 0.95)


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
    failed: Collection[tuple[str, str]] = (),
) -> ProbabilityView:
    """Pick the probabilities of one reading.

    Areas and settings that `failed` have failed the reading in print: their published probability
    is 0, and is printed as that.
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
        failed=[(a, s) in failed for a, s in zip(chosen["area"], chosen["setting"], strict=True)],
        rank=[order[a, s] for a, s in zip(chosen["area"], chosen["setting"], strict=True)],
    ).sort_values("rank")
    columns = ["label", "probability_true", "probability_published", "prior_probability_true"]
    columns.append("failed")
    title = words.say_of(response, f"quantity_short.{quantity}", year=year)
    return ProbabilityView(quantity, title, chosen[columns].reset_index(drop=True), words, response)


def plot_probabilities(view: ProbabilityView, ax: Axes | None = None) -> Axes:
    """Draw a dot for the true share and an open one for the published, against the limits.

    Only the last of panels below each other has its axis labelled.
    """
    with style():
        ax = axes_or_new(ax)
        slim, words = is_narrow(ax), view.words
        ax.set_title(textwrap.fill(view.title, _NARROW_TITLE) if slim else view.title)
        rows = np.arange(len(view.frame))[::-1].astype(float)
        for limit in view.limits:
            ax.axvline(limit, color=GOAL, linestyle="-.", linewidth=1, zorder=1)
        for y, row in zip(rows, rows_of(view.frame), strict=True):
            true, shown = float(row.probability_true), float(row.probability_published)
            if np.isnan(true):  # the reading does not apply to this area
                text = words.say_of(view.response, "figure.probability.not_applicable")
                if slim:
                    text = words.say("figure.probability.row", label=row.label, said=text)
                at = (0 if slim else view.limits[0], y)
                shown_text = ax.annotate(text, at, xytext=(5, 0), textcoords="offset points",
                                   va="center", size=6.2 if slim else 6.8, color=MUTED)  # fmt: skip
                shown_text.set_in_layout(False)
                continue
            said = words.say(
                "figure.probability.probability_true", value=say_probability(true, words),
                word=probability_word(true, words, short=True),
            )  # fmt: skip
            if not np.isnan(shown):
                ax.plot(shown, y, "o", color="white", markeredgecolor=_COLOUR, markersize=6.5,
                        zorder=4)  # fmt: skip
                published = words.say(
                    "figure.probability.probability_published",
                    value=words.say("standing.failed")
                    if row.failed
                    else say_probability(shown, words),
                )
                said = f"{said}\n{published}"
            ax.plot(true, y, "o", color=_COLOUR, markersize=6.5, zorder=5)
            if slim:  # words above the row: beside it they would leave the axis no room
                text = words.say("figure.probability.row", label=row.label,
                                 said=said.partition("\n")[0])  # fmt: skip
                ax.annotate(text, (0, y), xytext=(2, 6), textcoords="offset points", size=6.8,
                            color=INK).set_in_layout(False)  # fmt: skip
                continue
            ax.annotate(said, (1, y), xytext=(8, 0), textcoords="offset points", va="center",
                        size=6.8, color=INK, annotation_clip=False)  # fmt: skip
        ax.set_yticks(rows, ["" if slim else str(t) for t in view.frame["label"]])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xticks([view.limits[0], 0.5, view.limits[1]])
        place = ax.get_subplotspec()
        if place is None or place.is_last_row():
            ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v, 0, words.lang)))
        else:  # the panels share the axis of the last
            ax.tick_params(axis="x", labelbottom=False)
        ax.grid(axis="y", color="#d9d9d9", linewidth=0.6)
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
            names=names, failed=_failed(statement, quantity),
        )
        for quantity in _READINGS
    ]  # fmt: skip
    verdicts = agreement.verdicts
    limits = (verdicts.not_reached_to, verdicts.reached_from)
    views = [replace(v, limits=limits) for v in views if len(v.frame)]
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
    found = reach.frame["probability_true"].dropna()
    ends = (
        [say_probability(float(p), words) for p in (found.min(), found.max())] if len(found) else []
    )
    caption = words.say_of(agreement.response, "figure.probability.caption")
    answers = respondents_shown(statement.facts, [*parts, agreement.areas.whole], words, names)
    return Picture(
        id="probabilities",
        title=words.say(
            "figure.probability.title" if len(set(ends)) > 1 else "figure.probability.title_one",
            reading=reach.title, low=ends[0] if ends else "", high=ends[-1] if ends else "",
        ),
        alt=alt,
        caption=f"{caption} {answers}".rstrip(),
        source=words.say("source.safety_model", survey=agreement.safety.survey),
        panels=tuple(partial(plot_probabilities, view) for view in views),
        height=24 + (7 + 7 * len(views[0].frame)) * len(views),
        narrow_height=28 + (12 + 9 * len(views[0].frame)) * len(views),
        synthetic=statement.synthetic,
        message=(views.index(reach),),
    )  # fmt: skip


def _failed(statement: Statement, quantity: str) -> set[tuple[str, str]]:
    """Areas and settings in which a reading has failed in print, whatever comes."""
    agreement = statement.agreement
    return {
        (str(r.area), str(r.setting))
        for r in statement.judged
        if r.failed
        and (r.reading, r.response, r.year)
        == (quantity, agreement.response, agreement.safety.target_wave)
    }
