"""Compute peers' scores: `python -m amager_eval.evidence.peers.run PANEL ...` (benchmark group)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from amager_eval.evidence.backtest.panels import PANELS
from amager_eval.evidence.peers.of_kind import peers_of
from amager_eval.evidence.peers.stored import evidence_folder, write_peer_scores

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Read the panels' names and a folder, and write the scores there."""
    parser = argparse.ArgumentParser(description="Compute and store the peers' back-test scores.")
    parser.add_argument("panel", nargs="+", choices=sorted(PANELS))
    parser.add_argument("--out", type=Path, help="default models/<model>/evidence")
    chosen = parser.parse_args(arguments)
    for name in chosen.panel:
        panel = PANELS[name]()
        write_peer_scores(
            panel,
            peers_of(panel.kind),
            chosen.out or evidence_folder(panel),
            command=f"python -m amager_eval.evidence.peers.run {name}",
            progress=_report,
        )


def _report(peer: str, done: int, total: int) -> None:
    sys.stderr.write(f"{peer}: {done} of {total}\n")


if __name__ == "__main__":
    main()
