"""From draws of reported crime to what the crime goals ask: yearly levels and probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from amager_eval.conventions import LEVEL
from amager_eval.data.period import PER_YEAR, parse_period
from amager_eval.errors import InputError
from amager_eval.significance import rate_ratio

if TYPE_CHECKING:
    from amager_eval.trends.fit import Forecast

__all__ = [
    "QUANTITY_COLUMNS",
    "annual_levels",
    "crime_quantities",
    "guard_label",
]

type Floats = NDArray[np.float64]

QUANTITY_COLUMNS = (
    "area", "crime_type", "definition", "period_unit", "year", "form", "quantity", "value",
    "reason",
)  # fmt: skip
_PERIODS = {"year": PER_YEAR["Y"], "quarter": PER_YEAR["K"], "month": PER_YEAR["M"]}


def annual_levels(forecast: Forecast | xr.Dataset) -> xr.Dataset:
    """Sum the draws of the true level to calendar years.

    A year holds every season once and the level is free of pandemic and steps, so years compare.
    Dims `sample, area, crime_type, year`, complete years only: `rate` (expected reports per 1,000
    inhabitants per year), `count` (expected reports per year) and `reports` (reports: published
    where they are, else predictive). Coordinate `observed` (dims `area, crime_type, year`) marks
    years whose every period is published. The reports' rate is `reports / inhabitants`, with
    `inhabitants` in thousands (their mean over the year).
    """
    draws = forecast if isinstance(forecast, xr.Dataset) else forecast.draws
    per_year = _PERIODS[str(draws.attrs["period_unit"])]
    years = np.array([parse_period(p).year for p in draws["period"].values])
    full = [y for y in np.unique(years) if (years == y).sum() == per_year]
    if not full:
        raise InputError("the draws hold no complete calendar year.")
    dims = ("sample", "area", "crime_type", "year")
    member = xr.DataArray(
        (years[:, None] == np.array(full)).astype(np.float64),
        dims=("period", "year"),
        coords={"year": [int(y) for y in full]},
    )

    def total(values: xr.DataArray) -> xr.DataArray:
        summed: xr.DataArray = xr.dot(values.drop_vars("period"), member, dim="period")
        return summed.transpose(*dims)

    observed = xr.dot((~draws["observed"]).astype(float).drop_vars("period"), member, dim="period")
    result = xr.Dataset(
        {
            "rate": total(draws["level"].drop_vars("observed")),
            "count": total(draws["expected"].drop_vars("observed")),
            "reports": total(draws["count"].drop_vars("observed")),
        },
        attrs=dict(draws.attrs),
    )
    people = (draws["expected"] / draws["level"]).drop_vars("observed")
    result["inhabitants"] = total(people) / per_year
    return result.assign_coords(observed=(("area", "crime_type", "year"), (observed == 0).values))


def guard_label(years: Sequence[int]) -> str:
    """Name of the mean of the guard years among the quantities.

    Examples
    --------
    >>> guard_label((2022, 2023, 2024))
    'mean_2022_24'
    """
    return f"mean_{min(years)}_{max(years) % 100:02d}"


def crime_quantities(
    forecast: Forecast,
    *,
    baseline: int,
    target: int,
    guard: Sequence[int] | None = None,
    margin: float | None = None,
) -> pd.DataFrame:
    """Every quantity the crime goals and the monitoring ask for.

    Parameters
    ----------
    forecast : Forecast
        Through the target year at least.
    baseline, target : int
        Calendar years.
    guard : sequence of int or None
        Years whose mean guards against a noisy baseline; default it and the two before.
    margin : float or None
        Ratio to the baseline that still counts as near it, the agreement's `crime.margin`; None
        asks nothing about it.

    Returns
    -------
    DataFrame
        Columns `area, crime_type, definition, period_unit, year, form, quantity, value, reason`;
        `reason` says why a value is missing (NaN) and is empty where none is. One row per
        quantity for each year after the baseline through the target and each form: `count`
        (reports per year) and `rate` (per 1,000 inhabitants per year). Years ascend and `rate`
        stands last. Quantities:

        - `observed_baseline`, `observed_latest`, `observed_latest_year`: published figures, the
          latest complete year up to `year`; `observed_mean_2022_24` (of the guard years, all
          published); `literal_at_or_below_baseline`, `literal_at_or_below_mean_2022_24`: 1, 0, or
          NaN where no later year is published; `rate_ratio_exact`, `rate_ratio_exact_low_95`,
          `rate_ratio_exact_high_95`, `rate_ratio_exact_p_value` (form `rate`): the latest year
          over the baseline as Poisson counts, exact central test and interval; it knows no
          variation beyond Poisson and so is too sure for large counts;
        - `true_baseline`, `true_target`, `true_low_95`, `true_high_95`: median of the true level
          then and in `year`, and its interval; `true_change`, `true_change_low_95`,
          `true_change_high_95`: ratio to the baseline less one;
        - `probability_true_at_or_below`, `probability_true_at_or_below_105` (for a margin of 1.05),
          `probability_true_at_or_below_mean_2022_24`, `probability_true_every_year` (every year
          since the baseline): of the true level against the true baseline level;
        - `probability_observed_at_or_below`, `probability_observed_at_or_below_mean_2022_24`,
          `probability_observed_every_year`: of published reports against published reports;
        - `rate_ratio_to_rest_baseline`, `rate_ratio_to_rest`, with `_low_95`, `_high_95`, and
          `probability_closer_to_rest`: area against the rest of the whole (form `rate`).

        All but the published figures also with the prefix `prior_`. Where the baseline year is
        not published every probability is NaN: nothing is put in its place.

    Raises
    ------
    InputError
        The forecast does not cover the baseline and the target.
    """
    answers = [("", annual_levels(forecast))]
    if forecast.prior_only is not None:
        answers.append(("prior_", annual_levels(forecast.prior_only)))
    levels = answers[0][1]
    years = levels["year"].values
    if baseline not in years or target not in years or target <= baseline:
        raise InputError(
            f"the forecast covers {years[0]} to {years[-1]}; baseline {baseline} and a later "
            f"target {target} must lie in it."
        )
    guard = tuple(range(baseline - 2, baseline + 1)) if guard is None else tuple(guard)
    series = [(prefix, answer, _series(answer)) for prefix, answer in answers]
    rows: list[tuple[Any, ...]] = []
    for area in levels["area"].values:
        for crime_type in levels["crime_type"].values:
            head = (area, crime_type, levels.attrs["definition"], levels.attrs["period_unit"])
            published = series[0][2][area, crime_type]
            known = published.is_published(baseline)
            guarded = all(map(published.is_published, guard))
            for year in range(baseline + 1, target + 1):
                for form in ("count", "rate"):
                    pairs = [*_published(published, form, baseline, year, guard)]
                    for prefix, answer, cells in series:
                        one = cells[area, crime_type]
                        found = [*_levels_and_chances(one, form, baseline, year, guard, margin)]
                        if form == "rate":
                            found += _against_rest(
                                answer, str(area), str(crime_type), baseline, year
                            )
                        pairs += [(prefix + name, value) for name, value in found]
                    reason = partial(_reason, baseline=baseline, known=known, guarded=guarded)
                    rows += [(*head, year, form, *p, reason(*p)) for p in pairs]
    return pd.DataFrame(rows, columns=list(QUANTITY_COLUMNS))


@dataclass(frozen=True, eq=False)
class _Series:
    """Yearly levels of one area and type as plain arrays: they are asked some hundred times."""

    place: Mapping[int, int]  # of a year among the columns
    true: Mapping[str, Floats]  # by form, dims `sample, year`
    reports: Mapping[str, Floats]  # the same
    observed: NDArray[np.bool_]  # dims `year`
    printed: Mapping[str, Floats]  # of the first draw, dims `year`: reports and inhabitants

    def is_published(self, year: int) -> bool:
        return year in self.place and bool(self.observed[self.place[year]])

    def known(self, form: str, year: int) -> float:
        """Take the published figure of a year; NaN where there is none."""
        if not self.is_published(year):
            return np.nan
        return float(self.reports[form][0, self.place[year]])

    def columns(self, years: Sequence[int]) -> list[int]:
        return [self.place[y] for y in years]


def _series(levels: xr.Dataset) -> dict[tuple[str, str], _Series]:
    """Take the levels apart into one series per area and type."""
    place = {int(y): i for i, y in enumerate(levels["year"].values)}
    dims = ("area", "crime_type", "sample", "year")
    rate, count, reports, people = (
        np.ascontiguousarray(levels[name].transpose(*dims).values)
        for name in ("rate", "count", "reports", "inhabitants")
    )
    observed = levels["observed"].transpose("area", "crime_type", "year").values
    return {
        (area, crime_type): _Series(
            place,
            {"rate": rate[i, k], "count": count[i, k]},
            {"rate": reports[i, k] / people[i, k], "count": reports[i, k]},
            observed[i, k],
            {"reports": reports[i, k, 0], "inhabitants": people[i, k, 0]},
        )
        for i, area in enumerate(levels["area"].values)
        for k, crime_type in enumerate(levels["crime_type"].values)
    }


def _reason(quantity: str, value: float, baseline: int, known: bool, guarded: bool) -> str:
    """Why a value is missing; empty where it is not."""
    if value == value:
        return ""
    if not known:
        return f"no published reports for {baseline}"
    if "_mean_" in quantity and not guarded:
        return "the series does not hold every guard year"
    return f"no complete year after {baseline} is published"


def _published(
    cell: _Series, form: str, baseline: int, year: int, guard: Sequence[int]
) -> Iterator[tuple[str, float]]:
    """Yield published figures and their literal comparison."""
    at_baseline = cell.known(form, baseline)
    latest = max((y for y in cell.place if y <= year and cell.is_published(y)), default=None)
    shown = np.nan if latest is None else cell.known(form, latest)
    yield "observed_baseline", at_baseline
    yield "observed_latest", shown
    yield "observed_latest_year", float(latest) if latest is not None else np.nan
    mean = float(np.mean([cell.known(form, y) for y in guard]))
    yield f"observed_{guard_label(guard)}", mean
    later = latest is not None and latest > baseline
    decided = later and not np.isnan(at_baseline)
    yield "literal_at_or_below_baseline", float(shown <= at_baseline) if decided else np.nan
    held = float(shown <= mean) if later and not np.isnan(mean) else np.nan
    yield f"literal_at_or_below_{guard_label(guard)}", held
    if form == "rate" and latest is not None and decided:
        both = [
            float(cell.printed[name][cell.place[y]])
            for y in (latest, baseline)
            for name in ("reports", "inhabitants")
        ]
        ratio = rate_ratio(*both, level=LEVEL)
        yield "rate_ratio_exact", float(ratio.estimate)
        yield "rate_ratio_exact_low_95", float(ratio.low)
        yield "rate_ratio_exact_high_95", float(ratio.high)
        yield "rate_ratio_exact_p_value", float(ratio.p_value)


def _levels_and_chances(
    cell: _Series,
    form: str,
    baseline: int,
    year: int,
    guard: Sequence[int],
    margin: float | None,
) -> Iterator[tuple[str, float]]:
    """Yield true levels, their change, and the probabilities of holding the baseline."""
    true, reports = cell.true[form], cell.reports[form]
    then, now = (true[:, cell.place[y]] for y in (baseline, year))
    published_then, published_now = (reports[:, cell.place[y]] for y in (baseline, year))
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    yield "true_baseline", float(np.median(then))
    yield "true_target", float(np.median(now))
    yield from zip(
        ("true_low_95", "true_high_95"), map(float, np.quantile(now, tails)), strict=True
    )
    change = now / then - 1.0
    yield "true_change", float(np.median(change))
    ends = map(float, np.quantile(change, tails))
    yield from zip(("true_change_low_95", "true_change_high_95"), ends, strict=True)

    since = cell.columns([y for y in cell.place if baseline < y <= year])
    label = guard_label(guard)
    chances: dict[str, NDArray[np.bool_] | None] = {
        "true_at_or_below": now <= then,
        f"true_at_or_below_{label}": None,
        "true_every_year": (true[:, since] <= then[:, None]).all(axis=1),
        "observed_at_or_below": published_now <= published_then,
        f"observed_at_or_below_{label}": None,
        "observed_every_year": (reports[:, since] <= published_then[:, None]).all(axis=1),
    }
    if all(y in cell.place for y in guard):
        own = cell.columns(guard)
        chances[f"true_at_or_below_{label}"] = now <= true[:, own].mean(axis=1)
        chances[f"observed_at_or_below_{label}"] = published_now <= reports[:, own].mean(axis=1)
    if margin is not None:
        chances[f"true_at_or_below_{100 * margin:g}"] = now <= margin * then
    known = cell.is_published(baseline)
    for name, happened in chances.items():
        share = float(np.mean(happened)) if known and happened is not None else np.nan
        yield f"probability_{name}", share


def _against_rest(
    levels: xr.Dataset, area: str, crime_type: str, baseline: int, year: int
) -> list[tuple[str, float]]:
    """Rate of an area over that of the rest of the whole, then and now."""
    whole = str(levels.attrs["whole"])
    rest = f"rest of {whole}"
    if not whole or area in (whole, rest) or rest not in levels["area"].values:
        return []
    rate = levels["rate"].sel(crime_type=crime_type).transpose("sample", "area", "year")
    ratio = rate.sel(area=area) / rate.sel(area=rest)
    found = []
    for name, at in (("rate_ratio_to_rest_baseline", baseline), ("rate_ratio_to_rest", year)):
        values = ratio.sel(year=at).values
        low, middle, high = np.quantile(values, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
        found += [(name, float(middle)), (f"{name}_low_95", float(low))]
        found += [(f"{name}_high_95", float(high))]
    closer = abs(np.log(ratio.sel(year=year).values)) < abs(np.log(ratio.sel(year=baseline).values))
    known = bool(levels["observed"].sel(area=area, crime_type=crime_type, year=baseline))
    found.append(("probability_closer_to_rest", float(closer.mean()) if known else np.nan))
    return found
