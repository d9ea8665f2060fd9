from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.report.compose import compose
from amager_eval.report.document import TableBlock
from amager_eval.tables.crime import crime_table, district_totals_table
from amager_eval.tables.goals import goal_parts_table, goals_table
from amager_eval.tables.indicators import indicators_table
from amager_eval.tables.readings import side_by_side_table
from amager_eval.tables.results import results_table
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


def test_open_data_have_one_row_a_part_and_one_value_a_cell(make_statement):
    statement = make_statement(own_area=True)
    printed, frame = goals_table(statement, DA).frame, goal_parts_table(statement, DA).frame
    assert printed["observed"].iloc[0] == "84\u00a0%\n73\u00a0%"
    first = frame[frame["goal"] == printed["goal"].iloc[0]]
    assert list(first["part"]) == ["nabolaget", "aften og nat"]
    assert list(first["observed"]) == [84, 73]
    assert set(first["observed_year"]) == {2026}
    assert set(first["unit"]) == {"procent"}
    whole = dict(zip(printed["goal"], printed["literal_verdict"], strict=True))
    assert list(frame["literal_verdict"]) == [whole[g] for g in frame["goal"]]


def test_indicators_name_the_wave_and_the_grade(statement):
    frame = indicators_table(statement, DA).frame
    night = frame[(frame["area"] == "Amager Øst") & (frame["setting_id"] == "night")].iloc[0]
    assert night["latest"] == "77\u00a0% (2025) (C)"
    assert list(night[["observed", "observed_year", "source_grade"]]) == [77, 2025, "C"]
    assert night["baseline"] == 70


def test_results_keep_every_row(statement):
    table = results_table(statement, DA)
    assert len(table.frame) == len(statement.results)
    assert {"interval_low", "interval_high"} <= set(table.frame.columns)


def test_readings_side_by_side_agree_with_the_statement(statement):
    table = side_by_side_table(statement, ["Amager Øst", "Amager Vest"], DA)
    row = table.frame[
        table.frame["reading"].str.contains("mindst som Københavns")
        & (table.frame["part"] == "nabolaget")
        & (table.frame["area"] == "Amager Øst")
    ].iloc[0]
    source = statement.results
    source = source[
        (source["reading"] == "reaches_whole")
        & (source["area"] == "Amager Øst")
        & (source["setting"] == "neighbourhood")
        & (source["year"] == 2028)
    ].iloc[0]
    assert row["literal_verdict"] == source["literal_verdict"]
    assert row["true"].startswith(say_probability(source["probability_true"], DA))
    assert row["probability_true"] == source["probability_true"]
    assert row["prior_probability_published"] == source["prior_probability_published"]


def test_changes_use_the_municipality_s_words(statement):
    frame = changes_table(statement, DA).frame
    said = dict(zip(frame["verdict"], frame["sentence"], strict=True))
    assert said["undecidable"] == "Kan ikke afgøres ud fra de offentliggjorte tal"
    for row in frame[frame["verdict"] == "not significant"].itertuples():
        assert "statistisk signifikant" in row.sentence or "tilfældige udsving" in row.sentence


def test_the_unexplained_jump_is_remarked(statement):
    frame = district_totals_table(statement, DA).frame
    west = frame[(frame["area"] == "Amager Vest") & (frame["definition"] == "straffelov")]
    west = west[west["crime_type"] == "i alt"].set_index("period")["remark"]
    assert west[2025] == "Springet fra 51 til 72 siden 2024 er ikke forklaret i kilden"
    assert west[2024] == ""


def test_a_jump_between_small_rates_keeps_its_digits(statement):
    rates = {"2023": 0.0, "2024": 0.6, "2025": 0.28, "2026": 0.031, "2027": 12.4}
    rows = [
        {"area": "Amager Øst", "period": year, "crime_type": "indbrud", "definition": "borgervendt",
         "per_1000": rate}
        for year, rate in rates.items()
    ]  # fmt: skip
    crime = pd.DataFrame(rows).assign(count=float("nan"), source=None, source_grade=None)
    small = replace(statement, data=replace(statement.data, crime=crime))
    frame = district_totals_table(small, DA).frame.set_index("period")["remark"]
    said = [r.removeprefix("Springet fra ").partition(" siden")[0] for r in frame]
    assert said == ["", "0,0 til 0,6", "0,6 til 0,3", "0,28 til 0,03", "0,03 til 12,40"]


def test_a_document_has_no_table_without_rows(statement):
    crime = pd.DataFrame({"area": "Amager Øst", "period": ["2024", "2025"], "count": [36.0, 17.0],
                          "crime_type": "indbrud", "definition": "borgervendt"})  # fmt: skip
    missing = crime.assign(per_1000=float("nan"), source=None, source_grade=None)
    small = replace(statement, data=replace(statement.data, crime=missing), crime=None)
    assert district_totals_table(small, DA, short=True).frame.empty
    blocks = compose(small, DA).blocks
    assert all(len(b.table.frame) for b in blocks if isinstance(b, TableBlock))
    assert any(b.table.id == "crime_published" for b in blocks if isinstance(b, TableBlock))


def test_the_total_of_another_series_is_not_called_by_the_goal_s_name(statement):
    labels = set(crime_table(statement, DA).frame["crime_type"])
    assert "Anmeldelser i alt" in labels
    assert "Borgervendt kriminalitet i alt" not in labels


def test_power_shows_the_default_design_effect_alone(statement):
    table = power_table(statement, DA)
    assert len(table.frame)
    assert not table.frame.duplicated(["area", "setting"]).any()
    assert "Designeffekt 1,3" in table.note
