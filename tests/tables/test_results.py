from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.data.input import Replaced
from amager_eval.goals.facts import gather_facts
from amager_eval.report.compose import compose, compose_annex
from amager_eval.report.document import TableBlock
from amager_eval.tables.crime import crime_table, district_totals_table
from amager_eval.tables.goals import crime_context_table, goals_table, indicators_table
from amager_eval.tables.readings import side_by_side_table
from amager_eval.tables.record import replaced_table
from amager_eval.tables.results import results_table
from amager_eval.tables.safety import changes_table, power_table
from amager_eval.wording.probability import say_probability
from amager_eval.wording.sentences import load_wording

DA = load_wording("da")


@pytest.fixture(scope="module")
def statement(make_statement):
    return make_statement()


def resting_on(statement, **frames):
    """The statement with other figures known, and no forecast of reports."""
    data = replace(statement.data, **frames)
    return replace(statement, facts=gather_facts(data, statement.agreement), crime=None)


def test_goals_without_a_figure_share_a_row_and_say_so_once(statement):
    table = goals_table(statement, DA)
    assert list(table.frame["goal"]) == [g.id for g in statement.agreement.goal]
    # no figure for the area itself and no delivery: never a substitute
    assert list(table.frame["status"][:4]) == ["ikke opgjort"] * 4
    assert list(table.frame["assessment"][:4]) == [""] * 4
    assert table.frame["status"].iloc[4] in {"nået", "ikke nået"}


def test_a_goal_part_has_a_row_and_open_data_one_value_a_cell(make_statement):
    frame = goals_table(make_statement(own_area=True), DA).frame
    first = frame[frame["goal"] == "1a"]
    assert list(first["latest_text"]) == ["84\u00a0% (2026)", "73\u00a0% (2026)"]
    assert list(first["observed"]) == [84, 73]
    assert list(first["since_last"]) == [1, 1]
    assert list(first["since_baseline"]) == [2, 2]
    assert first["distance"].iloc[0] == -2
    assert first["distance_text"].iloc[0] == "−2 (C) (−6)"
    assert set(first["observed_year"]) == {2026}
    assert set(first["unit"]) == {"procent"}
    total = frame[frame["goal"] == "2a"].iloc[0]
    assert total["latest_text"] == "42,4 (2025)"
    assert total["since_baseline_text"] == "−0,1"


def test_indicators_name_the_wave_and_the_grade(statement):
    frame = indicators_table(statement, DA).frame
    night = frame[(frame["area"] == "Amager Øst") & (frame["part"] == "aften og nat")].iloc[0]
    assert night["latest_text"] == "77\u00a0% (C) (2025)"
    assert list(night[["observed", "observed_year", "observed_grade"]]) == [77, 2025, "C"]
    assert night["baseline"] == 70
    assert night["since_last_text"] == "+7"


def test_crime_around_the_area_stands_against_the_baseline(statement):
    table = crime_context_table(statement, DA)
    theft = table.frame[table.frame["crime_type"] == "Tyveri/røveri"].iloc[0]
    assert list(theft[["count_before", "count_after"]]) == [19637, 20175]
    west = table.frame[table.frame["area"] == "Amager Vest"].iloc[0]
    assert list(west[["rate_before", "rate_after"]]) == [51, 72]
    assert set(table.frame["definition"]) == {"Statistikbanken", "kommunen, straffeloven"}
    assert "kan ikke sammenlignes" in table.note


def test_results_keep_every_row(statement):
    table = results_table(statement, DA)
    assert len(table.frame) == len(statement.results)
    assert {"interval_low", "interval_high"} <= set(table.frame.columns)


def test_readings_side_by_side_agree_with_the_statement(statement):
    table = side_by_side_table(statement, ["Amager Øst", "Amager Vest"], DA)
    row = table.frame[
        table.frame["reading"].str.contains("mindst som Københavns")
        & (table.frame["part"] == "i nabolaget")
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
        same = row.percent_before == row.percent_after
        assert row.sentence == "Uændret" if same else "statistisk signifikant" in row.sentence


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
    small = resting_on(statement, crime=crime)
    frame = district_totals_table(small, DA).frame.set_index("period")["remark"]
    said = [r.removeprefix("Springet fra ").partition(" siden")[0] for r in frame]
    assert said == ["", "0,0 til 0,6", "0,6 til 0,3", "0,28 til 0,03", "0,03 til 12,40"]


def test_a_document_has_no_table_without_rows(statement):
    crime = pd.DataFrame({"area": "Amager Øst", "period": ["2024", "2025"], "count": [36.0, 17.0],
                          "crime_type": "indbrud", "definition": "borgervendt"})  # fmt: skip
    missing = crime.assign(per_1000=float("nan"), source=None, source_grade=None)
    small = resting_on(statement, crime=missing)
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


def test_figures_that_replaced_published_ones_are_listed_with_both_sources(statement):
    cells = (
        Replaced("safety", ("Amager Øst", "2024", "night", "safe"), "percent", 70.0, 71.0,
                 "rapporten", "bureauet s. 4", "C", "A"),
        Replaced("survey_rounds", ("2024",), "respondents", 900.0, 905.0, "a", "b"),
    )  # fmt: skip
    told = replace(statement, facts=replace(statement.facts, replaced=cells))
    table = replaced_table(told, DA)
    assert table.rows(DA) == [
        ["tryghed", "Amager Øst, 2024, aften og nat, tryg", "70", "71", "rapporten",
         "bureauet s. 4"],
        ["undersøgelsens runder", "2024", "900", "905", "a", "b"],
    ]  # fmt: skip
    blocks = compose_annex(told, DA).blocks
    assert "replaced" in {b.table.id for b in blocks if isinstance(b, TableBlock)}
    assert [r["new"] for r in told.to_dict()["replaced"]] == [71.0, 905.0]
