"""The help is Danish to who does the yearly work, and English where it is asked for."""

import re

import pytest
import typer

from amager_eval import cli
from amager_eval.wording.help import danish_help, tell_in_danish

YEARLY = {"appendix", "check", "app", "quarter", "template", "fetch", "baseline", "record"}


@pytest.fixture
def told(run):
    """Print the help of a call, as the command itself is started."""
    return lambda *arguments: run(*arguments)[1]


def test_every_text_of_the_yearly_work_has_its_danish_and_no_other_is_kept():
    commands = typer.main.get_command(cli.app).commands
    catalogue = danish_help()
    assert set(catalogue) == {"help", *commands}
    assert set(commands) >= YEARLY
    for name in YEARLY:
        own = {p.name for p in commands[name].params} - {"help"}
        assert set(catalogue[name]) == {"told", *own}, name


@pytest.mark.parametrize("command", ["", *sorted(YEARLY)])
def test_no_english_is_left(told, command):
    danish = told(*filter(None, [command]), "--help")
    assert danish.startswith("Brug: ")
    english = r"\b(the|and|of|Usage|Options|Arguments|Commands|required|default|OPTIONS|COMMAND)\b"
    assert not re.findall(english, danish.replace("(English: add --lang en)", ""))


def test_english_is_what_the_code_says(told):
    assert "Write the annual appendix" in told("appendix", "--help", "--lang", "en")
    assert "Commands:" in told("--help", "--lang=en")
    assert "Examine a model" in told("validate", "--help")


def test_without_a_command_the_help_is_told(told):
    assert told() == told("--help")


def test_a_command_without_danish_is_an_error():
    group = typer.main.get_command(cli.app)
    group.commands["weather"] = group.commands["check"]
    with pytest.raises(KeyError, match="weather"):
        tell_in_danish(group)
