"""Small counts hidden in the input: nothing that is shown gives them away."""

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from amager_eval.data.annual_figures import annual_figures
from amager_eval.data.input import Input, Masked, Replaced, SourceFile
from amager_eval.disclosure import suppression
from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.goals.crime.view import view_crime
from amager_eval.goals.facts import gather_facts, published_areas
from amager_eval.goals.missing import missing_deliveries
from amager_eval.record.baseline import freeze_baseline, load_baseline
from amager_eval.record.earlier_publications import earlier_publications
from amager_eval.record.issue_forecasts import issue_forecasts
from amager_eval.record.record import keep_file
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()


def facts_of(data):
    return gather_facts(data, AGREEMENT)


AREA, OLD = "Amager Partnerskab (2025)", "Amager Partnerskab (udvidet område fra 2021)"
TYPES = ("indbrud", "tyveri/røveri", "vold/våben")
PEOPLE = {AREA: 20_000.0, OLD: 15_000.0, "Amager Øst": 60_000.0, "Amager Vest": 80_000.0,
          "København": 650_000.0}  # fmt: skip
THRESHOLD = AGREEMENT.disclosure.threshold


def delivery(rows, *, periods=("2024",), digest="0" * 64, definition="borgervendt", **more):
    """Build an input whose counts are `rows`: (area, type) to a count, split over the periods."""
    table = [
        (area, period, kind, count if i == 0 else 0.0, definition, np.nan)
        for (area, kind), count in rows.items()
        for i, period in enumerate(periods)
    ]
    columns = ["area", "period", "crime_type", "count", "definition", "per_1000"]
    population = pd.DataFrame(
        [(area, "2024", people) for area, people in PEOPLE.items()],
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


def test_a_figure_that_replaced_a_published_one_is_hidden_with_its_cell():
    cells = tuple(
        Replaced("crime", (AREA, "2024", kind, "borgervendt"), "count", 12.0, new, "old", "new")
        for kind, new in (("indbrud", 3.0), ("vold/våben", 60.0), ("tyveri/røveri", 200.0))
    )
    masked = mask_small_counts(delivery(one_area(a=3, b=200, c=60), replaced=cells), AGREEMENT)
    shown = {r.what[2]: (r.old, r.new) for r in masked.replaced}
    assert shown == {
        "indbrud": (None, None),
        "vold/våben": (None, None),
        "tyveri/røveri": (12.0, 200.0),
    }


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


def statement_of(data):
    """What the record keeps of a statement, as far as hiding is concerned; made as it is made."""
    facts = facts_of(data)
    issued = issue_forecasts(facts, AGREEMENT, 2026, None, None, pd.DataFrame())
    return {
        "masked": [asdict(m) for m in data.masked],
        "reports": view_crime(data, facts, AGREEMENT, None).reports.to_dict(orient="records"),
        "forecasts": {"figures": issued.figures.to_dict(orient="records")},
    }


def kept(data, folder, **without):
    """Make a record of one statement; `without` takes parts of it out."""
    statement = {k: v for k, v in statement_of(data).items() if without.get(k, True)}
    keep_file(folder, "2026.json", json.dumps(statement).encode())
    return folder


def as_rates(data, areas=(AREA,)):
    """Deliver reports per 1,000 in place of the counts of some areas."""
    people = data.population.set_index("area")["population"]
    crime, rated = data.crime, data.crime["area"].isin(areas)
    rate = 1000 * crime["count"] / crime["area"].map(people)
    return replace(
        data,
        crime=crime.assign(per_1000=rate.where(rated), count=crime["count"].mask(rated)),
    )


ALL_SERIES = pytest.mark.parametrize(
    ("definition", "year"),
    [("borgervendt", "2024"), ("borgervendt", "2020"), ("politi", "2024"), ("straffelov", "2018")],
)


@ALL_SERIES
@pytest.mark.parametrize("rates", ["none", "both", "before", "now"])
def test_revised_counts_cannot_be_subtracted_from_earlier_ones(tmp_path, definition, year, rates):
    """Six reports were published, revised to four: the other types are known from last year."""
    series = {"definition": definition, "periods": (year,)}
    before = delivery(one_area(a=6, b=200, c=60), **series)
    now = delivery(one_area(a=4, b=200, c=60), **series)
    before = as_rates(before) if rates in {"both", "before"} else before
    now = as_rates(now) if rates in {"both", "now"} else now
    assert mask_small_counts(before, AGREEMENT).masked == ()
    masked = mask_small_counts(now, AGREEMENT, earlier_publications(kept(before, tmp_path)))
    assert hidden(masked) == {(AREA, "indbrud"), (AREA, "total")}


def test_a_record_kept_before_reports_were_listed_is_read(tmp_path):
    record = kept(delivery(one_area(a=6, b=200, c=60)), tmp_path, reports=False)
    now = mask_small_counts(
        delivery(one_area(a=4, b=200, c=60)), AGREEMENT, earlier_publications(record)
    )
    assert hidden(now) == {(AREA, "indbrud"), (AREA, "total")}


def test_a_revised_quarter_cannot_be_subtracted_from_its_year(tmp_path):
    """The chart published a year's quarters; one is now small, the other three are known."""

    def quarters(first):
        rows = [
            (AREA, f"{y}K{q}", "chikane", first if (y, q) == (2024, 1) else 9.0, "politi", np.nan)
            for y in range(2016, 2026)
            for q in range(1, 5)
        ]
        data = delivery({})
        return replace(data, crime=pd.DataFrame(rows, columns=data.crime.columns))

    record = kept(quarters(6.0), tmp_path)
    assert mask_small_counts(quarters(4.0), AGREEMENT).masked == ()
    masked = mask_small_counts(quarters(4.0), AGREEMENT, earlier_publications(record)).masked
    assert masked == (Masked("crime", AREA, 2024, "chikane", "politi"),)


@ALL_SERIES
def test_a_rate_without_inhabitants_is_hidden(definition, year):
    """0.1 per 1,000 gives the count to whoever can guess how many live there."""
    data = delivery(
        one_area(a=2, b=200, c=60) | {(OLD, "tyveri/røveri"): 150.0},
        definition=definition,
        periods=(year,),
    )
    rated = as_rates(data, (AREA, OLD))
    people = rated.population[rated.population["area"] == OLD]
    masked = mask_small_counts(replace(rated, population=people), AGREEMENT)
    assert hidden(masked) == {(AREA, t) for t in (*TYPES, "total")}
    assert masked.crime.loc[masked.crime["area"] == AREA, "per_1000"].isna().all()
    assert masked.crime.loc[masked.crime["area"] == OLD, "per_1000"].notna().all()


def test_what_was_hidden_stays_hidden_when_it_grows(tmp_path):
    record = kept(mask_small_counts(delivery(one_area(a=3, b=200, c=60)), AGREEMENT), tmp_path)
    now = mask_small_counts(
        delivery(one_area(a=6, b=200, c=60)), AGREEMENT, earlier_publications(record)
    )
    assert hidden(now) == {(AREA, "indbrud"), (AREA, "vold/våben")}


def test_the_same_record_hides_the_same(tmp_path):
    data = delivery(one_area(a=3, b=200, c=60))
    first = mask_small_counts(data, AGREEMENT)
    kept(first, tmp_path)
    assert mask_small_counts(data, AGREEMENT, earlier_publications(tmp_path)).masked == first.masked


def test_the_frozen_baseline_holds_no_small_count(tmp_path):
    freeze_baseline(delivery(one_area(a=3, b=200, c=60)), AGREEMENT, tmp_path, on=date(2026, 3, 1))
    frozen = {e.crime_type: (e.count, e.rate) for e in load_baseline(tmp_path, AGREEMENT)}
    assert frozen["indbrud"] == frozen["vold/våben"] == (None, None)
    assert frozen["tyveri/røveri"] == (200.0, 10.0)


@pytest.mark.parametrize(("first", "then"), [(6, 4), (3, 6)])
def test_a_revised_baseline_gives_no_small_count_away(tmp_path, first, then):
    freeze_baseline(
        delivery(one_area(a=first, b=200, c=60)), AGREEMENT, tmp_path, on=date(2026, 3, 1)
    )
    data = delivery(one_area(a=then, b=200, c=60))
    freeze_baseline(data, AGREEMENT, tmp_path, on=date(2026, 4, 1), revise="Rettet af kilden.")
    frozen = {e.crime_type: e.count for e in load_baseline(tmp_path, AGREEMENT)}
    assert frozen["indbrud"] is None
    assert frozen["total" if first == 6 else "vold/våben"] is None
    assert hidden(mask_small_counts(data, AGREEMENT, earlier_publications(tmp_path))) >= {
        (AREA, "indbrud")
    }


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


def figures_of(data):
    """Read what is shown as counts, rates too: anyone may know how many live there."""
    crime = data.crime
    count = crime["count"].fillna(crime["per_1000"] * crime["area"].map(PEOPLE) / 1000)
    cells = zip(crime["area"], crime["crime_type"], count, strict=True)
    return {(a, t): float(c) for a, t, c in cells if not np.isnan(c)}


def attack(rows, masked, *, exact, before=None):
    """Solve for every small count; return those for which a value below the threshold is excluded.

    The attacker knows what is shown and how the figures were made: which areas lie in which, and
    that the types are the total but for other reports, or all of it (`exact`). Areas that agree in
    every type are one area under two names. Those counts of an earlier year (`before`) that are
    still right are taken for known; what they give away by themselves is no fault of this year's.
    """
    cells = list(rows)
    known = {c: v for c, v in (before or {}).items() if abs(rows[c] - v) < 1e-6}
    shown = known | figures_of(masked)
    values = np.array(list(rows.values()))
    at_most, equal = [], []
    for outer, inner in (
        (("København",), ("Amager Vest", "Amager Øst")),
        (("Amager Vest", "Amager Øst"), (AREA,)),
        ((AREA,), (OLD,)),
        (("København",), (AREA,)),
    ):
        nested = np.zeros((len(TYPES) + 1, len(cells)))
        for row, kind in zip(nested, (*TYPES, "total"), strict=True):
            row[[cells.index((a, kind)) for a in inner]] = 1.0
            row[[cells.index((a, kind)) for a in outer]] = -1.0
        (at_most if (nested @ values).any() else equal).extend(nested)
    for area in {a for a, _ in cells}:
        row = np.zeros(len(cells))
        row[[cells.index((area, t)) for t in TYPES]] = 1.0
        row[cells.index((area, "total"))] = -1.0
        (equal if exact else at_most).append(row)
    rest_of = {f"rest {i}": -row for i, row in enumerate(at_most)}
    single = {c: np.eye(len(cells))[i] for i, c in enumerate(cells)}

    def excluded(aim, fixed):
        ends = [
            linprog(
                sign * aim,
                A_ub=np.array(at_most) if at_most else None,
                b_ub=np.full(len(at_most), 1e-9) if at_most else None,
                A_eq=np.array(equal) if equal else None,
                b_eq=np.zeros(len(equal)) if equal else None,
                bounds=[(fixed[c], fixed[c]) if c in fixed else (0, None) for c in cells],
            )
            for sign in (1.0, -1.0)
        ]
        low, high = ends[0].fun, np.inf if ends[1].status == 3 else -ends[1].fun
        return (low, high) if low > 1e-6 or high < THRESHOLD - 1 - 1e-6 else None

    found = []
    for name, aim in (single | rest_of).items():
        if float(aim @ values) >= THRESHOLD:
            continue
        ends = excluded(aim, shown)
        if ends is not None and not (known and excluded(aim, known)):
            found.append((name, *ends))
    return found


def masked_city(rows, *, rated=(), record=None, **more):
    data = delivery(rows, whole="København", parts=AGREEMENT.areas.parts, **more)
    return mask_small_counts(as_rates(data, rated), AGREEMENT, earlier_publications(record))


counts = st.lists(st.integers(0, 30), min_size=3, max_size=3)


@settings(max_examples=25, deadline=None)
@given(inner=counts, ring=counts, district=counts, rest=counts, others=st.integers(0, 6))
def test_the_attack(inner, ring, district, rest, others):
    """Solve for every small count from totals, area versions, districts and the city at once."""
    rows = city(inner, ring, district, rest, others)
    assert attack(rows, masked_city(rows), exact=others == 0) == []


@settings(max_examples=15, deadline=None)
@given(
    first=counts,
    then=counts,
    ring=counts,
    others=st.integers(0, 1),
    moved=st.booleans(),
    rated=st.sets(st.sampled_from(list(PEOPLE))),
    rated_before=st.booleans(),
    series=st.sampled_from([("borgervendt", "2024"), ("borgervendt", "2019"), ("politi", "2024")]),
)
@example(  # 21 and 25 reports as rates, four left between them: 3.9999999999999964 is not four
    first=[0, 21, 4], then=[0, 1, 4], ring=[0, 20, 0], others=0, moved=False,
    rated={AREA}, rated_before=False, series=("borgervendt", "2024"),
)  # fmt: skip
def test_the_attack_from_rates_and_the_record(
    first, then, ring, others, moved, rated, rated_before, series
):
    """Solve again with rates, and what an earlier statement published of the same year.

    Of the reports revised in the older area, some only moved to its surroundings (`moved`): then
    every other count is known from the earlier statement.
    """
    more = {"definition": series[0], "periods": (series[1],)}
    shift = [max(r + f - t, 0) for r, f, t in zip(ring, first, then, strict=True)]
    fixed = ([40, 3, 60], [70, 80, 90], others)
    before = masked_city(city(first, ring, *fixed), rated=rated if rated_before else (), **more)
    rows = city(then, shift if moved else ring, *fixed)
    with TemporaryDirectory() as folder:
        now = masked_city(rows, rated=rated, record=kept(before, Path(folder)), **more)
    published = {c: v for c, v in figures_of(before).items() if c[0] in published_areas(AGREEMENT)}
    assert attack(rows, now, exact=others == 0, before=published) == []


def test_the_attack_succeeds_where_no_record_is_read():
    """Four reports that were six, the other types as published before, this year's total."""
    rows, before = (city([n, 20, 30], [10, 10, 10], [40, 50, 60], [70, 80, 90], 0) for n in (4, 6))
    found = attack(rows, masked_city(rows), exact=True, before=before)
    assert ((OLD, "indbrud"), 4.0, 4.0) in [(n, round(a, 6), round(b, 6)) for n, a, b in found]


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
