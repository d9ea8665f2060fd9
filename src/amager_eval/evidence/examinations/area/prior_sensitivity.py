"""How much the priors of the area's estimate decide: power-scaling, and the declared other ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from amager_eval.data.published import published
from amager_eval.evidence.examinations.job import Found, Job, beside_districts, timed
from amager_eval.evidence.examinations.power_scale import power_scale
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.trends.area.condition import Proposed, shares_of
from amager_eval.trends.area.estimate import (
    Study,
    around_of,
    estimate_area,
    hyper_of,
    lay_out_study,
    propose_under,
    terms_of,
)
from amager_eval.trends.area.hyper import log_prior, prior_named
from amager_eval.trends.independence import resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.area.blocks import BlockTerms
    from amager_eval.trends.fit import Fit

    type Floats = NDArray[np.float64]

__all__ = ["area_alternatives", "area_prior_sensitivity", "examine_area_priors"]

#: Draws of the districts, all alternatives of the drift together.
_DRAWS: Final = 3000
#: Hyperparameter sets from their priors for each.
_SETS: Final = 16


def examine_area_priors(job: Job, fit: Fit) -> dict[str, Found]:
    """Scale every prior of the area's estimate, and estimate it under the declared others."""
    of = (fit, published(), load_agreement())
    told, beside = job.told("prior_sensitivity"), beside_districts(job, fit)
    scaled, seconds = timed(area_prior_sensitivity, *of, seed=1)
    others, more = timed(area_alternatives, *of, progress=told)
    return {
        "prior_sensitivity": Found(scaled, beside, seconds),
        "prior_alternatives": Found(others, beside, more),
    }


def area_prior_sensitivity(
    fit: Fit, data: Input, agreement: Agreement, *, draws: int = _DRAWS, seed: int = 1
) -> pd.DataFrame:
    """Scale every prior of the shown step, and ask again how far the area lies from the whole.

    As :func:`~amager_eval.evidence.examinations.power_scale.power_scale`; a quantity is the
    area's distance to the whole in the target wave, in points, and the event that it is at least 0.

    Hyperparameters are the draws' own. Centres and directions are integrated out in the estimate;
    here they are drawn given the blocks, exactly: a centre given the levels of the baseline wave,
    a direction given the yearly steps. Each alternative of the drift keeps its third.
    """
    fit = replace(fit, spec=fit.spec.with_options(forecast_draws=draws))
    target = agreement.safety.target_wave
    study, design, pieces = lay_out_study(fit, data, agreement, until=target)
    spec = study.spec
    rests_on = next(s.rests_on for s in spec.step if s.id == spec.primary)
    rng = np.random.default_rng(seed)
    at = target - int(study.years[0])
    gaps: list[Floats] = []
    logs: dict[str, list[Floats]] = {}
    for piece in pieces:
        around, hyper = around_of(study, piece, design), hyper_of(study, piece.alternative)
        rows = np.tile(np.arange(len(around.deff)), _SETS)
        drawn = hyper.draw(rng, len(rows))
        proposed = propose_under(study, around, piece, rows, rng, drawn=drawn)
        weight = np.sum([proposed.log_weight[e] for e in rests_on], axis=0)
        taken = resample(weight[None], seed)[0][: len(around.deff)]
        here = around.take(rows[taken])
        kept = {k: np.asarray(v)[taken] for k, v in drawn.items()}
        made = {k: _taken(v, taken) for k, v in proposed.weights[study.nested.area].items()}
        share = shares_of(study.nested.area, proposed.after[taken], here, study.nested,
                          {study.nested.area: made})[:, :, 0, at]  # fmt: skip
        whole = 1 / (1 + np.exp(-here.whole[:, :, at]))
        gaps.append(100 * (share - whole))
        found: dict[str, Floats] = {}
        for name, prior in hyper.priors.items():
            key = prior_named(name, study.nested)
            found[key] = found.get(key, 0.0) + log_prior(prior, kept[name])
        terms = terms_of(study, piece, rows[taken], kept)
        found |= _integrated(study, terms, _off(proposed, taken, here, kept, study), rng)
        for name in (n for n in spec.priors if n not in _OF_ESTATES):
            value = found.get(name)
            # centred: a third of the draws stays a third
            centred = np.zeros(len(taken)) if value is None else value - value.mean()
            logs.setdefault(name, []).append(centred)
    gap = np.concatenate(gaps)
    dims = ("chain", "draw")
    values = xr.Dataset({s: (dims, gap[None, :, i]) for i, s in enumerate(study.settings)})
    priors = xr.Dataset({k: (dims, np.concatenate(v)[None]) for k, v in logs.items() if _any(v)})
    names = {"chain": [0], "draw": np.arange(len(gap))}
    return power_scale(
        values.assign_coords(names), values.assign_coords(names) >= 0, priors.assign_coords(names)
    )


#: Priors of the step that is not used.
_OF_ESTATES: Final = ("survey_offset", "survey_tie", "estate_error", "estate_size")


def _any(parts: list[Floats]) -> bool:
    return any(bool(np.any(p)) for p in parts)


