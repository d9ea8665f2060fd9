"""The model's score over that of an answer that knows more: one ratio per group, with interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["score_ratios"]


def score_ratios(
    scores: pd.DataFrame, *, by: str, seed: int = 1, resamples: int = 4000
) -> pd.DataFrame:
    """Divide the model's mean CRPS by that of the answer that knows, with an interval.

    Parameters
    ----------
    scores : DataFrame
        `set, ahead, model, known` and the column named.
    by : str
        Groups that are not averaged over.
    seed, resamples : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        The group, `ahead` (0 for all together), `sets, model, known` (mean CRPS), `ratio, low,
        high`: 95 % percentile interval over sets, which are resampled whole.
    """
    every = pd.concat([scores, scores.assign(ahead=0)])
    means = every.groupby([by, "ahead", "set"])[["model", "known"]].mean()
    rng = np.random.default_rng([seed, 31])
    rows = []
    for (name, ahead), group in means.groupby(level=[by, "ahead"]):
        pair = group.to_numpy()
        drawn = pair[rng.integers(len(pair), size=(resamples, len(pair)))].mean(axis=1)
        low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
        model, known = pair.mean(axis=0)
        found = {by: name, "ahead": ahead, "sets": len(pair), "model": model, "known": known}
        rows.append(found | {"ratio": model / known, "low": low, "high": high})
    return pd.DataFrame(rows)
