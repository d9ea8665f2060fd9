import inspect
import subprocess
import sys

import pytest

from amager_eval import significance as sg


def test_every_name_is_there_and_said_in_the_overview():
    assert len(set(sg.__all__)) == len(sg.__all__)
    for name in sg.__all__:
        assert hasattr(sg, name)
        if inspect.isfunction(getattr(sg, name)):
            assert f"`{name}`" in sg.__doc__


@pytest.mark.parametrize("name", [n for n in sg.__all__ if inspect.isfunction(getattr(sg, n))])
def test_every_docstring_is_complete(name):
    doc = inspect.getdoc(getattr(sg, name))
    for section in ("Parameters", "Returns", "Raises", "Notes", "Examples"):
        assert f"{section}\n-----" in doc, section
    assert ">>>" in doc


def test_it_loads_without_statsmodels():
    code = "import sys, amager_eval.significance; print('statsmodels' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
