import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.input import Input
from amager_eval.errors import InputError, SpecError
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import REMAINDER, crime_design, rest_name
from amager_eval.trends.crime.options import crime_options

SPEC = load_model_spec("crime_trend")


def frame(
    areas=("Nord",), types=("total",), periods=range(2015, 2026), population=5000.0, **columns
):
    rows = [(a, str(p), k) for a in areas for k in types for p in periods]
    table = pd.DataFrame(rows, columns=["area", "period", "crime_type"])
    table["count"] = np.arange(len(table)) % 7 + 20
    return table.assign(population=5000.0, **columns)


def test_walk_basis_reproduces_the_covariance_of_an_anchored_random_walk():
    periods = [f"{y}K{q}" for y in range(2023, 2026) for q in range(1, 5)]
    design = crime_design(frame(periods=periods), SPEC)
    walk, weight = design["walk"].values, design["baseline_weight"].values
    anchored = walk - weight @ walk
    time = np.arange(12) / 4
    # a random walk W with W(0)=0: cov = min(s, t); anchored at the mean of 2024
    plain = np.minimum.outer(time, time)
    shift = np.eye(12) - np.outer(np.ones(12), weight)
    assert np.allclose(anchored @ anchored.T, shift @ plain @ shift.T)
    assert weight.tolist() == [0] * 4 + [0.25] * 4 + [0] * 4


def test_quarters_without_any_count_are_parts_of_the_walk_of_their_own():
    quarters = [f"{y}K{q}" for y in range(2018, 2025) for q in range(1, 5)]
    rows = [("City", q, 40, 6e5) for q in quarters]
    counts = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    counts["crime_type"] = "t"
    gone = counts["period"].str[:4].isin(["2020", "2021"])
    whole, parted = (crime_design(f, SPEC) for f in (counts, counts[~gone]))
    assert parted.sizes["period"] == whole.sizes["period"] == 28
    walk = parted["walk"].values
    # the same random walk ...
    np.testing.assert_allclose(
        walk @ walk.T, whole["walk"].values @ whole["walk"].values.T, atol=1e-12
    )
    # ... in coefficients that the counts inform one by one, and seven of which they do not
    seen = ~np.isnan(parted["count"].values[0, 0])
    informed = walk[seen].T @ walk[seen]
    np.testing.assert_allclose(informed, np.diag(np.diag(informed)), atol=1e-12)
    assert (np.diag(informed) < 1e-12).sum() == 7


def test_baseline_is_the_last_full_year_where_2024_is_missing():
    assert crime_design(frame(periods=range(2010, 2019)), SPEC).attrs["anchor_year"] == 2018
    assert crime_design(frame(), SPEC).attrs["anchor_year"] == 2024


def test_area_inside_a_whole_is_taken_out_of_it():
    table = frame(areas=("City", "D"), periods=range(2020, 2026))
    table.loc[table["area"] == "City", "count"] = 100
    table.loc[table["area"] == "D", "count"] = 30
    table["population"] = np.where(table["area"] == "City", 10_000, 2_000)
    design = crime_design(table, SPEC, whole="City")
    assert design["area"].values.tolist() == ["D", rest_name("City")]
    assert design["count"].values[:, 0, 0].tolist() == [30, 70]
    assert np.allclose(design["exposure"].values[:, 0], [2, 8])
    assert design["is_gap"].values.tolist() == [1, 0]
    assert design["out_area"].values.tolist() == ["City", "D", rest_name("City")]
    assert design["out_area_members"].values.tolist() == [[1, 1], [1, 0], [0, 1]]


def test_late_start_of_the_district_keeps_the_citys_early_years():
    table = frame(areas=("City", "D"), periods=range(2020, 2026))
    table["count"] = np.where(table["area"] == "City", 100, 30)
    table["population"] = np.where(table["area"] == "City", 10_000, 2_000)
    late = table[(table["area"] == "City") | (table["period"] >= "2023")]
    design = crime_design(late, SPEC, whole="City")
    assert design["lump_count"].values.tolist() == [100, 100, 100]
    assert np.isnan(design["count"].values[:, 0, :3]).all()


def test_districts_that_make_up_the_whole_leave_no_rest():
    table = frame(areas=("City", "D", "E"), periods=range(2020, 2026))
    table["count"] = table["area"].map({"City": 100, "D": 30, "E": 70})
    table["population"] = table["area"].map({"City": 10_000, "D": 2_000, "E": 8_000})
    design = crime_design(table, SPEC, whole="City")
    assert design["out_area"].values.tolist() == ["City", "D", "E"]


