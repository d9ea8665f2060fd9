"""What is handed to the sampler, and what it reports; nutpie is replaced."""

import nutpie
import pymc as pm
import pytest
import xarray as xr

from amager_eval.trends import sample


class _Chain:
    def __init__(self, done):
        self.finished_draws = done


class _Begun:
    def __init__(self, report):
        self.report = report

    def wait(self):
        self.report([_Chain(3), _Chain(4)])
        return xr.DataTree()


@pytest.fixture
def calls(monkeypatch):
    made = []

    def fake(compiled, **options):
        made.append(options)
        options["progress_callback"]([_Chain(1), _Chain(2)])  # not waited for yet: told to nobody
        return _Begun(options["progress_callback"])

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


def test_what_is_begun_tells_when_nothing_is_left_to_wait_for(calls):
    begun = sample.begin_posterior(
        object(), draws=2, tune=1, chains=2, target_accept=0.9, seed=7
    )  # fmt: skip
    assert not begun.ready()  # three of six are drawn
    calls[0]["progress_callback"]([_Chain(3), _Chain(3)])
    assert begun.ready()


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
