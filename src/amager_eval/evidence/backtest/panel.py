"""What a back-test runs on: a panel of figures, its origins, horizons and independent tasks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.errors import Fault, InputError
from amager_eval.provenance import sha256_of_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.data.input import Input
    from amager_eval.trends.fit import Kind

__all__ = ["KEYS", "Panel", "Task", "WorkUnit", "split"]

#: Columns that name a series, per kind.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "crime": ("area", "crime_type"),
    "safety": ("area", "setting", "response"),
}
_TIME: Final[dict[str, str]] = {"crime": "period", "safety": "wave"}
_VALUE: Final[dict[str, str]] = {"crime": "count", "safety": "percent"}


@dataclass(frozen=True, eq=False)
class Panel:
    """Figures with declared splits."""

    #: What scores of it are filed under.
    name: str
    #: Which model forecasts it.
    kind: Kind
    #: Tidy figures: `area, period, crime_type, count` or `area, wave, setting, response, percent,
    #: n, decimals, ...`.
    frame: pd.DataFrame
    #: Origins (last period a forecaster sees) on which choices may be made.
    development: tuple[str | int, ...]
    #: Origins held back: scored once, after every choice.
    final: tuple[str | int, ...]
    #: Steps ahead, in periods of the panel (calendar years for waves).
    horizons: tuple[int, ...]
    #: The area that contains the others.
    whole: str | None = None
    #: `area, period, population` (crime); a task gets the dates known at its origin.
    population: pd.DataFrame | None = None
    #: Earlier figures a series must have at the origin for its future to be scored.
    least_history: int = 1
    #: What a model may know besides the figures: survey rounds (a task gets those up to its
    #: origin), the parts of the whole and their population, which only gives them weights.
    background: Input | None = None
    #: The disjoint areas inside the whole; empty takes every other area for one (crime).
    parts: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that name a series."""
        return KEYS[self.kind]

    @property
    def time(self) -> str:
        """Column that holds the time."""
        return _TIME[self.kind]

    @property
    def value(self) -> str:
        """Column that holds what is forecast."""
        return _VALUE[self.kind]

    @property
    def origins(self) -> tuple[str | int, ...]:
        """Every origin, development first."""
        return self.development + self.final

    @property
    def areas(self) -> tuple[str, ...]:
        """Every area, as they first stand in the frame."""
        return tuple(str(a) for a in self.frame["area"].unique())

    @property
    def digest(self) -> str:
        """SHA-256 of the figures and what goes with them: scores belong to it."""
        frames = [self.frame, self.population]
        if self.background is not None:
            frames += [self.background.survey_rounds, self.background.population]
        text = "".join(f.to_csv(index=False) for f in frames if f is not None)
        return sha256_of_bytes(text.encode())

    def role(self, origin: str | int) -> str:
        """Return `development` or `final`."""
        if origin in self.final:
            return "final"
        if origin in self.development:
            return "development"
        raise InputError(
            Fault(
                f"{self.name} has no such origin",
                found=str(origin),
                remedy=f"Choose among {', '.join(map(str, self.origins))}.",
            )
        )


@dataclass(frozen=True, eq=False)
class Task:
    """What a forecaster sees: the past and the cells to forecast, never what happened there."""

    #: Which model.
    kind: Kind
    #: Last period in `training`.
    origin: str | int
    #: Figures up to the origin.
    training: pd.DataFrame
    #: Inhabitants at dates up to the end of the origin.
    population: pd.DataFrame | None
    #: Cells to forecast, one row each: the series' key columns, `period` (wave or period) and
    #: `horizon`; index 0, 1, ...
    targets: pd.DataFrame
    #: The area that contains the others.
    whole: str | None
    #: Seed for this task.
    seed: int
    #: What else is known, with the training figures as its `safety` (safety).
    background: Input | None = None
    #: Reports of all areas of the panel together up to the origin, `period, crime_type, count`
    #: and what else the training figures hold; of cells every area reports (crime without a
    #: whole). A block of areas is seen against it.
    together: pd.DataFrame | None = None
    #: Their inhabitants, `period, population`.
    together_population: pd.DataFrame | None = None
    #: The disjoint areas inside the whole; empty takes every other area for one.
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class WorkUnit:
    """One independent piece of a back-test: a task and the outcomes it is scored against."""

    #: Name within the panel: origin and block; scores are cached under it.
    key: str
    #: What the forecaster sees.
    task: Task
    #: What happened, dims `cell` in the order of `task.targets`; reports, or shares 0 to 1.
    observed: NDArray[np.float64]
    #: Width of the rounding interval of each observed share, dims `cell`; 1 for counts.
    width: NDArray[np.float64]