def test_total_is_decomposed_only_where_nesting_is_declared():
    types = ("total", "indbrud", "narkotika")
    table = frame(types=types)
    table.loc[table["crime_type"] == "total", "count"] = 500
    declared = crime_design(table.assign(definition="STRAF11"), SPEC)
    assert declared["crime_type"].values.tolist() == ["indbrud", "narkotika", REMAINDER]
    nested = table[table["crime_type"] != "total"].groupby("period")["count"].sum().to_numpy()
    assert declared["count"].values[0, 2].tolist() == (500 - nested).tolist()
    other = crime_design(table.assign(definition="borgervendt"), SPEC)
    assert other["crime_type"].values.tolist() == list(types)


def test_completeness_switched_on_models_the_total_itself():
    options = dict(SPEC.options)
    options["completeness"] = {**options["completeness"], "apply": True}
    spec = SPEC.model_copy(update={"options": options})
    table = frame(types=("total", "indbrud"), periods=range(2016, 2026), definition="STRAF11")
    table.loc[table["crime_type"] == "total", "count"] = 500
    design = crime_design(table, spec)
    assert design["crime_type"].values.tolist() == ["total", "indbrud"]
    offset = design["completeness"].values
    assert offset[0, 8] == 0  # 2024
    assert offset[0, 0] == pytest.approx(np.log((1 - 0.0455) / (1 - 0.0889)))
    assert not offset[1].any()


def adjusted(**changes):
    options = dict(SPEC.options) | changes
    options["completeness"] = {**options["completeness"], "apply": True}
    return SPEC.model_copy(update={"options": options})


def test_years_before_the_first_declared_share_are_refused_where_it_is_adjusted():
    table = frame(types=("total", "indbrud"), periods=range(2014, 2026), definition="STRAF11")
    table.loc[table["crime_type"] == "total", "count"] = 500
    with pytest.raises(InputError, match="declared from 2016 on") as refused:
        crime_design(table, adjusted())
    assert "2014" in str(refused.value)
    assert not crime_design(table, SPEC)["completeness"].values.any()  # off: nothing is assumed
    only_types = table[table["crime_type"] != "total"]
    assert not crime_design(only_types, adjusted())["completeness"].values.any()
    later = table[table["period"].astype(int) >= 2016]
    assert crime_design(later, adjusted()).sizes["period"] == 10
    with pytest.raises(InputError, match="declared from 2016 on"):
        crime_design(later, adjusted(baseline_year=2015))


def test_after_the_last_declared_share_it_is_held():
    table = frame(types=("total",), periods=range(2016, 2029), definition="STRAF11")
    offset = crime_design(table, adjusted())["completeness"].values[0]
    assert offset[-3:].tolist() == [offset[9]] * 3  # 2025
    assert offset[9] == pytest.approx(np.log((1 - 0.0869) / (1 - 0.0889)))


def test_season_and_steps_follow_the_period_unit():
    months = [f"{y}M{m:02d}" for y in range(2022, 2025) for m in range(1, 13)]
    design = crime_design(frame(periods=months, types=("theft",)), SPEC)
    assert design.sizes["effect"] == 12  # 11 season contrasts and the pandemic
    assert crime_design(frame(types=("theft",)), SPEC).sizes["effect"] == 1


def test_an_effect_no_count_can_show_is_left_out_and_a_known_sum_shows_it():
    table = frame(types=("total", "indbrud", "narkotika"), periods=[
        f"{y}K{q}" for y in range(2016, 2026) for q in range(1, 5)
    ])  # fmt: skip
    table.loc[table["crime_type"] == "total", "count"] = 500
    closed = (table["crime_type"] == "indbrud") & table["period"].str[:4].isin(["2020", "2021"])
    sigma = SPEC.priors["covid"]["sigma"]

    def scales(definition: str) -> dict[str, float]:
        design = crime_design(table[~closed].assign(definition=definition), SPEC)
        assert (design["effect_scale"].sel(effect="season_1") > 0).all()
        return design["effect_scale"].sel(effect="covid").to_series().to_dict()

    assert scales("other") == {"total": sigma, "indbrud": 0.0, "narkotika": sigma}
    # burglary is part of a total that was counted through the closure
    assert scales("STRAF11") == {"indbrud": sigma, "narkotika": sigma, REMAINDER: sigma}


