"""Back-test the package's own model and hold it against the peers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.evidence.backtest.compare import Comparison, compare
from amager_eval.evidence.backtest.forecaster import OwnModel
from amager_eval.evidence.backtest.panels import PANELS
from amager_eval.evidence.backtest.run import Backtest, run_backtest
from amager_eval.evidence.backtest.stored import read_own_scores
from amager_eval.evidence.peers.of_kind import peers_of
from amager_eval.evidence.peers.stored import read_peer_scores
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.options import crime_options

if TYPE_CHECKING:
    from amager_eval.evidence.backtest.forecaster import Forecaster
    from amager_eval.evidence.backtest.panel import Panel
    from amager_eval.evidence.peers.of_kind import Peer

__all__ = ["absent_peers", "backtest_own", "stored_comparison"]

#: Called with (forecaster, units done, units in all).
type NamedProgress = Callable[[str, int, int], None]


def absent_peers(panel: Panel) -> tuple[str, ...]:
    """Name the peers that a comparison on this panel lacks: a package of theirs is not installed.

    None of a declared panel: its peers' scores are stored.
    """
    if panel.name in PANELS:
        return ()
    return tuple(p.name for p in peers_of(panel.kind) if not _installed(p))


def backtest_own(
    panel: Panel,
    *,
    final: bool = False,
    scheduler: str | None = None,
    spec: Path | None = None,
    draws: int | None = None,
    seed: int = 1,
    cache: Path | None = None,
    progress: NamedProgress | None = None,
) -> tuple[Backtest, Comparison]:
    """Score the own model on a panel and compare it with the peers on the same cells.

    `final` scores the origins held back too; `spec` is another document of the model, before it is
    registered; `draws` are per chain, for a trial. A stopped run continues.

    The comparison is against stored peers; of a panel that is not declared against those whose
    packages are installed, computed now. :func:`absent_peers` names the others.
    """

    def run(forecaster: Forecaster, block_size: int | None = None) -> Backtest:
        return run_backtest(
            panel,
            forecaster,
            origins=panel.origins if final else panel.development,
            block_size=block_size,
            seed=seed,
            cache=cache,
            progress=None if progress is None else partial(progress, forecaster.name),
            scheduler=scheduler,
        )

    result = run(OwnModel(panel.kind, spec=spec, draws=draws), _block_size(panel, spec))
    if panel.name in PANELS:
        peers = read_peer_scores(panel)
    else:
        found = [run(p).scores for p in peers_of(panel.kind) if _installed(p)]
        peers = pd.concat(found, ignore_index=True)
    return result, compare(panel, result, peers, seed=seed)


def stored_comparison(panel: Panel) -> Comparison:
    """Compare the own model's stored scores with the stored peers'."""
    scores = read_own_scores(panel)
    name = str(scores["forecaster"].iloc[0])
    units = pd.DataFrame(columns=["unit", "seconds", "passed", "problems"])
    return compare(panel, Backtest(panel.name, name, scores, units), read_peer_scores(panel))


def _installed(peer: Peer) -> bool:
    return all(find_spec(name) for name in peer.packages)


def _block_size(panel: Panel, spec: Path | None) -> int | None:
    """Areas a unit: as declared where areas stand beside one another, else all of them."""
    if panel.kind == "safety" or panel.whole is not None:
        return None
    return crime_options(load_model_spec(spec or "crime_trend")).backtest.block_size