def _taken(weight: Any, taken: Any) -> Any:
    return weight if np.ndim(weight) == 0 else np.asarray(weight)[taken]


def _off(
    proposed: Proposed, taken: Any, here: Any, kept: dict[str, Floats], study: Study
) -> Floats:
    """Take what blocks differ by from what they follow, (draw, block, setting, year)."""
    follows = kept["follows_district"][:, None, None]
    mean = np.stack(
        [
            here.whole + (follows * (here.parts[b.district] - here.whole) if b.district else 0.0)
            for b in study.nested.block
        ],
        axis=1,
    )
    return np.asarray(proposed.after[taken] - mean)


def _integrated(
    study: Study, terms: BlockTerms, off: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw centres and directions given the blocks; log densities of their priors, (draw,)."""
    draws, blocks, settings, _ = off.shape
    anchor = study.anchor - int(study.years[0])
    level = off[..., anchor].reshape(draws, -1)
    k, s = (x.ravel() for x in np.indices((blocks, settings)))
    same, own = s[:, None] == s, k[:, None] == k
    spread = (
        terms.block_sd[:, None, None] ** 2
        * own
        * np.where(same, 1.0, terms.block_correlation[:, None, None])
    )
    # centre and each setting's, given the levels: a small Normal
    reads = np.concatenate([np.ones((len(s), 1)), s[:, None] == np.arange(settings)], axis=1)
    prior = np.diag([terms.centre_sd**-2] + [terms.setting_sd**-2] * settings)
    solved = np.linalg.solve(spread + 1e-10 * np.eye(len(s)), reads[None] + np.zeros((draws, 1, 1)))
    drawn = _normal(prior + reads.T @ solved, _of(solved, level), rng)
    found = {
        "centre": stats.norm(0, terms.centre_sd).logpdf(drawn[:, 0]),
        "setting_centre": stats.norm(0, terms.setting_sd).logpdf(drawn[:, 1:]).sum(axis=1),
    }
    if terms.drift_sd:
        step, line = np.diff(off, axis=3), np.diff(terms.line, axis=1)
        r = terms.walk_correlation[:, None, None]
        walk = terms.walk_sd[:, None, None] ** 2 * np.where(np.eye(settings) > 0, 1.0, r)
        inverse = np.linalg.inv(walk + 1e-10 * np.eye(settings))
        told = np.einsum("nbst,nt->nbs", step, line) @ inverse
        precision = np.eye(settings) * terms.drift_sd**-2 + (
            (line**2).sum(axis=1)[:, None, None] * inverse
        )
        slopes = np.stack([_normal(precision, told[:, b], rng) for b in range(blocks)], axis=1)
        found["drift"] = stats.norm(0, terms.drift_sd).logpdf(slopes).sum(axis=(1, 2))
    return found


def _of(solved: Floats, level: Floats) -> Floats:
    return np.asarray(np.einsum("nij,ni->nj", solved, level))


def _normal(precision: Floats, told: Floats, rng: np.random.Generator) -> Floats:
    """Draw from Normals given their precision and precision times mean."""
    covariance = np.linalg.inv(precision)
    mean = np.einsum("nij,nj->ni", covariance, told)
    lower = np.linalg.cholesky(covariance)
    return np.asarray(mean + np.einsum("nij,nj->ni", lower, rng.standard_normal(mean.shape)))


def area_alternatives(
    fit: Fit,
    data: Input,
    agreement: Agreement,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Estimate the area under every declared other prior.

    Columns: `alternative, setting, low_first, high_first, low_target, high_target` (95 % bands of
    the true share in the baseline and the target wave, percent), `reaches` (probability that it
    reaches the whole's level), `effective` (draws of the alternative of the drift with fewest).
    """
    fit = replace(fit, spec=fit.spec.with_options(forecast_draws=_DRAWS))
    spec, safety = load_area_spec(), agreement.safety
    asked: list[Any] = [None, *spec.alternative]
    rows: list[dict[str, object]] = []
    for done, other in enumerate(asked, 1):
        found = estimate_area(
            fit, data, agreement, spec=spec if other is None else spec.under(other),
            steps=[spec.primary], until=safety.target_wave, prior=False,
            without_own=other is not None and other.without == "own",
        )  # fmt: skip
        true = 100 * found.forecast.draws["true"].sel(response=agreement.response)
        for setting in safety.settings:
            own = true.sel(area=found.area, setting=setting)
            whole = true.sel(area=agreement.areas.whole, setting=setting)
            ends = [np.quantile(own.sel(period=y), [0.025, 0.975])
                    for y in (safety.baseline_wave, safety.target_wave)]  # fmt: skip
            sign = 1 if agreement.response == "safe" else -1
            reached = sign * (own - whole).sel(period=safety.target_wave) >= 0
            rows.append(
                {"alternative": "used" if other is None else other.id, "setting": setting,
                 "low_first": ends[0][0], "high_first": ends[0][1], "low_target": ends[1][0],
                 "high_target": ends[1][1], "reaches": float(reached.mean()),
                 "effective": min(found.effective.values())}
            )  # fmt: skip
        if progress is not None:
            progress(done, len(asked))
    return pd.DataFrame(rows)
