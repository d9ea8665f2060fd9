import datetime as dt

import pytest

from amager_eval.wording.numbers import NBSP, date, number, percent, signed


@pytest.mark.parametrize(
    ("value", "decimals", "da", "en"),
    [
        (1313, 0, "1.313", "1,313"),
        (22.25, 1, "22,3", "22.3"),  # half away from zero, not half to even
        (0.5, 0, "1", "1"),
        (2.5, 0, "3", "3"),
        (-0.04, 1, "0,0", "0.0"),  # no negative zero
        (-1234.5, 1, "−1.234,5", "−1,234.5"),  # U+2212
        (None, 0, "–", "–"),
        (float("nan"), 2, "–", "–"),
    ],
)
def test_number(value, decimals, da, en):
    assert number(value, decimals, "da") == da
    assert number(value, decimals, "en") == en


def test_percent_keeps_number_and_sign_together_in_danish_alone():
    assert percent(0.87) == f"87{NBSP}%"
    assert percent(0.87, 0, "en") == "87%"
    assert percent(0.285) == f"29{NBSP}%"  # .285 * 100 is 28.499999999999996 in binary


def test_signed():
    assert [signed(v) for v in (2, -2, 0, 0.2)] == ["+2", "−2", "0", "0"]


def test_date():
    assert date(dt.date(2026, 3, 1)) == "1. marts 2026"
