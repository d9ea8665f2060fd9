from collections.abc import Callable
from pathlib import Path

import pytest

from amager_eval.goals.statement import Statement
from amager_eval.report.compose import compose
from amager_eval.report.document import Document
from amager_eval.report.write import write_appendix
from amager_eval.wording.sentences import load_wording


@pytest.fixture(scope="session")
def appendix(make_statement: Callable[..., Statement], tmp_path_factory) -> Path:
    """A folder with the whole appendix of a synthetic draft, in Danish."""
    out = tmp_path_factory.mktemp("appendix") / "out"
    write_appendix(make_statement(draft=True), out)
    return out


@pytest.fixture(scope="session")
def document(make_statement: Callable[..., Statement]) -> Document:
    """The document of the same statement."""
    return compose(make_statement(draft=True), load_wording("da"))
