"""Worsenings the agreement claims: held against the draws, and taken as evidence."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import norm

from amager_eval.data.input import Input
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.safety.stated_claims import CLAIM_COLUMNS, stated_claims
from amager_eval.report.parts.sections import _claim
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.fit import Forecast
from amager_eval.wording.sentences import load_wording

AGREEMENT = load_agreement()
CLAIM = AGREEMENT.claim[0]
SETTINGS = list(AGREEMENT.safety.settings)
N = 600


def facts_of(data):
    return gather_facts(data, AGREEMENT)


def figures(*waves):
    rows = [
        (CLAIM.area, wave, setting, response, 80.0 if response == "safe" else 20.0, N, 0, "=")
        for wave in waves
        for setting in SETTINGS
        for response in ("safe", "unsafe")
    ]
    columns = ["area", "wave", "setting", "response", "percent", "n", "decimals", "comparator"]
    return Input(safety=pd.DataFrame(rows, columns=columns))


def draws(samples=200_000):
    """A true share of .80 after, and before it one known to .02; a survey of n sees it."""
    rng = np.random.default_rng(3)
    before = rng.normal(0.81, 0.02, samples)
    seen = rng.normal(before, np.sqrt(before * (1 - before) / N))
    true = np.stack([before, np.full(samples, 0.80)], axis=-1)
    published = np.stack([seen, np.full(samples, 0.80)], axis=-1)
    dims = ("sample", "area", "setting", "response", "period")

    def both(values):
        safe = np.broadcast_to(values[:, None, None, None], (samples, 1, len(SETTINGS), 1, 2))
        return dims, np.concatenate([safe, 1 - safe], axis=3)

    coords = {"area": [CLAIM.area], "setting": SETTINGS, "response": ["safe", "unsafe"],
              "period": [CLAIM.before, CLAIM.after]}  # fmt: skip
    made = xr.Dataset({"true": both(true), "published": both(published)}, coords=coords)
    return Forecast("safety", made, None, "")


@pytest.mark.parametrize("response", ["safe", "unsafe"])
def test_a_verdict_without_its_figure_is_conditioned_on(response):
    claim = CLAIM.model_copy(update={"response": response})
    agreement = AGREEMENT.model_copy(update={"claim": (claim,)})
    found = stated_claims(gather_facts(figures(CLAIM.after), agreement), draws(), agreement)
    assert list(found["setting"]) == SETTINGS
    assert not found["published_before"].any()
    # by numerical integration over the true share before, in place of draws
    share = np.linspace(0.70, 0.95, 2001)
    prior = norm.pdf(share, 0.81, 0.02)
    lowest = 0.80  # smallest share seen that the pooled test would call a fall
    while True:
        pooled = (lowest + 0.80) / 2
        if lowest - 0.80 > norm.ppf(0.975) * np.sqrt(pooled * (1 - pooled) * 2 / N):
            break
        lowest += 1e-6
    verdict = norm.sf(lowest, share, np.sqrt(share * (1 - share) / N))
    fell = share > 0.80
    for row in found.to_dict(orient="records"):
        assert row["probability"] == pytest.approx((prior * fell).sum() / prior.sum(), abs=0.005)
        assert row["probability_of_verdict"] == pytest.approx(
            (prior * verdict).sum() / prior.sum(), abs=0.005
        )
        assert row["probability_given_verdict"] == pytest.approx(
            (prior * verdict * fell).sum() / (prior * verdict).sum(), abs=0.005
        )
        assert row["effective_draws"] == pytest.approx(2e5 * row["probability_of_verdict"])


def test_a_claim_with_both_its_figures_needs_nobodys_word():
    found = stated_claims(facts_of(figures(CLAIM.before, CLAIM.after)), draws(50), AGREEMENT)
    assert found["published_before"].all()
    assert found["probability"].notna().all()
    assert found["probability_given_verdict"].isna().all()


def test_no_row_is_made_where_nothing_was_drawn():
    nowhere = stated_claims(facts_of(figures(CLAIM.after)), None, AGREEMENT)
    assert nowhere.empty
    assert tuple(nowhere.columns) == CLAIM_COLUMNS
    claim = CLAIM.model_copy(update={"before": 1999})
    earlier = AGREEMENT.model_copy(update={"claim": (claim,)})
    assert stated_claims(gather_facts(figures(CLAIM.after), earlier), draws(50), earlier).empty


def test_it_reaches_the_record_and_the_page(make_statement):
    statement = make_statement()
    (row, _) = statement.to_dict()["claims"]
    assert (row["area"], row["before"], row["after"]) == (CLAIM.area, CLAIM.before, CLAIM.after)
    assert 0 <= row["probability"] <= 1
    words = load_wording("da")
    (said,) = _claim(statement, CLAIM, words)  # 120 draws are too few to condition on
    assert CLAIM.literal in said.text
    evidence = {"probability_given_verdict": [0.88, 0.6], "effective_draws": [900, 12]}
    _, taken = _claim(replace(statement, stated=statement.stated.assign(**evidence)), CLAIM, words)
    assert "knap 90" in taken.text  # .88
    assert "nabolaget" in taken.text
    assert "nattetimerne" not in taken.text
    assert _claim(replace(statement, stated=statement.stated.iloc[:0]), CLAIM, words) == []
