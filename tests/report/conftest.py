import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from amager_eval.goals.statement import Statement
from amager_eval.report.compose import compose
from amager_eval.report.document import Document
from amager_eval.report.write import write_appendix
from amager_eval.wording.sentences import load_wording


@pytest.fixture(scope="session")
def appendix(make_statement: Callable[..., Statement], tmp_path_factory) -> Path:
    """A folder with the whole appendix of a synthetic draft, in Danish: one for all processes."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    out = shared / "appendix_of_a_draft"
    with FileLock(f"{out}.lock"):
        if not out.exists():  # written whole or not at all
            write_appendix(make_statement(draft=True), out)
    return out


@pytest.fixture(scope="session")
def document(make_statement: Callable[..., Statement]) -> Document:
    """The document of the same statement."""
    return compose(make_statement(draft=True), load_wording("da"))
