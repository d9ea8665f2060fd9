"""What a sample of the area would be worth: the band and the probability it would leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from amager_eval.spec.assumptions import load_assumptions
from amager_eval.trends.independence import normalised
from amager_eval.trends.safety.likelihood import log_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amager_eval.trends.area.estimate import AreaEstimate
    from amager_eval.trends.fit import Fit

__all__ = ["sample_worth"]

#: Outcomes a sample may have: midpoints of so many equally probable parts.
_OUTCOMES: Final = 10


def sample_worth(
    estimate: AreaEstimate,
    fit: Fit,
    *,
    waves: Sequence[int],
    sizes: Sequence[int],
    target: int,
    response: str = "safe",
    seed: int = 1,
) -> pd.DataFrame:
    """Expect what a sample of n would leave of the band and of the probability of reaching.

    Parameters
    ----------
    estimate : AreaEstimate
    fit : Fit
        The safety fit: its document's design effect and wave error.
    waves, sizes : sequence of int
        Waves a sample may be of, and respondents in the area.
    target : int
        Wave the goal is due in.
    response : {"safe", "unsafe"}
        The goals' own answer.
    seed : int
        Seed of the imagined samples.

    Returns
    -------
    DataFrame
        `setting, wave, n` (0 for no sample), `width_wave, width_target` (95 % bands of the true
        share, expected, in percentage points), `reaches_low, reaches_high` (the probability of
        reaching after a sample that turns out low or high: the ends of the middle 90 % of
        samples).

    Notes
    -----
    Imagined samples are drawn from the estimate, the estimate's draws are weighted by each, and
    the bands that leaves are averaged: no refit.
    """
    draws, fewest = estimate.forecast.draws, load_assumptions().area_estimate.effective_draws
    whole = str(draws.attrs["whole"])
    rng = np.random.default_rng(seed)
    effect, error = fit.spec.priors["design_effect"], fit.spec.priors["wave_error"]["sigma"]
    rows: list[dict[str, object]] = []
    for setting in (str(s) for s in draws["setting"].to_numpy()):
        cell = draws["true"].sel(setting=setting, response=response)
        own, city = (cell.sel(area=a).transpose("sample", "period") for a in (estimate.area, whole))
        gap = (own - city).sel(period=target).to_numpy() * (1 if response == "safe" else -1)
        reaches = gap >= 0
        at_target = own.sel(period=target).to_numpy()
        for wave in waves:
            true = own.sel(period=wave).to_numpy()
            flat = np.full(len(true), 1 / len(true))
            head = {"setting": setting, "wave": wave}
            rows.append(
                head
                | {
                    "n": 0,
                    "width_wave": _width(true, flat),
                    "width_target": _width(at_target, flat),
                    "reaches_low": reaches.mean(),
                    "reaches_high": reaches.mean(),
                }
            )
            seen = expit(logit(true) + error * rng.standard_normal(len(true)))
            deff = np.exp(effect["mu"] + effect["sigma"] * rng.standard_normal(len(true)))
            noise = rng.standard_normal(len(true))
            for n in sizes:
                sd = np.sqrt(deff * seen * (1 - seen) / n)
                printed = np.round(100 * (seen + sd * noise)) / 100
                levels = (np.arange(_OUTCOMES) + 0.5) / _OUTCOMES
                widths, after = [], []
                for outcome in np.quantile(printed, levels, method="nearest"):
                    log = log_interval((outcome - 0.005 - seen) / sd, (outcome + 0.005 - seen) / sd)
                    weight = normalised(log)
                    if 1 / (weight**2).sum() < fewest:
                        continue
                    widths.append((_width(true, weight), _width(at_target, weight)))
                    after.append(float(weight @ reaches))
                mean = np.mean(widths, axis=0) if widths else (np.nan, np.nan)
                low, high = (min(after), max(after)) if after else (np.nan, np.nan)
                rows.append(
                    head
                    | {"n": n, "width_wave": mean[0], "width_target": mean[1],
                       "reaches_low": low, "reaches_high": high}
                )  # fmt: skip
    return pd.DataFrame(rows)


def _width(values: Any, weight: Any) -> float:
    """Width of the weighted equal-tailed 95 % band, percentage points."""
    order = np.argsort(values)
    ends = np.interp([0.025, 0.975], np.cumsum(weight[order]), values[order])
    return float(100 * (ends[1] - ends[0]))
