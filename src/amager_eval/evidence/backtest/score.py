"""Score one forecaster on one work unit: one row per cell, no draws kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.errors import InputError
from amager_eval.scores.crps import crps_draws
from amager_eval.scores.log import log_score_counts, log_score_shares
from amager_eval.scores.pit import pit_bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.evidence.backtest.forecaster import Forecaster
    from amager_eval.evidence.backtest.panel import Task, WorkUnit

__all__ = ["SCORE_VERSION", "score_unit"]

#: Raised when a score's formula changes, so that cached scores are not mixed.
SCORE_VERSION: Final = 1
#: Shares are log-scored as probability of their whole percentage point, at the finest.
_LOG_WIDTH: Final = 0.01


def score_unit(unit: WorkUnit, forecaster: Forecaster) -> pd.DataFrame:
    """Let a forecaster forecast a unit's targets and score them against what happened.

    One row per cell: `origin`, the series' keys, `period, horizon`, then `crps` (reports,
    or shares 0 to 1), `crps_log` (of log(1 + reports); counts only), `log_score` (nats), `pit_low,
    pit_high, fallback`; where a safety panel has a whole, `reach_probability` (the area is at or
    past the whole), `reached`, `reached_at_origin`, and of the gap to the whole, of which that
    event is a cut, `gap_crps, gap_pit_low, gap_pit_high`; and of the unit `unit, seconds, passed,
    problems`.
    """
    start = time.perf_counter()
    predicted = forecaster(unit.task)
    seconds = time.perf_counter() - start
    draws, observed = predicted.draws, unit.observed
    _check(draws, unit, forecaster.name)
    scores = unit.task.targets.assign(origin=unit.task.origin)
    scores["crps"] = crps_draws(draws, observed)
    if unit.task.kind == "crime":
        scores["crps_log"] = crps_draws(np.log1p(draws), np.log1p(observed))
        scores["log_score"] = log_score_counts(draws, observed)
    else:
        scores["log_score"] = _log_scores_of_shares(draws, unit)
    # a published share is rounded: draws in its rounding interval tie with it
    places = unit.width / 2
    tied = np.where(np.abs(draws - observed) < places, observed, draws)
    scores["pit_low"], scores["pit_high"] = pit_bounds(tied, observed)
    scores["fallback"] = False if predicted.fallback is None else predicted.fallback
    # shares are held against the whole's; a city's count is past its districts' by itself
    if unit.task.whole is not None and unit.task.kind == "safety":
        scores = scores.join(_events(draws, observed, unit.width, unit.task))
    return scores.assign(
        unit=unit.key, seconds=seconds, passed=predicted.passed, problems=predicted.problems
    )


def _check(draws: NDArray[np.float64], unit: WorkUnit, name: str) -> None:
    cells = len(unit.task.targets)
    if draws.ndim != 2 or draws.shape[1] != cells or draws.shape[0] < 2:
        raise InputError(
            f"{name} returned draws of shape {draws.shape} for {cells} cells of unit {unit.key}; "
            "return dims (sample, cell) in the order of the targets."
        )
    if not np.isfinite(draws).all():
        bad = int((~np.isfinite(draws)).any(axis=0).sum())
        raise InputError(f"{name} returned draws that are not finite in {bad} cells of {unit.key}.")


def _log_scores_of_shares(draws: NDArray[np.float64], unit: WorkUnit) -> NDArray[np.float64]:
    result = np.empty(len(unit.observed))
    for width in np.unique(unit.width):
        at = unit.width == width
        result[at] = log_score_shares(
            draws[:, at], unit.observed[at], width=max(float(width), _LOG_WIDTH)
        )
    return result


def _events(
    draws: NDArray[np.float64],
    observed: NDArray[np.float64],
    width: NDArray[np.float64],
    task: Task,
) -> pd.DataFrame:
    """Score whether the area reaches the whole: published against published, from joint draws."""
    targets = task.targets
    of_whole = targets["area"] == task.whole
    cell = ["setting", "response", "period"]
    whole_at = pd.Series(
        targets.index[of_whole], index=pd.MultiIndex.from_frame(targets.loc[of_whole, cell])
    ).rename("whole_at")
    beside = targets[cell].join(whole_at, on=cell)["whole_at"].where(~of_whole)
    result = pd.DataFrame(
        np.nan,
        index=targets.index,
        columns=["reach_probability", "reached", "reached_at_origin",
                 "gap_crps", "gap_pit_low", "gap_pit_high"],
    )  # fmt: skip
    rows = np.flatnonzero(beside.notna())
    if not len(rows):
        return result
    wholes = beside.iloc[rows].astype(int).to_numpy()
    sign = np.where(targets["response"].iloc[rows] == "unsafe", -1.0, 1.0)
    # shares of few decimals are compared as printed: half a rounding error is no difference
    gap, seen = (
        sign * (draws[:, rows] - draws[:, wholes]),
        sign * (observed[rows] - observed[wholes]),
    )
    result.iloc[rows, 0] = (gap >= -1e-9).mean(axis=0)
    result.iloc[rows, 1] = (seen >= -1e-9).astype(float)
    result.iloc[rows, 2] = _reached_before(task, targets.iloc[rows], sign)
    result.iloc[rows, 3] = crps_draws(gap, seen)
    places = (width[rows] + width[wholes]) / 2  # both are rounded
    tied = np.where(np.abs(gap - seen) < places, seen, gap)
    result.iloc[rows, 4], result.iloc[rows, 5] = pit_bounds(tied, seen)
    return result


def _reached_before(
    task: Task, targets: pd.DataFrame, sign: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Whether the area was at or past the whole when both were last published; NaN if never."""
    cell = ["setting", "response", "wave"]
    figures = task.training
    if "comparator" in figures:
        figures = figures[figures["comparator"] == "="]
    figures = figures[figures["percent"].notna()]
    wholes = figures[figures["area"] == task.whole].set_index(cell)["percent"].rename("whole")
    both = figures.join(wholes, on=cell).dropna(subset=["whole"]).sort_values("wave")
    keys = ["area", "setting", "response"]
    latest = both.groupby(keys)[["percent", "whole"]].last()
    gap = targets[keys].join(latest["percent"] - latest["whole"].rename("percent"), on=keys)
    difference = sign * gap.iloc[:, -1].to_numpy(dtype=np.float64)
    return np.where(np.isnan(difference), np.nan, (difference >= -1e-9).astype(float))
