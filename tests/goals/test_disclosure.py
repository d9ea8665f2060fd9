"""Small counts hidden in the input: nothing that is shown gives them away."""

from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from amager_eval.data.input import Input, Masked, SourceFile
from amager_eval.goals import suppression
from amager_eval.goals.baseline import freeze_baseline, load_baseline
from amager_eval.goals.crime_results import annual_figures
from amager_eval.goals.disclosure import mask_small_counts
from amager_eval.goals.missing import missing_deliveries
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
AREA, OLD = "Amager Partnerskab (2025)", "Amager Partnerskab (udvidet område fra 2021)"
TYPES = ("indbrud", "tyveri/røveri", "vold/våben")
THRESHOLD = AGREEMENT.disclosure.threshold


def delivery(rows, *, periods=("2024",), digest="0" * 64, **more):
    """Build an input whose counts are `rows`: (area, type) to a count, split over the periods."""
    table = [
        (area, period, kind, count if i == 0 else 0.0, "borgervendt", np.nan)
        for (area, kind), count in rows.items()
        for i, period in enumerate(periods)
    ]
    columns = ["area", "period", "crime_type", "count", "definition", "per_1000"]
    population = pd.DataFrame(
        [(AREA, "2024", 20_000.0), (OLD, "2024", 15_000.0)],
        columns=["area", "period", "population"],
    )
    return Input(
        crime=pd.DataFrame(table, columns=columns),
        population=population,
        files=(SourceFile("crime.csv", digest),),
        **more,
    )


def one_area(area=AREA, total=None, **counts):
    """Counts of an area by type; the total is their sum unless given."""
    rows = {(area, k): float(v) for k, v in zip(TYPES, counts.values(), strict=False)}
    return rows | {(area, "total"): float(sum(rows.values()) if total is None else total)}


def hidden(data):
    return {(m.area, m.what) for m in data.masked}


def test_nothing_changes_where_no_count_is_small():
    data = delivery(one_area(a=40, b=200, c=60, total=900))
    assert mask_small_counts(data, AGREEMENT) is data


def test_a_small_count_takes_another_with_it_where_the_types_make_up_the_total():
    masked = mask_small_counts(delivery(one_area(a=3, b=200, c=60)), AGREEMENT)
    assert hidden(masked) == {(AREA, "indbrud"), (AREA, "vold/våben")}
    figures = annual_figures(masked, AREA, "indbrud", "borgervendt")
    assert all(f.count is None and f.rate is None for f in figures.values())


def test_every_period_of_a_hidden_year_is_hidden():
    quarters = tuple(f"2024K{q}" for q in range(1, 5))
    masked = mask_small_counts(delivery(one_area(a=3, b=200, c=60), periods=quarters), AGREEMENT)
    rows = masked.crime[masked.crime["crime_type"] == "indbrud"]
    assert len(rows) == 4
    assert rows["count"].isna().all()


def test_a_small_quarter_of_a_large_year_stays():
    quarters = tuple(f"2024K{q}" for q in range(1, 5))
    data = delivery(one_area(a=30, b=200, c=60), periods=quarters)
    assert mask_small_counts(data, AGREEMENT) is data  # only years are published


def test_a_rate_gives_its_count_away():
    data = delivery(one_area(a=40, b=200, c=60, total=900))
    rate = data.crime.assign(
        per_1000=data.crime["crime_type"].map({"indbrud": 0.15}),
        count=data.crime["count"].mask(data.crime["crime_type"] == "indbrud"),
    )
    masked = mask_small_counts(replace(data, crime=rate), AGREEMENT)
    assert hidden(masked) == {(AREA, "indbrud")}  # 0.15 per 1,000 of 20,000 are 3 reports
    assert masked.crime.loc[masked.crime["crime_type"] == "indbrud", "per_1000"].isna().all()


def test_versions_of_the_area_that_differ_by_few_reports():
    rows = {(AREA, "indbrud"): 40.0, (OLD, "indbrud"): 38.0}
    assert hidden(mask_small_counts(delivery(rows), AGREEMENT)) != set()
    apart = {(AREA, "indbrud"): 40.0, (OLD, "indbrud"): 30.0}
    assert hidden(mask_small_counts(delivery(apart), AGREEMENT)) == set()


def test_city_minus_area():
    rows = {("København", "indbrud"): 42.0, (AREA, "indbrud"): 40.0}
    data = delivery(rows, whole="København", parts=AGREEMENT.areas.parts)
    assert hidden(mask_small_counts(data, AGREEMENT)) == {(AREA, "indbrud")}


