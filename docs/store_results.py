"""Run the researcher's tutorial for real and keep the frames its pages show (minutes of sampling).

Run: python3 -m uv run python docs/store_results.py
"""

from __future__ import annotations

import contextlib
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
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


def run_tutorial(page: Path) -> dict[str, Any]:
    """Run every block but those that read what is stored; return the names they leave."""
    names: dict[str, Any] = {}
    with contextlib.chdir(page.parent):
        for tags, code in code_cells(page):
            if "remove-input" not in tags:
                exec(compile(code, str(page), "exec"), names)
    return names


def main() -> None:
    """Write the frames and the record of what they come from."""
    names = run_tutorial(HERE / "researcher.md")
    fits = [names["fit"], names["panel_fit"]]
    for fit in fits:
        if not fit.diagnostics.passed:
            raise SystemExit(f"not stored: {fit.spec.name}: {fit.diagnostics.problems}")
    bands: pd.DataFrame = names["bands"]
    bands = bands[bands["area"].isin(SHOWN_AREAS)]
    folder = HERE / "stored"
    folder.mkdir(exist_ok=True)
    bands.round(5).to_csv(folder / "bands.csv", index=False, lineterminator="\n")
    names["reaches"].round(3).to_csv(folder / "reaches.csv", lineterminator="\n")
    names["panel_bands"].round(3).to_csv(
        folder / "panel_bands.csv", index=False, lineterminator="\n"
    )
    lines = [
        "# Written by docs/store_results.py; do not edit.",
        f'amager_eval = "{version("amager-eval")}"',
        "",
        "[specs]  # digest of the document each fit was made under; both passed their gates",
        *(f'{fit.spec.name} = "{fit.spec.digest}"' for fit in fits),
        "",
        "[draws]  # kept draws, chains times draws per chain",
        *(f"{fit.spec.name} = {_kept(fit)}" for fit in fits),
    ]
    (folder / "stored.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _kept(fit: Any) -> int:
    sizes = fit.data["posterior"].sizes
    return int(sizes["chain"] * sizes["draw"])


if __name__ == "__main__":
    main()
