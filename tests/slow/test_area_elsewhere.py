"""The estimate of an area against the same model written once more and sampled, no code shared."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit
from tests.independent.area_elsewhere import Given, sample_area

import amager_eval as ae
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.area.condition import Around, shares_of
from amager_eval.trends.area.estimate import around_of, hyper_of, lay_out_study, propose_under
from amager_eval.trends.independence import resample

pytestmark = pytest.mark.slow

PROPOSED = 30_000


@pytest.mark.parametrize("stated", [False, True])
def test_the_twin_agrees(stated):
    fit, data, agreement = ae.example_fit("safety"), ae.published(), load_agreement()
    study, design, pieces = lay_out_study(fit, data, agreement, until=2028)
    told = around_of(study, pieces[0], design)
    whole = told.whole.mean(axis=0)
    parts = {d: v.mean(axis=0) for d, v in told.parts.items()}
    width = {d: v.mean(axis=0) for d, v in told.width.items()}
    given = Given(whole, parts, width, 0.5, 1.3, int(study.years[0]), study.anchor)
    twin = sample_area(given, stated=stated)

    def all_alike(values):
        return np.broadcast_to(values, (PROPOSED, *np.shape(values)))

    around = Around(
        all_alike(whole), {d: all_alike(v) for d, v in parts.items()},
        {d: all_alike(v) for d, v in width.items()},
        np.zeros((PROPOSED, whole.shape[1])), np.full(PROPOSED, 1.3),
    )  # fmt: skip
    piece = SimpleNamespace(
        alternative="driftless", draws={"setting_correlation": np.full(PROPOSED, 0.5)}
    )
    rng = np.random.default_rng(1)
    drawn = hyper_of(study, "driftless").draw(rng, PROPOSED)
    rows = np.arange(PROPOSED)
    made = propose_under(study, around, piece, rows, rng, drawn=drawn)
    log = made.log_weight["figures"] + (made.log_weight["stated"] if stated else 0)
    taken = resample(log[None], 1)[0][:6000]
    weights = {"area_2025": {k: v[taken] for k, v in made.weights["area_2025"].items()}}
    own = shares_of("area_2025", made.after[taken], around.take(taken), study.nested, weights)
    for s in range(2):
        for year in (2019, 2024, 2028):
            t = year - given.first
            found = np.quantile(100 * own[:, s, 0, t], [0.025, 0.5, 0.975])
            expected = np.quantile(100 * twin[:, s, t], [0.025, 0.5, 0.975])
            assert found == pytest.approx(expected, abs=1.0)
        city = expit(whole[s, -1])
        assert (own[:, s, 0, t] >= city).mean() == pytest.approx(
            (twin[:, s, t] >= city).mean(), abs=0.015
        )