def statement_of(data, *, year="2025"):
    """What the record keeps of a statement, as far as hiding is concerned."""
    figures = [
        {"kind": "crime", "form": "count", "area": a, "crime_type": t, "definition": "borgervendt",
         "year": y, "value": f.count}
        for a, t in data.crime[["area", "crime_type"]].drop_duplicates().itertuples(index=False)
        for y, f in annual_figures(data, a, t, "borgervendt").items()
        if f.count is not None
    ]  # fmt: skip
    return {"masked": [asdict(m) for m in data.masked], "forecasts": {"figures": figures}}


@pytest.fixture
def keep(monkeypatch):
    """Return a function that makes what it is given the record of 2025."""

    def _keep(data):
        statement = statement_of(data)
        monkeypatch.setattr("amager_eval.goals.disclosure.recorded_years", lambda _: [2025])
        monkeypatch.setattr("amager_eval.goals.disclosure.read_record", lambda *_: statement)

    return _keep


def test_revised_counts_cannot_be_subtracted_from_earlier_ones(keep, tmp_path):
    """Six reports were published, revised to four: the other types are known from last year."""
    before = mask_small_counts(delivery(one_area(a=6, b=200, c=60)), AGREEMENT)
    assert before.masked == ()
    keep(before)
    now = mask_small_counts(delivery(one_area(a=4, b=200, c=60)), AGREEMENT, tmp_path)
    assert hidden(now) == {(AREA, "indbrud"), (AREA, "total")}


def test_what_was_hidden_stays_hidden_when_it_grows(keep, tmp_path):
    keep(mask_small_counts(delivery(one_area(a=3, b=200, c=60)), AGREEMENT))
    now = mask_small_counts(delivery(one_area(a=6, b=200, c=60)), AGREEMENT, tmp_path)
    assert hidden(now) == {(AREA, "indbrud"), (AREA, "vold/våben")}


def test_the_same_record_hides_the_same(keep, tmp_path):
    data = delivery(one_area(a=3, b=200, c=60))
    first = mask_small_counts(data, AGREEMENT)
    keep(first)
    assert mask_small_counts(data, AGREEMENT, tmp_path).masked == first.masked


def test_the_frozen_baseline_holds_no_small_count(tmp_path):
    freeze_baseline(delivery(one_area(a=3, b=200, c=60)), AGREEMENT, tmp_path, on=date(2026, 3, 1))
    kept = {e.crime_type: (e.count, e.rate) for e in load_baseline(tmp_path)}
    assert kept["indbrud"] == kept["vold/våben"] == (None, None)
    assert kept["tyveri/røveri"] == (200.0, 10.0)


def test_a_hidden_baseline_was_delivered_all_the_same():
    masked = mask_small_counts(delivery(one_area(a=3, b=200, c=60)), AGREEMENT)
    asked = missing_deliveries(masked, AGREEMENT, AREA)
    assert "crime_types" not in {m.what for m in asked}


def answers(percents, n=200.0, decimals=0):
    return pd.DataFrame(
        [(AREA, 2026, "night", r, p, n, decimals, "=") for r, p in percents.items()],
        columns=["area", "wave", "setting", "response", "percent", "n", "decimals", "comparator"],
    )


def test_answers_of_few_respondents_are_left_out():
    data = Input(safety=answers({"safe": 90.0, "unsafe": 1.5}, decimals=1))
    masked = mask_small_counts(data, AGREEMENT)
    assert [m.what for m in masked.masked] == ["night, unsafe"]
    every = answers({"safe": 90.0, "neither": 8.5, "unsafe": 1.5}, decimals=1)
    masked = mask_small_counts(Input(safety=every), AGREEMENT)
    assert {m.what for m in masked.masked} == {"night, unsafe", "night, neither"}
    assert list(masked.safety["response"]) == ["safe"]


def test_masked_says_what_and_not_how_much():
    masked = mask_small_counts(delivery(one_area(a=3, b=200, c=60)), AGREEMENT)
    assert Masked("crime", AREA, 2024, "indbrud", "borgervendt") in masked.masked
    assert not any(isinstance(v, float) for m in masked.masked for v in asdict(m).values())


