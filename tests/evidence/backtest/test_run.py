"""The harness, with forecasters whose right answer is known."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.forecaster import Predicted
from amager_eval.evidence.backtest.panel import Panel
from amager_eval.evidence.backtest.panels import make_panel
from amager_eval.evidence.backtest.run import run_backtest

MEAN = 12.0


@pytest.fixture
def poisson_panel() -> Panel:
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product(
        [
            [f"area {i:02d}" for i in range(40)],
            ["theft", "violence"],
            [f"{y}K{k}" for y in range(2018, 2023) for k in range(1, 5)],
        ],
        names=["area", "crime_type", "period"],
    )
    frame = index.to_frame(index=False).assign(count=rng.poisson(MEAN, len(index)))
    return make_panel(
        "made_up", "crime", frame, origins=["2019K4", "2020K4", "2021K4"], horizons=[1, 2, 3, 4]
    )


@dataclass
class Knows:
    """Knows the law the counts come from (or believes in another)."""

    name: str = "knows"
    mean: float = MEAN
    calls: int = 0

    @property
    def identity(self):
        return f"{self.name} {self.mean}"

    def __call__(self, task):
        self.calls += 1
        rng = np.random.default_rng(task.seed)
        return Predicted(rng.poisson(self.mean, (400, len(task.targets))).astype(float))


def test_the_right_law_is_calibrated_and_beats_a_wrong_one(poisson_panel, tmp_path):
    right = run_backtest(poisson_panel, Knows(), cache=tmp_path).scores
    wrong = run_backtest(poisson_panel, Knows("wrong", mean=16.0), cache=tmp_path).scores
    assert len(right) == 2 * 40 * 2 * 4
    assert right["crps"].mean() < wrong["crps"].mean() - 0.5
    assert right["log_score"].mean() < wrong["log_score"].mean() - 0.3
    inside = (right["pit_low"] + right["pit_high"]) / 2
    assert inside.between(0.1, 0.9).mean() == pytest.approx(0.8, abs=0.06)


def test_a_stopped_run_continues_where_it_was(poisson_panel, tmp_path):
    class Breaks(Knows):
        def __call__(self, task):
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().__call__(task)

    broken = Breaks()
    with pytest.raises(KeyboardInterrupt):
        run_backtest(poisson_panel, broken, block_size=10, cache=tmp_path)
    seen = []
    second = Knows()
    result = run_backtest(
        poisson_panel,
        second,
        block_size=10,
        cache=tmp_path,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert second.calls == 8 - 3
    assert [s[:2] for s in seen] == [(n, 8) for n in range(4, 9)]
    whole = run_backtest(poisson_panel, Knows(), block_size=10, cache=tmp_path / "fresh")
    pd.testing.assert_frame_equal(result.scores, whole.scores)
    third = Knows()
    run_backtest(poisson_panel, third, block_size=10, cache=tmp_path)
    assert third.calls == 0


def test_another_seed_or_forecaster_does_not_take_cached_scores(poisson_panel, tmp_path):
    run_backtest(poisson_panel, Knows(), cache=tmp_path)
    for other, seed in ((Knows(), 2), (Knows(mean=13.0), 1)):
        run_backtest(poisson_panel, other, seed=seed, cache=tmp_path)
        assert other.calls == 2


def test_other_horizons_do_not_take_cached_scores(poisson_panel, tmp_path):
    run_backtest(poisson_panel, Knows(), cache=tmp_path)
    shorter = replace(poisson_panel, horizons=(1, 2))
    result = run_backtest(shorter, Knows(), cache=tmp_path)
    assert set(result.scores["horizon"]) == {1, 2}


def test_wrong_draws_are_refused(poisson_panel, tmp_path):
    class Short(Knows):
        def __call__(self, task):
            return Predicted(np.zeros((400, 3)))

    class Broken(Knows):
        def __call__(self, task):
            return Predicted(np.full((400, len(task.targets)), np.nan))

    with pytest.raises(InputError, match=r"shape \(400, 3\) for 320 cells"):
        run_backtest(poisson_panel, Short(name="short"), cache=tmp_path)
    with pytest.raises(InputError, match="not finite in 320 cells"):
        run_backtest(poisson_panel, Broken(name="broken"), cache=tmp_path)


def test_gates_are_kept_with_the_unit(poisson_panel, tmp_path):
    class Fails(Knows):
        def __call__(self, task):
            draws = super().__call__(task).draws
            return Predicted(draws, passed=False, problems="R-hat 1.2 of drift exceeds 1.01")

    result = run_backtest(poisson_panel, Fails(name="fails"), cache=tmp_path)
    assert result.units["passed"].astype(str).tolist() == ["False", "False"]
    assert result.units["problems"].str.contains("R-hat").all()
    assert (result.scores["passed"] == 0).all()
    without = run_backtest(poisson_panel, Knows(), cache=tmp_path)
    assert "passed" not in without.scores


def test_a_scheduler_without_dask_says_what_to_install(poisson_panel, tmp_path, monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("amager_eval.evidence.backtest.run.import_module", absent)
    with pytest.raises(InputError, match="amager-eval\\[distributed\\]"):
        run_backtest(poisson_panel, Knows(), cache=tmp_path, scheduler="tcp://127.0.0.1:1")


def test_a_whole_gives_events_from_joint_draws(tmp_path):
    waves = range(2010, 2020)
    frame = pd.DataFrame(
        [
            {"area": a, "wave": w, "setting": s, "response": r, "percent": p, "decimals": 0}
            for w in waves
            for s, r, level in (("day", "safe", 80.0), ("night", "unsafe", 20.0))
            for a, p in (
                ("City", level),
                ("Nord", level + 5 * (w >= 2018)),
                ("Syd", level - 5),
            )
        ]
    )
    panel = make_panel("made_up", "safety", frame, origins=[2016, 2017], horizons=[1], whole="City")

    class Joint(Knows):
        def __call__(self, task):
            shared = np.random.default_rng(1).normal(0.5, 0.1, (50, 1))
            above = (task.targets["area"] != "City").to_numpy() * 0.01
            return Predicted(shared + above)

    scores = run_backtest(panel, Joint(), origins=[2017], cache=tmp_path).scores
    found = scores.set_index(["area", "response"])
    # one point above the city in every joint draw: surely safer, surely more unsafe
    assert found.loc[("Nord", "safe"), "reach_probability"] == 1.0
    assert found.loc[("Nord", "unsafe"), "reach_probability"] == 0.0
    assert found.loc[("Nord", "safe"), "reached"] == 1
    assert found.loc[("Nord", "unsafe"), "reached"] == 0
    assert found.loc[("Syd", "safe"), "reached"] == 0
    assert found.loc[("Syd", "unsafe"), "reached"] == 1
    assert found.loc[("Nord", "unsafe"), "reached_at_origin"] == 1  # equal is reached
    assert found.loc[("Syd", "safe"), "reached_at_origin"] == 0
    assert found.loc["City", "reach_probability"].isna().all()
    # the gap of which that is a cut: one point in every draw, where five and minus five came
    assert found.loc[("Nord", "safe"), "gap_crps"] == pytest.approx(0.04)
    assert found.loc[("Syd", "safe"), "gap_crps"] == pytest.approx(0.06)
    assert found.loc[("Nord", "safe"), "gap_pit_low"] == pytest.approx(50 / 51)
    assert found.loc[("Syd", "safe"), "gap_pit_high"] == pytest.approx(1 / 51)
    assert found.loc["City", "gap_crps"].isna().all()
