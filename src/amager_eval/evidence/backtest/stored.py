"""Scores as evidence: one small compressed file a forecaster, its record beside it.

The cells of a panel follow from the panel, whose digest the record holds, so a file holds the
scores alone, one row per cell in the panel's own order.
"""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.panel import split
from amager_eval.evidence.backtest.score import SCORE_VERSION
from amager_eval.provenance import sha256_of_file, versions
from amager_eval.spec.documents import models_folder, read_document
from amager_eval.spec.model import load_model_spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amager_eval.evidence.backtest.panel import Panel
    from amager_eval.evidence.backtest.run import Backtest

__all__ = [
    "evidence_folder",
    "read_own_record",
    "read_own_scores",
    "read_record",
    "read_scores",
    "write_own_scores",
    "write_record",
    "write_scores",
]

#: Decimals kept, or significant digits where marked: a mean over thousands of cells is exact far
#: beyond them.
_SIGNIFICANT: Final = {"crps": 3, "crps_log": 3, "gap_crps": 3}
_DECIMALS: Final = {
    "log_score": 2, "pit_low": 4, "pit_high": 4, "reach_probability": 3,
    "gap_pit_low": 4, "gap_pit_high": 4,
}  # fmt: skip
_FLAGS: Final = ("fallback", "reached", "reached_at_origin", "passed")


def evidence_folder(panel: Panel) -> Path:
    """Return the folder of `models/` that the panel's evidence is kept in."""
    return models_folder() / f"{panel.kind}_trend" / "evidence"


@lru_cache(maxsize=4)  # the same of every forecaster
def _cells(panel: Panel, origins: tuple[str | int, ...]) -> pd.DataFrame:
    """List every scored cell of the origins, in the panel's order."""
    units = split(panel, origins=origins)
    tables = [unit.task.targets.assign(origin=unit.task.origin) for unit in units]
    cells = pd.concat(tables, ignore_index=True)
    return cells.assign(period=cells["period"].astype(str), origin=cells["origin"].astype(str))


def write_scores(result: Backtest, panel: Panel, path: Path) -> dict[str, object]:
    """Write one forecaster's scores, `.csv.gz`, rounded and in the panel's order.

    Every cell of the scores' origins must have one; the same scores give the same bytes. Returns
    how an entry of the record begins.
    """
    scores = result.scores
    cell = [*panel.keys, "origin", "period"]
    scored = set(scores["origin"])
    origins = tuple(o for o in panel.origins if o in scored)
    cells = _cells(panel, origins)
    found = scores.astype({"origin": str, "period": str}).set_index(cell)
    ordered = found.reindex(pd.MultiIndex.from_frame(cells[cell]))
    if len(found) != len(cells) or ordered["crps"].isna().any():
        raise InputError(f"{panel.name}: {len(found)} scores for {len(cells)} cells.")
    columns = {}
    for name in (n for n in (*_SIGNIFICANT, *_DECIMALS, *_FLAGS) if n in ordered):
        values = ordered[name].astype(float)
        if name in _SIGNIFICANT:
            digits = _SIGNIFICANT[name]
            columns[name] = [float(f"{v:.{digits}g}") for v in values]
        else:
            columns[name] = list(np.round(values, _DECIMALS.get(name, 0)))
    text = pd.DataFrame(columns).to_csv(index=False, float_format="%g")
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return {
        "name": result.forecaster,
        "file": path.name,
        "sha256": sha256_of_file(path),
        "origins": list(origins),
    }


def read_scores(panel: Panel, path: Path, entry: dict[str, Any]) -> pd.DataFrame:
    """Read what :func:`write_scores` wrote, the cells put back.

    Returns columns as :func:`~amager_eval.evidence.backtest.run.run_backtest` scores them.
    """
    if not path.is_file() or sha256_of_file(path) != entry["sha256"]:
        raise InputError(f"{path.name} is missing or not as it was stored; compute it again.")
    scores = pd.read_csv(io.BytesIO(gzip.decompress(path.read_bytes())))
    cells = _cells(panel, tuple(entry["origins"]))
    if len(cells) != len(scores):
        raise InputError(f"{path.name} holds {len(scores)} scores for {len(cells)} cells.")
    if panel.kind == "safety":
        cells = cells.astype({"period": int, "origin": int})
    return pd.concat([cells, scores], axis=1).assign(forecaster=entry["name"])


