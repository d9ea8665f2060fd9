"""Published figures and draws answer the same reading: where both are known they agree."""

import numpy as np
import pytest
import xarray as xr

from amager_eval.goals.results import quantity_of_reading
from amager_eval.goals.safety.literal_reading import literally_met
from amager_eval.goals.safety.published_shares import PublishedShare
from amager_eval.goals.safety.quantities import by_cell, safety_quantities
from amager_eval.trends.fit import Forecast

READINGS = (
    "rises_every_year",
    "above_baseline",
    "shortfall_smaller",
    "shortfall_halved",
    "reaches_whole",
    "within_1_point",
    "within_2_points",
)
WAVES = (2024, 2025, 2026)


def certain(percent, settings=("night",)):
    """Draws that know both paths: every share is what was published; (area, setting, wave)."""
    dims = ("sample", "area", "setting", "response", "period")
    shares = np.asarray(percent, dtype=float)[None, :, :, None, :] / 100
    draws = xr.Dataset(
        {"true": (dims, shares), "published": (dims, shares)},
        coords={
            "area": ["Nord", "Byen"],
            "setting": list(settings),
            "response": ["safe"],
            "period": list(WAVES),
            "observed": (dims[1:], np.ones(shares.shape[1:], dtype=bool)),
        },
    )
    return Forecast("safety", draws, None, "")


@pytest.mark.parametrize("response", ["safe", "unsafe"])
def test_literal_and_evidence_answer_the_same_question(response):
    rng = np.random.default_rng(1)
    percents = rng.integers(80, 85, size=(2, 300, len(WAVES)))
    # every pair of paths is a setting of its own: one table answers for all
    settings = [f"pair {i}" for i in range(percents.shape[1])]
    forecast = certain(percents, settings)
    forecast.draws.coords["response"] = [response]
    frame = safety_quantities(forecast, whole="Byen", baseline=2024, target=WAVES[-1])
    table = by_cell(frame)
    answers = set()
    for setting, own, city in zip(settings, *percents, strict=True):
        series = [
            {w: PublishedShare(w, p, 0, "A") for w, p in zip(WAVES, path.tolist(), strict=True)}
            for path in (own, city)
        ]
        for reading in READINGS:
            asked = quantity_of_reading(table, ("Nord", setting, response), reading)
            literal = literally_met(reading, response, *series, WAVES[0], WAVES[-1])
            about = (reading, own, city, asked["quantity"])
            assert literal is bool(asked["probability_true"]), about
            assert literal is bool(asked["probability_published"]), about
            answers.add((reading, asked["quantity"], literal))
    assert {("shortfall_smaller", "stays_reached", met) for met in (True, False)} <= answers
    assert {reading for reading, _, met in answers if met} == set(READINGS)


@pytest.mark.parametrize(
    ("reading", "own", "city", "met"),
    [
        ("shortfall_smaller", (80.6, 80.9), (85.0, 85.3), False),  # 4.4 both times
        ("shortfall_smaller", (80.6, 81.0), (85.0, 85.3), True),
        ("shortfall_halved", (84.2, 84.6), (85.0, 85.0), True),  # .8 to .4
        ("shortfall_halved", (84.2, 84.5), (85.0, 85.0), False),
        ("within_2_points", (80.0, 83.3), (85.0, 85.3), True),
        ("above_baseline", (80.6, 80.6), (85.0, 85.0), False),
    ],
)
def test_figures_with_a_decimal_are_compared_as_printed(reading, own, city, met):
    series = [
        {w: PublishedShare(w, p, 1, "A") for w, p in zip((2024, 2028), path, strict=True)}
        for path in (own, city)
    ]
    assert literally_met(reading, "safe", *series, 2024, 2028) is met
