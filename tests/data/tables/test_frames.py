import numpy as np
import pandas as pd
import pytest

from amager_eval.data.tables.cells import RowContext
from amager_eval.data.tables.frames import (
    check_crime,
    check_frame,
    check_population,
    check_safety,
)
from amager_eval.errors import InputError
from amager_eval.trends.safety.covariance import figures
from amager_eval.trends.safety.design import build_design


def safety(**changes):
    rows = {
        "area": ["Nord", "Nord", "Syd", "Syd"],
        "wave": [2023, 2024, 2023, 2024],
        "setting": ["night"] * 4,
        "response": ["safe"] * 4,
        "percent": [70.0, 72.0, 61.0, 60.0],
        "n": [300, 310, 290, 305],
    }
    return pd.DataFrame(rows | changes)


def crime(**changes):
    rows = {
        "area": ["Nord", "Nord", "Syd", "Syd"],
        "period": ["2023", "2024", "2023", "2024"],
        "crime_type": ["theft"] * 4,
        "count": [70, 72, 61, 0],
        "population": [1000, 1010, 900, 905],
    }
    return pd.DataFrame(rows | changes)


def faults_of(call):
    with pytest.raises(InputError) as caught:
        call()
    return [(f.row, f.column, f.found) for f in caught.value.faults], str(caught.value)


def test_missing_optional_columns_become_nan():
    checked = check_safety(safety())
    assert checked["deff"].dtype == np.float64
    assert checked[["deff", "decimals", "count", "source", "comparator"]].isna().all(axis=None)
    assert checked["wave"].dtype == np.int64
    assert len(checked) == 4


def test_a_city_of_other_settings_passes_and_keeps_its_columns():
    frame = (
        safety(setting=["in the park"] * 4).assign(stratum="a").set_index(pd.Index(list("wxyz")))
    )
    checked = check_safety(frame)
    assert checked["setting"].unique().tolist() == ["in the park"]
    assert checked["stratum"].tolist() == ["a"] * 4
    assert checked.index.tolist() == [0, 1, 2, 3]


def test_words_are_understood_in_danish():
    checked = check_safety(safety(setting=["Aften- og nattetimer"] * 4, response=["Trygge"] * 4))
    assert (checked["setting"].unique(), checked["response"].unique()) == (["night"], ["safe"])


@pytest.mark.parametrize(
    ("changes", "row", "column"),
    [
        ({"percent": [70, 187, 61, 60]}, 2, "percent"),
        ({"percent": [70, -1, 61, 60]}, 2, "percent"),
        ({"percent": [70, np.inf, 61, 60]}, 2, "percent"),
        ({"percent": [70, np.nan, 61, 60]}, 2, "percent"),
        ({"percent": [70, "mange", 61, 60]}, 2, "percent"),
        ({"n": [300, 0, 290, 305]}, 2, "n"),
        ({"n": [300, -5, 290, 305]}, 2, "n"),
        ({"n": [300, 1e308, 290, 305]}, 2, "n"),
        ({"response": ["safe", "afraid", "safe", "safe"]}, 2, "response"),
        ({"response": ["safe", None, "safe", "safe"]}, 2, "response"),
        ({"setting": ["night", "", "night", "night"]}, 2, "setting"),
        ({"area": ["Nord", None, "Syd", "Syd"]}, 2, "area"),
        ({"area": ["Nord", "=cmd()", "Syd", "Syd"]}, 2, "area"),
        ({"area": ["Nord", "a\x00b", "Syd", "Syd"]}, 2, "area"),
        ({"wave": [2023, 24, 2023, 2024]}, 2, "wave"),
        ({"wave": [2023, 2024.5, 2023, 2024]}, 2, "wave"),
        ({"wave": [2023, 2023, 2023, 2024]}, 2, "area"),
        ({"deff": [1.3, 0, 1.3, 1.3]}, 2, "deff"),
        ({"deff": [1.3, -1, 1.3, 1.3]}, 2, "deff"),
        ({"comparator": ["=", "!", "=", "="]}, 2, "comparator"),
        ({"decimals": [0, -1, 0, 0]}, 2, "decimals"),
        ({"count": [210, 311, 180, 180]}, 2, "count"),
        ({"count": [210, 200.5, 180, 180]}, 2, "count"),
        ({"count": [210, -1, 180, 180]}, 2, "count"),
    ],
)
def test_a_fault_in_a_safety_row_is_located(changes, row, column):
    places, message = faults_of(lambda: check_safety(safety(**changes)))
    assert [p[:2] for p in places] == [(row, column)]
    assert f"row {row}, column {column}" in message


