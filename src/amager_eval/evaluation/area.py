"""Estimate the agreement's own area where no survey of it is published; once a statement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amager_eval.goals.safety.area_answer import AreaAnswer, answer_area
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.trends.area.design import nested_of
from amager_eval.trends.area.estimate import estimate_area

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.fit import Fit

__all__ = ["answer_unmeasured"]


def answer_unmeasured(
    fit: Fit, data: Input, agreement: Agreement, *, draft: bool = False
) -> AreaAnswer | None:
    """Estimate the agreement's own area, and what another make-up of it would change.

    Parameters
    ----------
    fit : Fit
        Safety, of the districts and the whole.
    data : Input
        What was fitted, and the figures of earlier versions and similar partnerships.
    agreement : Agreement
        What the area is made of.
    draft : bool
        Take a document that is not registered as it stands.

    Returns
    -------
    AreaAnswer or None
        None where the area has figures of its own in the fit, or where the fit lacks the whole,
        a district or the baseline: then there is nothing to estimate, or nothing to do it from.
    """
    if not any(g.kind == "safety" for g in agreement.goal):
        return None
    design, nested = fit.data["design"].to_dataset(), nested_of(agreement)
    areas = {str(a) for a in design["area"].to_numpy()}
    districts = {b.district for b in nested.block if b.district}
    first = int(design["year"][0])
    if areas & set(agreement.areas.evaluated.names):
        return None
    if not {agreement.areas.whole, *districts} <= areas or agreement.safety.baseline_wave < first:
        return None
    spec = load_area_spec(draft=draft)
    estimate = estimate_area(fit, data, agreement, spec=spec)
    others = {
        a.id: estimate_area(
            fit, data, agreement, spec=spec.under(a), steps=[estimate.primary],
            without_own=a.without == "own",
        )
        for a in spec.alternative
        if a.shown and not (estimate.delivered or estimate.problems)
    }  # fmt: skip
    if estimate.delivered and not estimate.problems:  # what the delivery changed
        assumed = replace(data, residents=None)
        others["assumed"] = estimate_area(
            fit, assumed, agreement, spec=spec, steps=[estimate.primary]
        )
    return answer_area(estimate, agreement, fit, others=others)
