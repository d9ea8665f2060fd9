"""The course of one cell of a forecast: median, bands of 50, 80 and 95 %, published figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from amager_eval.conventions import LEVELS
from amager_eval.errors import InputError
from amager_eval.figures.drawing.style import CITY, GOAL, MUTED, axes_or_new, style
from amager_eval.trends.questions import QUANTITY, no_such

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from amager_eval.trends.fit import Forecast

__all__ = ["plot_course"]

#: What has a published figure that lies in its unit, and which variable repeats it.
_PUBLISHED = {"true": "published", "published": "published", "count": "count"}


def plot_course(
    forecast: Forecast,
    *,
    area: str | None = None,
    quantity: str | None = None,
    ax: Axes | None = None,
    targets: pd.DataFrame | None = None,
    **cell: str | None,
) -> Axes:
    """Draw the course of one cell.

    Parameters
    ----------
    forecast : Forecast
        From which.
    area : str or None
        Which; needed where there are several.
    quantity : str or None
        Variable of its draws; None is the true share, or the rate.
    ax : Axes or None
        Where; None makes a figure.
    targets : DataFrame or None
        From :meth:`Forecast.targets`: the levels asked of this cell are drawn at their year.
    **cell
        Value of every other dim; the first where none is given.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        A name the forecast does not have, or no area where there are several.
    """
    name = quantity or QUANTITY[forecast.kind]
    draws = forecast.draws
    if name not in draws.data_vars:
        raise InputError(f"there is no quantity '{name}'; there are {', '.join(map(str, draws))}")
    chosen, where = draws[name], {}
    for dim in (d for d in chosen.dims if d not in ("sample", "period")):
        known = [str(v) for v in chosen[dim].values]
        wanted = area if dim == "area" else cell.pop(str(dim), None)
        if wanted is None and dim == "area" and len(known) > 1:
            raise InputError(f"say which area: {', '.join(known)}")
        if wanted is not None and wanted not in known:
            raise InputError(no_such(str(dim), wanted, known))
        where[str(dim)] = wanted or known[0]
    if cell:
        raise InputError(f"a {forecast.kind} forecast has no {', '.join(cell)}; leave it out")
    chosen = chosen.sel(where)
    periods = chosen["period"].values
    x = np.arange(len(periods)) if periods.dtype.kind in "UO" else periods
    with style():
        ax = axes_or_new(ax)
        for level, alpha in zip(reversed(LEVELS), (0.15, 0.25, 0.4), strict=True):
            low, high = chosen.quantile([(1 - level) / 2, (1 + level) / 2], dim="sample").values
            ax.fill_between(x, low, high, color=GOAL, alpha=alpha, lw=0, label=f"{level:.0%}")
        ax.plot(x, chosen.median("sample"), color=GOAL, label="median")
        if name in _PUBLISHED:
            figure = draws[_PUBLISHED[name]].sel(where)
            seen = figure["observed"].values
            ax.plot(
                x[seen], figure.isel(sample=0).values[seen], CITY.marker, color=CITY.colour,
                label="published",
            )  # fmt: skip
            after = x[seen][-1] if seen.any() else None
        else:
            seen = draws["observed"].sel(where).values
            after = x[seen][-1] if seen.any() else None
        if after is not None and after < x[-1]:
            ax.axvline(after, color=MUTED, lw=0.8, ls=":")
        if x is not periods:
            step = max(1, len(periods) // 6)
            ax.set_xticks(x[::step], periods[::step])
        for reading, by, level in _asked(targets, where, name, periods):
            ax.hlines(level, by - 0.45, by + 0.45, color=MUTED, lw=1.2)
            ax.annotate(reading, (by + 0.45, level), xytext=(2, 0), fontsize=6, va="center",
                        textcoords="offset points", annotation_clip=False)  # fmt: skip
        said = [*where.values()]
        if "basis" in draws.coords and "area" in where:  # an estimate is no measurement
            basis = str(draws["basis"].sel(area=where["area"]).item())
            said += [basis] if basis != "measured" else []
        ax.set_title(", ".join(said), loc="left")
        ax.set_ylabel(_unit(forecast, name))
        ax.legend(frameon=False, fontsize=7)
    return ax


def _asked(
    targets: pd.DataFrame | None, where: dict[str, str], name: str, periods: Any
) -> list[tuple[str, float, float]]:
    """List readings, year and level of what is asked of a cell; levels alike are one."""
    if targets is None:
        return []
    if periods.dtype.kind in "UO":
        raise InputError("targets are of years, and this forecast is of parts of years: leave out")
    unit = targets["form"] == name if "form" in targets else np.full(len(targets), name == "true")
    rows = targets[unit & targets["target"].notna()]
    for dim, value in where.items():
        rows = rows[rows[dim] == value]
    if rows.empty:
        raise InputError(f"the table holds no level of {name} for {', '.join(where.values())}")
    levels: dict[tuple[float, float], list[str]] = {}
    for row in rows.to_dict("records"):
        key = float(row["by"]), round(float(row["target"]), 4)
        levels.setdefault(key, []).append(str(row["reading"]).replace("_", " "))
    return [(", ".join(dict.fromkeys(said)), *key) for key, said in levels.items()]


def _unit(forecast: Forecast, name: str) -> str:
    if forecast.kind == "safety":
        return f"{name} share"
    per: Any = forecast.draws.attrs.get("period_unit", "period")
    people = " per 1,000 inhabitants" if name in ("rate", "level") else ""
    return f"reports{people} per {per}"
