import pytest

from amager_eval.tables.crime import crime_table, district_totals_table
from amager_eval.tables.results import (
    goals_table,
    indicators_table,
    results_table,
    side_by_side_table,
)
from amager_eval.tables.safety import changes_table, power_table
from amager_eval.wording.probability import say_probability
from amager_eval.wording.sentences import load_wording

DA = load_wording("da")


@pytest.fixture(scope="module")
def statement(make_statement):
    return make_statement()


def test_one_row_a_goal(statement):
    frame = goals_table(statement, DA).frame
    assert list(frame["goal"]) == [g.id for g in statement.agreement.goal]
    # no figure for the area itself and no delivery: never a substitute
    assert list(frame["literal_verdict"][:4]) == ["ikke opgjort"] * 4
    assert list(frame["evidence_verdict"][:4]) == ["kan ikke afgøres"] * 4
    assert frame["literal_verdict"].iloc[4] in {"nået", "ikke nået"}


def test_indicators_name_the_wave_and_the_grade(statement):
    frame = indicators_table(statement, DA).frame
    night = frame[(frame["area"] == "Amager Øst") & (frame["setting_id"] == "night")].iloc[0]
    assert night["observed"] == "77\u00a0% (2025) (C)"
    assert night["baseline"] == 70


def test_results_keep_every_row(statement):
    table = results_table(statement, DA)
    assert len(table.frame)
    assert not table.frame.duplicated(["area", "setting"]).any()
    assert "Designeffekt 1,3" in table.note
