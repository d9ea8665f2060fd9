"""League tables of a back-test: ranks, paired differences, coverage, events, each with blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.conventions import LEVEL, LEVELS
from amager_eval.data.period import parse_period
from amager_eval.errors import InputError
from amager_eval.scores.block import block_interval
from amager_eval.scores.event import brier, calibrate
from amager_eval.scores.pit import covered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.evidence.backtest.panel import Panel

__all__ = [
    "before_covid",
    "common_cells",
    "coverage_by_origin",
    "coverages",
    "event_table",
    "gap_table",
    "league_table",
    "paired_differences",
]

#: First year whose outcomes are all touched by the pandemic: origins before it stand apart.
_COVID_YEAR: Final = 2020


def common_cells(scores: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Keep the cells every forecaster was scored on, so that means compare like with like."""
    cell = [*panel.keys, "origin", "period"]
    if scores.duplicated(["forecaster", *cell]).any():
        raise InputError(f"{panel.name}: a cell was scored twice for one forecaster.")
    everyone = scores["forecaster"].nunique()
    kept = scores[scores.groupby(cell)["forecaster"].transform("size") == everyone]
    if kept.empty:
        raise InputError(f"{panel.name}: no cell was scored for every forecaster.")
    return kept.reset_index(drop=True)


def before_covid(scores: pd.DataFrame) -> pd.Series:
    """Mark the rows whose origin lies before the pandemic."""
    years = {origin: parse_period(origin).year for origin in scores["origin"].unique()}
    before: pd.Series = scores["origin"].map(years) < _COVID_YEAR
    return before


def coverages(scores: pd.DataFrame, pit: str = "pit") -> dict[str, NDArray[np.float64]]:
    """Whether each row lies inside the interval of each level, by the column `coverage_50, ...`."""
    low, high = scores[f"{pit}_low"], scores[f"{pit}_high"]
    return {f"coverage_{100 * level:g}": covered(low, high, level) for level in LEVELS}


def league_table(scores: pd.DataFrame, panel: Panel, *, small: Sequence[str] = ()) -> pd.DataFrame:
    """Rank forecasters by mean CRPS over the cells common to all.

    One row per forecaster, best first: `rank, forecaster, cells, crps`, `relative` to the
    geometric mean of all forecasters, `crps_small` and `rank_small`, `crps_before_covid` (origins
    before 2020) and `crps_since`, `crps_log`, `log_score`, `coverage_50, ...` (randomised PIT),
    `fallback` (share of cells). What does not apply is NaN.
    """
    scores = common_cells(scores, panel)
    before, hits = before_covid(scores), coverages(scores)
    grouped = scores.assign(**hits).groupby("forecaster")
    table = pd.DataFrame(
        {
            "cells": grouped.size(),
            "crps": grouped["crps"].mean(),
            "crps_small": _mean_where(scores, scores["area"].isin(small)),
            "crps_before_covid": _mean_where(scores, before),
            "crps_since": _mean_where(scores, ~before),
            "log_score": grouped["log_score"].mean(),
        }
    )
    if "crps_log" in scores:
        table["crps_log"] = grouped["crps_log"].mean()
    table[[*hits, "fallback"]] = grouped[[*hits, "fallback"]].mean()
    table.insert(2, "relative", table["crps"] / np.exp(np.log(table["crps"]).mean()))
    table.insert(4, "rank_small", table["crps_small"].rank(method="min"))
    table = table.sort_values("crps").reset_index()
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def paired_differences(
    scores: pd.DataFrame, panel: Panel, reference: str, *, seed: int = 1
) -> pd.DataFrame:
    """Hold one forecaster against every other on the same cells.

    Per other forecaster: `versus, cells, mean` (CRPS of the reference), `mean_versus,
    difference` (reference minus other; below 0 it is better), `low, high` by blocks of areas,
    `low_crossed, high_crossed` by areas crossed with target periods, `ratio` of the means, `areas,
    periods` (numbers of blocks).
    """
    if reference not in set(scores["forecaster"]):
        raise InputError(f"{panel.name}: no scores of '{reference}'; run its back-test first.")
    scores = common_cells(scores, panel)
    cell = [*panel.keys, "origin", "period"]
    wide = scores.pivot_table(index=cell, columns="forecaster", values="crps")
    areas = wide.index.get_level_values("area").to_numpy()
    periods = wide.index.get_level_values("period").to_numpy()
    rows = []
    for other in (c for c in wide.columns if c != reference):
        difference = (wide[reference] - wide[other]).to_numpy()
        plain = block_interval(difference, areas, level=LEVEL, seed=seed)
        crossed = block_interval(difference, [areas, periods], level=LEVEL, seed=seed)
        mean, versus = float(wide[reference].mean()), float(wide[other].mean())
        rows.append(
            {"versus": other, "cells": plain.cells, "mean": mean, "mean_versus": versus,
             "difference": plain.estimate, "low": plain.low, "high": plain.high,
             "low_crossed": crossed.low, "high_crossed": crossed.high, "ratio": mean / versus,
             "areas": crossed.blocks[0], "periods": crossed.blocks[1]}
        )  # fmt: skip
    return pd.DataFrame(rows).sort_values("difference", ascending=False).reset_index(drop=True)


