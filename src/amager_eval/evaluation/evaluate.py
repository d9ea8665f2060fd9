"""Tie the chain together: input to fits, fits to quantities, quantities to a statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from amager_eval.conventions import crime_year_of_wave
from amager_eval.data.period import parse_period
from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.errors import GateError, InputError, SpecError
from amager_eval.goals.caveats import attach_caveats, caveats
from amager_eval.goals.crime.quantities import crime_quantities
from amager_eval.goals.crime.results import crime_rows
from amager_eval.goals.crime.view import view_crime
from amager_eval.goals.ledger import Ledger
from amager_eval.goals.missing import missing_deliveries
from amager_eval.goals.partners.plan import plan_chain
from amager_eval.goals.partners.split import partner_split
from amager_eval.goals.power import what_goals_can_show
from amager_eval.goals.results import evaluated_area, partner_rows, safety_rows, with_overall
from amager_eval.goals.safety.changes import changes
from amager_eval.goals.safety.comparisons import compare_with_whole
from amager_eval.goals.safety.quantities import safety_quantities
from amager_eval.goals.sensitivity import sensitivity_of_draws
from amager_eval.goals.statement import Statement
from amager_eval.indicators import partner_share
from amager_eval.provenance import versions
from amager_eval.record.baseline import hold_against_baseline
from amager_eval.record.baseline_guard import attach_guard, baseline_guard
from amager_eval.record.changed_documents import changed_documents
from amager_eval.record.fill_baseline import fill_baseline
from amager_eval.record.issue_forecasts import issue_forecasts
from amager_eval.record.score_record import earlier_statements, score_record
from amager_eval.spec.agreement import Agreement, load_agreement
from amager_eval.spec.model import load_model_spec
from amager_eval.spec.register import unregistered_documents
from amager_eval.spec.sensitivity import load_sensitivity
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.trends.crime.options import with_baseline_year
from amager_eval.trends.safety_fit import fit_safety
from amager_eval.wording.faults import fault_of

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.trends.fit import Fit, Forecast

__all__ = [
    "as_agreed",
    "crime_definition_to_fit",
    "evaluate",
    "forecast_crime",
    "forecast_safety",
    "hold_year",
    "statement_year",
    "until_year",
    "with_series",
]

#: Called with a fit's name, draws done and draws in all; 0 in all until the first draw.
type FitProgress = Callable[[str, int, int], None]


def evaluate(
    data: Input,
    *,
    agreement: Agreement | str | Path = "amager_2025_2028",
    year: int | None = None,
    record: str | Path | None = None,
    seed: int = 1,
    draws: int | None = None,
    draft: bool = False,
    progress: FitProgress | None = None,
) -> Statement:
    """Judge an input against an agreement.

    Parameters
    ----------
    data : Input
        From :func:`amager_eval.published` or :func:`amager_eval.read_input`.
    agreement : Agreement, str or Path
        What was promised; a name in `models/agreements` or a TOML file.
    year : int or None
        Survey wave; default the latest in the input. Later waves are left out.
    record : str, Path or None
        Folder of the yearly record: its frozen baseline is held against the input, and stands
        in where the input no longer holds that year.
    seed : int
        Seed of every fit and simulation.
    draws : int or None
        Draws per chain; default each spec's. Few draws fail the gates.
    draft : bool
        Report failed gates and documents that are not registered instead of refusing them.
    progress : callable or None
        Called with the fit's name, draws done and draws in all; 0 in all until the first draw.

    Returns
    -------
    Statement
        Every verdict of the year with what it rests on.

    Raises
    ------
    InputError
        The year is not in the input, or there is nothing to judge.
    SpecError
        A document of `models/` differs from its registered version and `draft` is False.
    GateError
        A fit did not pass its gates and `draft` is False.

    Examples
    --------
    >>> import amager_eval as ae
    >>> statement = ae.evaluate(ae.published())  # doctest: +SKIP
    """
    agreement = agreement if isinstance(agreement, Agreement) else load_agreement(agreement)
    unregistered = unregistered_documents(agreement.id, agreement.digest)
    if unregistered and not draft:
        raise SpecError("\n".join(unregistered.values()))
    year = statement_year(data, agreement) if year is None else year
    hold_year(data, agreement, year)
    data = until_year(as_agreed(data, agreement), year)
    kept: dict[int, dict[str, Any]] = {}
    if record is not None:
        hold_against_baseline(data, agreement, Path(record))
        data = fill_baseline(data, agreement, Path(record))
        kept = earlier_statements(Path(record), agreement, year, synthetic=data.synthetic)
    data = mask_small_counts(data, agreement, None if record is None else Path(record))
    area_of_goal = evaluated_area(data, agreement)
    areas = tuple(dict.fromkeys((area_of_goal, *agreement.areas.indicators)))

    definition = crime_definition_to_fit(data, agreement)
    if definition is not None:  # what the chapter lacks is told before the first fit's minutes
        crime_design(
            with_series(data, definition),
            load_model_spec("crime_trend", draft=draft),
            definition=definition,
        )
    fits: dict[str, Fit] = {}
    safety: Forecast | None = None
    quantities: dict[int, pd.DataFrame] = {}
    if data.safety is not None:
        safety, quantities, fits["safety_trend"] = forecast_safety(
            data, agreement, year, seed=seed, draws=draws, draft=draft, progress=progress
        )
    crime: Forecast | None = None
    crime_frame = pd.DataFrame()
    if definition is not None:
        crime, fits["crime_trend"] = forecast_crime(
            data, agreement, definition, seed=seed, draws=draws, draft=draft, progress=progress
        )
        crime_frame = crime_quantities(
            crime,
            baseline=agreement.crime.baseline_year,
            target=agreement.crime.target_year,
            guard=agreement.crime.guard_years or None,
            margin=agreement.crime.margin,
        )
    problems = [
        f"{name}: {problem}" for name, fit in fits.items() for problem in fit.diagnostics.problems
    ]
    if problems and not draft:
        raise GateError(problems)

    guard = baseline_guard(data, agreement, year, crime_frame, definition)
    rows = [
        *safety_rows(data, agreement, year, safety, quantities),
        *crime_rows(data, agreement, year, crime_frame, definition),
        *partner_rows(data, agreement, year),
    ]
    attach_guard(rows, guard)
    found = caveats(data, agreement, year)
    attach_caveats(rows, found)
    partner_goal = next((g for g in agreement.goal if g.kind == "partners"), None)
    activities = partners = pd.DataFrame()
    if data.activities is not None and partner_goal is not None and len(data.activities):
        activities = partner_share(data.activities, at_least=partner_goal.partners_at_least or 2)
        partners = partner_split(data.activities, partner_goal)
    shown = (agreement.areas.whole, *areas)
    stated = (
        versions()
        | {f"agreement {agreement.id}": agreement.digest}
        | {f"spec {name}": fit.spec.digest for name, fit in fits.items()}
    )
    return Statement(
        year=year,
        agreement=agreement,
        data=data,
        seed=seed,
        versions=stated,
        draft=draft,
        results=with_overall(rows, agreement, data, quantities),
        changes=changes(data, agreement, year, shown),
        comparisons=compare_with_whole(data, agreement, year, areas),
        probabilities=pd.concat(
            [f.assign(year=target) for target, f in quantities.items()], ignore_index=True
        )
        if quantities
        else pd.DataFrame(),
        crime_quantities=crime_frame,
        power=what_goals_can_show(data, agreement, year, shown),
        activities=activities,
        diagnostics=_diagnostics(fits),
        safety=safety,
        crime=crime,
        missing=missing_deliveries(data, agreement, area_of_goal),
        issued=issue_forecasts(data, agreement, year, safety, crime, crime_frame),
        ledger=score_record(kept, data, agreement, year) if record is not None else Ledger(),
        changed=changed_documents(kept, stated),
        guard=guard,
        partners=partners,
        plan=plan_chain(data, agreement, year),
        caveats=found,
        sensitivity=sensitivity_of_draws(
            agreement, areas, safety, crime_frame, load_sensitivity().safety.margins
        ),
        crime_views=view_crime(data, agreement, crime, None if record is None else Path(record)),
        unregistered=tuple(unregistered),
    )


def forecast_safety(
    data: Input,
    agreement: Agreement,
    year: int,
    *,
    seed: int,
    draws: int | None = None,
    draft: bool = False,
    progress: FitProgress | None = None,
) -> tuple[Forecast, dict[int, pd.DataFrame], Fit]:
    """Fit the safety model and ask it every quantity at every wave a goal is read for.

    Returns
    -------
    tuple of Forecast, dict of int to DataFrame, Fit
        The draws, the quantities by target wave, and the fit.
    """
    whole = agreement.areas.whole
    fit = fit_safety(
        data,
        spec=load_model_spec("safety_trend", draft=draft).with_options(
            baseline=agreement.safety.baseline_wave
        ),
        seed=seed,
        draws=draws,
        progress=_named(progress, "safety_trend"),
    )
    forecast = fit.forecast(max(year, agreement.safety.alternative_target_wave))
    targets = {agreement.safety.target_wave, agreement.safety.alternative_target_wave}
    if agreement.safety.baseline_wave < year:
        targets.add(min(year, agreement.safety.target_wave))
    quantities = {
        target: safety_quantities(
            forecast, whole=whole, baseline=agreement.safety.baseline_wave, target=target
        )
        for target in sorted(targets)
    }
    return forecast, quantities, fit


def forecast_crime(
    data: Input,
    agreement: Agreement,
    definition: str,
    *,
    seed: int,
    draws: int | None = None,
    draft: bool = False,
    progress: FitProgress | None = None,
) -> tuple[Forecast, Fit]:
    """Fit the crime model to one definition and draw through the target year.

    The model is anchored at the agreement's baseline year: what is said "without data" is
    conditioned on that year.
    """
    assert data.crime is not None
    fit = fit_crime(
        with_series(data, definition),
        spec=with_baseline_year(
            load_model_spec("crime_trend", draft=draft), agreement.crime.baseline_year
        ),
        definition=definition,
        seed=seed,
        draws=draws,
        progress=_named(progress, "crime_trend"),
    )
    periods = data.crime.loc[data.crime["definition"] == definition, "period"].astype(str)
    last_of_year = {"K": "K4", "M": "M12"}
    marks = {p[4:5] for p in periods}
    suffix = next((last_of_year[m] for m in marks if m in last_of_year), "")
    until = f"{agreement.crime.target_year}{suffix}"
    return fit.forecast(until if suffix else agreement.crime.target_year), fit


def with_series(data: Input, definition: str) -> Input:
    """Leave out areas with a single count by the definition: one figure is no series to follow."""
    assert data.crime is not None
    counted = data.crime[(data.crime["definition"] == definition) & data.crime["count"].notna()]
    periods = counted.groupby("area")["period"].nunique()
    single = set(periods.index[periods < 2])
    if len(single) == len(periods):  # a first year, and nothing to prefer it to
        return data
    alone = (data.crime["definition"] == definition) & data.crime["area"].isin(single)
    return replace(data, crime=data.crime[~alone])


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


def statement_year(data: Input, agreement: Agreement) -> int:
    """Return the survey wave an input is the status of: its latest, or the delivery's own."""
    if data.latest is not None:
        return data.latest
    if data.safety is not None and len(data.safety):
        return int(data.safety["wave"].max())
    if data.crime is not None and len(data.crime):
        return int(data.crime["period"].astype(str).str[:4].astype(int).max()) + 1
    if data.activities is not None:
        period = agreement.period
        return agreement.safety.baseline_wave if period is None else period.start.year
    raise InputError(fault_of("nothing_to_judge"))


