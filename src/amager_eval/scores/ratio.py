"""The model's score over that of an answer that knows more: one ratio per group, with interval."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from amager_eval.errors import InputError
from amager_eval.whole_file import whole_file

__all__ = ["score_ratios", "score_sets"]

_RESAMPLES: Final = 4000


def score_sets(
    score: Callable[[int], pd.DataFrame],
    *,
    sets: int,
    seed: int,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Score the simulated sets that are not kept yet; a stopped run continues.

    Set k has the k-th seed drawn from `seed`, and a file in `folder`.

    Returns what `score` gives, with `set` and `seconds` (what the set took when it was scored; NaN
    where a kept set does not say).
    """
    if sets < 10:
        raise InputError(f"the comparison needs at least 10 simulated sets, found {sets}")
    folder.mkdir(parents=True, exist_ok=True)
    frames = []
    for k, own in enumerate(np.random.SeedSequence(seed).generate_state(sets)):
        path = folder / f"known-{seed}-{k:04d}.csv"
        if not path.is_file():
            started = time.perf_counter()
            rows = score(int(own)).assign(set=k)
            rows = rows.assign(seconds=time.perf_counter() - started)
            with whole_file(path) as unfinished:
                rows.to_csv(unfinished, index=False)
        kept = pd.read_csv(path)
        frames.append(kept if "seconds" in kept else kept.assign(seconds=np.nan))
        if progress is not None:
            progress(k + 1, sets)
    return pd.concat(frames, ignore_index=True)


def score_ratios(scores: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Divide the model's mean CRPS by that of the answer that knows, with an interval.

    Columns: the group, `ahead` (0 for all together), `sets, model, known` (mean CRPS), `ratio, low,
    high`: 95 % percentile interval over sets, which are resampled whole.
    """
    every = pd.concat([scores, scores.assign(ahead=0)])
    means = every.groupby([by, "ahead", "set"])[["model", "known"]].mean()
    rng = np.random.default_rng([1, 31])
    rows = []
    for (name, ahead), group in means.groupby(level=[by, "ahead"]):
        pair = group.to_numpy()
        drawn = pair[rng.integers(len(pair), size=(_RESAMPLES, len(pair)))].mean(axis=1)
        low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
        model, known = pair.mean(axis=0)
        found = {by: name, "ahead": ahead, "sets": len(pair), "model": model, "known": known}
        rows.append(found | {"ratio": model / known, "low": low, "high": high})
    return pd.DataFrame(rows)
