"""Pages made from the code and from `models/` when the site is built, so that none is stale."""

from __future__ import annotations

import ast
import inspect
import os
import pkgutil
import textwrap
from importlib import import_module
from pathlib import Path

import typer
from sphinx.application import Sphinx
from sphinx.config import Config

import amager_eval as ae
from amager_eval import indicators
from amager_eval.spec.documents import models_folder

_PACKAGE = Path(ae.__file__).parent
_SHOWN_IN_FULL = 20_000  # bytes; longer evidence is offered for download


def _write(path: Path, text: str) -> None:
    """Write only what changed, so that an unchanged page is not read again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _heading(text: str, mark: str) -> str:
    return f"{text}\n{mark * len(text)}\n"


def _room_page(room: str) -> str:
    """Return the page of a room: what it is for, then each module with its public names."""
    modules = [f"amager_eval.{room}"]
    folder = _PACKAGE / room
    if folder.is_dir():
        modules += sorted(f"{modules[0]}.{m.name}" for m in pkgutil.iter_modules([str(folder)]))
    parts = [_heading(room, "=")]
    for name in modules:
        module = import_module(name)
        if name == modules[0] and folder.is_dir():
            # re-exported names are described at home, and on the page of the public face
            parts.append(f".. automodule:: {name}\n   :no-members:\n   :no-index:\n")
            continue
        parts.append(_heading(name, "-"))
        parts.append(f".. automodule:: {name}\n   :no-members:\n   :no-index:\n")
        for public in sorted(getattr(module, "__all__", ())):
            thing = getattr(module, public)
            if inspect.isclass(thing) and thing.__module__ == name:
                parts.append(
                    f".. autoclass:: {name}.{public}\n   :members:\n"
                    "   :exclude-members: model_config, model_post_init\n"
                )
            elif inspect.isfunction(thing) and thing.__module__ == name:
                parts.append(f".. autofunction:: {name}.{public}\n")
            elif isinstance(thing, typer.Typer):
                parts.append(_commands(thing))
            elif _is_assigned(module.__file__ or "", public):
                parts.append(f".. autodata:: {name}.{public}\n   :no-value:\n")
    return "\n".join(parts)


def _commands(app: typer.Typer) -> str:
    """Return the help of every command, as the command line prints it."""
    group = typer.main.get_command(app)
    parts = []
    for name, command in sorted(group.commands.items()):
        context = command.make_context(f"amager-eval {name}", [], resilient_parsing=True)
        printed = textwrap.indent(command.get_help(context), "   ")
        parts.append(f".. code-block:: none\n\n{printed}\n")
    return "\n".join(parts)


def _is_assigned(file: str, name: str) -> bool:
    """Whether a module assigns the name itself (a constant or a type), not imports it."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign | ast.Assign | ast.TypeAlias):
            targets = node.targets if isinstance(node, ast.Assign) else [_target(node)]
            if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                return True
    return False


def _target(node: ast.AnnAssign | ast.TypeAlias) -> ast.expr:
    return node.name if isinstance(node, ast.TypeAlias) else node.target


def _rooms() -> list[str]:
    found = (m.name for m in pkgutil.iter_modules([str(_PACKAGE)]) if m.name != "__main__")
    return sorted(found)


def _face_page() -> str:
    """Return the page of the promised names, each with a page of its own."""
    parts = [_heading("The public face", "=")]
    for module in (ae, ae.significance, indicators):
        names = [n for n in module.__all__ if not inspect.ismodule(getattr(module, n))]
        parts += [
            _heading(module.__name__, "-"),
            f".. currentmodule:: {module.__name__}\n",
            ".. autosummary::\n   :toctree: ../_names\n",
            *(f"   {name}" for name in names),
            "",
        ]
    return "\n".join(parts)


def _model_page(card: Path, page: Path) -> str:
    """Return a model's card, its evidence and its document, included as the files stand."""
    folder = card.parent

    def here(path: Path) -> str:
        return os.path.relpath(path, page.parent)

    pages = [card, *folder.glob("EVIDENCE.md")]
    parts = [f"```{{include}} {here(p)}\n:relative-images:\n```\n" for p in pages]
    parts.append("## Files of evidence\n")
    evidence = sorted(p for p in (folder / "evidence").rglob("*") if p.is_file())
    if not evidence:
        parts.append("No evidence is stored for this model.\n")
    for path in evidence:
        name = path.relative_to(folder)
        if path.suffix == ".md":
            parts.append(f"```{{include}} {here(path)}\n:heading-offset: 2\n```\n")
        elif path.suffix == ".toml" and path.stat().st_size < _SHOWN_IN_FULL:
            parts.append(
                f"`{name}`\n\n"
                f"```{{literalinclude}} {here(path)}\n:language: {path.suffix[1:]}\n```\n"
            )
        else:
            parts.append(f"- {{download}}`{name} <{here(path)}>`\n")
    parts.append("## The document\n")
    parts.append(f"```{{literalinclude}} {here(folder / 'spec.toml')}\n:language: toml\n```\n")
    return "\n".join(parts)


def _make(app: Sphinx, _: Config) -> None:
    source = Path(app.srcdir)
    for room in _rooms():
        _write(source / "_api" / f"{room}.rst", _room_page(room))
    _write(source / "_api" / "amager_eval.rst", _face_page())
    for card in sorted(models_folder().glob("*/CARD.md")):
        page = source / "_models" / f"{card.parent.name}.md"
        _write(page, _model_page(card, page))


def setup(app: Sphinx) -> dict[str, bool]:
    """Write `_api/` and `_models/` before pages are looked for."""
    app.connect("config-inited", _make)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
