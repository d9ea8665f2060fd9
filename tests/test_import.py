"""Importing the package and asking for help load nothing heavy."""

import json
import subprocess
import sys

import pytest

import amager_eval

HEAVY = ("numpy", "pandas", "xarray", "pymc", "matplotlib", "scipy", "statsmodels", "rich")


def loaded_after(code: str) -> set[str]:
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import amager_eval",
        "import amager_eval.cli\n"
        "from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(amager_eval.cli.app, ['--help']).exit_code == 0",
    ],
)
def test_light(code):
    assert loaded_after(code).isdisjoint(HEAVY)


def test_the_yearly_work_loads_nothing_of_the_laboratory():
    found = loaded_after(
        "import amager_eval.evaluation.evaluate, amager_eval.evaluation.under_alternatives\n"
        "import amager_eval.record.record, amager_eval.report.write, amager_eval.data.check"
    )
    assert "amager_eval.evaluation.evaluate" in found
    assert not {name for name in found if name.startswith("amager_eval.evidence")}


def test_every_public_name_can_be_had():
    for name in amager_eval.__all__:
        assert getattr(amager_eval, name) is not None
    assert set(dir(amager_eval)) == set(amager_eval.__all__)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'fit_everything'"):
        _ = amager_eval.fit_everything


def test_a_check_loads_no_model_and_no_plotting():
    found = loaded_after(
        "import amager_eval.evaluation.preview_text, amager_eval.report.baseline_table"
    )
    assert "amager_eval.evaluation.preview" in found
    assert found.isdisjoint({"pymc", "pytensor", "matplotlib", "arviz", "nutpie", "numba"})
