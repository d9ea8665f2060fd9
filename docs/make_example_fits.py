"""Make the example fits that `ae.example_fit` loads, from the published figures: minutes.

Run: python3 -m uv run python docs/make_example_fits.py [safety | crime]
"""

import sys

import amager_eval as ae
from amager_eval.trends.example import store_example

#: Draws kept per chain (safety: of each alternative): a file must stay under a megabyte.
KEPT = {"safety": 40, "crime": 100}
LARGEST = 1_000_000


def main() -> None:
    """Fit, refuse what did not pass its gates, thin and store."""
    kinds = sys.argv[1:] or list(KEPT)
    for kind in kinds:
        data = ae.published()
        fit = ae.fit_safety(data) if kind == "safety" else ae.fit_crime(data, definition="STRAF11")
        if not fit.diagnostics.passed:
            raise SystemExit(f"not stored: {kind}: {fit.diagnostics.problems}")
        path = store_example(fit, KEPT[kind])
        size = path.stat().st_size
        if size > LARGEST:
            raise SystemExit(f"{path} has {size:,} bytes, more than {LARGEST:,}: keep fewer draws")
        print(f"{path.name}: {size:,} bytes")


if __name__ == "__main__":
    main()
