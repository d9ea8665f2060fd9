"""Fit again under every declared other assumption, and add what it answers to the statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.evaluation.ask import ask
from amager_eval.evaluation.fit import Fits, fit
from amager_eval.evaluation.judge import diagnosed
from amager_eval.goals.results import evaluated_area
from amager_eval.goals.sensitivity import (
    crime_rows_under,
    safety_rows_under,
    sensitivity_frame,
)
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.spec.sensitivity import load_sensitivity
from amager_eval.trends.crime.options import crime_options, with_baseline_year
from amager_eval.trends.safety.alternatives import with_area_varying_link, without_grades
from amager_eval.trends.safety.fit import design_safety, fit_safety, sample_safety

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.trends.fit import Fit

__all__ = ["refit_alternatives"]

#: Called with the model and alternative before each fit.
type RefitProgress = Callable[[str], None]
type Named = tuple[str, str, Callable[..., Fit]]  # assumption, alternative, its fit given draws

#: So many times the draws are taken where an alternative, which may leave figures out, has mixed
#: too briefly: no divergence, but R-hat or the effective sample size past its gate.
MORE: Final = 4


def refit_alternatives(
    statement: Statement, *, draws: int | None = None, progress: RefitProgress | None = None
) -> Statement:
    """Add the goals' probabilities under the assumptions that need a fit of their own.

    Parameters
    ----------
    statement : Statement
        With the data, agreement and seed it was made from.
    draws : int or None
        Draws per chain; default each spec's.
    progress : callable or None
        Called with model and alternative before each fit.

    Returns
    -------
    Statement
        Its `sensitivity` longer. A fit that does not pass its gates answers nothing unless the
        statement is a draft; either way it stands among the diagnostics with its problems.
    """
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    models = (
        ("safety_trend", statement.safety, _safety_fits, _safety_rows),
        ("crime_trend", statement.crime, _crime_fits, _crime_rows),
    )
    for model, forecast, fits, rows_of in models:
        if forecast is None:
            continue
        for assumption, alternative, fit_it in fits(statement):
            name = f"{model}, {alternative}"
            if progress is not None:
                progress(name)
            again = fit_it(draws=draws)
            if again.diagnostics.problems and not again.diagnostics.divergences:
                again = fit_it(draws=MORE * again.data["posterior"].sizes["draw"])
            if not again.diagnostics.passed:
                failed.append(diagnosed(name, again))
            if again.diagnostics.passed or statement.draft:
                rows += rows_of(statement, again, assumption, alternative)
    answered = pd.concat([statement.sensitivity, sensitivity_frame(rows)], ignore_index=True)
    diagnostics = statement.diagnostics
    if failed:
        diagnostics = pd.concat([diagnostics, pd.DataFrame(failed)], ignore_index=True)
    return replace(statement, sensitivity=answered, diagnostics=diagnostics)


def _safety_fits(statement: Statement) -> Iterator[Named]:
    data, seed = statement.data, statement.seed
    declared = load_sensitivity().safety
    baseline = statement.agreement.safety.baseline_wave
    own = load_model_spec("safety_trend", draft=statement.draft).with_options(baseline=baseline)
    assert data.safety is not None
    effects = statement.agreement.verdicts.deffs
    given = data.safety["deff"] if "deff" in data.safety else pd.Series(np.nan, data.safety.index)
    ends = (("low", min(effects)), ("high", max(effects)))
    for end, effect in ends if given.isna().any() else ():  # a survey's own leave nothing to vary
        other = replace(data, safety=data.safety.assign(deff=given.fillna(effect)))
        yield (
            "design_effect",
            f"design_effect_{end}",
            partial(fit_safety, other, spec=own, seed=seed),
        )
    design = design_safety(data, population=None, whole=None, spec=own, parts=None)
    grades = list(declared.source_grades.left_out)
    if np.isin(design["grade"].to_numpy(), grades).any():
        yield (
            "source_grades",
            "source_grades",
            partial(without_grades, design, own, grades, seed=seed),
        )
    years = design["year"].to_numpy()
    if np.isin(years, declared.pandemic.waves).any():
        keep = np.broadcast_to(~np.isin(years, declared.pandemic.waves), design["low"].shape)
        yield (
            "pandemic",
            "pandemic",
            partial(sample_safety, design, own, seed=seed, keep=keep),
        )
    link = declared.response_link
    spec = with_area_varying_link(own, sd=link.sd, reason=link.reason)
    yield (
        "response_link",
        "response_link",
        partial(fit_safety, data, spec=spec, seed=seed),
    )


def _crime_fits(statement: Statement) -> Iterator[Named]:
    data, seed = statement.data, statement.seed
    baseline = statement.agreement.crime.baseline_year
    spec = with_baseline_year(load_model_spec("crime_trend", draft=statement.draft), baseline)
    options = crime_options(spec)
    assert statement.crime is not None
    assert data.crime is not None
    definition = str(statement.crime.draws.attrs["definition"])

    def again(spec: ModelSpec, crime: pd.DataFrame, *, draws: int | None = None) -> Fit:
        given = replace(data, crime=crime, safety=None)
        fits = fit(given, statement.agreement, specs={"crime_trend": spec}, draws=draws, seed=seed)
        assert fits.definition == definition
        assert fits.crime is not None
        return fits.crime

    if options.nested(definition):
        itself = _with_option(spec, "total", {"nested": {}})
        yield "total", "total_itself", partial(again, itself, data.crime)
    statbank = statement.agreement.crime.statbank
    # the offences without an area are counted by Statistics Denmark's definition alone
    known = statbank is not None and definition == statbank.table
    if known and not options.completeness.apply:
        complete = _with_option(spec, "completeness", {"apply": True})
        first = options.completeness.first_year
        # how complete earlier years are is not known: they say nothing here
        later = [parse_period(p).year >= first for p in data.crime["period"]]
        if baseline >= first:
            yield "completeness", "completeness", partial(again, complete, data.crime[later])
    window = range(options.covid.start.year, options.covid.end.year + 1)
    outside = [parse_period(p).year not in window for p in data.crime["period"]]
    if not all(outside) and baseline not in window:
        yield "pandemic", "pandemic_years", partial(again, spec, data.crime[outside])


def _with_option(spec: ModelSpec, option: str, changes: Mapping[str, Any]) -> ModelSpec:
    """Return the spec with keys of one option table replaced; no registered document any more."""
    options = spec.options | {option: {**spec.options[option], **changes}}
    return spec.model_copy(update={"options": options})


def _safety_rows(
    statement: Statement, again: Fit, assumption: str, alternative: str
) -> list[dict[str, Any]]:
    agreement = statement.agreement
    answers = ask(statement.data, agreement, statement.year, Fits(safety=again), prior=False)
    own = evaluated_area(statement.data, agreement)
    areas = dict.fromkeys((own, *agreement.areas.indicators))
    asked = answers.safety_quantities[agreement.safety.target_wave]
    return safety_rows_under(asked, agreement, areas, assumption, alternative)


def _crime_rows(
    statement: Statement, again: Fit, assumption: str, alternative: str
) -> list[dict[str, Any]]:
    assert statement.crime is not None
    definition = str(statement.crime.draws.attrs["definition"])
    fits = Fits(crime=again, definition=definition)
    answers = ask(statement.data, statement.agreement, statement.year, fits, prior=False)
    return crime_rows_under(answers.crime_quantities, statement.agreement, assumption, alternative)
