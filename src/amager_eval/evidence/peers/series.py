"""A peer that forecasts one series at a time, as a forecaster of a whole task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from amager_eval.data.period import PER_YEAR, parse_period
from amager_eval.evidence.backtest.forecaster import Predicted
from amager_eval.evidence.backtest.panel import KEYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.evidence.backtest.panel import Task

    type Floats = NDArray[np.float64]

__all__ = ["Past", "Scale", "SeriesPeer", "Unforecastable", "last_value", "normal_draws"]

#: Scale a peer works on; draws are taken back to reports (whole numbers) or shares.
Scale = Literal["counts", "sqrt", "log", "logit"]
#: Shares are kept this far from 0 and 1 before the logit.
_EDGE: Final = 0.005
#: Changes a series needs before its own step size is trusted over the pooled one.
_LEAST_CHANGES: Final = 4


class Unforecastable(Exception):
    """A peer cannot forecast this series (too short, no convergence); the message says why."""


@dataclass(frozen=True, eq=False)
class Past:
    """One series up to the origin, on a regular grid."""

    #: On the peer's scale, dims `period`; first and any later gaps: NaN only inside or at the
    #: end.
    values: Floats
    #: Periods in a year: 1, 4 or 12.
    per_year: int
    #: Year of the first value.
    first_year: int
    #: Its period within the year, from 1.
    first_index: int
    #: Periods to forecast after the last grid point.
    horizon: int
    #: Root mean square change per period over all series of the task, on the same scale.
    pooled_step: float

    @property
    def seen(self) -> Floats:
        """The values that are not missing."""
        return self.values[np.isfinite(self.values)]

    @property
    def filled(self) -> Floats:
        """Values with inner gaps interpolated linearly and the end held."""
        at = np.arange(len(self.values))
        known = np.isfinite(self.values)
        return np.interp(at, at[known], self.values[known])


#: Past and generator to draws on the same scale, dims `sample, step` for steps 1 to horizon.
type Predict = Callable[[Past, int, np.random.Generator], Floats]


def normal_draws(mean: Floats, sd: Floats, size: int, rng: np.random.Generator) -> Floats:
    """Draw independent Normals, dims `sample, step`; an error where mean or sd is no number."""
    if not (np.isfinite(mean).all() and np.isfinite(sd).all()):
        raise Unforecastable("predictive mean or sd is not finite")
    return np.asarray(mean + sd * rng.standard_normal((size, len(mean))))


def last_value(past: Past, size: int, rng: np.random.Generator) -> Floats:
    """Last value (of the same season where there are seasons), with random-walk bands.

    The sd is the root mean square change over one season cycle, growing with the square root of
    the cycles ahead; a series with few changes takes the step pooled over all series.
    """
    season = past.per_year
    values = past.values
    steps = np.arange(1, past.horizon + 1)
    lead = len(values) - 1 + steps  # position of each target on the grid
    cycles = np.ceil(steps / season).astype(int)
    source = lead - cycles * season
    while (missing := (source >= 0) & ~np.isfinite(values[np.clip(source, 0, None)])).any():
        source[missing] -= season
        cycles[missing] += 1
    if (source < 0).any():  # shorter than a cycle: the last value that was seen
        at = int(np.flatnonzero(np.isfinite(values))[-1])
        source, cycles = np.full(past.horizon, at), np.ceil((lead - at) / season).astype(int)
    known = np.flatnonzero(np.isfinite(values))
    if season == 1:
        change = np.diff(values[known]) / np.sqrt(np.diff(known))
    else:
        change = values[season:] - values[:-season]
        change = change[np.isfinite(change)]
    own = float(np.sqrt(np.mean(change**2))) if len(change) >= _LEAST_CHANGES else past.pooled_step
    return normal_draws(values[source], own * np.sqrt(cycles), size, rng)


@dataclass(frozen=True)
class SeriesPeer:
    """A forecaster that takes every series on its own; draws are independent over series."""

    #: Name in league tables and file names.
    name: str
    #: From :class:`Past` to draws.
    predict: Predict = field(repr=False)
    #: Scale `predict` works on. `sqrt`: sqrt(y + 3/8), which makes the variance of counts even;
    #: `log`: log(1 + y).
    scale: Scale
    #: How its predictive distribution comes about, in a sentence.
    method: str
    #: Packages whose versions decide its draws.
    packages: tuple[str, ...] = ("numpy",)
    #: Values a series must have; below it the fallback.
    least: int = 2
    #: Draws.
    size: int = 1000

    @property
    def identity(self) -> str:
        """Name, scale, method, versions and the number of draws."""
        found = " ".join(f"{p}={version(p)}" for p in self.packages)
        return f"{self.name} {self.scale} {self.method} {found} {self.size}"

    def __call__(self, task: Task) -> Predicted:
        """Forecast the task's targets series by series."""
        rng = np.random.default_rng(task.seed)
        draws = np.full((self.size, len(task.targets)), np.nan)
        fallback = np.zeros(len(task.targets), dtype=bool)
        reasons: list[str] = []
        for past, rows, steps in _series(task, self.scale):
            try:
                drawn = self._checked(past, rng)
            except Unforecastable as reason:
                drawn = last_value(past, self.size, rng)
                fallback[rows] = True
                reasons.append(str(reason))
            draws[:, rows] = drawn[:, steps - 1]
        counted = pd.Series(reasons, dtype=object).value_counts()
        return Predicted(
            draws=_to_data(draws, self.scale),
            fallback=fallback,
            problems="; ".join(f"{n} series: {reason}" for reason, n in counted.items()),
        )

    def _checked(self, past: Past, rng: np.random.Generator) -> Floats:
        if len(past.seen) < self.least:
            raise Unforecastable(f"fewer than {self.least} values")
        drawn = self.predict(past, self.size, rng)
        if not np.isfinite(drawn).all():
            raise Unforecastable("draws are not finite")
        return drawn


