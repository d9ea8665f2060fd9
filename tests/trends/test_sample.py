"""What is handed to the sampler, and what it reports; nutpie is replaced."""

from types import SimpleNamespace

import numpy as np
import nutpie
import pymc as pm
import pytest
import xarray as xr

from amager_eval.trends import sample


class _Chain:
    def __init__(self, done):
        self.finished_draws = done


@pytest.fixture
def calls(monkeypatch):
    made = []

    def fake(compiled, **options):
        made.append(options)
        options["progress_callback"]([_Chain(3), _Chain(4)])
        return xr.DataTree()

    monkeypatch.setattr(nutpie, "sample", fake)
    return made


def test_the_call_is_passed_on_and_progress_is_counted_over_chains(calls):
    told = []
    sample.sample_posterior(
        object(), draws=10, tune=5, chains=2, target_accept=0.9, seed=7,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told == [(7, 30), (30, 30)]
    options = calls[0]
    assert (options["draws"], options["tune"], options["chains"]) == (10, 5, 2)
    assert (options["seed"], options["target_accept"]) == (7, 0.9)
    assert options["progress_bar"] is False
    assert options["save_warmup"] is False


def test_without_progress_nothing_is_called_back(calls):
    sample.sample_posterior(object(), draws=10, tune=5, chains=2, target_accept=0.9, seed=7)
    assert len(calls) == 1


def test_compiled_code_is_kept_in_a_folder_of_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr(sample, "user_cache_path", lambda name: tmp_path / name)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    seen = []

    def fake(model, var_names):
        seen.append((model, var_names))
        return "code"

    monkeypatch.setattr(nutpie, "compile_pymc_model", fake)
    with pm.Model() as model:  # data of two kinds: not read by address
        pm.Normal("x", pm.Data("a", 0.0), pm.Data("b", 1.0))
    assert sample.compile_model(model) == "code"
    assert seen == [(model, ["x"])]
    assert (tmp_path / "amager_eval" / "numba").is_dir()


def test_a_written_density_is_sampled_without_a_graph():
    """Two Normals, 2,000 draws: mean and sd within five Monte-Carlo errors."""
    density = SimpleNamespace(
        blocks=(SimpleNamespace(name="x", shape=(2,)),),
        data={"sd": np.float64(1.0)},
        start=np.zeros(2),
        evaluate=lambda x, sd: (float(-0.5 * x @ x / sd**2), -x / sd**2),
        variables=lambda x: {"x": x},
    )
    compiled = sample.compile_density(density).with_data(sd=np.float64(3.0))
    tree = sample.sample_posterior(
        compiled, draws=1000, tune=300, chains=2, target_accept=0.9, seed=1
    )
    x = tree["posterior"]["x"].to_numpy().reshape(-1, 2)
    assert x.mean(axis=0) == pytest.approx([0, 0], abs=0.5)
    assert x.std(axis=0) == pytest.approx([3, 3], rel=0.12)


class TestSampleWithoutDivergence:
    """A diverging run is sampled again, whole and with smaller steps."""

    @staticmethod
    def run(monkeypatch, diverges_below: float) -> tuple[list[float], float]:

        tried = []

        def sampled(_compiled, *, target_accept, seed):
            assert seed == 7
            tried.append(target_accept)
            diverging = np.array([[False, target_accept < diverges_below]])
            stats = xr.Dataset({"diverging": (("chain", "draw"), diverging)})
            stats.attrs["target"] = target_accept
            return xr.DataTree.from_dict({"sample_stats": stats})

        monkeypatch.setattr(sample, "sample_posterior", sampled)
        tree = sample.sample_without_divergence(object(), targets=(0.9, 0.98, 0.995), seed=7)
        return tried, tree["sample_stats"].attrs["target"]

    def test_a_clean_run_is_taken_at_once(self, monkeypatch):
        assert self.run(monkeypatch, 0.0) == ([0.9], 0.9)

    def test_smaller_steps_follow_until_one_is_clean(self, monkeypatch):
        assert self.run(monkeypatch, 0.95) == ([0.9, 0.98], 0.98)

    def test_the_last_run_is_returned_for_the_gates_to_refuse(self, monkeypatch):
        assert self.run(monkeypatch, 1.0) == ([0.9, 0.98, 0.995], 0.995)
