"""A verdict that was stated without its figures, off and on as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, ndtr

from amager_eval.errors import InputError
from amager_eval.trends.safety.forecast import DRAW_DIMS, inverse_size_by_area

if TYPE_CHECKING:
    from amager_eval.trends.fit import Fit

__all__ = ["Conditioned", "condition_on_stated_fall"]


@dataclass(frozen=True)
class Conditioned:
    """A probability with a stated verdict off and on as evidence.

    Parameters
    ----------
    probability_off : float
        From the figures alone.
    probability_on : float
        Given also that the stated test came out significant.
    probability_of_verdict : float
        How probable the verdict was, from the figures alone.
    effective_draws : float
        Kish's effective number of draws behind `probability_on`.
    """

    probability_off: float
    probability_on: float
    probability_of_verdict: float
    effective_draws: float


def condition_on_stated_fall(
    fit: Fit, *, area: str, setting: str, before: int, after: int, z: float = 1.959963984540054
) -> Conditioned:
    """P(the true safe share fell), with a stated significant fall off and on as evidence.

    Parameters
    ----------
    fit : Fit
        Safety.
    area, setting : str
        Of whom the verdict was stated.
    before, after : int
        Waves; `after` must have a published safe share.
    z : float
        The stated test's critical value.

    Returns
    -------
    Conditioned

    Notes
    -----
    The verdict is a censored observation of the unpublished share of `before`: it was at least so
    high that the pooled z test against the published share of `after` exceeded `z`. The test is
    taken to have used n without a design effect; the share itself varies with it. Draws are
    weighted by the verdict's probability, which is exact conditioning, as far as enough draws
    carry the weight.
    """
    design = fit.data["design"].to_dataset()
    figure = float(design["value"].sel(area=area, setting=setting, response="safe", year=after))
    if np.isnan(figure):
        raise InputError(f"{area} has no published safe share ({setting}) in wave {after}")
    inverse = inverse_size_by_area(fit)[area]
    posterior = fit.data["posterior"].to_dataset()
    flat = posterior.stack(sample=DRAW_DIMS).transpose("sample", ...)
    cell = flat.sel(setting=setting)
    eta = cell["eta"].sel(latent=area).to_numpy().astype(float)
    years = list(design["year"].to_numpy())
    t0, t1 = years.index(before), years.index(after)
    s = list(design["setting"].to_numpy()).index(setting)
    fell = eta[:, t1] < eta[:, t0]
    shift = cell["wave_error"].to_numpy()[:, t0]
    if "collector_step" in cell:  # only where waves of two collectors are in the series
        shift = shift + cell["collector_step"].to_numpy() * float(design["before_break"][t0])
    expected = expit(eta[:, t0] + shift)
    effect = np.exp(cell["log_deff"].to_numpy())
    n0, n1 = effect / inverse[:, s, t0], effect / inverse[:, s, t1]
    lowest = _least_significant(figure, n0, n1, z)
    sd = np.sqrt(inverse[:, s, t0] * expected * (1 - expected))
    weight = ndtr((expected - lowest) / sd)
    return Conditioned(
        float(fell.mean()),
        float((weight * fell).sum() / weight.sum()),
        float(weight.mean()),
        float(weight.sum() ** 2 / (weight**2).sum()),
    )


def _least_significant(later: float, n0: Any, n1: Any, z: float) -> Any:
    """Smallest earlier share from which the fall to `later` is significant (pooled z test)."""
    low, high = np.full(len(n0), later), np.ones(len(n0))
    for _ in range(50):
        middle = (low + high) / 2
        pooled = (n0 * middle + n1 * later) / (n0 + n1)
        reached = (middle - later) > z * np.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return high
