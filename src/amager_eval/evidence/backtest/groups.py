"""Scores of every forecaster per type and horizon, origins before the pandemic apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.evidence.backtest.league import before_covid, common_cells, coverages

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.panel import Panel

__all__ = ["SUBSETS", "group_table", "own_by_group"]

#: Origins a group is scored over; the latter two where a panel has both.
SUBSETS: Final = ("all", "before_covid", "since")


def group_table(scores: pd.DataFrame, panel: Panel, by: Sequence[str]) -> pd.DataFrame:
    """Mean scores and coverage per group and forecaster, with the ranks within the group.

    Columns: `origins` (`all`; `before_covid` and `since`: origins before 2020 and after, where
    there are both), the groups' columns, `forecaster, cells, crps, rank`, `log_score` (nats) and
    `rank_log_score` (NaN where a forecaster has none), `coverage_50, ...` (randomised PIT). Over
    the cells common to all.
    """
    scores = common_cells(scores, panel)
    hits, before = coverages(scores), before_covid(scores)
    scores = scores.assign(**hits)
    chosen = {"all": pd.Series(data=True, index=scores.index)}
    if before.any() and not before.all():
        chosen |= {"before_covid": before, "since": ~before}
    tables = []
    for name in (s for s in SUBSETS if s in chosen):
        grouped = scores[chosen[name]].groupby([*by, "forecaster"])
        # a mean over the cells with a score alone would not be over the same cells
        logs = grouped["log_score"].agg(lambda values: values.mean(skipna=False))
        table = pd.DataFrame(
            {"cells": grouped.size(), "crps": grouped["crps"].mean(), "log_score": logs}
            | {column: grouped[column].mean() for column in hits}
        ).reset_index()
        ranks = table.groupby(list(by))[["crps", "log_score"]].rank(method="min")
        table = table.assign(
            origins=name, rank=ranks["crps"].astype(int), rank_log_score=ranks["log_score"]
        )
        tables.append(table.sort_values([*by, "rank"]))
    ordered = ["origins", *by, "forecaster", "cells", "crps", "rank", "log_score"]
    return pd.concat(tables, ignore_index=True)[[*ordered, "rank_log_score", *hits]]


def own_by_group(groups: pd.DataFrame, forecaster: str, *, origins: str = "all") -> pd.DataFrame:
    """Take one forecaster's row of every group, beside the best other's.

    Columns: the groups' columns, `rank, best_other` and `ratio` (mean CRPS over the best other's),
    `log_score, rank_log_score, best_other_log_score`, `coverage_50, ...`, `cells`. No rows where
    the panel has no such origins.
    """
    chosen = groups[groups["origins"] == origins].drop(columns="origins")
    names = [str(c) for c in chosen.columns]
    keys, coverage = names[: names.index("forecaster")], names[names.index("rank_log_score") + 1 :]
    rows = []
    for at, group in chosen.groupby(keys, sort=False):
        is_own = group["forecaster"] == forecaster
        own, others = group[is_own].iloc[0], group[~is_own]
        best = others.sort_values("crps").iloc[0]
        rows.append(
            dict(zip(keys, at, strict=True))
            | {"rank": own["rank"], "best_other": best["forecaster"]}
            | {"ratio": own["crps"] / best["crps"]}
            | {"log_score": own["log_score"], "rank_log_score": own["rank_log_score"]}
            | {"best_other_log_score": others["log_score"].min()}
            | {c: own[c] for c in coverage}
            | {"cells": own["cells"]}
        )
    return pd.DataFrame(rows)
