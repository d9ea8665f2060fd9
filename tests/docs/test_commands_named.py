"""Every command and snippet the texts name is one there is, with the options it has."""

import contextlib
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer.main

from amager_eval.cli import app
from amager_eval.data.tables.columns import TABLES

ROOT = Path(__file__).parents[2]
TEXTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "models").rglob("*.md")),
    *sorted((ROOT / ".github").rglob("*.*")),
]
COMMANDS = typer.main.get_command(app)


def lines_of(path):
    """Lines of code: indented or fenced, and what stands in single backquotes."""
    text = path.read_text(encoding="utf-8")
    yield from (line.strip() for line in re.findall(r"^(?: {4}|\$ ).*$", text, re.M))
    yield from re.findall(r"`([^`\n]+)`", text)
    yield from re.findall(r"run\(\"([^\"]+)\"\)", text)


def calls(path):
    """What stands behind the command's name, up to a comment or another command."""
    for line in lines_of(path):
        for call in re.findall(r"(?:^|run |&& )amager-eval( [^&;|(]*)?", line):
            words = shlex.split(call.replace("…", "value"), comments=True)
            yield [w for w in words if w not in {"[--lang", "da]"}]


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_parses(path):
    for words in calls(path):
        if not words or words[0].startswith("-"):
            continue
        command = COMMANDS.commands[words[0]]
        rest = words[1:]
        if hasattr(command, "commands") and rest:
            command, rest = command.commands[rest[0]], rest[1:]
        takes = {name for p in command.params for name in p.opts}
        assert {w for w in rest if w.startswith("--")} <= takes, words


def test_the_commands_named_are_all_there_are():
    named = {words[0] for path in TEXTS for words in calls(path) if words}
    unnamed = sorted(set(COMMANDS.commands) - named)
    assert not unnamed, f"say in docs/evaluator.md or docs/maintainer.md what {unnamed} is for"


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_script_and_module_called_is_there(path):
    for line in lines_of(path):
        for script in re.findall(r"python3? ((?:docs|analyses|tests)/\S+\.py)", line):
            assert (ROOT / script).is_file(), script
        for module in re.findall(r"python3? -m (amager_eval[\w.]*)", line):
            assert find_spec(module), module


def test_the_python_of_the_readme_runs(random_draws, capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"## From Python\n\n((?:    .*\n|\n)+)", text)
    code = "\n".join(line[4:] for line in block.splitlines())
    names = {}
    with contextlib.chdir(ROOT):
        exec(compile(code, "README.md", "exec"), names)
    assert random_draws  # nothing was sampled in earnest
    assert names["fit"].kind == "safety"
    assert names["crime"].kind == "crime"


def test_the_columns_of_the_readme_are_those_that_are_read():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\.csv` \| (.*) \|$", text, re.M)
    assert [table for table, _ in rows] == list(TABLES)
    for table, cells in rows:
        columns = re.findall(r"\w+", cells.split("(")[0].replace(" or ", " "))
        known = {c.name for c in TABLES[table].columns}
        assert set(columns) <= known, table
        assert {c.name for c in TABLES[table].columns if c.required} <= set(columns), table
