"""Peers' scores as evidence: computed once, stored per cell with versions, date and run time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from amager_eval.errors import InputError
from amager_eval.provenance import sha256_of_file
from amager_eval.spec.documents import models_folder, read_document
from amager_eval.trends.backtest_run import run_backtest
from amager_eval.trends.backtest_score import SCORE_VERSION

if TYPE_CHECKING:
    from amager_eval.trends.backtest_panel import Panel
    from amager_eval.trends.backtest_run import Backtest
    from amager_eval.trends.peers import Peer

__all__ = ["evidence_folder", "read_peer_scores", "write_peer_scores"]

#: Significant digits kept; a mean over thousands of cells is exact far beyond them.
_DIGITS: Final = {
    "crps": 4,
    "crps_log": 4,
    "log_score": 4,
    "pit_low": 4,
    "pit_high": 4,
    "reach_probability": 4,
}
#: Blocks a run can be stopped and continued between, where areas stand alone.
_BLOCK_SIZE: Final = 14


def evidence_folder(panel: Panel) -> Path:
    """Return the folder of `models/` that the panel's evidence is kept in."""
    return models_folder() / f"{panel.kind}_trend" / "evidence"


def write_peer_scores(
    panel: Panel,
    peers: Sequence[Peer],
    folder: Path,
    *,
    command: str,
    seed: int = 1,
    cache: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Compute the peers' scores at every origin and store them; a stopped run continues.

    Parameters
    ----------
    panel : Panel
        Figures and splits.
    peers : sequence of forecaster
        From :func:`~amager_eval.trends.peers.peers_of`.
    folder : Path
        Where `peers_<panel>_<peer>.csv` and `peers_<panel>.toml` are written.
    command : str
        The command that made them, for the record.
    seed : int
        Seed of the run.
    cache : Path or None
        See :func:`~amager_eval.trends.backtest_run.run_backtest`.
    progress : callable or None
        Called with (peer, units done, units in all).

    Notes
    -----
    No choice is left in a peer, so the final origins are scored along with the others. Run time
    is wall-clock time inside the peers, without scoring; it depends on what else the machine did.
    """
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for peer in peers:
        result = run_backtest(
            panel,
            peer,
            origins=panel.origins,
            block_size=None if panel.whole else _BLOCK_SIZE,
            seed=seed,
            cache=cache,
            progress=_named(progress, peer.name),
        )
        path = folder / f"peers_{panel.name}_{peer.name}.csv"
        _rounded(result.scores).to_csv(path, index=False)
        records.append(_record(peer, result, path))
        text = _header(panel, command, seed) + "".join(_table(r) for r in records)
        (folder / f"peers_{panel.name}.toml").write_text(text, encoding="utf-8")


def read_peer_scores(panel: Panel, folder: Path | None = None) -> pd.DataFrame:
    """Read the stored scores of a panel's peers, under each other.

    Parameters
    ----------
    panel : Panel
        The panel they must belong to.
    folder : Path or None
        Default the model's folder `evidence`.

    Returns
    -------
    DataFrame
        Columns as :func:`~amager_eval.trends.backtest_run.run_backtest` scores them.

    Raises
    ------
    InputError
        The scores are missing, changed, of other figures or of another score formula.
    """
    folder = evidence_folder(panel) if folder is None else folder
    record = folder / f"peers_{panel.name}.toml"
    if not record.is_file():
        raise InputError(
            f"no stored peer scores for {panel.name}: {record.name} is not in {folder.name}/; "
            f"compute them with python -m amager_eval.trends.peers_run {panel.name}"
        )
    document, _ = read_document(record)
    found = (document["panel_digest"], document["score_version"])
    if found != (panel.digest, SCORE_VERSION):
        raise InputError(
            f"{record.name} belongs to other figures or scores; "
            f"compute it again with python -m amager_eval.trends.peers_run {panel.name}"
        )
    return pd.concat(
        [_read(folder / peer["file"], peer, panel) for peer in document["peer"]],
        ignore_index=True,
    )


def _read(path: Path, peer: dict[str, Any], panel: Panel) -> pd.DataFrame:
    if not path.is_file() or sha256_of_file(path) != peer["sha256"]:
        raise InputError(f"{path.name} is missing or not as it was stored; compute it again.")
    text: dict[str, type] = {"area": str, "crime_type": str}
    if panel.kind == "crime":
        text |= {"origin": str, "period": str}
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])


def _rounded(scores: pd.DataFrame) -> pd.DataFrame:
    result = scores.assign(fallback=scores["fallback"].astype(int))
    for column, digits in _DIGITS.items():
        if column in result:
            result[column] = [float(f"{v:.{digits}g}") for v in result[column]]
    return result.drop(columns=["problems"], errors="ignore")


def _named(
    progress: Callable[[str, int, int], None] | None, name: str
) -> Callable[[int, int, str], None] | None:
    if progress is None:
        return None
    return lambda done, total, _: progress(name, done, total)


def _record(peer: Peer, result: Backtest, path: Path) -> dict[str, Any]:
    problems = sorted({str(p) for p in result.units["problems"].dropna()})
    return {
        "name": peer.name,
        "file": path.name,
        "sha256": sha256_of_file(path),
        "scale": peer.scale,
        "method": peer.method,
        "versions": {p: version(p) for p in peer.packages},
        "seconds_forecasting": round(float(result.units["seconds"].sum()), 1),
        "cells": len(result.scores),
        "cells_by_fallback": int(result.scores["fallback"].sum()),
        "reasons_for_fallback": problems[:10],
    }


def _header(panel: Panel, command: str, seed: int) -> str:
    from amager_eval.provenance import versions

    values = {
        "panel": panel.name,
        "panel_digest": panel.digest,
        "score_version": SCORE_VERSION,
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "seed": seed,
        "development_origins": list(panel.development),
        "final_origins": list(panel.final),
        "horizons": list(panel.horizons),
        "python": versions()["python"],
    }
    lines = ["# Peers' scores, computed once. One CSV per peer, one row per cell, no draws."]
    lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in values.items()]
    return "\n".join(lines) + "\n"


def _table(record: dict[str, Any]) -> str:
    lines = ["", "[[peer]]"]
    for key, value in record.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())
            lines.append(f"{key} = {{ {inner} }}")
        else:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
