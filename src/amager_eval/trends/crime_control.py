"""A control chart of reports: is a period outside ordinary variation? A signal, no judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from amager_eval.data.period import parse_period
from amager_eval.trends.crime_effects import season_basis

if TYPE_CHECKING:
    from amager_eval.trends.fit import Fit

__all__ = ["CHART_COLUMNS", "control_chart"]

type Floats = NDArray[np.float64]

CHART_COLUMNS: Final = (
    "area",
    "crime_type",
    "period",
    "count",
    "rate",
    "centre",
    "low",
    "high",
    "signal",
)
#: Mean moving range of a normal series over its standard deviation.
MOVING_RANGE: Final = 1.128
#: So many periods in a row on one side of the centre are a shift.
RUN: Final = 8


def control_chart(fit: Fit, *, years: int = 3) -> pd.DataFrame:
    """Hold each published period against the years before it.

    A Laney u'-chart: rates per 1,000 with limits at three standard deviations, where the Poisson
    variance is multiplied by what the moving range of the reference years shows, so that large
    counts do not signal on ordinary variation. The season is the fitted one.

    Parameters
    ----------
    fit : Fit
        A crime fit.
    years : int
        The first so many complete years of a series are its reference.

    Returns
    -------
    DataFrame
        `area, crime_type, period, count, rate, centre, low, high, signal`; rates per 1,000 per
        period; `signal` is empty, `above`, `below` (outside the limits), `shift up` or `shift
        down` (the eighth and later of a run on one side of the centre). Series without enough
        years are left out.

    References
    ----------
    Laney (2002), Quality Engineering 14(4), 531-537.
    """
    design = fit.data["design"].to_dataset()
    per_year = int(design.attrs["per_year"])
    season = _season(fit.data["posterior"].to_dataset(), design, per_year)
    count = design["published"].values
    members = design["out_area_members"].values[: count.shape[0]]
    people = members @ design["exposure"].values[:, : count.shape[2]]
    frames = []
    for a, area in enumerate(design["published_area"].values):
        for k, crime_type in enumerate(design["published_type"].values):
            seen = np.flatnonzero(~np.isnan(count[a, k]))
            if len(seen) <= years * per_year:
                continue
            chart = _chart(count[a, k, seen], people[a, seen], season[k, seen], years * per_year)
            chart.insert(0, "period", design["period"].values[seen])
            chart.insert(0, "crime_type", str(crime_type))
            chart.insert(0, "area", str(area))
            frames.append(chart)
    if not frames:
        return pd.DataFrame(columns=list(CHART_COLUMNS))
    return pd.concat(frames, ignore_index=True)


def _season(posterior: xr.Dataset, design: xr.Dataset, per_year: int) -> Floats:
    """Fitted season as a factor with mean one over the year; dims `published type, period`.

    A total of nested types has the season of its parts, weighted by their reports.
    """
    index = [parse_period(p).index - 1 for p in design["period"].values]
    effect = posterior["effect_size"].mean(("chain", "draw")).values[:, : per_year - 1]
    factor = np.exp(effect @ season_basis(per_year).T)
    weight = np.exp(design["level_mean"].values[design["is_gap"].values == 0].mean(axis=0))
    kinds = design["out_type_members"].values[: design.sizes["published_type"]] * weight
    combined = (kinds / kinds.sum(axis=1, keepdims=True)) @ factor
    result: Floats = (combined / combined.mean(axis=1, keepdims=True))[:, index]
    return result


def _chart(count: Floats, people: Floats, season: Floats, reference: int) -> pd.DataFrame:
    exposure = people * season
    centre = count[:reference].sum() / exposure[:reference].sum()
    sd = np.sqrt(centre / exposure)
    score = np.divide(count / exposure - centre, sd, out=np.zeros_like(sd), where=sd > 0)
    spread = max(np.abs(np.diff(score[:reference])).mean() / MOVING_RANGE, 1e-12)
    width = 3.0 * spread * sd * season
    rate, middle = count / people, centre * season
    low, high = np.maximum(middle - width, 0.0), middle + width
    side = np.sign(score)
    run = np.ones(len(side), dtype=int)
    for i in range(1, len(side)):
        run[i] = run[i - 1] + 1 if side[i] == side[i - 1] and side[i] != 0 else 1
    signal = np.select(
        [rate > high, rate < low, (run >= RUN) & (side > 0), (run >= RUN) & (side < 0)],
        ["above", "below", "shift up", "shift down"],
        default="",
    )
    return pd.DataFrame(
        {
            "count": count,
            "rate": rate,
            "centre": middle,
            "low": low,
            "high": high,
            "signal": signal,
        }
    )