def test_counts_without_n_and_neither_figure():
    frame = safety(count=[210, 200, 180, 180], n=[300, np.nan, 290, 305]).drop(columns="percent")
    places, _ = faults_of(lambda: check_safety(frame))
    assert places == [(2, "n", "")]


def test_every_fault_is_told_at_once_with_its_label():
    frame = safety(percent=[700, 72, 61, -3]).set_index(pd.Index(["a", "b", "c", "d"]))
    places, message = faults_of(lambda: check_safety(frame))
    assert [p[0] for p in places] == [1, 4]
    assert "index 'd'" in message


def test_safe_and_unsafe_over_100():
    def pair(safe, unsafe, decimals):
        return pd.DataFrame(
            {
                "area": "Nord",
                "wave": 2024,
                "setting": "night",
                "response": ["safe", "unsafe"],
                "percent": [safe, unsafe],
                "decimals": decimals,
            }
        )

    # 60.5 and 39.5 are both published rounded up
    assert len(check_safety(pair(61, 40, 0))) == 2
    places, message = faults_of(lambda: check_safety(pair(80, 40, 0)))
    assert places[0][:2] == (2, "percent")
    assert "120" in message
    places, _ = faults_of(lambda: check_safety(pair(61, 40, 1)))
    assert places[0][:2] == (2, "percent")


def one_cell(**changes):
    """Three answers of one area, wave and setting."""
    cell = {"area": "Nord", "wave": 2024, "setting": "night", "n": 500.0}
    return pd.DataFrame({"response": ["safe", "neither", "unsafe"]} | cell | changes)


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({"percent": [75, 12, 10]}, "97 percent"),
        ({"percent": [75, 12, 11]}, "98 percent"),
        ({"percent": [60.0, 20.0, 19.0], "decimals": 1}, "99 percent"),
        ({"count": [60, 10, 20], "n": 100}, "90 percent"),
        ({"percent": [75, 12, 5], "comparator": ["=", "=", "<"]}, "92 percent"),
    ],
)
def test_three_answers_short_of_100_are_refused_with_what_to_do(changes, total):
    frame = one_cell(**changes)
    found, text = faults_of(lambda: check_safety(frame))
    assert found[0][:2] == (3, "count" if "count" in frame else "percent")
    assert f"the three answers of Nord, 2024, night sum to {total}" in text
    assert "'don't know'" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"percent": [75, 13, 11]},
        {"percent": [75, 13, 13]},
        {"percent": [75.0, 12.0, 12.9], "decimals": 1},
        {"percent": [60.0, 20.0, 19.7], "decimals": 1},  # the rest did not know
        {"percent": [75, 12, 12.7], "decimals": [0, 0, 1]},
        {"count": [60, 20, 20], "n": 100},
        {"percent": [75, 10, 12], "comparator": ["=", ">", "="]},
        {"percent": [100, 0, 0]},
    ],
)
def test_three_answers_near_100_pass_and_enter_the_model_as_two(changes):
    frame = check_safety(one_cell(**changes))
    design = build_design(frame, whole=None, parts=[], weights=None, baseline=2024)
    seen = figures(design, np.isfinite(design["low"].values))
    assert len(seen.value) == 2


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"percent": 0.0, "comparator": "<"}, "percent"),
        ({"percent": 100.0, "comparator": ">"}, "percent"),
        ({"count": 0.0, "comparator": "<"}, "count"),
        ({"count": 500.0, "comparator": ">"}, "count"),
    ],
)
def test_a_bound_that_leaves_no_figure_is_refused(changes, column):
    frame = one_cell(**changes).head(1)
    found, text = faults_of(lambda: check_safety(frame))
    assert found[0][:2] == (1, column)
    assert "below 0 or above all" in text


