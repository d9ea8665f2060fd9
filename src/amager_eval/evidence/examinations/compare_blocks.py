"""Hold forecasts of blocks of areas against one joint fit of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.evidence.backtest.forecaster import OwnModel
from amager_eval.evidence.backtest.panels import crime_quarterly
from amager_eval.evidence.backtest.run import run_backtest
from amager_eval.evidence.backtest.stored import read_own_scores
from amager_eval.evidence.examinations.job import Found, Job
from amager_eval.scores.block import block_interval

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.panel import Panel
    from amager_eval.evidence.backtest.run import Backtest

__all__ = ["compare_blocks", "score_jointly"]

_SCORES: Final = ("crps", "log_score")


def score_jointly(job: Job) -> dict[str, Found]:
    """Score one fit of all municipalities against the stored blocks."""
    panel = crime_quarterly()
    joint = run_backtest(
        panel,
        OwnModel("crime", draws=job.draws),
        cache=job.cache / "joint",
        progress=job.told("joint"),
    )
    table = compare_blocks(panel, read_own_scores(panel), joint)
    origins = ", ".join(map(str, panel.development))
    settings = {"areas": len(panel.areas), "seed": 1, "origins": origins}
    return {"joint": Found(table, settings, float(joint.units["seconds"].sum()))}


def compare_blocks(panel: Panel, blocks: pd.DataFrame, joint: Backtest) -> pd.DataFrame:
    """Compare the scores of the same cells, forecast by blocks and by one fit.

    The blocks' further origins are left aside.

    One row per origin and one over all: `origin, cells, crps_blocks, crps_joint,
    difference, low, high` (joint less blocks, 95 % over areas crossed with periods; below zero the
    joint fit is better), the same of the log score, `seconds` and `problems` of the joint fit.
    """
    cell = [*panel.keys, "period", "origin"]
    pairs = joint.scores[[*cell, *_SCORES]].merge(
        blocks[[*cell, *_SCORES]], on=cell, suffixes=("_joint", "_blocks"), validate="one_to_one"
    )
    if len(pairs) != len(joint.scores):
        raise ValueError(
            f"{len(joint.scores)} cells of one fit, {len(pairs)} of them forecast by blocks too"
        )
    of_unit = joint.units.assign(origin=joint.units["unit"].str.split("_").str[0])
    rows = []
    for origin, chosen in [*pairs.groupby("origin", sort=False), ("all", pairs)]:
        fits = of_unit if origin == "all" else of_unit[of_unit["origin"] == origin]
        rows.append(
            {"origin": origin, "cells": len(chosen)}
            | _difference(chosen)
            | {
                "seconds": float(fits["seconds"].sum()),
                "problems": "; ".join(fits["problems"].dropna().astype(str)),
            }
        )
    return pd.DataFrame(rows)


def _difference(pairs: pd.DataFrame) -> dict[str, object]:
    """Mean scores of both and their difference with its interval."""
    row: dict[str, object] = {}
    for score in _SCORES:
        ending = "" if score == "crps" else f"_{score}"
        of_blocks, of_joint = pairs[f"{score}_blocks"], pairs[f"{score}_joint"]
        found = block_interval(
            of_joint - of_blocks,
            [pairs["area"].to_numpy(), pairs["period"].to_numpy()],
            level=0.95,
            seed=1,
        )
        row |= {
            f"{score}_blocks": float(of_blocks.mean()),
            f"{score}_joint": float(of_joint.mean()),
            f"difference{ending}": found.estimate,
            f"low{ending}": found.low,
            f"high{ending}": found.high,
        }
    return row
