from functools import partial

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval import significance as sg
from amager_eval.goals.crime.displacement import (
    DISPLACEMENT_COLUMNS,
    Places,
    displacement,
    places_of_agreement,
)
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.fit import Forecast

displacement = partial(displacement, baseline=2024)

YEARS = [2024, 2025, 2026, 2027]
AREA = "Amager Partnerskab (2025)"


def forecast(counts, people, seen=3):
    """Two draws that agree on what is published: area to reports in each year."""
    dims = ("sample", "area", "crime_type", "period")
    count = np.array([list(v) for v in counts.values()], float)[None, :, None]
    count = np.concatenate([count, count])
    count[1, ..., seen:] += 50  # predicted reports differ between draws
    exposure = np.array([people[a] for a in counts])[None, :, None, None]
    observed = np.broadcast_to(np.arange(4) < seen, count.shape[1:]).copy()
    draws = xr.Dataset(
        {
            "count": (dims, count),
            "expected": (dims, count + 1),
            "level": (dims, (count + 1) / exposure),
        },
        coords={
            "area": list(counts), "crime_type": ["theft"], "period": YEARS,
            "observed": (dims[1:], observed),
        },
        attrs={"definition": "x", "period_unit": "year", "whole": ""}
        | {"total": "", "total_parts": ""},
    )  # fmt: skip
    return Forecast("crime", draws, None, "")


FOUR = forecast(
    {"A": [50, 45, 40, 9], "B": [80, 80, 82, 9], "C": [60, 66, 70, 9], "D": [90, 90, 91, 9]},
    {"A": 1.0, "B": 2.0, "C": 1.5, "D": 2.5},
)
APART = Places({"A": 1}, {"B": 1}, {"C": 1}, {"D": 1})


def test_four_places_are_the_weighted_displacement_difference():
    frame = displacement(FOUR, APART).set_index("part")
    assert set(frame["year"]) == {2026}  # the latest published year; nothing predicted
    w = sg.weighted_displacement_difference(
        [50, 40], [80, 82], [60, 70], [90, 91], areas=[1, 2, 1.5, 2.5]
    )
    for part in ("local", "displacement", "total"):
        contrast = getattr(w, part)
        assert frame.loc[part, "estimate"] == pytest.approx(contrast.estimate)
        assert frame.loc[part, "low_95"] == pytest.approx(contrast.low)
        assert frame.loc[part, "p_value"] == pytest.approx(contrast.p_value)
    assert frame.loc["total", ["reports_before", "reports_after"]].tolist() == [110, 110]


def test_one_control_for_both_is_less_sure_than_two():
    shared = Places({"A": 1}, {"B": 1}, {"C": 1}, {"B": 1})
    row = displacement(FOUR, shared).set_index("part").loc["total"]
    # each change has Poisson variance; the control's enters the total twice, so fourfold
    change = (40 - 50) / 1 + (70 - 60) / 1.5 - 2 * (82 - 80) / 2
    variance = 90 / 1**2 + 130 / 1.5**2 + 4 * 162 / 2**2
    assert row["estimate"] == pytest.approx(change)
    assert row["high_95"] - row["estimate"] == pytest.approx(1.959964 * variance**0.5)


def test_areas_are_taken_out_of_those_they_lie_in():
    ring = Places({"A": 1}, {"D": 1, "B": -1}, {"B": 1, "A": -1}, {"D": 1, "B": -1})
    frame = displacement(FOUR, ring).set_index("part")
    assert frame.loc["displacement", ["reports_before", "reports_after"]].tolist() == [30, 42]
    # nonsense sums are refused, not shown
    assert displacement(FOUR, Places({"A": 1}, {"B": 1}, {"C": 1, "D": -1}, {"D": 1})).empty


def test_what_is_not_published_everywhere_is_left_out():
    assert displacement(forecast({"A": [5] * 4, "B": [5] * 4, "C": [5] * 4, "D": [5] * 4},
                                 dict.fromkeys("ABCD", 1.0), seen=1), APART).empty  # fmt: skip
    missing = displacement(FOUR, Places({"Z": 1}, {"B": 1}, {"C": 1}, {"D": 1}))
    assert tuple(missing.columns) == DISPLACEMENT_COLUMNS
    assert missing.empty
    assert isinstance(missing, pd.DataFrame)


def test_next_door_is_what_the_districts_hold_outside_the_area():
    agreement = load_agreement()
    areas = ["København", "Amager Vest", "Amager Øst", AREA, "Valby"]
    places = places_of_agreement(agreement, areas)
    assert places.area == {AREA: 1}
    assert places.next_door == {"Amager Vest": 1, "Amager Øst": 1, AREA: -1}
    assert places.control == {"København": 1, "Amager Vest": -1, "Amager Øst": -1}
    for absent in ("København", "Amager Øst", AREA):
        assert places_of_agreement(agreement, [a for a in areas if a != absent]) is None
