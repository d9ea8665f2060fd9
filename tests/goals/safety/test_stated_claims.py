"""A fall the agreement claims without its figure, taken as evidence."""

from dataclasses import replace

from amager_eval.data.published import published
from amager_eval.goals.safety.stated_claims import stated_claims
from amager_eval.report.sections import _taken_as_evidence
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.safety.fit import fit_safety
from amager_eval.wording.sentences import load_wording

AGREEMENT = load_agreement()
CLAIM = AGREEMENT.claim[0]


def test_the_agreements_fall_is_conditioned_on_in_every_setting(random_draws):
    found = stated_claims(fit_safety(published(), draws=50), AGREEMENT)
    assert set(found["area"]) == {CLAIM.area}
    assert set(found["setting"]) == set(AGREEMENT.safety.settings)
    assert (found["probability_on"] >= found["probability_off"]).all()
    # a claim with both its figures needs nobody's word
    both = CLAIM.model_copy(update={"before": 2024, "after": 2025})
    assert stated_claims(
        fit_safety(published(), draws=20), AGREEMENT.model_copy(update={"claim": (both,)})
    ).empty


def test_it_is_printed_where_enough_draws_carry_it(make_statement):
    statement = make_statement()
    words = load_wording("da")
    rows = [
        {"area": CLAIM.area, "before": CLAIM.before, "after": CLAIM.after, "setting": s,
         "probability_on": p, "effective_draws": n}
        for s, p, n in (("neighbourhood", 0.88, 900.0), ("night", 0.6, 12.0))
    ]  # fmt: skip
    frame = statement.changes.__class__(rows)
    (said,) = _taken_as_evidence(replace(statement, stated=frame), CLAIM, words)
    assert "85" in said.text
    assert "nabolaget" in said.text
    assert "nattetimerne" not in said.text
    assert _taken_as_evidence(replace(statement, stated=frame.iloc[1:]), CLAIM, words) == []
    assert _taken_as_evidence(statement, CLAIM, words) == []
