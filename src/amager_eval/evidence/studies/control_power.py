"""How many ordinary series does the control chart signal, and how many changes does it see?

Run: python -m amager_eval.evidence.studies.control_power
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from amager_eval.trends.crime.count_chart import chart_series

__all__ = ["POWER_CASES", "ChartCase", "signalled", "simulate_power"]

#: Years of a simulated series that follow the reference.
YEARS_AFTER: Final = 4
#: First year simulated; only a name.
_FIRST: Final = 2000
_UNIT: Final = {1: "", 4: "K", 12: "M"}
_SEASON: Final = 0.15  # the highest and the lowest period of the year against its mean


@dataclass(frozen=True)
class ChartCase:
    """Made-up series of reports and what happens to them after the reference."""

    #: Periods a year.
    per_year: int
    #: Complete years through the reference's last.
    years: int
    #: Reports a period in the reference, on average.
    mean: float
    #: Standard deviation beyond Poisson of a single period, as a share of its mean.
    cv: float = 0.1
    #: Level after the reference over the level in it; 1 is an ordinary series.
    change: float = 1.0
    #: Change of the log level a year, through the reference and after.
    slope: float = 0.0
    #: Standard deviation of the log level's random walk over a year.
    wander: float = 0.0

    def draw(self, rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        """Draw one series: periods, and reports, dims `period`."""
        time = np.arange((self.years + YEARS_AFTER) * self.per_year)
        season = 1.0 + _SEASON * np.sin(2.0 * np.pi * time / self.per_year)
        since = time / self.per_year - self.years
        steps = rng.normal(0.0, self.wander / np.sqrt(self.per_year), len(time))
        level = self.mean * np.exp(self.slope * since + steps.cumsum())
        level *= np.where(since >= 0, self.change, 1.0) * season
        varied = level * rng.gamma(self.cv**-2, self.cv**2, len(time))
        unit = _UNIT[self.per_year]
        width = len(str(self.per_year))
        names = [
            f"{_FIRST + t // self.per_year}"
            + (f"{unit}{t % self.per_year + 1:0{width}d}" if unit else "")
            for t in time
        ]
        return names, rng.poisson(varied).astype(np.float64)


def _cases() -> tuple[ChartCase, ...]:
    cases = [
        ChartCase(per_year, years, mean, cv)
        for per_year, years in ((4, 3), (4, 8), (12, 3), (12, 8), (1, 5), (1, 8))
        for mean, cv in ((6.0, 0.1), (30.0, 0.1), (30.0, 0.2), (400.0, 0.1), (400.0, 0.3))
    ]
    for per_year, years in ((4, 3), (4, 8), (12, 8), (1, 8)):
        cases += [
            ChartCase(per_year, years, mean, change=change)
            for mean in (30.0, 400.0)
            for change in (0.5, 0.7, 1.3, 2.0)
        ]
        cases += [
            ChartCase(per_year, years, 400.0, slope=-0.1),
            ChartCase(per_year, years, 400.0, change=0.8, slope=-0.1),
            ChartCase(per_year, years, 400.0, wander=0.08),
        ]
    return tuple(cases)


#: Ordinary series, changes, trends and wandering levels; quarters, months and years.
POWER_CASES: Final = _cases()


def signalled(case: ChartCase, *, series: int = 1000, seed: int = 1) -> NDArray[np.float64]:
    """Share of simulated series with any signal, by year after the reference.

    Shares 0 to 1, dims `year after the reference`.
    """
    rng = np.random.default_rng(seed)
    found = np.zeros(YEARS_AFTER)
    for _ in range(series):
        periods, count = case.draw(rng)
        chart = chart_series(periods, count, np.ones(len(count)), through=_FIRST + case.years - 1)
        after = chart["signal"].to_numpy()[-YEARS_AFTER * case.per_year :]
        found += (after != "").reshape(YEARS_AFTER, -1).any(axis=1)
    return found / series


def simulate_power(
    cases: tuple[ChartCase, ...] = POWER_CASES, *, series: int = 1000, seed: int = 1
) -> pd.DataFrame:
    """Tabulate the share of series with any signal in a year.

    Columns: the case's fields, and `year_1` to `year_4` after the reference, shares 0 to 1.
    """
    rows = []
    for case in cases:
        shares = signalled(case, series=series, seed=seed)
        years = {f"year_{y}": share for y, share in enumerate(shares, start=1)}
        rows.append(vars(case) | years)
    return pd.DataFrame(rows)


def main() -> None:
    """Print the table."""
    print("Synthetic series, 1,000 a row; share with any signal in a year.\n")
    print(simulate_power().to_string(index=False))


if __name__ == "__main__":
    main()
