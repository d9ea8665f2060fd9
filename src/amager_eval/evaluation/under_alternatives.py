"""Answer the goals under every declared other assumption, and add the answers to the statement."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.evaluation.area import smooth_measured
from amager_eval.evaluation.ask import ask
from amager_eval.evaluation.crime_series import crime_definition_to_fit, series_to_fit
from amager_eval.evaluation.fit import MORE, Fits
from amager_eval.evaluation.judge import diagnosed, diagnosed_area
from amager_eval.goals.sensitivity import (
    OWN_LEVEL,
    STRICTEST,
    Row,
    crime_rows_under,
    quantities_at_target,
    safety_rows_under,
    sensitivity_frame,
)
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.spec.sensitivity import load_sensitivity
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design, nearer, warm_up
from amager_eval.trends.crime.options import crime_options, with_baseline_year
from amager_eval.trends.safety.alternatives import (
    Alternative,
    answer_again,
    as_fitted,
    with_area_varying_link,
    with_design_effect,
    without_grades,
    without_waves,
)
from amager_eval.trends.safety.fit import design_safety, sample_safety
from amager_eval.trends.safety.forecast import forecast
from amager_eval.trends.sample import Begun

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.evaluation.fit import FitProgress
    from amager_eval.goals.statement import Statement
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.fit import Fit, Forecast

__all__ = ["begin_crime_alternatives", "under_alternatives"]

#: Assumption, alternative, and what begins its fit given draws: its answer waits for the fit.
type Named = tuple[str, str, Begin]
#: Takes draws and, of a fit that missed a gate, that fit; None where nothing more is to be tried.
type Begin = Callable[..., _Try | None]


def begin_crime_alternatives(
    data: Input, agreement: Agreement, fits: Fits, *, draws: int | None = None, draft: bool = False
) -> Mapping[str, _Try]:
    """Begin to sample the crime model's alternatives: beside it the statement is judged.

    What is begun is by the alternative's name; nothing is where the fits are none to judge by.
    """
    if fits.crime is None or (fits.problems and not draft) or (draft and draws is not None):
        return {}
    named = _crime_fits(data, agreement, str(fits.definition), seed=fits.seed, draft=draft)
    found = {alternative: begin(draws=draws) for _, alternative, begin in named}
    return {name: tried for name, tried in found.items() if tried is not None}


def under_alternatives(
    statement: Statement,
    fits: Fits,
    *,
    draws: int | None = None,
    begun: Mapping[str, _Try] | None = None,
    progress: FitProgress | None = None,
) -> Statement:
    """Add the goals' probabilities under the assumptions that the draws used do not answer.

    Parameters
    ----------
    statement : Statement
        With the data, agreement and seed it was made from.
    fits : Fits
        What it rests on.
    draws : int or None
        Draws per chain where an alternative is sampled; default each spec's. A draft of draws
        given is a trial: what would have to be weighed or sampled is left out.
    begun : mapping of str or None
        From :func:`begin_crime_alternatives`; what is not in it is begun here.
    progress : callable or None
        Called with `alternatives`, those done and those in all.

    Returns
    -------
    Statement
        Its `sensitivity` longer. A fit that does not pass its gates answers nothing unless the
        statement is a draft; either way it stands among the diagnostics with its problems.
    """
    failed: list[dict[str, object]] = []
    asked: list[_Asked] = []
    trial = statement.draft and draws is not None
    if fits.safety is not None and not trial:
        rows_of = _safety_rows if fits.own is None else partial(_rows_given_own, failed=failed)
        asked += [_Asked("safety_trend", *n, rows_of) for n in _safety_fits(statement, fits.safety)]
        if fits.own is not None:
            asked.append(_Asked("safety_trend", *_own_level(statement, fits.safety), _safety_rows))
    if fits.crime is not None and not trial:
        definition = str(fits.definition)
        sampled = _crime_fits(
            statement.data, statement.agreement, definition,
            seed=statement.seed, draft=statement.draft,
        )  # fmt: skip
        asked += [_Asked("crime_trend", *n, _crime_rows) for n in sampled]
    read: dict[str, Future[list[Row]]] = {}
    # NumPy lets other threads run: alternatives are read while others are weighed
    with ThreadPoolExecutor(os.cpu_count() or 1) as reader:
        if fits.safety is not None:
            read["gap_stays"] = reader.submit(_gap_stays, statement, fits, failed)
        # what is declared last takes longest to read: nothing waits for it alone at the end
        for one, again in _fitted(asked[::-1], begun or {}, draws=draws, progress=progress):
            if not again.diagnostics.passed:
                failed.append(diagnosed(f"{one.model}, {one.alternative}", again))
            if again.diagnostics.passed or statement.draft:
                read[one.alternative] = reader.submit(
                    one.rows_of, statement, again, one.assumption, one.alternative
                )
    declared = ["gap_stays", *(one.alternative for one in asked)]
    rows = chain.from_iterable(read[name].result() for name in declared if name in read)
    found = pd.concat([statement.sensitivity, sensitivity_frame(list(rows))], ignore_index=True)
    diagnostics = statement.diagnostics
    if failed:  # in an order that no clock decides
        rest = pd.DataFrame(failed).sort_values("model", kind="stable")
        diagnostics = pd.concat([diagnostics, rest], ignore_index=True)
    return replace(statement, sensitivity=found, diagnostics=diagnostics)


@dataclass(frozen=True)
class _Try:
    """A fit that has begun, and whether it is the last that is tried of its alternative."""

    begun: Callable[[], Fit]
    last: bool = False


@dataclass(frozen=True)
class _Asked:
    """An alternative, what begins its fit, and what reads its answers."""

    model: str
    assumption: str
    alternative: str
    begin: Begin
    rows_of: Callable[..., list[Row]]


def _fitted(
    asked: list[_Asked],
    begun: Mapping[str, _Try],
    *,
    draws: int | None,
    progress: FitProgress | None,
) -> Iterator[tuple[_Asked, Fit]]:
    """Fit all alternatives: what is sampled is sampled while others are weighed and read.

    One that misses a gate is tried again as its model says.
    """
    tries = ((one, begun.get(one.alternative) or one.begin(draws=draws)) for one in asked)
    waiting = [(one, tried) for one, tried in tries if tried is not None]
    while waiting:
        if progress is not None:
            progress("alternatives", len(asked) - len(waiting), len(asked))
        one, tried = waiting.pop(_next([at.begun for _, at in waiting]))
        found = tried.begun()
        more = None
        if found.diagnostics.problems and not tried.last:
            more = one.begin(draws=draws, missed=found)
        if more is None:
            yield one, found
        else:
            waiting.append((one, more))
        del found, tried, more  # draws of many fits would fill the memory; a fit's parts are a
        gc.collect()  # circle
    if progress is not None and asked:
        progress("alternatives", len(asked), len(asked))


def _next(begun: list[Callable[[], Fit]]) -> int:
    """Choose what is ready, that it may be sampled again soon; else what is to be weighed."""
    ready = [i for i, one in enumerate(begun) if isinstance(one, Begun) and one.ready()]
    weighed = [i for i, one in enumerate(begun) if not isinstance(one, Begun)]
    return (*ready, *weighed, 0)[0]


def _safety_fits(statement: Statement, used: Fit) -> Iterator[Named]:
    declared = load_sensitivity().safety
    own = as_fitted(used)

    def named(assumption: str, alternative: str, other: Alternative) -> Named:
        return assumption, alternative, _weighed(used, other)

    effects = statement.agreement.verdicts.deffs
    cells = np.isfinite(own.design["deff"].to_numpy())
    ends = (("low", min(effects)), ("high", max(effects)))
    for end, effect in () if cells.all() else ends:  # a survey's own leave nothing to vary
        yield named("design_effect", f"design_effect_{end}", with_design_effect(own, effect))
    less = without_grades(own, declared.source_grades.left_out)
    if less.keep.sum() < own.keep.sum():
        yield named("source_grades", "source_grades", less)
    less = without_waves(own, declared.pandemic.waves)
    if less.keep.sum() < own.keep.sum():
        yield named("pandemic", "pandemic", less)
    link = declared.response_link
    looser = with_area_varying_link(own.spec, sd=link.sd, reason=link.reason)
    yield named("response_link", "response_link", replace(own, spec=looser))


def _own_level(statement: Statement, used: Fit) -> Named:
    """Take the area as one more area of the safety model: a vague prior, and no blocks."""
    design = design_safety(statement.data, population=None, whole=None, spec=used.spec, parts=None)
    every = Alternative(design, used.spec, np.isfinite(design["low"].to_numpy()))
    return OWN_LEVEL, OWN_LEVEL, _weighed(used, every)


def _weighed(used: Fit, other: Alternative) -> Begin:
    """Begin nothing before it is waited for: what is weighed is no work for another core."""
    how = load_sensitivity().safety.reweighting

    def begin(*, draws: int | None, missed: Fit | None = None) -> _Try:
        if missed is not None:  # the same points would weigh the same
            longer = partial(
                sample_safety, other.design, other.spec, keep=other.keep, seed=used.seed,
                draws=MORE * (draws or missed.spec.sampling.draws), prior_only=False,
            )  # fmt: skip
            return _Try(longer, last=True)
        weighed = partial(
            answer_again, used, other,
            points=how.points, least_share=how.least_share, draws=draws,
        )  # fmt: skip
        return _Try(weighed)

    return begin


def _gap_stays(statement: Statement, fits: Fits, failed: list[dict[str, object]]) -> list[Row]:
    """Whether an area reaches the whole where its gap stays as the latest wave left it."""
    assert fits.safety is not None
    used, target = fits.safety, statement.agreement.safety.target_wave
    if fits.own is not None:
        still = replace(used, spec=used.spec.with_options(alternatives=["gap_stays"]))
        return _rows_given_own(
            statement, still, "gap_stays", "gap_stays", failed=failed, readings={STRICTEST}
        )
    drawn = forecast(used, target, alternatives=("gap_stays",), prior=False)
    return _rows_of_forecast(statement, drawn, "gap_stays", "gap_stays", readings={STRICTEST})


def _rows_of_forecast(
    statement: Statement,
    forecast: Forecast,
    assumption: str,
    alternative: str,
    *,
    readings: set[str] | None = None,
) -> list[Row]:
    agreement = statement.agreement
    areas = dict.fromkeys((statement.facts.area, *agreement.areas.indicators))
    asked = quantities_at_target(forecast, agreement)
    return safety_rows_under(asked, agreement, areas, assumption, alternative, readings=readings)


def _crime_fits(
    data: Input, agreement: Agreement, definition: str, *, seed: int, draft: bool
) -> Iterator[Named]:
    baseline = agreement.crime.baseline_year
    spec = with_baseline_year(load_model_spec("crime_trend", draft=draft), baseline)
    declared = load_sensitivity().crime.sampling
    used = spec.sampling
    shorter = used.model_copy(update=declared.model_dump(exclude={"reason"}))
    options = crime_options(spec)
    assert data.crime is not None

    def named(assumption: str, alternative: str, spec: ModelSpec, crime: pd.DataFrame) -> Named:
        given = replace(data, crime=crime, safety=None)
        assert crime_definition_to_fit(given, agreement) == definition
        series = series_to_fit(given, agreement, definition)

        sampled = partial(
            _sampled, series, spec.model_copy(update={"sampling": shorter}),
            seed=seed, definition=definition, smaller=nearer(used.target_accept),
        )  # fmt: skip
        return assumption, alternative, sampled

    if options.nested(definition):
        itself = _with_option(spec, "total", {"nested": {}})
        yield named("total", "total_itself", itself, data.crime)
    statbank = agreement.crime.statbank
    # the offences without an area are counted by Statistics Denmark's definition alone
    known = statbank is not None and definition == statbank.table
    if known and not options.completeness.apply:
        complete = _with_option(spec, "completeness", {"apply": True})
        first = options.completeness.first_year
        # how complete earlier years are is not known: they say nothing here
        later = [parse_period(p).year >= first for p in data.crime["period"]]
        if baseline >= first:
            yield named("completeness", "completeness", complete, data.crime[later])
    window = range(options.covid.start.year, options.covid.end.year + 1)
    outside = [parse_period(p).year not in window for p in data.crime["period"]]
    if not all(outside) and baseline not in window:
        yield named("pandemic", "pandemic_years", spec, data.crime[outside])


def _sampled(
    series: Input,
    spec: ModelSpec,
    *,
    seed: int,
    definition: str,
    smaller: float,
    draws: int | None,
    missed: Fit | None = None,
) -> _Try | None:
    """Begin a crime model's fit; of one that missed a gate, what its miss asks for.

    Too few effective draws and no other miss: further chains beside its own. They say less of how
    far chains are apart: for R-hat longer chains are sampled in their place, in smaller steps
    where transitions diverged or energies mixed badly.
    """
    begin = partial(
        begin_design, crime_design(series, spec, definition=definition), spec,
        seed=seed, forecast_only=True,
    )  # fmt: skip
    if missed is None:
        return _Try(begin(draws=draws, tune=warm_up(spec, draws)))
    found, gates = missed.diagnostics, spec.gates
    apart = not found.max_rhat <= gates.rhat_max
    few = not found.min_ess >= gates.ess_min
    if few and not apart and len(found.problems) == 1:
        further = _further_chains(missed)
        if not further:
            return None
        return _Try(begin(draws=draws, tune=warm_up(spec, draws), chains=further, after=missed))
    of_length = few + apart == len(found.problems)
    more = MORE * (draws or spec.sampling.draws)
    longer = begin(
        draws=more, tune=warm_up(spec, more), target_accept=None if of_length else smaller
    )
    return _Try(longer, last=True)


def _further_chains(missed: Fit) -> int:
    """Count the chains that effective draws are wanted of, beyond a fit's own."""
    how = load_sensitivity().crime.further
    there = missed.data["posterior"].sizes["chain"]
    wanted = math.ceil(
        there * how.spare * missed.spec.gates.ess_min / max(missed.diagnostics.min_ess, 1.0)
    )
    return max(min(wanted, how.most_chains) - there, 0)