def write_own_scores(panel: Panel, result: Backtest, folder: Path, *, command: str) -> Path:
    """Store the own model's scores with the digest of the spec they belong to.

    Writes `own_<panel>.csv.gz` and returns the record `own_<panel>.toml`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spec = load_model_spec(f"{panel.kind}_trend")
    passed = result.units["passed"].astype(str) == "True"
    missed = result.units[result.units["passed"].astype(str) == "False"]
    entry = write_scores(result, panel, folder / f"own_{panel.name}.csv.gz") | {
        "spec": spec.name,
        "spec_version": spec.version,
        "spec_digest": spec.digest,
        "cells": len(result.scores),
        "units": len(result.units),
        "units_past_their_gates": int(passed.sum()),
        "missed_gates": dict(zip(missed["unit"], missed["problems"], strict=True)),
        "seconds_forecasting": round(float(result.units["seconds"].sum()), 1),
    }
    record = folder / f"own_{panel.name}.toml"
    write_record(record, panel, "The package's own model.", "own", [entry], command=command)
    return record


def read_own_scores(panel: Panel, folder: Path | None = None) -> pd.DataFrame:
    """Read the stored scores of the package's own model.

    Returns columns as :func:`~amager_eval.evidence.backtest.run.run_backtest` scores them.
    """
    folder = evidence_folder(panel) if folder is None else folder
    entry = read_own_record(panel, folder)
    if entry["spec_digest"] != load_model_spec(f"{panel.kind}_trend", draft=True).digest:
        raise InputError(
            f"the stored scores belong to version {entry['spec_version']} of {entry['spec']}; "
            f"run amager-eval backtest {panel.name} again."
        )
    return read_scores(panel, folder / entry["file"], entry)


def read_own_record(panel: Panel, folder: Path | None = None) -> dict[str, Any]:
    """Read what is recorded of the own model's stored scores: spec, fits, gates, seconds."""
    folder = evidence_folder(panel) if folder is None else folder
    document = read_record(panel, folder / f"own_{panel.name}.toml", "amager-eval backtest")
    (entry,) = document["own"]
    found: dict[str, Any] = entry
    return found


def read_record(panel: Panel, path: Path, command: str) -> dict[str, Any]:
    """Read a record of scores and hold it against the panel."""
    if not path.is_file():
        raise InputError(
            f"no stored scores for {panel.name}: {path.name} is not in {path.parent.name}/; "
            f"compute them with {command} {panel.name}, or work in a checkout of the repository: "
            "an installed package carries no scores"
        )
    document, _ = read_document(path)
    found = (document["panel_digest"], document["score_version"], document["horizons"])
    if found != (panel.digest, SCORE_VERSION, list(panel.horizons)):
        raise InputError(
            f"{path.name} belongs to other figures or scores; "
            f"compute it again with {command} {panel.name}"
        )
    return document


def write_record(
    path: Path,
    panel: Panel,
    title: str,
    name: str,
    entries: Sequence[Mapping[str, object]],
    *,
    command: str,
    **more: object,
) -> None:
    """Write a record: which figures, splits, score and command, and a table an entry."""
    values: dict[str, object] = {
        "panel": panel.name,
        "panel_digest": panel.digest,
        "score_version": SCORE_VERSION,
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "development_origins": list(panel.development),
        "final_origins": list(panel.final),
        "horizons": list(panel.horizons),
        "python": versions()["python"],
        **more,
    }
    lines = [f"# {title} One file each, one row per cell of the panel, no draws."]
    lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in values.items()]
    for entry in entries:
        lines += ["", f"[[{name}]]"]
        for key, value in entry.items():
            said = json.dumps(value, ensure_ascii=False)
            if isinstance(value, dict):
                inner = (f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())
                said = f"{{ {', '.join(inner)} }}"
            lines.append(f"{key} = {said}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
