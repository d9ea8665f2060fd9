"""Change tests on published figures: n, rounding, collectors; against published verdicts."""

import pandas as pd
import pytest

from amager_eval.data.input import Input
from amager_eval.data.published import published
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.safety.changes import (
    CHANGE_COLUMNS,
    changes,
    compare_waves,
)
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()


def facts_of(data):
    return gather_facts(data, AGREEMENT)


@pytest.fixture(scope="module")
def data():
    return published()


def frame(*rows, n=float("nan")) -> pd.DataFrame:
    columns = ["area", "wave", "setting", "response", "percent"]
    return pd.DataFrame(rows, columns=columns).assign(
        count=float("nan"), n=n, decimals=0, comparator="=", source_grade="A"
    )


def test_a_large_change_is_significant_and_none_is_not():
    safety = frame(
        ("Nord", 2024, "night", "safe", 70.0), ("Nord", 2025, "night", "safe", 85.0), n=1000
    )
    (row,) = changes(facts_of(Input(safety=safety)), AGREEMENT, 2025, ["Nord"]).to_dict("records")
    assert row["verdict"] == "significant"
    assert 0 < row["z_low"] < row["z_high"]
    assert not row["n_assumed"]
    same = safety.assign(percent=70.0)
    (row,) = changes(facts_of(Input(safety=same)), AGREEMENT, 2025, ["Nord"]).to_dict("records")
    assert row["verdict"] == "not significant"


def test_an_assumed_n_must_hold_over_its_range():
    safety = frame(("Nord", 2024, "night", "safe", 70.0), ("Nord", 2025, "night", "safe", 77.0))
    whole = frame(("By", 2024, "night", "safe", 80.0), n=3900)
    parts = (*tuple(f"d{i}" for i in range(12)), "Nord")
    data = Input(safety=pd.concat([safety, whole]), whole="By", parts=parts)
    row = compare_waves(facts_of(data), AGREEMENT, "Nord", "night", "safe", 2024, 2025)
    assert row is not None
    assert row["n_assumed"]
    assert row["n_after"] == 300
    assert row["verdict"] == "undecidable"


def test_without_any_n_nothing_is_tested():
    safety = frame(("Nord", 2024, "night", "safe", 70.0), ("Nord", 2025, "night", "safe", 77.0))
    result = changes(facts_of(Input(safety=safety)), AGREEMENT, 2025, ["Nord"])
    assert result.empty
    assert tuple(result.columns) == CHANGE_COLUMNS


def test_no_change_is_tested_across_a_change_of_collector(data):
    assert facts_of(data).collected_since(2026) == 2017
    assert facts_of(data).collected_since(2016) == 0
    result = changes(facts_of(data), AGREEMENT, 2026, ["København", *AGREEMENT.areas.indicators])
    assert len(result) >= 8
    assert (result["wave_before"] >= 2017).all()
    assert (result["wave_after"] > result["wave_before"]).all()


def test_bounds_are_not_shares(data):
    """Amager Øst 2025, night, unsafe is published as `over 16`: no share."""
    assert 2025 not in facts_of(data).shares("Amager Øst", "night", "unsafe")


def test_n_of_the_city_is_published_and_of_a_district_assumed(data):
    city = facts_of(data).respondents("København", 2023)
    assert city is not None
    assert (city.n, city.assumed) == (4037, False)
    district = facts_of(data).respondents("Amager Øst", 2024)
    assert district is not None
    assert district.assumed
    assert district.n == pytest.approx(4037 / 13)
    assert district.low < district.n < district.high
