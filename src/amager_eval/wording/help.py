"""Tell the help of the command line in Danish, in place of the English of `cli.py`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

__all__ = ["danish_help", "tell_in_danish"]

#: What typer prints around the texts, and the catalogue's key for it.
_AROUND: Final = {
    "Usage: ": "usage", "[OPTIONS]": "some_options", "COMMAND [ARGS]": "a_command",
    "Options:": "options", "Arguments:": "arguments", "Commands:": "commands",
    "[required]": "required", "[default:": "default", "Show this message and exit.": "itself",
}  # fmt: skip


def danish_help() -> dict[str, Mapping[str, Any]]:
    """Give the catalogue: a table a command, `help` for what stands around them."""
    text = files("amager_eval.wording").joinpath("help_da.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def tell_in_danish(group: Any) -> None:
    """Replace the texts of a command group and of all its commands.

    A `KeyError` where a command has no Danish.
    """
    catalogue = danish_help()
    around = catalogue["help"]
    group.help = around["told"]
    for name, command in group.commands.items():
        told = catalogue[name]
        command.help = command.short_help = told["told"]
        panel = command.rich_help_panel
        command.rich_help_panel = around["lists"].get(panel, panel)
        for parameter in command.params:
            if parameter.name in told:
                parameter.help = told[parameter.name]
    words = {english: around[key] for english, key in _AROUND.items()}
    for command in (group, *group.commands.values()):
        _around(command, words)


def _around(command: Any, words: Mapping[str, str]) -> None:
    """Have a command print its help with the words around the texts replaced."""
    english = command.get_help

    def get_help(ctx: Any) -> str:
        told: str = english(ctx)
        for word, danish in words.items():
            told = told.replace(word, danish)
        return told

    command.get_help = get_help
