"""What several rooms' tests need; nothing heavy is loaded before a test asks for it.

The process that hands tests out to others loads this file, and they wait for it.
"""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import amager_eval as ae

if TYPE_CHECKING:
    from tests.stand_ins import RandomDraws

    from amager_eval.goals.statement import Statement


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-frozen", action="store_true", help="write frozen statements anew")


#: Files of a quarter of a minute and more begin, so that no worker waits for one at the end.
_LONGEST = (
    "test_end_to_end",
    "test_hidden",
    "test_validate",
    "test_tutorials",
    "test_lead",
    "test_pictures",
    "test_trial_year",
    "test_rehearse",
    "test_privacy",
    "test_calibrate",
    "test_synthetic",
    "test_hard_ends",
    "test_any_city",
    "test_evaluate",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order files, not tests within one: those that take longest first."""
    turn = {name: i for i, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: turn.get(item.path.stem, len(turn)))


def pytest_collection_finish() -> None:
    """Keep what is loaded and collected out of every later search for garbage: it stays."""
    gc.freeze()


@pytest.fixture(scope="session")
def make_statement() -> Callable[..., Statement]:
    """Return a function that makes a statement with what it is asked to leave in."""
    from tests.stand_ins import statements

    return statements()


@pytest.fixture
def random_draws(monkeypatch: pytest.MonkeyPatch) -> list[RandomDraws]:
    """Replace compiling and sampling; the list holds everything that was to be compiled."""
    from tests.stand_ins import draw_at_random

    return draw_at_random(monkeypatch)


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process; give exit code, stdout and stderr."""
    from amager_eval import cli

    def call(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["amager-eval", *map(str, args)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def change_assumptions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[str, str], None]]:
    """Have `models/assumptions.toml` say something else in one place, until the test ends."""
    from amager_eval.spec import assumptions

    document = assumptions.models_folder() / "assumptions.toml"
    text = document.read_text(encoding="utf-8")

    def change(old: str, new: str) -> None:
        assert text.count(old) == 1
        (tmp_path / "assumptions.toml").write_text(text.replace(old, new), encoding="utf-8")
        monkeypatch.setattr(assumptions, "models_folder", lambda: tmp_path)
        assumptions.load_assumptions.cache_clear()

    yield change
    assumptions.load_assumptions.cache_clear()


@pytest.fixture(scope="session")
def imported_from() -> Callable[..., set[str]]:
    """Which modules of the package are imported, however deep, by some; names below the package."""
    package = Path(ae.__file__).parent
    names = {
        ".".join(p.relative_to(package).with_suffix("").parts).removesuffix(".__init__"): p
        for p in package.rglob("*.py")
    }

    @cache
    def direct(name: str) -> set[str]:
        found = set()
        tree = ast.parse(names[name].read_text(encoding="utf-8"))
        tree.body = [n for n in tree.body if not isinstance(n, ast.If)]  # for a type checker alone
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("amager_eval."):
                module = (node.module or "").removeprefix("amager_eval.")
                found |= {f"{module}.{a.name}" for a in node.names} | {module}
        return found & names.keys()

    def follow(*modules: str, through: Callable[[str], bool] = lambda _: True) -> set[str]:
        seen: set[str] = set()
        left = list(modules)
        while left:
            name = left.pop()
            if name not in seen and through(name):
                seen.add(name)
                left += direct(name)
        return seen

    return follow
