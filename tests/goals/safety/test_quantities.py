"""Readings of the safety goal, counted on draws made by hand."""

from functools import partial

import numpy as np
import pytest
import xarray as xr

from amager_eval.errors import InputError
from amager_eval.goals.safety.quantities import safety_quantities
from amager_eval.spec.readings import SAFETY_READINGS
from amager_eval.trends.fit import Forecast

safety_quantities = partial(safety_quantities, baseline=2024, target=2028)

DIMS = ("sample", "area", "setting", "response", "period")
YEARS = [2024, 2025, 2026]


def _draws(paths, *, observed=(), response=("safe",), settings=("night",)):
    """`paths`: area to (sample, period) shares of the first setting and response."""
    values = np.stack([np.asarray(p, dtype=float) for p in paths.values()], axis=1)
    values = values[:, :, None, None, :]
    values = np.broadcast_to(
        values, (*values.shape[:2], len(settings), len(response), values.shape[-1])
    )
    seen = np.zeros(values.shape[1:], dtype=bool)
    for period in observed:
        seen[..., YEARS.index(period)] = True
    return xr.Dataset(
        {"true": (DIMS, values), "published": (DIMS, values)},
        coords={
            "area": list(paths),
            "setting": list(settings),
            "response": list(response),
            "period": YEARS,
            "observed": (DIMS[1:], seen),
        },
    )


def _probability(frame, quantity, area="Nord", column="probability_true", **where):
    rows = frame[(frame["quantity"] == quantity) & (frame["area"] == area)]
    for key, value in where.items():
        rows = rows[rows[key] == value]
    assert len(rows) == 1
    return rows[column].iloc[0]


BYEN = [[0.80, 0.80, 0.80]] * 4
BELOW = [
    [0.70, 0.75, 0.80],  # reaches
    [0.70, 0.72, 0.79],  # within a point, more than halved
    [0.70, 0.69, 0.78],  # within two points, fell on the way
    [0.70, 0.66, 0.70],  # nothing gained
]


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("reaches_whole", 0.25),
        ("within_1_point", 0.5),
        ("within_2_points", 0.75),
        ("shortfall_smaller", 0.75),
        ("shortfall_smaller_and_rose", 0.75),
        ("shortfall_halved", 0.75),
        ("above_baseline", 0.75),
        ("rises_every_year", 0.5),
        ("stays_reached", np.nan),
    ],
)
def test_each_reading_of_an_area_below_the_whole(quantity, expected):
    forecast = Forecast("safety", _draws({"Byen": BYEN, "Nord": BELOW}), None, "")
    frame = safety_quantities(forecast, whole="Byen", target=2026)
    for column in ("probability_true", "probability_published"):
        found = _probability(frame, quantity, column=column)
        assert found == pytest.approx(expected, nan_ok=True)
    assert np.isnan(_probability(frame, quantity, column="prior_probability_true"))


def test_a_shortfall_can_shrink_though_the_area_did_not_rise():
    paths = {"Byen": [[0.80, 0.78, 0.74]], "Nord": [[0.70, 0.70, 0.70]]}
    frame = safety_quantities(
        Forecast("safety", _draws(paths), None, ""), whole="Byen", target=2026
    )
    assert _probability(frame, "shortfall_smaller") == 1
    assert _probability(frame, "shortfall_smaller_and_rose") == 0


def test_an_area_level_with_the_whole_is_asked_whether_it_stays_there():
    paths = {"Byen": BYEN[:2], "Vest": [[0.82, 0.81, 0.80], [0.82, 0.79, 0.85]]}
    frame = safety_quantities(
        Forecast("safety", _draws(paths), None, ""), whole="Byen", target=2026
    )
    assert _probability(frame, "stays_reached", area="Vest") == 0.5  # fell below on the way once
    assert _probability(frame, "reaches_whole", area="Vest") == 1
    for quantity in ("shortfall_smaller", "shortfall_halved"):
        assert np.isnan(_probability(frame, quantity, area="Vest"))


