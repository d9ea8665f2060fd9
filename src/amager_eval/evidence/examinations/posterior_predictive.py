"""Do series that a fitted crime model makes look like the real ones?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.evidence.examinations.job import Found, Job, of_fit
from amager_eval.evidence.studies.crime_simulate import by_sample
from amager_eval.trends.crime.forecast import simulate_cells
from amager_eval.trends.crime.prior import wander

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.data.period import Period
    from amager_eval.trends.fit import Fit

    type Floats = NDArray[np.float64]

__all__ = [
    "crime_posterior_predictive",
    "held_against",
    "predictive_table",
    "remake_crime",
    "series_statistics",
]

#: Series made, evenly over the draws.
DRAWS: Final = 2000
#: Central interval of what is made.
TAIL: Final = 0.025


def remake_crime(_: Job, fit: Fit) -> dict[str, Found]:
    """Hold the bundled counts against counts made by the model fitted to them."""
    return predictive_table(crime_posterior_predictive(fit, seed=1), fit)


def predictive_table(table: pd.DataFrame, fit: Fit) -> dict[str, Found]:
    """Count how often figures lie outside what the model makes, either way."""
    settings = of_fit(fit) | {
        "rows": len(table),
        "outside_same": int(table["outside_same"].sum()),
        "outside_new": int(table["outside_new"].sum()),
    }
    return {"posterior_predictive": Found(table, settings)}


def crime_posterior_predictive(fit: Fit, *, seed: int = 1) -> pd.DataFrame:
    """Hold each published series against series made by the model, in what a reader would see.

    Series are made twice. `same`: reports drawn anew around the fitted path, which examines what
    is said of ordinary variation. `new`: the path too is drawn anew, from the baseline's level
    with the fitted innovation and drift, which examines how the level is said to move: a fitted
    path has followed its series, and its yearly changes are the series' own.

    One row per area, type and statistic of :func:`series_statistics`: `area, crime_type,
    statistic, observed`, and of either way `low, high` (central 95 % of the made series), `above`
    (share of them above the observed, ties halved) and `outside`, the names ending in `_same` and
    `_new`. Season, pandemic, steps, inhabitants and what passes are as fitted; cells that are not
    published are left out of the made series too.
    """
    design = fit.data["design"].to_dataset()
    state = by_sample(fit.data["posterior"].to_dataset())
    chosen = np.linspace(0, state.sizes["sample"] - 1, DRAWS).round().astype(int)
    state = state.isel(sample=np.unique(chosen))
    rng = np.random.default_rng([seed, 14])
    moved = wander(design, state["innovation"].values, state["drift"].values, rng)
    baseline = state["level_baseline"].values[..., None]
    new = state.assign(level=(state["level"].dims, baseline + moved))
    periods = [parse_period(p) for p in design["period"].values]
    published = design["published"].values
    of_observed = series_statistics(published, periods)
    made = {
        name: series_statistics(_reports(own, design, rng), periods)
        for name, own in (("same", state), ("new", new))
    }
    rows = []
    for a, area in enumerate(design["published_area"].values):
        for k, kind in enumerate(design["published_type"].values):
            for statistic, values in of_observed.items():
                observed = float(values[a, k])
                if np.isnan(observed):
                    continue
                row = {"area": str(area), "crime_type": str(kind), "statistic": statistic}
                of_way = {way: of[statistic][:, a, k] for way, of in made.items()}
                rows.append(row | held_against(observed, of_way))
    return pd.DataFrame(rows)


def series_statistics(count: Floats, periods: Sequence[Period]) -> dict[str, Floats]:
    """Say in numbers how series look.

    Dims those of `count` but the last. Of complete calendar years that follow one another,
    in per cent on the log scale (half a report added): `mean yearly change`, `sd of yearly
    changes`, `largest yearly change` either way. Of all periods: `zeros, per cent`, and
    `variation`, half the mean square of steps from period to period of twice the root of reports
    and 3/8, each season's mean taken off: 1 for Poisson counts that do not move, less what the
    means take (a tenth of it in ten years).

    Examples
    --------
    >>> from amager_eval.data.period import period_range
    >>> found = series_statistics(np.array([10.0, 10.0, 20.0, 0.0]), period_range("2021", "2024"))
    >>> float(found["zeros, per cent"]), float(found["largest yearly change"].round())
    (25.0, 371.0)
    """
    years = np.array([p.year for p in periods])
    totals = np.stack(
        [
            count[..., years == y].sum(axis=-1)
            if (years == y).sum() == periods[0].per_year
            else np.full(count.shape[:-1], np.nan)
            for y in np.unique(years)
        ],
        axis=-1,
    )
    change = 100 * np.diff(np.log(totals + 0.5), axis=-1)
    moves = ~np.isnan(change)
    largest = np.where(moves, np.abs(change), 0.0).max(axis=-1, initial=0.0)
    root = 2 * np.sqrt(count + 3 / 8)
    season = np.array([p.index for p in periods])
    for s in np.unique(season):
        root[..., season == s] -= _mean(root[..., season == s])[..., None]
    known = ~np.isnan(count)
    return {
        "mean yearly change": _mean(change),
        "sd of yearly changes": np.sqrt(_mean((change - _mean(change)[..., None]) ** 2)),
        "largest yearly change": np.where(moves.any(axis=-1), largest, np.nan),
        "zeros, per cent": 100 * _mean(np.where(known, count == 0, np.nan)),
        "variation": _mean(np.diff(root, axis=-1) ** 2) / 2,
    }


def _mean(values: Floats) -> Floats:
    """Mean of what is known over the last dim, NaN where nothing is."""
    known = ~np.isnan(values)
    number = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    mean: Floats = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    return mean


def _reports(state: xr.Dataset, design: xr.Dataset, rng: np.random.Generator) -> Floats:
    """Draw reports of every published cell; dims `sample, area, crime_type, period`."""
    published = design["published"].values
    _, _, cells, _ = simulate_cells(state, design, design.sizes["period"], rng)
    areas = design["out_area_members"].values[: published.shape[0]]
    types = design["out_type_members"].values[: published.shape[1]]
    sums = np.einsum("ua,vk,sakt->suvt", areas, types, cells, optimize=True)
    made: Floats = np.where(np.isnan(published), np.nan, sums)
    return made


def held_against(
    observed: float, made: Mapping[str, Floats], *, same: float = 0.0
) -> dict[str, float | bool]:
    """Place a number among the made ones of each way; those that differ by `same` or less tie."""
    row: dict[str, float | bool] = {"observed": observed}
    for way, of in made.items():
        low, high = (float(q) for q in np.quantile(of, [TAIL, 1 - TAIL]))
        ties = (np.abs(of - observed) <= same).mean()
        row |= {
            f"low_{way}": low,
            f"high_{way}": high,
            f"above_{way}": float((of > observed + same).mean() + 0.5 * ties),
            f"outside_{way}": not low - same <= observed <= high + same,
        }
    return row
