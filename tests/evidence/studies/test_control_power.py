"""The control chart on made-up series: few ordinary ones signal, and changes are seen."""

import numpy as np
import pytest

from amager_eval.evidence.studies import control_power
from amager_eval.evidence.studies.control_power import ChartCase, signalled, simulate_power

ORDINARY = [
    ChartCase(4, 3, 400),
    ChartCase(4, 8, 30, 0.2),
    ChartCase(12, 3, 30),
    ChartCase(1, 8, 400),
]


@pytest.mark.parametrize("case", ORDINARY)
def test_at_most_about_five_in_a_hundred_ordinary_series_signal_in_a_year(case):
    shares = signalled(case, series=400, seed=6)
    assert shares.max() < 0.08  # .05 and two standard errors of 400 series and four years
    assert shares.max() > 0  # a chart that never signals has no power either


@pytest.mark.parametrize(
    ("case", "least"),
    [
        (ChartCase(4, 3, 400, change=0.7), 0.45),  # 0.25 with a limit alone
        (ChartCase(4, 8, 400, change=0.7), 0.75),
        (ChartCase(4, 3, 400, change=0.5), 0.9),
        (ChartCase(4, 8, 30, change=0.5), 0.65),
        (ChartCase(1, 8, 400, change=0.7), 0.4),
    ],
)
def test_changes_are_seen_in_their_first_year(case, least):
    assert signalled(case, series=200, seed=6)[0] > least


def test_a_made_up_series_is_what_it_says():
    case = ChartCase(12, 3, 500, cv=0.05, change=0.5)
    periods, count = case.draw(np.random.default_rng(1))
    assert (periods[0], periods[-1]) == ("2000M01", "2006M12")
    assert count[:36].mean() == pytest.approx(500, rel=0.05)
    assert count[36:].mean() == pytest.approx(250, rel=0.05)
    assert ChartCase(1, 5, 6).draw(np.random.default_rng(1))[0][-1] == "2008"


def test_the_table_is_what_a_reader_can_print(capsys, monkeypatch):
    table = simulate_power((ORDINARY[0],), series=20)
    assert list(table.columns[-4:]) == ["year_1", "year_2", "year_3", "year_4"]
    monkeypatch.setattr(control_power, "simulate_power", lambda: table)
    control_power.main()
    assert "Synthetic series" in capsys.readouterr().out
