"""Measure the house: `python docs/measure_house.py 27390cf HEAD` puts two commits side by side.

Reads the sources from git and runs none of them. The table of ARCHITECTURE.md is its output.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache

PACKAGE = "src/amager_eval/"
#: Where the yearly command begins: what judges, and what writes.
BEGINS = ("evaluate", "write_appendix")
#: A reading that was there then and is there now; whoever names it is touched by one like it.
READING = "within_2_points"


def git(*args: str) -> str:
    """Return what git prints."""
    done = subprocess.run(["git", *args], capture_output=True, text=True, check=False)
    return done.stdout


@dataclass(frozen=True, eq=False)
class House:
    """Modules of a commit: dotted name below the package to source."""

    commit: str
    modules: dict[str, str]

    @cache  # noqa: B019 (a handful of houses)
    def tree(self, name: str) -> ast.Module:
        """Parse a module."""
        return ast.parse(self.modules[name])

    def imports(self, name: str, *, everywhere: bool) -> set[str]:
        """Modules of the package it imports at run time; `everywhere` within functions too."""
        tree = self.tree(name)
        plain = [
            n
            for n in tree.body
            if not (isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test))
        ]
        found = set()
        for top in plain:
            for node in ast.walk(top) if everywhere else [top]:
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                    "amager_eval"
                ):
                    module = (node.module or "").removeprefix("amager_eval").removeprefix(".")
                    found |= {module, *(f"{module}.{a.name}".strip(".") for a in node.names)}
        return found & self.modules.keys()


def house(commit: str) -> House:
    """Read a commit's package."""
    paths = git("ls-tree", "-r", "--name-only", commit, PACKAGE).split()
    return House(
        commit,
        {
            p.removeprefix(PACKAGE).removesuffix(".py").removesuffix("/__init__").replace("/", "."):
            git("show", f"{commit}:{p}")
            for p in paths if p.endswith(".py")
        },
    )  # fmt: skip


def rooms(one: House) -> Counter[str]:
    """Modules by room."""
    return Counter(name.split(".")[0] for name in one.modules)


def lines(one: House, room: str) -> int:
    """Lines of a room."""
    return sum(t.count("\n") for n, t in one.modules.items() if n.split(".")[0] == room)


def fullest(one: House) -> str:
    """Name the folder with most modules, and count them."""
    paths = git("ls-tree", "-r", "--name-only", one.commit, PACKAGE).split()
    held = Counter(p.rsplit("/", 1)[0] for p in paths if p.endswith(".py") and "__init__" not in p)
    folder, count = held.most_common(1)[0]
    return f"{count}, {folder.removeprefix(PACKAGE)}/"


def longest(one: House) -> str:
    """Name the longest function."""
    found = [
        (node.end_lineno - node.lineno + 1, f"{name}.{node.name}")
        for name in one.modules
        for node in ast.walk(one.tree(name))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    ]
    size, name = max(found)
    return f"{size} lines, {name}"


def deepest(one: House) -> str:
    """Find the longest chain of imports that stays in a room."""

    @cache
    def depth(name: str) -> tuple[int, str]:
        room = name.split(".")[0]
        below = [
            depth(m) for m in one.imports(name, everywhere=False)
            if m.split(".")[0] == room and m != name and m != room
        ]  # fmt: skip
        return max(((d + 1, name) for d, _ in below), default=(1, name))

    count, name = max(depth(n) for n in one.modules)
    return f"{count}, from {name}"


def strings(one: House) -> int:
    """Count subscripts by a string: `row["area"]`."""
    return sum(
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        for name in one.modules
        for node in ast.walk(one.tree(name))
    )


def untyped(one: House) -> int:
    """Count lines with `dict[str, Any]`."""
    return sum("dict[str, Any]" in line for t in one.modules.values() for line in t.split("\n"))


def named(one: House) -> int:
    """Count the files that name a reading: code, catalogues and the agreement."""
    where = (PACKAGE, "models/agreements/amager_2025_2028.toml")
    return len(git("grep", "-l", READING, one.commit, "--", *where).split())


def loaded(one: House) -> str:
    """Count what the yearly command can come to load, and its lines."""
    left = [
        name for name in one.modules for node in one.tree(name).body
        if isinstance(node, ast.FunctionDef) and node.name in BEGINS
    ]  # fmt: skip
    seen: set[str] = set()
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += one.imports(name, everywhere=True)
    return f"{len(seen)} modules, {sum(one.modules[n].count(chr(10)) for n in seen)} lines"


def main(*commits: str) -> None:
    """Print the table."""
    houses = [house(c) for c in commits]
    rows: list[tuple[str, list[object]]] = [
        (
            "modules, lines",
            [f"{len(h.modules)}, {sum(lines(h, r) for r in rooms(h))}" for h in houses],
        )
    ]
    every = sorted({r for h in houses for r, n in rooms(h).items() if n > 1})
    rows += [
        (r, [f"{rooms(h)[r]}, {lines(h, r)}" if rooms(h)[r] else "" for h in houses]) for r in every
    ]
    measures = {
        "fullest folder": fullest,
        "longest function": longest,
        "longest chain of imports in a room": deepest,
        "lines with `dict[str, Any]`": untyped,
        "fields named by a string": strings,
        f"files that name the reading `{READING}`": named,
        "what the yearly command may load": loaded,
    }
    rows += [(name, [of(h) for h in houses]) for name, of in measures.items()]
    print("| |", " | ".join(c[:7] for c in commits), "|")
    print("|---|" + "---|" * len(commits))
    for name, values in rows:
        print("|", name, "|", " | ".join(map(str, values)), "|")


if __name__ == "__main__":
    main(*sys.argv[1:])
