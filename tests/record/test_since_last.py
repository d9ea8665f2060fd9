"""Last year's status beside this one's: what a reader asks for is there; nothing in year one."""

import json
from dataclasses import replace

import pytest

from amager_eval.goals.ledger import Ledger
from amager_eval.goals.records import ChangedDocument
from amager_eval.record.since_last import SINCE_COLUMNS, since_last_status
from amager_eval.tables.since_last import since_last_table
from amager_eval.wording.sentences import load_wording

OWN = "Amager Partnerskab (2025)"


@pytest.fixture(scope="module")
def statement(make_statement):
    made = make_statement(own_area=True, crime=False)
    digests = {"agreement amager_2025_2028": "a" * 64, "spec safety_trend": "b" * 64}
    return replace(made, versions=digests)


@pytest.fixture(scope="module")
def kept(statement):
    """Last year's record: a share and a verdict of its own, another digest, another definition."""
    before = json.loads(statement.to_json()) | {"year": 2025}
    figures = [f for f in before["forecasts"]["figures"] if f["year"] <= 2025]
    for figure in figures:
        own = figure["area"] == OWN and figure["kind"] == "safety" and figure["year"] == 2025
        if own and figure["setting"] == "night":
            figure["value"] = 70.0
    before["forecasts"]["figures"] = [f | {"area_version": "2021"} for f in figures]
    for row in before["results"]:
        if row["year"] == 2026:
            row["year"] = 2025
            if row["goal"] == "1a" and row["setting"] == "night":
                row["literal_verdict"] = "ikke nået"
    before["versions"] |= {"agreement amager_2025_2028": "0" * 64}
    return {2025: before}


def test_a_first_year_has_nothing_beside_it(statement):
    frame = since_last_status({}, statement)
    assert frame.empty
    assert tuple(frame.columns) == SINCE_COLUMNS
    assert since_last_table(statement, load_wording("da")).frame.empty


def test_figures_verdicts_definitions_and_documents_stand_side_by_side(statement, kept):
    frame = since_last_status(kept, statement)
    figure = frame[
        (frame["what"] == "figure") & (frame["area"] == OWN) & (frame["part"] == "night")
    ].iloc[0]
    assert (figure["year_before"], figure["before"]) == (2025, 70.0)
    assert (figure["year_after"], figure["after"]) == (2026, 73.0)
    verdict = frame[
        (frame["what"] == "verdict") & (frame["goal"] == "1a") & (frame["part"] == "night")
    ].iloc[0]
    assert (verdict["before"], verdict["after"]) == ("ikke nået", "nået")
    version = frame[(frame["what"] == "area") & (frame["area"] == OWN)].iloc[0]
    assert (version["before"], version["after"]) == ("2021", "2025")
    documents = frame[frame["what"] == "document"]
    assert "agreements/amager_2025_2028.toml" in set(documents["part"])


def test_the_table_says_what_is_the_same_and_what_is_not(statement, kept):
    changed = ChangedDocument("agreements/amager_2025_2028.toml", 2025, "4", "5", "Synonyms.")
    now = replace(statement, ledger=Ledger(True, (2025,)), changed=(changed,))
    now = replace(now, since_last=since_last_status(kept, now))
    table = since_last_table(now, load_wording("da"))
    rows = {(r["what"], r["about"]): r for r in table.frame.to_dict(orient="records")}
    figure = rows["Tal", "Partnerskabet, aften og nat (procent)"]
    assert (figure["before"], figure["after"]) == ("70\u00a0% (2025)", "73\u00a0% (2026)")
    assert not figure["same"]
    document = rows["Dokument", "agreements/amager_2025_2028.toml"]
    assert (document["before"], document["after"]) == ("4", "5")
    spec = rows["Dokument", "safety_trend/spec.toml"]
    assert spec["same"]
    assert "status for 2025" in table.title
    assert json.loads(now.to_json())["since_last_status"]
