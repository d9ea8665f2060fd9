import numpy as np
import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.panel import split
from amager_eval.evidence.backtest.panels import (
    PANELS,
    copenhagen,
    crime_quarterly,
    crime_yearly,
    envipe,
    make_panel,
)


@pytest.fixture(scope="module")
def quarterly():
    return crime_quarterly()


def test_municipal_panel_is_as_declared(quarterly):
    units = list(split(quarterly, origins=quarterly.origins))
    assert [u.task.origin for u in units] == ["2018K4", "2021K4", "2022K4", "2023K4"]
    assert all(len(u.task.targets) == 98 * 7 * 8 for u in units)
    assert "TOT" not in set(quarterly.frame["crime_type"])
    assert not {"000", "998", "411"} & set(quarterly.areas)


def test_yearly_panel_holds_no_sum_of_others():
    panel = crime_yearly()
    units = list(split(panel, origins=panel.origins))
    assert [len(u.task.targets) for u in units] == [98 * 10 * h for h in (3, 3, 3, 2)]
    assert not {"TOT", "13"} & set(panel.frame["crime_type"])


def test_every_safety_origin_has_at_least_six_waves():
    for panel in (envipe(), copenhagen()):
        for unit in split(panel, origins=panel.origins):
            assert unit.task.training["wave"].nunique() >= 6
        assert max(panel.development) < min(panel.final)


@pytest.mark.parametrize("name", sorted(PANELS))
def test_a_task_holds_nothing_after_its_origin(name):
    panel = PANELS[name]()
    for unit in split(panel, origins=panel.origins):
        task = unit.task
        year = int(str(task.origin)[:4])
        assert task.training[panel.time].astype(str).max() <= str(task.origin)
        assert task.targets["period"].astype(str).min() > str(task.origin)
        assert not {"percent", "count", "observed"} & set(task.targets.columns)
        if task.population is not None:
            # 1 January after the origin is published together with the origin's last counts
            assert task.population["period"].astype(int).max() == year + 1


def test_targets_meet_their_outcomes(quarterly):
    unit = next(split(quarterly))
    frame = quarterly.frame.set_index(["area", "crime_type", "period"])["count"]
    index = pd.MultiIndex.from_frame(unit.task.targets[["area", "crime_type", "period"]])
    np.testing.assert_array_equal(frame.loc[index].to_numpy(), unit.observed)


def test_default_origins_leave_the_final_ones_alone(quarterly):
    assert "2023K4" not in {u.task.origin for u in split(quarterly)}
    assert quarterly.role("2023K4") == "final"
    with pytest.raises(InputError, match=r"no such origin.*2017K4.*2018K4"):
        next(split(quarterly, origins=["2017K4"]))


def test_blocks_part_the_areas_and_keep_every_cell(quarterly):
    units = list(split(quarterly, origins=["2021K4"], block_size=14))
    areas = [set(u.task.targets["area"]) for u in units]
    assert len(units) == 7
    assert set.union(*areas) == set(quarterly.areas)
    assert sum(len(a) for a in areas) == 98
    assert len({u.task.seed for u in units}) == 7
    with pytest.raises(InputError, match="belong in one block"):
        next(split(envipe(), block_size=4))


def test_copenhagen_scores_only_figures_with_a_past_and_no_bounds():
    panel = copenhagen()
    for unit in split(panel, origins=panel.origins):
        keys = ["area", "setting", "response"]
        exact = unit.task.training[unit.task.training["comparator"] == "="]
        known = set(map(tuple, exact[keys].to_numpy()))
        assert set(map(tuple, unit.task.targets[keys].to_numpy())) <= known
        assert np.isfinite(unit.observed).all()


def test_other_panels_hold_back_their_last_origin_and_skip_gaps():
    frame = pd.DataFrame(
        {
            "area": "Nord",
            "wave": [2010, 2011, 2014, 2015, 2017],
            "setting": "night",
            "response": "safe",
            "percent": [70.0, 71, 72, 73, 74],
        }
    )
    panel = make_panel("nord", "safety", frame, origins=[2014, 2011], horizons=[1, 2, 3])
    assert panel.development == (2011,)
    assert panel.final == (2014,)
    (unit,) = split(panel, origins=[2014])
    assert unit.task.targets["period"].tolist() == [2015, 2017]
    assert unit.task.targets["horizon"].tolist() == [1, 3]
    np.testing.assert_allclose(unit.width, 0.01)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="setting"):
        make_panel("x", "safety", pd.DataFrame({"area": []}), origins=[1], horizons=[1])


def test_digest_changes_with_a_single_figure(quarterly):
    frame = quarterly.frame.copy()
    frame.loc[0, "count"] += 1
    changed = make_panel("x", "crime", frame, origins=["2018K4", "2021K4"], horizons=[1])
    same = make_panel("x", "crime", quarterly.frame, origins=["2018K4", "2021K4"], horizons=[1])
    assert changed.digest != same.digest
