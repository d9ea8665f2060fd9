"""Which reports are fitted: those a goal asks about, the rest of the whole as one."""

from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.data.input import Input
from amager_eval.evaluation.crime_series import series_to_fit
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
OWN = AGREEMENT.areas.evaluated.names[0]


@pytest.fixture
def data() -> Input:
    areas = ["København", *AGREEMENT.areas.parts, OWN]
    rows = [
        (area, f"{year}", "total", 900.0, definition)
        for area in areas
        for year in (2023, 2024, 2025)
        for definition in (AGREEMENT.crime.definition, "another")
    ]
    columns = ["area", "period", "crime_type", "count", "definition"]
    return Input(
        "made up", crime=pd.DataFrame(rows, columns=columns), whole="København",
        parts=AGREEMENT.areas.parts,
    )  # fmt: skip


def areas_of(data: Input, definition: str) -> set[str]:
    assert data.crime is not None
    return set(data.crime.loc[data.crime["definition"] == definition, "area"])


def test_other_parts_are_in_the_rest_of_the_whole(data):
    found = series_to_fit(data, AGREEMENT, AGREEMENT.crime.definition)
    assert areas_of(found, AGREEMENT.crime.definition) == {
        "København", "Amager Øst", "Amager Vest", OWN,
    }  # fmt: skip
    assert areas_of(found, "another") == areas_of(data, "another")


def test_without_the_whole_every_part_is_a_series(data):
    rows = data.crime[data.crime["area"] != "København"]
    found = series_to_fit(replace(data, crime=rows), AGREEMENT, AGREEMENT.crime.definition)
    assert areas_of(found, AGREEMENT.crime.definition) == {*AGREEMENT.areas.parts, OWN}


def test_one_count_is_no_series_but_of_all_it_is_a_first_year(data):
    single = (data.crime["area"] == OWN) & (data.crime["period"] != "2024")
    found = series_to_fit(
        replace(data, crime=data.crime[~single]), AGREEMENT, AGREEMENT.crime.definition
    )
    assert OWN not in areas_of(found, AGREEMENT.crime.definition)
    first = replace(data, crime=data.crime[data.crime["period"] == "2024"])
    found = series_to_fit(first, AGREEMENT, AGREEMENT.crime.definition)
    assert OWN in areas_of(found, AGREEMENT.crime.definition)
