"""A user's script: a borough by month panel in, the chance of fewer reports next year out.

Run: python docs/examples/borough_panel.py panel.csv 2025M12
Columns of the panel: area, period (2024M07), crime_type, count, population.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import amager_eval as ae
from amager_eval import significance as sg


def change(panel: pd.DataFrame, area: str, before: str, after: str) -> sg.RateRatio:
    """Compare the reports of two years in one area, exactly."""
    one = panel[panel["area"] == area]
    first, last = (one[one["period"].str.startswith(year)] for year in (before, after))
    return sg.rate_ratio(
        float(last["count"].sum()),
        float(last["population"].sum()),
        float(first["count"].sum()),
        float(first["population"].sum()),
    )


def bands(panel: pd.DataFrame, until: str, *, seed: int = 1) -> pd.DataFrame:
    """Fit the panel and summarise its forecast; a fit that failed its gates is refused."""
    fit: ae.Fit = ae.fit_crime(panel, seed=seed)
    if not fit.diagnostics.passed:
        raise ae.GateError(fit.diagnostics.problems)
    forecast: ae.Forecast = fit.forecast(until)
    return forecast.to_frame(levels=(0.8, 0.95))


def main(path: Path, until: str) -> None:
    """Print what the panel says."""
    panel = pd.read_csv(path, dtype={"period": str})
    years = sorted({period[:4] for period in panel["period"]})
    for area in sorted(set(panel["area"])):
        ratio = change(panel, area, years[0], years[-1])
        print(f"{area}: {ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})")
    print(bands(panel, until).to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
