"""A changed model or agreement is named, with the reason the register gives."""

import pytest

from amager_eval.record import changed_documents as module
from amager_eval.record.changed_documents import changed_documents
from amager_eval.spec.register import Register

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


@pytest.fixture(autouse=True)
def register(monkeypatch):
    entry = {"document": "safety_trend/spec.toml", "date": "2026-01-01"}
    made = Register.model_validate(
        {
            "entry": [
                entry | {"version": "1.0", "sha256": A, "reason": "The first version."},
                entry
                | {"version": "1.1", "sha256": B, "reason": "A wider prior on drift."}
                | {"supersedes": "1.0"},
                entry
                | {"version": "1.2", "sha256": C, "reason": "The night's own gap."}
                | {"supersedes": "1.1"},
            ]
        }
    )
    monkeypatch.setattr(module, "load_register", lambda: made)


def kept(**digests):
    return {2025: {"versions": {"spec safety_trend": "0" * 64}}, 2026: {"versions": digests}}


def test_every_version_since_last_year_gives_its_reason():
    (change,) = changed_documents(
        kept(**{"spec safety_trend": A, "numpy": "2.2"}), {"spec safety_trend": C, "numpy": "2.3"}
    )
    assert (change.document, change.since) == ("safety_trend/spec.toml", 2026)
    assert (change.before, change.now) == ("1.0", "1.2")
    assert change.reason == "A wider prior on drift. The night's own gap."


def test_an_unchanged_document_or_a_first_year_names_nothing():
    assert changed_documents(kept(**{"spec safety_trend": B}), {"spec safety_trend": B}) == ()
    assert changed_documents({}, {"spec safety_trend": B}) == ()


def test_what_is_not_registered_is_named_by_its_digest_without_a_reason():
    (change,) = changed_documents(kept(**{"agreement own": A}), {"agreement own": B})
    assert change.document == "agreements/own.toml"
    assert (change.before, change.now, change.reason) == (A[:12], B[:12], "")


def test_a_return_to_an_earlier_version_gives_that_versions_reason():
    (change,) = changed_documents(kept(**{"spec safety_trend": C}), {"spec safety_trend": A})
    assert (change.before, change.now, change.reason) == ("1.2", "1.0", "The first version.")


def test_a_baseline_of_the_agreements_own_is_no_other_document():
    year = {"spec safety_trend": "1" * 64, "document of spec safety_trend": B}
    assert changed_documents(kept(**{"spec safety_trend": B}), year) == ()
    assert changed_documents(kept(**year), year) == ()
    later = {"spec safety_trend": "2" * 64, "document of spec safety_trend": C}
    (change,) = changed_documents(kept(**year), later)
    assert (change.before, change.now) == ("1.1", "1.2")
