"""A user's script is held by the package's types, and runs."""

import re
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

TESTS = Path(__file__).parents[1]
SCRIPT = TESTS.parent / "docs" / "examples" / "borough_panel.py"
README = TESTS.parent / "README.md"
WRONG = "import amager_eval as ae\nae.fit_everything()\nshare: int = ae.published()\n"


def test_the_package_says_it_is_typed():
    assert (TESTS.parent / "src" / "amager_eval" / "py.typed").exists()


@pytest.mark.types
def test_a_users_script_passes_mypy_strict_and_a_wrong_one_does_not(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG, encoding="utf-8")
    shown = tmp_path / "readme.py"
    (block,) = re.findall(r"## From Python\n\n((?:    .*\n|\n)+)", README.read_text("utf-8"))
    shown.write_text(textwrap.dedent(block), encoding="utf-8")
    scripts = [str(path) for path in (SCRIPT, shown, wrong)]
    done = subprocess.run(  # all at once, and from where libraries have been read already
        [sys.executable, "-m", "mypy", "--strict", *scripts],
        capture_output=True,
        text=True,
        check=False,
        cwd=TESTS.parent,
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 2, done.stdout + done.stderr
    assert all("wrong.py" in line for line in errors)
    assert 'no attribute "fit_everything"' in errors[0]
    assert 'has type "Input"' in errors[1]


@pytest.fixture
def panel():
    months = [f"{y}M{m:02}" for y in (2021, 2022, 2023) for m in range(1, 13)]
    rng = np.random.default_rng(5)
    rows = [
        (area, month, "burglary", rng.poisson(40), 50_000.0)
        for area in ("North", "South")
        for month in months
    ]
    return pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])


def test_the_script_does_what_it_says(panel, random_draws, tmp_path, capsys):
    script = runpy.run_path(str(SCRIPT))
    halved = panel.assign(
        count=panel["count"].where(~panel["period"].str.startswith("2023"), panel["count"] // 2)
    )
    ratio = script["change"](halved, "North", "2021", "2023")
    assert ratio.high < 0.7
    panel.to_csv(tmp_path / "panel.csv", index=False)
    script["main"](tmp_path / "panel.csv", "2024M06")
    printed = capsys.readouterr().out
    assert "North: " in printed
    assert "2024M06" in printed
    assert "low_95" in printed
    assert "low_50" not in printed
