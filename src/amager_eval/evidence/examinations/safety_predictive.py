"""Do figures that a fitted safety model makes look like the published ones?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.evidence.examinations.job import Found, Job
from amager_eval.evidence.examinations.posterior_predictive import held_against, predictive_table
from amager_eval.trends.safety.forecast import ANSWERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.trends.fit import Fit

    type Floats = NDArray[np.float64]

__all__ = ["remake_figures", "remake_safety", "safety_posterior_predictive", "wave_statistics"]

#: Panels of figures made, evenly over the draws.
DRAWS: Final = 2000
#: Fewest differences of which a standard deviation is taken.
FEWEST: Final = 5
#: Rounded shares that differ by less are the same in decimals.
_SAME: Final = 1e-9


def remake_safety(_: Job, fit: Fit) -> dict[str, Found]:
    """Hold the bundled figures against figures made by the model fitted to them."""
    return predictive_table(safety_posterior_predictive(fit, seed=1), fit)


def safety_posterior_predictive(fit: Fit, *, seed: int = 1) -> pd.DataFrame:
    """Hold the published figures against figures made by the model, in what a reader would see.

    One row per group of areas (the whole; its parts together), setting, answer and
    statistic of :func:`wave_statistics`: `areas, setting, response, statistic, differences` (how
    many), `observed`, and of either way of :func:`remake_figures` `low, high` (central 95 % of the
    made panels), `above` (share of them above the observed, ties halved) and `outside`, the names
    ending in `_same` and `_new`.
    """
    design = fit.data["design"].to_dataset()
    value = design["value"].where(design["kept"].astype(bool)).sel(response=list(ANSWERS))
    whole = design.attrs["whole"]
    made = remake_figures(fit, seed=seed)
    areas = [str(a) for a in design["area"].to_numpy()]
    groups = {"whole": [a for a in areas if a == whole], "parts": [a for a in areas if a != whole]}
    rows: list[dict[str, object]] = []
    for group, members in groups.items():
        for setting in (str(s) for s in design["setting"].to_numpy()):
            for answer in ANSWERS:
                cell = {"area": members, "setting": setting, "response": answer}
                seen = value.sel(cell).transpose("area", "year").to_numpy()
                of_seen = wave_statistics(seen)
                count = _differences(seen)
                if count < FEWEST:
                    continue
                of_made = {
                    way: wave_statistics(
                        np.where(
                            np.isfinite(seen),
                            figures.sel(cell).transpose("sample", "area", "period").to_numpy(),
                            np.nan,
                        )
                    )
                    for way, figures in made.items()
                }
                cell = {"areas": group, "setting": setting, "response": answer}
                for statistic, observed in of_seen.items():
                    of_way = {way: of[statistic] for way, of in of_made.items()}
                    rows.append(
                        cell
                        | {"statistic": statistic, "differences": count}
                        | held_against(float(observed), of_way, same=_SAME)
                    )
    return pd.DataFrame(rows)


def remake_figures(fit: Fit, *, seed: int = 1) -> dict[str, xr.DataArray]:
    """Publish every observed wave anew, as if nothing had been published, with a lasting drift.

    Shares 0 to 1 rounded as the latest wave's, dims `sample, area, setting, response,
    period`. `same`: samples drawn anew around the fitted paths, which examines what is said of
    sampling. `new`: the paths too are drawn anew, both ways from the fitted level of the baseline
    with the fitted sds and drifts, which examines how levels are said to move: a fitted path has
    followed its figures. Wave errors, the collector's step and numbers of respondents are as
    fitted.
    """
    design = fit.data["design"].to_dataset()
    drift = fit.data["posterior"].to_dataset().sel(alternative="drift", drop=True)
    groups: dict[str, xr.Dataset] = {
        "posterior": drift.expand_dims(alternative=["drift"]),
        # the way the prior-only answer takes: from the baseline's level, here the fitted one
        "baseline_only": drift.assign(eta=drift["eta"].sel(year=design.attrs["anchor"])),
        # nothing counts as published, so nothing is repeated
        "design": design.assign(kept=xr.zeros_like(design["kept"])),
    }
    blank = replace(
        fit,
        data=xr.DataTree.from_dict(groups),
        spec=fit.spec.with_options(alternatives=["drift"], forecast_draws=DRAWS),
        seed=seed,
    )
    made = blank.forecast(int(design["year"][-1]))
    assert made.prior_only is not None
    years = slice(int(design["year"][0]), int(design["year"][-1]))
    return {
        "same": made.draws["published"].sel(period=years),
        "new": made.prior_only["published"].sel(period=years),
    }


def wave_statistics(share: Floats) -> dict[str, Floats]:
    """Say in numbers how published shares move from wave to wave.

    In points; dims those before. `sd of yearly differences`: root mean square over all areas
    of the difference of figures a year apart, their mean taken off; `largest jump`: the largest
    difference, either way, between figures that follow one another, however far apart.

    Examples
    --------
    >>> found = wave_statistics(np.array([[0.80, 0.82, np.nan, 0.75]]))
    >>> float(found["largest jump"].round(6)), float(found["sd of yearly differences"])
    (7.0, 0.0)
    """
    yearly = 100 * np.diff(share, axis=-1)
    known = np.isfinite(yearly)
    count = known.sum(axis=(-2, -1))
    total = np.where(known, yearly, 0.0).sum(axis=(-2, -1))
    mean = np.divide(total, count, out=np.zeros(np.shape(total)), where=count > 0)
    off = np.where(known, yearly - mean[..., None, None], 0.0)
    square = (off**2).sum(axis=(-2, -1))
    sd = np.sqrt(np.divide(square, count, out=np.full(np.shape(total), np.nan), where=count > 0))
    return {"sd of yearly differences": sd, "largest jump": 100 * _largest(share)}


def _largest(share: Floats) -> Any:
    """Largest absolute difference between figures that follow one another."""
    last = np.full(share.shape[:-1], np.nan)
    found = np.zeros(share.shape[:-1])
    for t in range(share.shape[-1]):
        now = share[..., t]
        both = np.isfinite(now) & np.isfinite(last)
        found = np.where(both, np.maximum(found, np.abs(now - last)), found)
        last = np.where(np.isfinite(now), now, last)
    return found.max(axis=-1, initial=0.0)


def _differences(share: Floats) -> int:
    """Count the pairs of published figures a year apart."""
    return int(np.isfinite(np.diff(share, axis=-1)).sum())
