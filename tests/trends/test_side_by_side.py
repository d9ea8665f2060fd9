"""Pieces of work in processes of their own: the same answers, in the tasks' order."""

import importlib
import os

import numpy as np
import pandas as pd
import pytest

from amager_eval.trends.safety_fit import fit_safety
from amager_eval.trends.side_by_side import processes, side_by_side

WORK = """
import os


def squared(task, progress):
    progress(1, 2)
    if task < 0:
        raise ValueError(f"{task} is below 0")
    progress(2, 2)
    return task**2, os.getpid()
"""


@pytest.fixture
def squared(tmp_path, monkeypatch):
    """Return a function of a module that another process can import too."""
    (tmp_path / "work_to_do.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("work_to_do").squared


@pytest.mark.parametrize("count", [1, 2])
def test_results_in_order_and_progress_to_the_end(squared, count):
    heard = []
    with processes(count):
        results = side_by_side(squared, [3, 1, 2], lambda *told: heard.append(told))
    assert [r for r, _ in results] == [9, 1, 4]
    assert (os.getpid() in {pid for _, pid in results}) is (count == 1)
    assert [d for d, _ in heard] == sorted(d for d, _ in heard)
    assert count > 1 or heard[-1] == (1000, 1000)


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_reaches_the_caller_and_the_environment_is_as_before(squared, count):
    before = dict(os.environ)
    with processes(count), pytest.raises(ValueError, match="-1 is below 0"):
        side_by_side(squared, [1, -1])
    assert dict(os.environ) == before


def test_one_process_without_the_block(squared):
    with processes(2):
        pass
    assert side_by_side(squared, [1])[0][1] == os.getpid()
    assert {pid for _, pid in side_by_side(squared, [1, 2])} == {os.getpid()}


def test_the_draws_do_not_depend_on_the_number_of_processes():
    frame = pd.DataFrame(
        {
            "area": ["Nord", "Syd"] * 3,
            "wave": [2022, 2022, 2023, 2023, 2024, 2024],
            "setting": "neighbourhood",
            "response": "safe",
            "percent": [84.0, 88.0, 85.0, 87.0, 83.0, 90.0],
            "n": 400,
        }
    )
    here = fit_safety(frame, draws=20, chains=2, seed=3)
    with processes(2):
        apart = fit_safety(frame, draws=20, chains=2, seed=3)
    for group in ("posterior", "baseline_only"):
        np.testing.assert_array_equal(here.data[group]["eta"], apart.data[group]["eta"])
    assert here.diagnostics == apart.diagnostics
