"""Quote the stored scores of back-tests: `amager-eval backtest PANEL --keep` makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.evidence.backtest.groups import own_by_group
from amager_eval.evidence.backtest.own import stored_comparison
from amager_eval.evidence.backtest.panels import PANELS
from amager_eval.evidence.backtest.stored import evidence_folder, read_own_record
from amager_eval.evidence.examinations.job import Found, Job

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.compare import Comparison

__all__ = ["quote_backtests"]


def quote_backtests(job: Job) -> dict[str, Found]:
    """Table every panel's comparison; `backtests` has the declared ones without scores too."""
    found: dict[str, Found] = {}
    rows: list[dict[str, object]] = []
    missed: list[dict[str, str]] = []
    for name, make in PANELS.items():
        panel = make()
        if panel.kind != job.kind:
            continue
        scored = (evidence_folder(panel) / f"own_{name}.toml").is_file()
        rows.append({"panel": name, "scored": scored})
        if not scored:
            continue
        result, record = stored_comparison(panel), read_own_record(panel)
        league = _league(result)
        rows[-1] |= {
            "rank": int(league.query("forecaster == @result.forecaster")["rank"].iloc[0]),
            "forecasters": len(league),
            "origins": len(result.origins),
            "fits": record["units"],
            "fits_past_their_gates": record["units_past_their_gates"],
            "seconds_forecasting": record["seconds_forecasting"],
        }
        missed += [
            {"panel": name, "fit": fit, "problems": problems}
            for fit, problems in record.get("missed_gates", {}).items()
        ]
        tables = {"differences": Found(result.differences), "league": Found(league)}
        found |= {f"{title}_{name}": table for title, table in (tables | _parts(result)).items()}
        found |= {f"groups_{name}{ending}": table for ending, table in _groups(result).items()}
    if missed:
        found["missed_gates"] = Found(pd.DataFrame(missed))
    return {"backtests": Found(pd.DataFrame(rows))} | found


def _league(result: Comparison) -> pd.DataFrame:
    """Put the difference to each beside it, with the interval over areas crossed with periods.

    That is the wider one.
    """
    own = result.differences.query("subset == 'all'").set_index("versus")
    columns = ("difference", "low_crossed", "high_crossed")
    beside = {c.removesuffix("_crossed"): result.league["forecaster"].map(own[c]) for c in columns}
    return result.league.assign(**beside)


def _groups(result: Comparison) -> dict[str, Found]:
    """Own rows of every type and horizon, and in how many it leads, by the ending of their name."""
    found = {}
    for origins, ending in (("all", ""), ("before_covid", "_before_covid")):
        groups = own_by_group(result.groups, result.forecaster, origins=origins)
        if len(groups):
            led = {
                "groups": len(groups),
                "first_in": int((groups["rank"] == 1).sum()),
                "first_in_by_log_score": int((groups["rank_log_score"] == 1).sum()),
            }
            found[ending] = Found(groups, led)
    return found


def _parts(result: Comparison) -> dict[str, Found]:
    coverage = result.coverage[result.coverage["forecaster"] == result.forecaster]
    tables = {
        "origins": result.origin_ranks,
        "pit": result.pit,
        "coverage": coverage.drop(columns="forecaster"),
        "events": result.events,
        "gaps": result.gaps,
    }
    return {name: Found(table) for name, table in tables.items() if table is not None}
