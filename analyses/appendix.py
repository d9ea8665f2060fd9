"""The annual appendix from the published figures, or from an input folder.

Run: python3 -m uv run python analyses/appendix.py [FOLDER]
"""

import sys
from pathlib import Path

import amager_eval as ae


def main() -> None:
    """Judge the input against the agreement and write the appendix."""
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    statement = ae.evaluate(data)
    out = Path("build") / f"appendix-{statement.year}"
    ae.write_appendix(statement, out)
    print(f"{out}{'/'}")


if __name__ == "__main__":
    main()
