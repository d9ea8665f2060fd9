"""The published chart of monitored types, and what it may show of small counts."""

import json
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.input import Input, Masked
from amager_eval.data.published import published
from amager_eval.disclosure.earlier import EarlierFigures
from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.disclosure.short_periods import short_periods_may_be_shown
from amager_eval.goals.crime.monitored_types import MONITORED_COLUMNS, monitored_chart
from amager_eval.goals.crime.view import view_crime
from amager_eval.goals.facts import gather_facts
from amager_eval.record.earlier_publications import earlier_publications
from amager_eval.record.record import keep_file, read_record
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


def recorded(data, folder, *, record=None):
    """Publish a statement's reports and keep them; return the folder of the record."""
    shown = mask_small_counts(data, AGREEMENT, earlier_publications(record))
    views = view_crime(
        shown, gather_facts(shown, AGREEMENT), AGREEMENT, None, earlier_publications(record)
    )
    statement = {
        "masked": [asdict(m) for m in shown.masked],
        "reports": views.reports.to_dict(orient="records"),
    }
    keep_file(folder, "2026.json", json.dumps(statement).encode())
    return folder


def next_chart(data, record):
    return monitored_chart(
        mask_small_counts(data, AGREEMENT, earlier_publications(record)),
        AGREEMENT,
        earlier_publications(record),
    )


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({(AREA, "2023K2"): 3}, {(AREA, "2023K2"): 6}),  # a count of the area
        # what the two districts hold beyond the area inside them: 3, then 9
        (
            {(AREA, "2023K1"): 30, (EAST, "2023K1"): 13, (WEST, "2023K1"): 20},
            {(AREA, "2023K1"): 30, (EAST, "2023K1"): 19, (WEST, "2023K1"): 20},
        ),
    ],
)
def test_a_quarter_hidden_before_a_revision_does_not_follow_from_its_year(tmp_path, before, now):
    """The year was published; less the other three quarters it gives what the fourth was."""
    record = recorded(delivery(before), tmp_path)
    kept = read_record(record, 2026)
    assert {len(r["period"]) for r in kept["reports"]} == {4}  # years alone
    quarterly = monitored_chart(delivery(now), AGREEMENT)
    assert (quarterly["period"].str.len() > 4).all()  # nothing small now
    years = next_chart(delivery(now), record)
    assert set(years["period"]) <= {str(y) for y in YEARS}
    for (area, period), count in now.items():  # what the attacker would have found
        if before[area, period] != count:
            chart = quarterly[quarterly["area"] == area].set_index("period")["count"]
            others = [
                chart[f"{period[:4]}K{q}"] for q in range(1, 5) if f"{period[:4]}K{q}" != period
            ]
            (then,) = [
                r["count"]
                for r in kept["reports"]
                if (r["area"], r["period"]) == (area, period[:4])
            ]
            assert then - sum(others) == before[area, period]


def test_quarters_of_a_year_that_was_hidden_are_not_shown(tmp_path):
    small = {(AREA, f"2019K{q}"): n for q, n in enumerate((3, 0, 0, 0), start=1)}
    large = dict.fromkeys(small, 20)
    record = recorded(delivery(small), tmp_path)
    assert set(next_chart(delivery(large), record)["period"]) <= {str(y) for y in YEARS}
    # nor where the data come unmasked
    assert (
        monitored_chart(delivery(large), AGREEMENT, earlier_publications(record))["period"]
        .str.len()
        .max()
        == 4
    )


def test_quarters_stay_shown_where_a_revision_gives_nothing_away(tmp_path):
    record = recorded(delivery({(AREA, "2023K2"): 20}), tmp_path)
    chart = next_chart(delivery({(AREA, "2023K2"): 26}), record)
    assert (chart["period"].str.len() > 4).all()


def test_a_year_published_as_a_rate_is_as_good_as_its_count():
    """Three reports of that year's quarter are six now; the rate was published."""
    data = delivery({(AREA, "2021K2"): 6})
    year = data.crime[(data.crime["area"] == AREA) & data.crime["period"].str.startswith("2021")]
    people = 100 * LEVEL[AREA]
    rate = round(1000 * (year["count"].sum() - 3) / people, 4)
    before = {("politi", AREA, "hærværk", 2021): EarlierFigures(rates=[rate])}
    areas = list(LEVEL)
    assert short_periods_may_be_shown(data, AGREEMENT, areas, "hærværk", "politi")
    assert not short_periods_may_be_shown(data, AGREEMENT, areas, "hærværk", "politi", before)