def hold_year(data: Input, agreement: Agreement, year: int) -> None:
    """Refuse a year that nothing in an input without a survey is about."""
    if data.safety is not None and len(data.safety):
        return  # its waves are the years; see until_year
    if data.crime is not None and len(data.crime):
        last = data.crime["period"].astype(str).str[:4].astype(int)
        years = sorted(set(last + 1))  # a status looks at the year before
    elif agreement.period is not None:
        end = max(agreement.period.end.year, agreement.safety.alternative_target_wave)
        years = list(range(agreement.period.start.year, end + 1))
    else:
        return
    if year not in years:
        raise InputError(fault_of("year_absent", year=year, first=years[0], last=years[-1]))


def as_agreed(data: Input, agreement: Agreement) -> Input:
    """Take the whole, its parts and the day of its inhabitants from the agreement."""
    areas: set[str] = set()
    for frame in (data.safety, data.crime, data.population):
        if frame is not None:
            areas |= set(frame["area"])
    whole = agreement.areas.whole if agreement.areas.whole in areas else data.whole
    # all of them: parts that were not delivered are still parts, or the others would be the whole
    parts = agreement.areas.parts if whole == agreement.areas.whole else data.parts
    safety = data.safety
    if safety is not None and "area_kind" in safety:
        # what the agreement names is modelled, whatever kind the input calls it; the rest
        # (earlier versions of the area, estates) is modelled only where its kind says so
        named = {agreement.areas.whole, *agreement.areas.parts, *agreement.areas.evaluated.names}
        safety = safety.assign(area_kind=safety["area_kind"].mask(safety["area"].isin(named)))
    day = agreement.crime.inhabitants_on
    return replace(data, safety=safety, whole=whole, parts=parts, inhabitants_on=day)


