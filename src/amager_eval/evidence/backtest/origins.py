"""How one forecaster did from each origin: its rank, and whether its intervals were even."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.evidence.backtest.league import common_cells, paired_differences
from amager_eval.scores.pit import pit_histogram

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.panel import Panel

__all__ = ["pit_by_origin", "rank_by_origin"]

_BINS: Final = 10


def pit_by_origin(scores: pd.DataFrame) -> pd.DataFrame:
    """Histogram of one forecaster's randomised PIT, over all origins and for each.

    Columns: `origin` (`all` first), `low, high` (one of ten bins), `share` (.1 is even), `cells`.
    """
    edges = np.linspace(0.0, 1.0, _BINS + 1)
    tables = [
        pd.DataFrame(
            {
                "origin": origin,
                "low": edges[:-1].round(6),
                "high": edges[1:].round(6),
                "share": pit_histogram(group["pit_low"], group["pit_high"], bins=_BINS),
                "cells": len(group),
            }
        )
        for origin, group in [("all", scores), *scores.groupby("origin")]
    ]
    return pd.concat(tables, ignore_index=True)


def rank_by_origin(
    scores: pd.DataFrame, panel: Panel, reference: str, *, small: Sequence[str] = (), seed: int = 1
) -> pd.DataFrame:
    """Rank one forecaster at each origin, against the best other there.

    Columns: `subset` (`all`, `small`), `origin, cells, crps, rank, forecasters, best_other,
    best_other_crps, difference` (below 0 the reference is better) with `low, high` by areas crossed
    with target periods.
    """
    scores = common_cells(scores, panel)
    subsets = {"all": scores, "small": scores[scores["area"].isin(small)]}
    return pd.DataFrame(
        {"subset": subset, "origin": origin} | _against_best(group, panel, reference, seed)
        for subset, chosen in subsets.items()
        for origin, group in chosen.groupby("origin")
    )


def _against_best(
    scores: pd.DataFrame, panel: Panel, reference: str, seed: int
) -> dict[str, object]:
    """Rank of a forecaster among all, and its difference to the best other."""
    means = scores.groupby("forecaster")["crps"].mean().sort_values()
    best = str(means.drop(reference).index[0])
    pair = scores[scores["forecaster"].isin([reference, best])]
    found = paired_differences(pair, panel, reference, seed=seed).iloc[0]
    return {
        "cells": found["cells"],
        "crps": float(means[reference]),
        "rank": int(means.rank(method="min")[reference]),
        "forecasters": len(means),
        "best_other": best,
        "best_other_crps": float(means[best]),
        "difference": found["difference"],
        "low": found["low_crossed"],
        "high": found["high_crossed"],
    }
