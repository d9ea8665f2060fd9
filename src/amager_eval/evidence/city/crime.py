"""The made-up city's inhabitants and quarterly reports: true rates and drawn counts."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from amager_eval.data.period import period_range
from amager_eval.data.population import population_at
from amager_eval.evidence.city.process import (
    BASELINE,
    HORIZON,
    Array,
    Places,
    Truth,
    random_walks,
)

__all__ = ["REST", "TOTAL", "draw_crime", "draw_population"]

_FIRST_YEAR: Final = 2016
_INHABITANTS: Final = 48_000
_COVID: Final = (2020 + 71 / 366, 2022.0)
#: Type that is counted in the total alone and not shown.
REST: Final = "øvrige"
#: What all counted types sum to.
TOTAL: Final = "total"


def draw_population(
    rng: np.random.Generator, truth: Truth, places: Places
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Draw inhabitants on 1 January of every year; in a scenario districts are alike and still.

    Gives the population, `area, area_kind, period, population` of districts, partnership area and
    city, and the share of each district's inhabitants that live in the partnership area.
    """
    years = np.arange(_FIRST_YEAR, HORIZON + 1)
    drawn = truth.scenario is None
    start = _INHABITANTS * np.exp(rng.normal(0, 0.3, len(places.parts)) * drawn)
    growth = rng.normal(0.009, 0.006, len(places.parts)) * drawn
    numbers = np.round(start[:, None] * np.exp(growth[:, None] * (years - _FIRST_YEAR)))
    inside = {district: float(rng.uniform(0.1, 0.2)) for district in places.inside}
    area = np.sum(
        [np.round(share * numbers[places.parts.index(d)]) for d, share in inside.items()], axis=0
    )
    rows = zip(
        (*places.parts, places.area, places.whole),
        (*numbers, area, numbers.sum(axis=0)),
        strict=True,
    )
    frames = [
        pd.DataFrame(
            {
                "area": name,
                "area_kind": places.kind(name),
                "period": years,
                "population": inhabitants,
            }
        )
        for name, inhabitants in rows
    ]
    return pd.concat(frames, ignore_index=True), inside


def draw_crime(
    rng: np.random.Generator,
    truth: Truth,
    places: Places,
    population: pd.DataFrame,
    inside: dict[str, float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw quarterly reports per area and type.

    Counts are drawn for disjoint pieces (each district outside the partnership area, and the
    area's piece of each district), then summed, so that every sum of the tables is true.

    Gives reports, `area, area_kind, period, crime_type, count`, and true rates, `area, crime_type,
    period, per_1000, expected` a quarter; `expected` in reports.
    """
    periods = period_range(f"{_FIRST_YEAR}K1", f"{HORIZON - 1}K4")
    times = np.array([p.midpoint for p in periods])
    people = {a: population_at(population, a, periods) for a in places.parts}
    pieces = [(d, False) for d in places.parts] + [(d, True) for d in inside]
    inhabitants = np.array(
        [people[d] * (inside[d] if within else 1 - inside.get(d, 0.0)) for d, within in pieces]
    )
    levels = rng.normal(0, truth.crime_level_sd, len(places.parts) + 1)
    kind_of = [len(places.parts) if within else places.parts.index(d) for d, within in pieces]
    members = {d: [i for i, (name, _) in enumerate(pieces) if name == d] for d in places.parts}
    members[places.area] = [i for i, (_, within) in enumerate(pieces) if within]
    members[places.whole] = list(range(len(pieces)))
    seasonal = truth.season * np.cos(2 * np.pi * (times - 0.625))
    seasonal += truth.covid * _overlap(times, *_COVID)
    moved, luck = np.zeros((2, len(levels), len(times)))
    if truth.scenario is not None:  # the last row is the partnership area
        years = np.floor(times)
        moved[-1] = truth.scenario.crime_step * np.maximum(0, years - BASELINE)
        luck[-1] = np.where(years == BASELINE, truth.scenario.crime_once, 0.0)
    still = truth.still_from
    means, counts = {}, {}
    for crime_type, rate in truth.rate.items():
        city = random_walks(rng, times, truth.crime_sd, 1, still_from=still)
        gaps = random_walks(rng, times, truth.crime_gap_sd, len(levels), still_from=still)
        log_rate = np.log(rate) + city + levels[:, None] + gaps + moved + seasonal
        means[crime_type] = inhabitants / 1000 * np.exp(log_rate[kind_of])
        alpha = truth.dispersion**-2
        drawn = means[crime_type] * np.exp(luck[kind_of])
        counts[crime_type] = rng.poisson(rng.gamma(alpha, drawn / alpha)).astype(float)
    share = {k: truth.counted_in_total.get(k, 1.0) for k in truth.rate}
    counts[TOTAL] = np.sum(
        [rng.binomial(c.astype(int), share[k]) for k, c in counts.items()], axis=0
    ).astype(float)
    means[TOTAL] = np.sum([share[k] * m for k, m in means.items()], axis=0)
    shown = [TOTAL, *(k for k in truth.rate if k != REST)]
    crime, rates = [], []
    for name, rows in members.items():
        for crime_type in shown:
            base = {
                "area": name,
                "period": [str(p) for p in periods],
                "crime_type": crime_type,
            }
            crime.append(
                pd.DataFrame(
                    base
                    | {
                        "area_kind": places.kind(name),
                        "count": counts[crime_type][rows].sum(axis=0),
                    }
                )
            )
            expected = means[crime_type][rows].sum(axis=0)
            per_1000 = 1000 * expected / inhabitants[rows].sum(axis=0)
            rates.append(pd.DataFrame(base | {"per_1000": per_1000, "expected": expected}))
    return pd.concat(crime, ignore_index=True), pd.concat(rates, ignore_index=True)


def _overlap(midpoints: Array, start: float, end: float) -> Array:
    """Fraction of each quarter inside `start` to `end`."""
    low, high = midpoints - 0.125, midpoints + 0.125
    inside = np.clip(np.minimum(high, end) - np.maximum(low, start), 0, None)
    return np.asarray(inside / 0.25)
