"""The crime model on counts of its own making: one truth, one fit, for calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd
from scipy.special import logsumexp

from amager_eval.evidence.studies.crime_simulate import future_reports, simulate_crime
from amager_eval.evidence.studies.replicate import Replicate, by_name
from amager_eval.scores.pit import pit_bounds
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design, nearer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import xarray as xr

    from amager_eval.evidence.studies.replicate import Floats
    from amager_eval.spec.model import ModelSpec

__all__ = [
    "CrimeStudy",
    "few_reports",
    "late_years",
    "months",
    "nested_total",
    "quantities",
    "small_city",
]

_WHOLE: Final = "Byen"
#: What ranks are taken of, where a state has it.
_QUANTITIES: Final = (
    "level_baseline", "level_last", "total_level_last", "drift", "innovation", "dispersion",
    "passing_sd",
)  # fmt: skip


def small_city(spec: ModelSpec) -> xr.Dataset:
    """Lay out the declared city calibration runs on; its counts say only where priors lie.

    A whole and one district, two types, eight years of quarters: the step of 2018, the pandemic,
    and three years after it. The district's first year is missing, and one of its cells later.
    """
    periods = _quarters(range(2017, 2025))
    missing = {("indbrud", "2022K3")}
    return _city(
        spec,
        {_WHOLE: (600_000, (1500, 800)), "Øst": (60_000, (150, 80))},
        ("indbrud", "vold/våben"),
        periods,
        lambda area, kind, period: (
            area == "Øst" and (period in periods[:4] or (kind, period) in missing)
        ),
    )


def few_reports(spec: ModelSpec) -> xr.Dataset:
    """Lay out a town of few reports by the year, zeros among what it simulates.

    A whole and one district, three types, twelve years, 3 to 15 reports a year and type; the last
    is not the baseline year.
    """
    return _city(
        spec,
        {_WHOLE: (9_000, (15, 10, 8)), "Øst": (3_000, (6, 4, 3))},
        ("indbrud", "vold/våben", "narkotika"),
        [f"{year}" for year in range(2014, 2026)],
    )


def late_years(spec: ModelSpec) -> xr.Dataset:
    """Lay out a city by the year, a district and a type of which were counted late.

    A whole and one district, two types, twelve years; the district from its seventh year and
    one type from the eighth.
    """
    begins = {"Øst": 2020, "narkotika": 2021}
    return _city(
        spec,
        {_WHOLE: (600_000, (3000, 500)), "Øst": (60_000, (300, 50))},
        ("indbrud", "narkotika"),
        [f"{year}" for year in range(2014, 2026)],
        lambda area, kind, year: int(year) < max(begins.get(area, 0), begins.get(kind, 0)),
    )


def nested_total(spec: ModelSpec) -> xr.Dataset:
    """Lay out a city whose total is the sum of its types and a remainder.

    A whole and one district, the total and two types, six years of quarters. The district's first
    year lacks one type: what is left of its total is known as a sum.
    """
    periods = _quarters(range(2019, 2025))
    return _city(
        spec,
        {_WHOLE: (600_000, (4000, 1500, 800)), "Øst": (60_000, (400, 150, 80))},
        ("total", "indbrud", "vold/våben"),
        periods,
        lambda area, kind, period: (area, kind) == ("Øst", "vold/våben") and period in periods[:4],
    )


def months(spec: ModelSpec) -> xr.Dataset:
    """Lay out a city by the month: a whole and one district, one type, five years.

    Two of the district's months are missing.
    """
    return _city(
        spec,
        {_WHOLE: (600_000, (500,)), "Øst": (60_000, (50,))},
        ("indbrud",),
        [f"{year}M{month:02d}" for year in range(2020, 2025) for month in range(1, 13)],
        lambda area, _, period: area != _WHOLE and period in {"2021M05", "2023M11"},
    )


def _quarters(years: Iterable[int]) -> list[str]:
    return [f"{year}K{quarter}" for year in years for quarter in (1, 2, 3, 4)]


def _city(
    spec: ModelSpec,
    areas: Mapping[str, tuple[int, tuple[int, ...]]],
    types: Sequence[str],
    periods: Sequence[str],
    missing: Callable[[str, str, str], bool] = lambda *_: False,
) -> xr.Dataset:
    """Lay out every area's types in every period, but what is missing: `area, type, period`."""
    rows = [
        (area, period, kind, count, inhabitants)
        for area, (inhabitants, counts) in areas.items()
        for kind, count in zip(types, counts, strict=True)
        for period in periods
        if not missing(area, kind, period)
    ]
    frame = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])
    return crime_design(frame.assign(definition="STRAF11"), spec, whole=_WHOLE)


@dataclass(frozen=True, eq=False)
class CrimeStudy:
    """The crime model as something that makes its own data and is fitted to them.

    Every replicate has the design's shape, so the model is compiled once. The simulated future of
    `ahead` periods is forecast. Where a fit missed its gates it is sampled again with `more` times
    the draws, in smaller steps where it diverged, until one passes.
    """

    design: xr.Dataset
    spec: ModelSpec
    ahead: int = 4
    draws: int | None = None
    chains: int = 4
    more: Sequence[int] = ()
    name: str = "crime"

    def replicate(self, seed: int) -> Replicate:
        """Draw a truth, simulate its counts, fit, forecast."""
        made = simulate_crime(self.design, seed, ahead=self.ahead)
        draws, target = self.draws or self.spec.sampling.draws, None
        for times in (1, *self.more):
            fit = begin_design(
                made.design, self.spec, draws=times * draws, chains=self.chains, seed=seed,
                target_accept=target,
            )()  # fmt: skip
            if fit.diagnostics.passed:
                break
            if fit.diagnostics.divergences:
                target = nearer(target or self.spec.sampling.target_accept)
        future = future_reports(fit, made.design, self.ahead, seed)
        truth, posterior = (
            quantities(_with_total(state, made.design))
            for state in (made.truth, fit.data["posterior"].to_dataset())
        )
        return Replicate(
            truth={k: float(v) for k, v in truth.items()},
            draws=posterior,
            diagnostics=fit.diagnostics,
            pit=pit_bounds(future.reshape(len(future), -1), made.future.ravel()),
            times=times,
        )


def _with_total(state: xr.Dataset, design: xr.Dataset) -> xr.Dataset:
    """Add the level of a total that is the sum of modelled types, where there is one."""
    parts = str(design.attrs["total_parts"])
    if not parts:
        return state
    of_parts = state["level"].isel(period=-1, drop=True).sel(crime_type=parts.split(";"))
    return state.assign(total_level_last=of_parts.reduce(logsumexp, "crime_type"))


def quantities(state: xr.Dataset) -> dict[str, Floats]:
    """Name what results rest on: scalars of a truth, or `chain, draw` of a posterior."""
    state = state.assign(level_last=state["level"].isel(period=-1, drop=True))
    return by_name(state[[name for name in _QUANTITIES if name in state]])
