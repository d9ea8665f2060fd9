"""Answer under another declared choice: what the scales were proposed from, weighed anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from amager_eval.spec.model import ModelSpec, Prior
from amager_eval.trends import sample
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import Fit
from amager_eval.trends.independence import Proposal
from amager_eval.trends.safety.fit import Run, draw_run, grouped, sample_safety
from amager_eval.trends.safety.model import ALTERNATIVES, build_model
from amager_eval.trends.safety.point import fitted_point

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Alternative",
    "answer_again",
    "as_fitted",
    "with_area_varying_link",
    "with_design_effect",
    "without_grades",
    "without_waves",
]


@dataclass(frozen=True, eq=False)
class Alternative:
    """A choice in the place of the one used: design, document and which figures count."""

    design: xr.Dataset
    spec: ModelSpec
    #: Shape (area, setting, response, year).
    keep: NDArray[np.bool_]


def as_fitted(fit: Fit) -> Alternative:
    """Return the choice a fit was made under."""
    design = fit.data["design"].to_dataset()
    return Alternative(design.drop_vars("kept"), fit.spec, design["kept"].to_numpy())


def without_grades(used: Alternative, grades: Sequence[str]) -> Alternative:
    """Leave out the figures of some source grades."""
    return replace(used, keep=used.keep & ~np.isin(used.design["grade"], list(grades)))


def without_waves(used: Alternative, waves: Sequence[int]) -> Alternative:
    """Leave out the figures of some waves."""
    return replace(used, keep=used.keep & ~np.isin(used.design["year"], list(waves)))


def with_design_effect(used: Alternative, effect: float) -> Alternative:
    """Take a design effect as known wherever the survey gives none of its own."""
    return replace(used, design=used.design.assign(deff=used.design["deff"].fillna(effect)))


def with_area_varying_link(spec: ModelSpec, *, sd: float, reason: str) -> ModelSpec:
    """Let areas differ in the width of the third answer; `sd` is of the log ratio to the common.

    What is given back is no registered document, which its digest says.
    """
    prior = Prior(
        distribution="Normal", parameters={"mu": 0.0, "sigma": sd}, unit="log", reason=reason
    )
    return spec.model_copy(update={"priors": spec.priors | {"response_gap_spread": prior}})


def answer_again(
    fit: Fit,
    other: Alternative,
    *,
    least_share: float,
    points: int,
    draws: int | None = None,
) -> Fit:
    """Fit another alternative by weighing points of what the one used was proposed from.

    At most `points` of each drift are weighed. The weights must be worth `least_share` of them;
    where they are worth less, the proposal is shaped anew by them, and where that does not help,
    the alternative is sampled, by `draws` a chain. Everything Gaussian is integrated out anew: the
    weights are of the scales alone, and the paths are drawn under the alternative.

    The fit has as many draws as a forecast takes, and no prior-only answers. The gate of a fit by
    weights is the effective draws that `least_share` of the points are.
    """
    needed = least_share * points
    runs = [
        run for k, name in enumerate(ALTERNATIVES)
        if (run := _weighed(fit, other, name, points, fit.seed + k, needed)) is not None
    ]  # fmt: skip
    worth = [float(r.statistics["effective_draws"]) for r in runs]
    if len(runs) < len(ALTERNATIVES) or min(worth) < needed:
        return sample_safety(
            other.design, other.spec, keep=other.keep, seed=fit.seed, draws=draws, prior_only=False
        )
    groups = grouped(other.design, other.keep, runs)
    gates = other.spec.gates.model_copy(update={"ess_min": needed})
    diagnostics = diagnose(groups["sample_stats"], [], gates)
    return Fit("safety", xr.DataTree.from_dict(groups), other.spec, diagnostics, fit.seed)


def _weighed(
    fit: Fit, other: Alternative, name: str, points: int, seed: int, wanted: float
) -> Run | None:
    """Weigh points of one drift; None where a fit kept no proposal, or has other settings."""
    if "proposed" not in fit.data.children:
        return None
    if not np.array_equal(fit.data["design"]["setting"], other.design["setting"]):
        return None  # widths and correlations are of the settings
    posterior, proposed = (
        fit.data[group].to_dataset().sel(alternative=name) for group in ("posterior", "proposed")
    )
    wander = fit.data["design"]["wander"].to_numpy()  # of the fit's areas, the other may have more
    means = posterior.isel(latent=int(np.argmax(wander))).mean(("chain", "draw"))
    usual: dict[str, Any] = {
        k: means[k].to_numpy() for k in ("path_sd", "area_sd", "gap_sd", "response_gap")
    }
    for scale, log in (("design_effect", "log_deff"), ("unknown_size", "unknown_size")):
        usual[scale] = np.exp(posterior[log].to_numpy()).mean()
    point = partial(
        fitted_point, other.design, other.spec, other.keep, drift=ALTERNATIVES[name], scales=usual
    )
    centred, chains = point(), posterior.sizes["chain"]
    labels = tuple(str(p) for p in proposed["parameter"].to_numpy())
    scales = sample.sample_scales(
        build_model(centred), draws=max(points // chains, 1), tune=0, chains=chains, seed=seed,
        wanted=wanted,
        proposal=Proposal(proposed["centre"].to_numpy(), proposed["spread"].to_numpy(), labels),
    )  # fmt: skip
    draws = -(-int(fit.spec.options["forecast_draws"]) // (3 * chains))
    return draw_run(point(near=centred), scales, seed, draws=draws)
