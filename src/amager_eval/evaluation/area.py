"""Read the agreement's own area as blocks of the city: estimated, or smoothed where measured."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from amager_eval.goals.safety.area_answer import AreaAnswer, answer_area
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.trends.area.design import nested_of
from amager_eval.trends.area.estimate import SPARE, estimate_area
from amager_eval.trends.safety.forecast import joint_draws

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.area.estimate import AreaEstimate
    from amager_eval.trends.fit import Fit
    from amager_eval.trends.safety.forecast import Piece

__all__ = ["answer_unmeasured", "is_measured", "smooth_measured", "without_own_area"]


def is_measured(data: Input, agreement: Agreement) -> bool:
    """Whether the area has a figure of the last wave of an input, or one since the baseline."""
    if data.safety is None or data.safety.empty:
        return False
    own = data.safety.loc[data.safety["area"].isin(agreement.areas.evaluated.names), "wave"]
    since = own.astype(int) > agreement.safety.baseline_wave
    return bool((since | (own == data.safety["wave"].max())).any())


def without_own_area(data: Input, agreement: Agreement) -> Input:
    """Leave out the area's own figures, which are read as figures of its blocks instead.

    The input stays the same where the blocks cannot be read, for want of the whole, a district
    or the baseline: then the area is one more area of the safety model.
    """
    if data.safety is None or not any(g.kind == "safety" for g in agreement.goal):
        return data
    own = data.safety["area"].isin(agreement.areas.evaluated.names)
    left = data.safety[~own]
    there, nested = set(left["area"]), nested_of(agreement)
    first = left["wave"].astype(int).min() if len(left) else agreement.safety.baseline_wave + 1
    enough = {agreement.areas.whole, *nested.districts()} <= there
    if not enough or agreement.safety.baseline_wave < first:
        return data
    return replace(data, safety=left)


def smooth_measured(
    fit: Fit,
    data: Input,
    agreement: Agreement,
    *,
    draft: bool = False,
    until: int | None = None,
    prior: bool = True,
    times: int = 1,
    spare: float = SPARE,
) -> AreaEstimate | None:
    """Read a measured area's own figures beside its districts': what its verdicts rest on.

    `fit` is of the input :func:`without_own_area`, `data` has the area's figures. `until` is
    the last wave, by default that of the goals; `times` as many draws of the districts are
    weighed as a forecast takes; `spare` as of :func:`estimate_area`. Joint draws of every area;
    None where there is nothing measured, or nothing to read it by.
    """
    if not is_measured(data, agreement) or not _readable(fit, agreement):
        return None
    spec = load_area_spec(draft=draft)
    if until is None:
        assert data.safety is not None
        safety = agreement.safety
        last = int(data.safety["wave"].max())
        until = max(last, safety.target_wave, safety.alternative_target_wave)
    # the area's figures take the place of what was said of it before they came
    steps = [s.id for s in spec.step if "estates" not in s.rests_on and s.rests_on]
    joint = partial(_joint_draws, times=times)
    return estimate_area(fit, data, agreement, spec=spec, until=until, steps=steps, prior=prior,
                         everywhere=True, joint=joint, spare=spare)  # fmt: skip


def answer_unmeasured(
    fit: Fit, data: Input, agreement: Agreement, *, draft: bool = False, times: int = 1
) -> AreaAnswer | None:
    """Estimate the agreement's own area, and what another make-up of it would change.

    `data` is what was fitted, with the figures of earlier versions and of similar partnerships;
    `times` as :func:`smooth_measured`. None where the area is measured, or where the fit lacks
    the whole, a district or the baseline: then there is nothing to estimate, or nothing to do
    it from.
    """
    if not any(g.kind == "safety" for g in agreement.goal):
        return None
    if is_measured(data, agreement) or not _readable(fit, agreement):
        return None
    spec = load_area_spec(draft=draft)
    joint = cache(
        partial(_joint_draws, times=times)
    )  # the districts' draws are the same under every make-up
    estimate = estimate_area(fit, data, agreement, spec=spec, joint=joint)
    own_shares = nested_of(agreement).own_shares
    others = {
        a.id: estimate_area(
            fit, data, agreement, spec=spec.under(a), steps=[estimate.primary],
            without_own=a.without == "own", joint=joint,
        )
        for a in spec.alternative
        if a.shown and own_shares & set(a.priors)
        and not (estimate.delivered or estimate.problems)
    }  # fmt: skip
    if estimate.delivered and not estimate.problems:  # what the delivery changed
        assumed = replace(data, residents=None)
        others["assumed"] = estimate_area(
            fit, assumed, agreement, spec=spec, steps=[estimate.primary], joint=joint
        )
    return answer_area(estimate, agreement, fit, others=others)


def _joint_draws(
    fit: Fit, until: int, *, prior_only: bool = False, times: int = 1
) -> tuple[NDArray[np.int64], list[Piece]]:
    """Give so many times the draws of a fit that a forecast takes."""
    if times > 1:
        count = times * int(fit.spec.options["forecast_draws"])
        fit = replace(fit, spec=fit.spec.with_options(forecast_draws=count))
    return joint_draws(fit, until, prior_only=prior_only)


def _readable(fit: Fit, agreement: Agreement) -> bool:
    """Whether the fit has the whole, the area's districts and the baseline, and not the area."""
    design = fit.data["design"].to_dataset()
    areas = {str(a) for a in design["area"].to_numpy()}
    if areas & set(agreement.areas.evaluated.names):
        return False
    needed = {agreement.areas.whole, *nested_of(agreement).districts()}
    return needed <= areas and agreement.safety.baseline_wave >= int(design["year"][0])
