"""Fit both models: an input and an agreement in, the fits that a statement rests on out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from amager_eval.data.period import parse_period
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.trends.crime.options import with_baseline_year
from amager_eval.trends.safety.fit import fit_safety

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Fit

__all__ = ["FitProgress", "Fits", "crime_definition_to_fit", "fit", "series_to_fit"]

#: Called with a fit's name, draws done and draws in all; 0 in all until the first draw.
type FitProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Fits:
    """What a statement rests on.

    Parameters
    ----------
    safety, crime : Fit or None
        None where the input has nothing to fit.
    definition : str or None
        The series of reported crime that was fitted.
    seed : int
        Seed of both fits.
    """

    safety: Fit | None = None
    crime: Fit | None = None
    definition: str | None = None
    seed: int = 1

    @property
    def by_name(self) -> dict[str, Fit]:
        """The fits there are, by their document's name."""
        every = {"safety_trend": self.safety, "crime_trend": self.crime}
        return {name: found for name, found in every.items() if found is not None}

    @property
    def problems(self) -> list[str]:
        """Why a fit did not pass its gates; empty where all did."""
        return [f"{name}: {p}" for name, f in self.by_name.items() for p in f.diagnostics.problems]


def fit(
    data: Input,
    agreement: Agreement,
    *,
    seed: int = 1,
    draws: int | None = None,
    draft: bool = False,
    specs: Mapping[str, ModelSpec] | None = None,
    progress: FitProgress | None = None,
) -> Fits:
    """Fit the safety model and the crime model to what an input has for them.

    Parameters
    ----------
    data : Input
        From :func:`amager_eval.evaluation.prepare.prepare`.
    agreement : Agreement
        Whose baseline both models are anchored at: what is said "without data" is conditioned on
        it.
    seed : int
        Seed of every fit.
    draws : int or None
        Draws per chain; default each spec's.
    draft : bool
        Take documents that are not registered as they stand.
    specs : mapping of str to ModelSpec or None
        Other documents than the registered ones, by name: `safety_trend`, `crime_trend`.
    progress : callable or None
        Called with the fit's name, draws done and draws in all; 0 in all until the first draw.

    Returns
    -------
    Fits
        Gates are reported, not enforced: see :attr:`Fits.problems`.
    """

    def spec_of(name: str) -> ModelSpec:
        own = (specs or {}).get(name)
        return load_model_spec(name, draft=draft) if own is None else own

    sampling: dict[str, Any] = {"seed": seed, "draws": draws}
    definition = crime_definition_to_fit(data, agreement)
    if definition is not None:  # what the chapter lacks is told before the first fit's minutes
        series = series_to_fit(data, agreement, definition)
        crime_design(series, spec_of("crime_trend"), definition=definition)
    safety = crime = None
    if data.safety is not None:
        baseline = agreement.safety.baseline_wave
        spec = spec_of("safety_trend").with_options(baseline=baseline)
        tell = _named(progress, "safety_trend")
        safety = fit_safety(data, spec=spec, progress=tell, **sampling)
    if definition is not None:
        spec = with_baseline_year(spec_of("crime_trend"), agreement.crime.baseline_year)
        tell = _named(progress, "crime_trend")
        crime = fit_crime(series, spec=spec, definition=definition, progress=tell, **sampling)
    return Fits(safety, crime, definition, seed)


def series_to_fit(data: Input, agreement: Agreement, definition: str) -> Input:
    """Leave out reports nothing is asked of, and areas with a single count: no series to follow.

    Asked of are the agreement's own area, the districts it lies in, its indicators and the whole.
    The other parts of the whole are inside its rest already: each of its own would cost a fit as
    much again, and answer nothing. Where the whole has no counts every part is kept.
    """
    assert data.crime is not None
    areas, mine = agreement.areas, data.crime["definition"] == definition
    counted = data.crime[mine & data.crime["count"].notna()]
    periods = counted.groupby("area")["period"].nunique()
    single = set(periods.index[periods < 2])
    # a first year has nothing to prefer to it
    unused = single if len(single) < len(periods) else set()
    if areas.whole in periods.index and areas.whole not in unused:
        asked = {areas.whole, *areas.indicators, *areas.evaluated.names, *areas.evaluated.districts}
        unused |= set(data.parts) - asked
    return replace(data, crime=data.crime[~(mine & data.crime["area"].isin(unused))])


def crime_definition_to_fit(data: Input, agreement: Agreement) -> str | None:
    """Which one series definition the crime model is fitted to; None where there is none.

    The goal's own definition where the agreement's area has counts over several periods; else
    the declared context series of Statistics Denmark. Definitions are never joined. A series
    without a complete baseline year is not fitted: nothing in it can be held against that year.
    """
    if data.crime is None:
        return None
    baseline = agreement.crime.baseline_year
    counted = data.crime[data.crime["count"].notna()]
    own = counted[
        (counted["definition"] == agreement.crime.definition)
        & counted["area"].isin(agreement.areas.evaluated.names)
    ]
    if own["period"].nunique() >= 2 and _holds_year(counted, agreement.crime.definition, baseline):
        return agreement.crime.definition
    statbank = agreement.crime.statbank
    if statbank is not None and _holds_year(counted, statbank.table, baseline):
        return statbank.table
    return None


def _holds_year(counted: pd.DataFrame, definition: str, year: int) -> bool:
    """Whether a series of the definition has every period of a year, or the year is yet to come."""
    rows = counted[counted["definition"] == definition]
    periods = [parse_period(p) for p in rows["period"]]
    if not periods:
        return False
    if max(p.year for p in periods) < year:
        return True
    whole = [
        (area, kind, p.unit, p.per_year)
        for area, kind, p in zip(rows["area"], rows["crime_type"], periods, strict=True)
        if p.year == year
    ]
    return any(n == series[-1] for series, n in Counter(whole).items())


def _named(progress: FitProgress | None, name: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    progress(name, 0, 0)
    return lambda done, total: progress(name, done, total)
