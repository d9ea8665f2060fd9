"""Is the link between the safe and the unsafe share the one the model shares between areas?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import logit

from amager_eval.trends.safety.forecast import inverse_size_by_area, sample_shares

if TYPE_CHECKING:
    from amager_eval.trends.fit import Fit

__all__ = ["link_check"]


def link_check(fit: Fit, *, seed: int = 1) -> pd.DataFrame:
    """Hold every cell published in both answers against what the shared link predicts.

    Columns: `area, wave, setting, safe, unsafe` (published, percent), `implied_gap` (logit, from
    the two figures), `predicted_gap, low_95, high_95` (the same from replicated and rounded
    samples, equal-tailed) and `p_value` (two-sided posterior predictive). The cells were in the
    fit: a bad p-value counts, a good one is mild praise.
    """
    design = fit.data["design"].to_dataset()
    value = design["value"].to_numpy()
    forecast = fit.forecast(int(design["year"][-1]))
    draws = forecast.draws
    rng = np.random.default_rng(seed)
    inverse = inverse_size_by_area(fit)
    rows = []
    for a, s, t in zip(*np.nonzero(np.isfinite(value[:, :, [0, 2]]).all(axis=2)), strict=True):
        area, setting = str(design["area"][a].item()), str(design["setting"][s].item())
        wave = int(design["year"][t])
        safe, unsafe = value[a, s, 0, t], value[a, s, 2, t]
        cell = draws["true"].sel(area=area, setting=setting, period=wave)
        expected = cell.transpose("sample", "response").to_numpy()
        at = inverse[area][:, s, t]
        size = at[rng.integers(0, len(at), size=len(expected))]
        noise = rng.standard_normal((2, len(expected), 1, 1, 1))
        sampled = sample_shares(expected[:, None, None, :, None], size[:, None, None, None], noise)
        replicated = np.round(sampled.reshape(-1, 2), 2)
        implied, gap = _gap(safe, unsafe), _gap(*np.clip(replicated, 0.005, 0.995).T)
        low, median, high = np.quantile(gap, [0.025, 0.5, 0.975])
        above = (gap > implied).mean() + 0.5 * (gap == implied).mean()
        rows.append((area, wave, setting, 100 * safe, 100 * unsafe, implied, median, low, high,
                     2 * min(above, 1 - above)))  # fmt: skip
    columns = ["area", "wave", "setting", "safe", "unsafe", "implied_gap", "predicted_gap",
               "low_95", "high_95", "p_value"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _gap(safe: Any, unsafe: Any) -> Any:
    """Width of the third answer on the logit scale."""
    return -logit(unsafe) - logit(safe)