def _with_option(spec: ModelSpec, option: str, changes: Mapping[str, Any]) -> ModelSpec:
    """Return the spec with keys of one option table replaced; no registered document any more."""
    options = spec.options | {option: {**spec.options[option], **changes}}
    return spec.model_copy(update={"options": options})


def _rows_given_own(
    statement: Statement,
    used: Fit,
    assumption: str,
    alternative: str,
    *,
    failed: list[dict[str, object]],
    readings: set[str] | None = None,
) -> list[Row]:
    """Ask all areas given the area's own figures, which the fit lacks."""
    found = smooth_measured(
        used, statement.data, statement.agreement, draft=statement.draft,
        until=statement.agreement.safety.target_wave, prior=False, spare=1.0,
    )  # fmt: skip
    assert found is not None
    if found.problems:
        failed.append(diagnosed_area(found, f"area_estimate, {alternative}"))
        if not statement.draft:
            return []
    return _rows_of_forecast(statement, found.forecast, assumption, alternative, readings=readings)


def _safety_rows(statement: Statement, again: Fit, assumption: str, alternative: str) -> list[Row]:
    drawn = again.forecast(statement.agreement.safety.target_wave)
    return _rows_of_forecast(statement, drawn, assumption, alternative)


def _crime_rows(statement: Statement, again: Fit, assumption: str, alternative: str) -> list[Row]:
    assert statement.crime is not None
    definition = str(statement.crime.draws.attrs["definition"])
    fits = Fits(crime=again, definition=definition)
    answers = ask(statement.data, statement.agreement, statement.year, fits, prior=False)
    return crime_rows_under(answers.crime_quantities, statement.agreement, assumption, alternative)
