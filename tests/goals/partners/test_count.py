"""The partner goal is a count."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amager_eval.errors import InputError
from amager_eval.goals.partners.count import PartnerCount, count_partners
from amager_eval.spec.agreement import load_agreement

GOAL = next(g for g in load_agreement().goal if g.kind == "partners")


def activities(*partners: str | None) -> pd.DataFrame:
    areas = ["Aktive byrum", "Job og fritid"]
    return pd.DataFrame(
        {
            "activity": [f"a{i}" for i in range(len(partners))],
            "focus_area": [areas[i % 2] for i in range(len(partners))],
            "partners": list(partners),
        }
    )


def test_partners_are_counted_once_and_blanks_not_at_all():
    count = count_partners(activities("SSP; 3B", "SSP; ssp ;", None, "", "SSP;3B;HAB"), GOAL)
    assert (count.met, count.total) == (2, 5)
    assert not count.reached


@pytest.mark.parametrize(
    ("met", "total", "reached", "margin"),
    [(3, 4, True, 0), (2, 4, False, -1), (30, 40, True, 0), (29, 40, False, -1), (9, 11, True, 0)],
)
def test_threshold_in_whole_activities(met, total, reached, margin):
    count = PartnerCount(met, total, 0.75)
    assert (count.reached, count.margin) == (reached, margin)


@given(st.integers(1, 400), st.data())
def test_reached_exactly_when_the_share_is_at_least_the_threshold(total, data):
    met = data.draw(st.integers(0, total))
    assert PartnerCount(met, total, 0.75).reached == (4 * met >= 3 * total)


def test_an_empty_list_is_refused():
    with pytest.raises(InputError, match="list of activities is empty"):
        count_partners(activities().astype(object), GOAL)
