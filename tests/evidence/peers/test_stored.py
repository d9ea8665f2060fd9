import numpy as np
import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.panels import PANELS, make_panel
from amager_eval.evidence.backtest.run import run_backtest
from amager_eval.evidence.peers.of_kind import peers_of
from amager_eval.evidence.peers.series import SeriesPeer, last_value
from amager_eval.evidence.peers.stored import (
    evidence_folder,
    read_peer_scores,
    write_peer_scores,
)

PEER = SeriesPeer("seasonal_naive", last_value, "sqrt", "last value", least=1, size=200)


@pytest.fixture
def panel():
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product(
        [["NA", "Nord"], ["theft"], [str(y) for y in range(2010, 2022)]],
        names=["area", "crime_type", "period"],
    )
    frame = index.to_frame(index=False).assign(count=rng.poisson(30, len(index)))
    return make_panel("made_up", "crime", frame, origins=["2018", "2019"], horizons=[1, 2])


def test_what_was_stored_is_read_back(panel, tmp_path):
    seen = []
    write_peer_scores(
        panel,
        [PEER],
        tmp_path / "evidence",
        command="none",
        cache=tmp_path,
        progress=lambda *found: seen.append(found),
    )
    stored = read_peer_scores(panel, tmp_path / "evidence")
    fresh = run_backtest(
        panel, PEER, origins=panel.origins, block_size=14, cache=tmp_path / "again"
    ).scores
    assert seen == [("seasonal_naive", 1, 2), ("seasonal_naive", 2, 2)]
    assert stored["area"].tolist() == fresh["area"].tolist()
    assert stored["origin"].tolist() == fresh["origin"].tolist()
    assert stored["horizon"].tolist() == fresh["horizon"].tolist()
    np.testing.assert_allclose(stored["crps"], fresh["crps"], rtol=5.1e-3)
    np.testing.assert_allclose(stored["pit_low"], fresh["pit_low"], atol=5.1e-4)


def test_changed_scores_or_figures_are_refused(panel, tmp_path):
    with pytest.raises(InputError, match="no stored scores"):
        read_peer_scores(panel, tmp_path)
    write_peer_scores(panel, [PEER], tmp_path, command="none", cache=tmp_path / "cache")
    other = make_panel(
        "made_up",
        "crime",
        panel.frame.assign(count=panel.frame["count"] + 1),
        origins=["2018", "2019"],
        horizons=[1, 2],
    )
    with pytest.raises(InputError, match="belongs to other figures"):
        read_peer_scores(other, tmp_path)
    file = tmp_path / "peers_made_up_seasonal_naive.csv.gz"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(InputError, match="not as it was stored"):
        read_peer_scores(panel, tmp_path)


@pytest.mark.parametrize("name", sorted(PANELS))
def test_bundled_evidence_belongs_to_the_bundled_figures_and_every_peer(name):
    """Fails when figures, splits or the score's formula changed and the peers were not rerun."""
    panel = PANELS[name]()
    scores = read_peer_scores(panel, evidence_folder(panel))
    assert set(scores["forecaster"]) == {p.name for p in peers_of(panel.kind)}
    assert set(scores["origin"]) == set(panel.origins)
    cells = scores.groupby("forecaster").size()
    assert (cells == cells.iloc[0]).all()
    assert scores["crps"].notna().all()
    assert np.isfinite(scores["log_score"]).all()
