"""What is stored of the own model's scores, and when it is refused."""

import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.panels import PANELS, make_panel
from amager_eval.evidence.backtest.run import run_backtest
from amager_eval.evidence.backtest.stored import (
    read_own_record,
    read_own_scores,
    write_own_scores,
    write_scores,
)
from amager_eval.evidence.peers.series import SeriesPeer, last_value

#: Quick, and named as the own model: what is stored does not depend on who forecast.
STAND_IN = SeriesPeer("amager_eval", last_value, "sqrt", "last value", least=1, size=200)


@pytest.fixture
def panel():
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product(
        [["NA", "Nord", "Syd"], ["theft"], [str(y) for y in range(2010, 2022)]],
        names=["area", "crime_type", "period"],
    )
    frame = index.to_frame(index=False).assign(count=rng.poisson(30, len(index)))
    return make_panel("made_up", "crime", frame, origins=["2018", "2019"], horizons=[1, 2])


def test_scores_come_back_with_their_cells_whatever_order_they_were_in(panel, tmp_path):
    result = run_backtest(panel, STAND_IN, origins=["2018"], block_size=2, cache=tmp_path)
    record = write_own_scores(panel, result, tmp_path, command="none")
    stored = read_own_scores(panel, tmp_path)
    keys = ["area", "crime_type", "origin", "period", "horizon"]
    both = stored.merge(result.scores, on=keys, suffixes=("", "_fresh"))
    assert len(both) == len(stored) == len(result.scores) == 6
    np.testing.assert_allclose(both["crps"], both["crps_fresh"], rtol=5.1e-3)
    np.testing.assert_allclose(both["log_score"], both["log_score_fresh"], atol=5.1e-3)
    entry = tomllib.loads(record.read_text())["own"][0]
    assert entry["origins"] == ["2018"]
    shuffled = replace(result, scores=result.scores.sample(frac=1, random_state=1))
    write_scores(shuffled, panel, tmp_path / "again.csv.gz")
    assert (tmp_path / "again.csv.gz").read_bytes() == (tmp_path / entry["file"]).read_bytes()


def test_a_fit_that_missed_its_gates_is_named_and_its_cells_are_marked(panel, tmp_path):
    result = run_backtest(panel, STAND_IN, origins=["2018"], block_size=2, cache=tmp_path)
    units = result.units.assign(passed=[True, False], problems=["", "R-hat 1.2 of drift"])
    scores = result.scores.assign(passed=(result.scores["area"] != "Syd").astype(int))
    made = replace(result, scores=scores, units=units)
    record = write_own_scores(panel, made, tmp_path, command="none")
    entry = tomllib.loads(record.read_text())["own"][0]
    assert entry["units_past_their_gates"] == 1
    assert entry["missed_gates"] == {"2018_2_001": "R-hat 1.2 of drift"}
    stored = read_own_scores(panel, tmp_path)
    assert set(stored.loc[stored["passed"] == 0, "area"]) == {"Syd"}
    assert (stored["passed"] == 0).sum() == 2


def test_scores_of_another_spec_are_refused(panel, tmp_path):
    result = run_backtest(panel, STAND_IN, origins=["2018"], cache=tmp_path)
    record = write_own_scores(panel, result, tmp_path, command="none")
    entry = tomllib.loads(record.read_text())["own"][0]
    record.write_text(record.read_text().replace(entry["spec_digest"], "0" * 64))
    with pytest.raises(InputError, match="belong to version"):
        read_own_scores(panel, tmp_path)


def test_a_cell_without_a_score_is_refused(panel, tmp_path):
    result = run_backtest(panel, STAND_IN, origins=["2018"], cache=tmp_path)
    with pytest.raises(InputError, match="5 scores for 6 cells"):
        write_scores(replace(result, scores=result.scores.iloc[1:]), panel, tmp_path / "a.csv.gz")


@pytest.mark.parametrize("name", ["crime_quarterly", "crime_yearly"])
def test_bundled_own_scores_belong_to_the_declared_model_and_every_origin(name):
    """Fails when the spec changed and `amager-eval backtest NAME --final --keep` was not run."""
    panel = PANELS[name]()
    scores = read_own_scores(panel)
    assert set(scores["origin"]) == set(panel.origins)
    assert np.isfinite(scores[["crps", "log_score"]].to_numpy()).all()
    assert (scores["pit_low"] < scores["pit_high"]).all()
    record = read_own_record(panel)
    assert len(record["missed_gates"]) == record["units"] - record["units_past_their_gates"]
    assert set(scores["passed"]) <= {0, 1}