@pytest.mark.parametrize("changes", [{"percent": 50.0, "n": 50.0}, {"count": 100.0}])
def test_a_bound_below_all_passes(changes):
    assert len(check_safety(one_cell(comparator=">", **changes).head(1))) == 1


def test_a_bound_counts_from_its_edge():
    frame = one_cell(percent=[72, 1, 28], comparator=["=", "=", ">"])
    assert "sum to 101 percent, which is over 100" in faults_of(lambda: check_safety(frame))[1]


def test_counts_over_the_respondents_are_refused_by_one_person():
    frame = one_cell(count=[60, 0, 41], n=100)
    assert "sum to 101 percent" in faults_of(lambda: check_safety(frame))[1]


def test_a_slip_of_the_pen_is_no_setting_of_its_own():
    found, text = faults_of(lambda: check_safety(safety(setting=["night"] * 3 + ["dayttime"])))
    assert found == [(4, "setting", "dayttime")]
    assert "did you mean 'daytime'?" in text


def test_missing_required_column_and_empty_frame():
    places, _ = faults_of(lambda: check_safety(safety().drop(columns=["area", "wave"])))
    assert [p[1] for p in places] == ["area", "wave"]
    with pytest.raises(InputError, match="no rows"):
        check_safety(safety().iloc[:0])
    with pytest.raises(InputError, match="DataFrame"):
        check_safety([1, 2])


def test_periods_are_normalised():
    checked = check_crime(crime(period=["2023Q3", "2023Q4", "2023q3", "2023K4"]))
    assert checked["period"].tolist() == ["2023K3", "2023K4"] * 2
    assert check_crime(crime(period=[2023, 2024, 2023, 2024]))["period"].tolist()[0] == "2023"
    assert checked["population"].tolist() == [1000, 1010, 900, 905]


@pytest.mark.parametrize(
    ("changes", "row", "column"),
    [
        ({"count": [70, -1, 61, 0]}, 2, "count"),
        ({"count": [70, 1.5, 61, 0]}, 2, "count"),
        ({"count": [70, np.inf, 61, 0]}, 2, "count"),
        ({"period": ["2023", "2024K7", "2023", "2024"]}, 2, "period"),
        ({"period": ["2023", None, "2023", "2024"]}, 2, "period"),
        ({"period": ["2023", pd.Timestamp("2024-01-01"), "2023", "2024"]}, 2, "period"),
        ({"period": ["2023", "2024K1", "2023", "2024"]}, 2, "period"),
        ({"period": ["2023", "2023", "2023", "2024"]}, 2, "area"),
        ({"crime_type": ["theft", "", "theft", "theft"]}, 2, "crime_type"),
        ({"definition": ["a", "b", "a", "a"]}, 2, "definition"),
        ({"population": [1000, 0, 900, 905]}, 2, "population"),
        ({"population": [1000, np.nan, 900, 905]}, 2, "population"),
        ({"population": [1000, -4, 900, 905]}, 2, "population"),
        ({"population": [1000, "many", 900, 905]}, 2, "population"),
        ({"count": [70, np.nan, 61, 0], "population": [1000, 0, 900, 905]}, 2, "population"),
    ],
)
def test_a_fault_in_a_crime_row_is_located(changes, row, column):
    places, message = faults_of(lambda: check_crime(crime(**changes)))
    assert [p[:2] for p in places] == [(row, column)]
    assert f"row {row}, column {column}" in message


def test_reports_need_inhabitants():
    frame = crime().drop(columns="population")
    with pytest.raises(InputError, match="no population was given"):
        check_crime(frame)
    nord = pd.DataFrame({"area": ["Nord"], "period": [2024], "population": [1000]})
    places, _ = faults_of(lambda: check_crime(frame, nord))
    assert places == [(3, "area", "Syd")]
    both = pd.concat([nord, nord.assign(area="Syd")])
    assert len(check_crime(frame, both)) == 4
    with pytest.raises(InputError, match="population"):
        check_crime(frame, both.assign(population=[1000, 0]))


