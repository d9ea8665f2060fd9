import numpy as np
import pandas as pd
import pytest

from amager_eval.data.period import Period, midpoints, parse_period, per_year, period_range
from amager_eval.errors import InputError


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (2024, "2024"),
        (2024.0, "2024"),
        (np.int64(2024), "2024"),
        ("2024", "2024"),
        ("2024K3", "2024K3"),
        ("2024q3", "2024K3"),
        ("2024 K3", "2024K3"),
        ("2024-Q3", "2024K3"),
        ("2024M7", "2024M07"),
        ("2024M07", "2024M07"),
        ("2024-07", "2024M07"),
        (pd.Period("2024Q2"), "2024K2"),
        (pd.Period("2024-11", "M"), "2024M11"),
        (Period(2024, "K", 4), "2024K4"),
    ],
)
def test_parse_to_canonical_text(written, canonical):
    assert str(parse_period(written)) == canonical


@pytest.mark.parametrize(
    "written", ["2024K5", "2024K0", "2024M13", "24", "", "K3", "2024.5", 2024.5, None, "1024", True]
)
def test_what_is_no_period_is_refused(written):
    with pytest.raises(InputError, match="no period"):
        parse_period(written)


def test_decimal_time_and_order():
    assert Period(2024, "K", 1).start == 2024.0
    assert Period(2024, "M", 12).midpoint == pytest.approx(2024 + 11.5 / 12)
    texts = ["2025", "2024K4", "2024K2", "2024"]
    assert [str(p) for p in sorted(parse_period(t) for t in texts)] == [
        "2024",
        "2024K2",
        "2024K4",
        "2025",
    ]


def test_ranges_cross_years_and_shift_back():
    assert [str(p) for p in period_range("2023M11", "2024M02")] == [
        "2023M11",
        "2023M12",
        "2024M01",
        "2024M02",
    ]
    assert str(parse_period("2024K1").shift(-1)) == "2023K4"
    with pytest.raises(InputError, match="different length"):
        period_range("2024", "2025K1")


def test_units():
    assert per_year(["2024", 2025]) == 1
    assert per_year(["2024M01"]) == 12
    with pytest.raises(InputError, match="one length"):
        per_year(["2024", "2024K1"])
    assert midpoints([2024, "2025"]).tolist() == [2024.5, 2025.5]
