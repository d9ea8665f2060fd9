"""Judge a year: an input, an agreement and fits in, the statement out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amager_eval.errors import GateError, SpecError
from amager_eval.evaluation.ask import ask, results
from amager_eval.goals.caveats import caveats, with_caveats
from amager_eval.goals.crime.view import view_crime
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.ledger import Ledger
from amager_eval.goals.missing import missing_deliveries
from amager_eval.goals.partners.plan import plan_chain
from amager_eval.goals.partners.split import partner_split
from amager_eval.goals.power import what_goals_can_show
from amager_eval.goals.results import with_overall
from amager_eval.goals.safety.changes import changes
from amager_eval.goals.safety.comparisons import compare_with_whole
from amager_eval.goals.safety.stated_claims import stated_claims
from amager_eval.goals.sensitivity import sensitivity_of_draws
from amager_eval.goals.statement import Statement
from amager_eval.indicators.partners import partner_share
from amager_eval.provenance import versions
from amager_eval.record.baseline_guard import baseline_guard, with_guard
from amager_eval.record.changed_documents import changed_documents
from amager_eval.record.earlier_publications import earlier_publications
from amager_eval.record.issue_forecasts import issue_forecasts
from amager_eval.record.score_record import earlier_statements, score_record
from amager_eval.record.since_last import since_last_status
from amager_eval.spec.model import ModelSpec
from amager_eval.spec.register import unregistered_documents
from amager_eval.spec.sensitivity import load_sensitivity
from amager_eval.trends.diagnose import Diagnostics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amager_eval.data.input import Input
    from amager_eval.evaluation.fit import Fits
    from amager_eval.record.record import Kept
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.area_estimate import AreaSpec
    from amager_eval.trends.area.estimate import AreaEstimate
    from amager_eval.trends.fit import Fit

__all__ = ["diagnosed", "diagnosed_area", "hold_documents", "judge"]

_DIAGNOSTICS = (
    "model", "version", "digest", "changed_from", "draws", "divergences", "max_rhat", "min_ess",
    "passed", "problems",
)  # fmt: skip


def judge(
    data: Input,
    agreement: Agreement,
    year: int,
    fits: Fits,
    *,
    record: str | Path | None = None,
    draft: bool = False,
) -> Statement:
    """Hold an input and the fits to it against an agreement.

    Parameters
    ----------
    data : Input
        What was fitted, from :func:`amager_eval.evaluation.prepare.prepare`.
    agreement : Agreement
        What was promised.
    year : int
        Survey wave.
    fits : Fits
        From :func:`amager_eval.evaluation.fit.fit`.
    record : str, Path or None
        Folder of the yearly record, whose forecasts are scored.
    draft : bool
        Report failed gates and documents that are not registered instead of refusing them.

    Returns
    -------
    Statement
        Every verdict of the year with what it rests on.

    Raises
    ------
    SpecError
        A document of `models/` differs from its registered version and `draft` is False.
    GateError
        A fit did not pass its gates and `draft` is False.
    """
    unregistered = hold_documents(agreement, draft=draft)
    if fits.problems and not draft:
        raise GateError(fits.problems)
    folder = None if record is None else Path(record)
    kept: Mapping[int, Kept] = {}
    if folder is not None:
        kept = earlier_statements(folder, agreement, year, synthetic=data.synthetic)
    facts = gather_facts(data, agreement)
    areas = tuple(dict.fromkeys((facts.area, *agreement.areas.indicators)))
    shown = (agreement.areas.whole, *areas)
    answers = ask(data, agreement, year, fits)
    asked = answers.safety_quantities
    guard = baseline_guard(facts, agreement, year, answers.crime_quantities, fits.definition)
    judged = results(facts, agreement, year, answers, fits.definition)
    found = caveats(data, facts, agreement, year)
    judged = with_caveats(with_guard(judged, guard), found)
    partner_goal = next((g for g in agreement.goal if g.kind == "partners"), None)
    activities = partners = pd.DataFrame()
    if data.activities is not None and partner_goal is not None and len(data.activities):
        assert partner_goal.partners_at_least is not None  # a partner goal has it
        activities = partner_share(data.activities, at_least=partner_goal.partners_at_least)
        partners = partner_split(data.activities, partner_goal)
    blocks = fits.area or fits.own or fits.withheld
    stated = (
        versions()
        | {f"agreement {agreement.id}": agreement.digest}
        | {f"spec {name}": fit.spec.digest for name, fit in fits.by_name.items()}
        | ({} if blocks is None else {"spec area_estimate": blocks.spec.digest})
        | {
            f"document of spec {name}": fit.spec.changed_from
            for name, fit in fits.by_name.items()
            if fit.spec.changed_from  # by the agreement's baseline, or by hand
        }
    )
    statement = Statement(
        year=year,
        agreement=agreement,
        data=data,
        facts=facts,
        seed=fits.seed,
        versions=stated,
        draft=draft,
        judged=with_overall(judged, agreement, facts, asked),
        changes=changes(facts, agreement, year, shown),
        comparisons=compare_with_whole(facts, agreement, year, areas),
        probabilities=pd.concat(
            [frame.assign(year=target) for target, frame in asked.items()], ignore_index=True
        )
        if asked
        else pd.DataFrame(),
        crime_quantities=answers.crime_quantities,
        power=what_goals_can_show(facts, agreement, year, shown),
        activities=activities,
        diagnostics=pd.DataFrame(
            [diagnosed(name, fit) for name, fit in fits.by_name.items()]
            + [diagnosed_area(a) for a in (fits.own or fits.withheld,) if a and a.problems],
            columns=list(_DIAGNOSTICS),
        ),
        safety=answers.safety,
        crime=answers.crime,
        missing=missing_deliveries(data, agreement, facts.area),
        issued=issue_forecasts(
            facts, agreement, year, answers.safety, answers.crime, answers.crime_quantities,
            estimated=None if fits.area is None else fits.area.forecast,
        ),
        ledger=score_record(kept, facts, agreement, year) if folder is not None else Ledger(),
        changed=changed_documents(kept, stated),
        guard=guard,
        partners=partners,
        plan=plan_chain(data.activities, facts, agreement, year),
        caveats=found,
        sensitivity=sensitivity_of_draws(
            agreement, areas, answers.safety, answers.crime_quantities,
            load_sensitivity().safety.margins,
        ),
        crime_views=view_crime(data, facts, agreement, answers.crime, earlier_publications(folder)),
        stated=stated_claims(facts, answers.safety, agreement),
        unregistered=unregistered,
        area=fits.area,
    )  # fmt: skip
    return replace(statement, since_last=since_last_status(kept, statement))


def hold_documents(agreement: Agreement, *, draft: bool) -> tuple[str, ...]:
    """Return the documents a draft rests on that are not registered as they stand.

    Raises
    ------
    SpecError
        There are some, and it is no draft.
    """
    unregistered = unregistered_documents(agreement.id, agreement.digest)
    if unregistered and not draft:
        raise SpecError(*unregistered.values())
    return tuple(unregistered)


def diagnosed_area(estimate: AreaEstimate, name: str = "area_estimate") -> dict[str, object]:
    """Return the row of an area's own figures read with too few effective draws."""
    return _row(
        name, estimate.spec, estimate.forecast.draws.sizes["sample"],
        Diagnostics(0, np.nan, estimate.effective[estimate.primary], estimate.problems),
    )  # fmt: skip


def diagnosed(name: str, fit: Fit) -> dict[str, object]:
    """Return a row of the statement's diagnostics."""
    sizes = fit.data["posterior"].sizes
    return _row(name, fit.spec, int(sizes["chain"] * sizes["draw"]), fit.diagnostics)


def _row(
    name: str, spec: ModelSpec | AreaSpec, draws: int, found: Diagnostics
) -> dict[str, object]:
    return {
        "model": name,
        "version": spec.version,
        "digest": spec.digest,
        "changed_from": spec.changed_from if isinstance(spec, ModelSpec) else "",
        "draws": draws,
        "divergences": found.divergences,
        "max_rhat": found.max_rhat,
        "min_ess": found.min_ess,
        "passed": found.passed,
        "problems": "; ".join(found.problems),
    }
