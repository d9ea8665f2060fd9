"""A polars frame at the door is the pandas frame it stands for."""

import pandas as pd
import polars as pl
import pytest

import amager_eval as ae
from amager_eval.data.frame_kinds import as_pandas
from amager_eval.data.tables.frames import check_crime, check_safety
from amager_eval.errors import InputError
from amager_eval.trends.crime.design import crime_design

COUNTS = {
    "area": ["Nord"] * 3, "period": ["2022", "2023", "2024"], "crime_type": ["t"] * 3,
    "count": [12, None, 14], "population": [900, 910, 920],
}  # fmt: skip
SHARES = {"area": ["Nord"], "wave": [2024], "setting": ["night"], "response": ["safe"],
          "percent": [71.0], "n": [300]}  # fmt: skip


@pytest.mark.parametrize("kind", [pl.DataFrame, pl.LazyFrame])
def test_what_is_checked_is_the_same(kind):
    pd.testing.assert_frame_equal(check_crime(kind(COUNTS)), check_crime(pd.DataFrame(COUNTS)))
    pd.testing.assert_frame_equal(check_safety(kind(SHARES)), check_safety(pd.DataFrame(SHARES)))


def test_a_model_takes_it_with_its_population():
    spec = ae.load_model_spec("crime_trend")
    people = {"area": ["Nord", "Nord"], "period": ["2022", "2025"], "population": [900, 930]}
    counts = {k: v for k, v in COUNTS.items() if k != "population"}
    theirs = crime_design(pl.DataFrame(counts), spec, population=pl.DataFrame(people))
    ours = crime_design(pd.DataFrame(counts), spec, population=pd.DataFrame(people))
    assert theirs.identical(ours)


def test_an_input_takes_it_and_a_fault_still_names_its_row():
    assert isinstance(ae.Input(safety=pl.DataFrame(SHARES)).safety, pd.DataFrame)
    wrong = COUNTS | {"count": [12, -1, 14]}
    with pytest.raises(InputError, match="row 2, column count"):
        check_crime(pl.DataFrame(wrong))


def test_what_is_no_frame_is_left_to_who_needs_one():
    assert as_pandas("a path") == "a path"
    with pytest.raises(InputError, match="a DataFrame is needed, found dict"):
        check_crime(dict(COUNTS))
