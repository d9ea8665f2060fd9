"""How far the goals' probabilities hang on the assumptions: every declared other one as a mark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from amager_eval.figures.crime_types import source_of
from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.rows import rows_of
from amager_eval.figures.drawing.style import GOAL, INK, axes_or_new, is_narrow, style
from amager_eval.goals.sensitivity import OWN_LEVEL, REFITS, USED
from amager_eval.goals.verdict import Verdict
from amager_eval.wording.area import area_label
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.numbers import percent
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = [
    "SensitivityView",
    "not_run",
    "picture_sensitivity",
    "plot_sensitivity",
    "sensitivity_view",
]

#: Mark of what came from the same draws, and of what was fitted again.
_DRAWN, _FITTED = "^", "D"
_FITTED_NAMES: Final = frozenset(
    name for names in (*REFITS.values(), (OWN_LEVEL,)) for name in names
)


#: Colour of an answer that hangs on an assumption, and the verdict on each side of the limits.
_CHANGES: Final = "#8f3d00"
_VERDICTS: Final = {-1: Verdict.NOT_REACHED, 0: Verdict.UNDECIDED, 1: Verdict.REACHED}

#: Columns that name an answer.
_ANSWER: Final = ["group", "label"]


@dataclass(frozen=True, eq=False)
class SensitivityView:
    """Probabilities of the goals under every assumption tried."""

    #: `group, label, alternative, probability`; 0 to 1, one row per answer (its reading is the
    #: group) and alternative, of which one is :data:`~amager_eval.goals.sensitivity.USED`.
    frame: pd.DataFrame
    #: Probabilities to which an answer is "not reached", and from which it is "reached".
    limits: tuple[float, float]
    words: Wording  #: Language

    @property
    def changed(self) -> list[tuple[str, str]]:
        """Group and label of the answers on another side of a limit under some alternative."""
        answers = self.frame.groupby(_ANSWER, sort=False)
        return [(str(g), str(label)) for (g, label), own in answers if len(self.sides(own)) > 1]

    def sides(self, own: pd.DataFrame) -> list[int]:
        """On which sides of the limits an answer falls: -1 below, 0 between, 1 above; in order."""
        low, high = self.limits
        side = np.select([own["probability"] <= low, own["probability"] >= high], [-1, 1], 0)
        return sorted({int(s) for s in side})


def sensitivity_view(statement: Statement, words: Wording) -> SensitivityView:
    """Collect what is shown: the agreement's own area where modelled, else its districts."""
    agreement = statement.agreement
    rows = rows_of(statement.sensitivity)
    own = [r for r in rows if r.setting and r.area in agreement.areas.evaluated.names]
    safety = own or [r for r in rows if r.setting]
    several = len({r.area for r in safety}) > 1
    shown = [
        (*_answer(r, statement, words, name_area=several), r.alternative, r.probability)
        for r in (*safety, *(r for r in rows if r.crime_type))
    ]
    frame = pd.DataFrame(shown, columns=[*_ANSWER, "alternative", "probability"])
    verdicts = agreement.verdicts
    return SensitivityView(
        frame.astype({"probability": float}),
        (verdicts.not_reached_to, verdicts.reached_from),
        words,
    )


def _answer(row: Any, statement: Statement, words: Wording, *, name_area: bool) -> tuple[str, str]:
    """Say in short which answer a row is about: the reading, and what it is read of."""
    agreement = statement.agreement
    area = area_label(agreement, row.area, words)
    if row.crime_type:
        definition = (
            str(statement.crime.draws.attrs.get("definition", "")) if statement.crime else ""
        )
        group = words.say(
            "figure.sensitivity.crime_group" if row.goal else "figure.sensitivity.context_group",
            goal=row.goal, area=area, baseline=agreement.crime.baseline_year,
        )  # fmt: skip
        return group, type_label(agreement.crime, row.crime_type, definition, words)
    quantity = row.quantity
    if quantity == "shortfall_smaller":
        quantity = "shortfall_smaller_and_rose"
    if _was_level(statement, row, quantity):  # there is no shortfall to make smaller
        quantity = "stays_reached"
    reading = words.say_of(
        agreement.response, f"quantity_short.{quantity}", year=agreement.safety.target_wave
    )
    group = words.say("figure.sensitivity.group", goal=row.goal, reading=reading)
    part = words.name("setting_short", row.setting)
    key = "figure.sensitivity.area_row" if name_area else "figure.sensitivity.row"
    return group, words.say(key, area=area, part=part)


def _was_level(statement: Statement, row: Any, quantity: str) -> bool:
    """Whether a quantity has no answer for an area, because it was not short of the whole."""
    frame, agreement = statement.probabilities, statement.agreement
    asked = frame[
        (frame["quantity"] == quantity)
        & (frame["area"] == row.area)
        & (frame["setting"] == row.setting)
        & (frame["response"] == agreement.response)
        & (frame["year"] == agreement.safety.target_wave)
    ]
    return len(asked) > 0 and bool(asked["probability_true"].isna().all())