def split(
    panel: Panel,
    *,
    origins: Sequence[str | int] | None = None,
    block_size: int | None = None,
    seed: int = 1,
) -> Iterator[WorkUnit]:
    """Cut a panel into independent work units, one per origin and block of areas.

    Origins default to the development ones; the final ones must be asked for. Areas inside a whole
    are never parted. Every unit's own seed follows from the run's and the unit's key.
    """
    if block_size is not None and panel.whole is not None:
        raise InputError(
            f"{panel.name} has a whole ({panel.whole}); its areas belong in one block."
        )
    for origin in panel.development if origins is None else origins:
        panel.role(origin)
        size = block_size or len(panel.areas)
        for number, start in enumerate(range(0, len(panel.areas), size)):
            unit = _unit(panel, origin, panel.areas[start : start + size], number, size, seed)
            if len(unit.task.targets):
                yield unit


def _unit(
    panel: Panel, origin: str | int, areas: Sequence[str], number: int, size: int, seed: int
) -> WorkUnit:
    frame = panel.frame[panel.frame["area"].isin(areas)]
    step = _ordinal(frame[panel.time]) - _ordinal(pd.Series([origin])).iloc[0]
    training = frame[step <= 0]
    future = frame.assign(horizon=step)[step.isin(panel.horizons)]
    future = future[_scoreable(panel, future, training)]
    key = f"{origin}_{size}_{number:03d}"
    targets = future[[*panel.keys, panel.time, "horizon"]].rename(columns={panel.time: "period"})
    if panel.kind == "safety":
        observed = future["percent"].to_numpy(dtype=np.float64) / 100
        width = 10.0 ** -future["decimals"].to_numpy(dtype=np.float64) / 100
    else:
        observed = future["count"].to_numpy(dtype=np.float64)
        width = np.ones(len(future))
    everyone = _known_population(panel.population, panel.areas, origin)
    task = Task(
        kind=panel.kind,
        origin=origin,
        training=training.reset_index(drop=True),
        population=_known_population(panel.population, areas, origin),
        targets=targets.reset_index(drop=True),
        whole=panel.whole,
        background=_background(panel.background, training, origin),
        together=_together(panel, origin),
        together_population=None if everyone is None else _summed(everyone, ["period"], panel),
        seed=zlib.crc32(f"{panel.name}/{key}/{seed}".encode()),
        parts=panel.parts,
    )
    return WorkUnit(key, task, observed, width)


def _ordinal(times: pd.Series) -> pd.Series:
    """Consecutive number of each period; a step ahead is a difference of 1."""
    number = {value: parse_period(value).ordinal for value in times.unique()}
    return times.map(number)


def _scoreable(panel: Panel, future: pd.DataFrame, training: pd.DataFrame) -> pd.Series:
    """Exact figures of a series with enough history; bounds have no score."""
    keys = list(panel.keys)
    known = future[panel.value].notna()
    usable = training[training[panel.value].notna()]
    if "comparator" in future:
        known &= future["comparator"] == "="
        usable = usable[usable["comparator"] == "="]
    history = usable.groupby(keys).size().rename("history")
    enough = future[keys].join(history, on=keys)["history"].fillna(0) >= panel.least_history
    return known & enough


def _known_population(
    population: pd.DataFrame | None, areas: Sequence[str], origin: str | int
) -> pd.DataFrame | None:
    """Dates up to the day after the origin's end: published together with its counts."""
    if population is None:
        return None
    end = parse_period(origin).shift(1).start
    start = population["period"].map(lambda p: parse_period(p).start)
    chosen = population[(start <= end + 1e-9) & population["area"].isin(areas)]
    return chosen.reset_index(drop=True)


def _together(panel: Panel, origin: str | int) -> pd.DataFrame | None:
    """Sum the reports of all areas up to the origin, over cells that every area reports."""
    if panel.kind != "crime" or panel.whole is not None or len(panel.areas) < 2:
        return None
    frame = panel.frame
    past = frame[_ordinal(frame["period"]) <= _ordinal(pd.Series([origin])).iloc[0]]
    by = [c for c in ("period", "crime_type", "definition") if c in past]
    return _summed(past, by, panel)


def _summed(frame: pd.DataFrame, by: list[str], panel: Panel) -> pd.DataFrame:
    """Sum counts and inhabitants over areas where each of the panel's areas has them."""
    values = [c for c in ("count", "population") if c in frame]
    grouped = frame.dropna(subset=values).groupby(by, sort=False)
    summed = grouped[values].sum()[grouped.size() == len(panel.areas)]
    return summed.reset_index()


def _background(
    background: Input | None, training: pd.DataFrame, origin: str | int
) -> Input | None:
    """Put the training figures and the rounds up to the origin into what else is known."""
    if background is None:
        return None
    rounds = background.survey_rounds
    if rounds is not None:
        rounds = rounds[rounds["wave"] <= int(origin)].reset_index(drop=True)
    return replace(background, safety=training.reset_index(drop=True), survey_rounds=rounds)