def stepped(*dates):
    steps = [
        {
            "name": f"app{i}",
            "date": day,
            "types": [],
            "definitions": [],
            "sigma": 1.0,
            "reason": "r",
        }
        for i, day in enumerate(dates)
    ]
    return SPEC.model_copy(update={"options": {**SPEC.options, "steps": steps}})


def test_a_step_is_known_from_counts_on_both_sides_of_its_date():
    spec = stepped(date(2010, 1, 1), date(2020, 1, 1), date(2025, 12, 1), date(2028, 1, 1))
    table = frame(types=("theft", "fraud", "arson"))
    year = table["period"].astype(int)
    ends_early = (table["crime_type"] == "fraud") & (year >= 2020)
    starts_late = (table["crime_type"] == "arson") & (year < 2020)
    design = crime_design(table[~ends_early & ~starts_late], spec)
    scale = design["effect_scale"].sel(effect=[f"step_app{i}" for i in range(4)])
    # a month after the third date is in the last count of two types
    assert scale.sel(crime_type="theft").values.tolist() == [0, 1, 1, 0]
    assert scale.sel(crime_type="fraud").values.tolist() == [0, 0, 0, 0]
    assert scale.sel(crime_type="arson").values.tolist() == [0, 0, 1, 0]


def test_projection_in_the_population_frame_is_used():
    people = pd.DataFrame(
        {"area": "Nord", "period": [2014, 2026, 2030], "population": [1000, 2000, 8000]}
    )
    table = frame().drop(columns="population")
    design = crime_design(table, SPEC, population=people)
    at = design["future"].values.tolist().index("2028")
    expected = np.exp(np.interp(2028.5, [2026, 2030], np.log([2, 8])))
    assert design["exposure"].values[0, at] == pytest.approx(expected)


def test_a_population_known_for_one_area_is_not_known_for_all():
    people = pd.DataFrame(
        [("Nord", y, 1000) for y in (2014, 2035)] + [("Syd", y, 900) for y in (2014, 2024)],
        columns=["area", "period", "population"],
    )
    table = pd.concat([frame(), frame().assign(area="Syd")]).drop(columns="population")
    design = crime_design(table, SPEC, population=people)
    assert int(design["future"].values[-1]) > 2030
    assert int(design.attrs["population_known_through"]) <= 2024


def test_a_whole_without_counts_is_refused_where_it_was_named():
    with pytest.raises(InputError, match="which has no counts"):
        crime_design(frame(), SPEC, whole="Byn")
    data = Input(crime=frame(), whole="Byen")  # the input's whole is not of this definition
    assert crime_design(data, SPEC).attrs["whole"] == ""


def test_an_area_that_overlaps_the_parts_is_not_taken_out_of_the_rest():
    table = pd.concat(
        [
            frame().assign(area=area, count=lambda f, by=by: f["count"] * by,
                           population=lambda f, by=by: f["population"] * by)
            for area, by in (("Byen", 10), ("Nord", 1), ("Kvarter", 1))
        ]
    )  # fmt: skip
    both = crime_design(table, SPEC, whole="Byen")
    parted = crime_design(table, SPEC, whole="Byen", parts=["Nord"])
    rest = [str(a).startswith("rest") for a in parted["area"].values]
    assert (parted["exposure"].values[rest] > both["exposure"].values[rest]).all()


def test_a_type_s_own_scale_is_a_scale():
    table = frame(types=("theft",))
    own = SPEC.model_copy(update={"options": SPEC.options | {"types": {"theft": {"covid": 0.01}}}})
    scale = crime_design(table, own)["effect_scale"].values
    assert scale[0, -1] == pytest.approx(0.01)
    for wrong in (0.0, -1.0):
        spec = own.model_copy(
            update={"options": SPEC.options | {"types": {"theft": {"covid": wrong}}}}
        )
        with pytest.raises(SpecError, match="greater than 0"):
            crime_design(table, spec)


