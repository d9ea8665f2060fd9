"""Run the researcher's tutorial for real and keep the frames its pages show (minutes of sampling).

Run: python3 -m uv run python docs/store_results.py [safety | crime]
"""

from __future__ import annotations

import contextlib
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
#: Kinds of fit, as blocks of the tutorial are tagged.
KINDS = {"safety", "crime"}
SHOWN_AREAS = ("København", "Amager Øst", "Amager Vest")


def code_cells(page: Path) -> list[tuple[frozenset[str], str]]:
    """Return the tags and the code of every executable block of a page, in order."""
    blocks = re.findall(
        r"^```\{code-cell\}[^\n]*\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S
    )
    cells = []
    for block in blocks:
        tags, code = re.match(r"(?::tags: \[(.*?)\]\n)?(.*)", block, re.S).groups()
        cells.append((frozenset(t.strip() for t in (tags or "").split(",") if t.strip()), code))
    return cells


def run_tutorial(page: Path, kinds: set[str]) -> dict[str, Any]:
    """Run the blocks, but not those of another kind of fit nor those that read what is stored.

    Returns the names they leave.
    """
    names: dict[str, Any] = {}
    with contextlib.chdir(page.parent):
        for tags, code in code_cells(page):
            if "remove-input" not in tags and not tags & (KINDS - kinds):
                exec(compile(code, str(page), "exec"), names)
    return names


def main() -> None:
    """Write the frames of the kinds asked for, and the record of what they come from."""
    kinds = set(sys.argv[1:]) or KINDS
    if kinds - KINDS:
        raise SystemExit(f"{', '.join(sorted(kinds - KINDS))}: name safety, crime or nothing")
    names = run_tutorial(HERE / "researcher.md", kinds)
    fits = [names[name] for name in ("fit", "panel_fit") if name in names]
    for fit in fits:
        if not fit.diagnostics.passed:
            raise SystemExit(f"not stored: {fit.spec.name}: {fit.diagnostics.problems}")
    folder = HERE / "stored"
    folder.mkdir(exist_ok=True)
    if "safety" in kinds:
        bands: pd.DataFrame = names["bands"]
        write(bands[bands["area"].isin(SHOWN_AREAS)].round(5), folder / "bands.csv")
        write(names["reaches"].round(3).reset_index(), folder / "reaches.csv")
    if "crime" in kinds:
        write(names["panel_bands"].round(3), folder / "panel_bands.csv")
    record = folder / "stored.toml"
    stored = tomllib.loads(record.read_text("utf-8")) if record.exists() else {}
    specs = stored.get("specs", {}) | {fit.spec.name: fit.spec.digest for fit in fits}
    draws = stored.get("draws", {}) | {fit.spec.name: _kept(fit) for fit in fits}
    lines = [
        "# Written by docs/store_results.py; do not edit.",
        f'amager_eval = "{version("amager-eval")}"',
        "",
        "[specs]  # digest of the document each fit was made under; both passed their gates",
        *(f'{name} = "{digest}"' for name, digest in specs.items()),
        "",
        "[draws]  # kept draws, chains times draws per chain",
        *(f"{name} = {kept}" for name, kept in draws.items()),
    ]
    record.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, the same bytes on every system."""
    frame.to_csv(path, index=False, lineterminator="\n")


def _kept(fit: Any) -> int:
    sizes = fit.data["posterior"].sizes
    return int(sizes["chain"] * sizes["draw"])


if __name__ == "__main__":
    main()