def test_unsafe_is_better_when_lower():
    paths = {"Byen": [[0.20, 0.20, 0.20]], "Nord": [[0.30, 0.25, 0.19]]}
    draws = _draws(paths, response=("unsafe",))
    frame = safety_quantities(Forecast("safety", draws, None, ""), whole="Byen", target=2026)
    assert _probability(frame, "reaches_whole") == 1
    assert _probability(frame, "rises_every_year") == 1


def test_a_published_figure_that_stood_still_has_ended_a_strict_rise():
    rng = np.random.default_rng(1)
    true = np.sort(rng.uniform(0.8, 0.9, size=(500, 3)), axis=1)
    draws = _draws({"Byen": true, "Øst": true})
    published = true.copy()
    published[:, 0], published[:, 1] = 0.85, 0.85
    values = np.stack([true, published], axis=1)[:, :, None, None, :]
    draws["published"] = (DIMS, values)
    frame = safety_quantities(Forecast("safety", draws, None, ""), whole="Byen", target=2026)
    assert _probability(frame, "rises_every_year", area="Øst", column="probability_published") == 0
    assert _probability(frame, "rises_every_year", area="Øst") == 1


def test_published_percentages_are_compared_as_percentages():
    # 0.29 - 0.28 and 0.57 - 0.56 differ in binary: within a point is within a point
    paths = {"Byen": [[0.58, 0.58, 0.58]], "Nord": [[0.57, 0.57, 0.57]]}
    frame = safety_quantities(
        Forecast("safety", _draws(paths), None, ""), whole="Byen", target=2026
    )
    assert _probability(frame, "within_1_point") == 1


def test_joint_rows_count_draws_in_which_all_hold():
    paths = {
        "Byen": [[0.8, 0.8, 0.8]] * 4,
        "Nord": [[0.7, 0.7, x] for x in (0.9, 0.9, 0.7, 0.7)],
        "Syd": [[0.7, 0.7, x] for x in (0.9, 0.7, 0.9, 0.7)],
    }
    forecast = Forecast("safety", _draws(paths, settings=("neighbourhood", "night")), None, "")
    frame = safety_quantities(forecast, whole="Byen", target=2026)
    assert _probability(frame, "reaches_whole", area="Nord", setting="alle") == 0.5
    assert _probability(frame, "reaches_whole", area="alle", setting="night") == 0.25
    assert _probability(frame, "reaches_whole", area="alle", setting="alle") == 0.25
    alone = safety_quantities(forecast, whole="Byen", target=2026, areas=["Nord"])
    assert set(alone["area"]) == {"Nord"}


def test_the_prior_only_value_stands_beside():
    draws = _draws({"Byen": BYEN, "Nord": BELOW})
    prior = _draws({"Byen": BYEN[:1], "Nord": [[0.7, 0.7, 0.9]]})
    frame = safety_quantities(Forecast("safety", draws, prior, ""), whole="Byen", target=2026)
    assert _probability(frame, "reaches_whole", column="prior_probability_true") == 1
    assert list(frame.columns) == [
        "area", "setting", "response", "quantity", "probability_true", "probability_published",
        "prior_probability_true", "prior_probability_published",
    ]  # fmt: skip
    assert tuple(frame["quantity"].unique()) == tuple(SAFETY_READINGS)


def test_without_a_whole_only_the_areas_own_readings_remain():
    forecast = Forecast("safety", _draws({"Nord": BELOW}), None, "")
    frame = safety_quantities(forecast, whole=None, target=2026)
    assert set(frame["quantity"]) == {"above_baseline", "rises_every_year"}


@pytest.mark.parametrize(
    "call",
    [
        {"whole": "Byen", "target": 2028},
        {"whole": "Byen", "target": 2024},
        {"whole": "Storbyen", "target": 2026},
        {"whole": "Byen", "target": 2026, "areas": ["Syd"]},
    ],
)
def test_a_wrong_call_says_so(call):
    forecast = Forecast("safety", _draws({"Byen": BYEN, "Nord": BELOW}), None, "")
    with pytest.raises(InputError):
        safety_quantities(forecast, **call)