def test_several_definitions_are_refused_and_listed():
    both = pd.concat([frame(definition="a"), frame(definition="b")], ignore_index=True)
    with pytest.raises(InputError, match="a, b"):
        crime_design(both, SPEC)
    assert crime_design(both, SPEC, definition="b").attrs["definition"] == "b"
    with pytest.raises(InputError, match="'c'"):
        crime_design(both, SPEC, definition="c")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": -1}, "row 1"),
        ({"count": 2.5}, "row 1"),
        ({"period": "2O24"}, "row 1"),
        ({"population": 0.0}, "population"),
    ],
)
def test_bad_cells_are_named_before_anything_is_compiled(change, message):
    table = frame().astype({"count": object})
    for column, value in change.items():
        table.loc[0, column] = value
    with pytest.raises(InputError, match=message):
        crime_design(table, SPEC)


def test_duplicate_cells_and_mixed_units_are_refused():
    with pytest.raises(InputError):
        crime_design(pd.concat([frame(), frame()], ignore_index=True), SPEC)
    mixed = pd.concat([frame(), frame(periods=["2024K1", "2024K2"])], ignore_index=True)
    with pytest.raises(InputError):
        crime_design(mixed, SPEC)


def test_input_brings_its_population_and_whole():
    table = frame(areas=("City", "D"), periods=range(2020, 2026), definition="x")
    table["count"] = np.where(table["area"] == "City", 100.0, 30.0)
    people = pd.DataFrame(
        {"area": ["City", "D"], "period": ["2020", "2020"], "population": [10_000.0, 2_000.0]}
    )
    data = Input(crime=table.drop(columns="population"), population=people, whole="City")
    assert crime_design(data, SPEC).attrs["whole"] == "City"


def test_type_override_and_wrong_options():
    options = {**SPEC.options, "types": {"total": {"innovation": 0.3}}}
    spec = SPEC.model_copy(update={"options": options})
    assert crime_design(frame(), spec)["innovation_scale"].values[0, 0] == 0.3
    wrong = SPEC.model_copy(update={"options": {**SPEC.options, "covidd": 1}})
    with pytest.raises(SpecError, match="covidd"):
        crime_options(wrong)
    priors = {k: v for k, v in SPEC.priors.items() if k != "season"}
    with pytest.raises(SpecError, match="season"):
        crime_options(SPEC.model_copy(update={"priors": priors}))


@pytest.mark.parametrize("named", [None, "police"])
def test_a_row_without_a_definition_beside_others_with_one_is_named(named):
    table = frame(definition="police")
    table.loc[3, "definition"] = None
    with pytest.raises(InputError, match=r"row 4, column definition: .*found 'Nord, total, 2018'"):
        crime_design(table, SPEC, definition=named)
    assert crime_design(frame(definition=None), SPEC).attrs["definition"] == ""


def nested_in_city_and_district():
    table = frame(
        areas=("City", "D"), types=("total", "indbrud", "narkotika"), definition="STRAF11"
    )
    sizes = {("City", "total"): 500.0, ("D", "total"): 90.0}
    keys = zip(table["area"], table["crime_type"], strict=True)
    table["count"] = [sizes.get(key, 60.0 if key[0] == "City" else 10.0) for key in keys]
    return table.assign(population=np.where(table["area"] == "City", 10_000, 2_000))


def test_a_nested_type_missing_in_one_period_stays_in_the_total_or_is_named():
    table = nested_in_city_and_district()
    missing = (table["crime_type"] == "narkotika") & (table["period"].astype(str) == "2018")
    everywhere = crime_design(table[~missing], SPEC, whole="City")
    assert everywhere.attrs["counts_left_out"] == "[]"  # both totals hold it, as sums
    assert sorted(everywhere["lump_count"].values) == [90 - 10, 500 - 90 - (60 - 10)]
    # the city's drug offences hold the district's: its total cannot be told apart from them
    one = crime_design(table[~(missing & (table["area"] == "D"))], SPEC, whole="City")
    assert json.loads(one.attrs["counts_left_out"]) == [["D", "total", "2018"]]
    at = list(one["period"].values).index("2018")
    assert one["published"].values[1, 0, at] == 90  # shown all the same
    assert crime_design(table, SPEC, whole="City").attrs["counts_left_out"] == "[]"


