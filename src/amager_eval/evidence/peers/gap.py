"""The peer for "does the area reach the whole": last values, the gap as a random walk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.evidence.backtest.forecaster import Predicted

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.panel import Task

__all__ = ["LastGap"]

#: Step per square root of a year, logit, where no series has two figures to learn it from.
_UNKNOWN_STEP: Final = 0.1


@dataclass(frozen=True)
class LastGap:
    """Last value of the whole and last gap of each area, random walks on the logit.

    Draws are joint: an area's draw is the whole's draw plus its gap's, so that P(area reaches the
    whole) rests on how gaps have moved, not on two independent walks. The gaps' step is pooled
    over areas.
    """

    size: int = 1000
    name: str = "last_gap"
    scale: str = "logit"
    method: str = (
        "last value of the whole and last gap of each area to it, Gaussian random walks on the "
        "logit; the gaps' step pooled over areas; joint draws"
    )
    packages: tuple[str, ...] = ("numpy",)

    @property
    def identity(self) -> str:
        """Name, method and number of draws."""
        return f"{self.name} {self.method} numpy={np.__version__} {self.size}"

    def __call__(self, task: Task) -> Predicted:
        """Forecast the task's targets; every setting and response has a walk of its own."""
        rng = np.random.default_rng(task.seed)
        draws = np.full((self.size, len(task.targets)), np.nan)
        grouped: Any = task.targets.groupby(["setting", "response"]).indices
        for (setting, response), rows in grouped.items():
            past = task.training[
                (task.training["setting"] == setting) & (task.training["response"] == response)
            ]
            if "comparator" in past:
                past = past[past["comparator"] == "="]
            share = np.clip(past["percent"].astype(float) / 100, 0.005, 0.995)
            table = past.assign(logit=np.log(share / (1 - share))).pivot_table(
                index="wave", columns="area", values="logit"
            )
            draws[:, rows] = self._joint(table, task, task.targets.iloc[rows], rng)
        return Predicted(1 / (1 + np.exp(-draws)))

    def _joint(
        self, table: pd.DataFrame, task: Task, targets: pd.DataFrame, rng: np.random.Generator
    ) -> np.ndarray:
        whole = table[task.whole].dropna()
        gaps = table.drop(columns=str(task.whole)).sub(table[task.whole], axis=0)
        step = _step(whole.to_frame())
        gap_step = _step(gaps)
        reach = int(targets["horizon"].max())
        walk = _walks(rng, self.size, reach + int(task.origin) - int(whole.index[-1]), step)
        result = np.empty((self.size, len(targets)))
        for area, rows in targets.reset_index(drop=True).groupby("area").indices.items():
            periods = targets["period"].to_numpy(dtype=int)[rows]
            shared = whole.iloc[-1] + walk[:, periods - int(whole.index[-1]) - 1]
            if area == task.whole:
                result[:, rows] = shared
                continue
            own = gaps[area].dropna()
            if own.empty:  # never published beside the whole: its own last value
                own = table[area].dropna() - whole.iloc[-1]
            ahead = periods - int(own.index[-1])
            result[:, rows] = (
                shared + own.iloc[-1] + _walks(rng, self.size, ahead.max(), gap_step)[:, ahead - 1]
            )
        return result


def _step(table: pd.DataFrame) -> float:
    """Root mean square change per square root of a year, pooled over columns."""
    changes = []
    for name in table:
        known = table[name].dropna()
        years = np.diff(known.index.to_numpy(dtype=float))
        changes.append(np.diff(known.to_numpy()) / np.sqrt(years))
    pooled = np.concatenate([np.empty(0), *changes])
    return float(np.sqrt(np.mean(pooled**2))) if len(pooled) else _UNKNOWN_STEP


def _walks(rng: np.random.Generator, size: int, steps: int, sd: float) -> np.ndarray:
    """Random walks from 0, dims `sample, step`."""
    return np.cumsum(sd * rng.standard_normal((size, int(steps))), axis=1)
