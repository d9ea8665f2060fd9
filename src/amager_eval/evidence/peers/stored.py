"""Peers' scores as evidence: computed once, stored per cell with versions, date and run time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.evidence.backtest.run import run_backtest
from amager_eval.evidence.backtest.stored import (
    evidence_folder,
    read_record,
    read_scores,
    write_record,
    write_scores,
)

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
            progress=None if progress is None else partial(progress, peer.name),
        )
        entry = write_scores(result, panel, folder / f"peers_{panel.name}_{peer.name}.csv.gz")
        records.append(entry | _record(peer, result))
        write_record(  # after every peer: a stopped run has a record of those it stored
            folder / f"peers_{panel.name}.toml", panel, "Peers' scores, computed once.", "peer",
            records, command=command, seed=seed,
        )  # fmt: skip


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


def _record(peer: Peer, result: Backtest) -> dict[str, object]:
    problems = sorted({str(p) for p in result.units["problems"].dropna()})
    return {
        "scale": peer.scale,
        "method": peer.method,
        "versions": {p: version(p) for p in peer.packages},
        "seconds_forecasting": round(float(result.units["seconds"].sum()), 1),
        "cells": len(result.scores),
        "cells_by_fallback": int(result.scores["fallback"].sum()),
        "reasons_for_fallback": problems[:10],
    }