def test_a_district_of_which_only_the_total_is_published_is_not_left_out():
    kinds = ("total", "indbrud", "narkotika")
    table = frame(areas=("City", "D"), types=kinds, definition="STRAF11")
    sizes = {("City", "total"): 500.0, ("D", "total"): 90.0, ("D", "indbrud"): 20.0}
    keys = zip(table["area"], table["crime_type"], strict=True)
    table["count"] = [sizes.get(key, 60.0 if key[0] == "City" else 10.0) for key in keys]
    table["population"] = np.where(table["area"] == "City", 10_000, 2_000)
    everything = crime_design(table, SPEC, whole="City")
    assert REMAINDER in everything["crime_type"].values  # all types of both: the total is a sum
    for lacking in (["indbrud", "narkotika"], ["narkotika"]):
        gone = (table["area"] == "D") & table["crime_type"].isin(lacking)
        design = crime_design(table[~gone], SPEC, whole="City")
        assert design.attrs["counts_left_out"] == "[]"
        assert design.attrs["total_parts"] == ""
        count = design["count"].sel(area="D", crime_type="total")
        assert (count == 90).all()
        assert (design["count"].sel(area=rest_name("City"), crime_type="total") == 410).all()


def test_inhabitants_written_as_text_are_read():
    plain = crime_design(frame(), SPEC)
    as_column = crime_design(frame().assign(population="5000"), SPEC)
    people = pd.DataFrame({"area": ["Nord"], "period": ["2015"], "population": ["5000"]})
    as_frame = crime_design(frame().drop(columns="population"), SPEC, population=people)
    for design in (as_column, as_frame):
        assert np.allclose(design["exposure"].values[:, :11], plain["exposure"].values)


def test_contradicting_inhabitants_are_not_averaged():
    table = frame(types=("theft", "fraud"))
    table.loc[table["crime_type"] == "fraud", "population"] = 50_000.0
    with pytest.raises(InputError, match=r"row 12, column population: row 1 .* 5000 .*'50000'"):
        crime_design(table, SPEC)


def test_an_empty_count_is_a_missing_cell():
    table = frame().astype({"count": float})
    table.loc[3, ["count", "population"]] = np.nan
    design = crime_design(table, SPEC)
    assert np.flatnonzero(np.isnan(design["published"].values[0, 0])).tolist() == [3]
    without = crime_design(table.drop(index=3), SPEC)
    assert design.drop_attrs().equals(without.drop_attrs())
    with pytest.raises(InputError, match="every one is empty") as refused:
        crime_design(table.assign(count=np.nan), SPEC)
    assert len(refused.value.faults) == 1
    empty_whole = pd.concat([table, table.assign(area="City", count=np.nan)])
    with pytest.raises(InputError, match="'City', which has no counts; found 'Nord'"):
        crime_design(empty_whole, SPEC, whole="City")


def test_a_whole_smaller_than_its_parts_is_named_with_its_row():
    table = frame(areas=("City", "D"), periods=range(2020, 2026))
    table["count"] = table["area"].map({"City": 100, "D": 30})
    table["population"] = np.where(table["area"] == "City", 10_000, 2_000)
    other = table.assign(definition="other")
    counts = table.copy()
    counts.loc[2, "count"] = 20
    both = pd.concat([other, counts.assign(definition="own")])
    for bad, row in ((counts, 3), (both, 15)):
        with pytest.raises(InputError, match="City, total, 2022 is smaller") as refused:
            crime_design(bad, SPEC, whole="City", definition="own" if bad is both else None)
        assert [(f.row, f.column) for f in refused.value.faults] == [(row, "count")]
    people = table.copy()
    people.loc[[2, 3], "population"] = [100, 200]
    with pytest.raises(InputError, match="the areas inside City") as refused:
        crime_design(people, SPEC, whole="City")
    assert [(f.row, f.column) for f in refused.value.faults] == [(3, "population")]
    # of an input, which was read from files, the row is not known
    supplied = people[["area", "period", "population"]]
    plain = table.drop(columns="population").assign(definition="own")
    with pytest.raises(InputError, match="the areas inside City") as refused:
        crime_design(Input(crime=plain, population=supplied, whole="City"), SPEC)
    assert refused.value.faults[0].row is None
    with pytest.raises(InputError, match="row 3, column population: the areas inside City"):
        crime_design(plain, SPEC, population=supplied, whole="City")
    counted = Input(crime=both[both["definition"] == "own"], population=supplied, whole="City")
    with pytest.raises(InputError) as refused:
        crime_design(counted, SPEC, population=table[["area", "period", "population"]])
    assert [f.row for f in refused.value.faults] == [None]
