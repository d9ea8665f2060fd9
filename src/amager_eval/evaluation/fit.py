"""Fit both models: an input and an agreement in, the fits that a statement rests on out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from amager_eval.evaluation.area import answer_unmeasured, smooth_measured, without_own_area
from amager_eval.evaluation.crime_series import crime_definition_to_fit, series_to_fit
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_crime, nearer
from amager_eval.trends.crime.options import with_baseline_year
from amager_eval.trends.safety.fit import design_safety, fit_safety

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.goals.safety.area_answer import AreaAnswer
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.area.estimate import AreaEstimate
    from amager_eval.trends.fit import Fit

__all__ = ["MORE", "FitProgress", "Fits", "fit"]

#: So many times the draws are taken where the spec's were too few.
MORE: Final = load_assumptions().refit.times

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
    area : AreaAnswer or None
        The estimate of the agreement's own area, where no survey of it is published.
    own : AreaEstimate or None
        Where there is one: joint draws of all areas given the area's own figures too, which
        `safety` was fitted without.
    withheld : AreaEstimate or None
        In place of `own`, where it has too few effective draws: no assessment of the area rests
        on it, and everything else is as it would be.
    """

    safety: Fit | None = None
    crime: Fit | None = None
    definition: str | None = None
    seed: int = 1
    area: AreaAnswer | None = None
    own: AreaEstimate | None = None
    withheld: AreaEstimate | None = None

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
    progress: FitProgress | None = None,
    area: bool = True,
    sample_safety: Callable[..., Fit] | None = None,
    sample_crime: Callable[..., Callable[[], Fit]] | None = None,
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
    progress : callable or None
        Called with the fit's name, draws done and draws in all; 0 in all until the first draw.
    area : bool
        Also read the agreement's own area as blocks of the city: estimate it where no survey of
        it is published, and read its own figures beside the others where one is.
    sample_safety, sample_crime : callable or None
        In place of :func:`amager_eval.fit_safety` and of what begins a fit of crime, and called
        alike: a rehearsal is quicker.

    Returns
    -------
    Fits
        Gates are reported, not enforced: see :attr:`Fits.problems`. A crime model that missed a
        gate is sampled again with :data:`MORE` times the draws, in smaller steps where transitions
        diverged, and what rests on the area's own figures is read again with as many draws where
        they were too few.
    """
    definition = crime_definition_to_fit(data, agreement)
    if definition is not None:  # what a chapter lacks is told before the first fit's minutes
        series = series_to_fit(data, agreement, definition)
        document = load_model_spec("crime_trend", draft=draft)
        anchored = with_baseline_year(document, agreement.crime.baseline_year)
        crime_design(series, anchored, definition=definition)
    if data.safety is not None:
        baseline = agreement.safety.baseline_wave
        spec = load_model_spec("safety_trend", draft=draft).with_options(baseline=baseline)
        apart = without_own_area(data, agreement) if area else data
        design_safety(apart, population=None, whole=None, spec=spec, parts=None)
        tell = _named(progress, "safety_trend")
        tell(0, 0)
        sample = partial(sample_safety or fit_safety, apart, spec=spec, seed=seed, progress=tell)
    begun = None
    if definition is not None:  # sampled beside all that is fitted and read of safety
        begin = partial(
            sample_crime or begin_crime, series, spec=anchored, definition=definition, seed=seed,
            progress=_named(progress, "crime_trend"),
        )  # fmt: skip
        begun = begin(draws=draws)
    safety = None
    if data.safety is not None:
        safety = sample(draws=draws)
    answer = own = withheld = None
    if safety is not None and area:
        answer, own = _read_area(safety, data, agreement, draft=draft)
        if any(found is not None and found.problems for found in (answer, own)) and not draft:
            # figures that few of the districts' draws agree with need many of their draws
            safety = sample(draws=MORE * (draws or spec.sampling.draws))
            answer, own = _read_area(safety, data, agreement, draft=draft, times=MORE)
            if own is not None and own.problems:
                own, withheld = None, own
    crime = None
    if begun is not None:
        _named(progress, "crime_trend")(0, 0)
        crime = begun()
        if crime.diagnostics.problems and not draft:
            more = MORE * (draws or anchored.sampling.draws)
            diverged = crime.diagnostics.divergences > 0
            steps = nearer(anchored.sampling.target_accept) if diverged else None
            crime = begin(draws=more, target_accept=steps)()
    return Fits(safety, crime, definition, seed, answer, own, withheld)


def _read_area(
    safety: Fit, data: Input, agreement: Agreement, *, draft: bool, times: int = 1
) -> tuple[AreaAnswer | None, AreaEstimate | None]:
    """Estimate the agreement's area, or read its own figures where it has some."""
    return (
        answer_unmeasured(safety, data, agreement, draft=draft, times=times),
        smooth_measured(safety, data, agreement, draft=draft, times=times),
    )


def _named(progress: FitProgress | None, name: str) -> Callable[[int, int], None]:
    """Tell progress under a fit's name, where somebody listens."""
    return lambda done, total: None if progress is None else progress(name, done, total)
