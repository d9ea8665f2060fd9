"""The yearly record: kept once, verified always."""

from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.data.input import Input
from amager_eval.errors import InputError
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.statement import Statement
from amager_eval.record.record import (
    MANIFEST,
    read_record,
    recorded_years,
    verify_record,
    write_record,
)
from amager_eval.spec.agreement import load_agreement


@pytest.fixture
def statement():
    empty, agreement = pd.DataFrame(), load_agreement()
    return Statement(
        year=2026,
        agreement=agreement,
        data=Input(),
        facts=gather_facts(Input(), agreement),
        seed=1,
        versions={},
        draft=False,
        judged=(),
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


def test_kept_listed_shown_and_verified(statement, tmp_path):
    write_record(statement, tmp_path)
    write_record(replace(statement, year=2027), tmp_path)
    write_record(statement, tmp_path)  # the same again is no conflict
    assert recorded_years(tmp_path) == [2026, 2027]
    assert verify_record(tmp_path) == ["2026.json", "2027.json"]
    assert read_record(tmp_path, 2027)["year"] == 2027


def test_another_statement_of_a_kept_year_is_refused(statement, tmp_path):
    path = write_record(statement, tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="holds another statement of 2026"):
        write_record(replace(statement, seed=2), tmp_path)
    assert path.read_bytes() == before


def test_a_draft_is_never_kept(statement, tmp_path):
    with pytest.raises(InputError, match="is a draft"):
        write_record(replace(statement, draft=True), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_missing_or_added_file_is_found(statement, tmp_path):
    path = write_record(statement, tmp_path)
    original = path.read_text(encoding="utf-8")
    path.write_text(original.replace('"seed": 1', '"seed": 2'), encoding="utf-8")
    with pytest.raises(InputError, match=r"2026\.json: a kept file was changed"):
        read_record(tmp_path, 2026)
    path.unlink()
    with pytest.raises(InputError, match="is missing"):
        verify_record(tmp_path)
    path.write_text(original, encoding="utf-8")
    (tmp_path / "2030.json").write_text(original, encoding="utf-8")
    with pytest.raises(InputError, match=r"2030\.json: a file stands .* without a digest"):
        verify_record(tmp_path)


def test_a_year_that_is_not_kept_lists_the_kept(statement, tmp_path):
    write_record(statement, tmp_path)
    with pytest.raises(InputError, match="no statement of 2029 is kept; found '2026'"):
        read_record(tmp_path, 2029)
    assert (tmp_path / MANIFEST).exists()


def test_a_folder_that_is_not_there_or_unreadable_digests_are_refused(tmp_path):
    for call in (recorded_years, verify_record):
        with pytest.raises(InputError, match="no such record folder"):
            call(tmp_path / "typo")
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="list of digests cannot be read"):
        verify_record(tmp_path)


@pytest.mark.parametrize(
    "spoilt",
    ["[]", "null", '"x"', "3", "", '{"baseline.json": 3}', '{"2026.json": "abc"}',
     '{"../2026.json": "' + 64 * "0" + '"}'],
)  # fmt: skip
def test_spoilt_digests_are_an_error_that_names_the_file(tmp_path, spoilt):
    (tmp_path / MANIFEST).write_text(spoilt, encoding="utf-8")
    with pytest.raises(InputError, match=r"digests\.json: the record's list of digests cannot be"):
        verify_record(tmp_path)


def test_digests_that_are_no_text_are_refused(tmp_path):
    (tmp_path / MANIFEST).write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match=r"digests\.json: the record's list of digests cannot be"):
        verify_record(tmp_path)