def test_an_empty_count_is_a_missing_cell_and_needs_no_inhabitants():
    frame = crime(count=[70, np.nan, 61, 0], population=[1000, np.nan, 900, 905])
    checked = check_crime(frame)
    assert checked["count"].isna().tolist() == [False, True, False, False]
    assert checked["population"].isna().tolist() == [False, True, False, False]


def test_a_frame_without_any_figures_is_told_once():
    for check, frame, column in (
        (check_crime, crime().drop(columns="count"), "count"),
        (check_safety, safety().drop(columns="percent"), "percent"),
    ):
        places, message = faults_of(lambda check=check, frame=frame: check(frame))
        assert [p[:2] for p in places] == [(None, column)]
        assert "a column is missing" in message


def test_inhabitants_written_as_text_are_numbers():
    checked = check_crime(crime(population=["1000", "1010", "900", "905"]))
    assert checked["population"].tolist() == [1000.0, 1010.0, 900.0, 905.0]


def test_two_numbers_of_inhabitants_at_one_time_are_refused():
    two_types = crime(area=["Nord"] * 4, crime_type=["theft"] * 2 + ["fraud"] * 2)
    assert len(check_crime(two_types.assign(population=[1000, 1010, 1000, 1010]))) == 4
    places, message = faults_of(lambda: check_crime(two_types))
    assert places == [(3, "population", "900"), (4, "population", "905")]
    assert "row 1 gives Nord 1000 inhabitants" in message
    # a year and its first quarter begin on the same day
    people = pd.DataFrame(
        {"area": "Nord", "period": ["2019", "2019K1"], "population": [1000, 9000]}
    )
    places, message = faults_of(lambda: check_population(people))
    assert places == [(2, "population", "9000")]
    assert "row 1 gives Nord 1000 inhabitants at the same time (2019)" in message
    assert len(check_population(people.assign(population=1000))) == 2
    assert len(check_population(people.assign(area=["Nord", "Syd"]))) == 2
    # the same area by two boundaries: what is computed knows it by its name alone
    versions = people.assign(period="2019", area_version=["old", "new"])
    assert faults_of(lambda: check_population(versions))[0] == [(2, "population", "9000")]


def test_rows_of_a_part_keep_their_numbers():
    places, _ = faults_of(lambda: check_crime(crime(count=[70, -1, 61, 0]), rows=[5, 7, 8, 9]))
    assert places == [(7, "count", "-1")]


def test_published_rates_alone_need_no_count():
    frame = crime(count=[np.nan] * 4).assign(per_1000=[12.0, 13.0, 9.0, 8.0])
    assert check_crime(frame)["count"].isna().all()


def checked(frame, table):
    return check_frame(frame, table, RowContext(), "en")[0].frame


def test_other_tables():
    rounds = pd.DataFrame({"wave": [2023, 2024], "respondents": [4037, np.nan]})
    assert checked(rounds, "survey_rounds")["respondents"].tolist()[0] == 4037
    with pytest.raises(InputError, match="more respondents than invited"):
        checked(rounds.assign(invited=[4000, np.nan]), "survey_rounds")
    with pytest.raises(InputError, match="row 2, column area: the same figure"):
        check_population(
            pd.DataFrame({"area": ["N", "N"], "period": ["2024", 2024], "population": [1, 2]})
        )
    activities = pd.DataFrame(
        {"activity": ["Café"], "focus_area": ["Job og fritid"], "partners": ["fsb; HAB"]}
    )
    assert checked(activities, "activities")["partners"].tolist() == ["fsb; HAB"]
    with pytest.raises(InputError, match="end lies before"):
        checked(activities.assign(start="2026-02-01", end="2025-02-01"), "activities")


def test_fault_texts_in_danish():
    with pytest.raises(InputError, match="skal ligge i 0 til 100"):
        check_safety(safety(percent=[70, 187, 61, 60]), lang="da")
