"""Reported crime per type: counts so far, the trend, the fan, and the 2024 level to hold."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.conventions import LEVELS
from amager_eval.figures.drawing.labels import (
    YEARS_BEFORE,
    EndLabel,
    label_ends,
    number_axis,
    year_axis,
)
from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.rows import rows_of
from amager_eval.figures.drawing.style import CITY, GOAL, axes_or_new, style
from amager_eval.goals.crime.bands import level_bands, observed_years
from amager_eval.goals.crime.quantities import annual_levels
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.numbers import number, percent_change

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from amager_eval.goals.statement import Statement
    from amager_eval.trends.fit import Forecast
    from amager_eval.wording.sentences import Wording

__all__ = ["CrimeView", "crime_area", "crime_view", "picture_crime_types", "plot_crime_type"]

_COLOUR = "#0072B2"
#: The goal's orange, dark enough for letters.
_DARK = "#8f3d00"
#: Characters of a heading before it is broken: panels stand side by side.
_TITLE_WIDTH = 40


@dataclass(frozen=True, eq=False)
class CrimeView:
    """A type's yearly level: bands and what was reported."""

    title: str  #: Name of the type
    #: `year, median, low_50, high_50, low_80, high_80, low_95, high_95`; reports per 1,000
    #: inhabitants a year.
    bands: pd.DataFrame
    observed: pd.DataFrame  #: `year, rate`: complete years, reports per 1,000
    #: Years.
    baseline: int
    target: int
    words: Wording  #: Language


def crime_view(
    levels: xr.Dataset,
    observed: pd.DataFrame,
    *,
    area: str,
    crime_type: str,
    title: str,
    baseline: int,
    target: int,
    words: Wording,
) -> CrimeView:
    """Summarise one type's yearly levels.

    `levels` is `rate` per 1,000 a year, dims `sample, area, crime_type, year`; `observed` is `year,
    rate` of complete years.
    """
    bands = level_bands(levels, area, crime_type)
    return CrimeView(title, bands, observed, baseline, target, words)


def plot_crime_type(view: CrimeView, ax: Axes | None = None) -> Axes:
    """Draw one type's level against 2024, with its fan."""
    with style():
        ax = axes_or_new(ax)
        ax.set_title(textwrap.fill(view.title, _TITLE_WIDTH))
        first = view.target - YEARS_BEFORE
        bands = view.bands[view.bands["year"] >= first].sort_values("year")
        x = bands["year"].to_numpy(float)
        for level, alpha in zip(reversed(LEVELS), (0.14, 0.16, 0.22), strict=True):
            low, high = bands[f"low_{100 * level:g}"], bands[f"high_{100 * level:g}"]
            ax.fill_between(x, low, high, color=_COLOUR, alpha=alpha, linewidth=0)
            for edge in (low, high):
                ax.plot(x, edge, color=_COLOUR, linewidth=0.5, alpha=0.8)
        ax.plot(x, bands["median"], color=_COLOUR, linewidth=1.6)
        seen = view.observed[view.observed["year"] >= first].sort_values("year")
        ax.plot(
            seen["year"], seen["rate"], linestyle="none", marker=CITY.marker, color=CITY.colour,
            markersize=2.8,
        )  # fmt: skip
        level, reported = _baseline(view)
        ax.hlines(level, view.baseline, view.target + 0.4, color=GOAL, linestyle="-.", zorder=3)
        ax.plot(view.baseline, level, marker="D", markersize=5.5, color="white", zorder=5,
                markeredgecolor=GOAL, markeredgewidth=1.4)  # fmt: skip
        latest = seen[seen["year"] > view.baseline].tail(1)
        ax.plot(latest["year"], latest["rate"], marker=CITY.marker, color=CITY.colour, zorder=6)
        top = max(bands["high_95"].max(), seen["rate"].max() if len(seen) else 0)
        ax.set_ylim(0, 1.08 * float(top))
        number_axis(ax, view.words)
        year_axis(ax, first, view.target)
        label_ends(ax, view.target + 0.4, _ends(view, level, reported, latest), size=6.8)
    return ax


def _baseline(view: CrimeView) -> tuple[float, bool]:
    """Return the baseline to hold, and whether it was reported; else the level."""
    seen = view.observed.loc[view.observed["year"] == view.baseline, "rate"]
    if len(seen):
        return float(seen.iloc[0]), True
    return float(view.bands.loc[view.bands["year"] == view.baseline, "median"].iloc[0]), False


