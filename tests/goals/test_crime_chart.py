"""The published chart of monitored types, and what it may show of small counts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.input import Input, Masked
from amager_eval.data.published import published
from amager_eval.goals.crime_chart import MONITORED_COLUMNS, monitored_chart
from amager_eval.goals.disclosure import mask_small_counts, short_periods_may_be_shown
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
CITY, AREA, EAST, WEST = "København", "Amager Partnerskab (2025)", "Amager Øst", "Amager Vest"
LEVEL = {CITY: 400.0, WEST: 60.0, EAST: 55.0, AREA: 24.0}
YEARS = range(2016, 2027)


def delivery(change=None, *, kind="hærværk", source="politi", years=YEARS):
    """Quarterly reports of one type; `change` maps (area, period) to a count."""
    rows = [
        (a, f"{y}K{q}", kind, (change or {}).get((a, f"{y}K{q}"), round(level * s)), source)
        for a, level in LEVEL.items()
        for y in years
        for q, s in enumerate((0.7, 1.1, 1.3, 0.9), start=1)
    ]
    crime = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "definition"])
    people = [(a, str(y), 100 * v) for a, v in LEVEL.items() for y in range(2016, 2028)]
    return Input(
        crime=crime.astype({"count": float}),
        population=pd.DataFrame(people, columns=["area", "period", "population"]),
        whole=CITY,
        parts=(EAST, WEST),
    )


def masked_chart(data):
    return monitored_chart(mask_small_counts(data, AGREEMENT), AGREEMENT)


def test_monitored_types_alone_whatever_their_series():
    data = delivery({(AREA, "2026K1"): 60})
    goal = delivery(kind="indbrud")
    both = replace(data, crime=pd.concat([data.crime, goal.crime], ignore_index=True))
    chart = masked_chart(both)
    assert tuple(chart.columns) == MONITORED_COLUMNS
    assert set(chart["crime_type"]) == {"hærværk"}
    assert set(chart["definition"]) == {"politi"}
    found = chart[chart["signal"] != ""]
    assert found[["area", "period", "signal"]].values.tolist() == [[AREA, "2026K1", "above"]]


def test_a_small_quarter_makes_every_area_s_chart_one_of_years():
    chart = masked_chart(delivery({(AREA, "2017K2"): 3}))
    assert set(chart["period"]) <= {str(y) for y in YEARS}
    assert set(chart["area"]) == set(LEVEL)


def test_a_small_quarter_between_areas_does_too():
    # the two districts hold three reports more than the area inside them
    chart = masked_chart(
        delivery({(AREA, "2023K1"): 30, (EAST, "2023K1"): 13, (WEST, "2023K1"): 20})
    )
    assert set(chart["period"]) <= {str(y) for y in YEARS}


def test_years_that_become_quarters_are_charted_by_years():
    data = delivery()
    early = data.crime["period"] < "2019"
    keys = ["area", "crime_type", "definition"]
    years = data.crime[early].groupby([data.crime["period"].str[:4], *keys])["count"].sum()
    mixed = pd.concat([years.reset_index(), data.crime[~early]], ignore_index=True)
    chart = masked_chart(replace(data, crime=mixed))
    assert set(chart["period"]) <= {str(y) for y in YEARS}
    assert {"2016", "2026"} & set(chart["period"])


def test_parts_that_are_the_whole_leave_no_rest():
    data = delivery()
    crime = data.crime[data.crime["area"].isin([EAST, WEST])]
    total = crime.groupby(["period", "crime_type", "definition"], as_index=False)["count"].sum()
    whole = replace(data, crime=pd.concat([crime, total.assign(area=CITY)], ignore_index=True))
    assert short_periods_may_be_shown(whole, AGREEMENT, [CITY, EAST, WEST], "hærværk", "politi")


def test_anything_hidden_of_the_type_hides_its_quarters():
    data = delivery()
    areas = list(LEVEL)
    assert short_periods_may_be_shown(data, AGREEMENT, areas, "hærværk", "politi")
    elsewhere = replace(data, masked=(Masked("crime", "Valby", 2020, "hærværk", "politi"),))
    assert not short_periods_may_be_shown(elsewhere, AGREEMENT, areas, "hærværk", "politi")
    other = replace(data, masked=(Masked("crime", "Valby", 2020, "trusler", "politi"),))
    assert short_periods_may_be_shown(other, AGREEMENT, areas, "hærværk", "politi")


def test_a_total_is_not_shown_by_quarters():
    # how the types of a quarter add up is not looked at
    data = delivery()
    total = replace(data, crime=data.crime.assign(crime_type="total"))
    assert not short_periods_may_be_shown(total, AGREEMENT, list(LEVEL), "total", "politi")


def test_a_hidden_year_is_in_no_chart_and_moves_no_limit():
    def year(total):
        return {(AREA, f"2019K{q}"): total if q == 1 else 0 for q in range(1, 5)}

    three, one = (masked_chart(delivery(year(n))) for n in (3, 1))
    assert "2019" not in set(three.loc[three["area"] == AREA, "period"])
    pd.testing.assert_frame_equal(three, one)


@pytest.mark.parametrize("seed", range(12))
def test_no_small_quarter_follows_from_what_is_charted(seed):
    """An attacker who adds and subtracts every charted count of a period finds none below five."""
    rng = np.random.default_rng(seed)
    pieces = {"in": 9, "west": 20, "east": 18, "elsewhere": 300}
    sizes = {
        f"{y}K{q}": {k: rng.poisson(m) for k, m in pieces.items()}
        for y in range(2020, 2026)
        for q in range(1, 5)
    }
    inside = {p: rng.binomial(n["in"], 0.5) for p, n in sizes.items()}
    change = {}
    for p, n in sizes.items():
        change[AREA, p] = n["in"]
        change[WEST, p] = n["west"] + inside[p]
        change[EAST, p] = n["east"] + n["in"] - inside[p]
        change[CITY, p] = sum(n.values())
    chart = masked_chart(delivery(change, years=range(2020, 2026)))
    for _, rows in chart[chart["period"].str.len() > 4].groupby("period"):
        shown = dict(zip(rows["area"], rows["count"], strict=True))
        assert min(shown.values()) >= 5
        assert shown[EAST] + shown[WEST] - shown[AREA] >= 5
        assert shown[CITY] - shown[EAST] - shown[WEST] >= 5
        assert shown[CITY] - shown[AREA] >= 5


def test_nothing_to_chart():
    assert monitored_chart(Input(), AGREEMENT).empty
    assert monitored_chart(delivery(years=range(2025, 2027)), AGREEMENT).empty
    assert len(monitored_chart(published(), AGREEMENT))
