"""Answers to order for +3 points in 4 of 5 cases: against the test's power, with a price or not."""

import math
from dataclasses import replace

import pytest

from amager_eval.significance import power
from amager_eval.spec.agreement import Funding, load_agreement
from amager_eval.tables.area.answers_needed import answers_needed_table
from amager_eval.wording.sentences import load_wording


@pytest.fixture(scope="module")
def statement(make_statement):
    return make_statement(own_area=True, crime=False)


def priced(statement, price):
    agreement = statement.agreement.model_copy(
        update={"funding": Funding(activities_dkk_per_year=0, dkk_per_answer=price)}
    )
    return replace(statement, agreement=agreement)


def test_the_answers_needed_show_three_points_in_four_of_five_cases(statement):
    frame = answers_needed_table(statement, load_wording("da")).frame
    own = frame[(frame["area"] == "Partnerskabet") & (frame["setting"] == "i nabolaget")].iloc[0]
    n, deff = int(own["needed"]), statement.agreement.verdicts.default_deff
    start = 0.82  # the baseline wave's share, from which the goal is counted
    assert power(start, start + 0.03, n, n, deff=deff) == pytest.approx(0.8, abs=0.001)
    assert (own["n"], own["more"]) == (600, n - 600)
    assert statement.agreement.areas.whole not in set(frame["area"])


def test_the_price_is_the_agreements(statement):
    words = load_wording("da")
    without = answers_needed_table(statement, words)
    assert load_agreement().funding.dkk_per_answer is None
    assert "price" not in [c.key for c in without.shown]
    assert "ingen pris" in without.note
    table = answers_needed_table(priced(statement, 250.0), words)
    for row in table.frame.itertuples():
        assert row.price == row.needed * 250
        assert row.needed == math.ceil(row.needed)
    assert "250 kr. pr. svar" in table.note
