"""The crime model on counts of its own making: one truth, one fit, for calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from amager_eval.evidence.studies.crime_simulate import simulate_crime
from amager_eval.evidence.studies.replicate import Replicate
from amager_eval.scores.pit import pit_bounds
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design, nearer
from amager_eval.trends.crime.forecast import simulate_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec

    type Floats = NDArray[np.float64]

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
#: Inhabitants, and reports a quarter of each type in its first quarter.
_AREAS: Final = {_WHOLE: (600_000, (1500, 800)), "Øst": (60_000, (150, 80))}
_TYPES: Final = ("indbrud", "vold/våben")
#: Quarters with the step of 2018, the pandemic, and three years after it.
_YEARS: Final = range(2017, 2025)
#: A town with few reports: inhabitants, and reports a year of each type.
_FEW: Final = {_WHOLE: (9_000, (15, 10, 8)), "Øst": (3_000, (6, 4, 3))}
_FEW_TYPES: Final = ("indbrud", "vold/våben", "narkotika")
_FEW_YEARS: Final = range(2014, 2026)  # the last is not the baseline year
#: A city by the year whose district, and one of its types, were counted late: reports a year, and
#: the first year of the district and of the type.
_LATE: Final = {_WHOLE: (600_000, (3000, 500)), "Øst": (60_000, (300, 50))}
_LATE_TYPES: Final = ("indbrud", "narkotika")
_LATE_AREA: Final = ("Øst", 2020)
_LATE_TYPE: Final = ("narkotika", 2021)
#: A total made of two types and a remainder by the quarter; the district's first year has the total
#: and one of the types alone, so that the other and the remainder are known as a sum.
_NESTED: Final = {_WHOLE: (600_000, (4000, 1500, 800)), "Øst": (60_000, (400, 150, 80))}
_NESTED_TYPES: Final = ("total", "indbrud", "vold/våben")
_NESTED_YEARS: Final = range(2019, 2025)
#: Reports a month; two of the district's months are missing.
_MONTHLY: Final = {_WHOLE: (600_000, (500,)), "Øst": (60_000, (50,))}
_MONTHS: Final = range(2020, 2025)
_MISSING: Final = {"2021M05", "2023M11"}
#: What ranks are taken of, where a state has it.
_QUANTITIES: Final = (
    "level_baseline", "level_last", "total_level_last", "drift", "innovation", "dispersion",
    "passing_sd",
)  # fmt: skip


def small_city(spec: ModelSpec) -> xr.Dataset:
    """Lay out the declared city calibration runs on; its counts say only where priors lie.

    A whole and one district, two types, eight years of quarters. The district's first year is
    missing, and so is one of its cells later.

    As :func:`amager_eval.trends.crime.design.crime_design`.
    """
    first = _quarters(_YEARS[:1])

    def missing(area: str, kind: str, period: str) -> bool:
        return area == "Øst" and (period in first or (kind, period) == ("indbrud", "2022K3"))

    return _city(spec, _AREAS, _TYPES, _quarters(_YEARS), missing)


def few_reports(spec: ModelSpec) -> xr.Dataset:
    """Lay out a town of few reports by the year, zeros among what it simulates.

    A whole and one district, three types, twelve years, 3 to 15 reports a year and type.

    As :func:`small_city`.
    """
    return _city(spec, _FEW, _FEW_TYPES, [f"{year}" for year in _FEW_YEARS])


def late_years(spec: ModelSpec) -> xr.Dataset:
    """Lay out a city by the year, a district and a type of which were counted late.

    A whole and one district, two types, twelve years; the district from its seventh year and
    one type from the eighth.

    As :func:`small_city`.
    """

    def missing(area: str, kind: str, year: str) -> bool:
        begins = (_LATE_AREA[1] if area == _LATE_AREA[0] else 0,
                  _LATE_TYPE[1] if kind == _LATE_TYPE[0] else 0)  # fmt: skip
        return int(year) < max(begins)

    return _city(spec, _LATE, _LATE_TYPES, [f"{year}" for year in _FEW_YEARS], missing)


def nested_total(spec: ModelSpec) -> xr.Dataset:
    """Lay out a city whose total is the sum of its types and a remainder.

    A whole and one district, the total and two types, six years of quarters. The district's first
    year lacks one type: what is left of its total is known as a sum.

    As :func:`small_city`.
    """
    first = _quarters(_NESTED_YEARS[:1])

    def missing(area: str, kind: str, period: str) -> bool:
        return (area, kind) == ("Øst", "vold/våben") and period in first

    return _city(spec, _NESTED, _NESTED_TYPES, _quarters(_NESTED_YEARS), missing)


def months(spec: ModelSpec) -> xr.Dataset:
    """Lay out a city by the month: a whole and one district, one type, five years.

    As :func:`small_city`.
    """
    every = [f"{year}M{month:02d}" for year in _MONTHS for month in range(1, 13)]
    return _city(
        spec, _MONTHLY, ("indbrud",), every,
        lambda area, _, period: area != _WHOLE and period in _MISSING,
    )  # fmt: skip


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


class CrimeStudy:
    """The crime model as something that makes its own data and is fitted to them.

    Parameters
    ----------
    design : Dataset
        Every replicate has its shape, so the model is compiled once.
    spec : ModelSpec
        The model's document.
    ahead : int
        Periods forecast and held against the simulated future.
    draws, chains : int or None
        Of each fit; default the spec's and 4.
    more : sequence of int
        Where a fit missed its gates it is sampled again with so many times the draws, in smaller
        steps where it diverged, until one passes.
    name : str
        Name in file names.
    """

    def __init__(
        self,
        design: xr.Dataset,
        spec: ModelSpec,
        *,
        ahead: int = 4,
        draws: int | None = None,
        chains: int = 4,
        more: Sequence[int] = (),
        name: str = "crime",
    ) -> None:
        self.name = name
        self._design, self._spec, self._ahead = design, spec, ahead
        self._draws, self._chains, self._more = draws or spec.sampling.draws, chains, more

    def replicate(self, seed: int) -> Replicate:
        """Draw a truth, simulate its counts, fit, forecast."""
        made = simulate_crime(self._design, seed, ahead=self._ahead)
        target = None
        for times in (1, *self._more):
            fit = begin_design(
                made.design, self._spec, draws=times * self._draws, chains=self._chains,
                seed=seed, target_accept=target,
            )()  # fmt: skip
            if fit.diagnostics.passed:
                break
            if fit.diagnostics.divergences:
                target = nearer(target or self._spec.sampling.target_accept)
        posterior = fit.data["posterior"].to_dataset()
        stacked = posterior.stack(sample=("chain", "draw"))  # noqa: PD013
        stacked = stacked.drop_vars(["chain", "draw", "sample"])
        rng = np.random.default_rng([seed, 12])
        design, n = made.design, made.design.sizes["period"]
        stacked = stacked.transpose("sample", ...)
        _, _, count, _ = simulate_cells(stacked, design, n + self._ahead, rng)
        draws = count[..., n:].reshape(count.shape[0], -1)
        return Replicate(
            truth={k: float(v) for k, v in quantities(_with_total(made.truth, design)).items()},
            draws=quantities(_with_total(posterior, design)),
            diagnostics=fit.diagnostics,
            pit=pit_bounds(draws, made.future.ravel()),
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
    found = {}
    for name in _QUANTITIES:
        if name not in state:
            continue
        values = state[name]
        dims = [d for d in values.dims if d not in ("chain", "draw")]
        flat = values.stack(cell=dims).transpose("cell", ...)  # noqa: PD013
        for at, label in zip(flat["cell"].values, flat, strict=True):
            key = " ".join(map(str, at if isinstance(at, tuple) else (at,)))
            found[f"{name} {key}"] = np.asarray(label.values, dtype=np.float64)
    return found
