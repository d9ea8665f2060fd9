"""Make a notebook of every gallery page, without output: docs/notebooks.

Run: python3 -m uv run python docs/make_notebooks.py
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGES = sorted(p for p in (HERE / "gallery").glob("*.md") if p.stem != "index")
FOLDER = HERE / "notebooks"
_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?::tags: \[(.*?)\]\n)?(.*?)^```$", re.M | re.S)


def cells(text: str) -> list[tuple[str, str]]:
    """Kind and source of every cell of a page."""
    body = text.split("---\n", 2)[2]
    found, at = [], 0
    for match in _CELL.finditer(body):
        found += [("markdown", body[at : match.start()]), ("code", match[2])]
        at = match.end()
    found.append(("markdown", body[at:]))
    return [(kind, source.strip()) for kind, source in found if source.strip()]


def notebook(page: Path) -> str:
    """Give a page as the text of a notebook; the same page gives the same bytes."""
    made: list[dict[str, Any]] = []
    for i, (kind, source) in enumerate(cells(page.read_text(encoding="utf-8"))):
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": sha256(f"{page.stem} {i}".encode()).hexdigest()[:8],
            "metadata": {},
            "source": source.splitlines(keepends=True),
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        made.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {
        "cells": made,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write every notebook."""
    FOLDER.mkdir(exist_ok=True)
    for page in PAGES:
        (FOLDER / f"{page.stem}.ipynb").write_text(notebook(page), encoding="utf-8")


if __name__ == "__main__":
    main()