def plot_sensitivity(view: SensitivityView, ax: Axes | None = None) -> Axes:
    """Draw a line an answer: the probability used as a dot, every other assumption as a mark."""
    with style():
        ax = axes_or_new(ax)
        words, slim = view.words, is_narrow(ax)
        for limit in view.limits:
            ax.axvline(limit, color=GOAL, linestyle="-.", linewidth=1, zorder=1)
        annotate = partial(
            ax.annotate, xycoords=ax.get_yaxis_transform(), textcoords="offset points",
            color=INK, annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0},
        )  # fmt: skip
        y = 0.0
        ticks: list[float] = []
        labels: list[str] = []
        for group, answers in view.frame.groupby("group", sort=False):
            y -= 1
            annotate(str(group), (0, y), xytext=(3, 0), va="center", weight="bold", size=7.2)
            for label, own in answers.groupby("label", sort=False):
                y -= 1
                said = _draw_answer(ax, y, own, view)
                ticks.append(y)
                labels.append("" if slim else str(label))
                if slim:
                    annotate(str(label), (0, y), xytext=(3, 13), size=6.8)
                    annotate(said, (0, y), xytext=(3, 5), size=6.8)
                else:
                    annotate(said, (1, y), xytext=(8, 0), va="center", size=6.8)
        ax.set_yticks(ticks, labels)
        ax.set_ylim(y - 0.6, -0.4)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xticks([view.limits[0], 0.5, view.limits[1]])
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v, 0, words.lang)))
        ax.grid(axis="y", color="#e4e4e4", linewidth=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0, labelsize=7)
    return ax


def _draw_answer(ax: Axes, y: float, own: pd.DataFrame, view: SensitivityView) -> str:
    """Draw one answer's line, and say whether its conclusion holds whatever is assumed."""
    low, high = own["probability"].min(), own["probability"].max()
    holds = len(view.sides(own)) == 1
    ax.hlines(y, low, high, color="#0072B2" if holds else _CHANGES, linewidth=1.4 if holds else 2.6)
    for name, value in zip(own["alternative"], own["probability"], strict=True):
        if name == USED:
            ax.plot(value, y, "o", color="#0072B2", markersize=7, zorder=4)
            continue
        mark = _FITTED if name in _FITTED_NAMES else _DRAWN
        ax.plot(value, y, marker=mark, color="white", markeredgecolor=INK, markersize=4.5,
                markeredgewidth=0.9, zorder=5)  # fmt: skip
    return _conclusion(own, view)


def _conclusion(own: pd.DataFrame, view: SensitivityView) -> str:
    """Say the verdict that holds under all, or those it changes between, and the probabilities."""
    words = view.words
    low, high = (
        say_probability(float(p), words)
        for p in (own["probability"].min(), own["probability"].max())
    )
    between = low if low == high else words.say("figure.sensitivity.range", low=low, high=high)
    verdicts = [words.say(f"verdict.{_VERDICTS[side]}") for side in view.sides(own)]
    if len(verdicts) == 1:
        return words.say("figure.sensitivity.holds", verdict=verdicts[0], range=between)
    joined = words.say("figure.sensitivity.or", first=", ".join(verdicts[:-1]), last=verdicts[-1])
    return words.say("figure.sensitivity.changes", verdicts=joined, range=between)


def not_run(statement: Statement) -> list[str]:
    """Alternatives that need a fit of their own and have no answer in the statement."""
    answered = set(statement.sensitivity["alternative"]) if len(statement.sensitivity) else set()
    modelled = {"safety": statement.safety, "crime": statement.crime}
    return [
        name
        for model, names in REFITS.items()
        if modelled[model] is not None
        for name in names
        if name not in answered
    ]


def picture_sensitivity(statement: Statement, words: Wording) -> Picture | None:
    """Show the goals under every assumption tried; None where no model could be fitted."""
    view = sensitivity_view(statement, words)
    if view.frame.empty:
        return None
    answers = dict(list(view.frame.groupby(_ANSWER, sort=False)))
    groups = view.frame["group"].nunique()
    tried = [a for a in dict.fromkeys(view.frame["alternative"]) if a != USED]
    alt = "; ".join(
        words.say(
            "figure.sensitivity.alt_row",
            label=words.say("figure.sensitivity.label", group=group, row=label),
            values=", ".join(
                words.say(
                    "figure.sensitivity.alt_value",
                    alternative=words.say(f"alternative.{r['alternative']}"),
                    probability=say_probability(float(r["probability"]), words),
                )
                for r in own.to_dict(orient="records")
            ),
        )
        for (group, label), own in answers.items()
    )
    return Picture(
        id="sensitivity",
        title=words.say(
            "figure.sensitivity.title" if view.changed else "figure.sensitivity.title_same",
            same_rows=len(answers) - len(view.changed), rows=len(answers), tried=len(tried),
            changed=len(view.changed),
        ),
        alt=alt,
        caption=_caption(statement, words),
        source=_source(statement, words),
        panels=(partial(plot_sensitivity, view),),
        height=19 + 3.6 * (len(answers) + groups),
        narrow_height=25 + 9 * (len(answers) + groups),
        synthetic=statement.synthetic,
    )  # fmt: skip


def _source(statement: Statement, words: Wording) -> str:
    """Name the figures of the models that answered."""
    survey, crime = statement.agreement.safety.survey, statement.crime
    if crime is None:
        return words.say("source.safety_model", survey=survey)
    if statement.safety is None:
        return source_of(statement, str(crime.draws.attrs["definition"]), words)
    return words.say("source.models", survey=survey)


def _caption(statement: Statement, words: Wording) -> str:
    """Say how to read it, and which declared alternatives have no answer and why."""
    checked = statement.diagnostics
    failed = {
        str(model).rpartition(", ")[2]
        for model, passed in zip(checked.get("model", ()), checked.get("passed", ()), strict=True)
        if not passed
    }
    parts = [words.say("figure.sensitivity.caption")]
    for key, wanted in (("failed", True), ("not_run", False)):
        names = [
            words.say(f"alternative.{name}")
            for name in not_run(statement)
            if (name in failed) is wanted
        ]
        if names:
            parts.append(words.say(f"figure.sensitivity.{key}", names=words.listing(names)))
    return " ".join(parts)
