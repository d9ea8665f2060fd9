"""The partner goal per focus area, inside and outside, and what one activity would change."""

import pandas as pd
import pytest

from amager_eval.goals.partners.count import count_partners
from amager_eval.goals.partners.split import partner_split
from amager_eval.indicators.partners import partner_places
from amager_eval.spec.agreement import load_agreement

GOAL = next(g for g in load_agreement().goal if g.kind == "partners")


def plan(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["focus_area", "partners", "outside_partners"])
    return frame.assign(activity=[f"a{i}" for i in range(len(frame))])


LIST = plan(
    ("By", "SSP; FSB", None),
    ("By", "SSP", "Museet"),  # the partner from outside is the second one
    ("Job", "SSP; Museet", "Museet"),  # named in both columns, once each
    ("Job", None, "Museet; Klubben"),
    ("Job", "SSP", None),
)


def test_partners_from_outside_are_partners():
    count = count_partners(LIST, GOAL)
    assert (count.met, count.total) == (4, 5)


def test_where_the_partners_are():
    places = partner_places(LIST)
    assert places.loc["By"].to_dict() == {"inside": 1, "both": 1, "outside": 0, "unstated": 0}
    assert places.loc["Job"].to_dict() == {"inside": 0, "both": 1, "outside": 1, "unstated": 0}
    assert places.loc["i alt"].sum() == 4
    assert partner_places(LIST.drop(columns="outside_partners")).loc["i alt", "unstated"] == 2


def test_one_activity_more_or_less():
    split = partner_split(LIST, GOAL).set_index("focus_area")
    total = split.loc["i alt"]
    assert (total["met"], total["activities"], total["reached"], total["margin"]) == (4, 5, True, 0)
    assert total["one_more_with"] == pytest.approx(5 / 6)
    assert total["one_more_without"] == pytest.approx(4 / 6)
    assert total["one_fewer_with"] == pytest.approx(3 / 4)
    assert total["one_fewer_without"] == pytest.approx(4 / 4)
    by = split.loc["By"]
    assert (by["share"], by["one_fewer_with"], by["one_fewer_without"]) == (1.0, 1.0, None)


def test_the_last_activity_cannot_leave_a_share():
    split = partner_split(plan(("By", "SSP", None)), GOAL).set_index("focus_area")
    assert split.loc["By", "one_fewer_without"] is None
    assert split.loc["By", "one_more_with"] == 0.5
