"""The back-test figure shows every peer, and better to the left."""

import pandas as pd
import pytest

from amager_eval.figures.backtest import BacktestView, plot_backtest
from amager_eval.wording.sentences import load_wording

ROWS = [
    ("all", "prophet", -2.0, -3.0, -1.0, 0.8),
    ("all", "auto_ets", 0.5, -0.5, 1.5, 1.05),
    ("small", "prophet", -0.4, -0.6, -0.2, 0.9),
    ("small", "auto_ets", -0.1, -0.3, 0.1, 0.98),
    ("since", "prophet", -9.0, -9.0, -9.0, 0.1),
]


@pytest.mark.parametrize("lang", ["da", "en"])
def test_every_peer_has_a_point_for_all_and_for_small_areas(lang):
    columns = ["subset", "versus", "difference", "low_crossed", "high_crossed", "ratio"]
    view = BacktestView(pd.DataFrame(ROWS, columns=columns), "crime_yearly", load_wording(lang))
    ax = plot_backtest(view)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["auto ets", "prophet"]
    _, everything, small = ax.lines
    assert everything.get_xdata() == pytest.approx([5.0, -20.0])
    assert small.get_xdata() == pytest.approx([-2.0, -10.0])
    segments = ax.collections[0].get_segments()
    assert segments[1][:, 0] == pytest.approx([-30.0, -10.0])  # as the difference, in percent
    assert len(ax.get_legend().get_texts()) == 2
    assert "crime_yearly" in ax.get_title(loc="left")
