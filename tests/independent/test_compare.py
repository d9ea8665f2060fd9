"""The same probabilities from a second tool and a second writing of the models."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scipy import stats

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("compare.py")
#: Chance that a table of correct answers fails, over all its rows.
FALSE_ALARM = 0.01
#: The second writing integrates every rounding interval; the package makes figures Normal. By so
#: much they may differ beyond chance: probabilities, mean shares, and parameters in their units.
NORMAL = {"probability": 0.03, "share": 0.005, "parameter": 0.05}


@pytest.mark.parametrize("model", ["crime_trend", "safety_trend"])
def test_a_second_tool_gives_the_same_answers(model, tmp_path):
    pytest.importorskip("numpyro", reason="needs the dependency group `bench`")
    command = [sys.executable, str(SCRIPT), model, "--draws", "1000", "--out", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    table = json.loads((tmp_path / model / "evidence" / "independent.json").read_text())
    assert table["settings"]["rows_in_all"] == len(table["rows"]) > 30
    beyond = stats.norm.isf(FALSE_ALARM / (2 * len(table["rows"])))
    apart = [row for row in table["rows"] if abs(row["z"]) > beyond]
    if model == "safety_trend":
        apart = [row for row in apart if abs(row["difference"]) > NORMAL[_what(row)]]
    assert not apart
    # an agreement says little where the errors are wide
    probabilities = [row for row in table["rows"] if row["kind"] == "probability"]
    assert max(row["package_se"] + row["elsewhere_se"] for row in probabilities) < 0.03


def _what(row):
    """Kind of a row, by how far it may differ."""
    if row["kind"] == "probability":
        return "probability"
    return "share" if row["quantity"].startswith("share_") else "parameter"