def coverage_by_origin(scores: pd.DataFrame, *, seed: int = 1) -> pd.DataFrame:
    """Coverage of every forecaster's intervals per origin, with an interval by blocks of areas.

    Columns: `forecaster, origin, nominal, coverage, low, high, cells, areas`. Areas of one origin
    share the country's shocks, so the interval speaks of these periods, not of others.
    """
    rows = []
    for (forecaster, origin), group in scores.groupby(["forecaster", "origin"]):
        for nominal in LEVELS:
            hit = covered(group["pit_low"], group["pit_high"], nominal)
            found = block_interval(hit, group["area"].to_numpy(), level=LEVEL, seed=seed)
            rows.append(
                {"forecaster": forecaster, "origin": origin, "nominal": nominal,
                 "coverage": found.estimate, "low": found.low, "high": found.high,
                 "cells": found.cells, "areas": found.blocks[0]}
            )  # fmt: skip
    return pd.DataFrame(rows)


def event_table(
    scores: pd.DataFrame, panel: Panel, *, reference: str | None = None, seed: int = 1
) -> pd.DataFrame:
    """Score P(the area reaches the whole) of every forecaster, overall and where it was short.

    Columns: `cells` names the subset (`all`; `short`: the area was short of the whole at the
    origin; `reached`: it was not; the same with `_complete`: in waves in which every area was
    published alone), then `forecaster, rank, forecasts`, the distinct `outcomes` they are of, the
    `areas` these are of, `happened` (share), `said` (mean probability), `brier`, `brier_once`
    (every outcome once: the mean over outcomes of what its forecasts scored), `miscalibration,
    discrimination, uncertainty`, and with a reference `difference` (reference minus forecaster),
    `low, high` by blocks of areas.

    The event is a cut of the gap between area and whole: one outcome is forecast from several
    origins, and where a report prints an area because it did badly, what was printed is no fair
    draw of what happened.
    """
    scores = common_cells(scores.dropna(subset=["reach_probability"]), panel)
    short, complete = scores["reached_at_origin"] == 0, _in_complete_waves(scores)
    every = pd.Series(data=True, index=scores.index)
    subsets = {"all": every, "short": short, "reached": scores["reached_at_origin"] == 1}
    subsets |= {f"{name}_complete": chosen & complete for name, chosen in subsets.items()}
    tables = [
        _events_of(scores[chosen], panel, reference, seed).assign(cells=name)
        for name, chosen in subsets.items()
        if chosen.any()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["cells", *(c for c in table.columns if c != "cells")]]


def gap_table(scores: pd.DataFrame, panel: Panel) -> pd.DataFrame | None:
    """Score the gap between area and whole, of which reaching the whole is a cut.

    Columns: `forecaster, cells, gap_crps, coverage_50, ...` (randomised PIT), best first, over the
    cells common to all; None where nobody was scored on the gap.
    """
    if "gap_crps" not in scores or scores["gap_crps"].isna().all():
        return None
    scores = common_cells(scores.dropna(subset=["gap_crps"]), panel)
    hits = coverages(scores, "gap_pit")
    grouped = scores.assign(**hits).groupby("forecaster")
    table = grouped[["gap_crps", *hits]].mean()
    table.insert(0, "cells", grouped.size())
    return table.sort_values("gap_crps").reset_index()


def _in_complete_waves(scores: pd.DataFrame) -> pd.Series:
    """Whether every area the scores know was published in a cell's wave."""
    wave = [c for c in ("setting", "response", "period") if c in scores]
    published = scores.groupby(wave)["area"].transform("nunique")
    complete: pd.Series = published == scores["area"].nunique()
    return complete


def _events_of(
    scores: pd.DataFrame, panel: Panel, reference: str | None, seed: int
) -> pd.DataFrame:
    cell = [*panel.keys, "origin", "period"]
    scores = scores.assign(brier=brier(scores["reach_probability"], scores["reached"]))
    wide = scores.pivot_table(index=cell, columns="forecaster", values="brier")
    areas = wide.index.get_level_values("area").to_numpy()
    outcome = [*panel.keys, "period"]
    rows = []
    for name, group in scores.groupby("forecaster"):
        found = calibrate(group["reach_probability"], group["reached"])
        of_outcome = group.groupby(outcome)["brier"].mean()
        row: dict[str, object] = {
            "forecaster": name,
            "forecasts": len(group),
            "outcomes": len(of_outcome),
            "areas": int(group["area"].nunique()),
            "happened": float(group["reached"].mean()),
            "said": float(group["reach_probability"].mean()),
            "brier": found.brier,
            "brier_once": float(of_outcome.mean()),
            "miscalibration": found.miscalibration,
            "discrimination": found.discrimination,
            "uncertainty": found.uncertainty,
        }
        if reference is not None:
            difference = (wide[reference] - wide[name]).to_numpy()
            block = block_interval(difference, areas, level=LEVEL, seed=seed)
            row |= {"difference": block.estimate, "low": block.low, "high": block.high}
        rows.append(row)
    table = pd.DataFrame(rows).sort_values("brier").reset_index(drop=True)
    table.insert(1, "rank", np.arange(1, len(table) + 1))
    return table


def _mean_where(scores: pd.DataFrame, chosen: pd.Series) -> pd.Series:
    return scores[chosen].groupby("forecaster")["crps"].mean()
