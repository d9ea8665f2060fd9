"""One forecaster against the stored peers: every table of a back-test, from scores alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.groups import group_table
from amager_eval.evidence.backtest.league import (
    before_covid,
    common_cells,
    coverage_by_origin,
    event_table,
    gap_table,
    league_table,
    paired_differences,
)
from amager_eval.evidence.backtest.origins import pit_by_origin, rank_by_origin
from amager_eval.evidence.backtest.panels import small_areas

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.panel import Panel
    from amager_eval.evidence.backtest.run import Backtest

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Tables of a back-test, see :mod:`amager_eval.evidence.backtest.league`."""

    #: Names.
    panel: str
    forecaster: str
    #: Origins compared.
    origins: tuple[str | int, ...]
    #: Ranks over the cells common to all.
    league: pd.DataFrame
    #: Paired differences in CRPS to every peer, per `subset`: `all`, and where they exist `small`
    #: (areas under 30,000 inhabitants), `before_covid` and `since` (origins before 2020 and
    #: after), `untouched` and `untouched_small` (figures that were forecast from origins held
    #: back and from no other), `past_gates` (cells of fits that passed their gates).
    differences: pd.DataFrame
    #: Mean CRPS, log score, ranks and coverage per type (or setting and response) and horizon,
    #: origins before 2020 apart, see :mod:`amager_eval.evidence.backtest.groups`.
    groups: pd.DataFrame
    #: Coverage per origin with block intervals, every forecaster.
    coverage: pd.DataFrame
    #: The forecaster's rank at each origin, and the difference to the best other there.
    origin_ranks: pd.DataFrame
    #: Histogram of the forecaster's randomised PIT, over all origins and for each.
    pit: pd.DataFrame
    #: Brier scores of "the area reaches the whole"; None where there is no whole.
    events: pd.DataFrame | None
    #: CRPS and coverage of the gap to the whole, of which that event is a cut; None where no
    #: forecaster has been scored on it.
    gaps: pd.DataFrame | None
    #: The forecaster's work units: seconds, gates passed, problems.
    units: pd.DataFrame

    def frames(self) -> Mapping[str, pd.DataFrame]:
        """Return the tables by name."""
        tables = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: t for name, t in tables.items() if isinstance(t, pd.DataFrame)}

    def write(self, folder: Path) -> list[Path]:
        """Write one CSV per table, `<panel>_<table>.csv`; return the paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, table in self.frames().items():
            path = folder / f"{self.panel}_{name}.csv"
            table.to_csv(path, index=False, float_format="%.6g")
            paths.append(path)
        return paths


def compare(panel: Panel, result: Backtest, peers: pd.DataFrame, *, seed: int = 1) -> Comparison:
    """Hold a forecaster's scores against the peers' on the same cells.

    Over the origins `result` was run for.
    """
    if result.panel != panel.name:
        raise InputError(f"these are scores of {result.panel}, the panel is {panel.name}.")
    origins = tuple(result.scores["origin"].unique())
    shared = [c for c in result.scores if c in peers]
    both = pd.concat(
        [result.scores[shared], peers.loc[peers["origin"].isin(origins), shared]],
        ignore_index=True,
    )
    both = common_cells(both, panel)
    small = small_areas(panel)
    return Comparison(
        panel=panel.name,
        forecaster=result.forecaster,
        origins=origins,
        league=league_table(both, panel, small=small),
        differences=_differences(both, panel, result, small, seed),
        groups=group_table(both, panel, [*panel.keys[1:], "horizon"]),
        coverage=coverage_by_origin(both, seed=seed),
        origin_ranks=rank_by_origin(both, panel, result.forecaster, small=small, seed=seed),
        pit=pit_by_origin(both[both["forecaster"] == result.forecaster]),
        events=(
            event_table(both, panel, reference=result.forecaster, seed=seed)
            if both.get("reach_probability", pd.Series(dtype=float)).notna().any()
            else None
        ),
        gaps=gap_table(pd.concat([result.scores, peers[peers["origin"].isin(origins)]]), panel),
        units=result.units,
    )


def _differences(
    scores: pd.DataFrame, panel: Panel, result: Backtest, small: tuple[str, ...], seed: int
) -> pd.DataFrame:
    tables = []
    for name, chosen in _subsets(scores, panel, result.scores, small).items():
        table = paired_differences(scores[chosen], panel, result.forecaster, seed=seed)
        table.insert(0, "subset", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _subsets(
    scores: pd.DataFrame, panel: Panel, own: pd.DataFrame, small: tuple[str, ...]
) -> dict[str, pd.Series]:
    """Say which cells belong to each subset that is neither empty nor everything."""
    before = before_covid(scores)
    few = scores["area"].isin(small)
    held_back = scores["origin"].isin(panel.final)
    figure = [*panel.keys, "period"]
    # a figure may be forecast from several origins: held-back cells repeat development's figures
    seen = _within(scores, scores[~held_back], figure)
    missed = own[own["passed"] == 0] if "passed" in own else own[:0]
    subsets = {
        "small": few,
        "before_covid": before,
        "since": ~before,
        "untouched": held_back & ~seen,
        "untouched_small": held_back & ~seen & few,
        "past_gates": ~_within(scores, missed, [*figure, "origin"]),
    }
    apart = {name: chosen for name, chosen in subsets.items() if chosen.any() and not chosen.all()}
    return {"all": pd.Series(data=True, index=scores.index)} | apart


def _within(scores: pd.DataFrame, others: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Mark the rows whose values in `columns` some row of `others` has too."""
    rows, found = (pd.MultiIndex.from_frame(frame[columns]) for frame in (scores, others))
    return pd.Series(rows.isin(found), scores.index)
