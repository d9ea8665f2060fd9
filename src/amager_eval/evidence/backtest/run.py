"""Run a back-test: independent work units, restartable, here or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from platformdirs import user_cache_path

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.panel import Panel, WorkUnit, split
from amager_eval.evidence.backtest.score import SCORE_VERSION, score_unit
from amager_eval.provenance import sha256_of_bytes
from amager_eval.whole_file import whole_file

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.forecaster import Forecaster

__all__ = ["Backtest", "run_backtest"]

_UNIT_COLUMNS: Final = ["unit", "seconds", "passed", "problems"]


@dataclass(frozen=True, eq=False)
class Backtest:
    """Scores of one forecaster on one panel."""

    #: The panel's name.
    panel: str
    #: The forecaster's name.
    forecaster: str
    #: One row per cell, see :func:`~amager_eval.evidence.backtest.score.score_unit`, with
    #: `forecaster` first; and `passed` (1 where the cell's fit passed its gates) of a forecaster
    #: that has gates.
    scores: pd.DataFrame
    #: One row per work unit: `unit, seconds, passed, problems`.
    units: pd.DataFrame


def run_backtest(
    panel: Panel,
    forecaster: Forecaster,
    *,
    origins: Sequence[str | int] | None = None,
    block_size: int | None = None,
    seed: int = 1,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    scheduler: str | None = None,
) -> Backtest:
    """Forecast and score every unit of a panel; a stopped run continues where it was.

    Origins default to the development ones: the final ones must be asked for. Finished units are
    kept in `cache` (default the user's cache folder) under the digests of panel, forecaster and
    seed, so a changed model starts afresh. `scheduler` is the address of a Dask scheduler
    (`tcp://host:8786`); units and their seeds are the same with it.
    """
    units = list(split(panel, origins=origins, block_size=block_size, seed=seed))
    folder = _folder(cache, panel, forecaster, seed)
    waiting = [u for u in units if not _finished(_file(folder, u), u)]
    done = len(units) - len(waiting)
    work = partial(score_unit, forecaster=forecaster)
    results = _on_cluster(scheduler, waiting, work) if scheduler else _here(waiting, work)
    for key, scores in results:
        with whole_file(folder / f"{key}.csv") as unfinished:
            scores.to_csv(unfinished, index=False)
        done += 1
        if progress is not None:
            progress(done, len(units))
    return _collect(panel, forecaster, [_file(folder, u) for u in units])


def _here(
    units: Iterable[WorkUnit], work: Callable[[WorkUnit], pd.DataFrame]
) -> Iterator[tuple[str, pd.DataFrame]]:
    for unit in units:
        yield unit.key, work(unit)


def _on_cluster(
    scheduler: str, units: Sequence[WorkUnit], work: Callable[[WorkUnit], pd.DataFrame]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Spread units over a Dask cluster; results arrive as they are ready."""
    try:
        distributed = import_module("distributed")
    except ModuleNotFoundError as error:
        raise InputError(
            "a scheduler was given but Dask is not installed; "
            "install the extra 'distributed' (pip install 'amager-eval[distributed]')."
        ) from error
    with distributed.Client(scheduler, set_as_default=False) as client:
        futures = {client.submit(work, unit, pure=False): unit.key for unit in units}
        for future in distributed.as_completed(list(futures), loop=client.loop):
            yield futures[future], future.result()


def _folder(cache: Path | None, panel: Panel, forecaster: Forecaster, seed: int) -> Path:
    root = user_cache_path("amager_eval") / "backtest" if cache is None else cache
    identity = sha256_of_bytes(f"{forecaster.identity} {seed} {SCORE_VERSION}".encode())
    folder = root / f"{panel.name}-{panel.digest[:12]}" / f"{forecaster.name}-{identity[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _file(folder: Path, unit: WorkUnit) -> Path:
    return folder / f"{unit.key}.csv"


def _finished(path: Path, unit: WorkUnit) -> bool:
    """Whether scores of exactly this unit's cells are kept (horizons may have changed)."""
    if not path.is_file():
        return False
    columns = list(unit.task.targets.columns)
    stored = pd.read_csv(path, usecols=columns, dtype=str, keep_default_na=False)[columns]
    return np.array_equal(stored.to_numpy(), unit.task.targets.astype(str).to_numpy())


def _collect(panel: Panel, forecaster: Forecaster, files: Sequence[Path]) -> Backtest:
    text = {"area": str, "crime_type": str, "problems": str, "passed": object}
    text |= {"origin": str, "period": str} if panel.kind == "crime" else {}
    if not files:
        raise InputError(f"{panel.name} has no cell to score at these origins and horizons.")
    # areas may be called "NA": only an empty field is missing
    parts = [pd.read_csv(f, dtype=text, keep_default_na=False, na_values=[""]) for f in files]
    scores = pd.concat(parts, ignore_index=True)
    units = scores[_UNIT_COLUMNS].drop_duplicates("unit").reset_index(drop=True)
    passed = scores["passed"].map({"True": 1, "False": 0})
    scores = scores.drop(columns=_UNIT_COLUMNS)
    if passed.notna().any():
        scores["passed"] = passed
    scores.insert(0, "forecaster", forecaster.name)
    return Backtest(panel.name, forecaster.name, scores, units)