def _ends(view: CrimeView, level: float, reported: bool, latest: pd.DataFrame) -> list[EndLabel]:
    """Label the baseline, the latest year, the estimate and its band: four numbers at most."""
    end = view.bands[view.bands["year"] == view.target].iloc[0]
    words, middle = view.words, float(end["median"])
    print_rate = partial(number, decimals=1 if level >= 1 else 2, lang=words.lang)
    key = "figure.crime.baseline" if reported else "figure.crime.baseline_level"
    labels = [EndLabel(level, words.say(key, year=view.baseline, rate=print_rate(level)), _DARK)]
    labels += [
        EndLabel(
            float(row.rate),
            words.say("figure.crime.latest", year=row.year, rate=print_rate(row.rate)),
            CITY.colour,
        )
        for row in rows_of(latest)
    ]
    estimate = words.say("figure.crime.estimate", year=view.target, rate=print_rate(middle))
    band = words.say(
        "figure.crime.band", low=print_rate(end["low_95"]), high=print_rate(end["high_95"])
    )
    return [
        *labels,
        EndLabel(middle, estimate, _COLOUR, bold=True),
        EndLabel(middle - 1e-9, band, _COLOUR),
    ]


def picture_crime_types(statement: Statement, words: Wording) -> Picture | None:
    """Small multiples of every type; None where no model could be fitted."""
    forecast, agreement = statement.crime, statement.agreement
    if forecast is None:
        return None
    levels = annual_levels(forecast)
    area = crime_area(statement, forecast)
    definition = str(forecast.draws.attrs.get("definition", ""))
    views = [
        crime_view(
            levels, observed_years(levels, statement.facts, area, str(t)),
            area=area, crime_type=str(t),
            title=type_label(agreement.crime, str(t), definition, words),
            baseline=agreement.crime.baseline_year, target=agreement.crime.target_year, words=words,
        )
        for t in levels["crime_type"].values
    ]  # fmt: skip
    columns = min(2, len(views))
    goals = {t.id for t in agreement.crime.type if t.role == "selected"}
    return Picture(
        id="crime_types",
        title=_title(statement, views, [str(t) for t in levels["crime_type"].values], area, words),
        alt=" ".join(_alt(view) for view in views),
        caption=words.say(
            "figure.crime.caption", area=area, baseline=agreement.crime.baseline_year
        ),
        source=source_of(statement, definition, words),
        panels=tuple(partial(plot_crime_type, view) for view in views),
        columns=columns,
        height=22 + 28 * -(-len(views) // columns),
        synthetic=statement.synthetic,
        message=tuple(i for i, t in enumerate(levels["crime_type"].values) if str(t) in goals),
    )  # fmt: skip


def crime_area(statement: Statement, forecast: Forecast) -> str:
    """Name the area whose levels are shown: the agreement's own where modelled, else the whole."""
    known = [str(a) for a in forecast.draws["area"].values]
    wanted = (*statement.agreement.areas.evaluated.names, statement.agreement.areas.whole)
    return next((a for a in wanted if a in known), known[0])


def source_of(statement: Statement, definition: str, words: Wording) -> str:
    """Source line of a series: Statistics Denmark's table, or the agreement's own source."""
    statbank = statement.agreement.crime.statbank
    if statbank is not None and definition == statbank.table:
        return words.say("source.statbank", table=definition)
    return words.say("source.crime", source=statement.agreement.crime.source)


def _title(
    statement: Statement, views: list[CrimeView], types: list[str], area: str, words: Wording
) -> str:
    """Say how the latest year's reports of the goals' types lie against the baseline's."""
    crime = statement.agreement.crime
    selected = {t.id for t in crime.type if t.role == "selected"}
    changes, latest = [], crime.baseline_year
    for view, kind in zip(views, types, strict=True):
        rates = {int(r.year): float(r.rate) for r in rows_of(view.observed)}
        latest = max([latest, *rates])
        then = rates.get(crime.baseline_year)
        if kind not in selected or not then or max(rates) <= crime.baseline_year:
            continue
        shown = percent_change(rates[max(rates)] / then - 1, words.lang)
        name = view.title[:1].lower() + view.title[1:]
        changes.append(words.say("figure.crime.change", type=name, change=shown))
    key = "figure.crime.title" if changes else "figure.crime.title_alone"
    return words.say(
        key, area=area, latest=latest, baseline=crime.baseline_year,
        changes=words.listing(changes),
    )  # fmt: skip


def _alt(view: CrimeView) -> str:
    bands = {int(r.year): r._asdict() for r in rows_of(view.bands)}
    at, then = bands[view.target], bands[view.baseline]["median"]
    say = partial(number, decimals=1, lang=view.words.lang)
    return view.words.say(
        "figure.crime.alt", type=view.title, baseline=view.baseline, then=say(then),
        target=view.target, median=say(at["median"]), low=say(at["low_95"]),
        high=say(at["high_95"]),
    )  # fmt: skip
