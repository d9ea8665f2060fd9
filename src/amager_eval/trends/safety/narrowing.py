"""What one more sample would do to the band: the case for asking more people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from amager_eval.errors import InputError
from amager_eval.trends.prior_draws import draw_prior

if TYPE_CHECKING:
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Forecast

__all__ = ["expected_narrowing"]


def expected_narrowing(
    spec: ModelSpec,
    forecast: Forecast,
    *,
    area: str,
    setting: str,
    wave: int,
    n: float,
    target: int,
    response: str = "safe",
    level: float = 0.8,
    seed: int = 1,
) -> dict[str, float]:
    """Expect how much a sample of n in one area would narrow the band of its true share.

    The sample is of `wave`, to come, the band of `target`, equal-tailed, through which the forecast
    of safety goes. Told are `width_now` and `width_expected` (shares) and their `ratio`.

    Preposterior analysis without a refit: samples are drawn from the forecast, the target is
    regressed on them on the logit scale, and what the regression leaves is the expected width.
    Exact for a Gaussian; a share near the middle of its range is close to one.
    """
    if n < 1:
        raise InputError(f"`n` is the respondents of the imagined sample, 1 or more; found {n}")
    rng = np.random.default_rng(seed)
    true = forecast.draws["true"].sel(area=area, setting=setting, response=response)
    now = true.sel(period=wave).to_numpy()
    noise = spec.priors["wave_error"]
    deff = draw_prior(spec.priors["design_effect"], (len(now),), rng)
    seen = expit(logit(now) + noise["sigma"] * rng.standard_normal(len(now)))
    sample = seen + np.sqrt(deff * seen * (1 - seen) / n) * rng.standard_normal(len(now))
    at_target = logit(true.sel(period=target).to_numpy())
    correlation = np.corrcoef(logit(np.clip(np.round(sample, 2), 0.005, 0.995)), at_target)[0, 1]
    tails = [(1 - level) / 2, (1 + level) / 2]
    centre = np.median(at_target)
    kept = np.sqrt(1 - correlation**2)
    width = float(np.diff(expit(np.quantile(at_target, tails)))[0])
    left = float(np.diff(expit(centre + kept * (np.quantile(at_target, tails) - centre)))[0])
    return {"width_now": width, "width_expected": left, "ratio": left / width}
