"""Peers' scores as evidence: computed once, stored per cell with versions, date and run time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.evidence.backtest.run import run_backtest
from amager_eval.evidence.backtest.stored import (
    evidence_folder,
    read_record,
    read_scores,
    record_header,
    record_table,
    write_scores,
)
from amager_eval.provenance import sha256_of_file

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.panel import Panel
    from amager_eval.evidence.backtest.run import Backtest
    from amager_eval.evidence.peers.of_kind import Peer

__all__ = ["evidence_folder", "read_peer_scores", "write_peer_scores"]

#: Blocks a run can be stopped and continued between, where areas stand alone.
_BLOCK_SIZE: Final = 14
_COMMAND: Final = "python -m amager_eval.evidence.peers.run"


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

    Writes `peers_<panel>_<peer>.csv.gz` and `peers_<panel>.toml`.

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
        path = folder / f"peers_{panel.name}_{peer.name}.csv.gz"
        write_scores(result.scores, panel, path)
        records.append(_record(peer, result, panel, path))
        text = record_header(panel, command, "Peers' scores, computed once.", seed=seed)
        text += "".join(record_table("peer", r) for r in records)
        (folder / f"peers_{panel.name}.toml").write_text(text, encoding="utf-8")


def read_peer_scores(panel: Panel, folder: Path | None = None) -> pd.DataFrame:
    """Read the stored scores of a panel's peers, under each other.

    Returns columns as :func:`~amager_eval.evidence.backtest.run.run_backtest` scores them.
    """
    folder = evidence_folder(panel) if folder is None else folder
    document = read_record(panel, folder / f"peers_{panel.name}.toml", _COMMAND)
    return pd.concat(
        [read_scores(panel, folder / peer["file"], peer) for peer in document["peer"]],
        ignore_index=True,
    )


def _named(
    progress: Callable[[str, int, int], None] | None, name: str
) -> Callable[[int, int, str], None] | None:
    if progress is None:
        return None
    return lambda done, total, _: progress(name, done, total)


def _record(peer: Peer, result: Backtest, panel: Panel, path: Path) -> dict[str, object]:
    problems = sorted({str(p) for p in result.units["problems"].dropna()})
    return {
        "name": peer.name,
        "file": path.name,
        "sha256": sha256_of_file(path),
        "origins": list(panel.origins),
        "scale": peer.scale,
        "method": peer.method,
        "versions": {p: version(p) for p in peer.packages},
        "seconds_forecasting": round(float(result.units["seconds"].sum()), 1),
        "cells": len(result.scores),
        "cells_by_fallback": int(result.scores["fallback"].sum()),
        "reasons_for_fallback": problems[:10],
    }
