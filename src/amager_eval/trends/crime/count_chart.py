"""A control chart of reports: is a period outside ordinary variation? A signal, no judgement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from amager_eval.data.period import Period, parse_period
from amager_eval.data.period import per_year as periods_a_year
from amager_eval.errors import Fault, InputError
from amager_eval.indicators.control import (
    REFERENCE_YEARS,
    SIGNALS,
    SPREAD_YEARS,
    TAILS,
    Rebase,
    multiple_of_sd,
    signals_of,
    steps_as_variance,
)
from amager_eval.trends.crime.effects import disturbed_years
from amager_eval.trends.crime.options import crime_options

if TYPE_CHECKING:
    from amager_eval.trends.fit import Fit

__all__ = ["CHART_COLUMNS", "SIGNALS", "chart_series", "control_chart"]

type Floats = NDArray[np.float64]

CHART_COLUMNS: Final = (
    "area",
    "crime_type",
    "period",
    "reference",
    "count",
    "expected",
    "low",
    "high",
    "signal",
)


def control_chart(
    fit: Fit,
    *,
    crime_types: Sequence[str] | None = None,
    years: int | None = None,
    through: int | None = None,
) -> pd.DataFrame:
    """Hold each published period against the same area's own past.

    Parameters
    ----------
    fit : Fit
        A crime fit; only the reports and inhabitants it holds are read, not its draws.
    crime_types : sequence of str or None
        Types to chart, such as an agreement's monitored ones; None charts all.
    years, through : int or None
        As for :func:`chart_series`; `through` is the spec's baseline year by default.

    Returns
    -------
    DataFrame
        `area, crime_type` and the columns of :func:`chart_series`; years of the spec's pandemic
        and years before a step it declares for a type are no reference. Series without enough
        years are left out.

    Raises
    ------
    InputError
        `years` is below 2.

    Examples
    --------
    >>> import amager_eval as ae
    >>> fit = ae.fit_crime(ae.published(), definition="STRAF11")  # doctest: +SKIP
    >>> control_chart(fit, crime_types=["narkotika"]).query("signal != ''")  # doctest: +SKIP
    """
    design = fit.data["design"].to_dataset()
    count = design["published"].values
    members = design["out_area_members"].values[: count.shape[0]]
    people = members @ design["exposure"].values[:, : count.shape[2]]
    periods = [str(p) for p in design["period"].values]
    last = int(design.attrs["baseline_year"]) if through is None else through
    options, definition = crime_options(fit.spec), str(design.attrs["definition"])
    years_held = {p.year for p in map(parse_period, periods)}
    frames = []
    for a, area in enumerate(design["published_area"].values):
        for k, kind in enumerate(design["published_type"].values):
            if crime_types is not None and str(kind) not in crime_types:
                continue
            disturbed = disturbed_years(years_held, str(kind), definition, options)
            chart = chart_series(
                periods, count[a, k], people[a], years=years, through=last, leave_out=disturbed
            )
            frames.append(chart.assign(area=str(area), crime_type=str(kind)))
    frames = [f for f in frames if len(f)]
    if not frames:
        return pd.DataFrame(columns=list(CHART_COLUMNS))
    return pd.concat(frames, ignore_index=True)[list(CHART_COLUMNS)]


def chart_series(
    periods: Sequence[object],
    count: Sequence[float] | Floats,
    inhabitants: Sequence[float] | Floats,
    *,
    years: int | None = None,
    through: int | None = None,
    leave_out: Collection[int] = (),
    rebases: Sequence[Rebase] = (),
) -> pd.DataFrame:
    """Chart one series: what the same season of the reference years leads to expect, and limits.

    Parameters
    ----------
    periods : sequence
        Years, quarters or months of one kind, ascending; dims `period`.
    count : sequence of float
        Reports, NaN where not known; dims `period`.
    inhabitants : sequence of float
        In any unit, at the period's middle; dims `period`.
    years : int or None
        So many complete years are the reference; by default three, and eight of a yearly
        series, or as many as there are from five up.
    through : int or None
        Last calendar year of the reference; None takes the last there is.
    leave_out : collection of int
        Calendar years that are no reference: those of a pandemic, or recorded otherwise.
    rebases : sequence of Rebase
        Declared new bases, each with its reason. From each on the series is held against its own
        first complete years, as few as a reference needs; until there are so many it has no
        limits.

    Returns
    -------
    DataFrame
        `period, reference, count, expected, low, high, signal`, in reports, from the first
        reference period on. `reference` marks the periods that `expected` rests on; only later
        ones signal, the strongest that holds: `above` or `below` (outside the limits), `twice
        above` or `twice below` (the second or third of three in a row of which two lie beyond
        the warning line on one side), `shift up` or `shift down` (the ninth and later of them in
        a row on one side of what was expected), else empty. A period that is not known ends a
        row. No rows where the complete years are too few. With `rebases` also `rebase`: the reason
        at the first period of a new base, else empty.

    Raises
    ------
    InputError
        A period cannot be read, periods of different length stand together, `years` is below 2, or
        a new base starts outside the series.

    Notes
    -----
    Expected are the inhabitants times the reference years' rate of the same quarter or month, so
    that a season is no signal. The limits are those of Farrington et al. (1996), J R Stat Soc A
    159(3), 547-563, without a trend: quasi-Poisson, on the two-thirds power, which is nearly
    symmetric for small counts too, and with the uncertainty of what is expected in them. Two of
    three and the row of nine are the supplementary rules of Western Electric (1956), Statistical
    Quality Control Handbook, and Nelson (1984), J Qual Technol 16(4), 237-239.

    The dispersion rests on up to eight complete years through the last of the reference: mean
    square successive difference (von Neumann et al., 1941, Ann Math Stat 12(2), 153-162), as the
    moving range of a Shewhart chart, of what is left without the season. So a slow fall or rise
    inside those years is no ordinary variation that hides its own continuation. It is paid for by
    t-quantiles, and never taken below Poisson.

    Simulated, and printed by `python -m amager_eval.evidence.studies.control_power`: of ordinary
    series at most 4.7 % signal in a year by quarters, 5.5 % by months, 5.9 % by years; of a level
    that wanders more do. With 400 reports a quarter, 0.1 beyond Poisson and three years behind it,
    a fall by 30 % is signalled in its first year in 55 % and by 50 % in 98 %; with eight years in
    84 % and 100 %; with 30 a quarter and three years by 50 % in 54 %.

    Examples
    --------
    >>> quarters = [f"{year}K{quarter}" for year in range(2022, 2026) for quarter in range(1, 5)]
    >>> reports = [40, 60, 80, 60] * 3 + [41, 59, 140, 61]
    >>> chart = chart_series(quarters, reports, [9.0] * 16, through=2024)
    >>> chart["signal"].tolist()[-4:], chart["expected"].tolist()[-4:]
    (['', '', 'above', ''], [40.0, 60.0, 80.0, 60.0])
    """
    if years is not None and years < 2:
        raise InputError(f"years must be at least 2 (a season is seen twice), found {years}.")
    if rebases:
        return _rebased(periods, count, inhabitants, years, through, leave_out, rebases)
    parsed = [parse_period(p) for p in periods]
    known = np.flatnonzero(~np.isnan(np.asarray(count, dtype=np.float64)))
    empty = pd.DataFrame(columns=list(CHART_COLUMNS[2:]))
    if not len(known):
        return empty
    per_year = periods_a_year(parsed)
    reports = np.asarray(count, dtype=np.float64)[known]
    people = np.asarray(inhabitants, dtype=np.float64)[known]
    year = np.array([parsed[i].year for i in known])
    season = np.array([parsed[i].index - 1 for i in known])
    wished, least = REFERENCE_YEARS[per_year] if years is None else (years, years)
    complete = [
        int(y)
        for y in np.unique(year)
        if (year == y).sum() == per_year
        and (through is None or y <= through)
        and y not in leave_out
    ]
    if len(complete) < least:
        return empty
    reference = np.isin(year, complete[-wished:])
    spread = np.isin(year, complete[-max(SPREAD_YEARS, wished) :])
    dispersion, free = _dispersion(
        reports[spread], people[spread], season[spread], per_year, int(spread.sum()) // per_year
    )
    start = int(np.argmax(reference))
    known, reports, reference = known[start:], reports[start:], reference[start:]
    expected, sd = _expected(reports, people[start:], season[start:], reference, per_year)
    place = np.array([parsed[i].ordinal for i in known])
    low, high, warning_low, warning_high = (
        expected * np.maximum(0.0, 1.0 + side * times * sd / (1.5 * expected)) ** 1.5
        for times in (multiple_of_sd(tail, dispersion, free) for tail in TAILS[per_year])
        for side in (-1.0, 1.0)
    )
    later = place > place[reference].max()
    outside = later * (1 * (reports > high) - 1 * (reports < low))
    warned = later * (1 * (reports > warning_high) - 1 * (reports < warning_low))
    side = later * np.sign(reports - expected)
    return pd.DataFrame(
        {
            "period": [str(parsed[i]) for i in known],
            "reference": reference,
            "count": reports,
            "expected": expected,
            "low": low,
            "high": high,
            "signal": signals_of(outside, warned, side, place),
        }
    )


def _rebased(
    periods: Sequence[object],
    count: Sequence[float] | Floats,
    inhabitants: Sequence[float] | Floats,
    years: int | None,
    through: int | None,
    leave_out: Collection[int],
    rebases: Sequence[Rebase],
) -> pd.DataFrame:
    """Chart what lies between declared new bases, each part against itself."""
    parsed = [parse_period(p) for p in periods]
    place = [(p.year, p.index) for p in parsed]
    starts: dict[int, str] = {0: ""}
    for rebase in rebases:
        first = parse_period(rebase.period)
        at = next((i for i, p in enumerate(place) if p >= (first.year, first.index)), 0)
        if at == 0:
            raise InputError(
                Fault(
                    "a new base must start after the first period of the chart and by its last",
                    found=str(rebase.period),
                    remedy="Correct the period of the rebase.",
                )
            )
        starts[at] = rebase.reason
    least = REFERENCE_YEARS[periods_a_year(parsed)][1] if years is None else years
    reports, people = (np.asarray(v, dtype=np.float64) for v in (count, inhabitants))
    frames = []
    bounds = [*sorted(starts), len(parsed)]
    for start, end in pairwise(bounds):
        own = [str(p) for p in parsed[start:end]]
        last = through
        if start:
            last = _reference_end(parsed[start:end], reports[start:end], least, leave_out)
        part = pd.DataFrame()
        if last is not None or not start:
            part = chart_series(
                own,
                reports[start:end],
                people[start:end],
                years=years,
                through=last,
                leave_out=leave_out,
            )
        if start and not len(part):  # nothing that was delivered disappears
            part = pd.DataFrame({"period": own, "count": reports[start:end]})
            part = part.assign(reference=True, expected=np.nan, low=np.nan, high=np.nan, signal="")
            part = part[part["count"].notna()]
        if len(part):
            frames.append(part.assign(rebase=[starts[start]] + [""] * (len(part) - 1)))
    columns = [*CHART_COLUMNS[2:], "rebase"]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames, ignore_index=True)[columns]


def _reference_end(
    parsed: Sequence[Period], reports: Floats, least: int, leave_out: Collection[int]
) -> int | None:
    """Year in which a new base has as many complete years as a reference needs, if it has."""
    known = [p.year for p, r in zip(parsed, reports, strict=True) if not np.isnan(r)]
    per_year = periods_a_year(parsed)
    complete = [y for y in sorted(set(known)) if known.count(y) == per_year and y not in leave_out]
    return complete[least - 1] if len(complete) >= least else None


def _rate(
    reports: Floats, people: Floats, season: NDArray[np.int64], per_year: int
) -> tuple[Floats, Floats]:
    """Return reports, and reports per inhabitant, of every season of the year."""
    # half a report where a season had none: it is not impossible for that
    seen = np.array([max(reports[season == s].sum(), 0.5) for s in range(per_year)])
    return seen, seen / np.array([people[season == s].sum() for s in range(per_year)])


def _expected(
    reports: Floats,
    people: Floats,
    season: NDArray[np.int64],
    reference: NDArray[np.bool_],
    per_year: int,
) -> tuple[Floats, Floats]:
    """Return the reports expected of every period, and the standard deviation of Poisson ones."""
    seen, rate = _rate(reports[reference], people[reference], season[reference], per_year)
    expected = people * rate[season]
    return expected, np.sqrt(expected + expected**2 / seen[season])


def _dispersion(
    reports: Floats, people: Floats, season: NDArray[np.int64], per_year: int, years: int
) -> tuple[float, float]:
    """Variance over that of Poisson, from successive differences, and its degrees of freedom."""
    expected = people * _rate(reports, people, season, per_year)[1][season]
    variance, free = steps_as_variance((reports - expected) / np.sqrt(expected))
    # a season's own mean takes its part of the variance; one mean cancels in the differences
    left = (years - 1) / years if per_year > 1 else 1.0
    return variance / left, free * left
