"""The statement as JSON: every key, nothing that JSON does not know."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.input import Input, SourceFile
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.records import RESULT_COLUMNS
from amager_eval.goals.result import Interval, Method, Observed, Result
from amager_eval.goals.statement import SCHEMA_VERSION, Statement
from amager_eval.spec.agreement import load_agreement


@pytest.fixture
def statement():
    result = Result(
        "1a", "reaches_whole", None, 2028, Method.SAFETY_MODEL,
        observed=Observed(np.float64(85.0), 2026), baseline=float("nan"),
        interval=Interval(0.95, np.float64(80.5), 90.0),
    )  # fmt: skip
    empty, agreement = pd.DataFrame(), load_agreement()
    data = Input(synthetic=True, files=(SourceFile("safety.csv", "00"),))
    return Statement(
        year=2026,
        agreement=agreement,
        data=data,
        facts=gather_facts(data, agreement),
        seed=7,
        versions={"python": "3"},
        draft=True,
        judged=(result,),
        changes=empty,
        comparisons=empty,
        probabilities=empty,
        crime_quantities=empty,
        power=empty,
        activities=empty,
        diagnostics=empty,
        safety=None,
        crime=None,
        missing=(),
    )


def test_keys_and_values(statement):
    record = json.loads(statement.to_json())
    assert record["schema_version"] == SCHEMA_VERSION
    assert record["agreement"] == "amager_2025_2028"
    assert record["inputs"] == [{"name": "safety.csv", "sha256": "00"}]
    assert (record["year"], record["seed"]) == (2026, 7)
    assert record["synthetic"] is True
    assert record["draft"] is True
    assert record["unregistered_documents"] == []
    (row,) = record["results"]
    assert tuple(row) == RESULT_COLUMNS
    assert (row["year"], row["observed"]) == (2028, 85.0)
    assert row["baseline"] is None
    assert row["comparison"] is None
    assert row["interval"] == {"level": 0.95, "low": 80.5, "high": 90.0}


def test_a_draft_names_what_is_not_registered(statement):
    named = replace(statement, unregistered=("sensitivity.toml",))
    assert json.loads(named.to_json())["unregistered_documents"] == ["sensitivity.toml"]


def test_the_same_statement_gives_the_same_text(statement):
    assert statement.to_json() == statement.to_json()


def test_a_notebook_shows_verdicts_and_marks(make_statement):
    statement = replace(make_statement(draft=True), versions={"spec crime_trend": "ab" * 32})
    text = statement._repr_html_()
    assert "Statement of 2026" in text
    assert text.count("SYNTHETIC") == text.count("DRAFT") == 1
    assert "crime_trend abababababab" in text
    judged = (statement.results["literal_verdict"] != "ikke opgjort").sum()
    assert 0 < judged == text.count("<tr>")
    assert "ikke opgjort" not in text
    assert (
        "SYNTHETIC"
        not in replace(statement, facts=replace(statement.facts, synthetic=False))._repr_html_()
    )
