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
    ("probability", "due", "so_far", "word"),
    [
        (0.95, True, None, "nået"),
        (0.9499, True, None, "kan ikke afgøres"),
        (0.05, True, None, "ikke nået"),
        (0.0501, True, None, "kan ikke afgøres"),
        (1.0, False, None, "kan ikke afgøres"),  # never reached before it is due
        (0.0, False, None, "kan ikke afgøres"),
        (0.0, False, 0.05, "ikke nået"),  # a failed year cannot be undone
        (0.0, False, 0.06, "kan ikke afgøres"),  # unlikely, but not failed yet
        (1.0, False, 0.99, "kan ikke afgøres"),
        (None, True, None, "kan ikke afgøres"),
        (float("nan"), True, 0.0, "kan ikke afgøres"),
    ],
)
def test_evidence(probability, due, so_far, word):
    assert evidence_verdict(probability, THRESHOLDS, due=due, so_far=so_far) == word


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