def until_year(data: Input, year: int) -> Input:
    """Leave out what was published after wave `year`; refuse a wave that is not there."""
    safety, crime = data.safety, data.crime
    if safety is not None and len(safety):
        waves = sorted(set(safety["wave"].astype(int)))
        if year not in waves:
            raise InputError(fault_of("wave_absent", year=year, first=waves[0], last=waves[-1]))
        safety = safety[safety["wave"] <= year]
    if crime is not None and len(crime):
        # the wave's own crime chapter is the year before; a yearly status sees nothing later
        crime = crime[crime["period"].astype(str).str[:4].astype(int) <= crime_year_of_wave(year)]
    return replace(data, safety=safety, crime=crime)


def _diagnostics(fits: dict[str, Fit]) -> pd.DataFrame:
    columns = [
        "model",
        "version",
        "digest",
        "draws",
        "divergences",
        "max_rhat",
        "min_ess",
        "passed",
        "problems",
    ]
    rows: list[tuple[Any, ...]] = []
    for name, fit in fits.items():
        sizes = fit.data["posterior"].sizes
        d = fit.diagnostics
        rows.append(
            (
                name,
                fit.spec.version,
                fit.spec.digest,
                int(sizes["chain"] * sizes["draw"]),
                d.divergences,
                d.max_rhat,
                d.min_ess,
                d.passed,
                "; ".join(d.problems),
            )
        )
    return pd.DataFrame(rows, columns=columns)


def _named(progress: FitProgress | None, name: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    progress(name, 0, 0)
    return lambda done, total: progress(name, done, total)