def _series(task: Task, scale: Scale) -> Iterator[tuple[Past, NDArray[np.intp], NDArray[np.intp]]]:
    """Yield each series with the rows of its targets and their steps ahead."""
    keys = list(KEYS[task.kind])
    time, value = ("wave", "percent") if task.kind == "safety" else ("period", "count")
    training = task.training[task.training[value].notna()]
    if "comparator" in training:
        training = training[training["comparator"] == "="]
    number = {p: parse_period(p).ordinal for p in training[time].unique()}
    training = training.assign(at=training[time].map(number))
    transformed = _to_scale(training[value].to_numpy(dtype=np.float64), scale)
    training = training.assign(value=transformed).sort_values("at")
    origin = parse_period(task.origin)
    pooled = _pooled_step(training, keys, PER_YEAR[origin.unit])
    pasts: dict[Any, pd.DataFrame] = dict(iter(training.groupby(keys)[["at", "value"]]))
    for name, found in task.targets.groupby(keys).indices.items():
        rows = np.asarray(found)
        seen = pasts[name]
        first = int(seen["at"].iloc[0])
        grid = np.full(origin.ordinal - first + 1, np.nan)
        grid[seen["at"].to_numpy() - first] = seen["value"]
        steps = task.targets["horizon"].to_numpy()[rows]
        year, index = divmod(first, PER_YEAR[origin.unit])
        yield (
            Past(grid, PER_YEAR[origin.unit], year, index + 1, int(steps.max()), pooled),
            rows,
            steps,
        )


def _pooled_step(training: pd.DataFrame, keys: list[str], season: int) -> float:
    """Root mean square change per square root of a season cycle over all series."""
    grouped = training.groupby(keys)
    cycles = grouped["at"].diff() / season
    change = grouped["value"].diff() / np.sqrt(cycles)
    return float(np.sqrt(np.nanmean(change**2))) if change.notna().any() else 0.0


def _to_scale(values: Floats, scale: Scale) -> Floats:
    if scale == "sqrt":
        return np.asarray(np.sqrt(values + 0.375))
    if scale == "log":
        return np.asarray(np.log1p(values))
    if scale == "logit":
        share = np.clip(values / 100, _EDGE, 1 - _EDGE)
        return np.asarray(np.log(share / (1 - share)))
    return values


def _to_data(draws: Floats, scale: Scale) -> Floats:
    """Back to shares, or to whole non-negative numbers of reports."""
    if scale == "logit":
        return np.asarray(1 / (1 + np.exp(-draws)))
    if scale == "sqrt":
        draws = np.clip(draws, 0, None) ** 2 - 0.375
    elif scale == "log":
        draws = np.expm1(draws)
    return np.asarray(np.clip(np.rint(draws), 0, None))
