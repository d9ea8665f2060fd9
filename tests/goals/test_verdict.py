"""Verdict words: a wrong `nået` is worse than a missing one."""

import pytest

from amager_eval.goals.verdict import combined, evidence_verdict, literal_verdict
from amager_eval.spec.agreement import load_agreement

THRESHOLDS = load_agreement().verdicts


@pytest.mark.parametrize(
    ("met", "word"), [(True, "nået"), (False, "ikke nået"), (None, "ikke opgjort")]
)
def test_literal(met, word):
    assert literal_verdict(met) == word


@pytest.mark.parametrize(
    ("probability", "due", "irreversible", "word"),
    [
        (0.95, True, False, "nået"),
        (0.9499, True, False, "kan ikke afgøres"),
        (0.05, True, False, "ikke nået"),
        (0.0501, True, False, "kan ikke afgøres"),
        (1.0, False, False, "kan ikke afgøres"),  # never reached before it is due
        (0.0, False, False, "kan ikke afgøres"),
        (0.0, False, True, "ikke nået"),  # a failed year cannot be undone
        (1.0, False, True, "kan ikke afgøres"),
        (None, True, False, "kan ikke afgøres"),
        (float("nan"), True, True, "kan ikke afgøres"),
    ],
)
def test_evidence(probability, due, irreversible, word):
    assert (
        evidence_verdict(probability, THRESHOLDS, due=due, irreversible=irreversible) == word
    )


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        (["nået", "nået"], "nået"),
        (["ikke nået", "ikke nået"], "ikke nået"),
        (["nået", "ikke nået"], "delvist nået"),
        (["nået", "ikke opgjort"], "ikke opgjort"),
        (["nået", "ikke nået", "kan ikke afgøres"], "kan ikke afgøres"),
    ],
)
def test_combined(parts, word):
    assert combined(parts) == word


def test_a_goal_without_parts_is_refused():
    with pytest.raises(ValueError, match="without parts"):
        combined([])