def city(inner, ring, district, rest, others):
    """Counts of a city: the older area in the newer, that in two districts, those in the city."""
    nested = {
        OLD: np.array(inner, dtype=float),
        AREA: np.array(inner, dtype=float) + ring,
        "Amager Øst": np.array(district, dtype=float),
    }
    nested["Amager Vest"] = nested[AREA] + district
    nested["København"] = nested["Amager Vest"] + nested["Amager Øst"] + rest
    rows = {}
    for area, values in nested.items():
        rows |= {(area, t): float(v) for t, v in zip(TYPES, values, strict=True)}
        rows[area, "total"] = float(values.sum() + others)
    return rows


def attack(rows, masked, *, exact):
    """Solve for every small count; return those for which a value below the threshold is excluded.

    The attacker knows what is shown and how the figures were made: which areas lie in which, and
    that the types are the total but for other reports, or all of it (`exact`).
    """
    cells = list(rows)
    shown = {
        (a, t): float(c)
        for a, t, c in masked.crime[["area", "crime_type", "count"]].itertuples(index=False)
        if not np.isnan(c)
    }
    at_most, equal = [], []
    for kind in (*TYPES, "total"):
        for outer, inner in (
            (("København",), ("Amager Vest", "Amager Øst")),
            (("Amager Vest", "Amager Øst"), (AREA,)),
            ((AREA,), (OLD,)),
            (("København",), (AREA,)),
        ):
            row = np.zeros(len(cells))
            row[[cells.index((a, kind)) for a in inner]] = 1.0
            row[[cells.index((a, kind)) for a in outer]] = -1.0
            at_most.append(row)
    for area in {a for a, _ in cells}:
        row = np.zeros(len(cells))
        row[[cells.index((area, t)) for t in TYPES]] = 1.0
        row[cells.index((area, "total"))] = -1.0
        (equal if exact else at_most).append(row)
    rest_of = {f"rest {i}": -row for i, row in enumerate(at_most)}
    single = {c: np.eye(len(cells))[i] for i, c in enumerate(cells)}
    values = np.array(list(rows.values()))
    bounds = [(shown[c], shown[c]) if c in shown else (0, None) for c in cells]
    found = []
    for name, aim in (single | rest_of).items():
        if float(aim @ values) >= THRESHOLD:
            continue
        ends = [
            linprog(
                sign * aim,
                A_ub=np.array(at_most),
                b_ub=np.zeros(len(at_most)),
                A_eq=np.array(equal) if equal else None,
                b_eq=np.zeros(len(equal)) if equal else None,
                bounds=bounds,
            )
            for sign in (1.0, -1.0)
        ]
        low, high = ends[0].fun, np.inf if ends[1].status == 3 else -ends[1].fun
        if low > 1e-6 or high < THRESHOLD - 1 - 1e-6:
            found.append((name, low, high))
    return found


def masked_city(rows):
    data = delivery(rows, whole="København", parts=AGREEMENT.areas.parts)
    return mask_small_counts(data, AGREEMENT)


counts = st.lists(st.integers(0, 30), min_size=3, max_size=3)


@settings(max_examples=25, deadline=None)
@given(inner=counts, ring=counts, district=counts, rest=counts, others=st.integers(0, 6))
def test_the_attack(inner, ring, district, rest, others):
    """Solve for every small count from totals, area versions, districts and the city at once."""
    rows = city(inner, ring, district, rest, others)
    assert attack(rows, masked_city(rows), exact=others == 0) == []


def test_the_attack_succeeds_where_no_other_count_is_hidden(monkeypatch):
    rows = city([3, 20, 30], [10, 10, 10], [40, 50, 60], [70, 80, 90], 0)
    monkeypatch.setattr(suppression._System, "next_to_hide", lambda *_: None)
    masked = masked_city(rows)
    assert hidden(masked) == {(OLD, "indbrud")}
    assert attack(rows, masked, exact=True) == [((OLD, "indbrud"), 3.0, 3.0)]


@settings(max_examples=15, deadline=None)
@given(small=st.integers(0, 4), other=st.integers(0, 4), digest=st.text("0123456789abcdef"))
def test_what_is_published_is_the_same_whatever_the_small_count(small, other, digest):
    """Everything published is computed from the masked input: it must not know the small count.

    Two inputs differ in a small count, in its neighbour's (their sum is known) and in their files'
    digests; nothing that leaves the mask may differ.
    """
    first = mask_small_counts(
        delivery(one_area(a=small, b=10 - small, c=60), digest=digest), AGREEMENT
    )
    second = mask_small_counts(
        delivery(one_area(a=other, b=10 - other, c=60), digest="1" * 64), AGREEMENT
    )
    assert first.masked == second.masked
    pd.testing.assert_frame_equal(first.crime, second.crime)
    assert first.files == second.files
