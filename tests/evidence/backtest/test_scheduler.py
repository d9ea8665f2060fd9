"""The same numbers on a cluster as here; needs Dask, which is an extra."""

import pandas as pd
import pytest
from tests.evidence.backtest.trial import restrict

from amager_eval.evidence.backtest.forecaster import OwnModel
from amager_eval.evidence.backtest.panels import crime_quarterly, crime_yearly
from amager_eval.evidence.backtest.run import run_backtest
from amager_eval.evidence.peers.series import SeriesPeer, last_value

distributed = pytest.importorskip("distributed")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_two_workers_give_the_numbers_of_one_process(tmp_path):
    panel = restrict(crime_quarterly(), crime_quarterly().areas[:8])
    peer = SeriesPeer("seasonal_naive", last_value, "sqrt", "last value of the season", least=1)
    here = run_backtest(panel, peer, block_size=2, cache=tmp_path / "here")
    done = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        there = run_backtest(
            panel,
            peer,
            block_size=2,
            cache=tmp_path / "there",
            scheduler=cluster.scheduler_address,
            progress=lambda n, total: done.append((n, total)),
        )
    assert done == [(n, 12) for n in range(1, 13)]
    pd.testing.assert_frame_equal(here.scores, there.scores)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_own_model_gives_the_same_numbers_on_two_workers(tmp_path, monkeypatch):
    panel = restrict(crime_yearly(), crime_yearly().areas[:8])
    own = OwnModel("crime", draws=50, chains=1)
    options = {"origins": ["2019"], "block_size": 2}
    # code just compiled and code from the compiler's cache differ in the last bit: all from cache
    run_backtest(panel, own, cache=tmp_path / "warm", **options)
    here = run_backtest(panel, own, cache=tmp_path / "here", **options)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        there = run_backtest(
            panel, own, cache=tmp_path / "there", scheduler=cluster.scheduler_address, **options
        )
    pd.testing.assert_frame_equal(here.scores, there.scores)
